"""What input claims costs nothing: named pipes, groups that are not there or lead to themselves, absurd numbers."""

from __future__ import annotations

import json
import os
import socket
import zipfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.arrays.geometry import cells
from omezarr.checking import validation
from omezarr.cli import run
from omezarr.errors import MetadataError, StorageError
from omezarr.files import open_file
from omezarr.hierarchy import Hierarchy, disk, parse_json
from omezarr.model.structuring import MOST_NAMES
from omezarr.nodes import node as nodes
from omezarr_builtins.schemes import zip_store

if TYPE_CHECKING:
    from collections.abc import Callable


def group(path: Path, ome: dict[str, Any]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    attributes = {"ome": {"version": "0.5", **ome}}
    (path / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}))


def plate(path: Path, side: int) -> None:
    """Write the document of a plate none of whose wells is there."""
    lines = [{"name": str(number)} for number in range(side)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": row, "columnIndex": column}
        for row in range(side)
        for column in range(side)
    ]
    group(path, {"plate": {"rows": lines, "columns": lines, "wells": wells}})


def listening(path: Path) -> None:
    with pytest.MonkeyPatch.context() as here, socket.socket(socket.AF_UNIX) as made:
        here.chdir(path.parent)
        made.bind(path.name)


def piped(path: Path) -> None:
    os.mkfifo(path)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "named pipe": piped,
    "socket": listening,
    "device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.fixture(params=SPECIAL)
def special(request: pytest.FixtureRequest) -> tuple[str, Callable[[Path], object]]:
    """Return the name of what is no file, and what makes one."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this platform has no such things")
    return request.param, SPECIAL[request.param]


def test_what_is_no_file_is_not_opened(tmp_path: Path, special: tuple[str, Callable[[Path], object]]) -> None:
    name, make = special
    make(tmp_path / "a")
    with pytest.raises(StorageError, match=f"a is a {name}, no file"):
        open_file(tmp_path / "a")
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


@pytest.mark.parametrize("place", ["zarr.json", "0/zarr.json", "0/c/0/0"])
@pytest.mark.parametrize("command", ["info", "validate", "convert"])
def test_what_is_no_file_is_named_wherever_it_lies(
    tmp_path: Path,
    special: tuple[str, Callable[[Path], object]],
    place: str,
    command: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, make = special
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.ones((8, 8), "u1"), axes="yx")
    (path / place).unlink()
    make(path / place)
    words = {"info": ["--stats"], "validate": ["--data"], "convert": [str(tmp_path / "b.zarr")]}[command]
    assert run([command, str(path), *words]) == 1
    said = capsys.readouterr()
    assert f"is a {name}, no file" in said.out + said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zip", "a.zarr", "a.json"])
@pytest.mark.parametrize("command", ["info", "validate", "convert"])
def test_a_named_pipe_in_place_of_a_source_is_refused(
    tmp_path: Path, name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this platform has no named pipes")
    os.mkfifo(tmp_path / name)
    words = [str(tmp_path / "b.zarr")] if command == "convert" else []
    assert run([command, str(tmp_path / name), *words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert said.count("\n") == 1


def test_groups_that_are_not_there_are_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plate(tmp_path / "p.zarr", 60)
    (tmp_path / "p.zarr/3").mkdir()
    group(tmp_path / "p.zarr/3/5", {"well": {"images": []}})
    read: list[str] = []
    real = disk.read_document

    def counted(file: Path) -> Any:
        read.append(file.name)
        return real(file)

    monkeypatch.setattr("omezarr.hierarchy.view.read_document", counted)
    node = omezarr.open(tmp_path / "p.zarr")
    opening = len(read)
    assert len(node.children.prefetch()) == 3600 - 1
    assert node.children["3/5"].key == "well"
    assert len(read) - opening == 1


def test_of_groups_that_are_not_there_some_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plate(tmp_path / "p.zarr", 10)
    assert run(["info", str(tmp_path / "p.zarr")]) == 1
    shown = capsys.readouterr().out
    assert "error: 100 groups are named here that are not there; 20 are shown" in shown
    assert shown.count("there is no zarr group at") == 20


def test_a_folder_that_may_not_be_listed_may_hold_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "A").mkdir()
    folders = disk.Folders(tmp_path)
    assert [folders.may_hold(path) for path in ("A", "a/", "A/1", "B", "B/1", "")] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]

    def refuse(_: Path) -> Any:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert disk.Folders(tmp_path).may_hold("B/1")


@pytest.mark.parametrize("command", ["info", "validate"])
def test_groups_that_lead_to_themselves_end(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group(tmp_path / "w.zarr", {"well": {"images": [{"path": "0"}, {"path": "1"}, {"path": "."}]}})
    for name in ("0", "1"):
        (tmp_path / "w.zarr" / name).symlink_to(tmp_path / "w.zarr", target_is_directory=True)
    opened: list[str] = []
    real = nodes.group_at

    def counted(hierarchy: Hierarchy, path: str, location: Any) -> Any:
        opened.append(path)
        return real(hierarchy, path, location)

    monkeypatch.setattr(nodes, "group_at", counted)
    assert run([command, str(tmp_path / "w.zarr")]) == 1
    assert len(opened) <= 3
    shown = capsys.readouterr().out
    assert "would lead to itself" in shown or "a group that leads to itself" in shown


def test_a_document_that_would_fill_the_memory_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = json.dumps({"colors": [{"label-value": n, "rgba": [1, 2, 3, 4]} for n in range(20_000)]}).encode()
    assert len(parse_json(colours, "zarr.json")["colors"]) == 20_000  # type: ignore[index, call-overload]
    monkeypatch.setenv("OMEZARR_METADATA", "4MiB")
    with pytest.raises(MetadataError, match=r"zarr.json would take 15 MiB .* set OMEZARR_METADATA=15MiB"):
        parse_json(colours, "zarr.json")
    monkeypatch.setenv("OMEZARR_METADATA", "15MiB")
    assert parse_json(colours, "zarr.json")


def test_consolidated_metadata_may_take_more(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {str(number): {"shape": [1, 2, 3], "attributes": {}} for number in range(10_000)}
    consolidated = {"consolidated_metadata": {"metadata": arrays}}
    monkeypatch.setenv("OMEZARR_METADATA", "4MiB")
    assert parse_json(json.dumps(consolidated).encode(), "zarr.json") == consolidated
    with pytest.raises(MetadataError, match="OMEZARR_METADATA"):
        parse_json(json.dumps(arrays).encode(), "zarr.json")


@pytest.mark.parametrize("digits", [400, 4000])
def test_numbers_that_no_float_holds_are_refused(
    tmp_path: Path, digits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.ones((8, 8), "u1"), axes="yx", scale=[7.5, 7.5])
    text = (path / "zarr.json").read_text()
    (path / "zarr.json").write_text(text.replace("7.5", "1" * digits))
    assert run(["info", str(path)]) == 1
    assert f"holds a number of {digits} digits" in capsys.readouterr().err
    assert run(["validate", str(path)]) == 1


def collection(path: Path) -> None:
    group(path, {"bioformats2raw.layout": 3})
    group(path / "OME", {"series": ["#"] * (MOST_NAMES + 1)})


def counted_collection(path: Path) -> None:
    group(path, {"bioformats2raw.layout": 3})
    (path / "OME").mkdir()
    (path / "OME/METADATA.ome.xml").write_text(f"<OME>{'<Image/>' * (MOST_NAMES + 1)}</OME>")


CLAIMS: dict[str, Callable[[Path], None]] = {
    "memory": lambda path: plate(path, 290),
    f"{MOST_NAMES + 1} names": collection,
    f"more than {MOST_NAMES} images": counted_collection,
}


@pytest.mark.parametrize("said", CLAIMS)
def test_what_names_more_than_is_ever_there_is_refused_in_a_line(
    tmp_path: Path, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    CLAIMS[said](tmp_path / "a.zarr")
    assert run(["info", str(tmp_path / "a.zarr")]) == 1
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    assert len(shown.out + shown.err) < 2000


def test_label_images_without_number_are_a_problem_of_their_list(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.ones((8, 8), "u1"), axes="yx")
    group(path / "labels", {"labels": ["#"] * (MOST_NAMES + 1)})
    (problem,) = omezarr.validate(path).problems
    assert (problem.rule, problem.node, problem.found) == ("json.form", "labels", f"{MOST_NAMES + 1} names")


def test_a_rule_is_reported_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "MOST_FINDINGS", 3)
    document = {"ome": {"version": "0.5", "plate": {"wells": [{"path": 1}] * 9}}}
    found = [item.found for item in omezarr.validate(document).problems if item.rule == "plate.wells.path.form"]
    assert found == ["the number 1"] * 3 + ["more than 3 such places"]


def test_an_upgrade_of_a_group_that_leads_to_itself_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group(tmp_path / "w.zarr", {"well": {"images": [{"path": "0"}, {"path": "1"}]}})
    for name in ("0", "1"):
        (tmp_path / "w.zarr" / name).symlink_to(tmp_path / "w.zarr", target_is_directory=True)
    assert run(["upgrade", str(tmp_path / "w.zarr"), str(tmp_path / "b.zarr"), "--to", "0.6"]) == 1
    assert "leads to itself; remove the link" in capsys.readouterr().err
    assert not (tmp_path / "b.zarr").exists()


def test_an_entry_of_a_zip_file_that_would_be_inflated_to_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_store, "MOST_INFLATED", 2**20)
    omezarr.write_image(tmp_path / "a.zarr", np.ones((8, 8), "u1"), axes="yx", codec="none")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("zarr.json", "0/zarr.json"):
            archive.write(tmp_path / "a.zarr" / name, name)
        archive.writestr("0/c/0/0", bytes(2**21))
    with pytest.raises(StorageError, match=r"would be inflated from .* to 2097152 bytes; refused"):
        omezarr.open(tmp_path / "a.zip").levels[0].read()


def test_cells_of_a_grid_without_end_are_made_one_by_one() -> None:
    first, *_ = islice(cells((slice(0, 10**6), slice(5, 10**6)), (10**3, 7)), 2)
    assert first == ((0, 0), (slice(0, 1000), slice(5, 7)))
