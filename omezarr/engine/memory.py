"""How much memory writing a pyramid takes, and which way of doing it stays within a bound.

The figures are upper bounds on what the engine holds of its own at any one time: pixels read, levels being put
together, objects being encoded. They are known before anything is read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from omezarr.arrays.geometry import cells, full_region, region_shape
from omezarr.engine.methods import halo_of, reduction_bytes, scratch_of
from omezarr.engine.tasks import cell_of, cost_free
from omezarr.engine.units import Tree, TreeNode
from omezarr.errors import MemoryBoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omezarr.abc import PixelSource, ScalingMethod
    from omezarr.arrays.geometry import Region, Shape
    from omezarr.arrays.stored import StoredArray

CALL_BYTES = 256 * 1024
"""What a task takes beside pixels: the names and places of what it is at."""

DEFAULT_BYTES = 1024**3
"""What writing may take where nobody says."""

UNCUT_WORTH = 4
"""How many times larger a band must be that cuts blocks of the source to be preferred to one that cuts none."""


@frozen(kw_only=True)
class Schedule:
    """One way of writing a pyramid.

    Parameters
    ----------
    mode : {"one pass", "level by level"}
    tree : Tree
    cell : tuple of int
        The pieces in which the source is read.
    threads : int
    peak : int
        How many bytes of its own this takes at most.
    band : (int, tuple of int), optional
        For sources that compute: the level whose nodes are brought near, and how many of them along each axis at once.
    """

    mode: Literal["one pass", "level by level"]
    tree: Tree
    cell: Shape
    threads: int
    peak: int
    band: tuple[int, Shape] | None = None


def schedule(
    source: PixelSource,
    arrays: Sequence[StoredArray],
    factors: Sequence[Shape],
    method: ScalingMethod,
    *,
    bound: int,
    threads: int,
) -> Schedule:
    """Return the fastest way of writing that stays within a bound.

    Parameters
    ----------
    source : PixelSource
    arrays : sequence of StoredArray
    factors : sequence of tuple of int
    method : ScalingMethod
    bound : int
        In bytes.
    threads : int
        At most so many.

    Raises
    ------
    MemoryBoundError
        If nothing does; the message has the smallest bound that works.
    """
    smallest: Schedule | None = None
    for candidate in candidates(source, arrays, factors, method, threads):
        if candidate.peak <= bound:
            return candidate
        if smallest is None or candidate.peak < smallest.peak:
            smallest = candidate
    assert smallest is not None
    needed = shown_size(smallest.peak)
    raise MemoryBoundError(
        f"writing {arrays[0].spec.path!r} and its levels takes at least {needed}, more than the "
        f"{shown_size(bound, down=True)} allowed; allow {needed}, or choose smaller chunks or shards"
    )


def shown_size(size: int, *, down: bool = False) -> str:
    """Return a size for messages, rounded up so that it suffices when given back."""
    unit, name = (2**20, "MiB") if size >= 2**20 else (2**10, "KiB")
    return f"{size // unit if down else -(-size // unit)} {name}"


def candidates(
    source: PixelSource,
    arrays: Sequence[StoredArray],
    factors: Sequence[Shape],
    method: ScalingMethod,
    threads: int,
) -> Iterator[Schedule]:
    """Yield the ways of writing, the fastest first."""
    shapes = [array.spec.shape for array in arrays]
    units = [array.spec.unit for array in arrays]
    grains: list[Shape | None] = [None]
    if not cost_free(source) and any(c > u for c, u in zip(source.chunks, units[0], strict=True)):
        grains.insert(0, tuple(min(c, s) for c, s in zip(source.chunks, source.shape, strict=True)))
    if not any(any(sum(sides) for sides in halo_of(method, step)) for step in factors):
        for grain in grains:
            tree = Tree.of(shapes, factors, units, grain)
            for count in range(threads, 0, -1):
                yield from _one_pass(tree, source, arrays, method, count)
    for grain in grains:
        tree = Tree.of(shapes[:1], [], units[:1], grain)
        for count in range(threads, 0, -1):
            yield from _level_by_level(tree, source, arrays, factors, method, threads=count)


def _one_pass(
    tree: Tree, source: PixelSource, arrays: Sequence[StoredArray], method: ScalingMethod, threads: int
) -> Iterator[Schedule]:
    cell = cell_of(tree, arrays[0].piece, source)
    itemsize = source.dtype.itemsize
    working = _leaf_bytes(tree, source, arrays[0], cell)
    if tree.levels > 1:
        largest = tuple(map(min, cell, source.shape))
        working += reduction_bytes(method, largest, source.dtype, tree.factors[0])
    for level in range(1, tree.levels):
        size = tuple(map(min, tree.sizes[level], tree.shapes[level]))
        steps = tree.factors[level] if level < tree.levels - 1 else None
        reducing = 0 if steps is None else reduction_bytes(method, size, source.dtype, steps)
        working = max(working, max(arrays[level].encoding_bytes, reducing) + CALL_BYTES)
    standing = 0
    for level in range(1, tree.levels):
        standing += min(tree.count(level), threads + 1) * tree.samples(level) * itemsize * 5 // 4
    peak = threads * working + standing
    if not source.banded:
        yield Schedule(mode="one pass", tree=tree, cell=cell, threads=threads, peak=peak)
        return
    for band in ways_to_cut(tree, source.chunks):
        total = peak + source.cost(box_region(tree, band[0], full_region(band[1])))
        yield Schedule(mode="one pass", tree=tree, cell=cell, threads=threads, peak=total, band=band)


def _level_by_level(
    tree: Tree,
    source: PixelSource,
    arrays: Sequence[StoredArray],
    factors: Sequence[Shape],
    method: ScalingMethod,
    *,
    threads: int,
) -> Iterator[Schedule]:
    cell = cell_of(tree, arrays[0].piece, source)
    peak = threads * _leaf_bytes(tree, source, arrays[0], cell)
    windows = 0
    for before, array, step in zip(arrays, arrays[1:], factors, strict=False):
        windows = max(windows, threads * window_bytes(before, array, step, method))
    if not source.banded:
        yield Schedule(mode="level by level", tree=tree, cell=cell, threads=threads, peak=max(peak, windows))
        return
    for band in ways_to_cut(tree, source.chunks):
        total = max(peak + source.cost(box_region(tree, band[0], full_region(band[1]))), windows)
        yield Schedule(mode="level by level", tree=tree, cell=cell, threads=threads, peak=total, band=band)


def ways_to_cut(tree: Tree, chunks: Shape) -> list[tuple[int, Shape]]:
    """Return ways to cut the nodes of a tree into bands, the largest first.

    A band is a box of nodes of one level, inside one node of the level above. Where it cuts blocks of the source, those
    are computed again; so a band that cuts none may be that much smaller, and comes first all the same.
    """
    found: dict[tuple[int, Shape], float] = {}
    for steps in (chunks, (1,) * len(chunks)):
        worth = UNCUT_WORTH if steps is chunks else 1
        for level in reversed(range(tree.levels)):
            for box in _boxes(tree, level, steps):
                volume = math.prod(region_shape(box_region(tree, level, full_region(box))))
                found.setdefault((level, box), volume * worth)
    return sorted(found, key=lambda band: -found[band])


def _boxes(tree: Tree, level: int, chunks: Shape) -> Iterator[Shape]:
    """Yield boxes of nodes inside a node of the level above, halved step by step, that cut no block of this shape."""
    above = level + 1
    box = [max(1, count) for count in tree.grid(level)]
    if above < tree.levels:
        inside = zip(box, tree.sizes[above], tree.factors[level], tree.sizes[level], strict=True)
        box = [min(count, -(-bigger * factor // size)) for count, bigger, factor, size in inside]
    sides = [math.prod(column) for column in zip(tree.sizes[level], *tree.factors[:level], strict=True)]
    steps = [chunk // math.gcd(side, chunk) for side, chunk in zip(sides, chunks, strict=True)]

    def cuts_none() -> bool:
        parts = zip(box, steps, sides, tree.shapes[0], strict=True)
        return all(count % step == 0 or count * side >= length for count, step, side, length in parts)

    if cuts_none():
        yield tuple(box)
    for axis, step in enumerate(steps):
        while (half := -(-box[axis] // (2 * step)) * step) < box[axis]:
            box[axis] = half
            if cuts_none():
                yield tuple(box)


def bands(tree: Tree, band: tuple[int, Shape]) -> Iterator[Region]:
    """Yield all bands in the order of one pass, so that few nodes above them are open: each a box of nodes.

    Parameters
    ----------
    tree : Tree
    band : (int, tuple of int)
        The level of the nodes, and how many of them along each axis.
    """
    level, box = band
    whole: Iterable[Region] = [full_region(tree.grid(level))]
    if level + 1 < tree.levels:
        whole = (
            tuple(
                slice(part.start // size, -(-part.stop // size))
                for part, size in zip(tree.region_below(parent), tree.sizes[level], strict=True)
            )
            for parent in tree.nodes(level + 1)
        )
    for places in whole:
        for _, part in cells(places, box):
            yield part


def box_region(tree: Tree, level: int, box: Region) -> Region:
    """Return what a box of nodes covers on the first level.

    Parameters
    ----------
    tree : Tree
    level : int
    box : tuple of slice
        In the grid of the nodes of the level.
    """
    first = tuple(part.start for part in box)
    last = tuple(min(part.stop, max(count, 1)) - 1 for part, count in zip(box, tree.grid(level), strict=True))
    low, high = (tree.region_below(TreeNode(level, place), level) for place in (first, last))
    return tuple(slice(begin.start, end.stop) for begin, end in zip(low, high, strict=True))


def window_bytes(before: StoredArray, array: StoredArray, factors: Shape, method: ScalingMethod) -> int:
    """Return what making one unit from windows of the level before takes."""
    import numpy as np

    itemsize = np.dtype(array.spec.dtype).itemsize
    halo = halo_of(method, factors)
    piece = tuple(map(min, array.piece, array.spec.shape))
    window_shape = tuple(u * f + sum(sides) for u, f, sides in zip(piece, factors, halo, strict=True))
    window = math.prod(window_shape)
    dtype = np.dtype(array.spec.dtype)
    if any(map(any, halo)):
        scratch = scratch_of(method, window_shape, dtype, factors)
    else:
        scratch = reduction_bytes(method, window_shape, dtype, factors)
    decoding = 2 * math.prod(before.spec.chunks) * itemsize
    return 2 * window * itemsize + scratch + decoding + math.prod(piece) * itemsize + array.encoding_bytes


def _leaf_bytes(tree: Tree, source: PixelSource, array: StoredArray, cell: Shape) -> int:
    itemsize = source.dtype.itemsize
    largest = full_region(tuple(map(min, cell, source.shape)))
    reading = source.cost(largest) if not source.banded else math.prod(region_shape(largest)) * itemsize
    piece = (
        2 * math.prod(-(-s // f) for s, f in zip(tree.sizes[0], tree.factors[0], strict=True)) * itemsize
        if tree.factors
        else 0
    )
    encoding = array.encoding_bytes
    if array.spec.shards is not None:
        encoding += max(0, tree.samples(0) - math.prod(array.spec.unit)) * itemsize
    return reading + piece + encoding + CALL_BYTES
