"""Pictures of scenes: images in their places."""

from __future__ import annotations

import numpy as np
import pytest

import omezarr
from omezarr.errors import OMEZarrWarning, UnsupportedError
from omezarr.model import Affine, Axis, CoordinateSystem, SystemReference, Translation
from omezarr.rendering import PictureRequest, render
from omezarr.rendering.scenes import scene_layout

WORLD = CoordinateSystem("world", tuple(Axis(name=name, type="space", unit="micrometer") for name in "yx"))
WINDOW = [{"window": {"start": 0, "end": 255, "min": 0, "max": 255}}]
ENDS = {"output": SystemReference(name="world")}


def physical(name: str) -> SystemReference:
    return SystemReference(name="physical", path=name)


def written(tmp_path, images, places, **options):
    return omezarr.write_scene(
        tmp_path / "s.zarr", images, places, systems=[WORLD], axes="yx", channels=WINDOW, levels=1, **options
    )


def test_images_are_drawn_where_their_transformations_put_them(tmp_path):
    random = np.random.default_rng(0)
    left, right = (random.integers(0, 256, (20, 30), dtype="uint8") for _ in range(2))
    places = [
        Translation(translation=(0.0, 0.0), input=physical("left"), **ENDS),
        Translation(translation=(5.0, 20.0), input=physical("right"), **ENDS),
    ]
    scene = written(tmp_path, {"left": left, "right": right}, places)
    expected = np.zeros((25, 50), "uint8")
    expected[:20, :30], expected[5:, 20:] = left, right  # the later one lies over the earlier one
    picture = render(scene, PictureRequest(size=50))
    there = np.zeros((25, 50), bool)
    there[:20, :30] = there[5:, 20:] = True
    np.testing.assert_array_equal(picture.pixels[..., 0][there], expected[there])
    assert (picture.pixels[~there] == picture.pixels[0, -1]).all()
    assert (picture.spacing, picture.unit) == (1.0, "micrometer")
    assert omezarr.thumbnail(scene, size=100, scale_bar=True).size == (100, 50)


def test_images_are_turned_and_mirrored(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30), dtype="uint8")
    turn = Affine(affine=((0.0, 1.0, 0.0), (1.0, 0.0, 0.0)), input=physical("a"), **ENDS)  # y and x change places
    scene = written(tmp_path, {"a": pixels}, [turn])
    np.testing.assert_array_equal(render(scene, PictureRequest(size=30)).pixels[..., 0], pixels.T)
    shear = Affine(affine=((1.0, 0.0, 0.0), (1.0, 1.0, 0.0)), input=physical("a"), **ENDS)
    sheared = written(tmp_path / "b", {"a": pixels}, [shear])
    picture = render(sheared, PictureRequest(size=50)).pixels[..., 0]
    assert picture.shape == (20, 50)
    for row in (0, 7, 19):  # every row begins a pixel further to the right than the one above, and half a one
        found = picture[row, row : row + 30]
        assert (found == pixels[row]).all() or (found[:-1] == pixels[row, 1:]).all()


def test_what_has_no_place_is_named_and_the_rest_is_drawn(tmp_path):
    images = {name: np.full((8, 8), 200, "uint8") for name in "ab"}
    flat = Affine(affine=((0.0, 0.0, 0.0), (1.0, 1.0, 0.0)), input=physical("b"), **ENDS)
    scene = written(tmp_path, images, [Translation(translation=(0.0, 0.0), input=physical("a"), **ENDS), flat])
    layout = scene_layout(scene, scene.value)
    assert list(layout.corners) == ["a"]
    assert layout.boxes() == {"a": (0, 0, 1, 1)}
    with pytest.warns(OMEZarrWarning, match="b has no place"):
        assert scene.thumbnail(size=8).size == (8, 8)
    nowhere = written(tmp_path / "n", {"b": images["b"]}, [flat])
    with pytest.raises(UnsupportedError, match="has a place"):
        render(nowhere)
