"""Many files are converted in one call, each to an image of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.cli import run


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make three images and a broken one, and go there."""
    folder = tmp_path / "raw"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a", "b", "d")):
        metadata = {"axes": "YX", "PhysicalSizeX": 1, "PhysicalSizeY": 1}
        tifffile.imwrite(folder / f"{name}.ome.tif", np.full((16, 24), number + 1, "uint8"), metadata=metadata)
    (folder / "c.ome.tif").write_bytes((folder / "a.ome.tif").read_bytes()[:300])
    return folder


def written(folder: Path) -> dict[str, int]:
    return {path.name: int(omezarr.open(path).levels[0].read()[0, 0]) for path in sorted(folder.iterdir())}


ALL = {"a.ome.zarr": 1, "b.ome.zarr": 2, "d.ome.zarr": 3}


def test_a_pattern_converts_each_under_its_name_and_a_broken_one_stops_nothing(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", "raw/*.ome.tif", "out/"]) == 1
    assert written(Path("out")) == ALL
    said = capsys.readouterr()
    assert "4 files: 3 written, 0 finished before, 1 failed." in said.out
    assert "Error: raw/c.ome.tif: c.ome.tif is truncated" in said.err


def test_several_names_are_like_a_pattern_of_them(raw: Path) -> None:
    assert run(["convert", *map(str, sorted(raw.glob("[abd].ome.tif"))), "out"]) == 0
    assert written(Path("out")) == ALL


def test_resuming_skips_what_is_finished_and_writes_the_rest(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "raw/*.ome.tif", "out"]) == 1
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*") if path.is_file()}
    tifffile.imwrite(raw / "c.ome.tif", np.full((16, 24), 9, "uint8"), metadata={"axes": "YX"})
    capsys.readouterr()
    assert run(["convert", "raw/*.ome.tif", "out", "--resume", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"written": 1, "finished before": 3, "failed": 0}
    assert [one["outcome"] for one in found["results"]].count("written") == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert written(Path("out")) == {**ALL, "c.ome.zarr": 9}


def test_without_resuming_what_is_there_is_left_alone_and_named(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "raw/[ab].ome.tif", "out"]) == 0
    capsys.readouterr()
    assert run(["convert", "raw/[abd].ome.tif", "out"]) == 0
    assert "1 written, 2 finished before, 0 failed" in capsys.readouterr().out
    assert run(["convert", "raw/[abd].ome.tif", "out", "--chunks", "8,8"]) == 1
    assert "0 written, 0 finished before, 3 failed" in capsys.readouterr().out
    assert run(["convert", "raw/[abd].ome.tif", "out", "--overwrite"]) == 0
    assert written(Path("out")) == ALL


def test_an_unfinished_target_is_gone_on_with(raw: Path) -> None:
    assert run(["convert", "raw/[ab].ome.tif", "out"]) == 0
    document = Path("out/a.ome.zarr/zarr.json")
    left = json.loads(document.read_text())
    left["attributes"] = {"omezarr": {"incomplete": {}}}
    document.write_text(json.dumps(left))
    assert run(["convert", "raw/[ab].ome.tif", "out", "--resume"]) == 0
    assert written(Path("out")) == {"a.ome.zarr": 1, "b.ome.zarr": 2}


def test_an_exporter_gives_its_suffix(raw: Path) -> None:
    assert run(["convert", "raw/[ab].ome.tif", "out", "--exporter", "npy"]) == 0
    assert {path.name: int(np.load(path)[0, 0]) for path in Path("out").iterdir()} == {"a.npy": 1, "b.npy": 2}


def test_a_dry_run_writes_nothing(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "raw/[abd].ome.tif", "out", "--dry-run"]) == 0
    assert "3 files: 3 could be written" in capsys.readouterr().out
    assert not Path("out").exists()


def test_two_files_of_one_name_are_refused_before_anything_is_written(raw: Path) -> None:
    np.save("raw/a.npy", np.zeros((4, 4)))
    assert run(["convert", "raw/a.*", "out"]) == 2
    assert not Path("out").exists()


def test_a_pattern_that_matches_nothing_is_refused(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "raw/*.czi", "out"]) == 2
    assert "no file matches 'raw/*.czi'" in capsys.readouterr().err


def test_a_file_whose_name_looks_like_a_pattern_is_one_file(raw: Path) -> None:
    (raw / "a.ome.tif").rename(raw / "a[1].ome.tif")
    assert run(["convert", "raw/a[1].ome.tif", "one.ome.zarr"]) == 0
    assert omezarr.open("one.ome.zarr").levels[0].shape == (16, 24)
