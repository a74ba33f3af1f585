"""Stores and groups of zarr that are open already."""

import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore, ZipStore

from omezarr.errors import LocationNotFoundError, UnsupportedError
from omezarr.location import Location
from omezarr.testing import WritableSchemeSuite
from omezarr.testing.stateful import StatefulSchemeSuite
from tests.builtins.schemes.stores import PIXELS, fill, hierarchy, opened


class TestStore(StatefulSchemeSuite, WritableSchemeSuite):
    name = "store"
    examples = 6

    @pytest.fixture
    def place(self):
        store = MemoryStore()
        fill(store, "deep/image.zarr")
        return Location.parse(zarr.open_group(store, path="deep/image.zarr", mode="r"))

    @pytest.fixture
    def empty(self):
        return Location.parse(MemoryStore())


def test_it_is_used_as_it_is():
    store = MemoryStore()
    fill(store)
    found = opened(store)
    assert found.store is store


def test_an_array_leads_to_its_place():
    store = MemoryStore()
    fill(store)
    found = opened(zarr.open_array(store, path="A/0", mode="r"))
    assert found.path == "A/0"
    assert np.array_equal(hierarchy(found).array("")[:], PIXELS)


def test_one_that_was_opened_for_reading_takes_no_writes():
    with pytest.raises(UnsupportedError, match="opened for reading only"):
        opened(MemoryStore(read_only=True), write=True)


def test_one_that_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(LocationNotFoundError, match=r"none\.zip does not exist"):
        opened(ZipStore(tmp_path / "none.zip", mode="r"))


def test_its_name_does_not_make_it_a_zip_file(tmp_path):
    with ZipStore(tmp_path / "image.zip", mode="w") as store:
        fill(store)
    with ZipStore(tmp_path / "image.zip", mode="r") as store:
        assert opened(store).store is store
        assert hierarchy(opened(store)).node().attributes == {"name": "root"}
