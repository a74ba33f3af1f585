"""Where objects are put: a folder, or any zarr store.

Responsible for whole objects that appear at once or not at all. Knows keys and bytes, not arrays or metadata.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.chunks import bytes_of
from omezarr.arrays.fetching import GONE, read_file, read_object
from omezarr.arrays.folders import ATTEMPTS, make_folder, remove_empty
from omezarr.arrays.leftovers import RUN
from omezarr.errors import StorageError, UnsupportedError, WriteError
from omezarr.hierarchy import run
from omezarr.stores import SealedStore, StoreTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarr.abc.store import Store

    from omezarr.abc import OpenedStore
    from omezarr.arrays.chunks import Buffer


class Target(ABC):
    """A place below which objects are stored under keys.

    Attributes
    ----------
    transient : bool
        Whether nothing is kept there for resuming: the place is gone with the process, or never lets go of an object.
    rewritable : bool
        Whether objects can be replaced and removed.
    scratch : str
        The prefix below which unfinished files may lie.
    distant : bool
        Whether writing waits for a network more than for the processor.
    picklable : bool
        Whether other processes reach the same objects.
    """

    transient: bool = False
    rewritable: bool = True
    scratch: str = JOURNAL_PREFIX
    distant: bool = False
    picklable: bool = True

    @abstractmethod
    def put(self, key: str, *parts: Buffer) -> None:
        """Store an object, whole or not at all, in place of what is there.

        Raises
        ------
        WriteError
            If the store refuses.
        """

    def put_file(self, key: str, file: Path) -> int:
        """Store what a local file holds, as `put` does, and return how many bytes that is.

        Raises
        ------
        StorageError
            If the file cannot be read.
        WriteError
            If the store refuses.
        """
        content = read_file(str(file))
        if content is None:
            raise StorageError(f"{file} went away while it was read")
        self.put(key, content)
        return len(content)

    @abstractmethod
    def get(self, key: str) -> bytes | None:
        """Return an object, or None if there is none."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object if it is there."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Return whether nothing but what the engine keeps is there; True where that cannot be found out."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """List the keys of all objects below a prefix."""

    @abstractmethod
    def clear(self, prefix: str = "") -> None:
        """Remove everything below a prefix."""

    @abstractmethod
    def store(self) -> tuple[Store, str]:
        """Return the target as a zarr store and a path in it."""

    @property
    def sealed(self) -> bool:
        """Whether all of it appears at once, when it is complete, and stays as it is."""
        return False

    def begin(self) -> None:
        """Start a new hierarchy, where that is a matter of its own."""

    def seal(self) -> None:
        """Let the hierarchy appear, where that is a matter of its own."""

    def abandon(self) -> None:
        """Forget what was begun, where nothing can go on with it."""

    def tidy(self) -> None:
        """Remove the folder that the engine keeps to itself, if there is one and nothing is left in it."""


class LocalTarget(Target):
    """A folder on a local disk."""

    _numbers = itertools.count()

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: set[str] = set()

    def put(self, key: str, *parts: Buffer) -> None:
        """Write a file beside the journal and move it to its place."""
        self._place(key, lambda temporary: _write_file(temporary, parts))

    def put_file(self, key: str, file: Path) -> int:
        """Copy a file, which the system does without handing its bytes around where it can."""
        try:
            self._place(key, lambda temporary: shutil.copyfile(file, temporary))
            return Path(self.root, key).stat().st_size
        except WriteError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and (cause.filename == str(file) or isinstance(cause, FileNotFoundError)):
                raise StorageError(f"could not read {file}: {_reason(cause)}") from cause
            raise

    def _place(self, key: str, write: Callable[[str], object]) -> None:
        path = f"{self.root}/{key}"
        folder = path.rpartition("/")[0]
        scratch = f"{self.root}/{self.scratch}"
        temporary = f"{scratch}/{os.getpid()}-{RUN}-{threading.get_ident()}-{next(self._numbers)}.part"
        try:
            for attempt in range(ATTEMPTS):
                try:
                    self._make(folder)
                    self._make(scratch)
                    write(temporary)
                    Path(temporary).replace(path)
                except FileNotFoundError:
                    self._folders.clear()
                    if attempt == ATTEMPTS - 1:
                        raise
                else:
                    return
        except OSError as error:
            Path(temporary).unlink(missing_ok=True)
            raise WriteError(f"could not write {path}: {_reason(error)}") from error

    def get(self, key: str) -> bytes | None:
        """Read a file."""
        return read_file(f"{self.root}/{key}")

    def delete(self, key: str) -> None:
        """Remove a file."""
        try:
            Path(self.root, key).unlink()
        except GONE:
            return
        except OSError as error:
            raise WriteError(f"could not remove {self.root}/{key}: {_reason(error)}") from error

    def is_empty(self) -> bool:
        """Look into the folder."""
        try:
            return all(entry.name == JOURNAL_PREFIX for entry in self.root.iterdir())
        except FileNotFoundError:
            return True
        except NotADirectoryError:
            return False

    def names(self, prefix: str) -> list[str]:
        """Walk a folder."""
        found: list[str] = []
        for folder, _, files in os.walk(Path(self.root, prefix)):
            inner = Path(folder).relative_to(self.root)
            found.extend((inner / name).as_posix() for name in files)
        return sorted(found)

    def clear(self, prefix: str = "") -> None:
        """Remove a folder or file."""
        path = Path(self.root, prefix)
        self._folders.clear()
        try:
            for attempt in range(ATTEMPTS):
                try:
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                    else:
                        path.unlink(missing_ok=True)
                except FileNotFoundError:  # somebody else removes an empty folder of it at this very moment
                    if attempt == ATTEMPTS - 1:
                        raise
                else:
                    return
        except OSError as error:
            raise WriteError(f"could not remove {path}: {_reason(error)}") from error

    def store(self) -> tuple[Store, str]:
        """Open the folder as a store."""
        from zarr.storage import LocalStore

        return LocalStore(self.root), ""

    def tidy(self) -> None:
        """Remove the engine's own folder if it is empty."""
        remove_empty([Path(self.root, JOURNAL_PREFIX)])

    def _make(self, folder: str) -> None:
        if folder not in self._folders:
            make_folder(Path(folder))
            self._folders.add(folder)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what this process knows of folders."""
        return {"root": self.root, "scratch": self.scratch, "_folders": set()}

    def __str__(self) -> str:
        return str(self.root)


class StoreTarget(Target):
    """A path in any other zarr store; its own `set` is what replaces objects at once.

    Attributes
    ----------
    fences : list of callable
        Called before anything is changed; each raises where this process may not write any more.
    """

    def __init__(self, store: Store, path: str, traits: StoreTraits | None = None) -> None:
        self._store = store
        self.path = path
        self.traits = StoreTraits.of(store) if traits is None else traits
        self.rewritable = self.traits.rewritable
        self.transient = self.traits.transient or not self.rewritable
        self.distant = self.traits.distant
        self.picklable = self.traits.picklable
        self.fences: list[Callable[[], None]] = []

    def put(self, key: str, *parts: Buffer) -> None:
        """Hand the object to the store."""
        from zarr.core.buffer import default_buffer_prototype

        self._check()
        content = parts[0] if len(parts) == 1 else b"".join(bytes_of(part) for part in parts)
        if not isinstance(content, bytes):
            content = bytes(bytes_of(content))
        buffer = default_buffer_prototype().buffer.from_bytes(content)
        try:
            run(self._store.set(self._key(key), buffer))
        except (UnsupportedError, WriteError):
            raise
        except Exception as error:
            raise WriteError(f"could not write {key!r} to {self}: {type(error).__name__}: {error}") from error

    def get(self, key: str) -> bytes | None:
        """Ask the store."""
        buffer = run(read_object(self._store, self._key(key)))
        return None if buffer is None else buffer.to_bytes()

    def delete(self, key: str) -> None:
        """Ask the store to remove an object, where it can."""
        self._check()
        if not self.rewritable:
            return
        try:
            run(self._store.delete(self._key(key)))
        except GONE:
            return
        except Exception as error:
            raise WriteError(f"could not remove {key!r} from {self}: {type(error).__name__}: {error}") from error

    def is_empty(self) -> bool:
        """Ask for the first key, where the store can list."""
        if not self.traits.listable:
            return True

        async def first() -> bool:
            async for key in self._store.list_prefix(f"{self.path}/" if self.path else ""):
                if not key.startswith(self._key(JOURNAL_PREFIX)):
                    return False
            return True

        try:
            return run(first())
        except GONE:
            return True

    def names(self, prefix: str) -> list[str]:
        """List what the store has."""
        if not self.traits.listable:
            return []

        async def listed() -> list[str]:
            return [key async for key in self._store.list_prefix(self._key(prefix).rstrip("/") + "/" * bool(prefix))]

        start = len(self.path) + 1 if self.path else 0
        try:
            return sorted(key[start:] for key in run(listed()))
        except GONE:
            return []
        except Exception as error:
            raise StorageError(f"could not list {prefix!r} in {self}: {type(error).__name__}: {error}") from error

    def clear(self, prefix: str = "") -> None:
        """Remove all objects below a prefix."""
        for key in self.names(prefix):
            self.delete(key)

    def store(self) -> tuple[Store, str]:
        """Return the store."""
        return self._store, self.path

    @property
    def sealed(self) -> bool:
        """Ask whether the store is of that kind."""
        return isinstance(self._store, SealedStore)

    def begin(self) -> None:
        """Tell the store."""
        if isinstance(self._store, SealedStore):
            self._store.begin()

    def seal(self) -> None:
        """Tell the store."""
        if isinstance(self._store, SealedStore):
            self._store.seal()

    def abandon(self) -> None:
        """Tell the store."""
        if isinstance(self._store, SealedStore):
            self._store.abandon()

    def _check(self) -> None:
        for check in self.fences:
            check()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the fences, which are of this process."""
        return {**self.__dict__, "fences": []}

    def _key(self, key: str) -> str:
        return f"{self.path}/{key}".strip("/") if self.path else key

    def __str__(self) -> str:
        return f"{self._store}/{self.path}" if self.path else str(self._store)


def target_of(opened: OpenedStore) -> Target:
    """Return the target for an opened store: files directly where it is a folder on a local disk."""
    folder = opened.traits.folder
    if folder is not None and not opened.store.read_only:
        return LocalTarget(Path(folder, opened.path))
    return StoreTarget(opened.store, opened.path.strip("/"), opened.traits)


def _write_file(path: str, parts: Sequence[Buffer]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for part in parts:
            view = bytes_of(part)
            while view:
                view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "no space left"
    return error.strerror or str(error)
