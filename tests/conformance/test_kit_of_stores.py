"""The stores of the kit do what they say, and the stateful suite finds the schemes that break their word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from zarr.abc.store import RangeByteRequest
from zarr.core.buffer import cpu, default_buffer_prototype
from zarr.storage import MemoryStore

import omezarr
from omezarr.abc import ConditionalStore, OpenedStore, StorageScheme
from omezarr.errors import StorageError
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.stores import StoreTraits
from omezarr.testing import isolated_registry
from omezarr.testing.stateful import StatefulSchemeSuite
from omezarr.testing.stores import CountingStore, FailingStore, InterleavingStore, SlowStore
from tests.conformance.test_kit import Shelf, Stubborn

pytestmark = pytest.mark.once

ONE = cpu.Buffer.from_bytes(b"one")


def test_every_way_to_read_and_write_is_counted() -> None:
    store = CountingStore(MemoryStore())
    run(store.set("a", ONE))
    run(store.set_if_not_exists("b", ONE))
    run(store._set_many([("c", ONE)]))
    run(store.get("a", default_buffer_prototype()))
    run(store.exists("b"))
    run(store.get_partial_values(default_buffer_prototype(), [("c", RangeByteRequest(0, 1))]))
    run(store.delete("a"))
    run(store.delete_dir("d"))

    async def listed() -> list[str]:
        names = [name async for name in store.list()]
        return names + [name async for name in store.list_dir("p")] + [name async for name in store.list_prefix("q/")]

    assert sorted(run(listed())) == ["b", "c"]
    assert (store.reads, store.writes) == (["a", "b", "c"], ["a", "b", "c"])
    assert (store.deletes, store.lists) == (["a", "d"], ["", "p", "q/"])


def test_a_store_counts_on_where_it_is_opened_for_reading_only() -> None:
    store = CountingStore(MemoryStore())
    omezarr.write_image(store, np.ones((8, 8), "uint8"), axes="yx", levels=1)
    store.reads.clear()
    again = store.with_read_only(True)
    assert again.read_only
    omezarr.open(again).levels[0].read()
    assert "0/c/0/0" in store.reads


def test_failures_come_where_they_are_wanted_and_can_be_mended() -> None:
    store = FailingStore(MemoryStore())
    image = omezarr.write_image(store, np.ones((8, 8), "uint8"), axes="yx", levels=1)
    store.reads["0/c/0/0"] = OSError("the disk is on fire")
    with pytest.raises(StorageError, match="the disk is on fire"):
        image.levels[0].read()
    store.reads.clear()
    assert image.levels[0].read().all()
    store.writes["*"] = OSError("no room")
    with pytest.raises(OSError, match="no room"):
        run(store.set("anything", ONE))


def test_a_slow_store_knows_how_many_waited_together() -> None:
    import asyncio

    store = SlowStore(MemoryStore(), 0.001)

    async def three() -> None:
        await asyncio.gather(*(store.exists(key) for key in "abc"))

    run(three())
    assert store.most == 3


def test_an_interleaving_store_takes_what_names_the_version_that_is_there() -> None:
    store = InterleavingStore()
    assert isinstance(store, ConditionalStore)
    first = run(store.set_version("lock", b"first", None))
    assert first is not None
    second = run(store.set_version("lock", b"second", first))
    assert second is not None
    assert run(store.set_version("lock", b"third", first)) is None
    assert run(store.get_version("lock")) == (b"second", second)
    run(store.delete_version("lock", first))
    assert run(store.exists("lock"))
    run(store.delete_version("lock", second))
    assert run(store.get_version("lock")) is None


class Held(MemoryStore):
    """Keeps its objects with the scheme, as servers do."""


class Clinging(Held):
    """Keeps what was removed."""

    async def delete(self, key: str) -> None:
        return None


class Whole(Held):
    """Gives all of an object where a part is asked for."""

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        return await super().get(key, prototype)


class Overwriting(Held):
    """Stores over what is there."""

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        await self.set(key, value)


class Sweeping(Held):
    """Takes what begins alike for what is below."""

    async def delete_dir(self, prefix: str) -> None:
        for key in [key for key in self._store_dict if key.startswith(prefix)]:
            del self._store_dict[key]


class Terse(Held):
    """Lists one name less than there are."""

    async def list_dir(self, prefix: str) -> Any:
        names = [name async for name in super().list_dir(prefix)]
        for name in names[1:]:
            yield name


class Blurred(Held):
    """Lists what begins alike, too."""

    async def list_prefix(self, prefix: str) -> Any:
        for key in [key for key in self._store_dict if key.startswith(prefix.rstrip("/"))]:
            yield key


class Absent(Held):
    """Takes an object without content for none."""

    async def exists(self, key: str) -> bool:
        return key in self._store_dict and len(self._store_dict[key]) > 0


class Heedless(InterleavingStore):
    """Says that it knows versions, and does not look at them."""

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        return await super().set_version(key, content, self.versions.get(key))


class Conditional(StorageScheme):
    """One store that states that it changes objects on condition."""

    name = "conditional"

    def __init__(self, store: InterleavingStore) -> None:
        self.store = store

    def claim(self, location: Location) -> Any:
        return Shelf().claim(location)

    def open(self, location: Location, *, write: bool, resolve: Any) -> OpenedStore:
        path = location.url.partition("://")[2]
        return OpenedStore(store=self.store, path=path, traits=StoreTraits(conditional=True, distant=False))


class Once(StatefulSchemeSuite):
    examples, steps, shrinks = 60, 20, False


def asked(scheme: StorageScheme, **more: int) -> None:
    suite = Once()
    vars(suite).update(more)
    place = Location.parse("shelf://new.zarr")
    suite.test_any_requests_in_any_order_are_answered_as_by_a_dictionary(isolated_registry(scheme), place)


def test_what_keeps_its_word_passes() -> None:
    asked(Shelf(Held), examples=5)
    asked(Conditional(InterleavingStore()), examples=2)


@pytest.mark.parametrize("store", [Stubborn, Clinging, Whole, Overwriting, Sweeping, Terse, Blurred, Absent])
def test_a_scheme_that_answers_otherwise_is_found(store: type[MemoryStore]) -> None:
    with pytest.raises(AssertionError):
        asked(Shelf(store))


def test_a_scheme_that_replaces_what_it_was_not_shown_is_found() -> None:
    with pytest.raises(AssertionError, match="is replaced if, and only if"):
        asked(Conditional(Heedless()))


def test_a_suite_without_a_place_says_what_is_missing() -> None:
    with pytest.raises(pytest.fail.Exception, match="overrides the fixture 'empty'"):
        StatefulSchemeSuite.empty.__wrapped__(StatefulSchemeSuite())  # type: ignore[attr-defined]
