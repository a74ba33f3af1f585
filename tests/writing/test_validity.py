"""What is written is valid, down to what the specification only recommends."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.abc.rules import Finding, Rule, RuleContext, RuleSet, Severity
from omezarr.errors import MetadataError, OMEZarrError
from omezarr.hookspecs import hookimpl
from omezarr.testing import isolated_registry

PIXELS = np.arange(300 * 300, dtype="uint16").reshape(300, 300)
VERSIONS = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]
PLACE = "memory://validity/cells.ome.zarr"


def problems(place: str = PLACE) -> list[str]:
    return [problem.rule for problem in omezarr.validate(place, strict=True).problems]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("levels", [1, 2])
def test_an_image_breaks_no_recommendation(version: str, levels: int) -> None:
    node = omezarr.write_image(
        PLACE, PIXELS, format=version, levels=levels, expand_axes=version in ("0.1", "0.2"), overwrite=True
    )
    assert problems() == []
    assert node.name == "cells"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plate_breaks_no_recommendation(version: str) -> None:
    wells = {f"{row}/{column}": [PIXELS, PIXELS] for row in "AB" for column in "12"}
    node = omezarr.write_plate(PLACE, wells, format=version, expand_axes=version in ("0.1", "0.2"), overwrite=True)
    omezarr.write_field(PLACE, "B/1", PIXELS, expand_axes=version in ("0.1", "0.2"))
    assert problems() == []
    assert (node.name, node.children["A/1"].children["0"].name) == ("cells", "A/1/0")


@pytest.mark.parametrize("made_by", [{}, {"method": "nearest"}])
def test_levels_that_were_given_break_no_recommendation(made_by: dict[str, Any]) -> None:
    node = omezarr.write_multiscale(PLACE, [PIXELS, PIXELS[::2, ::2]], overwrite=True, **made_by)
    assert problems() == []
    assert node.multiscale.type == made_by.get("method", "unknown")


def test_acquired_images_and_levels_of_a_bare_array_break_no_recommendation(tmp_path: Any) -> None:
    import zarr

    with omezarr.create_writer(tmp_path / "run.ome.zarr", shape=(2, 300, 300), dtype="uint16", axes="tyx") as writer:
        writer.write(PIXELS, t=0)
    assert problems(tmp_path / "run.ome.zarr") == []
    zarr.create_array(tmp_path / "bare.zarr/0", data=PIXELS, chunks=(64, 64), dimension_names=("y", "x"))
    assert omezarr.add_levels(tmp_path / "bare.zarr/0", axes="yx").name == "bare"
    assert problems(tmp_path / "bare.zarr") == []


def test_a_size_without_its_unit_is_said() -> None:
    omezarr.write_image(PLACE, PIXELS, scale=0.5, overwrite=True)
    assert problems() == ["axes.unit.present", "axes.unit.present"]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: omezarr.write_plate(PLACE, {"A/1": []}), r"well\.images: an empty array would not be valid NGFF 0\.5"),
        (lambda: omezarr.write_plate(PLACE, {}), r"plate\.rows: an empty array"),
        (lambda: omezarr.write_plate(PLACE, {"A_1/1": PIXELS}), r"plate\.rows\[0\]\.name: the string 'A_1'"),
        (
            lambda: omezarr.write_plate(PLACE, {"A/1": {"f_1": PIXELS}}),
            r"in the group 'A/1'; it takes letters",
        ),
        (lambda: omezarr.write_plate(PLACE, {"A/1": PIXELS}, acquisitions=[{"id": -1}]), r"a whole number from 0 on"),
        (lambda: omezarr.write_image(PLACE, PIXELS, name=5), r"multiscales\[0\]\.name: the number 5"),  # type: ignore[arg-type]
        (lambda: omezarr.write_image(PLACE, PIXELS, channels=[{"window": {"min": "a"}}]), r"it takes a number"),
        (lambda: omezarr.write_image(PLACE, PIXELS, channels=[{"family": 5}]), r"omero\.family\.form"),
        (lambda: omezarr.write_multiscale(PLACE, [PIXELS], channels=[{"family": 5}]), r"omero\.family\.form"),
        (
            lambda: omezarr.create_writer(PLACE, shape=(8, 8), dtype="uint8", channels=[{"family": 5}]),
            r"omero\.family\.form",
        ),
    ],
)
def test_what_would_not_be_valid_is_refused_before_anything_is_written(write: Any, message: str) -> None:
    fresh = omezarr.Location.parse(PLACE)
    omezarr.write_image(PLACE, PIXELS, name="there before", overwrite=True)
    with pytest.raises(OMEZarrError, match=message):
        write()
    assert omezarr.open(fresh).name == "there before"


def test_labels_and_fields_that_would_not_be_valid_are_refused_before_anything_is_written() -> None:
    omezarr.write_image(PLACE, PIXELS, overwrite=True)
    with pytest.raises(MetadataError, match=r"image-label\.colors\[0\]\.rgba: \[0, 0, 0\] would not be valid"):
        omezarr.write_labels(PLACE, PIXELS, "cells", metadata={"colors": [{"label-value": 1, "rgba": [0, 0, 0]}]})
    assert not omezarr.open(PLACE).labels
    omezarr.write_plate(PLACE, {"A/1": PIXELS}, overwrite=True)
    with pytest.raises(MetadataError, match=r"'f_1' would not be valid NGFF 0\.5 in the group 'A/1'"):
        omezarr.write_field(PLACE, "A/1", PIXELS, field="f_1")
    assert list(omezarr.open(PLACE).children["A/1"].children) == ["0"]


def test_rules_of_plugins_hold_for_what_is_written_too() -> None:
    def check(context: RuleContext) -> Any:
        yield Finding(path=("multiscales", 0), found="an image", expected="the name of its owner")

    class Lab:
        @hookimpl
        def omezarr_rules(self) -> list[RuleSet]:
            rule = Rule(id="owner", severity=Severity.ERROR, section="our lab", check=check)
            return [RuleSet(name="our-lab", key="multiscales", rules=[rule])]

    registry = isolated_registry(Lab())
    with pytest.raises(MetadataError, match=r"it takes the name of its owner \(our-lab/owner\)"):
        omezarr.write_image(PLACE, PIXELS, registry=registry, overwrite=True)


def test_levels_are_added_to_an_image_whose_document_breaks_a_rule_already(tmp_path: Any) -> None:
    place = tmp_path / "old.zarr"
    omezarr.write_image(place, PIXELS, levels=1)
    document = json.loads((place / "zarr.json").read_text())
    document["attributes"]["ome"]["multiscales"][0]["name"] = 5
    (place / "zarr.json").write_text(json.dumps(document))
    assert len(omezarr.add_levels(place, levels=2).levels) == 2
