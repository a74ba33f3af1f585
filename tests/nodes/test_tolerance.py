"""What is off the specification but has one meaning is read, and said."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omezarr
from omezarr.errors import MetadataError
from tests.fixtures import raw

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(0).integers(1, 999, (32, 40)).astype("uint16")


def said(node: omezarr.Node) -> str:
    return "; ".join(node.notices)


def test_levels_that_are_listed_smallest_first_are_read_largest_first(tmp_path: Path) -> None:
    path = raw.group(tmp_path / "a.zarr", {"multiscales": raw.multiscales("yx", [(1, 1), (0.5, 0.5)], ["1", "0"])})
    raw.array(path / "0", PIXELS)
    raw.array(path / "1", PIXELS[::2, ::2].copy())
    node = omezarr.open(path)
    assert [(level.index, level.path, level.scale) for level in node.levels] == [(0, "0", (0.5, 0.5)), (1, "1", (1, 1))]
    assert "not listed largest first" in said(node)


def test_levels_are_added_to_an_image_that_lists_the_smallest_first(tmp_path: Path) -> None:
    path = raw.group(tmp_path / "a.zarr", {"multiscales": raw.multiscales("yx", [(1, 1), (0.5, 0.5)], ["1", "0"])})
    raw.array(path / "0", PIXELS)
    raw.array(path / "1", PIXELS[::2, ::2].copy())
    node = omezarr.add_levels(path, levels=3)
    assert [level.scale for level in node.levels] == [(0.5, 0.5), (1, 1), (2, 2)]
    assert "multiscales.datasets.order" not in {problem.rule for problem in omezarr.validate(path).problems}


def test_a_level_that_is_missing_keeps_nothing_else_away(tmp_path: Path) -> None:
    scales = [(0.5, 0.5), (1, 1), (2, 2)]
    path = raw.group(tmp_path / "a.zarr", {"multiscales": raw.multiscales("yx", scales, ["0", "1", "2"])})
    raw.array(path / "0", PIXELS)
    raw.array(path / "2", PIXELS[::4, ::4].copy())
    node = omezarr.open(path)
    assert node.levels[2].scale == (2, 2)
    assert node.levels[0].read().shape == PIXELS.shape
    with pytest.raises(MetadataError, match="no array at '1'"):
        _ = node.levels[1].shape


def test_the_position_of_a_level_is_not_guessed_from_arrays_that_are_missing(tmp_path: Path) -> None:
    image = omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", levels=2, format="0.2", expand_axes=True)
    shutil.rmtree(tmp_path / "a.zarr" / "0")
    levels = omezarr.open(image.location).levels
    assert levels[1].geometry is None


def test_the_levels_of_a_second_image_are_not_among_those_of_the_first(tmp_path: Path) -> None:
    entries = raw.multiscales() + raw.multiscales(paths=["other"])
    path = raw.group(tmp_path / "a.zarr", {"multiscales": entries})
    raw.array(path / "0", PIXELS)
    raw.array(path / "other", PIXELS)
    assert [level.path for level in omezarr.open(path).levels] == ["0"]


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_a_scale_for_the_axes_of_space_alone_is_read_but_an_error(version: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, np.stack([PIXELS, PIXELS]), axes="cyx", scale=0.5, levels=1, format=version)
    file = path / (".zattrs" if version == "0.4" else "zarr.json")
    text = file.read_text()
    file.write_text(json.dumps(_without_first_scale(json.loads(text))))
    node = omezarr.open(path)
    assert node.levels[0].scale == (1.0, 0.5, 0.5)
    assert "read as one for the axes of space alone" in said(node)
    assert [p.rule for p in omezarr.validate(path).errors if p.rule.startswith("transf")] == ["transformations.spatial"]


def _without_first_scale(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: inner[1:] if key == "scale" and isinstance(inner, list) else _without_first_scale(inner)
            for key, inner in value.items()
        }
    return [_without_first_scale(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["cells", "orphaned/0"])
@pytest.mark.parametrize("listed", [None, []])
def test_labels_that_are_there_but_not_listed_are_found(name: str, listed: list[str] | None, tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    raw.group(path / "labels", {} if listed is None else {"labels": listed})
    if "/" in name:
        raw.group(path / "labels" / "orphaned", {})
    raw.image(path / "labels" / name, PIXELS, **{"image-label": {"version": "0.4"}})
    node = omezarr.open(path)
    assert list(node.labels) == [name]
    assert node.labels[name].key == "image-label"
    assert f"the label images {name} are there, but not listed" in said(node.children["labels"])


def test_what_is_listed_comes_first_and_once(tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    raw.group(path / "labels", {"labels": ["z"]})
    for name in ("a", "z"):
        raw.image(path / "labels" / name, PIXELS, **{"image-label": {"version": "0.4"}})
    (path / "labels" / "notes.txt").write_text("no image")
    assert list(omezarr.open(path).labels) == ["z", "a"]


def test_labels_without_the_ome_wrapper_are_read(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", labels={"cells": PIXELS})
    raw.group(tmp_path / "a.zarr" / "labels", {"labels": ["cells"], "by": "me"}, zarr_format=3)
    node = omezarr.open(tmp_path / "a.zarr")
    assert list(node.labels) == ["cells"]
    labels = node.children["labels"]
    assert "read as if they stood in 'ome'" in said(labels)
    assert labels.metadata.foreign == {"by": "me"}
    assert "ome.present" in {problem.rule for problem in omezarr.validate(node.location).errors}


def test_a_document_of_0_4_in_zarr_format_3_is_read(tmp_path: Path) -> None:
    path = raw.group(tmp_path / "a.zarr", {"multiscales": raw.multiscales(), "mine": 1}, zarr_format=3)
    raw.array(path / "0", PIXELS, 3)
    node = omezarr.open(path)
    assert (node.key, node.version, node.version_inferred) == ("multiscales", "0.5", True)
    assert node.levels[0].scale == (0.5, 0.5)
    assert "read as if they stood in 'ome'" in said(node)
    assert node.metadata.foreign == {"mine": 1}
    assert not omezarr.validate(path).valid


def test_attributes_that_name_no_version_are_no_document(tmp_path: Path) -> None:
    path = raw.group(tmp_path / "a.zarr", {"labels": ["one"], "plate": "mine"}, zarr_format=3)
    assert omezarr.open(path).key is None
