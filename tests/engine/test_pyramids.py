"""Whole pyramids: the same pixels whatever runs them, from whatever source, in whatever pieces."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from zarr.storage import MemoryStore

from omezarr.abc import PixelSource
from omezarr.abc.plan import Codec
from omezarr.arrays import as_source, expanded, reordered
from omezarr.errors import ArgumentError, PluginError, UnsupportedError
from omezarr.settings import parse_bytes
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.scaling.laplacian import Laplacian
from omezarr_builtins.scaling.local_mean import LocalMean
from omezarr_builtins.scaling.max import Max
from omezarr_builtins.scaling.median import Median
from omezarr_builtins.scaling.min import Min
from omezarr_builtins.scaling.mode import Mode
from omezarr_builtins.scaling.nearest import Nearest
from omezarr_builtins.scaling.resize import Resize, ResizeCubic
from omezarr_builtins.scaling.zoom import Zoom
from tests.engine.pyramids import digests, expected_levels, levels_of, modest, noise, read_levels, write

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod

METHODS = [
    Nearest(),
    LocalMean(),
    Mode(),
    Median(),
    Min(),
    Max(),
    Gaussian(),
    Laplacian(),
    Resize(),
    ResizeCubic(),
    Zoom(),
]
DTYPES = ["uint8", "uint16", "uint32", "uint64", "int8", "int64", "float16", "float32", "float64", "bool"]


@st.composite
def pyramids(draw: st.DrawFn) -> dict[str, Any]:
    axes = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, 21)) for _ in range(axes))
    chunks = tuple(draw(st.integers(1, 8)) for _ in range(axes))
    shards = tuple(chunk * draw(st.integers(1, 3)) for chunk in chunks) if draw(st.booleans()) else None
    method: ScalingMethod = draw(st.sampled_from(METHODS))
    dtype = draw(st.sampled_from([name for name in DTYPES if method.check_dtype(np.dtype(name)) is None]))
    return {
        "array": noise(shape, dtype, draw(st.integers(0, 3))),
        "factors": [tuple(draw(st.integers(1, 3)) for _ in range(axes)) for _ in range(draw(st.integers(0, 3)))],
        "chunks": chunks,
        "shards": shards,
        "method": method,
    }


@modest
@given(given_=pyramids(), threads=st.integers(1, 4), kind=st.sampled_from(["numpy", "zarr", "dask", "view"]))
def test_levels_follow_from_the_definition(given_: dict[str, Any], threads: int, kind: str) -> None:
    array = given_.pop("array")
    source: Any = array
    if kind == "zarr":
        source = zarr.create_array({}, shape=array.shape, dtype=array.dtype, chunks=[5] * array.ndim)
        source[...] = array
    elif kind == "dask":
        source = da.from_array(array, chunks=7)
    elif kind == "view":
        moved = np.ascontiguousarray(array.transpose()[..., None])
        source = reordered(expanded(as_source(moved), moved.shape[:-1]), range(array.ndim)[::-1])
    store = MemoryStore()
    write(store, levels_of(source, **given_), threads=threads)
    found = read_levels(store)
    for level, expected in zip(found, expected_levels(array, given_["factors"], given_["method"]), strict=True):
        np.testing.assert_array_equal(level, expected)


@modest
@given(given_=pyramids(), data=st.data())
def test_less_memory_gives_the_same_pixels_or_a_refusal_with_a_bound_that_works(
    given_: dict[str, Any], data: Any
) -> None:
    array = given_.pop("array")
    expected = expected_levels(array, given_["factors"], given_["method"])
    source = da.from_array(array, chunks=4) if data.draw(st.booleans()) else array
    step = levels_of(source, **given_)
    store = MemoryStore()
    from omezarr.errors import MemoryBoundError

    try:
        write(store, step, memory=data.draw(st.integers(1, 2_500_000)), threads=2)
    except MemoryBoundError as error:
        enough = parse_bytes(str(error).rpartition("allow ")[2].partition(",")[0])
        store = MemoryStore()
        write(store, step, memory=enough, threads=2)
    for level, wanted in zip(read_levels(store), expected, strict=True):
        np.testing.assert_array_equal(level, wanted)


def test_bytes_do_not_depend_on_threads_source_or_order() -> None:
    array = noise((3, 37, 201, 190))
    factors = [(1, 1, 2, 2), (1, 2, 2, 2), (1, 1, 3, 3)]
    codec = Codec("blosc", {"cname": "zstd", "clevel": 1, "shuffle": "bitshuffle"})
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/array.npy", array)
        stored = zarr.create_array(f"{folder}/source.zarr", shape=array.shape, dtype=array.dtype, chunks=(1, 8, 50, 50))
        stored[...] = array
        sources = [
            array,
            np.load(f"{folder}/array.npy", mmap_mode="r"),
            stored,
            da.from_array(array, chunks=(1, 9, 80, 80)),
        ]
        found = []
        for number, (source, threads) in enumerate(zip(sources, (1, 4, 3, 2), strict=True)):
            target = Path(folder, f"{number}.zarr")
            write(target, levels_of(source, factors, chunks=(1, 8, 32, 32), codec=codec), threads=threads)
            found.append(digests(target))
    assert found[0] == found[1] == found[2] == found[3]


class Counted(PixelSource):
    """Counts how often each sample is read."""

    def __init__(self, array: np.ndarray[Any, Any], chunks: tuple[int, ...]) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.chunks = chunks
        self.identity = "counted"
        self.reads = np.zeros(array.shape, int)

    def read(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        self.reads[region] += 1
        return self.array[region]


@pytest.mark.parametrize("chunks", [(4, 16, 16), (8, 64, 8), (5, 7, 9), (16, 100, 100)], ids=str)
@pytest.mark.parametrize("shards", [None, (8, 32, 32)], ids=str)
def test_each_sample_is_read_once_for_methods_without_halo(chunks: tuple[int, ...], shards: Any) -> None:
    source = Counted(noise((16, 100, 100)), chunks)
    write(MemoryStore(), levels_of(source, [(1, 2, 2), (2, 3, 3)], chunks=(4, 16, 16), shards=shards), threads=2)
    assert (source.reads == 1).all()


def test_empty_arrays_are_written_and_read() -> None:
    store = MemoryStore()
    write(store, levels_of(np.zeros((0, 5), "uint8"), [(2, 2)], chunks=(4, 4)))
    assert [level.shape for level in read_levels(store)] == [(0, 5), (0, 3)]


def test_a_source_of_another_shape_or_dtype_is_refused() -> None:
    from attrs import evolve

    step = levels_of(noise((4, 4)), chunks=(2, 2))
    with pytest.raises(ArgumentError, match="has shape"):
        write(MemoryStore(), evolve(step, source=as_source(noise((4, 5)))))
    with pytest.raises(ArgumentError, match="is of uint16"):
        write(MemoryStore(), evolve(step, source=as_source(noise((4, 4), "uint8"))))


def test_a_method_that_refuses_the_dtype_is_refused_before_anything_is_written() -> None:
    store = MemoryStore()
    with pytest.raises(UnsupportedError, match="convert to float32"):
        write(store, levels_of(noise((8, 8)), [(2, 2)], chunks=(4, 4), method=Laplacian()))
    assert not store._store_dict


class Wrong(Nearest):
    """Returns too little."""

    name = "wrong"

    def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
        return super().reduce(window, factors, inner)[:1]


class WrongWithHalo(Wrong):
    """Returns too little, level by level."""

    def halo(self, factors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        return tuple((1, 1) for _ in factors)

    def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
        return window[:1, :1].astype("float64")


@pytest.mark.parametrize("method", [Wrong(), WrongWithHalo()], ids=lambda method: type(method).__name__)
def test_a_method_that_breaks_its_contract_is_named(method: ScalingMethod) -> None:
    with pytest.raises(PluginError, match="scaling method 'wrong' made"):
        write(MemoryStore(), levels_of(noise((8, 8)), [(2, 2)], chunks=(4, 4), method=method))


def test_a_source_that_breaks_its_contract_is_named() -> None:
    class Short(Counted):
        def read(self, region: Any) -> Any:
            return super().read(region)[:1]

    with pytest.raises(PluginError, match="Short returned"):
        write(MemoryStore(), levels_of(Short(noise((8, 8)), (4, 4)), chunks=(4, 4)))


def test_a_first_level_that_is_there_is_not_touched(tmp_path: Path) -> None:
    from attrs import evolve

    from omezarr.engine import execute
    from tests.engine.pyramids import open_store, plan_of

    array = noise((40, 40))
    write(tmp_path / "image.zarr", levels_of(array, chunks=(8, 8)))
    before = digests(tmp_path / "image.zarr/0")
    level = zarr.open_array(tmp_path / "image.zarr/0", mode="r")
    for method in (LocalMean(), Gaussian()):
        step = evolve(levels_of(level, [(2, 2), (2, 2)], chunks=(8, 8), method=method), keep_first=True)
        execute(plan_of(tmp_path / "image.zarr", step, create=False), open_store=open_store)
        for found, expected in zip(
            read_levels(tmp_path / "image.zarr"), expected_levels(array, step.factors, method), strict=True
        ):
            np.testing.assert_array_equal(found, expected)
    assert digests(tmp_path / "image.zarr/0") == before
    assert json.loads((tmp_path / "image.zarr/zarr.json").read_text())["attributes"]["ome"]


class Raising(Nearest):
    """Has an answer to nothing."""

    name = "raising"

    def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
        raise IndexError("no such sample")


@pytest.mark.parametrize("halo", [None, 1, (1, 1), ((1, 1),), ((1.5, 1), (1, 1)), ((-1, 0), (0, 0)), "ab"])
def test_a_halo_of_another_form_is_named_before_anything_is_written(halo: Any) -> None:
    class Formless(Nearest):
        name = "formless"

        def halo(self, factors: Any) -> Any:
            return halo

    with pytest.raises(PluginError, match=r"the halo of the scaling method 'formless' for the factors \(2, 2\) is "):
        write(MemoryStore(), levels_of(noise((8, 8)), [(2, 2)], chunks=(4, 4), method=Formless()))


def test_a_method_that_raises_is_named() -> None:
    said = "reduce of the scaling method 'raising' failed: IndexError: no such sample"
    with pytest.raises(PluginError, match=said):
        write(MemoryStore(), levels_of(noise((8, 8)), [(2, 2)], chunks=(4, 4), method=Raising()))
