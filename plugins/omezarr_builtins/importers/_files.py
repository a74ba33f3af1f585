"""Files that are read at any offset by several threads at once, on disk or in any store.

Responsible for bytes and for telling whether a file has changed, not for what the bytes mean.
"""

from __future__ import annotations

import io
import os
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError, LocationNotFoundError, SourceError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarr.abc.store import Store

    from omezarr.location import Location

HEADER_BYTES = 4096
"""How much of the beginning of a file is part of its identity."""


class ByteFile(ABC):
    """A file of known size.

    Attributes
    ----------
    name : str
        For messages.
    size : int
        In bytes.
    """

    name: str
    size: int

    @abstractmethod
    def read(self, offset: int, size: int) -> bytes:
        """Return bytes from an offset, fewer where the file ends. Several threads may call this at once.

        Raises
        ------
        StorageError
        """

    @property
    @abstractmethod
    def identity(self) -> str:
        """What changes when the file does."""

    def exactly(self, offset: int, size: int) -> bytes:
        """Return bytes from an offset.

        Raises
        ------
        SourceError
            If the file ends before.
        """
        content = self.read(offset, size)
        if len(content) != size:
            raise SourceError(f"{self.name} ends before byte {offset + size}; the file is truncated")
        return content

    def header(self) -> str:
        """Return a checksum of the beginning of the file."""
        import hashlib

        return hashlib.sha256(self.read(0, min(HEADER_BYTES, self.size))).hexdigest()[:16]

    def close(self) -> None:
        """Release the file; it is opened again when it is read again."""


class ReopenedFile(ByteFile):
    """A file on a local disk that is opened for each read, so that any number of them can be in use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        try:
            status = path.stat()
            if not path.is_file():
                raise SourceError(f"{path} is a {'folder' if path.is_dir() else 'device'}, not a file")
            with path.open("rb"):
                pass
        except FileNotFoundError:
            raise LocationNotFoundError(f"{path} does not exist{_suggestion(path)}") from None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        self.size = status.st_size
        self._changed = status.st_mtime_ns

    def read(self, offset: int, size: int) -> bytes:
        """Open, read and close."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(offset)
                return _all(size, lambda done: file.read(size - done) or b"")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {error.strerror}") from error

    @property
    def identity(self) -> str:
        """The size, the time of the last change and a checksum of the beginning."""
        return f"{self.size} bytes, changed {self._changed}, header {self.header()}"


class LocalFile(ReopenedFile):
    """A file on a local disk that stays open; reading moves no shared position."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        super().__init__(path)

    def read(self, offset: int, size: int) -> bytes:
        """Read at the offset."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        try:
            descriptor = self._open()
            return _all(size, lambda done: os.pread(descriptor, size - done, offset + done))
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {error.strerror}") from error

    def _open(self) -> int:
        with self._lock:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            return self._descriptor

    def close(self) -> None:
        """Close the descriptor; nobody may be reading."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class StoredFile(ByteFile):
    """One object of a store: behind a URL, in memory, in a container."""

    def __init__(self, store: Store, key: str, name: str) -> None:
        self.store = store
        self.key = key
        self.name = name
        from omezarr.hierarchy import run

        try:
            self.size = run(store.getsize(key))
        except FileNotFoundError:
            raise LocationNotFoundError(f"there is nothing at {name}") from None
        except Exception as error:
            raise StorageError(f"{name} cannot be read: {type(error).__name__}: {error}") from error

    def read(self, offset: int, size: int) -> bytes:
        """Ask the store for a range of bytes."""
        from zarr.abc.store import RangeByteRequest
        from zarr.core.buffer import default_buffer_prototype

        from omezarr.hierarchy import run

        end = min(offset + size, self.size)
        if end <= offset:
            return b""
        request = RangeByteRequest(offset, end)
        try:
            buffer = run(self.store.get(self.key, default_buffer_prototype(), request))
        except Exception as error:
            raise StorageError(f"{self.name} cannot be read: {type(error).__name__}: {error}") from error
        if buffer is None:
            raise StorageError(f"{self.name} is gone")
        return buffer.to_bytes()

    @property
    def identity(self) -> str:
        """The size and a checksum of the beginning."""
        return f"{self.size} bytes, header {self.header()}"


class FileView(io.RawIOBase):
    """A position in a file, for libraries that want a file object; what was read last is kept.

    Parameters
    ----------
    file : ByteFile
    block, blocks : int
        How many bytes are read at once, and how many such reads are kept.
    """

    def __init__(self, file: ByteFile, *, block: int = 128 * 1024, blocks: int = 64) -> None:
        super().__init__()
        self._file = file
        self._block = block
        self._blocks = blocks
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Change the position and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise ValueError(f"{start + offset} lies before the beginning of {self._file.name}")
        self._position = start + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read from the position on."""
        stop = self._file.size if size < 0 else min(self._position + size, self._file.size)
        pieces = []
        while self._position < stop:
            number, start = divmod(self._position, self._block)
            piece = self._piece(number)[start : start + stop - self._position]
            if not piece:
                break
            pieces.append(piece)
            self._position += len(piece)
        return b"".join(pieces)

    def _piece(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
        else:
            self._kept[number] = self._file.read(number * self._block, self._block)
            if len(self._kept) > self._blocks:
                self._kept.popitem(last=False)
        return self._kept[number]


def open_file(location: Location) -> ByteFile:
    """Return the file at a location.

    Raises
    ------
    LocationNotFoundError
        If there is none.
    SourceError
        If it is a folder.
    ArgumentError
        If storage options are given for a local file.
    StorageError, UnsupportedError, MissingDependencyError
        If it cannot be reached.
    """
    if location.protocol == "local":
        if location.options.given:
            raise ArgumentError(f"storage options have no effect on the local file {location}; leave them out")
        return local_file(Path(location.url))
    from omezarr import default_registry
    from omezarr.nodes.opening import open_store

    folder = location.parent
    if folder is None:
        raise SourceError(f"{location} names no file")
    opened = open_store(folder, default_registry().storage_schemes)
    return StoredFile(opened.store, f"{opened.path}/{location.name}".lstrip("/"), str(location))


def local_file(path: Path) -> ByteFile:
    """Return a file on a local disk that stays open where the platform can read at an offset."""
    return LocalFile(path) if hasattr(os, "pread") else ReopenedFile(path)


def local_path(location: Location) -> Path | None:
    """Return the path of an existing local file or folder, else None."""
    path = Path(location.url) if location.protocol == "local" else None
    return path if path is not None and path.exists() else None


def first_bytes(location: Location, count: int) -> bytes | None:
    """Return the beginning of a local file; None for everything else."""
    path = local_path(location)
    if path is None or not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return None


def _all(size: int, read: Callable[[int], bytes]) -> bytes:
    """Read until there is enough or no more: one call returns at most 2 GiB, and less from some file systems."""
    content = read(0)
    while 0 < len(content) < size:
        more = read(len(content))
        if not more:
            break
        content += more
    return content


def _suggestion(path: Path) -> str:
    if not path.parent.is_dir():
        return "; check the spelling"
    near = get_close_matches(path.name, sorted(entry.name for entry in path.parent.iterdir()), n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else "; check the spelling"
