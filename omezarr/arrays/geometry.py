"""The geometry of a pyramid: shapes, regions, and where samples sit.

Pure functions on tuples; nothing here knows arrays or stores.

Examples
--------
>>> level_shapes((5, 100), [(1, 2), (2, 2)])
[(5, 100), (5, 50), (3, 25)]
"""

from __future__ import annotations

import itertools
from functools import cache, partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omezarr.abc import ScalingMethod

Shape: TypeAlias = tuple[int, ...]
Region: TypeAlias = tuple[slice, ...]


def reduced_shape(shape: Sequence[int], factors: Sequence[int]) -> Shape:
    """Return the shape of the next level: odd sizes are rounded up, so that nothing is dropped."""
    return tuple(-(-length // factor) for length, factor in zip(shape, factors, strict=True))


def level_shapes(shape: Sequence[int], factors: Iterable[Sequence[int]]) -> list[Shape]:
    """Return the shapes of all levels, the first included.

    Parameters
    ----------
    shape : sequence of int
        The shape of the first level.
    factors : iterable of sequences of int
        For each further level, the downscaling of each axis against the level before.
    """
    shapes = [tuple(shape)]
    for step in factors:
        shapes.append(reduced_shape(shapes[-1], step))
    return shapes


def level_geometry(
    method: ScalingMethod, factors: Iterable[Sequence[int]], scale: Sequence[float], translation: Sequence[float]
) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Return scale and translation of all levels, the first included.

    Parameters
    ----------
    method : ScalingMethod
        Tells where the first sample of a level sits on the level before.
    factors : iterable of sequences of int
    scale, translation : sequence of float
        Those of the first level: the distance of its samples, and the place of its first sample.

    Returns
    -------
    list of (tuple of float, tuple of float)
        The scale is multiplied by the factors exactly; the translation moves to the method's first sample.
    """
    found = [(tuple(map(float, scale)), tuple(map(float, translation)))]
    for step in factors:
        size, place = found[-1]
        moved = tuple(p + s * method.origin(f) if f > 1 else p for p, s, f in zip(place, size, step, strict=True))
        found.append((tuple(s * f for s, f in zip(size, step, strict=True)), moved))
    return found


def selection(index: Any, shape: Sequence[int]) -> tuple[tuple[slice, ...], tuple[slice | int, ...]]:
    """Return the region that an index of an array touches, and the index of that region which leaves out axes.

    Parameters
    ----------
    index : int, slice, Ellipsis or tuple of them
    shape : sequence of int

    Raises
    ------
    ArgumentError
        If it is anything else, has more parts than there are axes, or reaches outside.

    Examples
    --------
    >>> selection((1, ..., slice(2, None)), (4, 5, 6))
    ((slice(1, 2, None), slice(0, 5, None), slice(2, 6, None)), (0, slice(None, None, None), slice(None, None, None)))
    """
    given = index if isinstance(index, tuple) else (index,)
    names = [position for position, part in enumerate(given) if part is Ellipsis]
    first = names[0] if names else len(given)
    fill = (slice(None),) * (len(shape) - len(given) + len(names[:1]))
    parts = (*given[:first], *fill, *given[first + 1 :])
    if len(parts) != len(shape) or not all(_is_part(part) for part in parts):
        raise ArgumentError(
            f"a region takes an index or a slice with steps of 1 for each of {len(shape)} axes, not {index!r}"
        )
    region = []
    for part, size in zip(parts, shape, strict=True):
        if isinstance(part, slice):
            start, stop, _ = part.indices(size)
            region.append(slice(start, max(start, stop)))
        elif -size <= part < size:
            region.append(slice(part % size, part % size + 1))
        else:
            raise ArgumentError(f"the index {part} is outside of an axis of length {size}")
    return tuple(region), tuple(slice(None) if isinstance(part, slice) else 0 for part in parts)


def _is_part(part: Any) -> bool:
    if isinstance(part, slice):
        return part.step in (None, 1)
    return isinstance(part, Integral) and not isinstance(part, bool)


def full_region(shape: Sequence[int]) -> Region:
    """Return the region that covers a whole shape."""
    return tuple(slice(0, length) for length in shape)


def region_shape(region: Region) -> Shape:
    """Return the shape of a region."""
    return tuple(part.stop - part.start for part in region)


def shifted(region: Region, offset: Sequence[int]) -> Region:
    """Return a region as seen from another origin."""
    return tuple(slice(part.start - start, part.stop - start) for part, start in zip(region, offset, strict=True))


def reduced_region(region: Region, factors: Sequence[int]) -> Region:
    """Return the region of the next level that is made from a region, which starts on a multiple of the factors."""
    return tuple(slice(part.start // f, -(-part.stop // f)) for part, f in zip(region, factors, strict=True))


def cells(region: Region, steps: Sequence[int]) -> Iterator[tuple[Shape, Region]]:
    """Cut a region along a grid.

    Parameters
    ----------
    region : tuple of slice
    steps : sequence of int
        The distance of the grid's lines, the first of which is at 0.

    Yields
    ------
    (tuple of int, tuple of slice)
        Index in the grid, and the part of the cell that lies in the region; in C order.
    """
    ranges = [range(part.start // step, -(-part.stop // step)) for part, step in zip(region, steps, strict=True)]
    spans = [cache(partial(_span, part, step)) for part, step in zip(region, steps, strict=True)]
    for index in itertools.product(*ranges):
        yield index, tuple([span(number) for span, number in zip(spans, index, strict=True)])


def _span(part: slice, step: int, index: int) -> slice:
    return slice(max(part.start, index * step), min(part.stop, (index + 1) * step))


def text_of(region: Region) -> str:
    """Return a region in the words of messages, for example ``[0:4, 256:512]``."""
    return "[" + ", ".join(f"{part.start}:{part.stop}" for part in region) + "]"
