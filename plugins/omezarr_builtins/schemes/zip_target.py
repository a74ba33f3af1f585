"""A zarr store that becomes a zip file: all of it appears at once, when it is complete.

What is written goes to a file beside the target, which takes its place at the end. Chunks are written once; metadata
waits in memory, so that it can change, and stands first in the file.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from zarr.abc.store import ByteRequest, Store  # noqa: TID253 - imported when a zip file is written
from zarr.core.buffer import default_buffer_prototype  # noqa: TID253 - as above

from omezarr.arrays.file_locks import try_lock
from omezarr.errors import LockedError, StorageError, UnsupportedError, WriteError
from omezarr_builtins.schemes.zip_archive import ZipArchive
from omezarr_builtins.schemes.zip_store import limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from zarr.core.buffer import Buffer, BufferPrototype

_DOCUMENTS = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"})


class ZipTargetStore(Store):
    """The objects of a zip file that is being written; see `omezarr.stores.SealedStore`.

    Parameters
    ----------
    path : Path
        Of the zip file.
    before : Store, optional
        What the file holds now, which is seen until `begin` is called.
    """

    supports_writes = True
    supports_deletes = False
    supports_partial_writes = False  # abstract in earlier versions of zarr
    supports_listing = True

    def __init__(self, path: Path, before: Store | None) -> None:
        super().__init__(read_only=False)
        self.path = path
        self._before = before
        self._beside = path.with_name(f".{path.name}.omezarr-part")
        self._archive: ZipArchive | None = None
        self._lock: int | None = None
        self._documents: dict[str, bytes] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZipTargetStore) and self.path == other.path

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"ZipTargetStore({str(self.path)!r})"

    def __getstate__(self) -> dict[str, Any]:
        raise UnsupportedError(
            f"{self} is one file, which one process writes; do without a scheduler, or write a folder"
        )

    def with_read_only(self, read_only: bool = False) -> ZipTargetStore:
        """Return the same store, for reading only or not."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _read_only=read_only)
        return other

    def begin(self) -> None:
        """Start a new file beside the target.

        Raises
        ------
        LockedError
            If another process writes it.
        WriteError
        """
        try:
            self._beside.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._beside, os.O_RDWR | os.O_CREAT, 0o666)
            if try_lock(descriptor) and os.fstat(descriptor).st_ino == self._beside.stat().st_ino:
                self._lock = descriptor
                self._archive = ZipArchive(self._beside)
            else:
                os.close(descriptor)
        except OSError as error:
            raise self._failure(error) from error
        if self._archive is None:
            raise LockedError(f"another process is writing {self.path}; wait until it is done")
        self._before = None
        self._documents = {}

    def seal(self) -> None:
        """Complete the file and put it in its place.

        Raises
        ------
        WriteError
        """
        if self._archive is None:
            raise StorageError(f"nothing was begun at {self.path}")
        documents = dict(sorted(self._documents.items(), key=lambda item: _order(item[0])))
        try:
            self._archive.finish(documents, _comment(documents))
            self._beside.replace(self.path)
        except OSError as error:
            raise self._failure(error) from error
        self._release()

    def abandon(self) -> None:
        """Remove what was written, if anything was begun."""
        if self._archive is not None:
            self._archive.close()
            self._beside.unlink(missing_ok=True)
            self._release()

    def _release(self) -> None:
        self._archive = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _failure(self, error: OSError) -> WriteError:
        return WriteError(f"could not write {self.path}: {error.strerror or error}")

    async def set(self, key: str, value: Buffer) -> None:
        """Store an object; a chunk only once."""
        if self._archive is None:
            raise UnsupportedError(
                f"{self} is one file, which is written whole: nothing can be added or changed in it; copy it to a "
                "folder with omezarr copy, change that, and copy it back"
            )
        name = key.rpartition("/")[2]
        content = value.to_bytes()
        if name in _DOCUMENTS:
            if name != "zarr.json" and self.path.suffix.lower() == ".ozx":
                raise UnsupportedError(
                    f"{self.path} cannot hold what is of zarr format 2: .ozx files begin with a zarr.json; write a "
                    ".zip, or NGFF 0.5 or later"
                )
            self._documents[key] = content
            return
        if key in self._archive:
            raise StorageError(f"{key} is in {self.path} already, and what is in a zip file stays as it is")
        try:
            self._archive.add(key, content, lambda: sum(map(len, self._documents.values())))
        except OSError as error:
            raise self._failure(error) from error

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return an object, or part of it; None if it is not there."""
        prototype = prototype or default_buffer_prototype()
        if self._archive is None:
            return None if self._before is None else await self._before.get(key, prototype, byte_range)
        content = self._documents.get(key)
        if content is None:
            content = self._archive.read(key)
        if content is None:
            return None
        start, stop = limits(byte_range, len(content))
        return prototype.buffer.from_bytes(content[start:stop])

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return several objects or parts of them."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def set_partial_values(self, key_start_values: Any) -> None:
        """Refuse to change parts."""
        raise StorageError(f"parts of what is in {self.path} cannot be written")

    async def delete(self, key: str) -> None:
        """Take a metadata object back; what else was written stays."""
        self._documents.pop(key, None)

    async def exists(self, key: str) -> bool:
        """Say whether there is an object."""
        return await self.get(key) is not None

    async def list(self) -> AsyncIterator[str]:
        """List all keys."""
        if self._archive is not None:
            for key in (*self._documents, *self._archive.keys()):
                yield key
        elif self._before is not None:
            async for key in self._before.list():
                yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List the keys that start with a prefix."""
        async for key in self.list():
            if key.startswith(prefix):
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List what is directly below a folder."""
        folder = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        seen: set[str] = set()
        async for key in self.list_prefix(folder):
            name = key[len(folder) :].partition("/")[0]
            if name not in seen:
                seen.add(name)
                yield name


def _order(key: str) -> tuple[int, str]:
    """Return where metadata stands: what is higher up comes first."""
    return key.count("/"), key


def _comment(documents: dict[str, bytes]) -> bytes:
    """Return the comment that says that the metadata comes first; empty for what is no OME-Zarr of zarr format 3."""
    try:
        ome = json.loads(documents.get("zarr.json", b"{}")).get("attributes", {}).get("ome", {})
        version = ome.get("version")
    except (ValueError, AttributeError):
        return b""
    if not isinstance(version, str):
        return b""
    said = {"ome": {"version": version, "zipFile": {"centralDirectory": {"jsonFirst": True}}}}
    return json.dumps(said).encode()
