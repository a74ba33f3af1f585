"""The same request again: what is finished stays as it is, what only its lists lack is entered there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.cli import run
from omezarr.engine import execution
from omezarr.engine.steps import StepRunner
from omezarr.errors import TargetExistsError
from omezarr.writing import RunOptions
from omezarr.writing.images import write_image, write_labels
from omezarr.writing.plates import write_field, write_plate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IMAGE = np.random.default_rng(3).integers(0, 900, (40, 40)).astype("uint16")
CELLS = (IMAGE // 100).astype("uint8")
RESUME = RunOptions(resume=True)


class KilledError(BaseException):
    """The process is gone."""


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("words", [[], ["--consolidated"], ["--format", "0.4"], ["--levels", "2", "--shards", "64,64"]])
def test_converting_again_with_resume_says_that_nothing_is_left(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "a.npy", IMAGE)
    call = ["convert", str(tmp_path / "a.npy"), str(tmp_path / "a.zarr"), "--chunks", "16,16", *words]
    assert run([*call, "--resume"]) == 0
    before = contents(tmp_path)
    assert run([*call, "--resume"]) == 0
    assert "nothing left to do" in capsys.readouterr().out
    assert contents(tmp_path) == before
    assert run(call) == 0
    assert "nothing left to do" in capsys.readouterr().out
    np.save(tmp_path / "a.npy", IMAGE + np.uint16(1))
    assert run(call) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert contents(tmp_path / "a.zarr") == {
        key.removeprefix("a.zarr/"): before[key] for key in before if key != "a.npy"
    }


@pytest.mark.parametrize(
    ("pixels", "options"),
    [(IMAGE + np.uint16(1), {}), (IMAGE, {"chunks": (8, 8)}), (IMAGE, {"levels": 2}), (IMAGE, {"scale": 0.5}),
     (IMAGE, {"channels": ["DAPI"]}), (IMAGE, {"labels": {"cells": CELLS}}), (IMAGE, {"method": "nearest"})],
)  # fmt: skip
def test_another_request_is_refused(tmp_path: Path, pixels: Any, options: dict[str, Any]) -> None:
    write_image(tmp_path / "a.zarr", IMAGE, chunks=(16, 16), run=RESUME)
    before = contents(tmp_path)
    for again in (RESUME, RunOptions()):
        write_image(tmp_path / "a.zarr", IMAGE, chunks=(16, 16), run=again)
        with pytest.raises(TargetExistsError, match="exists already"):
            write_image(tmp_path / "a.zarr", pixels, **{"chunks": (16, 16), **options}, run=again)
    assert contents(tmp_path) == before


def test_killed_before_the_clean_up_the_same_call_is_a_success_and_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "whole.zarr", IMAGE, name="a", consolidated=True)
    with monkeypatch.context() as patch:
        patch.setattr(execution.Documents, "consolidate", killed)
        with pytest.raises(KilledError):
            write_image(tmp_path / "a.zarr", IMAGE, name="a", consolidated=True)
    with pytest.raises(TargetExistsError):
        write_image(tmp_path / "a.zarr", IMAGE + np.uint16(1), name="a", consolidated=True)
    write_image(tmp_path / "a.zarr", IMAGE, name="a", consolidated=True)
    assert contents(tmp_path / "a.zarr") == contents(tmp_path / "whole.zarr")


def killed(*_: Any, **__: Any) -> None:
    raise KilledError


def labels(path: Path, pixels: Any) -> None:
    write_labels(path, pixels, "cells")


def field(path: Path, pixels: Any) -> None:
    write_field(path, "A/2", pixels)


@pytest.mark.parametrize("left", ["", "plan.lock"])
def test_a_field_without_a_name_keeps_its_number_after_a_kill(tmp_path: Path, left: str) -> None:
    plate = tmp_path / "p.zarr"
    write_plate(plate, {"A/1": IMAGE})
    write_field(plate, "A/1", IMAGE)
    before = contents(plate)
    own = plate / "A/1/1" / JOURNAL_PREFIX
    own.mkdir()
    if left:
        (own / left).touch()
    assert write_field(plate, "A/1", IMAGE).location.name == "1"
    assert contents(plate) == before
    own.mkdir()
    assert write_field(plate, "A/1", IMAGE[::-1]).location.name == "2"
    assert write_field(plate, "A/1", IMAGE[::-1]).location.name == "3"


@pytest.mark.parametrize("write", [labels, field])
def test_killed_before_it_is_listed_the_same_call_lists_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, Any], None]
) -> None:
    path, whole = tmp_path / "a.zarr", tmp_path / "whole.zarr"
    if write is labels:
        write_image(path, IMAGE)
    else:
        write_plate(path, {"A/1": IMAGE}, columns=["1", "2"])
    shutil.copytree(path, whole)
    write(whole, CELLS)
    with monkeypatch.context() as patch:
        patch.setattr(StepRunner, "_merge", killed)
        with pytest.raises(KilledError):
            write(path, CELLS)
    with pytest.raises(TargetExistsError):
        write(path, CELLS + np.uint8(1))
    write(path, CELLS)
    assert contents(path) == contents(whole)
    node = omezarr.open(path)
    listed = node.labels if write is labels else node.children["A/2"].children
    assert list(listed) == ["cells" if write is labels else "0"]
