"""Reading regions directly: the same pixels as through zarr-python, and nothing hostile is decompressed."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from zarr.storage import MemoryStore

from omezarr.arrays.reading import ArrayReader, read_region
from omezarr.errors import StorageError
from tests.engine.pyramids import modest, noise

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = (slice(1, 4), slice(3, 17), slice(0, 13))
WHOLE = (slice(0, 5), slice(0, 17), slice(0, 13))


def made(store: Any, **options: Any) -> zarr.Array[Any]:
    dtype = np.dtype(options.pop("dtype", "uint16"))
    pixels = noise((5, 17, 13), dtype.newbyteorder("=").name).astype(dtype)
    pixels[0:2, 0:4, 0:4] = options.get("fill_value", 0)
    array = zarr.create_array(store, shape=pixels.shape, dtype=pixels.dtype, chunks=(2, 4, 4), **options)
    array[...] = pixels
    return array


V3 = [
    {},
    {"compressors": zarr.codecs.BloscCodec(cname="zstd", clevel=1)},
    {"compressors": zarr.codecs.GzipCodec(level=1)},
    {"compressors": None},
    {"compressors": [zarr.codecs.ZstdCodec(level=1, checksum=True), zarr.codecs.Crc32cCodec()]},
    {"filters": zarr.codecs.TransposeCodec(order=(2, 0, 1))},
    {"serializer": zarr.codecs.BytesCodec(endian="big")},
    {"shards": (4, 8, 8)},
    {"shards": (4, 8, 8), "compressors": zarr.codecs.BloscCodec(), "fill_value": 9},
    {"chunk_key_encoding": {"name": "v2", "separator": "."}},
    {"dtype": "float32", "fill_value": float("nan")},
]
V2: list[dict[str, Any]] = [
    {},
    {"order": "F"},
    {"compressors": numcodecs.Blosc("lz4")},
    {"compressors": numcodecs.LZ4()},
    {"compressors": None, "filters": [numcodecs.Delta("uint16")]},
    {"dtype": ">i4"},
]


@pytest.mark.parametrize("options", [{**o, "zarr_format": f} for f, given in ((3, V3), (2, V2)) for o in given])
@pytest.mark.parametrize("kind", ["local", "memory"])
@pytest.mark.parametrize("threads", [1, 3])
def test_pixels_are_those_that_zarr_reads(tmp_path: Path, options: dict[str, Any], kind: str, threads: int) -> None:
    array = made(tmp_path / "a.zarr" if kind == "local" else MemoryStore(), **options)
    assert ArrayReader(array)._coder is not None
    for region in (REGION, WHOLE):
        found = read_region(array, region, threads)
        np.testing.assert_array_equal(found, array[region])
        assert found.dtype.isnative


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
def test_uncommon_codecs_are_read_through_zarr() -> None:
    from zarr.codecs.numcodecs import Delta

    array = made(MemoryStore(), filters=[Delta(dtype="uint16")])
    assert ArrayReader(array)._coder is None
    np.testing.assert_array_equal(read_region(array, REGION, 2), array[REGION])


@modest
@given(
    shape=st.lists(st.integers(1, 12), min_size=1, max_size=3), chunk=st.integers(1, 5), shard=st.integers(1, 3),
    edges=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=3),
)  # fmt: skip
def test_any_region_of_any_shape_is_read(
    shape: list[int], chunk: int, shard: int, edges: list[tuple[int, int]]
) -> None:
    pixels = noise(tuple(shape))
    array = zarr.create_array(
        {}, shape=shape, dtype="uint16", chunks=[chunk] * len(shape), shards=[chunk * shard] * len(shape)
    )
    array[...] = pixels
    region = tuple(
        slice(min(a, b, length), min(max(a, b), length)) for (a, b), length in zip(edges, shape, strict=False)
    )
    np.testing.assert_array_equal(read_region(array, region, 2), pixels[region])


def test_an_array_without_axes_is_read() -> None:
    array = zarr.create_array({}, shape=(), dtype="int32", chunks=())
    array[...] = 5
    assert read_region(array, (), 1) == 5


def damaged(array: zarr.Array[Any], change: Callable[[bytes], bytes]) -> None:
    path = Path(array.store.root, array.path, "c/0/0/0")  # type: ignore[attr-defined]
    path.write_bytes(change(path.read_bytes()))


def gzip_bomb(content: bytes) -> bytes:
    return gzip.compress(bytes(50_000_000), 9)


def blosc_bomb(content: bytes) -> bytes:
    return bytes(numcodecs.Blosc("zstd").encode(bytes(50_000_000)))


def zstd_bomb(content: bytes) -> bytes:
    return bytes(numcodecs.Zstd(1).encode(bytes(50_000_000)))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("compressor", "change"),
    [
        (zarr.codecs.GzipCodec(), gzip_bomb),
        (zarr.codecs.BloscCodec(), blosc_bomb),
        (zarr.codecs.ZstdCodec(), zstd_bomb),
        (None, lambda content: content[:-2]),
        (zarr.codecs.GzipCodec(), lambda content: content[:-9]),
        (zarr.codecs.ZstdCodec(), lambda content: content[:-9]),
        (zarr.codecs.BloscCodec(), lambda content: content[:10]),
        ([zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()], lambda content: content[:20] + b"x" + content[21:]),
        (zarr.codecs.GzipCodec(), lambda content: gzip.compress(zlib.decompress(content, 31)[:-2])),
    ],
    ids=["gzip bomb", "blosc bomb", "zstd bomb", "short", "cut gzip", "cut zstd", "cut blosc", "checksum", "too small"],
)
def test_damaged_and_hostile_chunks_are_refused_by_name(
    tmp_path: Path, compressor: Any, change: Callable[[bytes], bytes], threads: int
) -> None:
    pixels = noise((4, 8, 8))
    array = zarr.create_array(
        tmp_path, name="a", shape=pixels.shape, dtype="uint16", chunks=(4, 8, 8), compressors=compressor
    )
    array[...] = pixels
    damaged(array, change)
    with pytest.raises(StorageError, match="a/c/0/0/0"):
        read_region(array, (slice(0, 4), slice(0, 8), slice(0, 8)), threads)


def test_a_damaged_index_of_a_shard_is_refused(tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path, name="a", shape=(4, 8, 8), dtype="uint8", chunks=(2, 4, 4), shards=(4, 8, 8))
    array[...] = noise((4, 8, 8), "uint8")
    damaged(array, lambda content: content[:-3] + b"xyz")
    with pytest.raises(StorageError, match="checksum"):
        read_region(array, (slice(0, 4), slice(0, 8), slice(0, 8)), 1)
