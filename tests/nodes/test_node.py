"""Nodes: what they say, when they fetch it, and what happens when something is missing."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.errors import IncompleteError, LocationNotFoundError, MetadataError, NotOMEZarrError, UnknownNameError
from tests.fixtures.servers import CountingServer, S3Server

IMAGE = np.arange(2 * 64 * 64, dtype="uint16").reshape(2, 64, 64)


@pytest.fixture
def image_path(tmp_path: Path) -> Path:
    path = tmp_path / "image.zarr"
    omezarr.write_image(path, IMAGE, axes="cyx", scale=0.5, units="micrometer", levels=5, labels={"cells": IMAGE[:1]})
    return path


def edited(path: Path, change: object) -> None:
    """Replace the attributes of a zarr v3 group by what a function makes of them."""
    document = json.loads((path / "zarr.json").read_text())
    document["attributes"] = change(document["attributes"])
    (path / "zarr.json").write_text(json.dumps(document))


def test_a_path_with_nothing_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(LocationNotFoundError, match="nothing"):
        omezarr.open(tmp_path / "nothing")


def test_a_folder_of_other_files_is_no_ome_zarr(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(NotOMEZarrError, match=r"notes\.txt"):
        omezarr.open(tmp_path)


def test_an_array_is_no_group(image_path: Path) -> None:
    with pytest.raises(NotOMEZarrError, match="is a zarr array"):
        omezarr.open(image_path / "0")


def test_a_group_without_metadata_opens_as_a_plain_node(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "plain.zarr"), attributes={"mine": 1})
    node = omezarr.open(tmp_path / "plain.zarr")
    assert (node.key, node.version, node.levels, len(node.children)) == (None, None, (), 0)
    assert node.attributes == {"mine": 1}


def test_an_unfinished_hierarchy_is_refused_with_the_way_out(image_path: Path) -> None:
    edited(image_path, lambda _: {"omezarr": {"incomplete": {}}})
    with pytest.raises(IncompleteError, match="--resume"):
        omezarr.open(image_path)


def test_malformed_metadata_is_named_by_its_path(image_path: Path) -> None:
    def break_it(attributes: dict) -> dict:
        attributes["ome"]["multiscales"][0]["datasets"][1]["path"] = 7
        return attributes

    edited(image_path, break_it)
    with pytest.raises(MetadataError, match=r"multiscales\[0\]\.datasets\[1\]\.path.*image\.zarr"):
        _ = omezarr.open(image_path).metadata


@pytest.mark.parametrize("path", ["../secret", "/etc", "a\\b", "s3://bucket/x", "labels/../../x", "a\0b"])
def test_a_level_outside_the_group_is_refused(image_path: Path, path: str) -> None:
    def escape(attributes: dict) -> dict:
        attributes["ome"]["multiscales"][0]["datasets"][0]["path"] = path
        return attributes

    edited(image_path, escape)
    with pytest.raises(MetadataError, match="refused"):
        _ = omezarr.open(image_path).levels


def test_a_missing_level_is_reported_where_it_is_touched(image_path: Path) -> None:
    shutil.rmtree(image_path / "2")
    levels = omezarr.open(image_path).levels
    assert [level.path for level in levels] == ["0", "1", "2", "3", "4"]
    np.testing.assert_array_equal(levels[0].read(), IMAGE)
    with pytest.raises(MetadataError, match="no array at '2'"):
        _ = levels[2].shape


def test_a_child_that_is_not_named_is_an_unknown_name(image_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no child 'rois'; it has: labels"):
        _ = omezarr.open(image_path).children["rois"]


def test_levels_know_their_place(image_path: Path) -> None:
    level = omezarr.open(image_path).levels[2]
    assert level.scale == (1.0, 2.0, 2.0)
    assert level.translation == (0.0, 0.75, 0.75)


def test_levels_are_read_whole_in_part_and_lazily(image_path: Path) -> None:
    level = omezarr.open(image_path).levels[0]
    np.testing.assert_array_equal(np.asarray(level), IMAGE)
    part = (slice(1, 2), slice(3, 40), slice(-5, None))
    np.testing.assert_array_equal(level.read(part), IMAGE[part])
    np.testing.assert_array_equal(level.dask[part].compute(), IMAGE[part])
    assert level.extremes() == (0, IMAGE.max())


def test_a_label_opened_alone_is_a_label(image_path: Path) -> None:
    node = omezarr.open(image_path / "labels" / "cells")
    assert node.key == "image-label"
    assert set(node.facets) == {"image-label", "multiscales"}
    assert len(node.levels) == 5


def test_an_opened_store_or_group_can_be_opened(image_path: Path) -> None:
    store = zarr.storage.LocalStore(image_path, read_only=True)
    group = zarr.open_group(str(image_path), mode="r")
    for given in (store, group, group["labels"]["cells"]):
        np.testing.assert_array_equal(omezarr.open(given).levels[0].read()[0], IMAGE[0])


def test_the_version_of_a_group_that_names_none_is_that_of_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "plate.zarr"
    omezarr.write_plate(path, {"A/1": IMAGE[0]}, format="0.4")
    attributes = json.loads((path / "A" / "1" / ".zattrs").read_text())
    attributes["well"].pop("version", None)
    (path / "A" / "1" / ".zattrs").write_text(json.dumps(attributes))
    alone = omezarr.open(path / "A" / "1")
    assert (alone.key, alone.version, alone.version_inferred) == ("well", "0.4", False)
    assert omezarr.open(path).children["A/1"].version == "0.4"


def test_format_and_node_type_can_be_forced(image_path: Path) -> None:
    label = image_path / "labels" / "cells"
    assert omezarr.open(label, node_type="multiscales").key == "multiscales"
    assert omezarr.open(label, format="0.6").version == "0.6"
    with pytest.raises(MetadataError, match="no 'plate'"):
        omezarr.open(label, node_type="plate")
    with pytest.raises(UnknownNameError, match=r"0\.7"):
        omezarr.open(label, format="0.7")


def test_opening_an_image_over_http_takes_two_rounds(image_path: Path, http_server: CountingServer) -> None:
    shutil.copytree(image_path, http_server.root / "image.zarr")
    node = omezarr.open(f"{http_server.url}/image.zarr")
    first = len(http_server.requests)
    assert node.levels[0].shape == IMAGE.shape
    assert first == 4
    assert len(http_server.requests) - first == len(node.levels)
    assert max(http_server.counts.values()) == 1


def test_a_plate_over_http_opens_without_touching_its_wells(tmp_path: Path, http_server: CountingServer) -> None:
    wells = {f"{row}/{column}": IMAGE[0] for row in "AB" for column in "123"}
    omezarr.write_plate(http_server.root / "plate.zarr", wells, levels=1)
    node = omezarr.open(f"{http_server.url}/plate.zarr")
    assert len(node.children) == 6
    assert len(http_server.requests) == 4
    before = len(http_server.requests)
    field = node.children["B/2"].children["0"]
    assert field.levels[0].shape == (64, 64)
    assert len(http_server.requests) - before <= 4
    assert not [path for path in http_server.counts if "/A/" in path]


def test_who_asks_for_all_wells_gets_their_metadata_at_once(tmp_path: Path, http_server: CountingServer) -> None:
    wells = {f"{row}/{column}": IMAGE[0] for row in "AB" for column in "123"}
    omezarr.write_plate(http_server.root / "plate.zarr", wells, levels=1)
    shutil.rmtree(http_server.root / "plate.zarr/A/2")
    node = omezarr.open(f"{http_server.url}/plate.zarr")
    values = iter(node.children.values())
    asked = len(http_server.requests)
    assert all(f"/plate.zarr/{well}/zarr.json" in http_server.counts for well in wells)
    assert [next(values).key] == ["well"]
    assert len(http_server.requests) == asked
    with pytest.raises(LocationNotFoundError, match="A/2"):
        next(values)
    assert next(iter(node.children.items()))[0] == "A/1"


def test_images_are_written_to_s3_and_read_back(s3_server: S3Server) -> None:
    url = f"s3://{s3_server.bucket()}/folder/image.zarr"
    node = omezarr.write_image(url, IMAGE, axes="cyx", levels=2, storage_options=s3_server.options)
    np.testing.assert_array_equal(node.levels[0].read(), IMAGE)
    again = omezarr.open(url, storage_options=s3_server.options)
    assert [level.shape for level in again.levels] == [(2, 64, 64), (2, 32, 32)]


@pytest.mark.parametrize("suffix", ["zip", "ozx"])
def test_zipped_hierarchies_are_read_as_they_are(image_path: Path, suffix: str) -> None:
    shutil.make_archive(str(image_path), "zip", image_path)
    archive = image_path.with_name(f"image.{suffix}")
    image_path.with_name("image.zarr.zip").rename(archive)
    node = omezarr.open(archive)
    np.testing.assert_array_equal(node.levels[0].read(), IMAGE)
    assert node.labels["cells"].key == "image-label"
