"""Runs the peers in the interpreter that has them, once, and shows the table of their verdicts at the end."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.peers.stores import write_stores
from tests.peers.verdicts import TABLE, record_reading

HERE = Path(__file__).parent
INTERPRETER = "OMEZARR_PEERS_PYTHON"


@pytest.fixture(scope="session")
def interpreter() -> str:
    """The Python that has the peers installed."""
    python = os.environ.get(INTERPRETER)
    if not python:
        pytest.skip("the peers need an environment of their own; the tox environments peers311 and peers312 are such")
    return python


@pytest.fixture(scope="session")
def read_by_peers(interpreter: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The verdicts of all peers on all that omezarr writes."""
    folder = tmp_path_factory.mktemp("stores")
    rows = _run(interpreter, "readers.py", write_stores(folder), folder)
    TABLE.append("What omezarr writes, read by others")
    for row in rows:
        record_reading(row)
    return rows


@pytest.fixture(scope="session")
def written_by_peers(interpreter: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What peers wrote, with what they say it holds."""
    folder = tmp_path_factory.mktemp("peers")
    rows = _run(interpreter, "writers.py", folder, folder)
    TABLE.append("What others write, read by omezarr")
    return rows


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    if TABLE:
        terminalreporter.section("peers")
        for line in TABLE:
            terminalreporter.write_line(line)


def _run(python: str, script: str, argument: Path, folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [python, str(HERE / script), str(argument)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    installed = {row["peer"]: row["installed"] for row in rows if "installed" in row}
    return [{**row, "installed": installed[row["peer"]]} for row in rows if "installed" not in row]
