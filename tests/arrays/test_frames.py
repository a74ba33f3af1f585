"""Parts of blosc frames."""

from __future__ import annotations

import struct
from typing import Any

import numcodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omezarr.arrays.chunks import ChunkCoder
from omezarr.arrays.frames import frame_part

HEADER = struct.Struct("<4B3i")


def frame_of(pixels: Any, **options: Any) -> bytes:
    return bytes(numcodecs.Blosc(**options).encode(pixels))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_part_holds_what_the_whole_holds_there(data: st.DataObject) -> None:
    dtype = np.dtype(data.draw(st.sampled_from(["u1", "u2", "f4", "f8"])))
    count = data.draw(st.integers(1, 30_000))
    pixels = (np.arange(count) // data.draw(st.sampled_from([1, 7, 300]))).astype(dtype)
    codec = numcodecs.Blosc(
        data.draw(st.sampled_from(["zstd", "lz4", "blosclz", "zlib", "lz4hc"])),
        data.draw(st.integers(0, 5)),
        data.draw(st.integers(0, 2)),
        data.draw(st.sampled_from([0, 1024, 4096, 10_000, 65_536])),
    )
    frame = bytes(codec.encode(pixels))
    first = data.draw(st.integers(0, pixels.nbytes - 1))
    last = data.draw(st.integers(first + 1, pixels.nbytes))
    found = frame_part(memoryview(frame), pixels.nbytes, first, last)
    if found is None:
        return
    part, begin, end = found
    assert begin <= first < last <= end
    assert end - begin < pixels.nbytes
    assert bytes(codec.decode(part)) == pixels.tobytes()[begin:end]


def test_a_plane_of_a_chunk_takes_few_of_its_blocks() -> None:
    pixels = np.random.default_rng(0).integers(0, 500, (16, 256, 256), dtype="uint16")
    frame = frame_of(pixels, cname="zstd", clevel=1, shuffle=2, blocksize=32_768)
    found = frame_part(memoryview(frame), pixels.nbytes, 3 * 131_072, 4 * 131_072)
    assert found is not None
    assert found[1:] == (3 * 131_072, 4 * 131_072)
    assert len(found[0]) < len(frame) / 12


def test_the_end_that_is_shorter_than_a_block_comes_with_the_block_before_it() -> None:
    pixels = np.arange(10_000, dtype="uint8") % 7
    frame = frame_of(pixels, cname="zstd", blocksize=4096)
    found = frame_part(memoryview(frame), pixels.nbytes, 9_990, 10_000)
    assert found is not None
    assert found[1:] == (4096, 10_000)
    assert bytes(numcodecs.Blosc().decode(found[0])) == pixels.tobytes()[4096:]


@pytest.mark.parametrize(
    ("place", "value"), [(0, 3), (4, 17), (8, 0), (8, -5), (12, 1), (16, 3), (16, -1), (16, 2**31 - 1), (20, 36)]
)
def test_a_frame_that_is_not_what_it_should_be_is_left_whole(place: int, value: int) -> None:
    pixels = np.arange(20_000, dtype="uint8") % 11
    frame = bytearray(frame_of(pixels, cname="zstd", blocksize=4096))
    struct.pack_into("<b" if place == 0 else "<i", frame, place, value)
    if place == 20:
        struct.pack_into("<i", frame, 16, value)  # two blocks at one place
    assert frame_part(memoryview(bytes(frame)), pixels.nbytes, 0, 100) is None


def test_what_is_too_short_or_cut_is_left_whole() -> None:
    pixels = np.arange(20_000, dtype="uint8") % 11
    frame = frame_of(pixels, cname="zstd", blocksize=4096)
    for size in (0, 15, 16, 30, len(frame) - 1):
        assert frame_part(memoryview(frame[:size]), pixels.nbytes, 0, 100) is None


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_part_of_a_chunk_is_that_of_the_whole_in_any_storage_order(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 24), min_size=1, max_size=4)))
    order = tuple(data.draw(st.permutations(range(len(shape)))))
    dtype = np.dtype(data.draw(st.sampled_from(["<u2", ">u2", "<f4", "|u1"])))
    steps = (numcodecs.Blosc("zstd", 1, 1, 1024),)
    coder = ChunkCoder(shape, dtype, dtype.type(0), order, steps)
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    content = coder.encode(pixels)
    starts = [data.draw(st.integers(0, size - 1)) for size in shape]
    part = tuple(slice(start, data.draw(st.integers(start, size))) for start, size in zip(starts, shape, strict=True))
    scratch = np.empty(coder.nbytes, "u1")
    assert (coder.decode_part(content, part, scratch) == pixels[part]).all()


def test_damage_in_a_block_is_an_error_where_the_block_is_wanted() -> None:
    pixels = np.random.default_rng(0).integers(0, 500, 20_000, dtype="uint16")
    coder = ChunkCoder(pixels.shape, pixels.dtype, np.uint16(0), (0,), (numcodecs.Blosc("zstd", 1, 1, 4096),))
    content = bytearray(memoryview(coder.encode(pixels)).cast("B"))  # type: ignore[arg-type]
    start = HEADER.size + 4 * 10
    content[start + 4 : start + 60] = b"\xff" * 56
    scratch = np.empty(coder.nbytes, "u1")
    with pytest.raises(RuntimeError):
        coder.decode_part(bytes(content), (slice(0, 100),), scratch)
