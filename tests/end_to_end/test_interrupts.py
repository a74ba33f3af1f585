"""Ctrl-C, once and more often: one message, exit code 130, and nothing half-written."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omezarr
from omezarr.cli import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

PIXELS = np.random.default_rng(4).integers(0, 4000, (4, 64, 64)).astype("uint16")

CALLS = {
    "convert": ["convert", "a.npy", "target.zarr", "--axes", "zyx", "--chunks", "1,16,16", "--resume"],
    "scale": ["scale", "a.zarr", "--in-place", "--levels", "3", "--resume"],
    "upgrade": ["upgrade", "a.zarr", "target.zarr", "--to", "0.5", "--resume"],
    "upgrade in place": ["upgrade", "a.zarr", "--to", "0.5"],
    "validate": ["validate", "a.zarr", "--data"],
}

PROGRAM = """
import os, signal, sys
import omezarr.cli
from {module} import {name} as patched
work = patched.{function}
def interrupted(*given, **words):
    patched.{function} = work
    for _ in range({times}):
        os.kill(os.getpid(), signal.SIGINT)
    return work(*given, **words)
patched.{function} = interrupted
sys.argv[1:] = {words!r}
try:
    omezarr.cli.main()
finally:
    for _ in range({times} - 1):
        os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be interrupted like this there")
@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("name", CALLS)
def test_one_message_and_exit_code_130(name: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="zyx", levels=1, chunks=(1, 16, 16), format="0.4")
    module, of, function = (
        ("omezarr.hierarchy.view", "Hierarchy", "node")
        if name == "validate"
        else ("omezarr.arrays.targets", "LocalTarget", "put")
    )
    program = PROGRAM.format(module=module, name=of, function=function, times=times, words=CALLS[name])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith("Note: ")]
    assert (done.returncode, len(lines)) == (130, 1), done.stderr
    assert lines[0].startswith("Interrupted")
    monkeypatch.chdir(tmp_path)
    assert run(CALLS[name]) == 0
    for path in tmp_path.glob("*.zarr"):
        assert np.array_equal(omezarr.open(path).levels[0].read(), PIXELS)
        assert not (path / ".omezarr").exists()


def test_interrupts_of_the_host_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert run(["--version"]) == 0
    assert signal.getsignal(signal.SIGINT) is before
