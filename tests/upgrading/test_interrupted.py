"""An upgrade in place that is killed at any moment: all opens with its pixels, and doing it again completes it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from zarr.storage import MemoryStore, WrapperStore

import omezarr
from omezarr.arrays import objects as engine_objects
from omezarr.arrays.targets import LocalTarget
from omezarr.errors import LockedError, OMEZarrError, WriteError
from omezarr.location import Location
from omezarr.upgrading import upgrade
from tests.upgrading.upgrade_cases import (
    assert_pixels,
    expected,
    groups_of,
    objects_in,
    objects_of,
    put,
    store_of,
    zarr_format_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = [
    ("image", "0.4", "0.5"),
    ("image", "0.5", "0.4"),
    ("image", "0.1", "0.2"),
    ("image", "0.2", "0.1"),
    ("image", "0.3", "0.4"),
    ("image", "0.1", "0.6"),
    ("image", "0.6", "0.1"),
    ("image", "0.6", "0.5"),
    ("plate", "0.4", "0.5"),
    ("plate", "0.1", "0.2"),
    ("collection", "0.5", "0.4"),
    ("scene", "0.6", "0.5"),
]


class KilledError(OSError):
    """The process is gone."""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes here, so that neither a lease nor a lock that a dead store keeps is waited for."""
    monkeypatch.setattr("omezarr.arrays.leases.SETTLE_SECONDS", 0.0)
    monkeypatch.setattr("omezarr.engine.steps.EDIT_WAIT_SECONDS", 0.0)


class Dying(WrapperStore[MemoryStore]):
    """A store that is out of reach after so many changes."""

    def __init__(self, store: MemoryStore, changes: int) -> None:
        super().__init__(store)
        self.left = changes
        self.dead = False

    def _change(self) -> None:
        if self.left <= 0:
            self.dead = True
            raise KilledError("killed")
        self.left -= 1

    async def set(self, *arguments: Any, **options: Any) -> None:
        self._change()
        await super().set(*arguments, **options)

    async def set_if_not_exists(self, *arguments: Any, **options: Any) -> None:
        self._change()
        await super().set_if_not_exists(*arguments, **options)

    async def delete(self, *arguments: Any, **options: Any) -> None:
        self._change()
        await super().delete(*arguments, **options)


def interrupted(objects: dict[str, bytes], new: str, changes: int) -> tuple[MemoryStore, bool]:
    """Upgrade until the store dies; return what it holds then, without the locks, which run out, and whether it did."""
    store = store_of(objects)
    dying = Dying(store, changes)
    with suppress(OSError):  # one that dies with nothing left to do but to give its locks back does not raise
        upgrade(dying, to=new, allow_lossy=True)
    left = {key: content for key, content in objects_in(store).items() if not (dying.dead and key.endswith(".lock"))}
    return store_of(left), dying.dead


@pytest.mark.parametrize(("kind", "old", "new"), CASES)
def test_whatever_the_moment_all_opens_and_a_second_attempt_completes(kind: str, old: str, new: str) -> None:
    objects, wanted = objects_of(kind, old, 1), expected(kind, old, 1)
    whole = objects_in(interrupted(objects, new, 10**9)[0])
    changes, died = 0, True
    while died:
        store, died = interrupted(objects, new, changes)
        assert_pixels(store, wanted)
        assert versions_in(store, wanted) <= {old, new}
        upgrade(store, to=new, allow_lossy=True)
        assert objects_in(store) == whole
        changes += 1 if kind == "image" else 3
    assert changes > 5


def versions_in(store: MemoryStore, paths: dict[str, Any]) -> set[str | None]:
    place = Location.parse(store)
    nodes = [omezarr.open(place.below(path)) for path in paths]
    return {node.version for node in nodes if node.key not in ("bioformats2raw.layout", None)}


@pytest.mark.parametrize(("old", "new", "other"), [("0.4", "0.5", "0.4"), ("0.5", "0.4", "0.5"), ("0.4", "0.5", "0.6")])
def test_after_an_interruption_another_version_can_be_asked_for(old: str, new: str, other: str) -> None:
    objects, wanted = objects_of("image", old, 1), expected("image", old, 1)
    changes, died = 0, True
    while died:
        store, died = interrupted(objects, new, changes)
        root = upgrade(store, to=other, allow_lossy=True)
        assert {node.version for node in groups_of(root).values()} == {other}
        assert_pixels(store, wanted)
        assert "omezarr" not in root.attributes
        stale = "zarr.json" if zarr_format_of(other) == 2 else ".zgroup"
        assert not any(key.rpartition("/")[2] == stale for key in objects_in(store) if key.count("/") < 2)
        changes += 3


@pytest.mark.parametrize(("old", "new"), [("0.4", "0.5"), ("0.5", "0.4")])
def test_the_root_says_that_its_upgrade_goes_on(old: str, new: str) -> None:
    objects, changes, died = objects_of("image", old, 1), 3, True
    seen: list[tuple[str | None, object]] = []
    while died:
        store, died = interrupted(objects, new, changes)
        root = omezarr.open(store)
        seen.append((root.version, root.attributes.get("omezarr")))
        changes += 1
    marker = {"upgrade": {"from": old, "to": new}}
    first, last = seen.index((old, marker)), len(seen) - seen[::-1].index((new, marker))
    assert all(found == marker for _, found in seen[first:last])
    assert [version for version, _ in seen] == sorted((version for version, _ in seen), reverse=old > new)
    assert [found for _, found in (*seen[:first], *seen[last:])] == [None] * (first + len(seen) - last)


def test_a_failure_says_how_to_go_on() -> None:
    dying = Dying(store_of(objects_of("image", "0.4", 1)), 9)
    with pytest.raises(OMEZarrError) as caught:
        upgrade(dying, to="0.5")
    error: BaseException | None = caught.value
    said = []
    while error is not None:
        said.append(str(error))
        error = error.__cause__ or error.__context__
    assert any("run the same again to complete it" in line for line in said)


def test_two_upgrades_at_once_are_refused() -> None:
    store = store_of(objects_of("image", "0.4", 1))
    lease = b'{"owner": "another process", "expires": 9e12}'
    put(store, {".omezarr/upgrade.lock": lease})
    with pytest.raises(LockedError, match="another process is writing"):
        upgrade(Dying(store, 10**9), to="0.5")
    assert objects_in(store) == {**objects_of("image", "0.4", 1), ".omezarr/upgrade.lock": lease}


@pytest.fixture
def dying_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that lets only so many changes of local files happen from then on."""
    left = [10**9]

    def change() -> None:
        if left[0] <= 0:
            raise WriteError("killed")
        left[0] -= 1

    def guarded(function: Any) -> Any:
        def guard(*arguments: Any, **options: Any) -> Any:
            change()
            return function(*arguments, **options)

        return guard

    monkeypatch.setattr(LocalTarget, "put", guarded(LocalTarget.put))
    monkeypatch.setattr(LocalTarget, "delete", guarded(LocalTarget.delete))
    monkeypatch.setattr(engine_objects, "_link", guarded(engine_objects._link))

    def allow(changes: int) -> None:
        left[0] = changes

    return allow


@pytest.mark.parametrize(("old", "new"), [("0.1", "0.2"), ("0.4", "0.5"), ("0.5", "0.4")])
def test_a_local_folder_is_never_without_its_pixels(
    tmp_path: Path, dying_disk: Callable[[int], None], old: str, new: str
) -> None:
    wanted = expected("image", old, 1)
    changes, died = 0, True
    while died:
        path = tmp_path / "image.zarr"
        for key, content in objects_of("image", old, 1).items():
            (path / key).parent.mkdir(parents=True, exist_ok=True)
            (path / key).write_bytes(content)
        dying_disk(changes)
        died = False
        try:
            upgrade(path, to=new)
        except OMEZarrError:
            died = True
        dying_disk(10**9)
        assert_pixels_of_folder(path, wanted)
        assert upgrade(path, to=new).version == new
        assert_pixels_of_folder(path, wanted)
        assert not (path / ".omezarr").exists()
        shutil.rmtree(path)
        changes += 2


def assert_pixels_of_folder(path: Path, wanted: dict[str, Any]) -> None:
    from zarr.storage import LocalStore

    assert_pixels(LocalStore(path), wanted)


@pytest.mark.parametrize(("old", "new"), [("0.1", "0.2"), ("0.4", "0.5"), ("0.5", "0.4")])
def test_what_an_interruption_left_is_not_copied_to_a_target(old: str, new: str) -> None:
    objects, changes, died = objects_of("image", old, 1), 0, True
    count = len(copied(store_of(objects), new))
    while died:
        store, died = interrupted(objects, new, changes)
        found = copied(store, new)
        assert_pixels(store_of(found), expected("image", old, 1))
        assert len(found) == count
        changes += 4


def copied(store: MemoryStore, version: str) -> dict[str, bytes]:
    """Return what an upgrade into a target writes there."""
    target = MemoryStore()
    upgrade(store, target, to=version)
    return objects_in(target)
