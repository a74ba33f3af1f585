"""How much compressed bytes unpack to, found out in little memory where the decoder itself sets no bound.

Without imagecodecs, tifffile unpacks Deflate and LZMA by the standard library, whatever that comes to.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from omezarr.errors import SourceError

SAFE_BYTES = 64 * 1024 * 1024
"""What could unpack to this much at most is not looked at."""

STEP_BYTES = 1024 * 1024
"""How much is unpacked at once."""

SLACK = 2
"""How many times what was declared may come out: some writers pad the last strip."""

_KINDS = {8: "zlib", 32946: "zlib", 34925: "lzma"}
"""The compressions of TIFF that the standard library unpacks."""

_RATIOS = {"zlib": 1_032, "lzma": 7_100}
"""How many bytes one byte can unpack to: the limit of Deflate, and what LZMA reaches for zeros."""


def unbounded(compression: int) -> str | None:
    """Return what unpacks a compression without a bound; None where the decoder has one."""
    return None if find_spec("imagecodecs") is not None else _KINDS.get(compression)


def check_inflated(content: bytes, kind: str, declared: int, where: str) -> None:
    """Refuse bytes that unpack to more than was declared.

    Parameters
    ----------
    content : bytes
    kind : str
        "zlib" or "lzma".
    declared : int
        In bytes.
    where : str
        For messages.

    Raises
    ------
    SourceError

    Examples
    --------
    >>> import zlib
    >>> check_inflated(zlib.compress(bytes(2**27)), "zlib", 64, "strip 0")
    Traceback (most recent call last):
    omezarr.errors.SourceError: strip 0 unpacks to far more than the 64 bytes that were declared; refused
    """
    if len(content) * _RATIOS[kind] <= SAFE_BYTES:
        return
    size = 0
    for step in _steps(content, kind):
        size += step
        if size > SLACK * declared + STEP_BYTES:
            raise SourceError(f"{where} unpacks to far more than the {declared} bytes that were declared; refused")


def _steps(content: bytes, kind: str) -> Any:
    """Yield how much comes out, step by step; what is damaged ends it, for the decoder to say so."""
    import lzma
    import zlib

    unpacker: Any = zlib.decompressobj() if kind == "zlib" else lzma.LZMADecompressor()
    try:
        while True:
            length = len(unpacker.decompress(content, STEP_BYTES))
            yield length
            content = unpacker.unconsumed_tail if kind == "zlib" else b""
            if unpacker.eof or not (length or content):
                return
    except (zlib.error, lzma.LZMAError, EOFError):
        return
