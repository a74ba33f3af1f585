"""Named stores in memory."""

from uuid import uuid4

import pytest

from omezarr.errors import ArgumentError, LocationNotFoundError
from omezarr.location import Location
from omezarr.testing import WritableSchemeSuite
from omezarr.testing.stateful import StatefulSchemeSuite
from tests.builtins.schemes.stores import fill, hierarchy, opened


class TestMemory(StatefulSchemeSuite, WritableSchemeSuite):
    name = "memory"
    examples = 6

    @pytest.fixture
    def place(self):
        location = Location.parse(f"memory://{uuid4().hex}/image.zarr")
        target = opened(location, write=True)
        fill(target.store, target.path)
        return location

    @pytest.fixture
    def empty(self):
        return Location.parse(f"memory://{uuid4().hex}")


def test_a_store_without_a_name_is_refused():
    with pytest.raises(ArgumentError, match="needs a name"):
        opened("memory://")


def test_a_store_that_nobody_filled_is_missing():
    with pytest.raises(LocationNotFoundError, match="nothing is stored at memory://nobody"):
        opened("memory://nobody/image.zarr")


def test_names_are_apart_but_prefixes_of_names_are_no_paths():
    name = uuid4().hex
    target = opened(f"memory://{name}/image.zarr", write=True)
    fill(target.store, target.path)
    with pytest.raises(LocationNotFoundError):
        opened(f"memory://{name}/image")
    with pytest.raises(LocationNotFoundError):
        opened(f"memory://{name}x/image.zarr")
    assert hierarchy(opened(f"memory://{name}")).names()[0] == "image.zarr"
