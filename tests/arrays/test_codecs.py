"""Codecs in the words of both zarr formats and of numcodecs, and what is made of metadata that is malformed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

from omezarr.abc.plan import Codec
from omezarr.arrays.chunks import ChunkCoder, coder_of
from omezarr.arrays.codecs import Obstacle, codec_of, codecs_of, compressor_of, step_of, v2_compressor, v3_codecs
from omezarr.arrays.defaults import fitting_shards
from omezarr.arrays.reading import ArrayReader
from omezarr.arrays.specs import document_of
from omezarr.errors import ArgumentError, MetadataError
from omezarr.model import Axis

CODECS = [
    Codec("none"),
    Codec("zstd"),
    Codec("zstd", {"level": 3, "checksum": True}),
    Codec("gzip", {"level": 9}),
    Codec("blosc"),
    *(
        Codec("blosc", {"cname": "lz4", "clevel": 9, "shuffle": name})
        for name in ("noshuffle", "shuffle", "bitshuffle")
    ),
]


@pytest.mark.parametrize("codec", CODECS, ids=str)
def test_both_formats_say_the_same_and_zarr_reads_what_the_coder_writes(codec: Codec) -> None:
    compressor, codecs = v2_compressor(codec), v3_codecs(codec, 2)
    assert codecs_of(compressor, None, 2) == codecs
    assert compressor_of(codecs) == compressor
    assert [step_of(one) for one in codecs] == [numcodecs.get_codec(dict(one)) for one in [compressor] if one]  # type: ignore[arg-type]
    document: dict[str, Any] = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [64, 64],
        "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [64, 64]}},
        "chunk_key_encoding": {"name": "default"},
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, *codecs],
    }
    coder = coder_of(document)
    assert isinstance(coder, ChunkCoder)
    pixels = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
    store = MemoryStore()
    array = zarr.Array(zarr.core.array.AsyncArray.from_dict(zarr.storage.StorePath(store, ""), document))
    content = coder.encode(pixels)
    store._store_dict["c/0/0"] = zarr.core.buffer.default_buffer_prototype().buffer.from_bytes(bytes(content))
    assert np.array_equal(array[...], pixels)  # type: ignore[arg-type]
    again = codec_of(document)
    assert again is not None
    assert v3_codecs(again, 2) == codecs
    assert codec_of({"zarr_format": 2, "compressor": compressor}) == again


@pytest.mark.parametrize("typesize", [1, 2, 8])
def test_the_typesize_of_blosc_is_that_of_the_metadata(typesize: int) -> None:
    codec: Any = {"name": "blosc", "configuration": {"cname": "zstd", "clevel": 1, "shuffle": "shuffle"}}
    codec["configuration"]["typesize"] = typesize
    assert bytes(step_of(codec).encode(np.arange(1000, dtype="uint16")))[3] == typesize


@pytest.mark.parametrize(
    "codecs",
    [
        ["crc32c"],
        ["zstd", "gzip"],
        [{"name": "numcodecs.pcodec"}],
        [{"name": "blosc", "configuration": {"shuffle": 7}}],
    ],
)
def test_what_format_2_cannot_say_is_an_obstacle(codecs: list[Any]) -> None:
    assert isinstance(compressor_of(codecs), Obstacle)


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
@pytest.mark.parametrize("name", ["Zlib", "LZ4", "BZ2", "LZMA"])
def test_the_extensions_of_zarr_python_are_decoded_like_those_of_format_2(name: str) -> None:
    store = MemoryStore()
    codec = getattr(zarr.codecs.numcodecs, name)()
    array = zarr.create_array(store, shape=(8, 8), chunks=(4, 4), dtype="uint16", compressors=[codec])
    array[...] = np.arange(64).reshape(8, 8)
    reader = ArrayReader(array)
    assert isinstance(reader._coder, ChunkCoder)
    assert np.array_equal(reader.read((slice(0, 8), slice(0, 8))), np.arange(64).reshape(8, 8))


UNKNOWN: list[Any] = [
    lambda d: d["codecs"].append({"name": "somebody.else"}),
    lambda d: d.update(data_type="r16"),
    lambda d: d.update(data_type={"name": "struct", "configuration": {}}),
    lambda d: d["chunk_grid"].update(name="rectangular"),
    lambda d: d.update(fill_value="0x7fc0"),
    lambda d: d.update(storage_transformers=[{"name": "x"}]),
]
MALFORMED: list[Any] = [
    lambda d: d.pop("codecs"),
    lambda d: d.update(codecs=5),
    lambda d: d["codecs"].append({"name": "blosc", "configuration": {"shuffle": "sideways"}}),
    lambda d: d["codecs"].insert(0, {"name": "transpose", "configuration": {}}),
    lambda d: d["codecs"].insert(0, {"name": "transpose", "configuration": {"order": [7, 8]}}),
    lambda d: d["chunk_grid"]["configuration"].pop("chunk_shape"),
    lambda d: d["chunk_grid"].update(configuration=None),
    lambda d: d.pop("fill_value"),
    lambda d: d.update(fill_value={}),
    lambda d: d.update(codecs=[{"name": "sharding_indexed", "configuration": {}}]),
]


def a_document() -> dict[str, Any]:
    array = zarr.create_array(MemoryStore(), shape=(8, 8), chunks=(4, 4), dtype="uint16")
    document = deepcopy(document_of(array))
    return {**document, "codecs": list(document["codecs"])}


@pytest.mark.parametrize("change", UNKNOWN)
def test_what_is_not_known_is_left_to_zarr(change: Any) -> None:
    document = a_document()
    change(document)
    assert coder_of(document) is None


@pytest.mark.parametrize("change", MALFORMED)
def test_what_is_malformed_is_named_and_left_to_nobody(change: Any) -> None:
    document = a_document()
    change(document)
    with pytest.raises(MetadataError, match="the metadata of an array is malformed"):
        coder_of(document)


def test_malformed_metadata_of_format_2_is_named_and_unknown_codecs_are_left_to_zarr() -> None:
    array = zarr.create_array(MemoryStore(), shape=(8, 8), chunks=(4, 4), dtype="uint16", zarr_format=2)
    document = document_of(array)
    assert isinstance(coder_of(document), ChunkCoder)
    assert coder_of({**document, "compressor": {"id": "somebody.else"}}) is None
    assert coder_of({**document, "dtype": "|O"}) is None
    assert coder_of({**document, "dtype": [["a", "<u2"]]}) is None
    for wrong in ({"compressor": {"id": "zstd", "nonsense": 1}}, {"chunks": None}, {"order": 5, "shape": None}):
        with pytest.raises(MetadataError, match="malformed"):
            coder_of({**document, **wrong})


def test_shards_are_rounded_to_what_they_can_be() -> None:
    axes = (Axis(name="y", type="space"), Axis(name="x", type="space"))
    assert fitting_shards((64, 64), (16, 16), (1000, 20), axes) == (64, 32)
    assert fitting_shards((70, 64), (16, 16), (70, 0), axes) == (80, 16)
    with pytest.raises(ArgumentError, match="along y, a shard of 70 is no multiple of a chunk of 16"):
        fitting_shards((70, 64), (16, 16), (71, 64), axes)
