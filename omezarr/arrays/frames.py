"""Parts of blosc frames: a frame is a header and blocks that are compressed each by itself.

Whoever wants a plane of a chunk need not decode the whole chunk: a frame of the blocks that hold the plane is as good
a frame as any.
"""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<4B3i")
_MEMCPYED = 0x02
_VERSION = 2


def frame_part(frame: memoryview, nbytes: int, first: int, last: int) -> tuple[bytes, int, int] | None:
    """Return a smaller frame that holds a part of what a frame holds.

    Parameters
    ----------
    frame : memoryview
        Of bytes.
    nbytes : int
        The size of what it holds.
    first, last : int
        The part that is wanted, in bytes of what it holds.

    Returns
    -------
    (bytes, int, int) or None
        The smaller frame, and where in the whole begins and ends what it holds. None where there is nothing to gain, or
        the frame is not what it should be: then it is to be decoded as a whole, which says what is wrong.

    Examples
    --------
    >>> import numcodecs, numpy as np
    >>> pixels = np.arange(100_000, dtype="uint16")
    >>> codec = numcodecs.Blosc("zstd", blocksize=16_384)
    >>> part, begin, end = frame_part(memoryview(codec.encode(pixels)), pixels.nbytes, 40_000, 40_100)
    >>> begin, end
    (32768, 49152)
    >>> bool((np.frombuffer(codec.decode(part), "uint16") == pixels[begin // 2 : end // 2]).all())
    True
    """
    if len(frame) < _HEADER.size:
        return None
    version, version_of_codec, flags, typesize, promised, blocksize, size = _HEADER.unpack_from(frame)
    if version != _VERSION or promised != nbytes or size != len(frame) or blocksize <= 0 or flags & _MEMCPYED:
        return None
    count = -(-nbytes // blocksize)
    low, high = first // blocksize, -(-last // blocksize)
    if high == count and nbytes % blocksize:
        low = min(low, max(0, count - 2))  # what is shorter than a block cannot stand alone
    table = _HEADER.size + 4 * count
    if high - low >= count or table > size:
        return None
    starts = struct.unpack_from(f"<{count}i", frame, _HEADER.size)
    if min(starts) < table or max(starts) >= size:
        return None
    ends = dict(zip(sorted(starts), [*sorted(starts)[1:], size], strict=True))
    if len(ends) != count:
        return None
    blocks = [frame[start : ends[start]] for start in starts[low:high]]
    offset = _HEADER.size + 4 * len(blocks)
    moved = []
    for block in blocks:
        moved.append(offset)
        offset += len(block)
    begin, end = low * blocksize, min(high * blocksize, nbytes)
    header = _HEADER.pack(version, version_of_codec, flags, typesize, end - begin, blocksize, offset)
    return b"".join([header, struct.pack(f"<{len(moved)}i", *moved), *blocks]), begin, end
