"""A storage scheme from outside is a target like any other: it resumes, and keeps a second writer out as it states."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.arrays import leases
from omezarr.arrays.locks import locked
from omezarr.arrays.targets import target_of
from omezarr.errors import LockedError, OMEZarrError, TargetExistsError
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.testing import WritableSchemeSuite, isolated_registry, write_example
from omezarr.testing.stateful import StatefulSchemeSuite
from tests.third_party import vault
from tests.third_party.vault.store import DrawerStore

if TYPE_CHECKING:
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

PIXELS = np.arange(48 * 40, dtype="uint16").reshape(48, 40)

DYING = """
import os, sys
from omezarr.arrays import leases
from omezarr.cli import main
from ngff_vault.store import DrawerStore

leases.LEASE_SECONDS = 1.0
left, put = int(sys.argv.pop(1)), DrawerStore.set

async def dying(store, key, value):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    await put(store, key, value)

DrawerStore.set = dying
main()
"""
"""The command line, in a process that is killed as it stores one object more than so many."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAULTS", str(tmp_path / "vaults"))
    return tmp_path / "vaults"


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(vault)


def objects(folder: Path, name: str) -> dict[str, bytes]:
    """Return all that is in a vault or drawer."""
    return dict(DrawerStore(str(folder / name)).ask("SELECT key, content FROM objects"))


def write(place: str, registry: Registry, **run: Any) -> None:
    omezarr.write_image(
        place, PIXELS, axes="yx", levels=2, chunks=(16, 16), registry=registry, run=omezarr.RunOptions(threads=1, **run)
    )


class Contract(StatefulSchemeSuite, WritableSchemeSuite):
    """What holds for both."""

    examples = 6

    @pytest.fixture
    def registry(self) -> Registry:
        return isolated_registry(vault)

    @pytest.fixture
    def empty(self) -> Location:
        return Location.parse(f"{self.name}://lab/empty.zarr")

    @pytest.fixture
    def place(self, registry: Registry) -> Location:
        place = Location.parse(f"{self.name}://lab/a b.zarr")
        write_example(open_store(place, registry.storage_schemes, write=True))
        return place


class TestVault(Contract):
    name = "vault"


class TestDrawer(Contract):
    name = "drawer"


@pytest.mark.parametrize("name", ["vault", "drawer"])
def test_an_image_is_written_there_as_to_a_folder(name: str, tmp_path: Path, folder: Path, registry: Registry) -> None:
    write(f"{name}://lab/deep/image.zarr", registry)
    write(str(tmp_path / "image.zarr"), registry)
    files = [path for path in (tmp_path / "image.zarr").rglob("*") if path.is_file()]
    expected = {f"deep/{path.relative_to(tmp_path).as_posix()}": path.read_bytes() for path in files}
    assert objects(folder, f"lab.{name}") == expected
    node = omezarr.open(f"{name}://lab/deep/image.zarr", registry=registry)
    assert np.array_equal(node.levels[0].read(), PIXELS)
    with pytest.raises(TargetExistsError, match="overwrite"):
        omezarr.write_image(f"{name}://lab/deep/image.zarr", PIXELS[::-1], axes="yx", registry=registry)


@pytest.mark.parametrize("name", ["vault", "drawer"])
def test_a_run_that_failed_at_any_object_is_gone_on_with(
    name: str, folder: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(f"{name}://whole/image.zarr", registry)
    whole = objects(folder, f"whole.{name}")
    put, left = DrawerStore.set, [0]

    async def failing(store: DrawerStore, key: str, value: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise ConnectionError("the vault is closed")
        await put(store, key, value)

    monkeypatch.setattr(DrawerStore, "set", failing)
    monkeypatch.setattr(leases, "SETTLE_SECONDS", 0.0)
    failures = 0
    for moment in range(100):
        left[0] = moment
        try:
            write(f"{name}://lab{moment}/image.zarr", registry)
        except OMEZarrError:
            failures += 1
        else:
            break
        left[0] = 1000
        write(f"{name}://lab{moment}/image.zarr", registry, resume=True)
        assert objects(folder, f"lab{moment}.{name}") == whole, moment
    assert failures > len(whole)


@pytest.mark.parametrize("name", ["vault", "drawer"])
def test_an_installed_scheme_is_a_target_of_the_command_line_and_resumes_after_a_kill(
    name: str, tmp_path: Path, folder: Path, installed: Installed
) -> None:
    shutil.copytree(Path(vault.__file__).parent, installed.folder / "ngff_vault", ignore=lambda *_: ["__pycache__"])
    installed.add("ngff-vault", {"schemes.vault": "ngff_vault"})
    np.save(tmp_path / "cells.npy", PIXELS)
    request = ["convert", str(tmp_path / "cells.npy"), "--axes", "yx", "--chunks", "16,16", "--levels", "2"]
    whole = installed.run(*request, f"{name}://whole/cells.zarr")
    assert (whole.returncode, whole.stderr) == (0, "")
    place = f"{name}://lab/cells.zarr"
    killed = installed.python(DYING, "9", *request, place)
    assert killed.returncode == 9
    assert any("/0/c/" in key for key in objects(folder, f"lab.{name}"))
    unfinished = installed.run("info", place)
    assert unfinished.returncode == 1
    assert "was never finished" in unfinished.stdout
    time.sleep(1.1)  # the lease of the killed process runs out
    resumed = installed.run(*request, place, "--resume")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert objects(folder, f"lab.{name}") == objects(folder, f"whole.{name}")
    assert installed.run("validate", "--data", place).returncode == 0


@pytest.mark.parametrize(("name", "certain"), [("vault", True), ("drawer", False)])
def test_a_second_writer_is_kept_out_and_told_how_surely(name: str, certain: bool, registry: Registry) -> None:
    place = Location.parse(f"{name}://lab/image.zarr")
    target = target_of(open_store(place, registry.storage_schemes, write=True))
    with locked(target, ".omezarr/plan.lock"), pytest.raises(LockedError, match="is writing to lab") as caught:
        write(str(place), registry)
    assert ("may both write" in str(caught.value)) is not certain
    write(str(place), registry)


def test_whoever_loses_the_lease_of_a_vault_stops_writing(registry: Registry) -> None:
    place = Location.parse("vault://lab/image.zarr")
    target = target_of(open_store(place, registry.storage_schemes, write=True))
    store, path = target.store()
    assert isinstance(store, DrawerStore)
    lease = leases.Lease(target, ".omezarr/plan.lock")  # type: ignore[arg-type]
    assert lease.take()
    store.ask("UPDATE objects SET content = ?, version = version + 1", b'{"owner": "another", "expires": 9e9}')
    assert not lease.renew()
    with pytest.raises(LockedError, match="somebody else has taken it"):
        lease.check()
    lease.release()
    assert store.names("") == [f"{path}/.omezarr/plan.lock"]
