"""Files of importers, on disk or in any store: finding and opening them, and seeing them as file objects."""

from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrError, SourceError, StorageError
from omezarr.files import ByteFile, local_file, looking_at

if TYPE_CHECKING:
    from zarr.abc.store import Store

    from omezarr.location import Location


class StoredFile(ByteFile):
    """One object of a store: behind a URL, in memory, in a container."""

    def __init__(self, store: Store, key: str, name: str) -> None:
        self.store = store
        self.key = key
        self.name = name
        self._identity: str | None = None
        from omezarr.hierarchy import run
        from omezarr.stores import StoreTraits

        traits = StoreTraits.of(store)
        self.portable, self.distant = traits.picklable, traits.distant
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
        if self._identity is None:
            self._identity = f"{self.size} bytes, header {self.header()}"
        return self._identity

    def check_unchanged(self) -> None:
        """Ask the store for size and beginning again."""
        try:
            same = StoredFile(self.store, self.key, self.name).identity == self.identity
        except OMEZarrError as error:
            raise SourceError(f"{self.name} went away while it was read: {error}") from error
        if not same:
            raise SourceError(f"{self.name} was changed while it was read")


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
    from omezarr import registry_in_use
    from omezarr.nodes.opening import open_store

    folder = location.parent
    if folder is None:
        raise SourceError(f"{location} names no file")
    opened = open_store(folder, registry_in_use().storage_schemes)
    return StoredFile(opened.store, f"{opened.path}/{location.name}".lstrip("/"), str(location))


def local_path(location: Location) -> Path | None:
    """Return the path of an existing local file or folder, else None.

    Raises
    ------
    AccessDeniedError
        If the system does not let this user look.
    """
    path = Path(location.url) if location.protocol == "local" else None
    if path is None:
        return None
    with looking_at(path):
        return path if path.exists() else None


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
