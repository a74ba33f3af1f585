"""A store as the server reads it: nothing outside of it through links, and distant objects fetched once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from zarr.storage import LocalStore, WrapperStore

from omezarr.arrays.fetching import read_file
from omezarr.stores import StoreTraits

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest, Store
    from zarr.core.buffer import Buffer, BufferPrototype

KEPT_BYTES = 256 * 1024 * 1024
"""How much of what came over a network is kept, as stored."""

ENTRY_BYTES = 512
"""What is counted for an object beside its bytes: its key, and that nothing is there."""


def fenced(store: Store, path: str = "") -> FencedStore:
    """Return a store of which only what lies inside is read.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
        The root of what is served, inside the store.
    """
    return FencedStore(store, path) if StoreTraits.of(store).folder is None else FencedFolder(store, path)


class FencedStore(WrapperStore[Any]):
    """A store of which only what lies inside is read, and nothing twice over a network.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
        The root of what is served, inside the store.
    """

    def __init__(self, store: Store, path: str = "") -> None:
        super().__init__(store)
        self._path = path
        self._distant = StoreTraits.of(store).distant
        # Links are followed by subclasses of zarr's store, too, though their objects may be more than files.
        self._folder = store.root if isinstance(store, LocalStore) else StoreTraits.of(store).folder
        self._root = None if self._folder is None else Path(self._folder, path).resolve()
        self._kept: OrderedDict[tuple[str, str], Buffer | None] = OrderedDict()
        self._size = 0
        self._pending: dict[tuple[str, str], asyncio.Future[Buffer | None]] = {}
        self._lock = Lock()

    def _with_store(self, store: Store) -> FencedStore:
        return type(self)(store, self._path)

    def __str__(self) -> str:
        return str(self._store)

    def _inside(self, key: str) -> bool:
        """Return whether a key stays inside, links followed."""
        if self._folder is None or self._root is None:
            return True
        return Path(self._folder, key).resolve().is_relative_to(self._root)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Return an object, or part of it; None where nothing is, or what is there lies outside."""
        if not self._inside(key):
            return None
        if not self._distant:
            found: Buffer | None = await self._store.get(key, prototype, byte_range)
            return found
        wanted = (key, repr(byte_range))
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
        if wanted in self._pending:
            return await asyncio.shield(self._pending[wanted])
        future = asyncio.ensure_future(self._store.get(key, prototype, byte_range))
        self._pending[wanted] = future
        try:
            found = await asyncio.shield(future)
        finally:
            self._pending.pop(wanted, None)
        self._keep(wanted, found)
        return found

    def _keep(self, wanted: tuple[str, str], found: Buffer | None) -> None:
        with self._lock:
            if wanted in self._kept:
                self._size -= _bytes_of(self._kept.pop(wanted))
            self._kept[wanted] = found
            self._size += _bytes_of(found)
            while self._size > KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._size -= _bytes_of(dropped)

    async def exists(self, key: str) -> bool:
        """Return whether there is an object, from what is known where that is enough."""
        if not self._inside(key):
            return False
        with self._lock:
            if (key, repr(None)) in self._kept:
                return self._kept[key, repr(None)] is not None
        there: bool = await self._store.exists(key)
        return there


class FencedFolder(FencedStore):
    """A folder of which only what lies inside is read, its files in the thread that asks."""

    def read(self, key: str, part: slice | None = None) -> bytes | None:
        """Return a file or part of it; None where nothing is, or what is there lies outside.

        Raises
        ------
        StorageError
            If it cannot be read.
        """
        return read_file(str(Path(str(self._folder), key)), part) if self._inside(key) else None


def _bytes_of(found: Buffer | None) -> int:
    return ENTRY_BYTES + (len(found) if found is not None else 0)
