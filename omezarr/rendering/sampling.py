"""Reading no more than a picture needs: whole regions while they are small, else every n-th chunk for its neighbours.

A chunk that is missing, or cannot be decoded, does not end a picture: its pixels are marked.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen

from omezarr.arrays.geometry import cells, region_shape, shifted
from omezarr.arrays.reading import ArrayReader
from omezarr.errors import StorageError, UnsupportedError
from omezarr.hierarchy import run
from omezarr.settings import Settings
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import zarr

    from omezarr.arrays.geometry import Region, Shape

Pixels: TypeAlias = "npt.NDArray[Any]"
_Unit: TypeAlias = "tuple[Shape, Pixels]"

MAX_CHUNKS = 256
"""How many chunks are read for a picture of one plane; twice as many along each axis as a screen of tiles has."""

MAX_BYTES = 128 * 1024 * 1024
"""How many bytes, decoded, are read for it: what a laptop has to spare, and more than the pixels of any screen."""

MAX_CHUNK_BYTES = 1024 * 1024 * 1024
"""Chunks beyond this size, decoded, are not read for a picture: one would take all memory."""

_AT_ONCE = 8


@frozen
class Budget:
    """How much may be read for one picture.

    Parameters
    ----------
    chunks : int
    nbytes : int
        Decoded.
    threads : int, optional
        How many chunks are decoded at once. Default: the cores that the process may use.
    """

    chunks: int = MAX_CHUNKS
    nbytes: int = MAX_BYTES
    threads: int | None = None


@frozen(eq=False)
class Sample:
    """Pixels of a region, or of every n-th chunk of it put side by side.

    Parameters
    ----------
    pixels : array
        With all axes of the array.
    missing : array of bool
        Of the same shape; True where nothing is stored, or it cannot be read.
    steps : tuple of int
        For each axis, for how many chunks one stands.
    notes : tuple of str
        What could not be read.
    """

    pixels: Pixels
    missing: Pixels
    steps: tuple[int, ...]
    notes: tuple[str, ...]


def sample_region(array: zarr.Array[Any], region: Region, thinned: Sequence[int], budget: Budget) -> Sample:
    """Read a region of an array, or as many of its chunks as the budget allows, evenly spread.

    Parameters
    ----------
    array : zarr.Array
    region : tuple of slice
        With start and stop inside the shape.
    thinned : sequence of int
        The axes along which chunks may be left out.
    budget : Budget

    Raises
    ------
    UnsupportedError
        If one chunk is larger than any picture deserves.
    StorageError
        If nothing of the region can be read.
    """
    chunks = _chunks(array)
    size = math.prod(map(min, chunks, array.shape)) * array.dtype.itemsize
    if size > MAX_CHUNK_BYTES:
        raise UnsupportedError(
            f"a chunk of {array.store_path} holds {size / 2**30:.1f} GiB, too much for a picture; rewrite it in "
            "smaller chunks: omezarr convert SOURCE TARGET"
        )
    steps = _steps(region, chunks, thinned, max(1, min(budget.chunks, budget.nbytes // max(1, size))))
    pieces = [_pieces(part, chunk, step) for part, chunk, step in zip(region, chunks, steps, strict=True)]
    shape = tuple(sum(part.stop - part.start for part in parts) for parts in pieces)
    pixels = np.empty(shape, np.dtype(array.dtype).newbyteorder("="))
    missing = np.zeros(shape, bool)
    jobs = list(itertools.product(*(_placed(parts) for parts in pieces)))
    threads = budget.threads or Settings.from_environment().threads if len(jobs) == 1 else 1

    reader, units = ArrayReader(array), _units(array)

    def read(job: tuple[tuple[slice, slice], ...]) -> tuple[list[StorageError], list[_Unit]]:
        source, target = tuple(item[0] for item in job), tuple(item[1] for item in job)
        failures = _read(reader, source, units, pixels[target], missing[target], threads=threads)
        return failures, [] if units is None else _empty(array, source, units, pixels[target], missing[target])

    if len(jobs) == 1:
        done = [read(jobs[0])]
    else:
        with ThreadPool(_AT_ONCE, thread_name_prefix="omezarr-sample") as pool:
            done = list(pool.map(read, jobs))
    failures = list(itertools.chain.from_iterable(found for found, _ in done))
    _mark_absent(array, list(itertools.chain.from_iterable(empty for _, empty in done)))
    if failures and missing.all():
        raise failures[0]
    return Sample(pixels, missing, steps, tuple(dict.fromkeys(map(str, failures))))


def _chunks(array: zarr.Array[Any]) -> Shape:
    """Return the shape of a chunk; that of the array where its chunks are not all of one shape."""
    try:
        return array.chunks
    except NotImplementedError:  # the chunks of a rectilinear grid
        return array.shape


def _steps(region: Region, chunks: Shape, thinned: Sequence[int], limit: int) -> tuple[int, ...]:
    """Return for how many chunks one stands along each axis, so that no more are read than the limit."""
    counts = [-(-part.stop // size) - part.start // size for part, size in zip(region, chunks, strict=True)]
    fixed = math.prod(count for axis, count in enumerate(counts) if axis not in thinned)
    limit = max(1, limit // fixed) if fixed else 1
    left = list(counts)
    while math.prod(left[axis] for axis in thinned) > limit:
        longest = max(thinned, key=lambda axis: left[axis])
        left[longest] = -(-left[longest] // 2)
    return tuple(-(-count // max(1, kept)) for count, kept in zip(counts, left, strict=True))


def _pieces(part: slice, chunk: int, step: int) -> list[slice]:
    """Return what is read along one axis: everything, or the middle one of every ``step`` chunks.

    Examples
    --------
    >>> _pieces(slice(5, 100), 10, 4)
    [slice(20, 30, None), slice(60, 70, None), slice(90, 100, None)]
    """
    if step == 1:
        return [part]
    first, last = part.start // chunk, (part.stop - 1) // chunk
    middles = [min(group + step // 2, last) for group in range(first, last + 1, step)]
    return [slice(max(part.start, i * chunk), min(part.stop, (i + 1) * chunk)) for i in dict.fromkeys(middles)]


def _placed(parts: list[slice]) -> list[tuple[slice, slice]]:
    """Return for each piece where it goes, one behind the other."""
    ends = list(itertools.accumulate(part.stop - part.start for part in parts))
    return [(part, slice(end - (part.stop - part.start), end)) for part, end in zip(parts, ends, strict=True)]


def _read(
    reader: ArrayReader, region: Region, units: Shape | None, pixels: Pixels, missing: Pixels, *, threads: int
) -> list[StorageError]:
    """Fill pixels and mark what cannot be read; where that is one object, the others still are."""
    failures: list[StorageError] = []
    try:
        reader.read(region, threads, pixels)
    except StorageError as error:
        if units is None:
            missing[...], pixels[...] = True, 0
            return [error]
        for _, part in cells(region, units):
            place = shifted(part, [axis.start for axis in region])
            try:
                pixels[place] = reader.read(part, 1)
            except StorageError as reason:
                failures.append(reason)
                missing[place], pixels[place] = True, 0
    return failures


def _units(array: zarr.Array[Any]) -> Shape | None:
    """Return what one stored object covers; None where that is not the same everywhere."""
    try:
        units: Shape = array.shards or array.chunks
    except NotImplementedError:  # the chunks of a rectilinear grid
        return None
    return units


def _empty(array: zarr.Array[Any], region: Region, units: Shape, pixels: Pixels, missing: Pixels) -> list[_Unit]:
    """Return the units that look as if they were not stored, each with its place in ``missing``."""
    fill = array.fill_value if array.fill_value is not None else 0
    empty = np.isnan(pixels) if fill != fill else pixels == fill  # noqa: PLR0124 - only NaN differs from itself
    origin = [axis.start for axis in region]
    placed = ((index, shifted(part, origin)) for index, part in cells(region, units) if math.prod(region_shape(part)))
    return [(index, missing[place]) for index, place in placed if empty[place].all()]


def _mark_absent(array: zarr.Array[Any], units: list[_Unit]) -> None:
    """Mark those of the units that are not stored, all asked for at once."""
    if units:
        there = run(_present(array, [array.metadata.encode_chunk_key(index) for index, _ in units]))
        for (_, place), present in zip(units, there, strict=True):
            place |= not present  # noqa: PLW2901 - into the array that it is a part of


async def _present(array: zarr.Array[Any], names: list[str]) -> list[bool]:
    import asyncio

    limit = asyncio.Semaphore(_AT_ONCE)

    async def ask(name: str) -> bool:
        async with limit:
            try:
                return await array.store.exists(f"{array.path}/{name}".lstrip("/"))
            except Exception:  # noqa: BLE001 - whatever the store says of a chunk that read as empty, it gives none
                return False

    return await asyncio.gather(*map(ask, names))
