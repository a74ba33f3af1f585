"""The benchmarks run as they are described; their figures are not looked at here."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)


def test_everybody_who_takes_part_in_a_work_can_do_it() -> None:
    works, environments = import_module("works"), import_module("environments")
    names = [work.name for work in works.WORKS]
    assert len(set(names)) == len(names) >= 15
    for work in works.WORKS:
        assert work.contestants[0] == "omezarr"
        for name in work.contestants:
            module = import_module(environments.CONTESTANTS[name].module)
            can = name in work.options if work.task == "command" else hasattr(module, work.task)
            assert can, f"{name} cannot {work.task}"


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, BENCHMARKS / script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def took(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("measure.py", *arguments))
    return found


def test_what_is_written_is_measured_and_checked(tmp_path: Path) -> None:
    given, written, lower = tmp_path / "given.npy", tmp_path / "written.ome.zarr", tmp_path / "floor"
    run("inputs.py", "volume", given, 1, 8, 64, 64)
    options = json.dumps({"chunks": (1, 8, 32, 32), "levels": 2, "codec": ("zstd", 1, "shuffle"), "blocksize": 0})
    assert took("contestants.omezarr", "write", given, written, options)["work"] > 0
    assert took("floor", "write", given, lower, options)["cpu"] > 0
    for path in ("0/c/0/0/1/1", "1/c/0/0/0/0"):
        assert (written / path).read_bytes() == (lower / path).read_bytes()
    run("checks.py", given, written, 2, "mean")
    ours = took("contestants.omezarr", "read_level", written, "", "{}")
    assert ours["returned"] == took("contestants.zarr_python", "read_level", written, "", "{}")["returned"]


def test_wrong_pixels_are_found(tmp_path: Path) -> None:
    given, written = tmp_path / "given.npy", tmp_path / "written.ome.zarr"
    run("inputs.py", "volume", given, 1, 8, 64, 64)
    options = json.dumps({"chunks": (1, 8, 32, 32), "levels": 2, "codec": ("zstd", 1, "shuffle")})
    took("contestants.omezarr", "write", given, written, options)
    pixels = np.load(given)
    pixels[0, 5, 3, 3] += 1
    np.save(given, pixels)
    with pytest.raises(AssertionError, match="pixels of level 0 differ at c=0, z=0"):
        run("checks.py", given, written, 2, "mean")


def test_the_viewer_is_measured(tmp_path: Path) -> None:
    found = json.loads(run("viewer.py", tmp_path, 1024))
    assert found["side"] == 1024
    assert {"a tile of three channels", "tiles a second while they do", "a thumbnail of 256 pixels"} <= set(found)
