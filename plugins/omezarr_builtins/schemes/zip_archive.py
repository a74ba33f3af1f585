"""Writing the bytes of a zip file: entries stored as they are, metadata in front, zip64 where it takes that.

Follows what NGFF's RFC-9 recommends: nothing is compressed twice, each name is there once, and metadata comes first, in
the file and in its directory: that of the root, then the rest level by level. Since metadata is complete last, room is
left for it at the beginning; a small file is held back until all of it is known. Knows keys and bytes, not zarr.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

HELD_BYTES = 4 * 1024**2
"""A file that stays smaller is written when all of it is known, without room to spare."""

ROOM_BYTES = 64 * 1024
"""What is left for metadata, beside twice what is known of it when the room is made."""

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_UTF8 = 0x800
_PLAIN, _ZIP64 = 20, 45
_MADE_BY = (3 << 8) | _ZIP64
_DATE = 0x21  # 1980-01-01: the same bytes whenever it is written
_MODE = 0o100644 << 16
_PADDING = 0xD935
"""The extra field that fills room, as the tools that align files in zip files write it."""

_FIELD = struct.Struct("<2H")
_MOST_PADDING = 0xFFFF - 64


class _Entry(NamedTuple):
    name: bytes
    crc: int
    size: int
    offset: int

    @property
    def wide(self) -> bool:
        return self.size >= _MAX_32 or self.offset >= _MAX_32


class ZipArchive:
    """A zip file that is being written, from any number of threads.

    Parameters
    ----------
    path : Path
        Is made, or emptied.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._held: dict[str, bytes] | None = {}
        self._held_bytes = 0
        self._room = 0
        self._end = 0

    def __contains__(self, key: str) -> bool:
        return key in self._entries or key in (self._held or ())

    def add(self, key: str, content: bytes, documents: Callable[[], int]) -> None:
        """Add an entry.

        Parameters
        ----------
        key : str
            Not added before.
        content : bytes
        documents : callable
            Returns how many bytes of metadata are known; asked once, when the room for it is made.
        """
        crc = zlib.crc32(content)
        with self._lock:
            if self._held is not None:
                self._held[key] = content
                self._held_bytes += len(content)
                if self._held_bytes >= HELD_BYTES:
                    self._room = self._end = ROOM_BYTES + 2 * documents()
                    self._let_go()
                return
            self._append(key, content, crc)

    def _let_go(self) -> None:
        held, self._held = self._held or {}, None
        for key, content in held.items():
            self._append(key, content, zlib.crc32(content))

    def _append(self, key: str, content: bytes, crc: int) -> None:
        entry = _Entry(key.encode(), crc, len(content), self._end)
        header = _local(entry)
        self._file.seek(self._end)
        self._file.write(header)
        self._file.write(content)
        self._end += len(header) + len(content)
        self._entries[key] = entry

    def read(self, key: str) -> bytes | None:
        """Return an entry that was added."""
        with self._lock:
            if self._held is not None and key in self._held:
                return self._held[key]
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._file.seek(entry.offset + len(_local(entry)))
            return self._file.read(entry.size)

    def keys(self) -> list[str]:
        """Return the keys of all entries."""
        with self._lock:
            return [*self._entries, *(self._held or ())]

    def finish(self, documents: Mapping[str, bytes], comment: bytes) -> None:
        """Put the metadata in front, write the directory, and close the file.

        Parameters
        ----------
        documents : mapping
            Key to bytes of the metadata objects, in the order in which they shall stand.
        comment : bytes
        """
        with self._lock:
            order = list(documents)
            if self._held is not None:
                for key, content in documents.items():
                    self._append(key, content, zlib.crc32(content))
                self._let_go()
            else:
                self._fill_room(documents)
            first = [self._entries[key] for key in order]
            rest = [entry for key, entry in self._entries.items() if key not in documents]
            self._write_directory([*first, *rest], comment)
            self._file.close()

    def close(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _fill_room(self, documents: Mapping[str, bytes]) -> None:
        """Write metadata into the room at the beginning, as much of it as fits, and the rest behind everything."""
        sizes = {key: len(_local(_Entry(key.encode(), 0, 0, 0))) + len(content) for key, content in documents.items()}
        inside: list[str] = []
        free = self._room
        for key, size in sizes.items():
            if size > free:
                break
            inside.append(key)
            free -= size
        while inside and 0 < free < _FIELD.size:
            free += sizes[inside.pop()]
        fills: dict[str, int] = {}
        for key in reversed(inside):  # what fills the room stands behind the metadata, as far as it can
            fills[key] = min(free, _MOST_PADDING)
            if 0 < free - fills[key] < _FIELD.size:
                fills[key] -= _FIELD.size
            free -= fills[key]
        end, at = self._end, 0
        for key in inside:
            content = documents[key]
            entry = _Entry(key.encode(), zlib.crc32(content), len(content), at)
            header = _local(entry, fills[key])
            self._file.seek(at)
            self._file.write(header + content)
            at += len(header) + len(content)
            self._entries[key] = entry
        self._end = end
        for key in list(documents)[len(inside) :]:
            self._append(key, documents[key], zlib.crc32(documents[key]))

    def _write_directory(self, entries: Iterable[_Entry], comment: bytes) -> None:
        start, count = self._end, 0
        self._file.seek(start)
        for entry in entries:
            self._file.write(_central(entry))
            count += 1
        stop = self._file.tell()
        if count >= _MAX_16 or start >= _MAX_32 or stop - start >= _MAX_32:
            self._file.write(
                _END64.pack(b"PK\x06\x06", 44, _MADE_BY, _ZIP64, 0, 0, count, count, stop - start, start)
                + _LOCATOR.pack(b"PK\x06\x07", 0, stop, 1)
            )
        short = min(count, _MAX_16)
        self._file.write(
            _END.pack(b"PK\x05\x06", 0, 0, short, short, min(stop - start, _MAX_32), min(start, _MAX_32), len(comment))
            + comment
        )
        self._file.truncate()
        self._file.flush()
        os.fsync(self._file.fileno())


def _local(entry: _Entry, fill: int = 0) -> bytes:
    """Return the header in front of an entry, longer by `fill` bytes."""
    size, extra = entry.size, b""
    if size >= _MAX_32:
        size, extra = _MAX_32, struct.pack("<2H2Q", 1, 16, entry.size, entry.size)
    if fill:
        extra += _FIELD.pack(_PADDING, fill - _FIELD.size) + bytes(fill - _FIELD.size)
    version = _ZIP64 if entry.size >= _MAX_32 else _PLAIN
    header = _LOCAL.pack(b"PK\x03\x04", version, _UTF8, 0, 0, _DATE, entry.crc, size, size, len(entry.name), len(extra))
    return header + entry.name + extra


def _central(entry: _Entry) -> bytes:
    """Return an entry of the directory."""
    wide = [value for value in (entry.size, entry.size, entry.offset) if value >= _MAX_32]
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    size, offset = min(entry.size, _MAX_32), min(entry.offset, _MAX_32)
    version = _ZIP64 if entry.wide else _PLAIN
    header = _CENTRAL.pack(
        b"PK\x01\x02", _MADE_BY, version, _UTF8, 0, 0, _DATE, entry.crc, size, size,
        len(entry.name), len(extra), 0, 0, 0, _MODE, offset,
    )  # fmt: skip
    return header + entry.name + extra
