"""What is stored below a place, object by object, whatever it means: keys, sizes, and the bytes as they are.

Local folders and stores that can list tell it themselves; elsewhere it is what the caller names, of which any may be
missing. What the engine keeps in a hierarchy for itself is left out.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.arrays.chunk_store import ChunkStore
from omezarr.arrays.digests import digest_of
from omezarr.arrays.fetching import LocalObjects, StoredObjects
from omezarr.errors import OMEZarrError, StorageError
from omezarr.hierarchy import run
from omezarr.stores import SizedStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarr.abc.store import Store

    from omezarr.abc import OpenedStore
    from omezarr.abc.copying import ChunkGrid
    from omezarr.arrays.chunks import Buffer


_OF_NODES = ("zarr.json", ".zgroup", ".zarray")


class Entry(NamedTuple):
    """One object.

    Parameters
    ----------
    key : str
    size : int or None
        In bytes, if it is known.
    stamp : str
        Changes with the object, where the store tells such a thing.
    most : int
        How many bytes it will hardly exceed.
    """

    key: str
    size: int | None = None
    stamp: str = ""
    most: int = 0


class Totals(NamedTuple):
    """What an inventory comes to.

    Parameters
    ----------
    objects : int
    nbytes : int
        0 if it is not known.
    identity : str
        Changes with any object, as far as the store tells.
    """

    objects: int
    nbytes: int
    identity: str


class Inventory(ABC):
    """What is stored below a place.

    Attributes
    ----------
    complete : bool
        Whether it is known to be all that is there.
    objects : LocalObjects or StoredObjects
        Gives the bytes.
    """

    complete = True
    objects: LocalObjects | StoredObjects

    @property
    def distant(self) -> bool:
        """Whether reading waits for a network more than for the processor."""
        return self.objects.distant

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Yield all objects; look anew at each call.

        Raises
        ------
        StorageError
        """

    def get(self, key: str) -> Buffer | None:
        """Return an object; None if it is not there.

        Raises
        ------
        StorageError
        """
        return self.objects.get(key)

    def file(self, key: str) -> Path | None:
        """Return the local file that an object is, if it is one."""
        return None

    def digest(self, key: str) -> bytes | None:
        """Return the SHA-256 of an object; None if it is not there."""
        found = digest_of(self.objects, key)
        return None if found is None else found[0]

    def totals(self) -> Totals:
        """Look at all objects and add up."""
        objects = nbytes = mixed = 0
        known = True
        for entry in self.entries():
            objects += 1
            nbytes += entry.size or 0
            known &= entry.size is not None
            one = hashlib.sha256(f"{entry.key}\0{entry.size}\0{entry.stamp}".encode("utf-8", "surrogateescape"))
            mixed ^= int.from_bytes(one.digest(), "big")  # whatever the order
        return Totals(objects, nbytes if known else 0, f"{objects} objects, {mixed:064x}")


class FolderInventory(Inventory):
    """The files below a folder; links are followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.objects = LocalObjects(str(root))

    def entries(self) -> Iterator[Entry]:
        """Walk through the folder."""
        return self._walk("", (os.path.realpath(self._root),))

    def _walk(self, folder: str, above: tuple[str, ...]) -> Iterator[Entry]:
        try:
            with os.scandir(self._root / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise StorageError(f"could not look into {self._root / folder}: {error.strerror or error}") from error
        for entry in entries:
            key = f"{folder}{entry.name}"
            if entry.is_dir():
                real = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}/{entry.name}"
                if entry.name != JOURNAL_PREFIX and real not in above:
                    yield from self._walk(f"{key}/", (*above, real))
            else:
                yield self._entry(key, entry)

    @staticmethod
    def _entry(key: str, entry: os.DirEntry[str]) -> Entry:
        try:
            about = entry.stat()
        except OSError as error:
            raise StorageError(f"could not look at {entry.path}: {error.strerror or error}") from error
        if not entry.is_file():
            raise StorageError(f"{entry.path} is neither a file nor a folder, so it cannot be copied; remove it")
        return Entry(key, about.st_size, str(about.st_mtime_ns))

    def file(self, key: str) -> Path | None:
        """Return its path."""
        return self._root / key


class ListedInventory(Inventory):
    """The objects below a path of a store that can list."""

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._prefix = f"{path}/" if path else ""
        self.objects = StoredObjects(store, path)

    def entries(self) -> Iterator[Entry]:
        """Ask for a list."""
        start = len(self._prefix)
        for key, size, stamp in self._listed():
            below = key[start:]
            if below and JOURNAL_PREFIX not in below.split("/"):
                yield Entry(below, size, stamp)

    def _listed(self) -> Sequence[tuple[str, int | None, str]]:
        async def plain() -> list[tuple[str, int | None, str]]:
            return [(key, None, "") async for key in self._store.list_prefix(self._prefix)]

        async def sized() -> list[tuple[str, int | None, str]]:
            assert isinstance(self._store, SizedStore)
            return [*await self._store.list_sizes(self._prefix)]

        try:
            return run(sized() if isinstance(self._store, SizedStore) else plain())
        except OMEZarrError:
            raise
        except FileNotFoundError:
            return []
        except Exception as error:
            raise StorageError(f"could not list {self._store}: {type(error).__name__}: {error}") from error


class NamedInventory(Inventory):
    """Objects that are known by name only, in a store that cannot list.

    What is refused is not there, as for all who read, if the first metadata object can be read.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
    keys : sequence of str
        The metadata object that is there for certain is the first one.
    grids : sequence of ChunkGrid
    """

    complete = False

    def __init__(self, store: Store, path: str, keys: Sequence[str], grids: Sequence[ChunkGrid]) -> None:
        self._keys = keys
        self._grids = grids
        document = next((key for key in keys if key.rpartition("/")[2] in _OF_NODES), "zarr.json")
        self.objects = StoredObjects(ChunkStore(store, f"{path}/{document}".lstrip("/")), path)

    def entries(self) -> Iterator[Entry]:
        """Yield what is named, and after that the chunks of each array."""
        for key in self._keys:
            yield Entry(key)
        for grid in self._grids:
            names = ChunkKeys(grid.style, grid.separator, len(grid.counts))
            for index in itertools.product(*map(range, grid.counts)):
                yield Entry(f"{grid.path}/{names.key(index)}".lstrip("/"), most=grid.nbytes)

    def totals(self) -> Totals:
        """Count without looking."""
        import math

        objects = len(self._keys) + sum(math.prod(grid.counts) for grid in self._grids)
        named = hashlib.sha256(repr((sorted(self._keys), self._grids)).encode()).hexdigest()
        return Totals(objects, 0, f"up to {objects} objects, {named}")


def inventory_of(opened: OpenedStore, keys: Sequence[str] | None = None, grids: Sequence[ChunkGrid] = ()) -> Inventory:
    """Return the inventory of an opened store.

    Parameters
    ----------
    opened : OpenedStore
    keys, grids
        What to ask for; None: all that is there.
    """
    path = opened.path.strip("/")
    if keys is not None:
        return NamedInventory(opened.store, path, keys, grids)
    if opened.traits.folder is not None:
        return FolderInventory(Path(opened.traits.folder, path))
    return ListedInventory(opened.store, path)
