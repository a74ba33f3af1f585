"""Single files of ours are read by the others that know them, and theirs by us."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import omezarr

SCRIPT = Path(__file__).parent / "single_files.py"
SHAPES = {"ours": (1, 2, 3, 70, 80), "large": (1, 1, 8, 640, 700)}
"""The large one is written without being held back, so that room is left for its metadata."""


@pytest.fixture(scope="module")
def peers(interpreter: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("single")
    for name, shape in SHAPES.items():
        pixels = np.random.default_rng(len(name)).integers(0, 60000, shape).astype("uint16")
        np.save(folder / f"{name}.npy", pixels)
        omezarr.write_image(folder / f"{name}.ozx", pixels, axes="tczyx", chunks=(1, 1, 1, 64, 64))
    done = subprocess.run([interpreter, SCRIPT, folder], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return [{**json.loads(line), "pixels": np.load(folder / "ours.npy")} for line in done.stdout.splitlines()]


def test_others_read_our_single_files(peers):
    assert peers
    assert [row["peer"] for row in peers if not all(row["equal"].values())] == []


def test_single_files_of_others_are_read(peers):
    for row in peers:
        np.testing.assert_array_equal(omezarr.open(row["written"]).levels[0].array[:], row["pixels"])
