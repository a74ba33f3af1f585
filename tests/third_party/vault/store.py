"""Zarr stores in one file of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

_TABLE = "CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, content BLOB, version INTEGER)"
_NEXT = "1 + (SELECT COALESCE(MAX(version), 0) FROM objects)"
_PUT = f"INSERT OR REPLACE INTO objects VALUES (?, ?, {_NEXT}) RETURNING version"
_PUT_NEW = f"INSERT OR IGNORE INTO objects VALUES (?, ?, {_NEXT}) RETURNING version"
_CHANGE = "UPDATE objects SET content = ?, version = version + 1 WHERE key = ? AND version = ? RETURNING version"


class DrawerStore(Store):
    """Objects in a file.

    Parameters
    ----------
    file : str
    read_only : bool
    """

    supports_writes = supports_deletes = supports_listing = True
    supports_partial_writes = False

    def __init__(self, file: str, *, read_only: bool = False) -> None:
        super().__init__(read_only=read_only)
        self.file = file

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.file == self.file

    def __hash__(self) -> int:
        return hash(self.file)

    def __str__(self) -> str:
        return Path(self.file).name

    def with_read_only(self, read_only: bool = False) -> DrawerStore:
        """Return the same store, for reading only or not."""
        return type(self)(self.file, read_only=read_only)

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement as one transaction."""
        if not Path(self.file).exists():
            if statement.startswith("SELECT"):
                return []
            Path(self.file).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.file, timeout=60)) as connection, connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            return connection.execute(statement, values).fetchall()

    def names(self, prefix: str) -> list[str]:
        """Return all keys with a prefix."""
        found = self.ask("SELECT key FROM objects WHERE substr(key, 1, ?) = ? ORDER BY key", len(prefix), prefix)
        return [key for (key,) in found]

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Return an object, or part of it."""
        found = self.ask("SELECT content FROM objects WHERE key = ?", key)
        if not found:
            return None
        content: bytes = found[0][0]
        if isinstance(byte_range, RangeByteRequest):
            content = content[byte_range.start : byte_range.end]
        elif isinstance(byte_range, OffsetByteRequest):
            content = content[byte_range.offset :]
        elif isinstance(byte_range, SuffixByteRequest):
            content = content[-byte_range.suffix :]
        return prototype.buffer.from_bytes(content)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return several objects or parts of them."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def exists(self, key: str) -> bool:
        """Say whether there is an object."""
        return bool(self.ask("SELECT 1 FROM objects WHERE key = ?", key))

    async def set(self, key: str, value: Buffer) -> None:
        """Store an object."""
        self._check_writable()
        self.ask(_PUT, key, value.to_bytes())

    async def set_partial_values(self, key_start_values: Any) -> None:
        """Refuse: objects are stored whole."""
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        """Remove an object."""
        self._check_writable()
        self.ask("DELETE FROM objects WHERE key = ?", key)

    async def list(self) -> AsyncIterator[str]:
        """List all keys."""
        for key in self.names(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List the keys with a prefix."""
        for key in self.names(prefix):
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List what is directly below a folder."""
        folder = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        for name in sorted({key[len(folder) :].partition("/")[0] for key in self.names(folder)}):
            yield name


class VaultStore(DrawerStore):
    """Objects in a file, which are replaced only by those who know their version."""

    async def get_version(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its version."""
        found = self.ask("SELECT content, version FROM objects WHERE key = ?", key)
        return (found[0][0], str(found[0][1])) if found else None

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        """Store an object if it has this version, or is not there."""
        self._check_writable()
        found = self.ask(_PUT_NEW, key, content) if version is None else self.ask(_CHANGE, content, key, int(version))
        return str(found[0][0]) if found else None

    async def delete_version(self, key: str, version: str) -> None:
        """Remove an object if it has this version."""
        self._check_writable()
        self.ask("DELETE FROM objects WHERE key = ? AND version = ?", key, int(version))
