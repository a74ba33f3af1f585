"""Reading regions of zarr arrays, faster than through zarr-python's own pipeline.

Objects are opened directly on a local disk, or asked for concurrently from any other store, and decoded in threads.
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
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.arrays.chunks import ShardCoder, coder_of
from omezarr.arrays.geometry import cells, region_shape, shifted, text_of
from omezarr.errors import OMEZarrError, StorageError
from omezarr.hierarchy import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt
    import zarr

    from omezarr.arrays.chunks import Buffer, ChunkCoder
    from omezarr.arrays.geometry import Region, Shape

    Pixels = npt.NDArray[Any]

REMOTE_REQUESTS = 16
"""How many objects are asked for at once where the store is not a local disk."""

_MISSING = 2**64 - 1


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
    """Reads one array; worth keeping where many regions are read.

    Parameters
    ----------
    array : zarr.Array
    """

    def __init__(self, array: zarr.Array[Any]) -> None:
        from zarr.storage import LocalStore

        self.array = array
        metadata: Any = array.metadata.to_dict()
        if array.metadata.zarr_format == 2:
            import json

            from zarr.core.buffer import default_buffer_prototype

            stored = array.metadata.to_buffer_dict(default_buffer_prototype())[".zarray"]
            metadata = json.loads(stored.to_bytes())
        self._coder = coder_of(metadata)
        self._key: Callable[[Shape], str] = array.metadata.encode_chunk_key
        self._path = array.path
        self._store = array.store
        self._root = str(Path(array.store.root, array.path)) if type(array.store) is LocalStore else None
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self._scratch = threading.local()

    @property
    def unit(self) -> Shape:
        """What one stored object covers."""
        if isinstance(self._coder, ShardCoder):
            inner = self._coder.inner.shape
            return tuple(part * count for part, count in zip(inner, self._coder.counts, strict=True))
        return self._coder.shape if self._coder is not None else self.array.chunks

    def read(self, region: Region, threads: int = 1) -> Pixels:
        """Return the pixels of a region, with ``threads`` objects decoded at once."""
        if self._coder is None:
            return self._read_through_zarr(region)
        result = np.empty(region_shape(region), self.dtype)
        start = [part.start for part in region]

        def fill(cell: tuple[Shape, Region]) -> None:
            index, part = cell
            place: Any = (*shifted(part, start), ...)
            target: Pixels = result[place]
            try:
                self._fill(index, part, target)
            except OMEZarrError:
                raise
            except Exception as error:
                key = f"{self._path}/{self._key(index)}".lstrip("/")
                raise StorageError(
                    f"{key} in {self._store} cannot be decoded: {type(error).__name__}: {error}"
                ) from error

        found = cells(region, self.unit)
        workers = threads if self._root is not None else max(threads, REMOTE_REQUESTS) if threads > 1 else 1
        if workers == 1 or math.prod(result.shape) == 0:
            for cell in found:
                fill(cell)
        else:
            _in_threads(fill, found, workers)
        return result

    def _fill(self, index: Shape, part: Region, target: Pixels) -> None:
        coder = self._coder
        assert coder is not None
        origin = [i * step for i, step in zip(index, self.unit, strict=True)]
        inside = shifted(part, origin)
        if isinstance(coder, ShardCoder):
            self._fill_from_shard(coder, self._key(index), inside, target)
            return
        content = self._get(self._key(index), None)
        self._decode(coder, content, inside, target)

    def _fill_from_shard(self, coder: ShardCoder, key: str, inside: Region, target: Pixels) -> None:
        place = slice(0, coder.index_bytes) if coder.index_first else slice(-coder.index_bytes, None)
        content = self._get(key, place)
        if content is None:
            target[...] = coder.inner.fill_value
            return
        index = coder.index(content)
        start = [part.start for part in inside]
        for chunk, part in cells(inside, coder.inner.shape):
            offset, size = (int(number) for number in index[chunk])
            stored = None if offset == _MISSING else self._get(key, slice(offset, offset + size))
            origin = [c * step for c, step in zip(chunk, coder.inner.shape, strict=True)]
            self._decode(coder.inner, stored, shifted(part, origin), target[shifted(part, start)])

    def _decode(self, coder: ChunkCoder, content: Buffer | None, inside: Region, target: Pixels) -> None:
        """Put part of a chunk where it belongs, through memory that each thread uses again and again."""
        if content is None:
            target[...] = coder.fill_value
            return
        scratch = getattr(self._scratch, "bytes", None)
        if scratch is None:
            scratch = self._scratch.bytes = np.empty(coder.nbytes, "u1")
        target[...] = coder.decode_part(content, inside, scratch)

    def _get(self, key: str, part: slice | None) -> Buffer | None:
        """Return an object or part of it; a negative start counts from the end."""
        if self._root is not None:
            return _read_file(f"{self._root}/{key}", part)
        from zarr.abc.store import RangeByteRequest, SuffixByteRequest
        from zarr.core.buffer import default_buffer_prototype

        request: Any = None
        if part is not None:
            request = SuffixByteRequest(-part.start) if part.start < 0 else RangeByteRequest(part.start, part.stop)
        whole = f"{self._path}/{key}".lstrip("/")
        try:
            buffer = run(self._store.get(whole, default_buffer_prototype(), request))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise StorageError(f"could not read {whole} from {self._store}: {type(error).__name__}: {error}") from error
        return None if buffer is None else buffer.as_numpy_array()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to threads of this process."""
        return {key: value for key, value in self.__dict__.items() if key != "_scratch"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin with no scratch memory."""
        self.__dict__.update(state)
        self._scratch = threading.local()

    def _read_through_zarr(self, region: Region) -> Pixels:
        try:
            pixels: Pixels = np.asarray(self.array[region], self.dtype)
        except Exception as error:
            raise StorageError(
                f"could not read {text_of(region)} of {self.array.store_path}: {type(error).__name__}: {error}"
            ) from error
        return pixels.reshape(region_shape(region))


def _read_file(path: str, part: slice | None) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        first, last, _ = (part or slice(None)).indices(os.fstat(descriptor).st_size)
        if first:
            os.lseek(descriptor, first, os.SEEK_SET)
        content = os.read(descriptor, last - first)
        while len(content) < last - first and (more := os.read(descriptor, last - first - len(content))):
            content += more
    except OSError as error:
        raise StorageError(f"could not read {path}: {error.strerror or error}") from error
    finally:
        os.close(descriptor)
    return content


def _in_threads(work: Callable[[Any], None], items: Iterable[Any], workers: int) -> None:
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

    with ThreadPoolExecutor(workers, thread_name_prefix="omezarr-read") as pool:
        for future in [pool.submit(worker) for _ in range(workers)]:
            future.result()
