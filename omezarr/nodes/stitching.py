"""All fields of a well or a plate in one lazy array, arranged in a grid or by their positions on the stage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.nodes.plates import field_places, grid_of, listed_level, present

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dask.array as da

    from omezarr.arrays.mosaics import Tile
    from omezarr.model import Axis
    from omezarr.nodes.level import Level
    from omezarr.nodes.node import Node
    from omezarr.nodes.plates import FieldPlace

ARRANGEMENTS = ("grid", "position")
Pair = tuple[int, int]


@frozen(eq=False)
class _Piece:
    """A field at one level: its number among all that its well lists, and where it was on the stage.

    Parameters
    ----------
    place : FieldPlace
    number : int
    axes : tuple of Axis
    level : Level
    """

    place: FieldPlace
    number: int
    axes: tuple[Axis, ...]
    level: Level

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def pair(self) -> Pair:
        """The axes that go down and to the right: y and x, else the last two."""
        names = self.names
        return (names.index("y"), names.index("x")) if {"y", "x"} <= {*names} else (len(names) - 2, len(names) - 1)

    @property
    def size(self) -> Pair:
        """Its samples down and to the right."""
        down, right = self.pair
        return self.level.shape[down], self.level.shape[right]

    @property
    def spacing(self) -> tuple[tuple[float, object], ...] | None:
        """The size of a pixel with its unit, down and to the right; None where it is not known."""
        geometry = self.level.geometry
        if geometry is None:
            return None
        found = tuple((geometry.scale[axis], self.axes[axis].unit) for axis in self.pair)
        return found if all(math.isfinite(size) and size > 0 for size, _ in found) else None

    @property
    def position(self) -> tuple[float, float] | None:
        """Where its first sample was, in pixels of this level; None where it is not known."""
        geometry, spacing = self.level.geometry, self.spacing
        if geometry is None or spacing is None:
            return None
        down, right = (geometry.translation[axis] / spacing[i][0] for i, axis in enumerate(self.pair))
        return (down, right) if math.isfinite(down) and math.isfinite(right) else None


def stitched(node: Node, level: int, arranged: str | None, label: str | None, fill: float) -> da.Array:
    """Return all fields of a plate or a well in one lazy array; `Node.stitched` says how."""
    if arranged not in (None, *ARRANGEMENTS):
        raise ArgumentError(f"fields are arranged by {' or '.join(ARRANGEMENTS)}, not by {arranged!r}")
    if node.plate is None and node.key != "well":
        raise UnsupportedError(f"{node.location} is neither a plate nor a well, so it has no fields to stitch")
    if level < 0:
        raise ArgumentError(f"levels are numbered from 0, the full resolution; there is no level {level}")
    below = [str(level)] if label is None else [str(level), f"labels/{label}", f"labels/{label}/{level}"]
    places = field_places(node, below)
    pieces = _pieces(places, level)
    if not pieces:
        most = max((len(place.node.levels) for place in places if place.node is not None), default=0)
        raise ArgumentError(f"no field of {node.location} has a level {level}; the fields have {most} levels at most")
    by_position = arranged == "position" or (arranged is None and not _obstacle(pieces))
    if by_position and (obstacle := _obstacle(pieces)):
        raise UnsupportedError(f"the fields of {node.location} cannot be arranged by position: {obstacle}; take a grid")
    corners, cell, pitch = _by_position(pieces) if by_position else _in_grid(pieces, places)
    wells = _wells(node)
    shown = pieces if label is None else [_labelled(piece, label, level) for piece in pieces]
    found = []
    for piece, (down, right) in zip(shown, corners, strict=True):
        row, column = wells.get(piece.place.well, (None, None)) if piece is not None else (None, None)
        if piece is not None and row is not None and column is not None:
            found.append((piece, (row * cell[0] + down, column * cell[1] + right)))
    rows, columns = (1, 1) if node.plate is None else (len(node.plate.rows), len(node.plate.columns))
    if not found:
        raise ArgumentError(f"no field of {node.location} has a label image {label!r} with a level {level}")
    return _lazy(found, (rows * cell[0], columns * cell[1]), pitch, fill)


def _pieces(places: Sequence[FieldPlace], level: int) -> list[_Piece]:
    """Return the fields that have a level, in the order of the places."""
    first = next((place.node for place in places if place.node is not None and len(place.node.levels) > level), None)
    if first is None or first.multiscale is None:
        return []
    listed = [dataset.path for dataset in first.multiscale.datasets]
    index = listed.index(first.levels[level].path)
    numbers: dict[str, int] = {}
    pieces = []
    for place in places:
        number = numbers[place.well] = numbers.get(place.well, -1) + 1
        image = place.node
        if image is None or image.multiscale is None:
            continue
        if [dataset.path for dataset in image.multiscale.datasets] != listed:
            own = [dataset.path for dataset in image.multiscale.datasets]
            found = listed_level(image, own.index(image.levels[level].path)) if level < len(own) else None
        else:
            found = listed_level(image, index)
        if found is not None:
            pieces.append(_Piece(place, number, image.axes, found))
    return pieces


def _labelled(piece: _Piece, label: str, level: int) -> _Piece | None:
    """Return the label image that lies over a field; None where it has none of that name and level."""
    image = None if piece.place.node is None else present(piece.place.node, f"labels/{label}")
    own = None if image is None else listed_level(image, level)
    if image is None or own is None:
        return None
    found = _Piece(piece.place, piece.number, image.axes, own)
    if found.size != piece.size:
        raise UnsupportedError(
            f"the label image {image.location} has {found.size} samples on level {level} and its image {piece.size}, "
            "so they cannot be laid over each other"
        )
    return found


def _obstacle(pieces: Sequence[_Piece]) -> str | None:
    """Return why fields cannot be arranged by position; None where they can."""
    seen: set[tuple[object, ...]] = set()
    for piece in pieces:
        if piece.position is None:
            return f"{piece.place.path} does not say where it is"
        if piece.spacing != pieces[0].spacing:
            return f"{piece.place.path} has pixels of another size than {pieces[0].place.path}"
        if (piece.place.well, piece.position) in seen:
            return f"{piece.place.path} is where another field of its well is"
        seen.add((piece.place.well, piece.position))
    return None


def _in_grid(pieces: Sequence[_Piece], places: Sequence[FieldPlace]) -> tuple[list[Pair], Pair, Pair]:
    """Return the corners of fields in their wells, the size of a well, and how far fields are apart."""
    counts: dict[str, int] = {}
    for place in places:
        counts[place.well] = counts.get(place.well, 0) + 1
    most = max(counts.values())
    columns = math.ceil(math.sqrt(most))
    height, width = (max(piece.size[axis] for piece in pieces) for axis in (0, 1))
    corners = [(piece.number // columns * height, piece.number % columns * width) for piece in pieces]
    return corners, (math.ceil(most / columns) * height, columns * width), (height, width)


def _by_position(pieces: Sequence[_Piece]) -> tuple[list[Pair], Pair, Pair]:
    """Return the corners of fields in their wells, and twice the size of a well: fields lie anywhere in it."""
    least: dict[str, tuple[float, float]] = {}
    positions = [piece.position or (0.0, 0.0) for piece in pieces]
    for piece, (down, right) in zip(pieces, positions, strict=True):
        top, left = least.get(piece.place.well, (down, right))
        least[piece.place.well] = (min(top, down), min(left, right))
    corners = [
        (round(down - least[piece.place.well][0]), round(right - least[piece.place.well][1]))
        for piece, (down, right) in zip(pieces, positions, strict=True)
    ]
    ends = [(down + piece.size[0], right + piece.size[1]) for piece, (down, right) in zip(pieces, corners, strict=True)]
    cell = (max(down for down, _ in ends), max(right for _, right in ends))
    return corners, cell, cell


def _wells(node: Node) -> dict[str, Pair]:
    """Return row and column of each well of a plate."""
    if node.plate is None:
        return {"": (0, 0)}
    return {path.strip("/"): place for place, path in grid_of(node.plate).wells.items()}


def _lazy(pieces: Sequence[tuple[_Piece, Pair]], extent: Pair, pitch: Pair, fill: float) -> da.Array:
    """Return one lazy array of fields at their corners."""
    import numpy as np

    from omezarr.arrays.blocks import block_shape
    from omezarr.arrays.mosaics import lazy_mosaic

    dtype = np.result_type(*{piece.level.dtype for piece, _ in pieces})
    if dtype.kind in "iu" and not (float(fill).is_integer() and np.iinfo(dtype).min <= fill <= np.iinfo(dtype).max):
        raise ArgumentError(f"the fields have pixels of type {dtype}, which cannot be {fill!r}; give another fill")
    widest = max((piece for piece, _ in pieces), key=lambda piece: len(piece.axes))
    tiles = [_tile(piece, corner, widest) for piece, corner in pieces]
    shape = [max(tile.shape[axis] for tile in tiles) for axis in range(len(widest.axes))]
    chunks = [_cut(size, size, step) for size, step in zip(shape, block_shape(widest.level.array), strict=True)]
    for axis, size, period in zip(widest.pair, extent, pitch, strict=True):
        shape[axis] = size
        chunks[axis] = _cut(size, period, block_shape(widest.level.array)[axis])
    return lazy_mosaic(tiles, tuple(shape), tuple(chunks), dtype, fill)


def _tile(piece: _Piece, corner: Pair, widest: _Piece) -> Tile:
    from omezarr.arrays.mosaics import Tile

    names = piece.names
    if not {*names} <= {*widest.names}:
        raise UnsupportedError(
            f"the field {piece.place.path} has the axes {', '.join(names)} and {widest.place.path} has "
            f"{', '.join(widest.names)}, so they cannot be one array"
        )
    start = [0] * len(widest.axes)
    for axis, offset in zip(widest.pair, corner, strict=True):
        start[axis] = offset
    order = tuple(names.index(name) if name in names else None for name in widest.names)
    return Tile(piece.level.array, tuple(start), order)


def _cut(size: int, period: int, step: int) -> tuple[int, ...]:
    """Return the sizes of blocks along an axis: steps that begin anew with each period.

    Examples
    --------
    >>> _cut(10, 5, 3)
    (3, 2, 3, 2)
    """
    return tuple(
        min(step, period - offset) for _ in range(size // max(1, period)) for offset in range(0, period, max(1, step))
    )
