"""Going on after a process was killed: the same bytes, nothing computed twice, nothing left over."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omezarr.arrays.geometry import level_shapes
from omezarr.engine.units import Tree, TreeNode
from omezarr.errors import ArgumentError, SourceError
from omezarr.writing import RunOptions
from omezarr.writing.images import write_image
from omezarr_builtins.scaling.nearest import Nearest
from tests.engine.killed_writer import CHUNKS as KILLED_CHUNKS
from tests.engine.killed_writer import FACTORS, SHAPE
from tests.engine.pyramids import FINAL, digests, levels_of, noise, read_levels, write
from tests.engine.test_execution import CHUNKS, Failing, root_of

ROOT = Path(__file__).parents[2]
CELLS = 2 * 2 * 10 * 10

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def started(*words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.killed_writer", *words], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def is_complete(target: Path) -> bool:
    """Return whether only the removal of the lock was left to do."""
    return (target / "zarr.json").exists() and root_of(target) == FINAL and not (target / ".omezarr/plan").exists()


def finished(*words: str) -> int:
    process = started(*words)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return int(output)


@pytest.mark.parametrize("mode", ["pass", "windows", "shards"])
def test_killed_at_random_moments_and_resumed_every_byte_is_the_same(tmp_path: Path, mode: str) -> None:
    finished(str(tmp_path / "whole.zarr"), mode)
    expected = digests(tmp_path / "whole.zarr")
    target = tmp_path / "killed.zarr"
    rng = random.Random(mode)
    words: tuple[str, ...] = ("slow",)
    kills = 0
    while kills < 3:
        process = started(str(target), mode, *words)
        time.sleep(rng.uniform(0.1, 0.7))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        words = ("slow", "resume")
        kills += 1
        if is_complete(target):
            break
    if not is_complete(target):
        finished(str(target), mode, "resume")
    shutil.rmtree(target / ".omezarr", ignore_errors=True)  # the lock of a process killed behind the commit
    assert digests(target) == expected
    assert [path.name for path in tmp_path.iterdir() if path.name != "whole.zarr"] == ["killed.zarr"]


def test_what_was_finished_is_not_read_again(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    process = started(str(target), "pass", "slow")
    journal = target / ".omezarr/plan/done"
    deadline = time.monotonic() + 60
    while len(list(journal.rglob("*.*"))) < 12 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    notes = [path.name for path in journal.rglob("*.*")]
    reads = finished(str(target), "pass", "resume")
    assert reads <= CELLS - leaves_below(notes)
    assert leaves_below(notes) >= 12 * 4


def leaves_below(notes: list[str]) -> int:
    """Return how many units of the source the noted nodes stand for."""
    shapes = level_shapes(SHAPE, FACTORS)
    tree = Tree.of(shapes, FACTORS, [KILLED_CHUNKS] * len(shapes))
    nodes = {TreeNode(int(name[0]), tuple(map(int, name[2:].split(".")))) for name in notes if name[0].isdecimal()}
    leaves: set[TreeNode] = set()
    while nodes:
        node = nodes.pop()
        if node.level:
            nodes.update(tree.children(node))
        else:
            leaves.add(node)
    return len(leaves)


def test_overwriting_can_be_killed_and_resumed_with_the_old_in_place(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS))
    before = digests(target)
    process = started(str(target), "pass", "slow", "overwrite")
    time.sleep(0.5)
    process.kill()
    process.communicate()
    assert {key: value for key, value in digests(target).items() if not key.startswith(".omezarr")} == before
    finished(str(target), "pass", "resume", "overwrite")
    finished(str(tmp_path / "whole.zarr"), "pass")
    assert digests(target) == digests(tmp_path / "whole.zarr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.zarr", "whole.zarr"]


def test_of_two_processes_that_resume_the_second_is_refused_and_a_killed_one_is_not_in_the_way(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    first = started(str(target), "pass", "stuck", "resume")
    deadline = time.monotonic() + 60
    while not (target / "A/1/0/0/c").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    second = started(str(target), "pass", "resume")
    _, errors = second.communicate(timeout=60)
    assert first.poll() is None
    assert "LockedError" in errors
    first.kill()
    first.communicate()
    finished(str(target), "pass", "resume")
    assert root_of(target) == FINAL


def test_a_hierarchy_that_was_killed_while_tidying_up_is_tidied_up(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS))
    before = digests(target)
    (target / ".omezarr/plan").mkdir(parents=True)
    (target / ".omezarr/plan/plan.json").write_text("{}")
    write(target, levels_of(noise((20, 20)), chunks=CHUNKS), resume=True)
    assert digests(target) == before


def test_a_changed_source_or_method_refuses_to_resume_and_names_the_difference(tmp_path: Path) -> None:
    target = tmp_path / "image.zarr"
    failing = Failing(noise((40, 40)), (33, 33))
    with pytest.raises(SourceError):
        write(target, levels_of(failing, [(2, 2)], chunks=CHUNKS), threads=1)
    failing.identity = "changed"
    with pytest.raises(ArgumentError, match="the source of '0' was failing, is now changed"):
        write(target, levels_of(failing, [(2, 2)], chunks=CHUNKS), resume=True)
    failing.identity = "failing"
    with pytest.raises(ArgumentError, match="the scaling method of '0' was local_mean 1, is now nearest 1"):
        write(target, levels_of(failing, [(2, 2)], chunks=CHUNKS, method=Nearest()), resume=True)
    chunks = r"chunk_grid.configuration.chunk_shape of the array '0' was \[8, 8\], is now \[4, 4\]"
    with pytest.raises(ArgumentError, match=chunks):
        write(target, levels_of(failing, [(2, 2)], chunks=(4, 4)), resume=True)
    failing.at = (99, 99)
    write(target, levels_of(failing, [(2, 2)], chunks=CHUNKS), resume=True)
    np.testing.assert_array_equal(read_levels(target)[0], noise((40, 40)))


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"scale": 0.25}, r"datasets\[0\].coordinateTransformations\[0\].scale of the metadata of the root was "),
        ({"name": "other"}, r"name of the metadata of the root was cells, is now other"),
        ({"channels": ["DAPI"]}, r"omero.channels.* of the metadata of the root was .* is now .*DAPI"),
    ],
)
def test_changed_metadata_refuses_to_resume_and_names_the_difference(
    tmp_path: Path, changed: dict[str, Any], difference: str
) -> None:
    options: dict[str, Any] = {"axes": "cyx", "chunks": (1, 8, 8), "name": "cells", "scale": 0.5, "levels": 2}
    source = Failing(noise((1, 40, 40)), (0, 33, 33))
    target = tmp_path / "image.zarr"
    with pytest.raises(SourceError):
        write_image(target, source, **options)
    source.at = (0, 99, 99)
    with pytest.raises(ArgumentError, match=difference):
        write_image(target, source, run=RunOptions(resume=True), **{**options, **changed})
    write_image(target, source, run=RunOptions(resume=True), **options)
    np.testing.assert_array_equal(read_levels(target)[0], noise((1, 40, 40)))


def test_changed_pixels_of_an_array_in_memory_are_noticed(tmp_path: Path) -> None:
    from omezarr.arrays import as_source

    array = noise((40, 40))
    first = as_source(array).identity
    array[7, 7] += 1
    assert as_source(array).identity != first


def test_resuming_where_nothing_was_begun_just_writes(tmp_path: Path) -> None:
    write(tmp_path / "image.zarr", levels_of(noise((20, 20)), chunks=CHUNKS), resume=True)
    np.testing.assert_array_equal(read_levels(tmp_path / "image.zarr")[0], noise((20, 20)))
