"""Decoding that makes no more bytes than it may, whatever the encoded ones claim.

A few megabytes can claim to be a chunk of gigabytes. Formats that name their size are asked first and refused if it
is another; of the others no more is decoded than belongs there.
"""

from __future__ import annotations

import bz2
import zlib
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

STREAM_PIECE_BYTES = 16 * 1024
"""How much of a stream is given to a decoder at once; what is left of it behind a member is copied."""

MEMBER_BYTES = 1024
"""What a member of a stream holds at least, on the average: the smallest that block compressors write are larger."""

LZMA_MEMORY = 128 * 1024 * 1024
"""What an lzma stream may ask for as its dictionary: the strongest preset takes half of it."""

ZSTD_BLOCK_BYTES = 128 * 1024
"""What a block of zstd holds at most."""

_ZSTD_MAGIC, _SKIPPED_MAGIC = 0xFD2FB528, 0x184D2A5


def decoded_within(step: Any, content: Any, most: int, *, exact: bool, scratch: npt.NDArray[Any] | None = None) -> Any:
    """Undo one step of a chain of codecs.

    Parameters
    ----------
    step : numcodecs codec
    content : buffer
    most : int
        The bytes that it may give.
    exact : bool
        Whether it must give that many.
    scratch : array of uint8, optional
        Of ``most`` bytes, which the result may be put into.

    Raises
    ------
    ValueError, RuntimeError
        If it would give more or, if ``exact``, less, or is damaged.
    """
    view = memoryview(content).cast("B")
    if isinstance(step, numcodecs.GZip | numcodecs.Zlib | numcodecs.BZ2 | numcodecs.LZMA):
        found: Any = _streamed(_decoder_of(step), view, most)
        _check(len(found), most, exact=exact)
        return found
    promised = _promised(step, view)
    if promised is not None:
        _check(promised, most, exact=exact)
    elif isinstance(step, numcodecs.Zstd):
        if exact:
            try:
                return step.decode(content, out=np.empty(most, "u1"))  # fails where there is more or less
            except RuntimeError as error:
                raise ValueError(f"a chunk does not hold the {most} bytes that belong there: {error}") from error
        # Blocks are full, but for the last one and where somebody flushed.
        _check(max(0, _zstd_sizes(view)[1] - ZSTD_BLOCK_BYTES), most, exact=False)
    if isinstance(step, numcodecs.Blosc):
        return step.decode(content, out=scratch if exact and scratch is not None else np.empty(promised or 0, "u1"))
    return step.decode(content)


def encoded_size(step: Any, size: int) -> int:
    """Return how many bytes a codec makes of so many at most.

    Compressors add little to what they cannot compress, checksums a few bytes; filters may widen the numbers.
    """
    if isinstance(step, numcodecs.GZip | numcodecs.Zlib | numcodecs.BZ2 | numcodecs.LZMA | numcodecs.Blosc):
        return size + size // 8 + 1024
    if isinstance(step, numcodecs.Zstd | numcodecs.LZ4) or not hasattr(step, "codec_id"):
        return size + size // 8 + 1024
    return 8 * size + 1024


def _check(size: int, most: int, *, exact: bool) -> None:
    if size > most or (exact and size != most):
        raise ValueError(f"a chunk claims {size} bytes where {'' if exact else 'at most '}{most} belong")


def _promised(step: Any, view: memoryview) -> int | None:
    """Return the size that encoded bytes name; None if they name none.

    Raises
    ------
    ValueError
        If they are not of this format.
    """
    if isinstance(step, numcodecs.Blosc):
        if len(view) < 16:
            raise ValueError("a chunk has no header of blosc")
        return int.from_bytes(view[4:8], "little")
    if isinstance(step, numcodecs.LZ4):
        return int.from_bytes(view[:4], "little")
    return _zstd_sizes(view)[0] if isinstance(step, numcodecs.Zstd) else None


def _decoder_of(step: Any) -> Callable[[], Any]:
    """Return what makes a decoder for a stream, or for the next member of it."""
    if isinstance(step, numcodecs.BZ2):
        return bz2.BZ2Decompressor
    if isinstance(step, numcodecs.LZMA):
        import lzma

        limit = None if step.format == lzma.FORMAT_RAW else LZMA_MEMORY
        return lambda: lzma.LZMADecompressor(step.format, limit, step.filters)
    return lambda: zlib.decompressobj(zlib.MAX_WBITS | 32)


def _streamed(new: Callable[[], Any], view: memoryview, most: int) -> bytearray:
    """Decode a stream of one member or more, but no more than one byte beyond what may be there."""
    found = bytearray()
    decoder = None
    members = 0
    for start in range(0, len(view), STREAM_PIECE_BYTES):
        piece = bytes(view[start : start + STREAM_PIECE_BYTES])
        while piece:
            if decoder is None:
                piece = piece.lstrip(b"\0") if members else piece  # some writers fill up with zeros
                if not piece:
                    break
                decoder = new()
                members += 1
                if members > 16 + most // MEMBER_BYTES:
                    raise ValueError(f"a chunk is a stream of more members than {most} bytes have")
            found += decoder.decompress(piece, most + 1 - len(found))
            if len(found) > most:
                return found
            piece = decoder.unused_data if decoder.eof else b""
            decoder = None if decoder.eof else decoder
    if decoder is not None or not members:
        raise ValueError("the stream of a chunk is cut short")
    return found


def _zstd_sizes(view: memoryview) -> tuple[int | None, int]:
    """Return the size that all zstd frames together name, None if one of them names none, and what they can hold."""
    position = total = most = 0
    unknown = False
    while position < len(view):
        magic = int.from_bytes(view[position : position + 4], "little")
        if magic >> 4 == _SKIPPED_MAGIC:
            position += 8 + int.from_bytes(view[position + 4 : position + 8], "little")
            continue
        if magic != _ZSTD_MAGIC or position + 6 > len(view):
            raise ValueError("a chunk is no frame of zstd")
        descriptor = view[position + 4]
        single = bool(descriptor & 0x20)
        width = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
        start = position + 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
        total += int.from_bytes(view[start : start + width], "little") + (256 if width == 2 else 0)
        unknown = unknown or width == 0
        position, held = _after_blocks(view, start + width)
        position += 4 if descriptor & 4 else 0
        most += held
    if position != len(view) or not position:
        raise ValueError("a frame of zstd is cut short")
    return None if unknown else total, most


def _after_blocks(view: memoryview, position: int) -> tuple[int, int]:
    """Return where the blocks of a zstd frame end, and how many bytes they can hold."""
    most = 0
    while True:
        header = int.from_bytes(view[position : position + 3], "little")
        if position + 3 > len(view):
            raise ValueError("a frame of zstd is cut short")
        kind, size = (header >> 1) & 3, header >> 3
        position += 3 + (1 if kind == 1 else size)  # of kind 1, one byte stands for all
        most += size if kind in (0, 1) else ZSTD_BLOCK_BYTES
        if header & 1:
            return position, most
