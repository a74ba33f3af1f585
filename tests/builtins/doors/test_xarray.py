"""Images through the door of xarray: the same pixels, their places and units, read when they are touched."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import omezarr
from omezarr.errors import NotOMEZarrError, OMEZarrWarning, UnknownNameError

xr = pytest.importorskip("xarray")

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
PIXELS = np.arange(2 * 3 * 40 * 50, dtype="uint16").reshape(2, 3, 40, 50)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.ome.zarr"
    omezarr.write_image(
        path, PIXELS, axes="czyx", scale={"z": 2, "y": 0.5, "x": 0.25}, translation={"y": 3}, units="micrometer",
        channels=["DAPI", "GFP"], chunks=(1, 1, 20, 25), levels=2, labels={"nuclei": (PIXELS[0] > 100).astype("uint8")},
    )  # fmt: skip
    return path


def test_a_level_has_pixels_positions_and_units(image):
    with xr.open_dataset(image, engine="omezarr") as dataset:
        assert dataset.image.dims == ("c", "z", "y", "x")
        np.testing.assert_array_equal(dataset.image.values, PIXELS)
        assert dataset.c.values.tolist() == ["DAPI", "GFP"]
        np.testing.assert_allclose(dataset.z, [0, 2, 4])
        np.testing.assert_allclose(dataset.y, 3 + 0.5 * np.arange(40))
        np.testing.assert_allclose(dataset.x, 0.25 * np.arange(50))
        assert {dataset[axis].attrs["units"] for axis in "zyx"} == {"micrometer"}
        np.testing.assert_array_equal(dataset.image.sel(c="GFP", z=2.0, y=3.5).values, PIXELS[1, 1, 1])


def test_a_lower_level_sits_where_the_metadata_says(image):
    level = omezarr.open(image).levels[-1]
    with xr.open_dataset(image, engine="omezarr", level=-1) as dataset:
        np.testing.assert_array_equal(dataset.image.values, level.read())
        y = level.scale[2] * np.arange(level.shape[2]) + level.translation[2]
        np.testing.assert_allclose(dataset.y, y)


@pytest.mark.parametrize(
    "key",
    [
        (1, slice(None, None, -1), slice(5, 30, 4), slice(None, None, -3)),
        (slice(1, 1), 0, slice(None), 3),
        (-1, -1, -1, -1),
        (slice(None), slice(None), [3, 1, 1], slice(0, 2)),
        (slice(0, 1), slice(None), slice(30, 2, -7), [49, 0]),
    ],
)
def test_every_kind_of_index_gives_what_numpy_gives(image, key):
    with xr.open_dataset(image, engine="omezarr") as dataset:
        np.testing.assert_array_equal(dataset.image[key].values, PIXELS[key])


def test_blocks_are_whole_chunks(image):
    with xr.open_dataset(image, engine="omezarr", chunks={}) as dataset:
        assert dataset.image.chunks == ((1, 1), (1, 1, 1), (20, 20), (25, 25))
        np.testing.assert_array_equal(dataset.image.isel(y=slice(3, 9)).compute(), PIXELS[:, :, 3:9])


def test_only_what_is_indexed_is_read(image):
    shutil.rmtree(image / "0" / "c" / "1")
    (image / "0" / "c" / "0" / "2" / "0" / "0").write_bytes(b"no chunk")
    with xr.open_dataset(image, engine="omezarr") as dataset:
        np.testing.assert_array_equal(dataset.image[0, :2].values, PIXELS[0, :2])


def test_a_tree_has_all_levels_and_labels(image):
    with xr.open_datatree(image, engine="omezarr") as tree:
        assert set(tree.groups) == {
            "/",
            "/0",
            "/1",
            "/labels",
            "/labels/nuclei",
            "/labels/nuclei/0",
            "/labels/nuclei/1",
        }
        labels = tree["labels/nuclei/0"]["labels"]
        np.testing.assert_array_equal(np.squeeze(labels.values), PIXELS[0] > 100)
        assert labels.dtype == np.uint8


def test_a_tree_of_a_plate_has_its_fields_without_those_that_are_gone(tmp_path):
    path = tmp_path / "plate.ome.zarr"
    pixels = np.ones((8, 8), "uint8")
    omezarr.write_plate(path, {"A/1": pixels, "B/2": pixels})
    shutil.rmtree(path / "A" / "1" / "0")
    with pytest.warns(OMEZarrWarning, match="A/1/0 is left out"):
        tree = xr.open_datatree(path, engine="omezarr")
    assert "/B/2/0/0" in tree.groups
    assert not any(group.startswith("/A") for group in tree.groups)
    with xr.open_dataset(path, engine="omezarr", path="B/2/0") as dataset:
        assert dataset.image.shape == (8, 8)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_opens(tmp_path, version):
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(path, PIXELS[0], axes="zyx", format=version, allow_lossy=True, expand_axes=True)
    with xr.open_dataset(path, engine="omezarr") as dataset:
        np.testing.assert_array_equal(np.squeeze(dataset.image.values), PIXELS[0])
        assert dataset.attrs == {}
        assert dataset.image.attrs["ome_zarr_version"] == version


def test_what_xarray_opened_is_written_again_with_its_positions(image, tmp_path):
    with xr.open_dataset(image, engine="omezarr") as dataset:
        copy = omezarr.write_image(tmp_path / "copy.ome.zarr", dataset.image)
    assert copy.levels[0].scale == omezarr.open(image).levels[0].scale
    assert copy.levels[0].translation == omezarr.open(image).levels[0].translation
    assert [axis.unit for axis in copy.axes[1:]] == ["micrometer"] * 3
    assert [channel.label for channel in copy.channels] == ["DAPI", "GFP"]


def test_variables_can_be_left_out(image):
    with xr.open_dataset(image, engine="omezarr", drop_variables="c") as dataset:
        assert "c" not in dataset.coords
        assert "image" in dataset


def test_levels_and_images_that_are_not_there_are_named(image, tmp_path):
    with pytest.raises(UnknownNameError, match="levels 0 to 1, not 2"):
        xr.open_dataset(image, engine="omezarr", level=2)
    plate = tmp_path / "plate.ome.zarr"
    omezarr.write_plate(plate, {"A/1": np.ones((8, 8), "uint8")})
    with pytest.raises(NotOMEZarrError, match='path="A/1/0"'):
        xr.open_dataset(plate, engine="omezarr")


def test_only_names_that_are_surely_ome_zarr_are_claimed():
    backend = xr.backends.list_engines()["omezarr"]
    assert [backend.guess_can_open(name) for name in ("a.ome.zarr", "b.ozx", "c.ome.zarr/")] == [True] * 3
    assert [backend.guess_can_open(name) for name in ("a.zarr", "b.nc", b"bytes", None)] == [False] * 4
