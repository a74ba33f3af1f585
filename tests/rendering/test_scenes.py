"""Pictures of scenes: images in their places."""

from __future__ import annotations

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, OMEZarrWarning, UnsupportedError
from omezarr.model import Affine, Axis, CoordinateSystem, SystemReference, Translation
from omezarr.rendering import PictureRequest, render
from omezarr.rendering.scene_tiles import scene_tiles
from omezarr.rendering.scenes import ScenePart, draw_part, scene_layout
from omezarr.rendering.tiles import TILE

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


@pytest.fixture
def large(tmp_path):
    """A scene of two tiles by three, of images with levels: one beside the other, and one turned."""
    random = np.random.default_rng(0)
    images = {name: random.integers(0, 256, (600, 700), dtype="uint8") for name in ("a", "b", "c")}
    places = [
        Translation(translation=(0.0, 0.0), input=physical("a"), **ENDS),
        Translation(translation=(0.0, 500.0), input=physical("b"), **ENDS),
        Affine(affine=((0.8776, -0.4794, 400.0), (0.4794, 0.8776, 300.0)), input=physical("c"), **ENDS),
    ]
    return omezarr.write_scene(
        tmp_path / "s.zarr", images, places, systems=[WORLD], axes="yx", channels=WINDOW, levels=3, chunks=(128, 128)
    )


@pytest.mark.parametrize("level", [0, 1, 2])
def test_tiles_of_a_scene_are_its_picture_cut_without_seams(large, level):
    tiles = scene_tiles(large, large.value)
    one = tiles.levels[level]
    assert (tiles.spacing, one.factor) == (pytest.approx(1, abs=1e-4), 2**level)
    down, across = (range(-(-length // TILE)) for length in (one.height, one.width))
    rows = [np.concatenate([tiles.draw(level, row, column) for column in across], axis=1) for row in down]
    joined = np.concatenate(rows)
    assert joined.shape == (one.height, one.width, 3)
    top, left, _, _ = tiles.layout.bounds
    step = tiles.spacing * one.factor
    whole = ScenePart((top, left, top + one.height * step, left + one.width * step), (one.height, one.width))
    expected, _ = draw_part(large, tiles.layout, whole, PictureRequest(), windows=tiles.windows)
    assert (joined != expected).any(axis=-1).mean() < 0.005  # pixels halfway between two samples
    with pytest.raises(ArgumentError, match="no tile"):
        tiles.draw(level, 9, 0)


def test_an_image_that_cannot_be_read_is_a_pattern_in_its_place(tmp_path):
    images = {name: np.full((64, 64), 200, "uint8") for name in "ab"}
    places = [Translation(translation=(0.0, 70.0 * i), input=physical(name), **ENDS) for i, name in enumerate("ab")]
    scene = written(tmp_path, images, places)
    chunk = next(path for path in (tmp_path / "s.zarr/b").rglob("c/*") if path.is_file() or path.is_dir())
    for file in [chunk] if chunk.is_file() else [path for path in chunk.rglob("*") if path.is_file()]:
        file.write_bytes(b"no chunk")
    picture = render(scene, PictureRequest(size=134))
    assert (picture.pixels[:, :64] == 200).all()
    assert len(np.unique(picture.pixels[:, 72:130].reshape(-1, 3), axis=0)) == 2
    assert any("b" in note for note in picture.notes)


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
