"""Carrying out plans: what may be replaced, what is left behind, and what failures say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

from omezarr.abc import PixelSource
from omezarr.abc.plan import (
    CreateGroup,
    DeleteKeys,
    EditAttributes,
    MergeIntoList,
    Progress,
    TransferObjects,
    WriteObject,
)
from omezarr.arrays.locks import locked
from omezarr.arrays.targets import LocalTarget
from omezarr.engine import execute
from omezarr.errors import (
    ArgumentError,
    IncompleteError,
    LockedError,
    MemoryBoundError,
    MetadataError,
    SourceError,
    TargetExistsError,
    WriteError,
)
from omezarr.location import Location
from omezarr.testing.stores import FailingStore
from omezarr_builtins.scaling.gaussian import Gaussian
from tests.engine.pyramids import (
    FINAL,
    digests,
    expected_levels,
    levels_of,
    noise,
    open_store,
    plan_of,
    read_levels,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNKS = (8, 8)


class Failing(PixelSource):
    """Raises when a certain sample is read, or calls something."""

    def __init__(self, array: np.ndarray[Any, Any], at: tuple[int, ...], act: Callable[[], None] | None = None) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.chunks = array.shape
        self.identity = "failing"
        self.at = at
        self.act = act
        self.reads = 0

    def read(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        self.reads += 1
        if all(part.start <= place < part.stop for part, place in zip(region, self.at, strict=True)):
            if self.act is None:
                raise OSError("the disk is on fire")
            self.act()
        return self.array[region]

    def cost(self, region: tuple[slice, ...]) -> int:
        return 0


def root_of(target: Path) -> dict[str, Any]:
    attributes: dict[str, Any] = json.loads((target / "zarr.json").read_text())["attributes"]
    return attributes


def test_a_finished_hierarchy_has_its_attributes_and_nothing_of_the_engine(tmp_path: Path) -> None:
    write(tmp_path / "deep/er/image.zarr", levels_of(noise((20, 20)), [(2, 2)], chunks=CHUNKS))
    assert root_of(tmp_path / "deep/er/image.zarr") == FINAL
    assert sorted(p.name for p in (tmp_path / "deep/er/image.zarr").iterdir()) == ["0", "1", "zarr.json"]
    assert [p.name for p in (tmp_path / "deep/er").iterdir()] == ["image.zarr"]


def test_what_exists_is_not_overwritten_unasked(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS))
    before = digests(target)
    for options in ({}, {"resume": True}):
        with pytest.raises(TargetExistsError, match="exists already"):
            write(target, levels_of(noise((20, 20), seed=1), chunks=CHUNKS), **options)
    assert digests(target) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_other_content_is_never_replaced(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("years of work")
    with pytest.raises(TargetExistsError, match="no zarr hierarchy"):
        write(tmp_path / "thesis", levels_of(noise((20, 20)), chunks=CHUNKS), overwrite=overwrite)
    assert digests(tmp_path).keys() == {"thesis/chapter.tex"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_in_the_place_of_the_target_is_not_replaced(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises((TargetExistsError, WriteError)):
        write(tmp_path / "file", levels_of(noise((20, 20)), chunks=CHUNKS), overwrite=overwrite)
    assert (tmp_path / "file").read_text() == "x"


def test_overwriting_replaces_all_of_the_old(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), [(2, 2), (2, 2)], chunks=CHUNKS))
    write(target, levels_of(noise((9, 9), seed=1), chunks=CHUNKS), overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["image.zarr"]
    np.testing.assert_array_equal(read_levels(target)[0], noise((9, 9), seed=1))
    assert len(read_levels(target)) == 1


def test_an_image_can_be_overwritten_by_what_is_made_from_it(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS))
    source = zarr.open_array(target / "0", mode="r")
    write(target, levels_of(source, [(2, 2)], chunks=(5, 5)), overwrite=True)
    np.testing.assert_array_equal(read_levels(target)[0], noise((20, 20)))


def test_the_old_stays_when_overwriting_fails(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS))
    before = digests(target)
    with pytest.raises(SourceError):
        write(target, levels_of(Failing(noise((20, 20)), (19, 19)), chunks=CHUNKS), overwrite=True, threads=1)
    assert digests(target) == before


@pytest.mark.parametrize("state", ["both", "old only", "old and half of the new"])
def test_a_replacement_that_was_cut_short_is_mended(tmp_path: Path, state: str) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS))
    before = digests(target)
    target.rename(tmp_path / ".image.zarr.omezarr-old")
    if state == "both":
        write(tmp_path / ".image.zarr.omezarr-new", levels_of(noise((9, 9)), chunks=CHUNKS))
        before = digests(tmp_path / ".image.zarr.omezarr-new")
    elif state != "old only":
        (tmp_path / ".image.zarr.omezarr-new").mkdir()
    with pytest.raises(TargetExistsError):
        write(target, levels_of(noise((20, 20), seed=1), chunks=CHUNKS))
    assert digests(target) == before


def test_a_failure_before_the_first_unit_leaves_nothing_behind(tmp_path: Path) -> None:
    step = levels_of(Failing(noise((20, 20)), (0, 0)), [(2, 2)], chunks=CHUNKS)
    with pytest.raises(SourceError, match=r"could not read \[0:8, 0:8\] of the source: OSError: the disk is on fire"):
        write(tmp_path / "a/b/image.zarr", step, threads=1)
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(MemoryBoundError, match="takes at least"):
        write(tmp_path / "image.zarr", levels_of(noise((20, 20)), chunks=CHUNKS), memory=10)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_midway_names_the_place_and_the_way_to_go_on(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    array = noise((40, 40))
    with pytest.raises(SourceError, match="with resuming to go on"):
        write(target, levels_of(Failing(array, (33, 33)), [(2, 2)], chunks=CHUNKS), threads=1)
    assert "incomplete" in root_of(target)["omezarr"]
    with pytest.raises(IncompleteError, match=r"to go on \(--resume, .*to start anew \(--overwrite, "):
        write(target, levels_of(array, [(2, 2)], chunks=CHUNKS))
    write(target, levels_of(array, [(2, 2)], chunks=CHUNKS), overwrite=True)
    assert root_of(target) == FINAL


def test_no_thread_writes_after_the_failure_has_been_reported(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    target = tmp_path / "image.zarr"
    with pytest.raises(SourceError):
        write(target, levels_of(Failing(noise((99, 99)), (50, 50)), [(2, 2)], chunks=CHUNKS), threads=4)
    assert {thread for thread in threading.enumerate() if thread.name.startswith("omezarr")} <= before
    assert not list(target.rglob("*.part"))


@pytest.mark.parametrize("refused", ["0/c/2/2", "1/c/0/1"])
def test_a_store_that_fails_is_reported_with_the_chunk(refused: str) -> None:
    store = FailingStore(MemoryStore(), writes={refused: ConnectionError("the server hung up")})
    with pytest.raises(WriteError, match=f"could not write '{refused}' .* ConnectionError: the server hung up"):
        write(store, levels_of(noise((40, 40)), [(2, 2)], chunks=CHUNKS))


@pytest.mark.parametrize("method", [None, Gaussian()], ids=["one pass", "level by level"])
def test_interrupting_leaves_what_can_be_resumed(tmp_path: Path, method: Any) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.units_done == 9:
            raise KeyboardInterrupt

    target = tmp_path / "image.zarr"
    array = noise((40, 40))
    step = levels_of(array, [(2, 2)], chunks=CHUNKS, method=method)
    with pytest.raises(KeyboardInterrupt):
        write(target, step, progress=interrupt)
    write(target, step, resume=True)
    for found, expected in zip(read_levels(target), expected_levels(array, step.factors, step.method), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_progress_grows_to_the_total(tmp_path: Path) -> None:
    seen: list[Progress] = []
    write(tmp_path / "a.zarr", levels_of(noise((40, 40)), [(2, 2), (2, 2)], chunks=CHUNKS), progress=seen.append)
    done = [progress.units_done for progress in seen]
    assert done == sorted(done)
    assert (seen[-1].units_done, seen[-1].bytes_done) == (seen[-1].units_total, seen[-1].bytes_total)
    assert seen[-1].units_total == 25 + 9 + 4
    assert seen[-1].bytes_total == 2 * (40 * 40 + 20 * 20 + 10 * 10)
    assert seen[-1].message == "writing"


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    refused: list[BaseException] = []

    def write_too() -> None:
        try:
            write(target, levels_of(noise((20, 20)), chunks=CHUNKS), resume=True)
        except LockedError as error:
            refused.append(error)

    step = levels_of(Failing(noise((20, 20)), (9, 9), write_too), chunks=CHUNKS)
    write(target, step, threads=1)
    assert "another process is writing" in str(refused[0])
    assert root_of(target) == FINAL


def test_threads_and_memory_below_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="0 threads"):
        write(tmp_path / "image.zarr", levels_of(noise((20, 20)), chunks=CHUNKS), threads=0)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_steps_on_groups_objects_and_lists(tmp_path: Path, zarr_format: int) -> None:
    target = tmp_path / "plate.zarr"
    plan = plan_of(
        target,
        CreateGroup(path="A/1", attributes={"well": {}}),
        WriteObject(key="OME/METADATA.ome.xml", content=b"<OME/>"),
        TransferObjects(pairs=(("OME/METADATA.ome.xml", "OME/copy.xml"),)),
        MergeIntoList(path="A/1", keys=("well", "images"), items=({"path": "0"}, {"path": "1"}), match="path"),
        MergeIntoList(path="A/1", keys=("well", "images"), items=({"path": "0", "acquisition": 1},), match="path"),
        WriteObject(key="gone", content=b""),
        DeleteKeys(keys=("gone", "never/there")),
        EditAttributes(path="A/1", attributes={"well": 1}, expected={"well": 2}),
        zarr_format=zarr_format,
    )
    with pytest.raises(WriteError, match="have changed since they were read"):
        execute(plan, open_store=open_store)
    group = zarr.open_group(target / "A/1", mode="r")
    assert dict(group.attrs) == {"well": {"images": [{"path": "0", "acquisition": 1}, {"path": "1"}]}}
    assert (target / "OME/copy.xml").read_bytes() == b"<OME/>"
    assert not (target / "gone").exists()


def test_a_copy_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "a.zarr", TransferObjects(pairs=(("missing", "new"),)))
    with pytest.raises(WriteError, match="missing is not there"):
        execute(plan, open_store=open_store)


def test_objects_are_copied_from_another_store(tmp_path: Path) -> None:
    (tmp_path / "from.zarr/0").mkdir(parents=True)
    (tmp_path / "from.zarr/0/c").write_bytes(b"chunk")
    store = MemoryStore()
    source = Location.parse(str(tmp_path / "from.zarr"))
    execute(plan_of(store, TransferObjects(pairs=(("0/c", "1/c"),), source=source)), open_store=open_store)
    assert store._store_dict["1/c"].to_bytes() == b"chunk"


@pytest.mark.parametrize("path", ["../outside", "/absolute", "a\\b"])
def test_paths_that_lead_outside_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(MetadataError):
        execute(plan_of(tmp_path / "a.zarr", WriteObject(key=path, content=b"")), open_store=open_store)


def test_what_is_measured_reaches_the_documents(tmp_path: Path) -> None:
    array = noise((40, 40))
    step = levels_of(array, [(2, 2), (2, 2)], chunks=CHUNKS)
    plan = plan_of(
        tmp_path / "a.zarr",
        step,
        EditAttributes(path="", attributes=lambda measured: {"max": int(np.max(measured.smallest_level("")))}),  # type: ignore[call-overload]
    )
    from attrs import evolve

    plan = evolve(plan, phases=(evolve(plan.phases[0], steps=plan.phases[0].steps[:-1]),))
    execute(plan, open_store=open_store)
    assert root_of(tmp_path / "a.zarr") == {"max": int(expected_levels(array, step.factors, step.method)[-1].max())}


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_follows_a_change(tmp_path: Path, zarr_format: int) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS, zarr_format=zarr_format))
    with pytest.warns(UserWarning, match="Consolidated metadata") if zarr_format == 3 else _nothing():
        zarr.consolidate_metadata(target, zarr_format=zarr_format)
    labels = levels_of(noise((20, 20)), chunks=CHUNKS, zarr_format=zarr_format, path="labels/cells")
    group = CreateGroup(path="labels/cells", attributes={"image-label": {}})
    execute(
        plan_of(target, CreateGroup(path="labels"), group, labels, create=False, zarr_format=zarr_format),
        open_store=open_store,
    )
    consolidated = zarr.open_consolidated(target)
    assert dict(consolidated["labels/cells"].attrs) == {"image-label": {}}
    assert "labels/cells/0" in dict(consolidated.members(max_depth=None))


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def test_an_unfinished_label_says_so_and_its_image_stays_whole(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((40, 40)), chunks=CHUNKS))
    group = CreateGroup(path="labels/cells", attributes={"image-label": {}})
    array = noise((40, 40))

    def plan(source: Any) -> Any:
        return plan_of(target, CreateGroup(path="labels"), group, levels_of(source, chunks=CHUNKS, path="labels/cells"),
                       create=False)  # fmt: skip

    with pytest.raises(SourceError):
        execute(plan(Failing(array, (0, 0))), open_store=open_store, threads=1)
    assert not (target / "labels").exists()
    with pytest.raises(SourceError):
        execute(plan(Failing(array, (30, 30))), open_store=open_store, threads=1)
    assert "incomplete" in root_of(target / "labels/cells")["omezarr"]
    assert root_of(target) == FINAL
    execute(plan(array), open_store=open_store)
    assert root_of(target / "labels/cells") == {"image-label": {}}
    assert sorted(p.name for p in target.iterdir()) == ["0", "labels", "zarr.json"]


def test_edits_of_one_list_by_many_threads_all_arrive(tmp_path: Path) -> None:
    target = tmp_path / "plate.zarr"
    execute(plan_of(target, CreateGroup(path="A")), open_store=open_store)

    def add(number: int) -> None:
        step = MergeIntoList(path="A", keys=("images",), items=({"path": str(number)},), match="path")
        execute(plan_of(target, step, create=False), open_store=open_store)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    images = root_of(target / "A")["images"]
    assert sorted(int(image["path"]) for image in images) == list(range(8))
    assert sorted(p.name for p in target.iterdir()) == ["A", "zarr.json"]


def test_a_lock_that_nobody_holds_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".omezarr").mkdir()
    (tmp_path / ".omezarr/plan.lock").write_text("left by a killed process")
    with locked(LocalTarget(tmp_path), ".omezarr/plan.lock"):
        assert (tmp_path / ".omezarr/plan.lock").exists()
    assert not (tmp_path / ".omezarr").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if not done or done.returncode:
        pytest.skip("mounting a small disk needs more rights")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_writing_goes_on_when_there_is_room(small_disk: Path) -> None:
    step = levels_of(noise((200, 1000)), [(2, 2)], chunks=(20, 100))
    target = small_disk / "image.zarr"
    with pytest.raises(WriteError, match="with resuming to go on") as caught:
        write(target, step)
    named = re.match(rf"could not write {target}/(\d)/c/(\d)/(\d): no space left; ", str(caught.value))
    assert named, caught.value
    level, *unit = map(int, named.groups())
    assert level < len(step.arrays)
    assert all(index < 10 // 2**level for index in unit)
    assert not (target / f"{level}/c" / "/".join(map(str, unit))).exists()
    assert not list(target.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    write(target, step, resume=True)
    np.testing.assert_array_equal(read_levels(target)[0], noise((200, 1000)))
