"""The drafts of 0.9: axes without limits, orientation, and the way from and to other versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import UnsupportedError
from omezarr.model import Axis
from omezarr_builtins.formats.v09 import ORIENTATIONS

if TYPE_CHECKING:
    from pathlib import Path

AXES = (
    Axis("x", "space", "micrometer", extra={"orientation": {"type": "anatomical", "value": "left-to-right"}}),
    Axis("angle", "angle", "degree"),
    Axis("phase", "phase"),
    Axis("y", "space", "micrometer"),
    Axis("t", "time", "second"),
    Axis("c", "channel"),
)
PIXELS = np.arange(8 * 2 * 3 * 8 * 2 * 2, dtype="uint16").reshape(8, 2, 3, 8, 2, 2)


DRAFTS = pytest.mark.parametrize("draft", ["0.9.dev1", "0.9.dev2"])
SPACE = {"name": "x", "type": "space", "unit": "micrometer"}


@DRAFTS
def test_axes_of_any_number_order_and_type_are_written_and_read(tmp_path: Path, draft: str) -> None:
    target = tmp_path / "image.ome.zarr"
    omezarr.write_image(target, PIXELS, axes=AXES, scale={"x": 0.5, "y": 0.5, "t": 2.0}, format=draft, levels=2)
    node = omezarr.open(target)
    assert (node.version, node.version_inferred, node.key) == (draft, False, "multiscales")
    assert node.axes == AXES
    assert [level.shape for level in node.levels] == [(8, 2, 3, 8, 2, 2), (4, 2, 3, 4, 2, 2)]
    assert np.array_equal(node.levels[0].array[:], PIXELS)
    assert node.levels[1].scale == (1.0, 1.0, 1.0, 1.0, 2.0, 1.0)


@DRAFTS
def test_the_document_on_disk_is_that_of_the_version(tmp_path: Path, draft: str) -> None:
    omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format=draft)
    ome = json.loads((tmp_path / "i.zarr" / "zarr.json").read_text())["attributes"]["ome"]
    assert ome["version"] == draft
    assert list(omezarr.validate(tmp_path / "i.zarr").errors) == []
    axes = ome["multiscales"][0]["coordinateSystems"][0]["axes"]
    assert axes[0]["orientation"] == {"type": "anatomical", "value": "left-to-right"}


def test_older_versions_refuse_its_axes(tmp_path: Path) -> None:
    for version in ("0.3", "0.4", "0.5", "0.6"):
        with pytest.raises(UnsupportedError, match="2 to 5 axes"):
            omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format=version)
    assert list(tmp_path.iterdir()) == []


@DRAFTS
def test_an_image_of_0_5_is_upgraded_to_it_and_back(tmp_path: Path, draft: str) -> None:
    pixels = np.arange(64, dtype="uint8").reshape(8, 8)
    labels = {"cells": pixels // 20}
    omezarr.write_image(tmp_path / "old", pixels, axes="yx", scale=0.5, labels=labels, format="0.5")
    omezarr.upgrade(tmp_path / "old", tmp_path / "new", to=draft)
    node = omezarr.open(tmp_path / "new")
    assert (node.version, node.levels[0].scale) == (draft, (0.5, 0.5))
    assert node.labels["cells"].version == draft
    omezarr.upgrade(tmp_path / "new", tmp_path / "again", to="0.5")
    again = omezarr.open(tmp_path / "again")
    assert again.attributes == omezarr.open(tmp_path / "old").attributes
    assert np.array_equal(again.labels["cells"].levels[0].array[:], labels["cells"])


def document(draft: str, axes: list[dict[str, Any]], **keys: Any) -> dict[str, Any]:
    """Return the attributes of an image of one level with axes."""
    ends = {"input": {"path": "0"}, "output": {"name": "physical"}}
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1] * len(axes), **ends}]}
    image = {"name": "i", "datasets": [level], "coordinateSystems": [{"name": "physical", "axes": axes}]}
    return {"ome": {"version": draft, "multiscales": [image], **keys}}


def broken(draft: str, axes: list[dict[str, Any]], **keys: Any) -> set[str]:
    return {problem.rule for problem in omezarr.validate(document(draft, axes, **keys)).errors}


def oriented(value: Any, name: str = "x", **keys: Any) -> dict[str, Any]:
    return {**SPACE, "name": name, "orientation": {"type": "anatomical", "value": value}, **keys}


@DRAFTS
@pytest.mark.parametrize("value", sorted(ORIENTATIONS))
def test_every_orientation_is_valid(draft: str, value: str) -> None:
    assert broken(draft, [oriented(value)]) == set()


@DRAFTS
@pytest.mark.parametrize(
    ("axes", "rules"),
    [
        ([oriented("upwards")], {"axes.orientation.form"}),
        ([{**SPACE, "orientation": "left-to-right"}], {"axes.orientation.form"}),
        ([{**SPACE, "orientation": {"type": "stage", "value": "left-to-right"}}], {"axes.orientation.form"}),
        ([oriented("left-to-right", type="time", unit="second")], {"axes.orientation.space"}),
        ([oriented("left-to-right"), oriented("right-to-left", "y")], {"axes.orientation.once"}),
        ([oriented("left-to-right"), oriented("anterior-to-posterior", "y")], set()),
        ([SPACE, SPACE], {"axes.names.unique"}),
        ([{"type": "space"}], {"axes.name.present"}),
        ([SPACE] + [{"name": f"q{index}"} for index in range(9)], set()),
    ],
)
def test_axes_that_break_a_rule(draft: str, axes: list[dict[str, Any]], rules: set[str]) -> None:
    assert broken(draft, axes) == rules


@DRAFTS
def test_windows_need_only_what_is_shown(draft: str) -> None:
    channel = {"color": "FF0000", "window": {"start": 0, "end": 9}}
    assert broken(draft, [SPACE], omero={"channels": [channel]}) == set()
    channel["window"] = {"min": "0", "max": 9, "start": 0}
    assert broken(draft, [SPACE], omero={"channels": [channel]}) == {
        "omero.window.limits.present",
        "omero.window.limits.form",
    }


@DRAFTS
def test_map_axis_is_as_long_as_it_has_to_be(draft: str) -> None:
    axes = [{"name": f"q{index}"} for index in range(6)]
    for indices, rules in (([5, 4, 3, 2, 1, 0], set()), ([0, 0, 1], {"transformations.mapAxis.form"})):
        attributes = document(draft, axes)
        image = attributes["ome"]["multiscales"][0]
        image["coordinateSystems"].append({"name": "turned", "axes": axes})
        ends = {"input": {"name": "physical"}, "output": {"name": "turned"}}
        image["coordinateTransformations"] = [{"type": "mapAxis", "mapAxis": indices, **ends}]
        found = {problem.rule for problem in omezarr.validate(attributes).errors}
        assert {rule for rule in found if rule.endswith("mapAxis.form")} == rules


def test_the_second_draft_calls_itself_0_9_too() -> None:
    report = omezarr.validate(document("0.9", [SPACE]))
    assert (report.version, report.valid) == ("0.9.dev2", True)


@DRAFTS
def test_what_names_no_version_is_never_taken_for_a_draft(tmp_path: Path, draft: str) -> None:
    omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format=draft)
    file = tmp_path / "i.zarr" / "zarr.json"
    attributes = json.loads(file.read_text())
    del attributes["attributes"]["ome"]["version"]
    file.write_text(json.dumps(attributes))
    assert omezarr.open(tmp_path / "i.zarr").version == "0.6"


@DRAFTS
def test_axes_that_an_older_version_has_no_place_for_are_not_downgraded(tmp_path: Path, draft: str) -> None:
    omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format=draft)
    with pytest.raises(UnsupportedError, match="2 to 5 axes"):
        omezarr.upgrade(tmp_path / "i.zarr", tmp_path / "o.zarr", to="0.6")
    assert not (tmp_path / "o.zarr").exists()
