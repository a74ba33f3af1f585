"""Wells and fields go or get other names, and whatever moment the process dies at, the same again completes it."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.arrays import objects
from omezarr.arrays.targets import LocalTarget
from omezarr.cli import run
from omezarr.editing import plan_metadata_edit
from omezarr.errors import ArgumentError


def numbered(value: int) -> np.ndarray[Any, Any]:
    return np.full((16, 16), value, "uint8")


def plate(path: Path, version: str = "0.5", **given: Any) -> Path:
    wells = {"A/1": [numbered(1), numbered(2), numbered(3)], "B/2": [numbered(4)]}
    omezarr.write_plate(path, wells, axes="yx", levels=2, format=version, **given)
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def first_pixels(path: Path) -> dict[str, int]:
    node = omezarr.open(path)
    return {name: int(node[name].levels[-1].read((0, 0))) for name in node.fields}


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_wells_and_fields_go_with_their_pixels(tmp_path: Path, version: str) -> None:
    path = plate(tmp_path / "p.zarr", version)
    node = omezarr.edit(path, remove=["A/1/0", "B/2"])
    assert first_pixels(path) == {"A/1/1": 2, "A/1/2": 3}
    assert node.plate is not None
    assert node.plate.field_count == 2
    assert not (path / "A/1/0").exists()
    assert not (path / "B/2").exists()
    assert omezarr.validate(path).errors == ()


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_wells_and_fields_get_other_names_and_keep_their_bytes(tmp_path: Path, version: str) -> None:
    path = plate(tmp_path / "p.zarr", version)
    before = contents(path / "A/1")
    node = omezarr.edit(path, rename={"A/1": "B/1", "B/2/0": "B/2/7"})
    assert first_pixels(path) == {"B/1/0": 1, "B/1/1": 2, "B/1/2": 3, "B/2/7": 4}
    assert contents(path / "B/1") == before
    assert not (path / "A/1").exists()
    assert node.plate is not None
    assert [(well.path, well.row_index, well.column_index) for well in node.plate.wells] == [
        ("B/1", 1, 0),
        ("B/2", 1, 1),
    ]
    assert omezarr.validate(path).errors == ()


def test_a_field_of_a_well_that_was_opened_by_itself(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    well = omezarr.open(path)["A/1"].edit(rename={"0": "12"}, remove=["1"])
    assert list(well.fields) == ["2", "12"]
    assert first_pixels(path) == {"A/1/2": 3, "A/1/12": 1, "B/2/0": 4}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"remove": ["C/9"]}, r"has no 'C/9'; it has: A/1, B/2, A/1/0"),
        ({"remove": ["A"]}, "no path of a well or a field"),
        ({"remove": ["A/1/0/0"]}, "no path of a well or a field"),
        ({"remove": ["A/1", "B/2"]}, r"would not be valid: .*plate\.wells\.nonempty"),
        ({"remove": ["B/2/0"]}, r"would not be valid: .*well\.images\.nonempty"),
        ({"rename": {"A/1": "B/2"}}, "has 'B/2' already"),
        ({"rename": {"A/1": "C/1"}}, "not a row and a column of the plate"),
        ({"rename": {"A/1/0": "B/2/1"}}, "a field stays in its well"),
        ({"rename": {"A/1": "A/2/0"}}, "a well stays a well"),
        ({"rename": {"A/2": "B/1"}}, "has no 'A/2'"),
        ({"rename": {"A/1/0": "A/1/9", "A/1": "A/2"}}, "rename the well 'A/1' first"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    path = plate(tmp_path / "p.zarr")
    before = contents(path)
    with pytest.raises(ArgumentError, match=said):
        omezarr.edit(path, **given)
    assert contents(path) == before


def test_only_plates_and_wells_have_wells_and_fields_and_what_lies_in_the_way_stays(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    with pytest.raises(ArgumentError, match="neither a plate nor a well"):
        omezarr.edit(path / "A/1/0", remove=["0"])
    omezarr.write_image(path / "B/1", numbered(9), axes="yx")
    with pytest.raises(ArgumentError, match="something else is at 'B/1'"):
        omezarr.edit(path, rename={"A/1": "B/1"})


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("given", [{"rename": {"A/1": "B/1"}}, {"remove": ["A/1/1", "B/2"]}], ids=["rename", "remove"])
def test_killed_at_any_moment_it_opens_and_the_same_again_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], version: str
) -> None:
    first = small(tmp_path / "first.zarr", version)
    whole = Path(shutil.copytree(first, tmp_path / "whole.zarr"))
    omezarr.edit(whole, **given)
    left = [10**9]

    def guarded(function: Any) -> Any:
        def guard(*arguments: Any) -> Any:
            if left[0] <= 0:
                raise KilledError
            left[0] -= 1
            return function(*arguments)

        return guard

    for name in ("put", "delete", "clear"):
        monkeypatch.setattr(LocalTarget, name, guarded(getattr(LocalTarget, name)))
    monkeypatch.setattr(objects, "_link", guarded(objects._link))
    moments, died = 0, True
    while died:
        path = Path(shutil.copytree(first, tmp_path / f"{moments}.zarr"))
        left[0], died = moments, False
        try:
            omezarr.edit(path, **given)
        except KilledError:
            died = True
        left[0] = 10**9
        assert {*first_pixels(path).values()} <= {1, 2, 3}
        if died:
            finish(path, given)
        assert contents(path) == contents(whole), moments
        moments += 1
    assert moments > 5


def small(path: Path, version: str) -> Path:
    wells = {"A/1": [numbered(1), numbered(2)], "B/2": numbered(3)}
    omezarr.write_plate(path, wells, axes="yx", levels=1, format=version, name="p")
    return path


def finish(path: Path, given: dict[str, Any]) -> None:
    """Run the same again; where all was done but for the last clean-up, there is nothing of the name any more."""
    with suppress(ArgumentError):
        omezarr.edit(path, **given)


def test_consolidated_metadata_follows(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr", consolidated=True)
    omezarr.edit(path, rename={"A/1": "A/2"}, remove=["B/2"])
    assert [problem.rule for problem in omezarr.validate(path)] == []
    assert first_pixels(path) == {"A/2/0": 1, "A/2/1": 2, "A/2/2": 3}


def test_the_command_shows_what_goes_and_what_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = plate(tmp_path / "p.zarr")
    assert run(["edit", str(path), "--remove", "B/2", "--dry-run"]) == 0
    assert "stored objects are deleted" in capsys.readouterr().out
    assert run(["edit", str(path), "--rename", "A/1=A/2", "--dry-run"]) == 0
    assert "stored objects get other names" in capsys.readouterr().out
    assert list(omezarr.open(path).wells) == ["A/1", "B/2"]
    assert run(["edit", str(path), "--rename", "A/1=A/2", "--remove", "B/2"]) == 0
    assert list(omezarr.open(path).wells) == ["A/2"]
    assert run(["edit", str(path), "--remove", "B/2"]) == 2
    assert run(["edit", str(path), "--rename", "A/2"]) == 2


def test_properties_of_labels_are_put_beside_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, numbered(1), axes="yx", labels={"cells": numbered(1)})
    node = omezarr.open(path).edit(label_properties={1: {"class": "cell", "area": 4}, 2: {"class": "debris"}})
    assert run(["edit", str(path), "--label-property", "1:area=,alive=true,size=2.5"]) == 0
    found = {item.label_value: dict(item.extra) for item in omezarr.open(path).labels["cells"].value.properties}
    assert found == {1: {"class": "cell", "alive": True, "size": 2.5}, 2: {"class": "debris"}}
    assert [item.label_value for item in node.labels["cells"].value.properties] == [1, 2]
    assert json.loads((path / "labels/cells/zarr.json").read_text())["attributes"]["ome"]["image-label"]
    assert run(["edit", str(path), "--label-property", "one"]) == 2
    assert plan_metadata_edit(path, label_properties={2: {"class": "debris"}}).plan is None
