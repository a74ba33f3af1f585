"""Files on local disks, read at any offset by several threads at once, and the interface of those elsewhere.

Responsible for bytes, for telling whether a file has changed and for new files that appear whole or not at all, not for
what the bytes mean.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.errors import (
    AccessDeniedError,
    LocationNotFoundError,
    OMEZarrError,
    SourceError,
    StorageError,
    TargetExistsError,
    WriteError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADER_BYTES = 4096
"""How much of the beginning of a file is part of its identity."""


_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def oddity(mode: int) -> str | None:
    """Say what something on a disk is that is neither a file nor a folder; None where it is one of these.

    Reading such a thing may never end.

    Parameters
    ----------
    mode : int
        As `os.stat` gives it.

    Examples
    --------
    >>> oddity(os.stat(os.devnull).st_mode)
    'a device'
    """
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), None)


def open_file(path: str | Path) -> int:
    """Open a file for reading and return its descriptor; nothing that could be waited for without end is opened.

    Raises
    ------
    StorageError
        If it is no file, but a named pipe, a socket or a device.
    OSError
        If it cannot be opened; for a folder, an IsADirectoryError.
    """
    flags = ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY")
    try:
        descriptor = os.open(path, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in flags))
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise StorageError(f"{path} is {oddity(Path(path).stat().st_mode)}, no file; remove it") from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise StorageError(f"{path} is {oddity(mode)}, no file; remove it")


class ByteFile(ABC):
    """A file of known size.

    Attributes
    ----------
    name : str
        For messages.
    size : int
        In bytes.
    portable : bool
        Whether another process reaches it in the same place.
    distant : bool
        Whether reading waits for a network more than for a disk.
    """

    name: str
    size: int
    portable: bool = True
    distant: bool = False

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

    def check_unchanged(self) -> None:
        """Look whether the file is still what it was when it was opened.

        Raises
        ------
        SourceError
            If it is not; its identity is compared only where it was asked for before.
        """

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
                raise SourceError(f"{path} is {oddity(status.st_mode) or 'a folder'}, not a file")
            os.close(open_file(path))
        except FileNotFoundError:
            raise LocationNotFoundError(f"{path} does not exist{_suggestion(path)}") from None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error
        self.size = status.st_size
        self._changed = status.st_mtime_ns
        self._identity: str | None = None

    def read(self, offset: int, size: int) -> bytes:
        """Open, read and close."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        try:
            with os.fdopen(open_file(self.path), "rb", buffering=0) as file:
                file.seek(offset)
                return _all(size, lambda done: file.read(size - done) or b"")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def check_length(self) -> None:
        """Look whether the file is as long as it was.

        Raises
        ------
        SourceError
            If it is shorter, or gone.
        """
        try:
            size = self.path.stat().st_size
        except OSError as error:
            raise SourceError(f"{self.path} went away while it was read: {error.strerror}") from error
        if size < self.size:
            raise SourceError(f"{self.path} was cut short while it was read: it had {self.size} bytes, and has {size}")

    @property
    def identity(self) -> str:
        """The size, the time of the last change and a checksum of the beginning."""
        if self._identity is None:
            self._identity = f"{self.size} bytes, changed {self._changed}, header {self.header()}"
        return self._identity

    def check_unchanged(self) -> None:
        """Look at size and time, and at the beginning if the identity was asked for before."""
        try:
            now = ReopenedFile(self.path)
            same = (now.size, now._changed) == (self.size, self._changed)
            same = same and self._identity in (None, now.identity)
        except OMEZarrError as error:
            raise SourceError(f"{self.path} went away while it was read: {error}") from error
        if not same:
            raise SourceError(
                f"{self.path} was changed while it was read: it had {self.size} bytes, last changed at "
                f"{_moment(self._changed)}, and has {now.size}, last changed at {_moment(now._changed)}"
            )


class LocalFile(ReopenedFile):
    """A file on a local disk that stays open, if not too many do; reading moves no shared position."""

    _kept = 0
    _guard = threading.Lock()

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
            if descriptor is None:
                return super().read(offset, size)
            return _all(size, lambda done: os.pread(descriptor, size - done, offset + done))
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def _open(self) -> int | None:
        """Return the descriptor; None where as many files as may be are kept open."""
        with self._lock:
            if self._descriptor is None and self._may_keep():
                try:
                    self._descriptor = open_file(self.path)
                except BaseException:
                    self._give_back()
                    raise
            return self._descriptor

    @staticmethod
    def _may_keep() -> bool:
        with LocalFile._guard:
            if LocalFile._kept >= kept_open():
                return False
            LocalFile._kept += 1
        return True

    @staticmethod
    def _give_back() -> None:
        with LocalFile._guard:
            LocalFile._kept -= 1

    def close(self) -> None:
        """Close the descriptor; nobody may be reading."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
            self._give_back()

    def __del__(self) -> None:
        self.close()


def kept_open() -> int:
    """Return how many files are kept open at most: a quarter of what the system allows this process."""
    try:
        import resource
    except ImportError:
        return 128
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1024 if allowed == resource.RLIM_INFINITY else min(allowed // 4, 1024)


def local_file(path: Path) -> ByteFile:
    """Return a file on a local disk that stays open where the platform can read at an offset."""
    return LocalFile(path) if hasattr(os, "pread") else ReopenedFile(path)


@contextmanager
def looking_at(path: Path) -> Iterator[None]:
    """Name a path that the system does not let this user look at while the block runs.

    Raises
    ------
    AccessDeniedError
    """
    try:
        yield
    except AccessDeniedError:
        raise
    except PermissionError as error:
        raise AccessDeniedError(f"may not look at {path}: {error.strerror}; check its permissions") from error


def check_replaceable(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file where that is not allowed.

    Raises
    ------
    TargetExistsError
        If it is there.
    AccessDeniedError
        If the system does not let this user look.
    """
    with looking_at(path):
        if path.exists() and not overwrite:
            raise TargetExistsError(f"{path} exists already; allow it to be replaced (--overwrite)")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which takes the place of `path` when the block ends, and goes if it fails.

    Raises
    ------
    WriteError
        If the system refuses; what was at `path` is still there then.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder, "cells.csv")) as beside:
    ...         written = beside.write_text("label,area")
    ...     Path(folder, "cells.csv").read_text()
    'label,area'
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        try:
            yield beside
            beside.replace(path)
        finally:
            with looking_at(path):
                beside.unlink(missing_ok=True)
    except OMEZarrError:
        raise
    except OSError as error:
        raise WriteError(f"could not write {path}: {error.strerror or error}") from error


def _all(size: int, read: Callable[[int], bytes]) -> bytes:
    """Read until there is enough or no more: one call returns at most 2 GiB, and less from some file systems."""
    content = read(0)
    while 0 < len(content) < size:
        more = read(len(content))
        if not more:
            break
        content += more
    return content


def _moment(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(" ", "milliseconds")


def _suggestion(path: Path) -> str:
    if not path.parent.is_dir():
        return "; check the spelling"
    near = get_close_matches(path.name, sorted(entry.name for entry in path.parent.iterdir()), n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else "; check the spelling"
