"""The text of a manifest, as ``sha256sum`` of GNU coreutils writes and checks it: a digest and a key on each line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omezarr.errors import MetadataError
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST_LINE = 64 * 1024
"""A line of more bytes than this is none of a manifest."""

_LINE = re.compile(r"(\\?)([0-9A-Fa-f]{64}) [ *](.+)")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_MEANINGS = {escape: character for character, escape in _ESCAPES.items()}


def manifest_lines(digests: Mapping[str, bytes]) -> Iterator[str]:
    r"""Yield the lines of a manifest, in the order of the keys.

    Names with a backslash or a line break are escaped, and their line begins with a backslash.

    Examples
    --------
    >>> list(manifest_lines({"zarr.json": bytes(32)}))[0][62:]
    '00  zarr.json\n'
    """
    for key in sorted(digests):
        escaped = re.sub(r"[\\\n\r]", lambda found: _ESCAPES[found[0]], key)
        yield f"{'' if escaped == key else chr(92)}{digests[key].hex()}  {escaped}\n"


def parse_manifest(pieces: Iterable[bytes], name: str) -> dict[str, bytes]:
    """Return the digests that a manifest lists, by key.

    Parameters
    ----------
    pieces : iterable of bytes
        Its content.
    name : str
        For messages.

    Raises
    ------
    MetadataError
        If it is no such manifest, names a place outside, or says two things of one object.
    """
    digests: dict[str, bytes] = {}
    for number, line in enumerate(_lines(pieces, name), 1):
        if not line.strip():
            continue
        try:
            found = _LINE.fullmatch(line.decode())
        except UnicodeDecodeError:
            found = None
        if found is None:
            raise MetadataError(
                f"line {number} of {name} is none of a manifest: a SHA-256, two spaces and a name, as sha256sum writes "
                "it; write the manifest anew with omezarr checksum"
            )
        key = re.sub(r"\\[\\nr]", lambda mark: _MEANINGS[mark[0]], found[3]) if found[1] else found[3]
        key, digest = _checked(key, number, name), bytes.fromhex(found[2])
        if digests.setdefault(key, digest) != digest:
            raise MetadataError(f"{name} lists two digests of {key}; write it anew with omezarr checksum")
    return digests


def _checked(key: str, number: int, name: str) -> str:
    try:
        return checked_path(key)
    except MetadataError as error:
        raise MetadataError(f"line {number} of {name}: {error.message}") from error


def _lines(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in whole)
        if len(rest) > LONGEST_LINE:
            raise MetadataError(f"{name} has a line of more than {LONGEST_LINE} bytes, so it is no manifest")
    yield rest
