"""Decoding: what is right comes back, what claims more than belongs there costs no memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import zarr

import omezarr
from omezarr.arrays.bounded import decoded_within, encoded_size
from omezarr.arrays.reading import ArrayReader
from omezarr.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 4096
"""The bytes of the chunk that the bombs claim to be."""

BOMB = bytes(64 * 1024 * 1024)
MOST_MEMORY = 16 * 1024 * 1024

PLAIN = np.random.default_rng(0).integers(0, 9, SIZE).astype("u1").tobytes()


def zstd_without_size(content: bytes) -> bytes:
    """Return a frame of raw blocks that does not name its size."""
    blocks = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    frame = b"\x28\xb5\x2f\xfd\x00\x50"
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        frame += (len(block) << 3 | last).to_bytes(3, "little") + block
    return frame


def zstd_repeating(blocks: int) -> bytes:
    """Return a frame that does not name its size, of blocks of one byte that stands for 128 KiB."""
    frame = b"\x28\xb5\x2f\xfd\x00\x50"
    for number in range(blocks):
        frame += (131072 << 3 | 1 << 1 | (number == blocks - 1)).to_bytes(3, "little") + b"\x07"
    return frame


def compressed(codec: Any, content: bytes) -> bytes:
    return bytes(codec.encode(content))


ZSTD, BLOSC, LZ4 = numcodecs.Zstd(1), numcodecs.Blosc("zstd"), numcodecs.LZ4()
GZIP, ZLIB, BZ2, LZMA = numcodecs.GZip(1), numcodecs.Zlib(1), numcodecs.BZ2(1), numcodecs.LZMA()

ZEROS_BEHIND = "gzip, zeros behind"
GOOD: dict[str, tuple[Any, bytes]] = {
    **{codec.codec_id: (codec, compressed(codec, PLAIN)) for codec in (ZSTD, BLOSC, LZ4, GZIP, ZLIB, BZ2, LZMA)},
    "gzip members": (GZIP, gzip.compress(PLAIN[:1000]) + gzip.compress(PLAIN[1000:])),
    ZEROS_BEHIND: (GZIP, gzip.compress(PLAIN[:1000]) + gzip.compress(PLAIN[1000:]) + bytes(20)),
    "bz2 streams": (BZ2, bz2.compress(PLAIN[:1000]) + bz2.compress(PLAIN[1000:])),
    "lzma streams": (LZMA, lzma.compress(PLAIN[:1000]) + lzma.compress(PLAIN[1000:])),
    "zstd frames": (ZSTD, compressed(ZSTD, PLAIN[:1000]) + compressed(ZSTD, PLAIN[1000:])),
    "zstd skipping": (ZSTD, b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + compressed(ZSTD, PLAIN)),
    "zstd without size": (ZSTD, zstd_without_size(PLAIN)),
    "zstd checksum": (numcodecs.Zstd(1, checksum=True), compressed(numcodecs.Zstd(1, checksum=True), PLAIN)),
}

BOMBS: list[tuple[str, Any, bytes]] = [
    ("gzip", GZIP, gzip.compress(BOMB)),
    ("a later member", GZIP, gzip.compress(PLAIN[:100]) + gzip.compress(BOMB)),
    ("many members", GZIP, gzip.compress(b"") * 100_000),
    ("zlib", ZLIB, zlib.compress(BOMB)),
    ("bz2", BZ2, bz2.compress(BOMB)),
    ("a later bz2", BZ2, bz2.compress(PLAIN[:100]) + bz2.compress(BOMB)),
    ("lzma", LZMA, lzma.compress(BOMB)),
    ("lzma dictionary", LZMA, lzma.compress(PLAIN, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])),
    ("lz4", LZ4, compressed(LZ4, BOMB)),
    ("blosc", BLOSC, compressed(BLOSC, BOMB)),
    ("zstd", ZSTD, compressed(ZSTD, BOMB)),
    ("a later frame", ZSTD, compressed(ZSTD, PLAIN[:100]) + compressed(ZSTD, BOMB)),
    ("zstd without size", ZSTD, zstd_repeating(500)),
]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_comes_back(name: str) -> None:
    codec, content = GOOD[name]
    assert bytes(decoded_within(codec, content, SIZE, exact=True)) == PLAIN
    assert bytes(decoded_within(codec, content, SIZE + 100, exact=False)) == PLAIN


@pytest.mark.parametrize("name", [name for name in GOOD if name != ZEROS_BEHIND])
@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c[: len(c) // 2], lambda c: c[:3], lambda c: c[:0]])
def test_what_is_cut_short_is_refused(name: str, change: Callable[[bytes], bytes]) -> None:
    codec, content = GOOD[name]
    with pytest.raises((ValueError, RuntimeError, EOFError)):
        decoded_within(codec, change(content), SIZE, exact=True)


@pytest.mark.parametrize("name", GOOD)
def test_no_more_and_no_less_than_belongs_there_is_decoded(name: str) -> None:
    codec, content = GOOD[name]
    with pytest.raises((ValueError, RuntimeError)):
        decoded_within(codec, content, SIZE - 1, exact=True)
    if content != zstd_without_size(PLAIN):  # whose size is known once it is decoded
        with pytest.raises(ValueError, match=f"a chunk claims [0-9]+ bytes where at most {SIZE - 1} belong"):
            decoded_within(codec, content, SIZE - 1, exact=False)
        with pytest.raises(ValueError, match=f"a chunk claims {SIZE} bytes where {SIZE + 1} belong"):
            decoded_within(codec, content, SIZE + 1, exact=True)


@pytest.mark.parametrize(("codec", "content"), [bomb[1:] for bomb in BOMBS], ids=[bomb[0] for bomb in BOMBS])
@pytest.mark.parametrize("exact", [True, False])
def test_bombs_are_refused_in_little_memory(codec: Any, content: bytes, exact: bool) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, RuntimeError, lzma.LZMAError)):
            decoded_within(codec, content, SIZE, exact=exact)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("codec", [ZSTD, BLOSC, LZ4, GZIP, ZLIB, BZ2, LZMA])
@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_what_cannot_be_compressed_stays_below_the_size_that_is_allowed(codec: Any, size: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, size).astype("u1").tobytes()
    assert len(compressed(codec, noise)) <= encoded_size(codec, size)


CHAINS: dict[str, tuple[list[Any], Callable[[bytes], bytes]]] = {
    "gzip around zstd": ([zarr.codecs.ZstdCodec(), zarr.codecs.GzipCodec()], lambda _: gzip.compress(BOMB)),
    "zstd around gzip": (
        [zarr.codecs.GzipCodec(), zarr.codecs.ZstdCodec()],
        lambda _: compressed(ZSTD, BOMB),
    ),
    "gzip in zstd": (
        [zarr.codecs.GzipCodec(), zarr.codecs.ZstdCodec()],
        lambda _: compressed(ZSTD, gzip.compress(BOMB)),
    ),
    "blosc around zstd": ([zarr.codecs.ZstdCodec(), zarr.codecs.BloscCodec()], lambda _: compressed(BLOSC, BOMB)),
}


@pytest.mark.parametrize("shards", [None, (64, 64)])
@pytest.mark.parametrize("chain", CHAINS)
def test_every_step_of_a_chain_is_bounded(tmp_path: Path, chain: str, shards: Any) -> None:
    codecs, bomb = CHAINS[chain]
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64)).astype("u1")
    array = zarr.create_array(tmp_path, shape=(64, 64), chunks=(64, 64), shards=shards, dtype="u1", compressors=codecs)
    array[...] = pixels
    whole = (slice(0, 64), slice(0, 64))
    assert np.array_equal(ArrayReader(array).read(whole), pixels)
    path = tmp_path / "c/0/0"
    content = bomb(path.read_bytes())
    if shards:
        import google_crc32c

        index = (0).to_bytes(8, "little") + len(content).to_bytes(8, "little")
        content += index + int(google_crc32c.value(index)).to_bytes(4, "little")
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(StorageError, match=r"c/0/0 .* cannot be decoded"):
            ArrayReader(array).read(whole)
        with pytest.raises(StorageError, match=r"c/0/0 .* cannot be decoded"):
            ArrayReader(array).holds((0, 0))
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def test_a_bomb_is_one_line_of_a_validation(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", np.ones((64, 64), "u1"), axes="yx", levels=1, codec="gzip", format="0.5")
    Path(tmp_path, "a.zarr/0/c/0/0").write_bytes(gzip.compress(b"x") + gzip.compress(BOMB))
    tracemalloc.start()
    try:
        report = omezarr.validate(tmp_path / "a.zarr", depth="data")
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    told = [problem for problem in report if problem.rule == "arrays.chunks.readable"]
    assert len(told) == 1
    assert "a chunk claims 4097 bytes where 4096 belong" in told[0].found
    assert "\n" not in told[0].found
