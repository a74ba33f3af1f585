"""Whole arrays block by block: as lazy dask arrays, or one block after the other in bounded memory.

Blocks hold many chunks, since a task for each chunk costs more than reading it.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Protocol

from omezarr.arrays.geometry import cells, full_region
from omezarr.arrays.presence import Presence, count_units
from omezarr.arrays.reading import ArrayReader
from omezarr.errors import StorageError
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dask.array as da
    import numpy as np
    import numpy.typing as npt
    import zarr

    from omezarr.arrays.geometry import Region, Shape

BLOCK_BYTES = 64 * 1024 * 1024
"""How large blocks grow, uncompressed."""


def block_shape(array: zarr.Array[Any]) -> tuple[int, ...]:
    """Return a shape of whole chunks, or shards, of at most `BLOCK_BYTES` where one of them is not larger already.

    Parameters
    ----------
    array : zarr.Array
    """
    unit = array.shards or array.chunks
    block = [max(1, min(step, size)) for step, size in zip(unit, array.shape, strict=True)]
    room = BLOCK_BYTES / max(1, math.prod(block) * array.dtype.itemsize)
    for index in reversed(range(len(block))):
        times = max(1, min(int(room), -(-array.shape[index] // block[index])))
        block[index] = min(block[index] * times, max(1, array.shape[index]))
        room /= times
    return tuple(block)


def blocks_of(array: zarr.Array[Any], *, skip_broken: bool = False) -> Iterator[npt.NDArray[Any]]:
    """Yield all values of an array, block by block; of blocks in which nothing is stored, one sample in all.

    Parameters
    ----------
    array : zarr.Array
    skip_broken : bool
        Whether stored objects that do not decode are left out, each by itself.

    Raises
    ------
    UnsupportedError
        If the array claims more than can be read, and the store cannot tell what of it is there.
    """
    threads = Settings.from_environment().threads
    reader = ArrayReader(array)
    presence = Presence.of(array)
    sparse = presence is not None and 2 * len(presence.stored) < count_units(array)
    shape = reader.unit if skip_broken or sparse else block_shape(array)
    whole = math.prod(-(-size // step) for size, step in zip(array.shape, shape, strict=True))
    grid = cells(full_region(array.shape), shape) if presence is None else presence.cells_of(shape)
    piece = array.chunks if math.prod(shape) * array.dtype.itemsize > 2 * BLOCK_BYTES else shape
    read = 0
    for _, region in grid:
        read += 1
        for _, part in cells(region, piece):
            try:
                yield reader.read(part, threads)
            except StorageError:
                if not skip_broken:
                    raise
    if presence is not None and read < whole:
        yield presence.fill


def as_dask(array: zarr.Array[Any]) -> da.Array:
    """Return a lazy dask array of an array; its blocks hold many chunks, and only what is asked of them is read.

    Its name comes from place and metadata: the same in another process, another once the array is another one.

    Parameters
    ----------
    array : zarr.Array
    """
    return lazy_array(ArrayReader(array), array.shape, block_shape(array), identity_of(array))


def identity_of(array: zarr.Array[Any]) -> str:
    """Return what tells an array from others: its place and its metadata.

    Parameters
    ----------
    array : zarr.Array
    """
    return f"{array.store_path} {json.dumps(array.metadata.to_dict(), default=str)}"


class RegionReader(Protocol):
    """Whatever gives the pixels of a region of slices."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the pixels."""

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Return the pixels of a region."""


def lazy_array(reader: RegionReader, shape: Shape, chunks: Any, identity: str) -> da.Array:
    """Return a lazy dask array of what a reader gives; only what is asked of its blocks is read.

    Parameters
    ----------
    reader : RegionReader
    shape : tuple of int
    chunks : tuple
        The sizes of the blocks, in the words of dask.
    identity : str
        What tells it from others: arrays of equal identities are the same to dask.
    """
    import dask.array as da
    from dask.base import tokenize

    slices = _Slices(reader, shape)
    lazy: da.Array = da.from_array(slices, chunks=chunks, name=f"omezarr-{tokenize(identity)}")  # type: ignore[no-untyped-call]  # dask's own gap
    return lazy


class _Slices:
    """An array as dask wants it: read with slices, one thread a task but for what waits for a server."""

    def __init__(self, reader: RegionReader, shape: Shape) -> None:
        self._reader = reader
        self.shape = shape
        self.dtype = reader.dtype
        self.ndim = len(shape)

    def __getitem__(self, index: tuple[Any, ...]) -> npt.NDArray[Any]:
        """Read what is asked for of a block, which dask says in one index; its fancy ones are along one axis."""
        import numpy as np

        region: list[slice] = []
        kept: list[Any] = []
        picked: dict[int, npt.NDArray[Any]] = {}
        for part in index:
            if part is None:
                kept.append(None)
                continue
            size = self.shape[len(region)]
            if isinstance(part, slice):
                places = range(*part.indices(size))
                kept.append(slice(None, None, part.step))
            else:
                places = np.arange(size)[part]
                kept.append(slice(None) if np.ndim(places) else 0)
                if np.ndim(places):
                    picked[len(region)] = places - places.min(initial=size)
            region.append(slice(int(np.min(places)), int(np.max(places)) + 1) if np.size(places) else slice(0, 0))
        pixels = self._reader.read(tuple(region))
        for axis, offsets in picked.items():
            pixels = pixels.take(offsets, axis)
        found: npt.NDArray[Any] = pixels[tuple(kept)]
        return found
