"""From dimensions as a file has them to axes as NGFF wants them, without touching a pixel.

Responsible for the letters and their order: t, c, z, y, x; samples of a pixel become channels; what a file leaves open
is for the user to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import PixelSource
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

KNOWN = "tczyx"
"""The letters that NGFF gives a meaning, in its order."""

SAMPLES = "s"
"""The letter for samples of a pixel, such as red, green and blue."""


def parse_axes(axes: object, shape: tuple[int, ...], what: str) -> str:
    """Return the letters that a user gives for the dimensions of an array.

    Parameters
    ----------
    axes : str
        One letter a dimension, "s" for samples of a pixel.
    shape : tuple of int
    what : str
        What they are given for, for messages.

    Raises
    ------
    ArgumentError
        If they do not fit.

    Examples
    --------
    >>> parse_axes("ZYXS", (5, 64, 64, 3), "a.tif")
    'zyxs'
    """
    text = axes.lower() if isinstance(axes, str) else ""
    if not text.isalpha() or not text.isascii():
        raise ArgumentError(f"{axes!r} are no axes; give one letter a dimension, for example --axes {example(shape)}")
    if len(text) != len(shape):
        raise ArgumentError(
            f"{what} has {len(shape)} dimensions of shape {shape}, but --axes {text} names {len(text)}; "
            f"give one letter a dimension, for example --axes {example(shape)}"
        )
    twice = next((letter for letter in text if text.count(letter) > 1), None)
    if twice is not None:
        raise ArgumentError(f"--axes {text} names {twice!r} twice; each dimension of {what} needs a letter of its own")
    return text


def example(shape: tuple[int, ...]) -> str:
    """Return axes that an array of a shape could have, for a message.

    Examples
    --------
    >>> example((10, 512, 512)), example((512, 512, 3))
    ('zyx', 'yxs')
    """
    small = 4
    if len(shape) > 2 and shape[-1] <= small < shape[-2]:
        return KNOWN[-(len(shape) - 1) :] + SAMPLES
    return KNOWN[-len(shape) :] if len(shape) <= len(KNOWN) else "s" * (len(shape) - len(KNOWN)) + KNOWN


def arrange(source: PixelSource, letters: str) -> tuple[PixelSource, str]:
    """Bring the axes of a source into the order of NGFF, samples becoming channels.

    Parameters
    ----------
    source : PixelSource
    letters : str
        One a dimension, all different; "s" for samples.

    Returns
    -------
    PixelSource
        A lazy view.
    str
        Its letters.

    Examples
    --------
    >>> import numpy as np
    >>> from omezarr.arrays.sources import as_source
    >>> view, letters = arrange(as_source(np.zeros((8, 9, 3))), "yxs")
    >>> letters, view.shape
    ('cyx', (3, 8, 9))
    """
    from omezarr.arrays import reordered

    order = sorted(range(len(letters)), key=lambda axis: _rank(letters[axis]))
    source = reordered(source, order)
    letters = "".join(letters[axis] for axis in order)
    if SAMPLES in letters and "c" in letters:
        return SamplesAsChannels(source, letters.index("c")), letters.replace(SAMPLES, "")
    return source, letters.replace(SAMPLES, "c")


def _rank(letter: str) -> float:
    """Return where a letter belongs; those without a meaning of their own come after the channels."""
    if letter == SAMPLES:
        return KNOWN.index("c") + 0.25
    return KNOWN.index(letter) if letter in KNOWN else KNOWN.index("c") + 0.5


class SamplesAsChannels(PixelSource):
    """A source with two neighbouring axes, channels and samples, seen as one; samples vary fastest.

    Parameters
    ----------
    source : PixelSource
    axis : int
        The channels; samples are the next axis.
    """

    def __init__(self, source: PixelSource, axis: int) -> None:
        self.source = source
        self.axis = axis
        self.samples = source.shape[axis + 1]
        self.shape = self._merged(source.shape)
        chunks = self._merged(source.chunks)
        whole = source.chunks[axis + 1] == self.samples
        self.chunks = (*chunks[:axis], chunks[axis] if whole else source.chunks[axis + 1], *chunks[axis + 1 :])
        self.dtype = source.dtype
        self.portable, self.distant = source.portable, source.distant

    @property
    def identity(self) -> str:  # type: ignore[override]  # as costly as that of the source
        """That of the source, and which axes are merged."""
        return f"{self.source.identity} with samples of axis {self.axis} as channels"

    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Read all channels and samples that the region touches, and cut."""
        inner = self._inner(region)
        pixels = self.source.read(inner)
        pixels = pixels.reshape(self._merged(pixels.shape))
        start = region[self.axis].start - (inner[self.axis].start * self.samples + inner[self.axis + 1].start)
        cut = slice(start, start + region[self.axis].stop - region[self.axis].start)
        cut_pixels: npt.NDArray[Any] = pixels[(slice(None),) * self.axis + (cut,)]
        return cut_pixels

    def cost(self, region: tuple[slice, ...]) -> int:
        """Return the cost of the source, and of putting the axes together."""
        return self.source.cost(self._inner(region)) + super().cost(region)

    def check_unchanged(self) -> None:
        """Look at the source."""
        self.source.check_unchanged()

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _merged(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        return (*lengths[: self.axis], lengths[self.axis] * lengths[self.axis + 1], *lengths[self.axis + 2 :])

    def _inner(self, region: tuple[slice, ...]) -> tuple[slice, ...]:
        """Return the region of the source: part of one channel's samples, or all samples of several channels."""
        part = region[self.axis]
        first, last = part.start // self.samples, -(-part.stop // self.samples)
        samples = slice(0, self.samples)
        if last - first == 1:
            samples = slice(part.start - first * self.samples, part.stop - first * self.samples)
        return (*region[: self.axis], slice(first, last), samples, *region[self.axis + 1 :])
