"""Dask arrays as sources: how often their blocks are computed."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.core import get_dependencies
from zarr.storage import MemoryStore

from omezarr.arrays import as_source, reordered
from omezarr.arrays.dask_sources import GraphBlocks
from omezarr.arrays.geometry import level_shapes
from omezarr.engine.memory import bands, ways_to_cut
from omezarr.engine.units import Tree, TreeNode
from omezarr.errors import MemoryBoundError, SourceError
from tests.engine.pyramids import levels_of, noise, read_levels, write

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = (4, 256, 256)
PIXELS = noise(SHAPE, "float32")
TIGHT = 2_600_000
"""Enough for a few bands of this image, not for all of it."""


def counted() -> tuple[Any, Counter[tuple[int, ...]]]:
    counts: Counter[tuple[int, ...]] = Counter()
    lock = threading.Lock()

    def block(block_info: Any = None) -> np.ndarray[Any, Any]:
        location = block_info[None]["array-location"]
        with lock:
            counts[tuple(start for start, _ in location)] += 1
        return PIXELS[tuple(slice(*part) for part in location)]

    chunks = ((1,) * 4, (64,) * 4, (64,) * 4)
    return da.map_blocks(block, chunks=chunks, dtype="float32", meta=np.empty((0, 0, 0), "float32")), counts


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "elementwise": lambda x: x * 2 + 1,
    "mean subtracted": lambda x: x - x.mean(),
    "overlap": lambda x: x.map_overlap(lambda b: b + 1, depth=(0, 3, 3), boundary="reflect", dtype="float32"),
    "rechunk": lambda x: x.rechunk((2, 128, 256)),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_each_block_is_computed_once_where_one_band_holds_all(name: str) -> None:
    blocks, counts = counted()
    array = GRAPHS[name](blocks)
    store = MemoryStore()
    write(store, levels_of(array, [(1, 2, 2)] * 2, chunks=(1, 32, 32)), threads=2)
    assert set(counts.values()) == {1}
    np.testing.assert_array_equal(read_levels(store)[0], array.compute())


@pytest.mark.parametrize(("name", "most"), [("elementwise", 1), ("mean subtracted", 2), ("overlap", 2), ("rechunk", 1)])
def test_in_bands_a_block_is_computed_again_only_at_their_borders(name: str, most: int) -> None:
    blocks, counts = counted()
    array = GRAPHS[name](blocks)
    store = MemoryStore()
    write(store, levels_of(array, [(1, 2, 2)] * 2, chunks=(1, 32, 32)), threads=1, memory=TIGHT)
    assert max(counts.values()) <= most
    np.testing.assert_array_equal(read_levels(store)[0], array.compute())


def blocks_of_graph(array: Any) -> GraphBlocks:
    graph = dict(array.__dask_graph__())
    return GraphBlocks(array, graph, {key: get_dependencies(graph, key) for key in graph})


@pytest.mark.parametrize("sizes", [(1, 5, 2, 7), (15,), (3, 12), (0, 4, 0, 11)])
def test_a_region_of_an_array_that_shares_a_result_is_that_of_the_array(sizes: tuple[int, ...]) -> None:
    pixels = noise((15, 9), "float32")
    array = da.from_array(pixels, chunks=(sizes, (4, 5)))
    blocks = blocks_of_graph(array - array.sum())
    for start, stop in [(0, 15), (0, 1), (3, 4), (4, 6), (5, 15), (14, 15)]:
        part, place = blocks.around((slice(start, stop), slice(3, 9)))
        np.testing.assert_array_equal(part[place].compute(), (array - array.sum()).compute()[start:stop, 3:9])


def test_the_graph_of_a_region_holds_its_blocks_alone() -> None:
    array = da.ones((64, 64), chunks=1) + 1
    part, place = blocks_of_graph(array).around((slice(10, 12), slice(3, 4)))
    assert (part.numblocks, place) == ((2, 1), (slice(0, 2), slice(0, 1)))
    assert len(dict(part.__dask_graph__())) <= 8


def test_what_every_part_needs_is_refused_when_it_does_not_fit() -> None:
    blocks, _ = counted()
    table = dask.delayed(np.ones)(1_000_000)
    array = blocks.map_blocks(lambda block, table: block + table[0], table, dtype="float32")
    with pytest.raises(MemoryBoundError, match="every part of the dask array needs the same 8 MiB"):
        write(MemoryStore(), levels_of(array, [(1, 2, 2)] * 2, chunks=(1, 32, 32)), threads=1, memory=TIGHT)


def test_a_graph_that_raises_says_where() -> None:
    def fail(block: Any) -> Any:
        raise ZeroDivisionError("no")

    array = da.zeros((8, 8), chunks=4).map_blocks(fail, dtype=float, meta=np.empty((0, 0)))
    with pytest.raises(SourceError, match=r"computing \[0:8, 0:8\] of the dask array failed: ZeroDivisionError: no"):
        write(MemoryStore(), levels_of(array, chunks=(4, 4)))


def test_an_array_of_unknown_shape_is_refused_with_the_cure() -> None:
    array = da.from_array(np.arange(9), chunks=3)
    with pytest.raises(SourceError, match="compute_chunk_sizes"):
        as_source(array[array > 3])


def test_views_of_dask_arrays_are_computed_in_bands_too() -> None:
    blocks, counts = counted()
    store = MemoryStore()
    write(store, levels_of(reordered(as_source(blocks), (2, 0, 1)), chunks=(32, 1, 32)))
    assert set(counts.values()) == {1}
    np.testing.assert_array_equal(read_levels(store)[0], PIXELS.transpose(2, 0, 1))


def test_the_settings_of_dask_stay_as_they_are() -> None:
    before = dict(dask.config.config)
    write(MemoryStore(), levels_of(da.ones((9, 9), chunks=3), chunks=(4, 4)))
    assert dask.config.config == before


TREE = Tree.of(level_shapes((24, 150, 200), [(2, 2, 2)] * 4), [(2, 2, 2)] * 4, [(8, 16, 16)] * 5)


@pytest.mark.parametrize("band", ways_to_cut(TREE, (10, 60, 64)), ids=str)
def test_bands_hold_every_node_once_in_the_order_of_one_pass(band: tuple[int, tuple[int, ...]]) -> None:
    level, box = band
    visited = []
    for part in bands(TREE, band):
        assert all(places.stop - places.start <= count for places, count in zip(part, box, strict=True))
        visited += [TreeNode(level, place) for place in itertools.product(*(range(p.start, p.stop) for p in part))]
    assert sorted(visited) == sorted(TREE.nodes(level))
    above = [parent for parent, _ in itertools.groupby(map(TREE.parent, visited))]
    assert above == list(TREE.nodes(level + 1) if level + 1 < TREE.levels else [None])


def test_bands_follow_blocks_that_are_larger_than_what_is_read_at_once() -> None:
    blocks, counts = counted()
    array = blocks.rechunk((4, 64, 64))
    store = MemoryStore()
    write(store, levels_of(array, [(1, 2, 2)] * 2, chunks=(1, 32, 32)), threads=1, memory=TIGHT)
    assert set(counts.values()) == {1}
    np.testing.assert_array_equal(read_levels(store)[0], PIXELS)
