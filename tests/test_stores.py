"""What is known of opened stores: what their schemes state, and what zarr's own classes tell."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.storage import FsspecStore, LocalStore, MemoryStore, WrapperStore, ZipStore

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.arrays.fetching import LocalObjects, objects_of
from omezarr.arrays.sources import as_source
from omezarr.arrays.targets import LocalTarget, StoreTarget, target_of
from omezarr.errors import PluginError
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.stores import state_traits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Stating(StorageScheme):
    """Opens what it is told to, with these traits."""

    name = "stating"

    def __init__(self, store: Any, traits: StoreTraits | None) -> None:
        self.store, self.traits = store, traits

    def claim(self, location: Location) -> Claim | None:
        return Claim(10, "of its protocol")

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        if self.traits is None:
            return OpenedStore(store=self.store)
        return OpenedStore(store=self.store, traits=self.traits)


class OwnStore(MemoryStore):
    """A store of somebody else's making."""


def opened(store: Any, traits: StoreTraits | None) -> OpenedStore:
    return open_store(Location.parse("stating://x"), {"stating": Stating(store, traits)}, write=True)


def test_zarrs_own_stores_tell_by_their_class(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    zipped = ZipStore(tmp_path / "a.zip", mode="w")
    zipped._sync_open()
    assert StoreTraits.of(LocalStore(tmp_path)) == StoreTraits(folder=tmp_path, distant=False)
    assert StoreTraits.of(MemoryStore()) == StoreTraits(transient=True, distant=False, picklable=False)
    assert StoreTraits.of(zipped) == StoreTraits(distant=False, picklable=False, rewritable=False)
    assert StoreTraits.of(FsspecStore.from_url("memory://bucket")) == StoreTraits()


def test_nothing_goes_past_what_wraps_or_extends_them(tmp_path: Path) -> None:
    class Logging(LocalStore):
        """Does more than reading and writing files."""

    assert StoreTraits.of(WrapperStore(LocalStore(tmp_path))) == StoreTraits(distant=False)
    assert StoreTraits.of(Logging(tmp_path)) == StoreTraits(distant=False)
    assert StoreTraits.of(OwnStore()) == StoreTraits(distant=False, picklable=False)
    assert isinstance(target_of(OpenedStore(store=Logging(tmp_path))), StoreTarget)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("memory://traits/a.zarr", StoreTraits(transient=True, distant=False, picklable=False)),
        ("https://example.org/a.zarr", StoreTraits(listable=False, rewritable=False)),
        ("s3://bucket/a.zarr", StoreTraits(conditional=True)),
        ("simplecache::memory://a.zarr", StoreTraits()),
    ],
)
def test_schemes_state_what_they_open(text: str, stated: StoreTraits) -> None:
    from omezarr.plugins.registry import default_registry

    if text.startswith("memory"):
        place = open_store(Location.parse(text), default_registry().storage_schemes, write=True)
        zarr.create_group(place.store, path=place.path)
    write = text.startswith("s3")
    options = {"key": "k", "secret": "s"} if text.startswith("s3") else None
    found = open_store(Location.parse(text, options), default_registry().storage_schemes, write=write)
    assert found.traits == stated == StoreTraits.of(found.store)


def test_a_zip_file_is_as_far_away_as_the_store_that_it_lies_in(tmp_path: Path) -> None:
    import shutil

    from omezarr.plugins.registry import default_registry

    zarr.create_array(tmp_path / "a.zarr", shape=(2,), dtype="uint8", name="0")
    shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / "a.zarr")
    found = open_store(Location.parse(tmp_path / "a.zip"), default_registry().storage_schemes)
    assert found.traits == StoreTraits(distant=False, rewritable=False)


def test_what_is_stated_goes_along_with_arrays_and_to_other_processes() -> None:
    store = OwnStore()
    stated = StoreTraits(distant=True, picklable=True)
    assert opened(store, stated).traits == stated
    array = zarr.create_array(store, shape=(4,), chunks=(2,), dtype="uint8")
    source = as_source(array)
    assert (source.distant, source.portable) == (True, True)
    assert StoreTraits.of(pickle.loads(pickle.dumps(store))) == stated
    assert not as_source(zarr.create_array(OwnStore(), shape=(4,), dtype="uint8")).portable


def test_a_folder_that_is_stated_is_read_and_written_directly(tmp_path: Path) -> None:
    """A store of its own over files that it is fine to go past, as of a mounted share."""

    class Mounted(LocalStore):
        pass

    place = opened(Mounted(tmp_path), StoreTraits(folder=tmp_path, distant=False))
    target = target_of(place)
    assert isinstance(target, LocalTarget)
    target.put("a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    array = zarr.create_array(place.store, name="0", shape=(4,), chunks=(2,), dtype="uint8")
    array[:] = np.arange(4)
    assert isinstance(objects_of(array), LocalObjects)
    assert as_source(array).read((slice(1, 3),)).tolist() == [1, 2]


def test_a_target_follows_what_is_stated() -> None:
    kept = target_of(opened(OwnStore(), StoreTraits()))
    gone = target_of(opened(OwnStore(), StoreTraits(transient=True, distant=False, picklable=False)))
    fixed = target_of(opened(OwnStore(), StoreTraits(rewritable=False, listable=False)))
    assert (kept.transient, kept.distant, kept.picklable, kept.rewritable) == (False, True, True, True)
    assert (gone.transient, gone.distant, gone.picklable, gone.rewritable) == (True, False, False, True)
    assert (fixed.transient, fixed.rewritable) == (True, False)
    kept.put("a/b", b"x")
    fixed.put("a/b", b"x")
    fixed.delete("a/b")
    assert fixed.get("a/b") == b"x"
    assert (kept.names(""), fixed.names(""), fixed.is_empty()) == (["a/b"], [], True)


def test_what_the_store_cannot_do_is_not_to_be_stated() -> None:
    class Blind(MemoryStore):
        supports_listing = False

    with pytest.raises(PluginError, match=r"'stating'.*lacks methods of omezarr\.abc\.ConditionalStore"):
        opened(OwnStore(), StoreTraits(conditional=True))
    with pytest.raises(PluginError, match="stated to be listable, but its supports_listing is False"):
        opened(Blind(), StoreTraits())
    assert opened(Blind(), None).traits == StoreTraits(listable=False, distant=False, picklable=False)


def test_a_store_that_takes_no_attributes_says_so() -> None:
    class Closed:
        __slots__ = ()
        supports_listing = supports_deletes = True

    store: Any = Closed()
    with pytest.raises(PluginError, match="Closed takes no attributes"):
        state_traits(store, StoreTraits(distant=False))
    state_traits(store, StoreTraits())
