"""A zarr store over a zip file that lies in another store, read range by range.

Responsible for turning keys into ranges; which store the file lies in is no matter. Reading is concurrent: no file
handle is shared.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, Any

from zarr.abc.store import (  # noqa: TID253 - imported when a zip file is opened
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    SuffixByteRequest,
)
from zarr.core.buffer import default_buffer_prototype  # noqa: TID253 - as above

from omezarr.errors import LocationNotFoundError, MetadataError, StorageError
from omezarr.hierarchy import MAX_DOCUMENT_BYTES
from omezarr.stores import Packing
from omezarr_builtins.schemes.read_only import ReadOnlyStore
from omezarr_builtins.schemes.zip_directory import TAIL_BYTES, Member, find_directory, parse_directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from zarr.abc.store import Store
    from zarr.core.buffer import Buffer, BufferPrototype

_HEADER = struct.Struct("<4s5H3L2H")
_HEADER_SLACK = 64
MOST_INFLATED = 64 * 1024**2
"""Larger entries that are deflated to next to nothing are refused: it takes a moment to make gigabytes of megabytes."""

_SUSPICIOUS_RATIO = 200
_DEFLATE_RATIO = 1032
_DOCUMENTS = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"})
_INLINE_BYTES = 64 * 1024


class ZipRangeStore(ReadOnlyStore):
    """The objects in a zip file.

    Parameters
    ----------
    source : zarr.abc.store.Store
        Holds the file.
    key : str
        The file in `source`.
    name : str
        For messages.
    """

    supports_listing = True
    remedy = "write to a folder, then zip it"

    def __init__(self, source: Store, key: str, name: str) -> None:
        super().__init__()
        self.source = source
        self.key = key
        self.name = name
        self._members: dict[str, Member] | None = None
        self._file_size = 0
        self._tail = ""
        self._comment = b""
        self._children: dict[str, dict[str, None]] = {}
        self._starts: dict[str, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_members": None, "_children": {}, "_starts": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZipRangeStore) and (self.source, self.key) == (other.source, other.key)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"ZipRangeStore({self.name!r})"

    async def members(self) -> dict[str, Member]:
        """Return what the file holds, read from it once.

        Raises
        ------
        LocationNotFoundError, NotOMEZarrError, StorageError
        """
        if self._members is None:
            try:
                file_size = await self.source.getsize(self.key)
            except FileNotFoundError as error:
                raise LocationNotFoundError(f"there is no zip file at {self.name}") from error
            self._file_size = file_size
            tail = await self._bytes(max(0, file_size - TAIL_BYTES), file_size)
            self._tail = hashlib.sha256(tail).hexdigest()
            place = find_directory(tail, file_size, self.name)
            self._comment = place.comment
            start = place.offset - (file_size - len(tail))
            if start >= 0:
                content = tail[start : start + place.size]
            else:
                content = await self._bytes(place.offset, place.offset + place.size)
            members = parse_directory(content, place, self.name)
            for key in members:
                folder, name = "", key
                while name:
                    step, _, name = name.partition("/")
                    self._children.setdefault(folder, {})[step] = None
                    folder = f"{folder}/{step}" if folder else step
            self._members = members
        return self._members

    async def check_unchanged(self) -> None:
        """Look whether the file still has its length and directory, which holds checksums of everything in it.

        Raises
        ------
        StorageError, LocationNotFoundError
        """
        await self.members()
        again = ZipRangeStore(self.source, self.key, self.name)
        await again.members()
        if (again._file_size, again._tail) != (self._file_size, self._tail):
            raise StorageError(f"{self.name} is another file now")

    async def packing(self) -> Packing:
        """Return how the objects lie in the file."""
        members = await self.members()
        packed = tuple(key for key, member in members.items() if member.method)
        return Packing(keys=tuple(members), compressed=packed, comment=self._comment)

    async def holds(self, path: str) -> bool:
        """Say whether there is an object, or a folder with some."""
        members = await self.members()
        return path in members or path in self._children

    async def _bytes(self, start: int, stop: int) -> bytes:
        if start >= stop:
            return b""
        found = await self.source.get(self.key, default_buffer_prototype(), RangeByteRequest(start, stop))
        if found is None:
            raise LocationNotFoundError(f"there is no zip file at {self.name}")
        content = found.to_bytes()
        if len(content) != stop - start:
            raise StorageError(f"{self.name} ended early: {len(content)} bytes came instead of {stop - start}")
        return content

    async def _start(self, key: str, member: Member, header: bytes = b"") -> int:
        """Return where the bytes of a member begin, which only the header in front of them tells."""
        if key not in self._starts:
            header = header or await self._bytes(member.header, member.header + _HEADER.size)
            if len(header) < _HEADER.size or not header.startswith(b"PK\x03\x04"):
                raise StorageError(f"{self.name} is damaged: there is no {key!r} where its directory says")
            *_, name_size, extra_size = _HEADER.unpack_from(header)
            self._starts[key] = member.header + _HEADER.size + name_size + extra_size
        return self._starts[key]

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return an object, or part of it; None if it is not there."""
        member = (await self.members()).get(key)
        if member is None:
            return None
        if member.encrypted or member.method not in (0, zlib.DEFLATED):
            how = "encrypted" if member.encrypted else f"compressed by method {member.method}"
            raise StorageError(f"{key!r} in {self.name} is {how}, which is not supported; zip it again, stored")
        start, stop = limits(byte_range, member.size)
        if member.method == 0 and byte_range is not None:
            begin = await self._start(key, member)
            content = await self._bytes(begin + start, begin + stop)
        else:
            content = (await self._whole(key, member))[start:stop]
        return (prototype or default_buffer_prototype()).buffer.from_bytes(content)

    async def _whole(self, key: str, member: Member) -> bytes:
        """Read a member with the header in front of it at once, and check it."""
        if member.size > MAX_DOCUMENT_BYTES and key.rpartition("/")[2] in _DOCUMENTS:
            raise MetadataError(f"{key} in {self.name} has {member.size} bytes, more than metadata ever needs; refused")
        if member.size > member.stored * _DEFLATE_RATIO + _DEFLATE_RATIO:
            raise StorageError(f"{self.name} is damaged: {key!r} claims {member.size} bytes in {member.stored}")
        if member.size > MOST_INFLATED and member.size > member.stored * _SUSPICIOUS_RATIO:
            raise StorageError(
                f"{key!r} in {self.name} would be inflated from {member.stored} to {member.size} bytes; refused: if "
                "you trust the file, unpack it first"
            )
        guess = member.header + _HEADER.size + len(key.encode()) + _HEADER_SLACK + member.stored
        content = await self._bytes(member.header, min(guess, self._file_size))
        begin = await self._start(key, member, content[: _HEADER.size]) - member.header
        packed = content[begin : begin + member.stored]
        if len(packed) < member.stored:
            got = begin + len(packed)
            packed += await self._bytes(member.header + got, member.header + begin + member.stored)
        if len(packed) < _INLINE_BYTES:
            return self._unpacked(key, member, packed)
        return await asyncio.to_thread(self._unpacked, key, member, packed)

    def _unpacked(self, key: str, member: Member, packed: bytes) -> bytes:
        content = packed
        if member.method == zlib.DEFLATED:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                content = inflate.decompress(packed, member.size + 1)
            except zlib.error as error:
                raise StorageError(f"{key!r} in {self.name} is damaged: {error}") from error
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            raise StorageError(f"{key!r} in {self.name} is damaged: its bytes are not those that were stored")
        return content

    async def exists(self, key: str) -> bool:
        """Say whether there is an object."""
        return key in await self.members()

    async def getsize(self, key: str) -> int:
        """Return the size of an object."""
        member = (await self.members()).get(key)
        if member is None:
            raise FileNotFoundError(key)
        return member.size

    async def list(self) -> AsyncIterator[str]:
        """List all keys."""
        for key in await self.members():
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List the keys that start with a prefix."""
        for key in await self.members():
            if key.startswith(prefix):
                yield key

    async def list_sizes(self, prefix: str) -> Sequence[tuple[str, int | None, str]]:
        """List keys, sizes and checksums, all of which the directory of the file holds."""
        members = await self.members()
        return [(key, member.size, f"{member.crc:08x}") for key, member in members.items() if key.startswith(prefix)]

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List what is directly below a folder."""
        await self.members()
        for name in self._children.get(prefix.strip("/"), ()):
            yield name


def limits(byte_range: ByteRequest | None, size: int) -> tuple[int, int]:
    """Return where a requested part starts and stops in an object of a size."""
    match byte_range:
        case None:
            return 0, size
        case RangeByteRequest(start, end):
            return min(start, size), min(end, size)
        case OffsetByteRequest(offset):
            return min(offset, size), size
        case SuffixByteRequest(suffix):
            return max(0, size - suffix), size
    raise TypeError(f"unknown kind of byte range: {byte_range!r}")
