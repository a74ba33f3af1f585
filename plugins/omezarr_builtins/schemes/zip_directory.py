"""The central directory of a zip file, parsed from bytes that may come from anywhere.

Pure: the caller fetches the bytes. Knows zip and zip64; refuses what cannot be trusted.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from attrs import frozen

from omezarr.errors import MetadataError, NotOMEZarrError, StorageError
from omezarr.location import checked_path

MAX_DIRECTORY_BYTES = 1024**3
"""Larger directories are refused; this one would have ten million entries."""

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_EXTRA = 1
_UTF8, _ENCRYPTED = 0x800, 0x1

TAIL_BYTES = _END.size + _MAX_16 + _LOCATOR.size + _END64.size
"""How many bytes at the end of a file hold the record that tells where the directory is."""


class Member(NamedTuple):
    """Where a stored object lies in a zip file.

    Parameters
    ----------
    header : int
        Offset of its local header.
    stored : int
        Bytes in the file.
    size : int
        Bytes of the object.
    method : int
        0: stored as it is, 8: deflated.
    crc : int
    encrypted : bool
    """

    header: int
    stored: int
    size: int
    method: int
    crc: int
    encrypted: bool


@frozen(kw_only=True)
class DirectoryPlace:
    """Where the central directory lies.

    Parameters
    ----------
    offset, size : int
        In bytes.
    entries : int
    shift : int
        What stands before the zip file proper; offsets in the directory do not count it.
    comment : bytes
        Of the file.
    """

    offset: int
    size: int
    entries: int
    shift: int
    comment: bytes = b""


def find_directory(tail: bytes, file_size: int, name: str) -> DirectoryPlace:
    """Find the central directory from the last bytes of a file.

    Parameters
    ----------
    tail : bytes
        The last `TAIL_BYTES`, or the whole file if it is shorter.
    file_size : int
    name : str
        What is parsed, for messages.

    Raises
    ------
    NotOMEZarrError
        If this is no zip file.
    StorageError
        If it is one that cannot be read.
    """
    end = _find_end(tail)
    if end < 0:
        raise NotOMEZarrError(f"{name} is no zip file, or its end is missing")
    _, disk, first_disk, here, entries, size, offset, comment_size = _END.unpack_from(tail, end)
    comment = tail[end + _END.size : end + _END.size + comment_size]
    base = file_size - len(tail)
    stop = base + end
    locator = end - _LOCATOR.size
    if locator >= 0 and tail.startswith(b"PK\x06\x07", locator):
        record = locator - _END64.size
        if record < 0 or not tail.startswith(b"PK\x06\x06", record):
            record = _LOCATOR.unpack_from(tail, locator)[2] - base
        if not 0 <= record <= locator - _END64.size or not tail.startswith(b"PK\x06\x06", record):
            raise StorageError(f"the zip64 record of {name} is missing; the file is damaged")
        _, _, _, _, disk, first_disk, here, entries, size, offset = _END64.unpack_from(tail, record)
        stop = base + record
    if disk or first_disk or here != entries:
        raise StorageError(f"{name} is one part of a zip file in several parts, which is not supported; join them")
    shift = stop - size - offset
    if shift < 0 or entries * _ENTRY.size > size:
        raise StorageError(f"the directory of {name} is damaged: it claims {entries} entries in {size} bytes")
    if size > MAX_DIRECTORY_BYTES:
        raise StorageError(f"the directory of {name} has {size} bytes, more than {MAX_DIRECTORY_BYTES}; refused")
    return DirectoryPlace(offset=offset + shift, size=size, entries=entries, shift=shift, comment=comment)


def _find_end(tail: bytes) -> int:
    """Return where the end record starts, which is followed by a comment of the length that it states; else -1."""
    last = at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _END.size <= len(tail) and at + _END.size + _END.unpack_from(tail, at)[7] == len(tail):
            return at
        at = tail.rfind(b"PK\x05\x06", 0, at)
    # Some writers pad the file behind the end record.
    return last if last + _END.size <= len(tail) else -1


def parse_directory(content: bytes, place: DirectoryPlace, name: str) -> dict[str, Member]:
    """Parse the central directory.

    Parameters
    ----------
    content : bytes
        The directory.
    place : DirectoryPlace
        Where it lies.
    name : str
        What is parsed, for messages.

    Returns
    -------
    dict
        Key to member, folders left out. Of several members of one name the last is taken, as everywhere.

    Raises
    ------
    StorageError
        If the directory is damaged or holds names that lead out of the file.
    """
    members: dict[str, Member] = {}
    at = 0
    for number in range(place.entries):
        if not content.startswith(b"PK\x01\x02", at) or at + _ENTRY.size > len(content):
            raise StorageError(f"the directory of {name} is damaged at entry {number} of {place.entries}")
        (_, _, _, flags, method, _, _, crc, stored, size, name_size, extra_size, comment_size, _, _, _, header) = (
            _ENTRY.unpack_from(content, at)
        )
        at += _ENTRY.size
        raw, extra = content[at : at + name_size], content[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        if _MAX_32 in (size, stored, header):
            size, stored, header = _wide(extra, size, stored, header, name)
        key = _key(raw.decode("utf-8" if flags & _UTF8 else "cp437", errors="replace"), name)
        if key is None:
            continue
        header += place.shift
        if header + stored > place.offset or (method == 0 and stored != size):
            raise StorageError(f"{name} is damaged: {key!r} claims bytes that the file does not have")
        members[key] = Member(header, stored, size, method, crc, bool(flags & _ENCRYPTED))
    return members


def _wide(extra: bytes, size: int, stored: int, header: int, name: str) -> tuple[int, int, int]:
    """Replace the values that did not fit in 32 bits by those of the zip64 extra field."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64_EXTRA:
            field = extra[at + 4 : at + 4 + length]
            values = list(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
            if len(values) < (size, stored, header).count(_MAX_32):
                raise StorageError(f"a zip64 entry of {name} is damaged")
            size = values.pop(0) if size == _MAX_32 else size
            stored = values.pop(0) if stored == _MAX_32 else stored
            header = values.pop(0) if header == _MAX_32 else header
            break
        at += 4 + length
    return size, stored, header


def _key(member: str, name: str) -> str | None:
    """Return the key that a member's name means; None for folders, and for what macOS adds to files."""
    member = member.replace("\\", "/")  # as some programs write it, and the format does not allow
    if member.endswith("/") or member.startswith("__MACOSX/"):
        return None
    try:
        return checked_path(member)
    except MetadataError as error:
        raise StorageError(f"{name} holds the name {member!r}, which leads out of it; refused") from error
