"""``omezarr validate --fix``, from the command line to the files on disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr_builtins.fixes import fixes

if TYPE_CHECKING:
    from tests.fixtures.servers import CountingServer

PIXELS = np.arange(256, dtype="uint8").reshape(16, 16)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Return a plate of 0.4 that breaks rules in several documents; each has one right answer."""
    path = tmp_path / "plate.ome.zarr"
    omezarr.write_plate(path, {"A/1": [PIXELS], "B/2": [PIXELS]}, axes="yx", name="plate", levels=2, format="0.4")
    edit(path, lambda plate: [well.pop("columnIndex") for well in plate["wells"]], "plate")
    edit(path, lambda plate: plate.update(acquisitions=[{"id": "0", "name": "a", "maximumfieldcount": 1}]), "plate")
    edit(path / "A/1", lambda well: well.update(version=0.4), "well")
    edit(path / "B/2/0", lambda images: images[0]["datasets"].reverse(), "multiscales")
    return path


def edit(group: Path, change: Any, key: str) -> None:
    file = group / ".zattrs"
    attributes = json.loads(file.read_bytes())
    change(attributes[key])
    file.write_text(json.dumps(attributes))


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


CHANGES = [
    ("plate.wells.columnIndex.present", "/: plate.wells[0].columnIndex: nothing -> 0"),
    ("plate.wells.columnIndex.present", "/: plate.wells[1].columnIndex: nothing -> 1"),
    ("plate.acquisitions.id.form", '/: plate.acquisitions[0].id: "0" -> 0'),
    ("well.version.form", 'A/1: well.version: 0.4 -> "0.4"'),
]


def test_everything_is_shown_then_done_then_validated(plate: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["validate", str(plate), "--fix"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Changes"
    for rule, line in CHANGES:
        assert printed.index(f"  {rule}") < printed.index(f"    {line}")
    assert any(line.startswith("    B/2/0: multiscales[0].datasets: [") for line in printed)
    assert printed[-1].startswith(f"{plate}: valid NGFF 0.4; 0 errors")
    np.testing.assert_array_equal(omezarr.open(plate / "B/2/0").levels[0].read(), PIXELS)
    assert omezarr.open(plate).children["A/1"].version == "0.4"


def test_a_dry_run_shows_the_same_and_touches_nothing(plate: Path, capsys: pytest.CaptureFixture) -> None:
    before = {path: path.stat().st_mtime_ns for path in [plate, *plate.rglob("*")]}
    assert run(["validate", str(plate), "--fix", "--dry-run"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Would change"
    assert {f"    {line}" for _, line in CHANGES} <= set(printed)
    assert printed[-2].startswith(f"{plate}: not valid NGFF 0.4")
    assert printed[-1].startswith("After these changes: valid NGFF 0.4; 0 errors")
    assert {path: path.stat().st_mtime_ns for path in [plate, *plate.rglob("*")]} == before


def test_a_second_run_writes_nothing(plate: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["validate", str(plate), "--fix"]) == 0
    before = {path: path.stat().st_mtime_ns for path in [plate, *plate.rglob("*")]}
    capsys.readouterr()
    assert run(["validate", str(plate), "--fix"]) == 0
    assert capsys.readouterr().out.startswith("Nothing is broken that has one right answer.\n")
    assert {path: path.stat().st_mtime_ns for path in [plate, *plate.rglob("*")]} == before


def test_only_documents_that_were_wrong_are_written(plate: Path) -> None:
    before = files(plate)
    run(["validate", str(plate), "--fix"])
    after = files(plate)
    assert {name for name in after if after[name] != before[name]} == {".zattrs", "A/1/.zattrs", "B/2/0/.zattrs"}
    assert after.keys() == before.keys()


def test_what_has_no_single_answer_is_left_and_said(plate: Path, capsys: pytest.CaptureFixture) -> None:
    edit(plate, lambda plate: plate["wells"].append({"path": "C/9", "rowIndex": 7}), "plate")
    assert run(["validate", str(plate), "--fix"]) == 1
    printed = capsys.readouterr().out
    assert "What is left has no single answer:\nErrors\n" in printed
    assert "/: plate.wells[2]: found no key 'columnIndex'" in printed
    assert "plate.wells[0].columnIndex: nothing -> 0" in printed


def test_json_is_one_object_with_verdict_and_changes(plate: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["validate", str(plate), "--fix", "--dry-run", "--json", "--exit-zero"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["valid"], said["dry_run"], said["after"]["valid"]) == (False, True, True)
    first = next(change for change in said["changes"] if change["rule"] == "plate.acquisitions.id.form")
    assert first == {
        "rule": "plate.acquisitions.id.form",
        "node": "",
        "path": ["attributes", "plate", "acquisitions", 0, "id"],
        "before": "0",
        "after": 0,
    }
    assert run(["validate", str(plate), "--fix", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["valid"], done["dry_run"], done["changes"], "after" in done) == (True, False, said["changes"], False)


def test_without_fix_nothing_is_written(plate: Path) -> None:
    before = files(plate)
    assert run(["validate", str(plate)]) == 1
    assert files(plate) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--dry-run"], "--dry-run goes with --fix"), (["--fix", "--sarif"], "--sarif and --fix exclude each other")],
)
def test_options_that_make_no_sense_are_usage_errors(
    plate: Path, options: list[str], said: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(["validate", str(plate), *options]) == 2
    assert said in capsys.readouterr().err


def served(plate: Path, server: CountingServer) -> str:
    shutil.copytree(plate, server.root / plate.name)
    return f"{server.url}/{plate.name}"


def test_a_server_is_refused_in_one_line_but_can_be_looked_at(
    plate: Path, http_server: CountingServer, capsys: pytest.CaptureFixture
) -> None:
    url = served(plate, http_server)
    assert run(["validate", url, "--fix", "--dry-run"]) == 1
    assert "After these changes: valid" in capsys.readouterr().out
    before = files(plate)
    assert run(["validate", url, "--fix"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "can only be read" in said
    assert len(said.splitlines()) == 1
    assert files(http_server.root / plate.name) == before


def test_a_failure_is_one_object_of_json_and_no_success(
    plate: Path, http_server: CountingServer, capsys: pytest.CaptureFixture
) -> None:
    url = served(plate, http_server)
    assert run(["validate", url, "--fix", "--json", "--exit-zero"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["valid"] is False
    assert "can only be read" in said["message"]


def test_missing_dimension_names_and_labels_of_an_image_are_mended(tmp_path: Path) -> None:
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(
        path, PIXELS, axes="yx", name="i", units="micrometer", labels={"a": PIXELS, "b": PIXELS}, levels=2
    )
    for document in (path / "0/zarr.json", path / "labels/a/1/zarr.json"):
        metadata = json.loads(document.read_bytes())
        del metadata["dimension_names"]
        document.write_text(json.dumps(metadata))
    group = zarr.open_group(path / "labels")
    group.attrs["ome"] = {"labels": ["b"]}
    assert run(["validate", str(path)]) == 1
    assert run(["validate", str(path), "--fix"]) == 0
    assert zarr.open_group(path / "labels").attrs["ome"] == {"labels": ["b", "a"], "version": "0.5"}
    assert zarr.open_array(path / "labels/a/1").metadata.dimension_names == ("y", "x")
    np.testing.assert_array_equal(zarr.open_array(path / "0")[:], PIXELS)


def test_the_page_on_repair_names_every_rule_that_is_mended() -> None:
    page = Path(__file__).parents[2] / "docs/how-to/repair.md"
    text = page.read_text(encoding="utf-8")
    assert [rule for rule in fixes() if f"`{rule}`" not in text] == []
