"""Plates are read as tables and as one picture, with as few requests as there are wells, fields and levels."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, MetadataError, MissingDependencyError, UnknownNameError, UnsupportedError
from omezarr.writing.image_description import image_content


def numbered(value: int, shape: tuple[int, ...] = (8, 8)) -> np.ndarray[Any, Any]:
    return np.full(shape, value, "uint8")


def placed(value: int, y: float, x: float, scale: float = 0.5) -> omezarr.ImageContent:
    return image_content(numbered(value), axes="yx", scale=scale, translation=(y, x))


@pytest.fixture
def empty(tmp_path: Any) -> Any:
    """A plate of 2 x 2 wells that list two fields in A/1 and one in B/2."""
    wells = {"A/1": [numbered(1), numbered(2)], "B/2": numbered(3)}
    omezarr.write_plate(tmp_path / "plate.zarr", wells, axes="yx", levels=2, method="nearest")
    return tmp_path / "plate.zarr"


def test_wells_lie_in_the_grid_of_the_plate_and_their_fields_row_by_row(empty: Any) -> None:
    full = omezarr.open(empty).stitched()
    assert full.shape == (16, 32)
    pixels = full.compute()
    assert [pixels[0, 0], pixels[0, 8], pixels[8, 16], pixels[8, 24], pixels[8, 0]] == [1, 2, 3, 0, 0]
    assert (pixels[:8, :8] == 1).all()
    assert (pixels[:8, 16:] == 0).all()
    half = omezarr.open(empty).stitched(1, fill=9).compute()
    assert half.shape == (8, 16)
    assert [half[0, 0], half[0, 4], half[4, 8], half[4, 12], half[4, 0]] == [1, 2, 3, 9, 9]
    assert omezarr.open(empty)["A/1"].stitched().compute().tolist() == pixels[:8, :16].tolist()


def test_fields_lie_where_the_stage_was_and_later_ones_cover_earlier_ones(tmp_path: Any) -> None:
    path = tmp_path / "plate.zarr"
    wells = {"A/1": [placed(1, 100, 50), placed(2, 103, 46.5)], "A/2": placed(3, 900, 700)}
    omezarr.write_plate(path, wells, levels=2, method="nearest")
    pixels = omezarr.open(path).stitched().compute()
    assert pixels.shape == (14, 30)
    expected = np.zeros((14, 30), "uint8")
    expected[0:8, 7:15] = 1
    expected[6:14, 0:8] = 2
    expected[0:8, 15:23] = 3
    assert pixels.tolist() == expected.tolist()
    assert omezarr.open(path).stitched(arranged="grid").shape == (8, 32)
    assert omezarr.open(path).stitched(level=1).compute()[0, 4] == 1


def test_what_is_missing_is_filled(empty: Any) -> None:
    shutil.rmtree(empty / "A/1/0")
    shutil.rmtree(empty / "B/2/0/1")
    plate = omezarr.open(empty)
    assert np.unique(plate.stitched(fill=7).compute()).tolist() == [2, 3, 7]
    assert np.unique(plate.stitched(1, fill=7).compute()).tolist() == [2, 7]
    shutil.rmtree(empty / "B/2")
    assert plate.wells.table()[1] == {"well": "B/2", "row": "B", "column": "2", "fields": ("0",)}
    again = omezarr.open(empty)
    assert np.unique(again.stitched(fill=7).compute()).tolist() == [2, 7]
    assert again.wells.table()[1]["fields"] is None
    assert [row["shape"] for row in again.fields.table()] == [None, (8, 8)]


def test_fields_of_other_sizes_channels_and_types_are_filled_up(tmp_path: Any) -> None:
    path = tmp_path / "plate.zarr"
    omezarr.write_plate(path, {"A/1": numbered(1, (2, 8, 8))}, axes="cyx")
    omezarr.write_field(path, "A/1", np.full((3, 4, 6), 1000, "uint16"), axes="cyx")
    omezarr.write_field(path, "A/1", numbered(5, (6, 8)), axes="xy")
    view = omezarr.open(path)["A/1"].stitched()
    assert (view.shape, view.dtype) == ((3, 16, 16), np.dtype("uint16"))
    pixels = view.compute()
    assert pixels[:, 0, 0].tolist() == [1, 1, 0]
    assert pixels[:, 3, 13].tolist() == [1000] * 3
    assert pixels[:, 4, 8].tolist() == [0] * 3
    assert (pixels[0, 8:16, 0:6] == 5).all()
    assert (pixels[0, 8:16, 6:8] == 0).all()


def test_labels_lie_over_the_images_where_they_are(empty: Any) -> None:
    omezarr.write_labels(empty / "A/1/1", numbered(40), "nuclei")
    labels = omezarr.open(empty).stitched(label="nuclei").compute()
    assert (labels == np.where(omezarr.open(empty).stitched().compute() == 2, 40, 0)).all()
    half = omezarr.open(empty)["A/1"].stitched(1, label="nuclei").compute()
    assert half.tolist() == [[0] * 4 + [40] * 4] * 4


@pytest.mark.parametrize("index", [(slice(0, 3), slice(5, 20)), (9, slice(None)), (slice(None, None, 3), [1, 9, 25])])
def test_a_part_is_that_of_the_whole(empty: Any, index: Any) -> None:
    view = omezarr.open(empty).stitched()
    assert view[index].compute().tolist() == view.compute()[index].tolist()


def test_the_view_travels_to_other_processes(empty: Any) -> None:
    import pickle

    view = omezarr.open(empty).stitched()
    there = pickle.loads(pickle.dumps(view))
    assert there.name == view.name == omezarr.open(empty).stitched().name
    assert (there.compute() == view.compute()).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"arranged": "spiral"}, "by grid or position, not by 'spiral'"),
        ({"level": 2}, "no field of .* has a level 2; the fields have 2 levels at most"),
        ({"level": -1}, "numbered from 0"),
        ({"label": "none"}, "has a label image 'none' with a level 0"),
        ({"fill": 300}, "of type uint8, which cannot be 300"),
        ({"fill": float("nan")}, "of type uint8, which cannot be nan"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(empty: Any, given: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        omezarr.open(empty).stitched(**given)


def test_fields_that_do_not_say_where_they_are_cannot_be_arranged_by_it(empty: Any, tmp_path: Any) -> None:
    with pytest.raises(UnsupportedError, match="A/1/1 is where another field of its well is; take a grid"):
        omezarr.open(empty).stitched(arranged="position")
    path = tmp_path / "other.zarr"
    omezarr.write_plate(path, {"A/1": [placed(1, 0, 0), placed(2, 9, 0, scale=0.25)]})
    with pytest.raises(UnsupportedError, match="A/1/1 has pixels of another size than A/1/0"):
        omezarr.open(path).stitched(arranged="position")
    assert omezarr.open(path).stitched().shape == (8, 16)


def test_only_plates_and_wells_are_stitched_and_damaged_fields_are_named(empty: Any) -> None:
    with pytest.raises(UnsupportedError, match="neither a plate nor a well"):
        omezarr.open(empty)["A/1/0"].stitched()
    (empty / "B/2/0/zarr.json").write_text("{")
    with pytest.raises(MetadataError, match="B/2/0"):
        omezarr.open(empty).stitched()


def test_a_label_image_of_another_size_is_refused(empty: Any) -> None:
    omezarr.write_labels(empty / "A/1/1", numbered(40), "nuclei")
    omezarr.write_image(empty / "A/1/1/labels/nuclei", numbered(1, (4, 4)), axes="yx", overwrite=True)
    with pytest.raises(UnsupportedError, match=r"has \(4, 4\) samples on level 0 and its image \(8, 8\)"):
        omezarr.open(empty).stitched(label="nuclei")


def test_tables_are_plain_rows_and_frames_on_request(empty: Any, monkeypatch: Any) -> None:
    plate = omezarr.open(empty)
    assert plate.wells.table() == [
        {"well": "A/1", "row": "A", "column": "1", "fields": ("0", "1")},
        {"well": "B/2", "row": "B", "column": "2", "fields": ("0",)},
    ]
    assert list(plate.wells.to_pandas().columns) == ["well", "row", "column", "fields"]
    assert plate.fields.to_pandas()["shape"].tolist() == [(8, 8)] * 3
    row = plate.fields.table()[2]
    assert (row["field"], row["well"], row["axes"], row["dtype"]) == ("B/2/0", "B/2", "yx", "uint8")
    assert plate.fields["B/2/0"].location == plate["B/2"]["0"].location
    assert [row["field"] for row in plate["A/1"].fields.table()] == ["0", "1"]
    assert ("B/2/0" in plate.fields, "B/2/1" in plate.fields, len(plate.fields)) == (True, False, 3)
    with pytest.raises(UnknownNameError, match="has no child 'C/9'"):
        plate.wells["C/9"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"omezarr\[tables\]"):
        plate.wells.to_pandas()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_shapes_of_all_fields_take_two_rounds_and_the_view_no_object_twice(http_server: Any, version: str) -> None:
    wells = {"A/1": [numbered(1), numbered(2)], "B/2": [numbered(3), numbered(4)]}
    omezarr.write_plate(http_server.root / "p.zarr", wells, axes="yx", levels=2, format=version)
    plate = omezarr.open(f"{http_server.url}/p.zarr")
    http_server.forget()
    rounds = _rounds(plate)
    assert [row["shape"] for row in plate.fields.table()] == [(8, 8)] * 4
    assert len(rounds) == 1
    pixels = plate.stitched()[:4, :4].compute()
    assert pixels.tolist() == [[1] * 4] * 4
    assert max(http_server.counts.values()) == 1
    chunks = [path for path in http_server.counts if path.rpartition("/")[2].isdigit()]
    assert len(chunks) == 1


def _rounds(node: Any) -> list[Any]:
    """Return a list that grows with each round of requests for metadata."""
    found: list[Any] = []
    fetch = node.hierarchy._fetch_remote
    node.hierarchy._fetch_remote = lambda *given: found.append(given) or fetch(*given)
    return found
