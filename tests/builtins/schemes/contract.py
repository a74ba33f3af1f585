"""What every storage scheme has to do; each scheme's test module subclasses it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.core.buffer import cpu

from omezarr.errors import ArgumentError, LocationNotFoundError, UnsupportedError
from omezarr.hierarchy import Hierarchy, run
from omezarr.location import Location
from omezarr.registry import default_registry
from omezarr.storage import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from omezarr.abc import OpenedStore

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)


def opened(location: Any, options: Mapping[str, Any] | None = None, *, write: bool = False) -> OpenedStore:
    """Open a location with all installed schemes."""
    return open_store(Location.parse(location, options), default_registry().storage_schemes, write=write)


def fill(store: Any, path: str = "", *, zarr_format: Any = 3) -> None:
    """Write a group with a sharded array (in format 3) at ``A/0``."""
    group = zarr.create_group(store, path=path, zarr_format=zarr_format, attributes={"name": "root"})
    shards = (32, 32) if zarr_format == 3 else None
    array = group.create_array("A/0", shape=(64, 64), chunks=(8, 8), shards=shards, dtype="uint16")
    array[:] = PIXELS


def hierarchy(store: OpenedStore) -> Hierarchy:
    """Look at what was opened."""
    return Hierarchy(store.store, store.path)


class StorageSchemeContract:
    """Reading, and what is refused.

    Subclasses give the fixture `place`: a location that holds what `fill` writes.
    """

    name: str
    lists = True
    writable = True

    @pytest.fixture
    def place(self, tmp_path: Path) -> Location:
        raise NotImplementedError

    def open(self, location: Location, *, write: bool = False) -> OpenedStore:
        return open_store(location, default_registry().storage_schemes, write=write)

    def test_it_is_chosen(self, place):
        scheme = default_registry().storage_schemes[self.name]
        assert scheme.claim(place) is not None
        assert scheme.writable is self.writable

    def test_metadata_and_pixels_are_read(self, place):
        seen = hierarchy(self.open(place))
        assert seen.node().attributes == {"name": "root"}
        array = seen.array("A/0")
        assert np.array_equal(array[:], PIXELS)
        assert array[3, 5] == PIXELS[3, 5]

    def test_a_location_below_is_read(self, place):
        seen = hierarchy(self.open(place.below("A")))
        assert seen.node().kind == "group"
        assert np.array_equal(seen.array("0")[:8, :8], PIXELS[:8, :8])

    def test_what_is_not_there_is_missing(self, place):
        seen = hierarchy(self.open(place))
        assert seen.node("B/1") is None
        assert seen.read("B/1/zarr.json") is None
        missing = place.below("none.zarr")
        try:
            opened_store = self.open(missing)
        except LocationNotFoundError as error:
            assert "none.zarr" in str(error)  # noqa: PT017 - some schemes know only when asked for an object
        else:
            assert hierarchy(opened_store).node() is None

    def test_it_lists_or_says_that_it_cannot(self, place):
        seen = hierarchy(self.open(place))
        if self.lists:
            assert seen.names() == ("A", "zarr.json")
            assert seen.names("A") == ("0", "zarr.json")
            assert seen.names("none") == ()
        else:
            assert not seen.store.supports_listing
            assert seen.names() is None

    def test_reading_never_writes(self, place):
        store = self.open(place).store
        assert store.read_only
        with pytest.raises(ValueError, match="read"):
            zarr.open_group(store, mode="a", path=self.open(place).path).create_group("new")

    def test_the_store_can_be_sent_to_another_process(self, place):
        store = self.open(place)
        copy = pickle.loads(pickle.dumps(store.store))
        assert np.array_equal(Hierarchy(copy, store.path).array("A/0")[:], PIXELS)

    def test_options_that_it_cannot_translate_are_refused(self, place):
        scheme = default_registry().storage_schemes[self.name]
        given = place.options.given
        for option, value in {"endpoint": "http://x", "profile": "p", "headers": {"a": "b"}}.items():
            if option in scheme.options or place.store is not None:
                continue
            values = {name: getattr(place.options, name) for name in given} | {option: value}
            with pytest.raises(ArgumentError, match=option) as caught:
                self.open(Location.parse(place, values))
            assert all(name in str(caught.value) for name in scheme.options)

    def test_writing_is_refused_where_it_cannot(self, place):
        if not self.writable:
            with pytest.raises(UnsupportedError, match=r"can only be read.*local"):
                self.open(place, write=True)


class WritableSchemeContract(StorageSchemeContract):
    """Writing.

    Subclasses give the fixture `empty`: a location where nothing is yet.
    """

    @pytest.fixture
    def empty(self, tmp_path: Path) -> Location:
        raise NotImplementedError

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_what_is_written_is_read(self, empty, zarr_format):
        target = self.open(empty, write=True)
        assert hierarchy(target).node() is None
        fill(target.store, target.path, zarr_format=zarr_format)
        seen = hierarchy(self.open(empty))
        assert seen.node().zarr_format == zarr_format
        assert np.array_equal(seen.array("A/0")[:], PIXELS)

    def test_opening_for_writing_stores_nothing(self, empty):
        target = self.open(empty, write=True)
        assert hierarchy(target).node() is None
        assert hierarchy(target).names() == ()
        try:
            store = self.open(empty)
        except LocationNotFoundError:
            return
        assert hierarchy(store).node() is None

    def test_what_is_deleted_is_gone(self, empty):
        target = self.open(empty, write=True)
        group = zarr.open_group(target.store, mode="w", path=target.path)
        group.create_group("a")
        group.create_group("b")
        del group["a"]
        assert hierarchy(self.open(empty)).names() == ("b", "zarr.json")

    def test_a_key_is_written_only_if_it_is_free(self, empty):
        target = self.open(empty, write=True)
        key = f"{target.path}/lock".strip("/")
        for content in (b"first", b"second"):
            run(target.store.set_if_not_exists(key, cpu.Buffer.from_bytes(content)))
        assert hierarchy(target).read("lock") == b"first"
