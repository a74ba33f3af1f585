"""What input claims costs nothing: named pipes, groups that are not there or lead to themselves, absurd numbers."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.cli import run
from omezarr.errors import MetadataError, StorageError
from omezarr.files import open_file
from omezarr.hierarchy import Hierarchy, disk, parse_json
from omezarr.nodes import node as nodes

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
    with pytest.raises(MetadataError, match=r"zarr.json would take 13 MiB .* set OMEZARR_METADATA=13MiB"):
        parse_json(colours, "zarr.json")
    monkeypatch.setenv("OMEZARR_METADATA", "13MiB")
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
