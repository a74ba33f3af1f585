"""The campaign of kills, at some of its moments: every call that writes is made again, and gives the same files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WORKS = ("convert, overwriting", "scale in place", "upgrade to a target", "validate --fix", "edit", "write_labels")
CAMPAIGN = Path(__file__).parents[2] / "benchmarks/kills.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaign forks")
def test_a_call_that_was_killed_can_be_made_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, CAMPAIGN, "--every", "37", tmp_path, *WORKS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:4] for line in done.stdout.splitlines()[2:]]
    kills = {name.strip(): int(count) for name, count, _ in rows}
    assert kills.pop("all") == sum(kills.values()) > 10
    assert all(kills.values())
