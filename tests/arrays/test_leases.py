"""Leases under contention: several writers on S3, and on stores that let them run into each other on purpose."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from zarr.storage import MemoryStore

import omezarr
from omezarr.abc import ConditionalStore
from omezarr.arrays import leases
from omezarr.arrays.locks import locked
from omezarr.arrays.targets import StoreTarget, target_of
from omezarr.errors import LockedError, UnsupportedError
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import default_registry
from omezarr.testing.stores import InterleavingStore

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK = ".omezarr/plan.lock"
WRITERS = 5


class PlainStore(MemoryStore):
    """A server without conditions; the first readers of the lease all see that it is free."""

    together: threading.Barrier | None = None

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        if self.together is not None:
            await asyncio.to_thread(self.together.wait, 5)
        await self.set(key, value)


class HeedlessStore(InterleavingStore):
    """A server that says that it knows versions, and does not look at them."""

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        return await super().set_version(key, content, self.versions.get(key))


class RefusingStore(InterleavingStore):
    """A server that refuses conditions."""

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        raise UnsupportedError("conditions are not implemented")


def on_s3(s3_server: Any) -> Callable[[], StoreTarget]:
    location = Location.parse(f"s3://{s3_server.bucket()}/image.zarr", s3_server.options)

    def made() -> StoreTarget:
        target = target_of(open_store(location, default_registry().storage_schemes, write=True))
        assert isinstance(target, StoreTarget)
        return target

    return made


@pytest.fixture(params=["S3", "interleaving"])
def place(request: pytest.FixtureRequest) -> Callable[[], StoreTarget]:
    """Return what makes one more target at the same place."""
    if request.param == "S3":
        return on_s3(request.getfixturevalue("s3_server"))
    store = InterleavingStore()
    return lambda: StoreTarget(store, "image.zarr")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.5)


def test_of_several_writers_one_holds_the_lease_at_a_time(
    place: Callable[[], StoreTarget], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "POLL_SECONDS", 0.02)
    assert isinstance(place().store()[0], ConditionalStore)
    inside: list[int] = []
    most: list[int] = []

    def write(number: int) -> None:
        with locked(place(), LOCK, wait=60):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.05)
            inside.remove(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert most == [1] * WRITERS
    assert place().get(LOCK) is None


def test_of_writers_that_take_over_a_dead_lease_one_gets_it(place: Callable[[], StoreTarget]) -> None:
    with locked(place(), LOCK):
        content = json.loads(place().get(LOCK) or b"")
    target = place()
    store, path = target.store()
    assert isinstance(store, ConditionalStore)
    assert run(store.set_version(f"{path}/{LOCK}".strip("/"), json.dumps({**content, "expires": 1}).encode(), None))
    got = [leases.Lease(place(), LOCK) for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        taken = list(pool.map(lambda lease: lease.take(), got))
    assert sum(taken) == 1


def stolen(target: StoreTarget) -> bytes:
    """Put the lease of somebody else in the place of what is there."""
    store, path = target.store()
    assert isinstance(store, ConditionalStore)
    content = json.dumps({"owner": "thief", "expires": time.time() + 1000}).encode()
    there = run(store.get_version(f"{path}/{LOCK}".strip("/")))
    assert there is not None
    assert run(store.set_version(f"{path}/{LOCK}".strip("/"), content, there[1]))
    return content


def hold(target: StoreTarget, meanwhile: Callable[[], object]) -> None:
    """Write with a lease until that fails, or too much time has gone by."""
    with locked(target, LOCK):
        meanwhile()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            target.put("a", b"1")
            time.sleep(0.05)


@pytest.mark.usefixtures("short")
def test_a_writer_that_lost_its_lease_stops_and_leaves_the_other_alone(place: Callable[[], StoreTarget]) -> None:
    target = place()
    with pytest.raises(LockedError, match=r"could not be renewed: somebody else has taken it\. Writing has stopped"):
        hold(target, lambda: stolen(place()))
    assert json.loads(place().get(LOCK) or b"")["owner"] == "thief"
    assert not target.fences


@pytest.mark.usefixtures("short")
def test_a_block_that_ends_after_its_lease_was_lost_is_no_success() -> None:
    store = InterleavingStore()

    def idle() -> None:
        with locked(StoreTarget(store, "image.zarr"), LOCK):
            stolen(StoreTarget(store, "image.zarr"))
            time.sleep(1.0)

    with pytest.raises(LockedError, match="Writing has stopped"):
        idle()


@pytest.mark.usefixtures("short")
def test_a_writer_that_cannot_renew_stops_before_the_lease_runs_out_for_others() -> None:
    store = InterleavingStore()
    with pytest.raises(LockedError, match=r"the network is down|has run out before it could be renewed"):
        hold(StoreTarget(store, "image.zarr"), lambda: setattr(store, "broken", True))


@pytest.mark.usefixtures("short")
def test_a_renewal_whose_answer_got_lost_is_no_loss() -> None:
    class Forgetful(InterleavingStore):
        async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
            done = await super().set_version(key, content, version)
            return None if version is not None else done

    target = StoreTarget(Forgetful(), "")
    with locked(target, LOCK):
        time.sleep(2.0)
        target.put("a", b"1")


@pytest.mark.parametrize("kind", [PlainStore, HeedlessStore, RefusingStore])
def test_where_there_are_no_conditions_one_gets_it_and_the_message_says_so(kind: type[MemoryStore]) -> None:
    store = kind()
    with (
        locked(StoreTarget(store, ""), LOCK),
        pytest.raises(LockedError, match=r"on condition, so that two that begin at the same moment may both write"),
        locked(StoreTarget(store, ""), LOCK),
    ):
        pass
    assert StoreTarget(store, "").get(LOCK) is None


def test_writers_that_meet_in_a_store_without_conditions_do_not_both_write() -> None:
    store = PlainStore()
    store.together = threading.Barrier(3)
    got = [leases.Lease(StoreTarget(store, ""), LOCK) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(lambda lease: lease.take(), got))
    assert sum(taken) == 1


def test_a_target_that_is_sent_elsewhere_takes_no_fence_along() -> None:
    target = StoreTarget(MemoryStore(), "")
    target.fences.append(lambda: None)
    assert not pickle.loads(pickle.dumps(StoreTarget(MemoryStore(), ""))).fences
    assert target.__getstate__()["fences"] == []


@pytest.mark.usefixtures("short")
def test_writing_an_image_stops_when_the_lease_is_lost(s3_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"s3://{s3_server.bucket()}/image.zarr"
    location = Location.parse(url, s3_server.options)

    class Slow:
        shape, dtype, chunks = (40, 40), np.dtype("u1"), (1, 40)
        asked = 0

        def __getitem__(self, region: Any) -> Any:
            if self.asked == 1:
                stolen(there)
            self.asked += 1
            time.sleep(0.3)
            return np.ones((40, 40), "u1")[region]

    there: Any = target_of(open_store(location, default_registry().storage_schemes, write=True))
    with pytest.raises(LockedError, match="Writing has stopped"):
        omezarr.write_image(
            url, Slow(), axes="yx", chunks=(2, 40), levels=1, storage_options=s3_server.options, run={"threads": 1}
        )
    assert json.loads(there.get(LOCK))["owner"] == "thief"
