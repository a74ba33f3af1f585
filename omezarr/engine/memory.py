"""How much memory writing a pyramid takes, and which way of doing it stays within a bound.

The figures are upper bounds on what the engine holds of its own at any one time: pixels read, levels being put
together, objects being encoded. They are known before anything is read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from omezarr.engine.geometry import full_region, region_shape
from omezarr.engine.tasks import cell_of, cost_free
from omezarr.engine.units import Node, Tree
from omezarr.errors import MemoryBoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc import PixelSource, ScalingMethod
    from omezarr.engine.arrays import StoredArray
    from omezarr.engine.geometry import Region, Shape

DEFAULT_BYTES = 1024**3
"""What writing may take where nobody says."""

KERNEL_BYTES = 1024**2
"""What the kernel of a method without halo needs beside its result, at most."""

HALO_COPIES = 4
"""How many copies of a window, in float64, a method with halo makes at most."""


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
    needed = in_mebibytes(smallest.peak)
    raise MemoryBoundError(
        f"writing {arrays[0].spec.path!r} and its levels takes at least {needed}, more than the "
        f"{in_mebibytes(bound, down=True)} allowed; allow {needed}, or choose smaller chunks or shards"
    )


def in_mebibytes(size: int, *, down: bool = False) -> str:
    """Return a size for messages, rounded up so that it suffices when given back."""
    return f"{size // 2**20 if down else -(-size // 2**20)} MiB"


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
    if not any(any(sum(sides) for sides in method.halo(step)) for step in factors):
        for grain in grains:
            tree = Tree.of(shapes, factors, units, grain)
            for count in range(threads, 0, -1):
                yield from _one_pass(tree, source, arrays, count)
    for grain in grains:
        tree = Tree.of(shapes[:1], [], units[:1], grain)
        for count in range(threads, 0, -1):
            yield from _level_by_level(tree, source, arrays, factors, method, threads=count)


def _one_pass(tree: Tree, source: PixelSource, arrays: Sequence[StoredArray], threads: int) -> Iterator[Schedule]:
    cell = cell_of(tree, arrays[0].piece, source)
    itemsize = source.dtype.itemsize
    finishing = [array.encoding_bytes + KERNEL_BYTES for array in arrays]
    working = max(_leaf_bytes(tree, source, arrays[0], cell), *finishing[1:], 0)
    standing = 0
    for level in range(1, tree.levels):
        standing += min(tree.count(level), threads + 1) * tree.samples(level) * itemsize * 5 // 4
    peak = threads * working + standing
    if not source.banded:
        yield Schedule(mode="one pass", tree=tree, cell=cell, threads=threads, peak=peak)
        return
    for band in _bands(tree):
        total = peak + source.cost(band_region(tree, band, (0,) * len(cell)))
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
    for band in _bands(tree):
        total = max(peak + source.cost(band_region(tree, band, (0,) * len(cell))), windows)
        yield Schedule(mode="level by level", tree=tree, cell=cell, threads=threads, peak=total, band=band)


def _bands(tree: Tree) -> Iterator[tuple[int, Shape]]:
    """Yield ways to cut the nodes of a tree into bands, the largest bands first."""
    top = tree.levels - 1
    box = [max(count, 1) for count in tree.grid(top)]
    yield top, tuple(box)
    for axis in range(len(box)):
        while box[axis] > 1:
            box[axis] = -(-box[axis] // 2)
            yield top, tuple(box)
    for level in range(top - 1, -1, -1):
        yield level, tuple(box)


def band_region(tree: Tree, band: tuple[int, Shape], index: Shape) -> Region:
    """Return what a band covers on the first level.

    Parameters
    ----------
    tree : Tree
    band : (int, tuple of int)
    index : tuple of int
        In the grid of bands.
    """
    level, box = band
    grid = [max(count, 1) for count in tree.grid(level)]
    corner = tuple(i * step for i, step in zip(index, box, strict=True))
    last = tuple(min(c + step, count) - 1 for c, step, count in zip(corner, box, grid, strict=True))
    low, high = (tree.region_below(Node(level, place), level) for place in (corner, last))
    return tuple(slice(first.start, final.stop) for first, final in zip(low, high, strict=True))


def window_bytes(before: StoredArray, array: StoredArray, factors: Shape, method: ScalingMethod) -> int:
    """Return what making one unit from windows of the level before takes."""
    import numpy as np

    itemsize = np.dtype(array.spec.dtype).itemsize
    halo = method.halo(factors)
    piece = tuple(map(min, array.piece, array.spec.shape))
    window = math.prod(u * f + sum(sides) for u, f, sides in zip(piece, factors, halo, strict=True))
    scratch = window * 8 * HALO_COPIES if any(map(any, halo)) else KERNEL_BYTES
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
    return reading + piece + encoding + KERNEL_BYTES
