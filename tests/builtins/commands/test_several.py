"""Commands that look at several paths in one call: each by itself, a summary, and one that is broken stops no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.cli import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images of 0.4, and between them a group whose document cannot be read."""
    for name in ("a", "c"):
        omezarr.write_image(tmp_path / f"{name}.zarr", np.zeros((16, 16), "uint8"), format="0.4", axes="yx")
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr/.zgroup").write_text("{")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    shown = capsys.readouterr()
    return shown.out.splitlines(), shown.err.splitlines()


@pytest.mark.parametrize(("command", "done"), [("info", "read"), ("validate", "valid")])
@pytest.mark.usefixtures("folder")
def test_all_are_looked_at_and_counted(command: str, done: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "*.zarr"]) == 1
    out, err = lines(capsys)
    assert out[-1] == f"3 paths: 2 {done}, 1 failed."
    assert [line for line in out if line in ("a.zarr", "b.zarr", "c.zarr")] == ["a.zarr", "b.zarr", "c.zarr"]
    assert len(err) <= 1
    assert run([command, "a.zarr", "c.zarr"]) == 0
    assert lines(capsys)[0][-1] == f"2 paths: 2 {done}, 0 failed."


@pytest.mark.parametrize("command", ["info", "validate"])
@pytest.mark.usefixtures("folder")
def test_json_is_one_document_of_all(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "a.zarr", "b.zarr", "missing.zarr", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [item["path"] for item in found["results"]] == ["a.zarr", "b.zarr", "missing.zarr"]
    assert [item["failed"] for item in found["results"]] == [False, True, True]
    assert found["counts"]["failed"] == 2
    assert "missing.zarr" in found["results"][2]["message"]
    assert run([command, "a.zarr", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert found["results"][0]["result"] == alone
    assert "results" not in alone


def versions(folder: Path, *names: str) -> list[Any]:
    return [omezarr.open(folder / name).version for name in names]


def test_several_are_upgraded_in_place_or_into_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upgrade", "*.zarr", "--to", "0.5", "--into", "new"]) == 1
    assert lines(capsys)[0][-1] == "3 paths: 2 upgraded, 1 failed."
    assert versions(folder, "a.zarr", "new/a.ome.zarr", "new/c.ome.zarr") == ["0.4", "0.5", "0.5"]
    assert run(["upgrade", "a.zarr", "c.zarr", "--in-place", "--to", "0.5", "--dry-run", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"] == {"can be upgraded": 2, "failed": 0}
    assert versions(folder, "a.zarr", "c.zarr") == ["0.4", "0.4"]
    assert run(["upgrade", "[ac].zarr", "--to", "0.5"]) == 0
    assert versions(folder, "a.zarr", "c.zarr") == ["0.5", "0.5"]


@pytest.mark.usefixtures("folder")
def test_two_names_are_still_a_source_and_its_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upgrade", "a.zarr", "d.zarr", "--to", "0.5", "--json"]) == 0
    assert "results" not in json.loads(capsys.readouterr().out)
    assert [omezarr.open(name).version for name in ("a.zarr", "d.zarr")] == ["0.4", "0.5"]
    assert run(["upgrade", "a.zarr", "--into", "one", "--to", "0.5"]) == 0
    assert omezarr.open("one/a.ome.zarr").version == "0.5"


@pytest.mark.parametrize(
    "words",
    [
        ["info", "none-*.zarr"],
        ["validate", "none-*.zarr"],
        ["validate", "a.zarr", "c.zarr", "--sarif"],
        ["upgrade", "a.zarr", "b.zarr", "c.zarr", "--to", "0.5"],
        ["upgrade", "a.zarr", "c.zarr", "--to", "0.5", "--in-place", "--into", "x"],
        ["upgrade", "a.zarr", "a.zarr/../a.zarr", "--to", "0.5", "--into", "x"],
        ["info"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_meant_is_refused(words: list[str]) -> None:
    assert run(words) == 2
