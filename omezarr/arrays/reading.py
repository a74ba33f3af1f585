"""Reading regions of zarr arrays, faster than through zarr-python's own pipeline.

Objects are opened directly on a local disk, or asked for concurrently from any other store, and decoded in threads. A
shard of which most is wanted is asked for as a whole, of others the index and then what is wanted.
Arrays with uncommon codecs, chunk grids or dtypes are read through zarr-python.

Examples
--------
>>> import zarr
>>> array = zarr.create_array({}, shape=(4, 4), chunks=(2, 2), dtype="uint8", fill_value=7)
>>> read_region(array, (slice(0, 1), slice(1, 4)), threads=1)
array([[7, 7, 7]], dtype=uint8)
"""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.arrays.chunks import ShardCoder, bytes_of, coder_of
from omezarr.arrays.fetching import REMOTE_REQUESTS, chunk_store_of, objects_of
from omezarr.arrays.geometry import cells, region_shape, shifted, text_of
from omezarr.arrays.specs import document_of
from omezarr.errors import OMEZarrError, StorageError
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt
    import zarr

    from omezarr.arrays.chunks import Buffer, ChunkCoder
    from omezarr.arrays.geometry import Region, Shape

    Pixels = npt.NDArray[Any]

WHOLE_SHARD_BYTES = 64 * 1024 * 1024
"""How many bytes, uncompressed, are asked for at once from a shard; larger ones are never asked for whole."""

SMALL_SHARD_BYTES = 256 * 1024
"""Shards of this size, uncompressed, arrive whole in the time that a second request would take."""

MOST_OF_SHARD = 0.75
"""From this part of its chunks on, a shard is asked for as a whole: the rest costs less than asking for its index."""

WAITING_BYTES = 256 * 1024 * 1024
"""How much, uncompressed, is on its way from a store at once."""

KEPT_INDEX_BYTES = 16 * 1024 * 1024
"""How many bytes of the indexes of shards a reader keeps."""

KEPT_CHUNK_BYTES = 64 * 1024 * 1024
"""How large chunks are whose memory a thread keeps for the next one."""

_MISSING = 2**64 - 1

_scratch = threading.local()


def read_region(array: zarr.Array[Any], region: Region, threads: int) -> npt.NDArray[Any]:
    """Return the pixels of a region.

    Parameters
    ----------
    array : zarr.Array
    region : tuple of slice
        One for each axis, with start and stop inside the shape.
    threads : int
        How many objects are decoded at once.

    Raises
    ------
    StorageError
        If the store fails, or an object is damaged.
    """
    return ArrayReader(array).read(region, threads)


class ArrayReader:
    """Reads one array; worth keeping where many regions are read, as the indexes of shards are kept with it.

    Parameters
    ----------
    array : zarr.Array
    """

    def __init__(self, array: zarr.Array[Any]) -> None:
        self.array = array
        self._coder = coder_of(document_of(array))
        self._key: Callable[[Shape], str] = array.metadata.encode_chunk_key
        self._objects = objects_of(array)
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self._indexes: dict[str, npt.NDArray[np.uint64]] = {}

    @property
    def unit(self) -> Shape:
        """What one stored object covers."""
        if isinstance(self._coder, ShardCoder):
            inner = self._coder.inner.shape
            return tuple(part * count for part, count in zip(inner, self._coder.counts, strict=True))
        return self._coder.shape if self._coder is not None else self.array.chunks

    @property
    def chunk(self) -> Shape:
        """What is decoded together."""
        if isinstance(self._coder, ShardCoder):
            return self._coder.inner.shape
        return self.unit

    def read(self, region: Region, threads: int = 1, out: Pixels | None = None) -> Pixels:
        """Return the pixels of a region, with ``threads`` objects decoded at once, or as many as a store bears.

        They are put into an array of the shape of the region, where one is given.
        """
        if self._coder is None:
            pixels = self._read_through_zarr(region)
            if out is None:
                return pixels
            out[...] = pixels
            return out
        result = np.empty(region_shape(region), self.dtype) if out is None else out
        start = [part.start for part in region]

        def fill(cell: tuple[Shape, Region]) -> None:
            index, part = cell
            place: Any = (*shifted(part, start), ...)
            self._filled(index, part, result[place])

        found = cells(region, self.unit)
        workers = self.workers(region, threads)
        if workers == 1 or math.prod(result.shape) == 0:
            for cell in found:
                fill(cell)
        else:
            in_threads(fill, found, workers)
        return result

    def holds(self, index: Shape) -> bool:
        """Decode all that is stored in an object, and keep nothing of it; return whether the object is there.

        Raises
        ------
        StorageError
            If the store fails, or the object is damaged.
        """
        corner = [i * step for i, step in zip(index, self.unit, strict=True)]
        ends = zip(corner, self.unit, self.array.shape, strict=True)
        part = tuple(slice(start, min(start + step, size)) for start, step, size in ends)
        key = self._key(index)
        if self._coder is None:
            self._read_through_zarr(part)
            return self._objects.get(key, slice(0, 1)) is not None
        with self._explained(key):
            coder = self._coder
            if isinstance(coder, ShardCoder):
                found = self._parts_of_shard(coder, key, corner, shifted(part, corner))
                for _, _, content in found or ():
                    if content is not None:
                        coder.inner.decode(content, self._memory(coder.inner))
                return found is not None
            whole = self._objects.get(key)
            if whole is not None:
                coder.decode(whole, self._memory(coder))
            return whole is not None

    def workers(self, region: Region, threads: int) -> int:
        """Return how many objects of a region are worked on at once: more than threads where a server is asked."""
        if not self._objects.distant:
            return threads
        count = math.prod(
            len(range(part.start // step, -(-part.stop // step))) for part, step in zip(region, self.unit, strict=True)
        )
        size = min(math.prod(self.unit) * self.dtype.itemsize, WHOLE_SHARD_BYTES)
        return max(1, min(count, REMOTE_REQUESTS, WAITING_BYTES // max(1, size)))

    def _filled(self, index: Shape, part: Region, target: Pixels) -> None:
        """Put the part of an object where it belongs."""
        key = self._key(index)
        kept = key in self._indexes
        try:
            with self._explained(key):
                self._fill(key, index, part, target)
        except StorageError:
            if not kept:
                raise
            self._indexes.pop(key, None)  # the shard may have been written anew since its index was read
            self._filled(index, part, target)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Say which object it was that does not decode."""
        try:
            yield
        except OMEZarrError:
            raise
        except Exception as error:
            place = f"{self.array.path}/{key}".lstrip("/")
            raise StorageError(
                f"{place} in {self.array.store} cannot be decoded: {type(error).__name__}: {error}"
            ) from error

    def _fill(self, key: str, index: Shape, part: Region, target: Pixels) -> None:
        coder = self._coder
        assert coder is not None
        origin = [i * step for i, step in zip(index, self.unit, strict=True)]
        inside = shifted(part, origin)
        if not isinstance(coder, ShardCoder):
            self._decode(coder, self._objects.get(key), inside, target)
            return
        found = self._parts_of_shard(coder, key, origin, inside)
        if found is None:
            target[...] = coder.inner.fill_value
            return
        start = [axis.start for axis in inside]
        for chunk, place, content in found:
            corner = [c * length for c, length in zip(chunk, coder.inner.shape, strict=True)]
            self._decode(coder.inner, content, shifted(place, corner), target[shifted(place, start)])

    def _parts_of_shard(
        self, coder: ShardCoder, key: str, origin: Sequence[int], inside: Region
    ) -> Iterator[tuple[Shape, Region, Buffer | None]] | None:
        """Return the chunks of a part of a shard: number, part of the shard and bytes; None if there is no shard."""
        whole = None
        if self._wants_most(coder, origin, inside):
            whole = self._objects.get(key)
            index = None if whole is None else coder.index(bytes_of(whole)[coder.index_place])
        else:
            index = self._index(coder, key)
        return (
            None if index is None else self._encoded(coder, key, index, whole, list(cells(inside, coder.inner.shape)))
        )

    def _encoded(
        self,
        coder: ShardCoder,
        key: str,
        index: npt.NDArray[np.uint64],
        whole: Buffer | None,
        wanted: Sequence[tuple[Shape, Region]],
    ) -> Iterator[tuple[Shape, Region, Buffer | None]]:
        step = max(1, WHOLE_SHARD_BYTES // max(1, coder.inner.nbytes))
        for first in range(0, len(wanted), step):
            some = wanted[first : first + step]
            ends = [(int(index[chunk][0]), int(index[chunk][1])) for chunk, _ in some]
            spans = [(offset, offset + size) for offset, size in ends if offset != _MISSING]
            parts = self._objects.fetch(key, spans) if whole is None else _cut(whole, spans)
            for (chunk, place), (offset, _) in zip(some, ends, strict=True):
                yield chunk, place, None if offset == _MISSING else next(parts)

    def _index(self, coder: ShardCoder, key: str) -> npt.NDArray[np.uint64] | None:
        """Return the index of a shard; None if there is no shard."""
        found = self._indexes.get(key)
        if found is None:
            content = self._objects.get(key, coder.index_place)
            if content is None:
                return None
            found = coder.index(content)
            if self._objects.distant:
                while self._indexes and (len(self._indexes) + 1) * coder.index_bytes > KEPT_INDEX_BYTES:
                    self._indexes.pop(next(iter(self._indexes)), None)
                self._indexes[key] = found
        return found

    def _wants_most(self, coder: ShardCoder, origin: Sequence[int], inside: Region) -> bool:
        """Return whether a shard is to be fetched as a whole: it is small, or a part takes most of what it can have."""
        size = math.prod(coder.counts) * coder.inner.nbytes
        if not self._objects.distant or size > WHOLE_SHARD_BYTES:
            return False
        if size <= SMALL_SHARD_BYTES:
            return True
        wanted = math.prod(
            len(range(p.start // n, -(-p.stop // n))) for p, n in zip(inside, coder.inner.shape, strict=True)
        )
        ends = zip(self.array.shape, origin, self.unit, coder.inner.shape, strict=True)
        there = math.prod(-(-min(length - start, size) // n) for length, start, size, n in ends)
        return wanted >= MOST_OF_SHARD * there

    def _decode(self, coder: ChunkCoder, content: Buffer | None, inside: Region, target: Pixels) -> None:
        """Put part of a chunk where it belongs, through memory that each thread uses again and again."""
        if content is None:
            target[...] = coder.fill_value
            return
        target[...] = coder.decode_part(content, inside, self._memory(coder))

    def _memory(self, coder: ChunkCoder) -> npt.NDArray[np.uint8]:
        """Return the memory of this thread for a decoded chunk, which all readers share unless it is large."""
        if coder.nbytes > KEPT_CHUNK_BYTES:
            return np.empty(coder.nbytes, "u1")
        found: npt.NDArray[np.uint8] | None = getattr(_scratch, "bytes", None)
        if found is None or found.size < coder.nbytes:
            found = _scratch.bytes = np.empty(coder.nbytes, "u1")
        return found[: coder.nbytes]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is found out again."""
        return {key: value for key, value in self.__dict__.items() if key != "_indexes"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin with no index."""
        self.__dict__.update(state)
        self._indexes = {}

    def _read_through_zarr(self, region: Region) -> Pixels:
        try:
            pixels: Pixels = np.asarray(self._array_of_chunks()[region], self.dtype)
        except Exception as error:
            raise StorageError(
                f"could not read {text_of(region)} of {self.array.store_path}: {type(error).__name__}: {error}"
            ) from error
        return pixels.reshape(region_shape(region))

    def _array_of_chunks(self) -> zarr.Array[Any]:
        """Return the array in the store from which chunks are read."""
        from zarr import Array
        from zarr.core.array import AsyncArray
        from zarr.storage import StorePath

        if not self._objects.distant:
            return self.array
        place = StorePath(chunk_store_of(self.array), self.array.path)
        return Array(AsyncArray(metadata=self.array.metadata, store_path=place, config=self.array.config))


def _cut(content: Buffer, spans: Iterable[tuple[int, int]]) -> Iterator[Buffer]:
    """Yield parts of a shard; the index may name what is not there."""
    view = bytes_of(content)
    for start, stop in spans:
        if not start <= stop <= len(view):
            raise ValueError(f"the index names the bytes {start} to {stop} of a shard of {len(view)}")
        yield view[start:stop]


def in_threads(work: Callable[[Any], None], items: Iterable[Any], workers: int) -> None:
    """Apply a function to items in threads; the first error ends it, after all threads have stopped."""
    remaining = iter(items)
    guard = threading.Lock()
    failed = threading.Event()

    def worker() -> None:
        while not failed.is_set():
            with guard:
                item = next(remaining, None)
            if item is None:
                return
            try:
                work(item)
            except BaseException:
                failed.set()
                raise

    with ThreadPool(workers, thread_name_prefix="omezarr-read") as pool:
        futures = [pool.submit(worker) for _ in range(workers)]
        try:
            for future in futures:
                future.result()
        finally:
            failed.set()  # an interruption of the thread that waits ends all
