"""Pictures of many images: plates, wells, collections."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.rendering import PictureRequest, render
from omezarr.rendering.colours import MISSING_COLOURS
from omezarr.rendering.sheets import BACKGROUND, EMPTY_WELL

SIZE = 300
CELL = SIZE // 4  # three columns and the names of the rows


@pytest.fixture
def plate(tmp_path):
    """A plate of two rows and three columns; four wells with two fields each, brighter from well to well."""
    wells = {}
    for number, name in enumerate(["A/1", "A/3", "B/1", "B/2"], start=1):
        field = np.full((1, 16, 16), number * 50, "uint8")
        wells[name] = {"0": field, "1": field}
    omezarr.write_plate(tmp_path / "plate.zarr", wells, rows=["A", "B"], columns=["1", "2", "3"], axes="cyx")
    return tmp_path / "plate.zarr"


def well(pixels: np.ndarray, row: int, column: int) -> np.ndarray:
    gap = CELL // 16
    return pixels[(row + 1) * CELL : (row + 2) * CELL - gap, (column + 1) * CELL : (column + 2) * CELL - gap]


def test_all_wells_are_in_their_places_and_can_be_compared(plate):
    pixels = render(omezarr.open(plate), PictureRequest(size=SIZE, windows=((0, 255),), colors=("FFFFFF",))).pixels
    assert pixels.shape == (3 * CELL, 4 * CELL, 3)
    for number, (row, column) in enumerate([(0, 0), (0, 2), (1, 0), (1, 1)], start=1):
        assert np.unique(well(pixels, row, column)).tolist() == [number * 50]
    for row, column in [(0, 1), (1, 2)]:
        assert (well(pixels, row, column) == EMPTY_WELL).all()
    shared = render(omezarr.open(plate), PictureRequest(size=SIZE)).pixels
    levels = [well(shared, *place).max() for place in [(0, 0), (0, 2), (1, 0), (1, 1)]]
    assert levels == sorted(levels)
    assert len(set(levels)) == 4


def test_rows_and_columns_are_named(plate):
    pixels = render(omezarr.open(plate), PictureRequest(size=SIZE)).pixels
    for head in (*(pixels[(i + 1) * CELL : (i + 2) * CELL, :CELL] for i in range(2)), pixels[:CELL, CELL : 2 * CELL]):
        assert (head != BACKGROUND).any()


def test_a_well_that_is_missing_is_drawn_as_such_and_named(plate):
    shutil.rmtree(plate / "A/3")
    picture = render(omezarr.open(plate), PictureRequest(size=SIZE))
    assert {tuple(colour) for row in well(picture.pixels, 0, 2) for colour in row} == set(MISSING_COLOURS)
    assert any("A/3" in note for note in picture.notes)
    assert well(picture.pixels, 1, 1).max() > 0


def test_a_well_that_lies_outside_of_the_plate_is_drawn_as_missing_and_named(plate):
    document = json.loads((plate / "zarr.json").read_text())
    document["attributes"]["ome"]["plate"]["wells"][1]["path"] = "../A/3"
    (plate / "zarr.json").write_text(json.dumps(document))
    picture = render(omezarr.open(plate), PictureRequest(size=SIZE))
    assert {tuple(colour) for row in well(picture.pixels, 0, 2) for colour in row} == set(MISSING_COLOURS)
    assert picture.notes == ("the path '../A/3' leads out of its group; refused",)
    assert well(picture.pixels, 1, 1).max() > 0


def test_all_fields_of_a_well_are_drawn_where_they_are(plate):
    for name, place in (("0", 0.0), ("1", 16.0)):
        file = plate / "A/1" / name / "zarr.json"
        document = json.loads(file.read_text())
        steps = document["attributes"]["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"]
        steps.append({"type": "translation", "translation": [0.0, 0.0, place]})
        file.write_text(json.dumps(document))
    node = omezarr.open(plate)
    fields = render(node.children["A/1"], PictureRequest(size=64, windows=((0, 50),), colors=("FFFFFF",)))
    assert fields.pixels.shape == (32, 64, 3)
    assert fields.pixels.min() == 255
    whole = render(node, PictureRequest(size=SIZE, field="all", windows=((0, 50),), colors=("FFFFFF",))).pixels
    side = well(whole, 0, 0).shape[0]
    assert (well(whole, 0, 0)[: side // 2] == 255).all()
    assert (well(whole, 0, 0)[side // 2 + 1 :] == EMPTY_WELL).all()


def test_fields_without_positions_are_drawn_side_by_side(plate):
    pixels = render(omezarr.open(plate / "A/1"), PictureRequest(size=64, windows=((0, 50),), colors=("FFFFFF",))).pixels
    assert pixels.shape == (32, 64, 3)


def test_a_field_that_there_is_not_is_named(plate):
    notes = render(omezarr.open(plate), PictureRequest(size=SIZE, field=7)).notes
    assert any("2 fields, none of number 7" in note for note in notes)


def test_a_plate_that_is_too_large_for_the_picture_is_refused(plate):
    with pytest.raises(ArgumentError, match="at least 16 pixels"):
        render(omezarr.open(plate), PictureRequest(size=12))


def test_a_plate_without_rows_is_refused(plate):
    document = json.loads((plate / "zarr.json").read_text())
    document["attributes"]["ome"]["plate"] |= {"rows": [], "wells": []}
    (plate / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(UnsupportedError, match="no rows"):
        render(omezarr.open(plate))


def test_what_does_not_fit_the_images_is_refused(plate):
    with pytest.raises(ArgumentError, match="no channel 5"):
        render(omezarr.open(plate), PictureRequest(channels=(5,)))


def test_images_of_a_collection_are_drawn_side_by_side(tmp_path):
    content = {name: np.full((8, 8), value, "uint8") for name, value in (("0", 100), ("1", 200))}
    for name, pixels in content.items():
        omezarr.write_image(tmp_path / name, pixels, axes="yx")
    group = {"version": "0.5", "bioformats2raw.layout": 3}
    document = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": group}}
    (tmp_path / "zarr.json").write_text(json.dumps(document))
    (tmp_path / "OME").mkdir()
    series = document | {"attributes": {"ome": {"version": "0.5", "series": ["0", "1", "2"]}}}
    (tmp_path / "OME/zarr.json").write_text(json.dumps(series))
    picture = render(omezarr.open(tmp_path), PictureRequest(size=200, windows=((0, 255),), colors=("FFFFFF",)))
    assert picture.pixels.shape == (200, 200, 3)
    assert (picture.pixels[60, 50].tolist(), picture.pixels[60, 150].tolist()) == ([100] * 3, [200] * 3)
    assert any("2" in note for note in picture.notes)
