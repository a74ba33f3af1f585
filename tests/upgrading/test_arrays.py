"""How arrays of the two zarr formats describe the same chunks, and which cannot be carried over."""

import json
import re
import warnings

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import BloscCodec, BytesCodec, GzipCodec, TransposeCodec, ZstdCodec
from zarr.storage import MemoryStore

from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.arrays.codecs import Obstacle
from omezarr.arrays.reading import read_region
from omezarr.errors import MetadataError
from omezarr.hierarchy import Hierarchy, ZarrNode
from omezarr.upgrading.arrays import DimensionLabels, LevelLabels, described, relabelled
from tests.upgrading.upgrade_cases import objects_in, put

LAW = settings(max_examples=60, deadline=None, derandomize=True)

USUAL = {
    2: {
        "zarr_format": 2,
        "shape": [4, 6],
        "chunks": [2, 3],
        "dtype": "<u2",
        "compressor": None,
        "fill_value": 0,
        "order": "C",
        "filters": None,
    },
    3: {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [4, 6],
        "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "storage_transformers": [],
    },
}
BYTES = USUAL[3]["codecs"]


def array_node(zarr_format: int, attributes: dict | None = None, **metadata: object) -> ZarrNode:
    """Return the metadata of an array, with usual values for what is not given."""
    return ZarrNode(
        path="0",
        kind="array",
        zarr_format=zarr_format,
        attributes=attributes or {},
        metadata={**USUAL[zarr_format], **metadata},
    )


def moved(node: ZarrNode) -> dict | Obstacle:
    """Return the document of an array in the other format, with the chunks named as in format 2."""
    keys = ChunkKeys.of(node)
    new = ChunkKeys("v2", keys.separator, keys.ndim)
    return described(5 - node.zarr_format, node, DimensionLabels(attributes=node.attributes), new)


@pytest.mark.parametrize(
    ("metadata", "said", "rewritable"),
    [
        ({"dtype": "|O", "filters": [{"id": "vlen-utf8"}]}, "objects", False),
        ({"dtype": [["a", "<i4"], ["b", "<f8"]]}, "structured", False),
        ({"dtype": "|S10"}, r"\|S10", False),
        ({"dtype": "<U4"}, "<U4", False),
        ({"dtype": "<M8[ns]"}, "M8", False),
        ({"dtype": "|V8"}, "V8", False),
        ({"filters": [{"id": "delta", "dtype": "<u2"}]}, r"filters \(delta\)", True),
        ({"compressor": {"id": "imagecodecs_jpeg2k"}}, "imagecodecs_jpeg2k", True),
        ({"compressor": {"level": 1}}, "malformed compressor", False),
        ({"fill_value": "x"}, "zarr does not understand", False),
        ({"chunks": None}, "malformed metadata", False),
    ],
)
def test_what_format_3_cannot_describe_is_told(metadata: dict, said: str, rewritable: bool) -> None:
    obstacle = moved(array_node(2, **metadata))
    assert isinstance(obstacle, Obstacle)
    assert re.search(said, obstacle.reason)
    assert obstacle.rewritable is rewritable


@pytest.mark.parametrize(
    ("metadata", "said", "rewritable"),
    [
        ({"data_type": "r16"}, "r16", False),
        ({"data_type": {"name": "numpy.datetime64", "configuration": {}}}, r"numpy\.datetime64", False),
        ({"chunk_grid": {"name": "rectangular", "configuration": {}}}, "rectangular", True),
        ({"storage_transformers": [{"name": "x"}]}, "storage transformers", False),
        ({"codecs": [{"name": "sharding_indexed", "configuration": {}}]}, "sharded", True),
        ({"codecs": [{"name": "transpose", "configuration": {"order": [1, 0, 2]}}, *BYTES]}, r"\[1, 0, 2\]", True),
        ({"codecs": [{"name": "vlen-utf8"}]}, "vlen-utf8", True),
        ({"codecs": [*BYTES, {"name": "gzip"}, {"name": "crc32c"}]}, "gzip, crc32c", True),
        ({"codecs": [*BYTES, {"name": "crc32c"}]}, "crc32c", True),
        ({"codecs": []}, "nothing known", True),
        ({"shape": 3}, "malformed metadata", False),
    ],
)
def test_what_format_2_cannot_describe_is_told(metadata: dict, said: str, rewritable: bool) -> None:
    node = array_node(3, **metadata)
    obstacle = described(2, node, DimensionLabels(attributes={}), ChunkKeys("v2", "/", 2))
    assert isinstance(obstacle, Obstacle)
    assert re.search(said, obstacle.reason)
    assert obstacle.rewritable is rewritable


def values(dtype: str) -> np.ndarray:
    numbers = np.random.default_rng(2).integers(0, 2, 35) if dtype == "|b1" else np.arange(35) * 7 % 97
    return (numbers * (1 + 2j) if dtype[1] == "c" else numbers).astype(dtype).reshape(5, 7)


def in_format_3(store: MemoryStore) -> np.ndarray:
    """Describe the array of format 2 in a store anew, remove what described it, and return its pixels."""
    node = Hierarchy(store).node()
    document = moved(node)
    assert not isinstance(document, Obstacle), document
    objects = {key: content for key, content in objects_in(store).items() if not key.startswith(".z")}
    new = MemoryStore()
    put(new, {**objects, "zarr.json": json.dumps(document).encode()})
    array = zarr.open_array(new, mode="r", zarr_format=3)
    whole = tuple(slice(0, size) for size in array.shape)
    pixels = array[...]
    np.testing.assert_array_equal(read_region(array, whole, threads=1), pixels)
    return pixels


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("dtype", ["|b1", "|u1", "|i1", "<u2", ">u2", ">i4", "<u8", ">f4", "<f8", "<f2", "<c8", ">c16"])
def test_chunks_of_format_2_are_read_in_format_3(dtype: str, separator: str, order: str) -> None:
    store = MemoryStore()
    array = zarr.create_array(
        store,
        shape=(5, 7),
        chunks=(2, 3),
        dtype=dtype,
        zarr_format=2,
        order=order,
        fill_value=None,
        compressors=numcodecs.Zstd(1),
        chunk_key_encoding={"name": "v2", "separator": separator},
    )
    array[:4] = values(dtype)[:4]
    np.testing.assert_array_equal(in_format_3(store)[:4], values(dtype)[:4])
    assert not in_format_3(store)[4].any()


@pytest.mark.parametrize(
    "compressor",
    [
        None,
        numcodecs.GZip(3),
        numcodecs.Zstd(3, checksum=True),
        numcodecs.Blosc("lz4", 5, numcodecs.Blosc.SHUFFLE),
        numcodecs.Blosc("zstd", 1, numcodecs.Blosc.BITSHUFFLE),
        numcodecs.Blosc("zlib", 9, numcodecs.Blosc.NOSHUFFLE),
        numcodecs.Blosc("lz4hc", 2, numcodecs.Blosc.AUTOSHUFFLE),
    ],
    ids=str,
)
def test_common_compressors_of_format_2_have_counterparts(compressor: object) -> None:
    store = MemoryStore()
    zarr.create_array(store, shape=(5, 7), chunks=(2, 3), dtype="<u2", zarr_format=2, compressors=compressor)[...] = (
        values("<u2")
    )
    np.testing.assert_array_equal(in_format_3(store), values("<u2"))


@pytest.mark.parametrize(
    "compressor", [numcodecs.Zlib(1), numcodecs.LZ4(), numcodecs.BZ2(1), numcodecs.LZMA(preset=1)], ids=str
)
def test_other_compressors_become_extensions(compressor: object) -> None:
    store = MemoryStore()
    zarr.create_array(store, shape=(5, 7), chunks=(2, 3), dtype="<u2", zarr_format=2, compressors=compressor)[...] = (
        values("<u2")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr warns of extensions
        np.testing.assert_array_equal(in_format_3(store), values("<u2"))


@pytest.mark.parametrize(
    ("dtype", "given", "wanted"),
    [
        ("<u2", None, 0),
        ("<u2", 7.0, 7),
        ("<u8", 2**64 - 1, 2**64 - 1),
        ("<f4", None, 0.0),
        ("<f4", "NaN", "NaN"),
        ("<f4", "-Infinity", "-Infinity"),
        ("|b1", None, False),
        ("|b1", 1, True),
        ("<c8", None, [0.0, 0.0]),
        ("<c8", [1.0, "NaN"], [1.0, "NaN"]),
    ],
)
def test_fill_values_are_said_as_format_3_says_them(dtype: str, given: object, wanted: object) -> None:
    document = moved(array_node(2, dtype=dtype, fill_value=given))
    assert document["fill_value"] == wanted
    assert type(document["fill_value"]) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("float32", "0x7fc00001", "NaN"),
        ("float32", "0x3f800000", 1.0),
        ("float64", "0xfff0000000000000", "-Infinity"),
        ("float16", "Infinity", "Infinity"),
        ("complex64", ["0x3f800000", "NaN"], [1.0, "NaN"]),
        ("uint8", 3, 3),
        ("bool", True, True),
    ],
)
def test_fill_values_are_said_as_format_2_says_them(kind: str, given: object, wanted: object) -> None:
    assert moved(array_node(3, data_type=kind, fill_value=given))["fill_value"] == wanted


@pytest.mark.parametrize(
    ("filters", "serializer", "compressors"),
    [
        ([], BytesCodec(endian="little"), []),
        ([], BytesCodec(endian="big"), [ZstdCodec(level=2)]),
        ([TransposeCodec(order=(1, 0))], BytesCodec(endian="little"), [GzipCodec(level=2)]),
        ([TransposeCodec(order=(0, 1))], BytesCodec(endian="big"), [BloscCodec(cname="lz4", shuffle="shuffle")]),
        ([], BytesCodec(endian="little"), [BloscCodec(cname="zstd", shuffle="bitshuffle")]),
    ],
    ids=range(5),
)
def test_chunks_of_format_3_are_read_in_format_2(filters: list, serializer: object, compressors: list) -> None:
    store = MemoryStore()
    zarr.create_array(
        store,
        shape=(5, 7),
        chunks=(2, 3),
        dtype="uint16",
        filters=filters,
        serializer=serializer,
        compressors=compressors,
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )[...] = values("<u2")
    document = moved(Hierarchy(store).node())
    objects = {key: content for key, content in objects_in(store).items() if key != "zarr.json"}
    new = MemoryStore()
    put(new, {**objects, ".zarray": json.dumps(document).encode()})
    np.testing.assert_array_equal(zarr.open_array(new, mode="r", zarr_format=2)[...], values("<u2"))
    back = described(3, Hierarchy(new).node(), DimensionLabels(attributes={}), ChunkKeys("v2", "/", 2))
    assert back["codecs"][-1] == Hierarchy(store).node().metadata["codecs"][-1]


@pytest.mark.parametrize(
    ("keys", "index", "key"),
    [
        (ChunkKeys("v2", ".", 3), (0, 10, 2), "0.10.2"),
        (ChunkKeys("v2", "/", 2), (1, 0), "1/0"),
        (ChunkKeys("v2", "/", 0), (), "0"),
        (ChunkKeys("default", "/", 2), (1, 0), "c/1/0"),
        (ChunkKeys("default", ".", 1), (5,), "c.5"),
        (ChunkKeys("default", "/", 0), (), "c"),
    ],
)
def test_chunks_are_named_as_zarr_names_them(keys: ChunkKeys, index: tuple[int, ...], key: str) -> None:
    assert keys.key(index) == key
    encoding = {"name": keys.style, "separator": keys.separator}
    array = zarr.create_array(MemoryStore(), shape=(99,) * keys.ndim, dtype="u1", chunk_key_encoding=encoding)
    assert array.metadata.encode_chunk_key(index) == key


@pytest.mark.parametrize("key", ["", "c", "0", "0/0/0", "0.0", "-1/0", "01/0", "0/zarr.json", "٣/0", "c/0/0", "0/0/"])
def test_other_keys_are_no_chunks(key: str) -> None:
    assert ChunkKeys("v2", "/", 2).index(key) is None


@LAW
@given(
    st.sampled_from(["v2", "default"]),
    st.sampled_from(["/", "."]),
    st.lists(st.integers(0, 200), max_size=5).map(tuple),
)
def test_names_of_chunks_are_read_as_they_are_made(style: str, separator: str, index: tuple[int, ...]) -> None:
    keys = ChunkKeys(style, separator, len(index))
    assert keys.index(keys.key(index)) == index
    for other in keys.alternatives:
        assert (other.index(keys.key(index)) == index) is other.names_as(keys)


@pytest.mark.parametrize(
    ("node", "zarr_format", "level", "attributes", "names"),
    [
        (array_node(2, {"_ARRAY_DIMENSIONS": ["y", "x"], "a": 1}), 3, None, {"a": 1}, ("y", "x")),
        (array_node(2, {"_ARRAY_DIMENSIONS": ["x"]}), 3, None, {"_ARRAY_DIMENSIONS": ["x"]}, None),
        (
            array_node(2, {"_ARRAY_DIMENSIONS": ["q", "r"]}),
            3,
            LevelLabels(old=frozenset(), dimension_names=("y", "x")),
            {},
            ("y", "x"),
        ),
        (
            array_node(3, {"a": 1}, dimension_names=["y", None]),
            2,
            None,
            {"a": 1, "_ARRAY_DIMENSIONS": ["y", None]},
            None,
        ),
        (array_node(3, dimension_names=["y", "x"]), 2, LevelLabels(old=frozenset()), {}, None),
        (array_node(3, dimension_names=[None, None]), 2, None, {}, None),
        (
            array_node(2, {"_ARRAY_DIMENSIONS": ["y", "x"]}),
            2,
            LevelLabels(old=frozenset({"_ARRAY_DIMENSIONS"})),
            {},
            None,
        ),
        (
            array_node(2, {"b": 2}),
            2,
            LevelLabels(old=frozenset(), new={"_ARRAY_DIMENSIONS": ["y", "x"]}),
            {"b": 2, "_ARRAY_DIMENSIONS": ["y", "x"]},
            None,
        ),
    ],
)
def test_dimensions_are_named_where_the_format_keeps_their_names(
    node: ZarrNode, zarr_format: int, level: LevelLabels | None, attributes: dict, names: tuple | None
) -> None:
    assert relabelled(node, zarr_format, level) == DimensionLabels(attributes=attributes, dimension_names=names)


def test_an_image_with_other_axes_than_its_array_has_dimensions_is_refused() -> None:
    level = LevelLabels(old=frozenset(), dimension_names=("z", "y", "x"))
    with pytest.raises(MetadataError, match="2 dimensions, but its image has 3 axes"):
        relabelled(array_node(2), 3, level)
