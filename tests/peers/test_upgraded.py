"""Other software reads what was upgraded, from each version to each other one, as it reads what omezarr writes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import omezarr
from tests.peers.conftest import _run
from tests.peers.stores import VERSIONS, write_stores
from tests.peers.verdicts import expected_refusals

if TYPE_CHECKING:
    from pathlib import Path

FIRST = {"bioformats2raw": "0.4", "scene": "0.6"}
PAIRS = [(old, new) for old in VERSIONS for new in VERSIONS if old != new]


@pytest.fixture(scope="module")
def verdicts(interpreter: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What all peers say of all upgraded hierarchies."""
    folder = tmp_path_factory.mktemp("upgraded")
    written = json.loads(write_stores(folder).read_text())
    entries = [entry for old, new in PAIRS for entry in upgraded(folder, written, old, new)]
    manifest = folder / "upgraded.json"
    manifest.write_text(json.dumps(entries))
    return _run(interpreter, "readers.py", manifest, folder)


def upgraded(folder: Path, written: list[dict[str, Any]], old: str, new: str) -> list[dict[str, Any]]:
    """Upgrade a copy of all that was written in a version, and return what there is then."""
    target = folder / f"{old}-{new}"
    shutil.copytree(folder / old, target)
    for place in target.iterdir():
        if new >= FIRST.get({"collection": "bioformats2raw"}.get(place.name, place.name), "0.1"):
            omezarr.upgrade(place, to=new, allow_lossy=True)
    entries = []
    for entry in written:
        if entry["version"] == old and new >= FIRST.get(entry["node"], "0.1"):
            path = entry["path"].replace(f"/{old}/", f"/{old}-{new}/")
            known = {key: value for key, value in entry.items() if key != "scale" or min(old, new) >= "0.4"}
            entries.append({**known, "version": new, "path": path})
    return entries


def test_no_peer_reads_something_else_than_there_was(verdicts: list[dict[str, Any]]) -> None:
    assert len(verdicts) > 500
    assert [row for row in verdicts if row["verdict"] not in ("equal", "valid", "refused")] == []


def test_peers_refuse_nothing_but_what_they_refuse_anyway(verdicts: list[dict[str, Any]]) -> None:
    assert [row for row in verdicts if row["verdict"] == "refused" and not expected_refusals(row)] == []


def test_each_version_is_read_by_a_peer(verdicts: list[dict[str, Any]]) -> None:
    equal = {(row["version"], row["node"]) for row in verdicts if row["verdict"] == "equal"}
    assert {(version, node) for version in VERSIONS for node in ("image", "plate", "well")} <= equal
