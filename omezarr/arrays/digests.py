"""Digests of stored objects: what is there, and what a good hash makes of each object, read piece by piece."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from attrs import field, frozen

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.chunks import bytes_of
from omezarr.arrays.fetching import REMOTE_REQUESTS, LocalObjects, StoredObjects
from omezarr.arrays.leftovers import PARTIAL
from omezarr.arrays.reading import in_threads
from omezarr.arrays.targets import target_of
from omezarr.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from omezarr.abc import OpenedStore
    from omezarr.arrays.chunks import Buffer

MANIFEST = "SHA256SUMS"
"""The name of a list of digests in the root of a hierarchy; beside it, it has the name of that before its own."""

PIECE_BYTES = 4 * 1024 * 1024
"""How much of an object is in memory at once, for each of the objects that are read at the same time."""

LEFT_BY_DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that come up in folders that somebody looked at."""


@frozen
class Digests:
    """What became of objects that were to be digested.

    Parameters
    ----------
    found : dict
        Key to digest, of those that are there.
    missing : list of str
    unreadable : dict
        Key to what the store said.
    sizes : list of int
        Of those that are there.
    """

    found: dict[str, bytes] = field(factory=dict)
    missing: list[str] = field(factory=list)
    unreadable: dict[str, str] = field(factory=dict)
    sizes: list[int] = field(factory=list)

    @property
    def bytes(self) -> int:
        """How many bytes were read."""
        return sum(self.sizes)


def objects_below(opened: OpenedStore) -> LocalObjects | StoredObjects:
    """Return the objects of an opened store, for reading."""
    from pathlib import Path

    from zarr.storage import LocalStore

    if type(opened.store) is LocalStore:
        return LocalObjects(str(Path(opened.store.root, opened.path)))
    return StoredObjects(opened.store, opened.path.strip("/"))


def stored_keys(opened: OpenedStore) -> list[str] | None:
    """Return the keys of all objects of a hierarchy, sorted; None where the store does not list.

    Left out is what belongs to no hierarchy: the journal, unfinished files, files of desktops.

    Raises
    ------
    StorageError
        If the store refuses.
    """
    if not opened.store.supports_listing:
        return None
    return sorted(key for key in target_of(opened).names("") if _is_content(key))


def _is_content(key: str) -> bool:
    *folders, name = key.split("/")
    if JOURNAL_PREFIX in folders or PARTIAL.fullmatch(name) or key.endswith("/"):
        return False
    return name not in LEFT_BY_DESKTOPS and not name.startswith("._")


def pieces(objects: LocalObjects | StoredObjects, key: str) -> Iterator[Buffer]:
    """Yield an object piece by piece; nothing if it is not there.

    Raises
    ------
    StorageError
        If it cannot be read, or changes meanwhile.
    """
    content = objects.get(key, slice(0, PIECE_BYTES))
    if content is None:
        return
    yield content
    place = bytes_of(content).nbytes
    while place and place % PIECE_BYTES == 0:
        # From the last byte that is known, so that no server is asked for what is behind the end.
        last = bytes_of(content)[-1]
        content = objects.get(key, slice(place - 1, place + PIECE_BYTES))
        view = b"" if content is None else bytes_of(content)
        if not len(view) or view[0] != last:
            raise StorageError(f"{key} was written anew while it was read; try again once nobody writes there")
        if len(view) == 1:
            return
        content = view[1:]
        yield content
        place += len(content)


def digest_of(objects: LocalObjects | StoredObjects, key: str) -> tuple[bytes, int] | None:
    """Return the SHA-256 of an object and its size; None if it is not there.

    Raises
    ------
    StorageError
        If it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    there = False
    for piece in pieces(objects, key):
        there, view = True, bytes_of(piece)
        digest.update(view)
        size += len(view)
    return (digest.digest(), size) if there else None


def digests_of(
    opened: OpenedStore, keys: Collection[str], threads: int, done: Callable[[int], None] | None = None
) -> Digests:
    """Return the digests of objects, several of which are read at once.

    Parameters
    ----------
    opened : OpenedStore
    keys : collection of str
    threads : int
        For local disks; of others, as many are read at once as there may be requests.
    done : callable, optional
        Called with the size of each object that was read.
    """
    objects, result, guard = objects_below(opened), Digests(), threading.Lock()

    def one(key: str) -> None:
        size = 0
        try:
            found = digest_of(objects, key)
        except StorageError as error:
            with guard:
                result.unreadable[key] = " ".join(str(error).split())
        else:
            with guard:
                if found is None:
                    result.missing.append(key)
                else:
                    result.found[key], size = found
                    result.sizes.append(size)
        if done is not None:
            with guard:
                done(size)

    if keys:
        in_threads(one, keys, min(len(keys), REMOTE_REQUESTS if objects.distant else threads))
    return result
