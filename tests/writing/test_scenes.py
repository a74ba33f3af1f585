"""Scenes: images placed in common coordinate systems."""

from pathlib import Path

import numpy as np
import pytest

import omezarr
from omezarr.errors import LossyError, OMEZarrError, UnsupportedError
from omezarr.model import Affine, CoordinateSystem, Scale, SystemReference, Translation, conventional_axes
from omezarr.writing.scenes import write_scene

TILES = {name: np.full((20, 30), number, dtype="uint8") for number, name in enumerate(["left", "right"])}
WORLD = CoordinateSystem("world", conventional_axes("yx"))


def placed(name: str, x: float) -> Translation:
    ends = {"input": SystemReference(name="physical", path=name), "output": SystemReference(name="world")}
    return Translation(translation=(0.0, x), **ends)


def test_images_are_placed_in_the_world(tmp_path: Path) -> None:
    scene = write_scene(
        tmp_path / "s.zarr", TILES, [placed("left", 0), placed("right", 28)], systems=[WORLD], axes="yx", scale=0.5
    )
    assert (scene.key, scene.version) == ("scene", "0.6")
    assert list(scene.children) == ["left", "right"]
    np.testing.assert_array_equal(scene.children["right"].levels[0].read(), TILES["right"])
    points = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(scene.transform("right#physical", "world")(points), [[1.0, 30.0]])
    np.testing.assert_array_equal(scene.transform("left#physical", "right#physical")(points), [[1.0, -26.0]])
    assert omezarr.validate(tmp_path / "s.zarr").valid


def test_versions_without_scenes_refuse_them(tmp_path: Path) -> None:
    with pytest.raises((LossyError, UnsupportedError), match="scene"):
        write_scene(tmp_path / "s.zarr", TILES, [placed("left", 0)], systems=[WORLD], axes="yx", format="0.5")
    assert not list(tmp_path.iterdir())


def test_a_transformation_that_connects_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="must name the systems"):
        write_scene(tmp_path / "s.zarr", TILES, [Scale(scale=(1.0, 1.0))], systems=[WORLD], axes="yx")
    assert not list(tmp_path.iterdir())


def test_a_place_that_nothing_leads_to_is_an_error(tmp_path: Path) -> None:
    shear = Affine(
        affine=((1.0, 0.5, 0.0), (0.0, 1.0, 0.0)),
        input=SystemReference(name="physical", path="left"),
        output=SystemReference(name="world"),
    )
    scene = write_scene(tmp_path / "s.zarr", TILES, [shear], systems=[WORLD], axes="yx")
    points = np.random.default_rng(0).normal(size=(5, 2))
    there, back = scene.transform("left#physical", "world"), scene.transform("world", "left#physical")
    np.testing.assert_allclose(back(there(points)), points)
    with pytest.raises(OMEZarrError, match="world"):
        scene.transform("right#physical", "world")
