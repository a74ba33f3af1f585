"""Groups answer in the words of OME, whatever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import UnknownNameError
from omezarr.testing import isolated_registry

if TYPE_CHECKING:
    from omezarr.abc import Hint

PIXELS = np.zeros((2, 16, 16), dtype="uint8")


@pytest.fixture(scope="module")
def plate() -> Any:
    wells = {"A/1": [PIXELS, PIXELS], "B/12": PIXELS}
    node = omezarr.write_plate("memory://words/plate.zarr", wells, axes="cyx", channels=["DAPI", "GFP"])
    omezarr.write_labels("memory://words/plate.zarr/A/1/0", PIXELS[:1], "nuclei")
    return node


def test_a_plate_has_wells_and_those_have_fields(plate: Any) -> None:
    assert [row.name for row in plate.plate.rows] == ["A", "B"]
    assert list(plate.wells) == list(plate) == ["A/1", "B/12"]
    assert list(plate["A/1"].fields) == ["0", "1"]
    assert [channel.label for channel in plate["A/1"]["0"].channels] == ["DAPI", "GFP"]


def test_a_path_leads_through_several_generations(plate: Any) -> None:
    assert plate["A/1/0"].location == plate["A/1"]["0"].location
    assert plate["A/1/0/labels/nuclei"].key == "image-label"
    assert "A/1" in plate
    assert "A/1/0" not in plate


@pytest.mark.parametrize("path", ["A", "C/1", "A/1/7", "", "A/1/"])
def test_a_path_that_the_metadata_does_not_name_is_refused_with_those_that_there_are(plate: Any, path: str) -> None:
    with pytest.raises(UnknownNameError, match=r"has no child .*; it has: "):
        plate[path]


def test_every_question_has_an_answer_for_every_group(plate: Any) -> None:
    image = plate["A/1"]["0"]
    assert (image.plate, list(image.wells), list(image.fields)) == (None, [], [])
    assert (plate.image, plate.multiscale, plate.axes, plate.channels, list(plate.labels)) == (None, None, (), (), [])
    assert list(image.labels) == ["nuclei"]


@pytest.mark.parametrize("attributes", [{}, {"ome": {"version": "0.5", "labels": []}}])
def test_what_a_group_is_of_is_detected_once(attributes: dict[str, Any], tmp_path: Any) -> None:
    import zarr

    zarr.create_group(tmp_path, attributes=attributes)
    asked: list[Hint] = []
    registry = isolated_registry()
    version = registry.formats["0.5"]
    original = type(version).claim
    type(version).claim = lambda self, *given: asked.append(given[2]) or original(self, *given)  # type: ignore[method-assign]
    try:
        omezarr.open(tmp_path, registry=registry)
    finally:
        type(version).claim = original  # type: ignore[method-assign]
    assert len(asked) == 1


def test_what_the_functions_take_is_offered_beside_them() -> None:
    assert [name for name in omezarr.__all__ if not hasattr(omezarr, name)] == []
    axes = [omezarr.Axis("c", "channel"), omezarr.Axis("y", "space"), omezarr.Axis("x", "space")]
    given = {"axes": axes, "channels": [omezarr.Channel(label="a"), "b"], "codec": omezarr.Codec("zstd", {"level": 1})}
    node = omezarr.write_image("memory://words/image.zarr", PIXELS, **given)
    label = omezarr.ImageLabel(colors=(omezarr.LabelColor(label_value=1, rgba=(255, 0, 0, 255)),))
    assert omezarr.write_labels(node.location, PIXELS, "cells", metadata=label).value.colors[0].label_value == 1
