"""Whole arrays as lazy dask arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

from omezarr.arrays import blocks
from omezarr.arrays.blocks import as_dask
from omezarr.testing.stores import CountingStore

PIXELS = np.arange(6000, dtype="uint16").reshape(10, 20, 30)


def stored(pixels: Any, chunks: tuple[int, ...], store: MemoryStore) -> zarr.Array[Any]:
    return zarr.create_array(store, name="0", data=pixels, chunks=chunks, overwrite=True)


@pytest.mark.parametrize(
    "index",
    [
        np.s_[0],
        np.s_[::-1],
        np.s_[2:9:3, ::-3, 5],
        np.s_[[1, 3]],
        np.s_[:, None, 3:],
        np.s_[1:8, 3:18, [4, 1, 1, -1]],
        np.s_[2, [9, 3], 4:20],
        np.s_[np.arange(10) % 3 == 1, ::2],
        np.s_[3:3, 4:9],
        np.s_[-1, -7:-2, None, 4],
        np.s_[3:9:-1],
    ],
)
def test_any_part_of_a_lazy_array_is_that_part_of_the_array(monkeypatch: pytest.MonkeyPatch, index: Any) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 800)
    lazy = as_dask(stored(PIXELS, (3, 7, 8), MemoryStore()))
    assert lazy.npartitions > 8
    np.testing.assert_array_equal(lazy[index].compute(), PIXELS[index])


def test_of_a_block_no_more_is_read_than_is_asked_for() -> None:
    store = CountingStore(MemoryStore())
    lazy = as_dask(stored(PIXELS, (1, 5, 5), store))
    assert lazy.npartitions == 1
    store.reads.clear()
    part = lazy[3:5, 5:10, 12]
    np.testing.assert_array_equal(part.compute(), PIXELS[3:5, 5:10, 12])
    assert sorted(store.reads) == ["0/c/3/1/2", "0/c/4/1/2"]
    store.reads.clear()
    assert (lazy + 1)[0, 0, 0].compute() == 1
    assert len(lazy[0, 0].__dask_graph__()) <= 4


def test_the_name_of_a_lazy_array_is_that_of_this_array_alone() -> None:
    store = MemoryStore()
    array = stored(PIXELS, (3, 7, 8), store)
    before = as_dask(array)
    assert as_dask(zarr.open_array(store, path="0", mode="r")).name == before.name
    after = as_dask(stored(PIXELS[:5], (3, 7, 8), store))
    assert after.name != before.name
    assert as_dask(stored(PIXELS, (3, 7, 8), MemoryStore())).name != before.name
