"""Properties of labels from a table, in every version, of images and plates, and back to a table."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

import omezarr
from omezarr.cli import run
from omezarr.editing import plan_label_table
from omezarr.editing.label_images import distinct, label_images
from omezarr.errors import ArgumentError, TargetExistsError

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")


def labelled(values: tuple[int, ...] = (3, 7), ndim: int = 2) -> np.ndarray[Any, Any]:
    """Return a label image with a square of four pixels for each value."""
    pixels = np.zeros((16, 16), dtype="uint16")
    for index, value in enumerate(values):
        pixels[4 * index : 4 * index + 2, 2:4] = value
    return pixels.reshape((1,) * (ndim - 2) + (16, 16))


def image(path: Path, version: str = "0.5", **words: Any) -> Path:
    """Write an image with labels of its own."""
    axes = "yx" if version in ("0.4", "0.5", "0.6") else "tczyx"
    pixels = np.arange(256, dtype="uint16").reshape((1,) * (len(axes) - 2) + (16, 16))
    omezarr.write_image(path, pixels, axes=axes, format=version, **words)
    omezarr.write_labels(path, labelled(ndim=len(axes)), name="cells")
    return path


def properties(path: Path, label: str = "cells") -> dict[Any, dict[str, Any]]:
    """Return what is known of the labels of an image."""
    value = omezarr.open(path).labels[label].value
    return {entry.label_value: dict(entry.extra) for entry in value.properties or ()}


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_become_properties_in_every_version(tmp_path: Path, version: str) -> None:
    path = image(tmp_path / "a.zarr", version)
    before = omezarr.validate(path)
    rows = [{"id": 3, "area": "4.5", "kind": "T"}, {"id": 7, "area": "", "kind": "B"}, {"id": 9, "area": 1, "kind": ""}]
    found = omezarr.csv_to_labels(rows, "id", None, path)
    assert dict(found.written) == {"labels/cells": 2}
    assert found.unmatched == ("9",)
    assert properties(path) == {3: {"area": 4.5, "kind": "T"}, 7: {"kind": "B"}}
    assert omezarr.validate(path).problems == before.problems


def test_running_it_again_changes_nothing_and_keeps_what_is_there(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    omezarr.csv_to_labels([{"id": 3, "kind": "T"}], "id", "kind", path)
    document = (path / "labels" / "cells" / "zarr.json").read_bytes()
    again = omezarr.csv_to_labels([{"id": 3, "kind": "T"}], "id", "kind", path)
    assert again.repair.plan is None
    assert (path / "labels" / "cells" / "zarr.json").read_bytes() == document
    omezarr.csv_to_labels([{"id": "3.0", "alive": "no"}, {"id": 7, "alive": "yes"}], "id", "alive#b", path)
    assert properties(path) == {3: {"kind": "T", "alive": False}, 7: {"alive": True}}


def test_labels_are_found_by_a_property_of_theirs(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    omezarr.csv_to_labels([{"id": 3, "roi": "r-3"}, {"id": 7, "roi": "r-7"}], "id", "roi#s", path)
    found = omezarr.csv_to_labels(
        [{"roi": "r-7", "drug": "x"}, {"roi": "r-8", "drug": "y"}], "roi", "drug", path, "roi"
    )
    assert found.unmatched == ("r-8",)
    assert dict(found.without_row) == {"labels/cells": (3,)}
    assert properties(path)[7] == {"roi": "r-7", "drug": "x"}


def plate(path: Path) -> Path:
    """Write a plate of two wells with two fields, labels on each."""
    pixels = np.zeros((16, 16), dtype="uint8")
    omezarr.write_plate(path, {well: {"0": pixels, "1": pixels} for well in ("A/1", "B/2")}, axes="yx")
    for well in ("A/1", "B/2"):
        for field in ("0", "1"):
            omezarr.write_labels(path / well / field, labelled(), name="nuclei")
    return path


def test_all_fields_of_a_plate_are_reached(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    found = omezarr.csv_to_labels([{"id": 3, "kind": "T"}], "id", "kind", path)
    assert sorted(found.written) == [f"{well}/{field}/labels/nuclei" for well in ("A/1", "B/2") for field in "01"]
    assert set(found.written.values()) == {1}


def test_rows_can_name_their_well_and_field(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    rows = [
        {"well": "A/1", "field": 0, "id": 3, "kind": "T"},
        {"well": "B/2", "field": "1", "id": 3, "kind": "B"},
        {"well": "C/3", "field": "1", "id": 3, "kind": "?"},
    ]
    found = omezarr.csv_to_labels(rows, "id", "kind", path, well_column="well", field_column="field")
    assert found.unmatched == ("3 C/3 1",)
    assert properties(path / "A/1/0", "nuclei") == {3: {"kind": "T"}}
    assert properties(path / "B/2/1", "nuclei") == {3: {"kind": "B"}}
    assert properties(path / "A/1/1", "nuclei") == {}
    with pytest.raises(ArgumentError, match="rows 1 and 2 are both about id '3'"):
        omezarr.csv_to_labels(rows, "id", "kind", path)


def test_a_part_that_cannot_be_read_is_named_and_the_rest_is_written(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    (path / "A/1/0/zarr.json").unlink()
    found = plan_label_table([{"id": 3, "kind": "T"}], "id", "kind", path)
    assert len(found.written) == 3
    assert len(found.broken) == 1
    assert "A/1/0" in found.broken[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"labels": "nuclei"}, "no labels 'nuclei'; it has: cells"),
        ({"key": "ID"}, "no column 'ID'; it has: id, kind"),
        ({"columns": "area"}, "no column 'area'"),
        ({"table": [{"id": "x", "kind": 1}]}, "'x' is no value of labels"),
        ({"well_column": "well"}, "no column 'well'"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(tmp_path: Path, words: dict[str, Any], said: str) -> None:
    path = image(tmp_path / "a.zarr")
    given = {"table": [{"id": 3, "kind": "T"}], "key": "id", "columns": "kind", "target": path, **words}
    with pytest.raises(ArgumentError, match=said):
        omezarr.csv_to_labels(**given)
    assert properties(path) == {}


def test_an_image_without_labels_says_so(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", labelled(), axes="yx")
    with pytest.raises(ArgumentError, match="has no labels"):
        omezarr.csv_to_labels([{"id": 3}], "id", "id", tmp_path / "a.zarr")


def test_consolidated_metadata_is_kept_true(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr", "0.4", consolidated=True)
    omezarr.csv_to_labels([{"id": 3, "kind": "T"}], "id", "kind", path)
    assert properties(path) == {3: {"kind": "T"}}
    assert not [problem for problem in omezarr.validate(path) if problem.rule == "zarr.consolidated"]


def test_the_command_takes_what_ome_zarr_py_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = image(tmp_path / "a.zarr")
    table = tmp_path / "t.csv"
    table.write_text("id,kind,alive\n3,T,False\n8,B,True\n")
    assert run(["csv_to_labels", str(table), "id", "kind#s,alive#b", str(path), "label-value", "--dry-run"]) == 0
    assert "would write properties of 1 labels" in capsys.readouterr().out
    assert properties(path) == {}
    assert run(["csv-to-labels", str(table), "id", "kind#s,alive#b", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["written"] == {"labels/cells": 1}
    assert said["unmatched_rows"] == ["8"]
    assert said["labels_without_row"] == {"labels/cells": [7]}
    assert properties(path) == {3: {"kind": "T", "alive": False}}
    assert run(["--help"]) == 0
    assert "csv_to_labels" not in capsys.readouterr().out


def test_labels_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    pixels = np.stack([np.arange(256).reshape(16, 16), np.full((16, 16), 9)]).astype("uint16")
    omezarr.write_image(path, pixels, axes="cyx", scale=(1, 0.5, 0.25), units="micrometer", channels=["DAPI", "GFP"])
    omezarr.write_labels(path, labelled(), name="cells")
    omezarr.csv_to_labels([{"id": 7, "kind": "T"}], "id", "kind", path)
    assert omezarr.labels_to_csv(path, tmp_path / "t.csv", measures=["area", "centroid", "intensity"]) == 2
    with (tmp_path / "t.csv").open(newline="") as stream:
        first, second = csv.DictReader(stream)
    assert first == {
        "label": "cells",
        "label-value": "3",
        "area": "4",
        "area (micrometer^2)": "0.5",
        "centroid y": "0.25",
        "centroid x": "0.625",
        "mean DAPI": str(float(pixels[0, 0:2, 2:4].mean())),
        "mean GFP": "9.0",
        "kind": "",
    }
    assert (second["label-value"], second["kind"]) == ("7", "T")
    assert second["mean DAPI"] == str(float(pixels[0, 4:6, 2:4].mean()))


def test_time_points_are_rows_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    pixels = np.zeros((2, 16, 16), dtype="uint8")
    omezarr.write_image(path, pixels, axes="tyx")
    labels = np.stack([labelled((3,)), labelled((3, 7))])
    omezarr.write_labels(path, labels, name="cells")
    omezarr.labels_to_csv(path, tmp_path / "t.csv", measures=["area"])
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert [(row["t"], row["label-value"], row["area"]) for row in csv.DictReader(stream)] == [
            ("0", "3", "4"),
            ("1", "3", "4"),
            ("1", "7", "4"),
        ]


def test_a_table_that_is_there_is_replaced_only_when_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, table = image(tmp_path / "a.zarr"), tmp_path / "t.csv"
    table.write_text("mine")
    with pytest.raises(TargetExistsError, match="--overwrite"):
        omezarr.labels_to_csv(path, table)
    assert run(["labels-to-csv", str(path), str(table), "--overwrite", "--measure", "area", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    assert table.read_text().startswith("label,label-value,area")
    with pytest.raises(ArgumentError, match="'volume' cannot be measured; known: area, centroid, intensity"):
        omezarr.labels_to_csv(path, tmp_path / "u.csv", measures=["volume"])
    assert not list(tmp_path.glob("*.part"))


def test_intensities_need_an_image_of_the_same_size(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    with pytest.raises(ArgumentError, match="open its image"):
        omezarr.labels_to_csv(path / "labels" / "cells", tmp_path / "t.csv", measures=["intensity"])


@given(stn.arrays(st.sampled_from(["u1", "i1", "u2", "i8", "u8", "?"]), stn.array_shapes(max_dims=2)))
def test_distinct_values_are_those_of_numpy(block: np.ndarray[Any, Any]) -> None:
    expected = np.unique(block.view("u1") if block.dtype == bool else block)
    found = distinct(block)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_label_images_below_a_collection_are_found(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    found = list(label_images(omezarr.open(path)))
    assert [(item.well, item.field, item.name) for item in found][:2] == [
        ("A/1", "0", "nuclei"),
        ("A/1", "1", "nuclei"),
    ]
    assert all(item.image is not None for item in found)
