"""What is drawn of an image: which axis goes down, which to the right, and how samples of levels correspond.

Pure questions about axes and shapes; pixels are read elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.errors import ArgumentError, MetadataError, OMEZarrError, UnsupportedError
from omezarr.model import conventional_axes

if TYPE_CHECKING:
    import zarr

    from omezarr.model import Axis
    from omezarr.nodes.node import Node


MOST_OBLONG = 1e4
"""How many times as long as wide a pixel is drawn: more would leave no picture."""

SMALLEST_PIXEL = 1e-100
"""Sizes below, and above its inverse, are none; they would overflow where they are multiplied."""


@frozen
class PictureAxes:
    """The part that each axis of an image plays in a picture.

    Parameters
    ----------
    names : tuple of str
        Of all axes, in array order.
    vertical, horizontal : int
        The axes that go down and to the right.
    channel : int or None
        The axis along which the channels lie.
    """

    names: tuple[str, ...]
    vertical: int
    horizontal: int
    channel: int | None

    @property
    def others(self) -> tuple[int, ...]:
        """The axes of which one sample is drawn, or a projection."""
        return tuple(i for i in range(len(self.names)) if i not in (self.vertical, self.horizontal, self.channel))


def layout_of(axes: tuple[Axis, ...]) -> PictureAxes:
    """Return which axes are drawn: y and x by name, else the last two of space, else the last two.

    Raises
    ------
    UnsupportedError
        If there are fewer than two axes beside that of the channels.

    Examples
    --------
    >>> from omezarr.model import conventional_axes
    >>> layout_of(conventional_axes("xyc"))
    PictureAxes(names=('x', 'y', 'c'), vertical=1, horizontal=0, channel=2)
    """
    names = tuple(axis.name for axis in axes)
    channel = next((i for i, a in enumerate(axes) if a.type == "channel" or (not a.type and a.name == "c")), None)
    rest = [i for i in range(len(axes)) if i != channel]
    space = [i for i in rest if axes[i].type == "space"]
    if "y" in names and "x" in names:
        pair = [names.index("y"), names.index("x")]
    else:
        pair = (space if len(space) > 1 else rest)[-2:]
    if len(pair) < 2 or channel in pair:
        raise UnsupportedError(
            f"a picture needs two axes beside the channels; the axes are {', '.join(names) or 'none'}"
        )
    return PictureAxes(names, pair[0], pair[1], channel)


@frozen
class Scan:
    """A level of an image that can be read, and how its samples lie over those of the largest one.

    Parameters
    ----------
    index : int
        Which level it is.
    array : zarr.Array
    factors : tuple of float
        For each axis, how many samples of the largest level one sample stands for.
    """

    index: int
    array: zarr.Array[Any]
    factors: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of samples along each axis."""
        shape: tuple[int, ...] = self.array.shape
        return shape


@frozen
class PictureSource:
    """An image as a picture is made of it.

    Parameters
    ----------
    node : Node
    layout : PictureAxes
    scans : tuple of Scan
        The levels that can be read, the largest first.
    spacing : tuple of float
        The size of a pixel of the largest level along each axis; 1 where it is not known.
    shape : tuple of int
        Of the largest level that can be read.
    notes : tuple of str
        What is wrong with the other levels.
    """

    node: Node
    layout: PictureAxes
    scans: tuple[Scan, ...]
    spacing: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of samples of the largest level along each axis."""
        return self.scans[0].shape

    @property
    def channel_count(self) -> int:
        """How many channels there are; 1 without an axis of channels."""
        return 1 if self.layout.channel is None else self.shape[self.layout.channel]

    def size(self, axis: int) -> int:
        """Return the number of samples of the largest level along an axis."""
        return self.shape[axis]

    def scan(self, level: int) -> Scan:
        """Return a level by its number.

        Raises
        ------
        ArgumentError
            If there is none of that number, or it cannot be read.
        """
        for scan in self.scans:
            if scan.index == level:
                return scan
        known = ", ".join(str(scan.index) for scan in self.scans)
        raise ArgumentError(f"{self.node.location} has no level {level} that can be read; it has {known}")

    def scan_for(self, lengths: tuple[float, float], wanted: tuple[int, int]) -> Scan:
        """Return the smallest level that has at least as many samples as are wanted; the largest if none has.

        Parameters
        ----------
        lengths : (float, float)
            Samples of the largest level that are drawn, down and to the right.
        wanted : (int, int)
            Pixels of the picture.
        """
        pair = (self.layout.vertical, self.layout.horizontal)
        for scan in reversed(self.scans):
            enough = [
                length / scan.factors[axis] >= pixels
                for length, axis, pixels in zip(lengths, pair, wanted, strict=True)
            ]
            if all(enough):
                return scan
        return self.scans[0]


def subject_of(node: Node) -> PictureSource:
    """Return an image as a picture is made of it; levels that cannot be read are passed over and noted.

    Raises
    ------
    UnsupportedError
        If the node is no image, has fewer than two axes to be drawn, or pixels that are no numbers.
    MetadataError
        If no level can be read.
    """
    if node.multiscale is None:
        raise UnsupportedError(f"{node.location} is no image, and holds none that could be drawn")
    arrays: list[tuple[int, zarr.Array[Any]]] = []
    notes: list[str] = []
    for level in node.levels:
        try:
            array = level.array
        except OMEZarrError as error:
            notes.append(f"level {level.path!r} cannot be drawn: {error}")
            continue
        if array.dtype.kind not in "biufc":
            raise UnsupportedError(f"{node.location} has pixels of type {array.dtype}, which are no numbers")
        if 0 in array.shape or len(array.shape) != len(arrays[0][1].shape if arrays else array.shape):
            notes.append(f"level {level.path!r} cannot be drawn: its shape is {array.shape}")
            continue
        arrays.append((level.index, array))
    if not arrays:
        raise MetadataError(f"{node.location} has no level that can be read" + "".join(f"; {note}" for note in notes))
    largest = arrays[0][1].shape
    axes = node.axes if len(node.axes) == len(largest) else _last_axes(len(largest))
    scales = {index: _scale(node, index, len(largest)) for index, _ in arrays}
    first = scales[arrays[0][0]]
    scans = tuple(Scan(i, array, _factors(first, scales[i], largest, array.shape)) for i, array in arrays)
    layout = layout_of(axes)
    spacing = [value or 1.0 for value in first]
    down, right = layout.vertical, layout.horizontal
    if not 1 / MOST_OBLONG <= spacing[down] / spacing[right] <= MOST_OBLONG:
        notes.append(f"pixels of {spacing[down]:g} x {spacing[right]:g} are drawn as squares, not in proportion")
        spacing[down] = spacing[right] = 1.0
    return PictureSource(node, layout, scans, tuple(spacing), tuple(notes))


def _last_axes(count: int) -> tuple[Axis, ...]:
    """Return axes for an array of another number of dimensions than the metadata has axes."""
    names = [f"axis{index}" for index in range(count - 5)] + list("tczyx"[-min(count, 5) :])
    return conventional_axes(names)


def _scale(node: Node, level: int, ndim: int) -> tuple[float | None, ...]:
    """Return the size of a pixel along each axis; None where the metadata gives none that a pixel can have."""
    try:
        geometry = node.levels[level].geometry
    except OMEZarrError:
        geometry = None
    if geometry is None or len(geometry.scale) != ndim:
        return (None,) * ndim
    sizes = (abs(float(value)) for value in geometry.scale)
    return tuple(size if SMALLEST_PIXEL <= size <= 1 / SMALLEST_PIXEL else None for size in sizes)


def _factors(
    first: tuple[float | None, ...],
    scale: tuple[float | None, ...],
    largest: tuple[int, ...],
    shape: tuple[int, ...],
) -> tuple[float, ...]:
    """Return the ratio of scales, or of shapes where the scales cannot be right: they would leave samples out."""
    found = []
    for one, other, full, length in zip(first, scale, largest, shape, strict=True):
        factor = other / one if one and other else 0.0
        fits = (length - 1) * factor < full <= (length + 1) * factor
        found.append(factor if fits else full / length)
    return tuple(found)
