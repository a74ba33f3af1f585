"""The bytes of the objects of an array, in as few requests as they take.

Neighbouring parts of an object are asked for together. The number of requests at a time is bounded over all objects.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from omezarr.arrays.chunk_store import ChunkStore
from omezarr.arrays.chunks import bytes_of
from omezarr.errors import OMEZarrError, StorageError
from omezarr.files import open_file
from omezarr.hierarchy import run
from omezarr.stores import DirectStore, StoreTraits

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator, Sequence

    import zarr
    from zarr.abc.store import ByteRequest, Store
    from zarr.core.buffer import Buffer as ZarrBuffer

    from omezarr.arrays.chunks import Buffer

Span: TypeAlias = tuple[int, int]

REMOTE_REQUESTS = 16
"""How many requests are under way at once, over all arrays: enough to hide the way to a server, few enough for it."""

GAP_BYTES = 64 * 1024
"""What may lie between two parts that are asked for together: less than what a request costs."""

MERGED_BYTES = 16 * 1024 * 1024
"""How large parts grow by being put together, so that they arrive in time."""

GONE = (FileNotFoundError, NotADirectoryError, IsADirectoryError, KeyError)
"""What is raised where an object is not there."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class LocalObjects:
    """The objects below a folder of a local disk.

    Parameters
    ----------
    root : str
    """

    distant = False

    def __init__(self, root: str) -> None:
        self._root = root

    def get(self, key: str, part: slice | None = None) -> Buffer | None:
        """Return an object or part of it, where a negative start counts from the end; None if it is not there."""
        return read_file(f"{self._root}/{key}", part)

    def fetch(self, key: str, spans: Sequence[Span]) -> Iterator[Buffer]:
        """Yield parts of an object one after the other, each read when it is wanted."""
        for span in spans:
            yield _whole(self.get(key, slice(*span)), span, key, self._root)


class DirectObjects(LocalObjects):
    """The objects of an array in a store that reads them in the thread that asks.

    Parameters
    ----------
    store : DirectStore
    path : str
        Of the array.
    """

    def __init__(self, store: DirectStore, path: str) -> None:
        super().__init__(path)
        self._store = store

    def get(self, key: str, part: slice | None = None) -> Buffer | None:
        """Return an object or part of it, where a negative start counts from the end; None if it is not there."""
        return self._store.read(f"{self._root}/{key}".lstrip("/"), part)


class StoredObjects:
    """The objects of an array in any other store.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
        Of the array.
    """

    distant = True

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._path = path

    def get(self, key: str, part: slice | None = None) -> Buffer | None:
        """Return an object or part of it, where a negative start counts from the end; None if it is not there."""
        return run(self._asked(f"{self._path}/{key}".lstrip("/"), part))

    def fetch(self, key: str, spans: Sequence[Span]) -> Iterator[Buffer]:
        """Yield parts of an object, which are asked for at once, neighbours together."""
        together = merged(spans)
        starts = [start for start, _ in together]
        found = run(self._all_asked(f"{self._path}/{key}".lstrip("/"), together))
        for start, stop in spans:
            number = bisect_right(starts, start) - 1
            yield bytes_of(found[number])[start - starts[number] : stop - starts[number]]

    async def _all_asked(self, key: str, spans: Iterable[Span]) -> list[Buffer]:
        import asyncio

        async def one(span: Span) -> Buffer:
            return _whole(await self._asked(key, slice(*span)), span, key, self._store)

        return await asyncio.gather(*map(one, spans))

    async def _asked(self, key: str, part: slice | None) -> Buffer | None:
        buffer = await read_object(self._store, key, part)
        return None if buffer is None else buffer.as_numpy_array()


async def read_object(store: Store, key: str, part: slice | None = None) -> ZarrBuffer | None:
    """Return an object of a store or part of it, where a negative start counts from the end; None if it is not there.

    Raises
    ------
    StorageError
        If the store fails.
    """
    from zarr.core.buffer import default_buffer_prototype

    try:
        async with _turn():
            return await store.get(key, default_buffer_prototype(), _request(part))
    except GONE:
        return None
    except Exception as error:
        said = str(error) if isinstance(error, OMEZarrError) else f"{type(error).__name__}: {error}"
        raise StorageError(f"could not read {key} from {store}: {said}") from error


def _turn() -> asyncio.Semaphore:
    """Return what lets so many requests run at once on the event loop; a process that was forked has another loop."""
    import asyncio

    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(REMOTE_REQUESTS))


def _whole(found: Buffer | None, span: Span, key: str, place: object) -> Buffer:
    """Return a part of an object if it is as long as it should be."""
    if found is None:
        raise StorageError(f"{key} in {place} went away while it was read; read again once nobody writes there")
    size, wanted = bytes_of(found).nbytes, span[1] - span[0]
    if size != wanted:
        raise StorageError(
            f"{key} in {place} has {size} bytes from byte {span[0]} on where its index names {wanted}: it is cut "
            "short, or was written anew meanwhile; read again, or take it from a copy"
        )
    return found


def objects_of(array: zarr.Array[Any]) -> LocalObjects | StoredObjects:
    """Return the objects of a zarr array."""
    from pathlib import Path

    folder = StoreTraits.of(array.store).folder
    if folder is not None:
        return LocalObjects(str(Path(folder, array.path)))
    if isinstance(array.store, DirectStore):
        return DirectObjects(array.store, array.path)
    return StoredObjects(chunk_store_of(array), array.path)


def chunk_store_of(array: zarr.Array[Any]) -> Store:
    """Return the store of a zarr array for reading its chunks."""
    document = "zarr.json" if array.metadata.zarr_format == 3 else ".zarray"
    return ChunkStore(array.store, f"{array.path}/{document}".lstrip("/"))


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans that cover these, in their order in the object; near ones are put together.

    Examples
    --------
    >>> merged([(100, 200), (0, 90), (10_000_000, 10_000_100)])
    [(0, 200), (10000000, 10000100)]
    """
    found: list[Span] = []
    for start, stop in sorted(spans):
        first, last = found[-1] if found else (0, 0)
        if found and (stop <= last or (start <= last + GAP_BYTES and stop - first <= MERGED_BYTES)):
            found[-1] = first, max(last, stop)
        else:
            found.append((start, stop))
    return found


def _request(part: slice | None) -> ByteRequest | None:
    """Return the request for a part; a negative start counts from the end."""
    from zarr.abc.store import RangeByteRequest, SuffixByteRequest

    if part is None:
        return None
    return SuffixByteRequest(-part.start) if part.start < 0 else RangeByteRequest(part.start, part.stop)


def read_file(path: str, part: slice | None = None) -> bytes | None:
    """Return a file or part of it, where a negative start counts from the end; None if it is not there.

    Raises
    ------
    StorageError
        If it cannot be read.
    """
    try:
        descriptor = open_file(path)
    except GONE:
        return None
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"could not read {path}: {error.strerror or error}") from error
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
