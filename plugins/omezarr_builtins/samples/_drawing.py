"""Pictures of cells drawn with whole numbers only, so that they are the same on every machine."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.model import ImageLabel, LabelColor, LabelProperty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

_GOLDEN_RATIO = 0.618033988749895
_MULTIPLIER, _INCREMENT, _MODULUS = 1_664_525, 1_013_904_223, 2**32


class Dice:
    """A generator of pseudo-random whole numbers that depends on nothing but its seed.

    Examples
    --------
    >>> dice = Dice(1)
    >>> dice.between(0, 9), dice.between(0, 9)
    (5, 3)
    """

    def __init__(self, seed: int) -> None:
        self._state = seed % _MODULUS

    def between(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        self._state = (self._state * _MULTIPLIER + _INCREMENT) % _MODULUS
        return low + (self._state >> 8) % (high - low + 1)


@frozen
class Blob:
    """A round spot that fades towards its rim.

    Parameters
    ----------
    centre : tuple of int
        In pixels, one number an axis.
    radius : int
        In pixels of the last axis.
    peak : int
        The value at the centre.
    """

    centre: tuple[int, ...]
    radius: int
    peak: int


def draw_blobs(
    shape: tuple[int, ...], blobs: Iterable[Blob], *, stretch: Sequence[int] | None = None, background: int = 0
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Draw blobs and their labels.

    Parameters
    ----------
    shape : tuple of int
    blobs : iterable of Blob
        Labelled 1, 2, ... in their order; where two meet, the later one is on top.
    stretch : sequence of int, optional
        For each axis, how many pixels of the last axis one of its pixels is long. Default: 1.
    background : int
        The value of empty places, to which a texture is added.

    Returns
    -------
    array of uint16
        The picture.
    array of uint16
        The labels.
    """
    import numpy as np

    axes = np.ogrid[tuple(slice(0, length) for length in shape)]
    steps = stretch or [1] * len(shape)
    picture = np.full(shape, background, np.int64) + _texture(shape)
    labels = np.zeros(shape, np.uint16)
    for number, blob in enumerate(blobs, start=1):
        parts = [((axis - at) * step) ** 2 for axis, at, step in zip(axes, blob.centre, steps, strict=True)]
        distance = sum(parts[1:], parts[0])
        inside = distance < blob.radius**2
        picture += np.where(inside, blob.peak * (blob.radius**2 - distance) // blob.radius**2, 0)
        labels[inside] = number
    return np.clip(picture, 0, 65535).astype(np.uint16), labels


def _texture(shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return noise from 0 to 31 that depends on the position alone."""
    import numpy as np

    values = np.arange(int(np.prod(shape)), dtype=np.uint64)
    for shift, factor in ((13, 2_654_435_761), (17, 2_246_822_519)):
        values = ((values ^ (values >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return (values >> np.uint64(27)).astype(np.int64).reshape(shape)


def describe_labels(labels: npt.NDArray[Any]) -> ImageLabel:
    """Return a colour for each label, and its size in pixels.

    Parameters
    ----------
    labels : array of int
    """
    import numpy as np

    values, counts = np.unique(labels, return_counts=True)
    known = [(int(value), int(count)) for value, count in zip(values, counts, strict=True) if value]
    return ImageLabel(
        colors=tuple(LabelColor(value, _color(value)) for value, _ in known),
        properties=tuple(LabelProperty(value, extra={"area (pixels)": count}) for value, count in known),
    )


def _color(number: int) -> tuple[int, ...]:
    """Return a bright, opaque colour, far from that of the numbers around."""
    red, green, blue = colorsys.hsv_to_rgb((number * _GOLDEN_RATIO) % 1, 0.75, 1.0)
    return (round(red * 255), round(green * 255), round(blue * 255), 255)
