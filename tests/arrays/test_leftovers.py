"""What dead processes left: the next run of any kind removes it, and nothing of the living."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omezarr
from omezarr.arrays.leftovers import RUN, STALE_SECONDS, sweep
from omezarr.arrays.locks import locked
from omezarr.arrays.targets import LocalTarget
from omezarr.checking.repair import repair
from omezarr.cli import run
from omezarr.errors import LockedError
from omezarr.upgrading import upgrade
from omezarr.writing.images import write_image, write_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIXELS = np.arange(64, dtype="uint8").reshape(8, 8)


def dead_process() -> int:
    """Return the number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half of it")
    return path


def test_only_what_nobody_needs_goes(tmp_path: Path) -> None:
    own = tmp_path / ".omezarr"
    gone = [
        own / "plan-" / f"{dead_process()}-ab-1-0.part",
        own / f"{os.getpid()}-{'0' * 8}-1-0.part",
        own / "edit.lock",
    ]
    old = own / "append" / f"{os.getppid()}-ab-1-0.part"
    kept = [own / f"{os.getpid()}-{RUN}-1-0.part", own / f"{os.getppid()}-ab-1-1.part", own / "other.part",
            tmp_path / "0/c/0", tmp_path / "notes.partial"]  # fmt: skip
    for path in (*gone, old, *kept):
        put(path)
    past = time.time() - 2 * STALE_SECONDS
    os.utime(old, (past, past))
    (tmp_path / "0/c/1/2").mkdir(parents=True)
    with locked(LocalTarget(tmp_path), ".omezarr/plan.lock"):
        sweep(tmp_path)
        with pytest.raises(LockedError), locked(LocalTarget(tmp_path), ".omezarr/plan.lock"):
            pass
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    assert not (tmp_path / "0/c/1").exists()
    assert not (own / "plan-").exists()


def test_empty_folders_stay_where_nobody_died(tmp_path: Path) -> None:
    (tmp_path / "0/c").mkdir(parents=True)
    with locked(LocalTarget(tmp_path), ".omezarr/plan.lock"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["0", "c"]


def test_the_empty_folder_of_a_process_that_died_last_of_all_goes(tmp_path: Path) -> None:
    (tmp_path / ".omezarr").mkdir()
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def labels(path: Path) -> None:
    write_labels(path, PIXELS, "cells")


def upgrades(path: Path) -> None:
    upgrade(path, to="0.6")


def nothing_to_upgrade(path: Path) -> None:
    upgrade(path, to="0.5")


def fixes(path: Path) -> None:
    repair(path)


def writes(path: Path) -> None:
    omezarr.open_writer(path).close()


@pytest.mark.parametrize("work", [labels, upgrades, nothing_to_upgrade, fixes, writes])
def test_the_next_run_of_any_kind_removes_it(tmp_path: Path, work: Callable[[Path], object]) -> None:
    path = tmp_path / "a.zarr"
    write_image(path, PIXELS, axes="yx", levels=1, name="a")
    for name in (f"plan-/{dead_process()}-ab-1-0.part", "upgrade.lock", "edit.lock"):
        put(path / ".omezarr" / name)
    (path / "1/c/0").mkdir(parents=True)
    work(path)
    assert not (path / ".omezarr").exists()
    assert not (path / "1").exists()
    assert (omezarr.open(path).levels[0].read() == PIXELS).all()


def test_the_journal_of_what_is_complete_goes_with_the_next_change(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write_image(path, PIXELS, axes="yx", levels=1)
    put(path / ".omezarr/plan/plan.json").write_text(json.dumps({}))
    labels(path)
    assert not (path / ".omezarr").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_may_not_be_written_to_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.zarr"
    write_image(path, PIXELS, axes="yx", levels=1)
    path.chmod(0o500)
    try:
        for words in (["scale", str(path), "--in-place", "--levels", "2"], ["upgrade", str(path), "--to", "0.4"]):
            assert run(words) == 1
            assert "Permission denied" in capsys.readouterr().err
    finally:
        path.chmod(0o700)


def test_a_lock_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.zarr"
    write_image(path, PIXELS, axes="yx", levels=1, format="0.5")
    (path / ".omezarr").write_text("in the way")
    for words in (["scale", str(path), "--in-place", "--levels", "2"], ["upgrade", str(path), "--to", "0.6"]):
        assert run(words) == 1
        error = capsys.readouterr().err
        assert f"could not write to {path}" in error
        assert "Traceback" not in error
    with pytest.raises(omezarr.errors.WriteError, match="could not write to"):
        omezarr.open_writer(path)


def test_a_folder_is_cleared_though_somebody_else_removes_empty_ones_in_it(tmp_path, monkeypatch):
    from omezarr.arrays import targets

    for name in ("a/b", "a/c", "a/d"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()
    remove, failed = targets.shutil.rmtree, []

    def disturbed(path):
        if len(failed) < 2:
            failed.append(path)
            remove(path / "bcd"[len(failed)])
            raise FileNotFoundError(path)
        remove(path)

    monkeypatch.setattr(targets.shutil, "rmtree", disturbed)
    targets.LocalTarget(tmp_path).clear("a")
    assert len(failed) == 2
    assert not (tmp_path / "a").exists()
