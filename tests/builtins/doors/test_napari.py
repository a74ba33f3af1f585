"""Images through the door of napari, as its plugin engine finds and calls it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import omezarr

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of pydantic, for what npe2 asks of it
    npe2 = pytest.importorskip("npe2")

PIXELS = np.arange(2 * 3 * 40 * 50, dtype="uint16").reshape(2, 3, 40, 50)
CHANNELS = [
    {"label": "DAPI", "color": "0000FF", "window": {"min": 0, "max": 65535, "start": 10, "end": 500}},
    {"label": "GFP", "color": "00FF00", "active": False},
]


@pytest.fixture(autouse=True)
def discovered():
    npe2.PluginManager.instance().discover()


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.ome.zarr"
    omezarr.write_image(
        path, PIXELS, axes="czyx", scale={"z": 2, "y": 0.5, "x": 0.5}, translation={"y": 3}, units="micrometer",
        channels=CHANNELS, levels=2,
    )  # fmt: skip
    metadata = {
        "colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}],
        "properties": [{"label-value": 1, "area": 7}, {"label-value": 2, "class": "cell"}],
    }
    omezarr.write_labels(path, (PIXELS[0] > 100).astype("uint8"), "nuclei", metadata=metadata)
    return str(path)


def read(path):
    return npe2.read([str(path)], stack=False, plugin_name="omezarr")


def test_each_channel_is_a_layer_in_physical_units(image):
    (dapi, said, kind), (gfp, other, _), _ = read(image)
    assert kind == "image"
    assert [level.shape for level in dapi] == [(3, 40, 50), (3, 20, 25)]
    np.testing.assert_array_equal(np.asarray(dapi[0]), PIXELS[0])
    np.testing.assert_array_equal(np.asarray(gfp[0]), PIXELS[1])
    assert said == {
        "name": "DAPI", "scale": [2, 0.5, 0.5], "translate": [0, 3, 0], "units": ["micrometer"] * 3,
        "axis_labels": ["z", "y", "x"], "blending": "additive", "colormap": "#0000FF", "contrast_limits": [10, 500],
    }  # fmt: skip
    assert (other["name"], other["colormap"], other["visible"]) == ("GFP", "#00FF00", False)


def test_labels_have_their_colours_and_properties(image):
    pixels, said, kind = read(image)[-1]
    assert (kind, said["name"]) == ("labels", "nuclei")
    np.testing.assert_array_equal(np.asarray(pixels[0]), PIXELS[0] > 100)
    assert said["colormap"][1] == (1, 0, 0, 1)
    assert said["colormap"][0] == (0, 0, 0, 0)
    assert {said["colormap"][value][3] for value in (2, None)} == {1}  # those without a colour are seen, too
    assert said["features"] == {"index": [1, 2], "area": [7, None], "class": [None, "cell"]}


def test_fields_of_a_plate_lie_in_one_picture_for_each_channel(tmp_path):
    path = tmp_path / "plate.ome.zarr"
    fields = [np.full((2, 8, 8), value, "uint8") for value in (1, 2)]
    omezarr.write_plate(path, {"A/1": fields[0], "B/2": fields[1]}, axes="cyx", channels=["DAPI", "GFP"], scale=0.5)
    for well, name in (("A/1", "cells"), ("B/2", "cells")):
        omezarr.write_labels(path / well / "0", np.full((8, 8), 7, "uint8"), name)
    (dapi, said, _), (_, other, _), (labels, named, kind) = read(path)
    assert [said["name"], other["name"], named["name"], kind] == ["DAPI", "GFP", "cells", "labels"]
    expected = np.zeros((16, 16), "uint8")
    expected[:8, :8], expected[8:, 8:] = 1, 2
    np.testing.assert_array_equal(np.asarray(dapi[0]), expected)
    np.testing.assert_array_equal(np.asarray(labels[0]), 7 * (expected > 0))
    assert said["scale"] == [0.5, 0.5]


def test_the_layer_of_a_plate_without_names_of_channels_is_named_as_the_plate(tmp_path):
    omezarr.write_plate(tmp_path / "p.ome.zarr", {"A/1": np.ones((8, 8), "uint8"), "B/3": np.ones((8, 8), "uint8")})
    ((pixels, said, _),) = read(tmp_path / "p.ome.zarr")
    assert (pixels[0].shape, said["name"]) == ((16, 16), omezarr.open(tmp_path / "p.ome.zarr").name)


def test_fields_that_do_not_fit_together_are_layers_with_their_paths(tmp_path):
    path = tmp_path / "plate.ome.zarr"
    field = np.ones((2, 8, 8), "uint8")
    omezarr.write_plate(path, {"A/1": field}, rows=["A", "B"], columns=["1", "2"], axes="tyx")
    omezarr.write_field(path, "B/2", field, axes="zyx")
    with pytest.warns(omezarr.errors.OMEZarrWarning, match="layers of their own"):
        layers = read(path)
    assert [said["name"] for _, said, _ in layers] == ["A/1/0", "B/2/0"]


def test_an_image_without_channels_is_one_layer(tmp_path):
    path = tmp_path / "plain.ome.zarr"
    omezarr.write_image(path, PIXELS[0, 0], axes="yx", name="plain")
    ((pixels, said, _),) = read(path)
    assert said["name"] == "plain"
    assert said["units"] == ["pixel", "pixel"]
    np.testing.assert_array_equal(np.asarray(pixels[0]), PIXELS[0, 0])


def test_what_is_not_ome_zarr_is_left_to_other_readers(tmp_path):
    import zarr

    zarr.create_array(tmp_path / "plain.zarr", shape=(4,), dtype="u1")
    with pytest.raises(ValueError, match=r"refused|No readers|no data"):
        read(tmp_path / "plain.zarr")


def test_layers_are_written_as_an_image_with_labels(tmp_path):
    path = str(tmp_path / "written.ome.zarr")
    layers = [
        (
            [PIXELS[0], PIXELS[0][:, ::2, ::2]],
            {"name": "cells", "scale": [2, 0.5, 0.5], "translate": [0, 1, 0]},
            "image",
        ),
        ((PIXELS[0] > 9).astype("uint8"), {"name": "nuclei"}, "labels"),
    ]
    assert npe2.write(path, layers, plugin_name="omezarr") == [path]
    image = omezarr.open(path)
    np.testing.assert_array_equal(image.levels[0].read(), PIXELS[0])
    assert image.levels[0].scale == (2, 0.5, 0.5)
    assert image.levels[0].translation == (0, 1, 0)
    np.testing.assert_array_equal(image.labels["nuclei"].levels[0].read(), PIXELS[0] > 9)
    shown = (PIXELS[0], {"name": "cells", "contrast_limits": [3, 90]}, "image")
    npe2.write(str(tmp_path / "one.ome.zarr"), [shown], plugin_name="omezarr")
    image = omezarr.open(tmp_path / "one.ome.zarr")
    (channel,) = image.channels
    assert (image.name, channel.label, channel.window.start, channel.window.end) == ("cells", "cells", 3, 90)
    assert omezarr.validate(path).errors == ()


def test_layers_of_one_shape_are_written_as_channels(tmp_path):
    path = str(tmp_path / "written.ome.zarr")
    green = {"name": "green", "colors": np.array([[0, 0, 0, 1], [0, 1, 0, 1]])}
    layers = [
        (PIXELS[0], {"name": "DAPI", "scale": [2, 1, 1], "contrast_limits": [3, 90]}, "image"),
        (PIXELS[1], {"name": "GFP", "scale": [2, 1, 1], "colormap": green}, "image"),
    ]
    npe2.write(path, layers, plugin_name="omezarr")
    image = omezarr.open(path)
    assert "".join(axis.name for axis in image.axes) == "czyx"
    np.testing.assert_array_equal(image.levels[0].read(), PIXELS)
    dapi, gfp = image.channels
    assert (dapi.label, dapi.window.start, dapi.window.end, gfp.label, gfp.color) == ("DAPI", 3, 90, "GFP", "00FF00")
    moved = (PIXELS[1], {"name": "GFP", "scale": [1, 1, 1]}, "image")
    for other in (moved, (PIXELS[1, 0], {"name": "GFP"}, "image")):
        with pytest.raises(omezarr.errors.ArgumentError, match="save each by itself"):
            npe2.write(str(tmp_path / "other.ome.zarr"), [layers[0], other], plugin_name="omezarr")


def test_samples_of_a_colour_image_become_channels(tmp_path):
    path = str(tmp_path / "colour.ome.zarr")
    colour = np.arange(8 * 9 * 3, dtype="uint8").reshape(8, 9, 3)
    npe2.write(path, [(colour, {"name": "colour", "rgb": True}, "image")], plugin_name="omezarr")
    image = omezarr.open(path)
    assert [axis.name for axis in image.axes] == ["c", "y", "x"]
    np.testing.assert_array_equal(image.levels[0].read(), np.moveaxis(colour, -1, 0))


def test_the_manifest_is_valid_and_found(image):
    manifest = npe2.PluginManager.instance().get_manifest("omezarr")
    assert {command.id for command in manifest.contributions.commands} == {"omezarr.get_reader", "omezarr.write_layers"}
