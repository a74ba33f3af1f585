"""What is stored: zarr-python reads what is written here, and refuses what is refused here."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import zarr

from omezarr.abc.plan import ArraySpec, Codec
from omezarr.arrays.chunks import coder_of
from omezarr.arrays.stored import StoredArray, array_metadata, write_array_metadata
from omezarr.arrays.targets import LocalTarget
from omezarr.errors import ArgumentError, UnsupportedError
from tests.engine.pyramids import levels_of, noise, read_levels, write

if TYPE_CHECKING:
    from pathlib import Path

BLOSC = Codec("blosc", {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"})
COMMON = [
    BLOSC,
    Codec("zstd", {"level": 3}),
    Codec("zstd", {"checksum": 1}),
    Codec("gzip", {"level": 1}),
    Codec("none"),
]


def spec(**changes: Any) -> ArraySpec:
    given = {"path": "0", "shape": (10, 9), "chunks": (4, 4), "dtype": "uint16", "zarr_format": 3, "codec": BLOSC}
    return ArraySpec(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shards": (6, 4)}, "no multiples of the chunks"),
        ({"chunks": (4,)}, "differ in axes"),
        ({"chunks": (0, 4)}, "must be positive"),
        ({"zarr_format": 2, "dimension_names": ("y", "x")}, "has no dimension names"),
        ({"fill_value": -1}, "not of dtype uint16"),
        ({"codec": Codec("blosc", {"level": 1})}, "has no option 'level'"),
        ({"codec": Codec("blosc", {"clevel": 11})}, "from 0 to 9"),
        ({"codec": Codec("blosc", {"blocksize": -1})}, "blocksize"),
        ({"codec": Codec("blosc", {"blocksize": "large"})}, "blocksize"),
        ({"codec": Codec("blosc", {"shuffle": "maybe"})}, "bitshuffle"),
        ({"codec": Codec("blosc", {"cname": "magic"})}, "choose zstd"),
        ({"codec": Codec("gzip", {"level": "high"})}, "whole number"),
    ],
)
def test_arrays_that_cannot_exist_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        array_metadata(spec(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"zarr_format": 2, "shards": (8, 8)},
        {"dtype": "U4"},
        {"zarr_format": 2, "codec": Codec("magic")},
        {"codec": Codec("magic")},
    ],
    ids=str,
)
def test_what_a_zarr_format_cannot_do_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        array_metadata(spec(**changes))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("codec", COMMON, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64", "float16", "float32", "bool", "complex64"])
def test_zarr_reads_what_common_codecs_write(tmp_path: Path, zarr_format: int, codec: Codec, dtype: str) -> None:
    pixels = noise((5, 9, 7), "float32").astype(dtype) if dtype == "complex64" else noise((5, 9, 7), dtype)
    step = levels_of(pixels, chunks=(2, 4, 4), zarr_format=zarr_format, codec=codec)
    write(tmp_path / "image.zarr", step)
    np.testing.assert_array_equal(read_levels(tmp_path / "image.zarr")[0], pixels)


@pytest.mark.parametrize("codec", COMMON, ids=str)
@pytest.mark.parametrize("shards", [(2, 8, 8), (4, 4, 12)], ids=str)
def test_zarr_reads_shards(tmp_path: Path, codec: Codec, shards: tuple[int, ...]) -> None:
    pixels = noise((5, 17, 13))
    pixels[:2, :8, :8] = 0
    pixels[2, 4:8] = 0
    write(tmp_path / "image.zarr", levels_of(pixels, [(1, 2, 2)], chunks=(2, 4, 4), shards=shards, codec=codec))
    np.testing.assert_array_equal(read_levels(tmp_path / "image.zarr")[0], pixels)


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
@pytest.mark.parametrize(
    ("zarr_format", "codec", "shards"),
    [
        (2, Codec("zlib", {"level": 2}), None),
        (2, Codec("lz4"), None),
        (3, Codec("numcodecs.zlib", {"level": 2}), None),
        (3, Codec("numcodecs.lz4"), (4, 8, 8)),
    ],
    ids=str,
)
def test_uncommon_codecs_are_written_through_zarr(
    tmp_path: Path, zarr_format: int, codec: Codec, shards: tuple[int, ...] | None
) -> None:
    pixels = noise((5, 17, 13))
    pixels[:4, :8, :8] = 0
    step = levels_of(pixels, [(1, 2, 2)], chunks=(2, 4, 4), zarr_format=zarr_format, codec=codec, shards=shards)
    write(tmp_path / "image.zarr", step)
    np.testing.assert_array_equal(read_levels(tmp_path / "image.zarr")[0], pixels)


@pytest.mark.parametrize("fill_value", [0, 7])
def test_units_of_nothing_but_the_fill_value_are_not_stored(tmp_path: Path, fill_value: int) -> None:
    pixels = np.full((8, 8), fill_value, "uint8")
    pixels[5, 5] = 1
    write(tmp_path / "image.zarr", levels_of(pixels, chunks=(4, 4), fill_value=fill_value))
    assert sorted(p.as_posix() for p in (tmp_path / "image.zarr/0/c").rglob("*") if p.is_file()) == [
        (tmp_path / "image.zarr/0/c/1/1").as_posix()
    ]
    np.testing.assert_array_equal(read_levels(tmp_path / "image.zarr")[0], pixels)


def test_minus_zero_is_not_the_fill_value_zero_and_nan_can_be_it(tmp_path: Path) -> None:
    write(tmp_path / "zero.zarr", levels_of(np.full((4,), -0.0), chunks=(4,)))
    assert (tmp_path / "zero.zarr/0/c/0").exists()
    write(tmp_path / "nan.zarr", levels_of(np.full((4,), np.nan), chunks=(4,), fill_value=float("nan")))
    assert not (tmp_path / "nan.zarr/0/c").exists()
    assert np.isnan(read_levels(tmp_path / "nan.zarr")[0]).all()


def test_a_unit_that_becomes_empty_is_removed(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path)
    array = StoredArray(spec(), target)
    write_array_metadata(target, array.spec)
    array.write((0, 0), np.ones((4, 4), "uint16"))
    array.write((0, 0), np.zeros((4, 4), "uint16"))
    assert target.get("0/c/0/0") is None


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("separator", ["/", "."])
def test_metadata_is_what_zarr_would_write(tmp_path: Path, zarr_format: Any, separator: Any) -> None:
    attributes = {"a": 1}
    given = spec(zarr_format=zarr_format, separator=separator, attributes=attributes, fill_value=3)
    write_array_metadata(LocalTarget(tmp_path), given)
    array = zarr.open_array(tmp_path / "0", mode="r", zarr_format=zarr_format)
    assert (array.shape, array.chunks, array.dtype, array.fill_value) == ((10, 9), (4, 4), np.dtype("uint16"), 3)
    assert dict(array.attrs) == attributes
    assert array.metadata.encode_chunk_key((1, 2)).endswith(f"1{separator}2")


@pytest.mark.parametrize(
    "codec", [*COMMON, Codec("blosc", {"cname": "zstd", "clevel": 5, "shuffle": "shuffle"})], ids=str
)
def test_bytes_are_the_same_whichever_thread_encodes(codec: Codec) -> None:
    block = (np.arange(512 * 512, dtype="uint16") % 977).reshape(512, 512)
    coder = coder_of(json.loads(json.dumps(array_metadata(spec(shape=(512, 512), chunks=(512, 512), codec=codec)))))
    found: set[bytes] = {bytes(coder.encode(block))}  # type: ignore[union-attr,arg-type]

    def encode() -> None:
        found.add(bytes(coder.encode(block)))  # type: ignore[union-attr,arg-type]

    threads = [threading.Thread(target=encode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_settings_of_numcodecs_and_zarr_stay_as_they_are(tmp_path: Path) -> None:
    before = numcodecs.blosc.use_threads, numcodecs.blosc.get_nthreads(), json.dumps(zarr.config.config, default=str)
    write(tmp_path / "image.zarr", levels_of(noise((64, 64)), [(2, 2)], chunks=(16, 16), codec=BLOSC))
    assert before == (
        numcodecs.blosc.use_threads, numcodecs.blosc.get_nthreads(), json.dumps(zarr.config.config, default=str)
    )  # fmt: skip


@pytest.mark.parametrize("shards", [None, (8, 8)], ids=str)
def test_units_of_nothing_but_the_fill_value_are_stored_where_asked(tmp_path: Path, shards: Any) -> None:
    target = LocalTarget(tmp_path)
    array = StoredArray(spec(shape=(8, 8), shards=shards, write_empty=True), target)
    write_array_metadata(target, array.spec)
    array.write((0, 0), np.zeros(array.spec.unit, "uint16"))
    assert target.get("0/c/0/0") is not None
    assert not zarr.open_array(tmp_path / "0", mode="r")[...].any()
