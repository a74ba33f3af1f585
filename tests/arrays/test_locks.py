"""Locks and journals in stores that are no local disk."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from zarr.storage import MemoryStore

import omezarr
from omezarr.arrays import leases, locks
from omezarr.arrays.targets import StoreTarget
from omezarr.errors import ArgumentError, IncompleteError, LockedError, SourceError, TargetExistsError
from tests.engine.pyramids import FINAL, levels_of, noise, read_levels, write
from tests.engine.test_execution import CHUNKS, Failing


class RemoteStore(MemoryStore):
    """Stands for a server: the engine takes it to outlive the process."""


@pytest.fixture
def store() -> RemoteStore:
    return RemoteStore()


@pytest.fixture
def target(store: RemoteStore) -> StoreTarget:
    return StoreTarget(store, "image.zarr")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.5)


def test_a_lease_excludes_another_writer_and_names_it(target: StoreTarget) -> None:
    with locks.locked(target, ".omezarr/plan.lock"):
        owner = json.loads(target.get(".omezarr/plan.lock") or b"")["owner"]
        with pytest.raises(LockedError, match=f"{owner} is writing"), locks.locked(target, ".omezarr/plan.lock"):
            pass
    assert target.get(".omezarr/plan.lock") is None


@pytest.mark.usefixtures("short")
def test_a_lease_is_renewed_while_it_is_held(target: StoreTarget) -> None:
    with locks.locked(target, "lock"):
        time.sleep(2.0)
        with pytest.raises(LockedError), locks.locked(target, "lock"):
            pass


@pytest.mark.parametrize("content", [b'{"owner": "dead", "expires": 1}', b"garbage"])
def test_a_lease_that_has_run_out_or_is_garbage_is_not_in_the_way(target: StoreTarget, content: bytes) -> None:
    target.put("lock", content)
    with locks.locked(target, "lock"):
        assert b"dead" not in (target.get("lock") or b"")


def test_memory_needs_no_lock() -> None:
    with locks.locked(StoreTarget(MemoryStore(), ""), "lock"):
        pass


def test_an_interrupted_write_to_a_server_is_resumed(store: RemoteStore) -> None:
    failing: Any = Failing(noise((40, 40)), (33, 33))
    with pytest.raises(SourceError, match="with resuming to go on"):
        write(store, levels_of(failing, [(2, 2)], chunks=CHUNKS), threads=1)
    with pytest.raises(IncompleteError):
        write(store, levels_of(failing, [(2, 2)], chunks=CHUNKS))
    failing.at = (99, 99)
    write(store, levels_of(failing, [(2, 2)], chunks=CHUNKS), resume=True)
    np.testing.assert_array_equal(read_levels(store)[0], noise((40, 40)))
    assert not [key for key in store._store_dict if ".omezarr" in key]
    assert json.loads(store._store_dict["zarr.json"].to_bytes())["attributes"] == FINAL


def test_overwriting_on_a_server_removes_all_of_the_old(store: RemoteStore) -> None:
    write(store, levels_of(noise((40, 40)), [(2, 2)], chunks=CHUNKS))
    with pytest.raises(TargetExistsError):
        write(store, levels_of(noise((9, 9)), chunks=CHUNKS))
    write(store, levels_of(noise((9, 9)), chunks=CHUNKS), overwrite=True)
    assert len(read_levels(store)) == 1
    assert not [key for key in store._store_dict if key.startswith("1/")]


def test_a_lease_runs_out_when_its_holder_said(target: StoreTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)

    def seconds_held(**given: float) -> float:
        with locks.locked(target, "lock", **given):
            with pytest.raises(LockedError) as caught, locks.locked(target, "lock"):
                pass
            expires: float = json.loads(target.get("lock") or b"")["expires"]
        assert f"wait for {expires - 1000:.0f} s" in str(caught.value)
        return expires - 1000

    assert seconds_held() == 60
    assert seconds_held(lease=7) == 7
    monkeypatch.setenv("OMEZARR_LEASE", "20")
    assert seconds_held() == 20
    assert seconds_held(lease=7) == 7


@pytest.mark.parametrize("wrong", ["1", "soon", "nan", "inf"])
def test_a_lease_that_could_not_be_renewed_in_time_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="the lease is"):
        omezarr.write_image(RemoteStore(), np.zeros((8, 8), "uint8"), run={"lease": wrong})
    monkeypatch.setenv("OMEZARR_LEASE", wrong)
    with pytest.raises(ArgumentError, match="OMEZARR_LEASE"):
        omezarr.write_image(RemoteStore(), np.zeros((8, 8), "uint8"))
