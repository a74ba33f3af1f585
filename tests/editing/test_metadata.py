"""Editing metadata in place: levels and labels follow, pixels and unknown keys stay, nothing invalid is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import omezarr
from omezarr.checking.repair.overlay import replaced
from omezarr.cli import run
from omezarr.editing import plan_metadata_edit
from omezarr.editing.operation import differences
from omezarr.errors import ArgumentError, LossyError
from omezarr.model import UNSET

if TYPE_CHECKING:
    from pathlib import Path

PLACED = ("0.4", "0.5", "0.6")


def image(path: Path, version: str = "0.5", **words: Any) -> Path:
    """Write an image of two channels and three levels, with labels."""
    pixels = np.arange(2 * 32 * 32, dtype="uint16").reshape(2, 32, 32)
    words = {"axes": "cyx", "scale": (1, 0.5, 0.5), "units": "micrometer", "channels": ["a", "b"], **words}
    omezarr.write_image(path, pixels, format=version, levels=3, **words)
    omezarr.write_labels(path, (pixels[0] > 99).astype("uint8"), name="cells")
    return path


def chunks(path: Path) -> dict[str, bytes]:
    """Return everything that is stored, but for metadata."""
    metadata = ("zarr.json", ".zattrs", ".zarray", ".zgroup", ".zmetadata")
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file.name not in metadata
    }


@pytest.mark.parametrize("version", PLACED)
def test_levels_and_labels_follow_scale_and_translation(tmp_path: Path, version: str) -> None:
    path = image(tmp_path / "a.zarr", version, translation=(0, 3, 4))
    before, stored = omezarr.open(path), chunks(path)
    places = [(level.scale, level.translation) for level in before.levels]
    node = omezarr.edit(path, scale={"y": 1.0, "x": 2.0}, translation={"y": 10, "x": 20}, units={"x": "nanometer"})
    for level, (scale, place) in zip(node.levels, places, strict=True):
        assert level.scale == pytest.approx((scale[0], 2 * scale[1], 4 * scale[2]))
        assert level.translation == pytest.approx((place[0], 10 + 2 * (place[1] - 3), 20 + 4 * (place[2] - 4)))
    label = node.labels["cells"]
    for level, own in zip(label.levels, node.levels, strict=True):
        assert level.scale[-2:] == pytest.approx(own.scale[-2:])
    assert label.levels[0].translation[-2:] == pytest.approx((10, 20))
    for axes in (node.axes, label.axes):
        assert {axis.name: axis.unit for axis in axes if axis.name != "c"} == {"y": "micrometer", "x": "nanometer"}
    assert chunks(path) == stored
    assert omezarr.validate(path).valid


def test_transformations_in_place_become_part_of_the_levels(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr", "0.4")
    group = zarr.open_group(path)
    (multiscale,) = group.attrs["multiscales"]
    multiscale["coordinateTransformations"] = [{"type": "scale", "scale": [1, 3, 3]}]
    group.attrs["multiscales"] = [multiscale]
    assert omezarr.open(path).levels[0].scale == (1, 1.5, 1.5)
    node = omezarr.edit(path, scale=2.0)
    assert node.levels[0].scale == (1, 2, 2)
    assert node.levels[1].scale == (1, 4, 4)


@given(
    scale=st.floats(0.01, 100),
    shift=st.floats(-1000, 1000),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_editing_there_and_back_is_where_it_began(tmp_path: Path, scale: float, shift: float) -> None:
    path = tmp_path / "law.zarr"
    if not path.exists():
        image(path)
    before = omezarr.open(path).levels[2]
    omezarr.edit(path, scale=scale, translation={"y": shift})
    node = omezarr.edit(path, scale=0.5, translation={"y": 0})
    assert node.levels[2].scale == pytest.approx(before.scale)
    assert node.levels[2].translation == pytest.approx(before.translation)


def test_channels_keep_what_is_not_said_of_them(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    before = omezarr.open(path).channels
    node = omezarr.edit(path, channels={1: {"label": "GFP", "window": {"end": 50}}}, default_z=None)
    assert node.channels[0] == before[0]
    assert (node.channels[1].label, node.channels[1].color) == ("GFP", before[1].color)
    assert node.channels[1].window
    assert before[1].window
    assert (node.channels[1].window.end, node.channels[1].window.min) == (50, before[1].window.min)
    measured = omezarr.edit(path, measure_windows=True)
    assert [channel.window for channel in measured.channels] == [channel.window for channel in before]


def test_what_is_shown_first_is_kept_beside_unknown_keys(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    file = path / "zarr.json"
    document = json.loads(file.read_text())
    document["attributes"]["ome"]["omero"]["rdefs"] = {"model": "color", "defaultT": 0}
    document["attributes"]["lab"] = {"kept": True}
    file.write_text(json.dumps(document))
    with pytest.raises(ArgumentError, match="no axis t; its axes are c, y, x"):
        omezarr.edit(path, default_t=1)
    omezarr.edit(path, name="new")
    attributes = json.loads(file.read_text())["attributes"]
    assert attributes["lab"] == {"kept": True}
    assert attributes["ome"]["omero"]["rdefs"] == {"model": "color", "defaultT": 0}
    assert attributes["ome"]["multiscales"][0]["name"] == "new"


def test_default_positions_are_checked_against_the_image(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.zeros((3, 5, 8, 8), "uint8"), axes="tzyx")
    node = omezarr.edit(path, default_z=4, default_t=2)
    assert node.image
    assert node.image.omero
    assert node.image.omero.extra["rdefs"] == {"defaultZ": 4, "defaultT": 2}
    with pytest.raises(ArgumentError, match="has no z 5; there are 0 to 4"):
        omezarr.edit(path, default_z=5)


def test_colours_of_labels(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    omezarr.edit(path, label_colors={1: "#ff0000", 2: (0, 0, 255, 128)})
    value = omezarr.open(path).labels["cells"].value
    assert {color.label_value: color.rgba for color in value.colors} == {1: (255, 0, 0, 255), 2: (0, 0, 255, 128)}
    for wrong in ("red", "F00", (1, 2, 3), (0, 0, 0, 256)):
        with pytest.raises(ArgumentError, match="is no colour"):
            omezarr.edit(path, label_colors={1: wrong})


@pytest.mark.parametrize("version", PLACED)
def test_labels_are_removed_with_their_pixels(tmp_path: Path, version: str) -> None:
    path = image(tmp_path / "a.zarr", version)
    omezarr.write_labels(path, np.ones((32, 32), "uint8"), name="others")
    node = omezarr.edit(path, remove_labels=["cells"])
    assert list(node.labels) == ["others"]
    assert not [file for file in (path / "labels" / "cells").rglob("*") if file.is_file()]
    assert omezarr.validate(path).valid
    with pytest.raises(ArgumentError, match="no labels 'cells'; it has: others"):
        omezarr.edit(path, remove_labels=["cells"])


def test_all_fields_of_a_plate_are_edited(tmp_path: Path) -> None:
    path, pixels = tmp_path / "p.zarr", np.zeros((16, 16), "uint8")
    omezarr.write_plate(path, {"A/1": {"0": pixels, "1": pixels}, "B/2": {"0": pixels}}, axes="yx")
    omezarr.edit(path, name="screen", scale=0.25, units="micrometer", channels=["DAPI"])
    plate = omezarr.open(path)
    assert plate.name == "screen"
    for field in ("A/1/0", "A/1/1", "B/2/0"):
        node = omezarr.open(path / field)
        assert (node.levels[0].scale, node.channels[0].label) == ((0.25, 0.25), "DAPI")
    assert omezarr.validate(path).valid
    with pytest.raises(ArgumentError, match="no acquisition 3; it has: none"):
        omezarr.edit(path, acquisitions={3: "night"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": "red"}, "'colour' cannot be edited; known: name, scale"),
        ({"channels": ["a"]}, "1 channels are given"),
        ({"channels": {2: "x"}}, "no channel 2; there are 0 to 1"),
        ({"scale": 0}, "above 0"),
        ({"scale": {"w": 1}}, "a scale is given for w"),
        ({"units": {"q": "second"}}, "units are given for q"),
        ({"acquisitions": {0: "x"}}, "has no acquisitions"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_written(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = image(tmp_path / "a.zarr")
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(ArgumentError, match=said):
        omezarr.edit(path, **changes)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_what_would_not_be_valid_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.zeros((3, 8, 8), "uint8"), axes="zyx")
    with pytest.raises(ArgumentError, match="would not be valid"):
        omezarr.edit(path, name=5)


def test_versions_without_pixel_sizes_say_so(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.zeros((1, 1, 1, 8, 8), "uint8"), axes="tczyx", format="0.3")
    with pytest.raises(LossyError, match=r"0\.3 cannot express"):
        omezarr.edit(path, scale=0.5)
    assert omezarr.edit(path, channels=["DAPI"]).channels[0].label == "DAPI"


def test_the_command_shows_and_does_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = image(tmp_path / "a.zarr")
    words = [
        "edit",
        str(path),
        "--scale",
        "y=1,x=1",
        "--unit",
        "nanometer",
        "--channel",
        "0:label=DAPI,end=9,active=false",
    ]
    words += ["--label-color", "1=00FF00", "--name", "x", "--measure-windows"]
    assert run([*words, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert 'ome.omero.channels[0].label: "a" -> "DAPI"' in shown
    assert omezarr.open(path).levels[0].scale == (1, 0.5, 0.5)
    assert run([*words, "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert {"label", "end", "active"} <= {change["path"][-1] for change in changes if "omero" in change["path"]}
    node = omezarr.open(path)
    assert (node.levels[0].scale, node.name, node.channels[0].active) == ((1, 1, 1), "x", False)
    assert run([*words]) == 0
    assert "nothing has to be changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["--channel", "DAPI"], 2),
        (["--channel", "0:hue=3"], 2),
        (["--channel", "0:active=maybe"], 2),
        (["--scale", "big"], 2),
        (["--label-color", "one=FF0000"], 2),
    ],
)
def test_words_that_cannot_be_understood_are_refused(tmp_path: Path, words: list[str], code: int) -> None:
    assert run(["edit", str(image(tmp_path / "a.zarr")), *words]) == code


def test_consolidated_metadata_is_kept_true(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr", "0.4", consolidated=True)
    omezarr.edit(path, scale=3)
    assert json.loads((path / ".zmetadata").read_text())["metadata"][".zattrs"]["multiscales"]
    assert omezarr.open(path).levels[0].scale == (1, 3, 3)
    assert not [problem for problem in omezarr.validate(path) if problem.rule == "zarr.consolidated"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    before=st.dictionaries(st.sampled_from("abc"), json_values),
    after=st.dictionaries(st.sampled_from("abc"), json_values),
)
def test_differences_make_one_document_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    document = {"attributes": before}
    for edit in differences(before, after):
        document = replaced(document, edit.path, edit.value)
        assert edit.value is UNSET or edit.path
    assert document["attributes"] == after


def test_nothing_is_planned_where_nothing_differs(tmp_path: Path) -> None:
    assert plan_metadata_edit(image(tmp_path / "a.zarr"), units="micrometer").plan is None
