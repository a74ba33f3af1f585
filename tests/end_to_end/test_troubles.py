"""Full disks, few open files, servers and workers that fail: never other bytes, and always a way to go on."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.arrays import targets
from omezarr.cli import run
from omezarr.errors import OMEZarrError
from omezarr.writing import RunOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fixtures.servers import CountingServer

PIXELS = np.random.default_rng(8).integers(0, 4000, (4, 64, 64)).astype("uint16")
SMALL: dict[str, Any] = {"axes": "zyx", "chunks": (1, 32, 32), "levels": 2, "name": "image"}


def contents(folder: Path) -> dict[str, bytes | None]:
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.9, 0.99])
def test_on_a_full_disk_the_error_is_clear_and_the_rest_is_written_once_there_is_space(
    share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    call = ["convert", str(tmp_path / "a.npy"), "--axes", "zyx", "--chunks", "1,16,16", "--threads", "2"]
    assert run([*call, str(tmp_path / "whole.zarr")]) == 0
    expected = contents(tmp_path / "whole.zarr")
    left = [int(share * sum(len(content or b"") for content in expected.values()))]
    write_file = targets._write_file

    def write_while_there_is_space(path: str, parts: Sequence[Any]) -> None:
        left[0] -= sum(memoryview(part).nbytes for part in parts)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_file(path, parts)

    capsys.readouterr()
    with monkeypatch.context() as context:
        context.setattr(targets, "_write_file", write_while_there_is_space)
        assert run([*call, str(tmp_path / "a.zarr")]) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("Note: ")]
    assert len(errors) == 1
    assert "no space left" in errors[0]
    assert run([*call, str(tmp_path / "a.zarr"), "--resume"]) == 0
    assert contents(tmp_path / "a.zarr") == expected


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit there")
def test_twenty_open_files_are_enough_for_many(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for z in range(40):
        tifffile.imwrite(raw / f"a_z{z:02}.tif", np.full((32, 32), z, "uint16"))
    program = f"""
import resource, sys
from omezarr.cli import run
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
sys.exit(run(["convert", {str(raw)!r}, {str(tmp_path / "a.zarr")!r}, "--pattern", "a_z{{z}}.tif", "--threads", "4"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pixels = omezarr.open(tmp_path / "a.zarr").levels[0].read()
    assert pixels.reshape(40, 32, 32)[:, 0, 0].tolist() == list(range(40))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("shards", [None, (4, 64, 64)], ids=["chunks", "shards"])
def test_a_server_of_which_a_fifth_of_the_answers_fails_never_gives_other_pixels(
    seed: int, shards: Any, http_server: CountingServer, tmp_path: Path
) -> None:
    omezarr.write_image(http_server.root / "a.zarr", PIXELS, **SMALL, shards=shards)
    chance = random.Random(seed)
    for file in sorted(http_server.root.rglob("*")):
        path = f"/{file.relative_to(http_server.root)}"
        http_server.answers[path] = [chance.choice([503, 0]) for _ in range(chance.choice([0, 0, 0, 0, 1]))]
        http_server.faults[path] = [chance.choice(["", "", "", "", "cut"]) for _ in range(4)]
    source, target = f"{http_server.url}/a.zarr", tmp_path / "b.zarr"
    for _ in range(10):
        with suppress(OMEZarrError):
            omezarr.convert(source, target, run=RunOptions(resume=target.exists()))
            break
    assert np.array_equal(omezarr.open(target).levels[0].read(), PIXELS)
    assert max(http_server.counts.values()) < 40


@pytest.mark.parametrize("fault", ["cut", "short"])
def test_bodies_of_another_length_are_never_taken_for_pixels(
    fault: str, http_server: CountingServer, tmp_path: Path
) -> None:
    omezarr.write_image(http_server.root / "a.zarr", PIXELS, **SMALL)
    http_server.faults["/a.zarr/0/c/1/0/1"] = [fault] * 100
    with pytest.raises(OMEZarrError):
        omezarr.convert(f"{http_server.url}/a.zarr", tmp_path / "b.zarr")
    assert http_server.counts["/a.zarr/0/c/1/0/1"] < 20
    http_server.faults.clear()
    resumed = omezarr.convert(f"{http_server.url}/a.zarr", tmp_path / "b.zarr", run=RunOptions(resume=True))
    assert np.array_equal(resumed.levels[0].read(), PIXELS)


def test_a_worker_that_is_killed_in_mid_run_changes_no_byte(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    omezarr.write_image(tmp_path / "whole.zarr", PIXELS, **SMALL)
    killed: list[int] = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        pids = list(client.run(os.getpid).values())

        def progress(state: Any) -> None:
            if state.units_done and not killed:
                killed.append(pids[0])
                os.kill(pids[0], getattr(signal, "SIGKILL", signal.SIGTERM))

        omezarr.write_image(tmp_path / "a.zarr", PIXELS, **SMALL, run=RunOptions(scheduler=client, progress=progress))
    assert killed
    assert contents(tmp_path / "a.zarr") == contents(tmp_path / "whole.zarr")
