"""The benchmarks run as they are described; their figures are not looked at here."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
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


def test_the_server_sends_parts_and_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with import_module("servers").serving(tmp_path, 0.001) as server:
        for wanted, sent in {"bytes=2-4": b"234", "bytes=7-": b"789", "bytes=-2": b"89", "bytes=8-99": b"89"}.items():
            request = urllib.request.Request(f"{server.url}/a", headers={"Range": wanted})
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
                assert answer.status == 206
                assert answer.read() == sent
        assert server.asked == 4


def test_crops_of_lazy_arrays_are_those_of_the_others(tmp_path: Path) -> None:
    given, written = tmp_path / "given.npy", tmp_path / "written.ome.zarr"
    run("inputs.py", "volume", given, 1, 8, 64, 64)
    sizes = {"chunks": (1, 8, 16, 16), "shards": (1, 8, 32, 32)}
    took(
        "contestants.omezarr", "write", given, written,
        json.dumps({**sizes, "levels": 1, "codec": ("zstd", 1, "shuffle")}),
    )  # fmt: skip
    assert (written / "0/c/0/0/1/1").exists()
    places = json.dumps({"places": [[(0, 1), (3, 4), (5, 40), (7, 9)], [(0, 1), (0, 8), (0, 64), (0, 64)]]})
    ours = took("contestants.omezarr", "read_crops", written, "", places)
    assert ours["returned"] == took("contestants.zarr_python", "read_crops", written, "", places)["returned"]


def test_the_viewer_is_measured(tmp_path: Path) -> None:
    found = json.loads(run("viewer.py", tmp_path, 1024))
    assert found["side"] == 1024
    assert {"a tile of three channels", "tiles a second while they do", "a thumbnail of 256 pixels"} <= set(found)


def test_growth_is_measured(tmp_path: Path) -> None:
    growth = import_module("growth")
    growth.make_source(tmp_path / "source.npy", 64)
    found = {name: growth.work(name, tmp_path, sharded=False) for name in ("write", "resume")}
    assert 0 < found["resume"]["first"] <= found["resume"]["seconds"]
    assert len([path for path in (tmp_path / "image.ome.zarr/0/c").glob("*/*") if path.is_file()]) == 64
