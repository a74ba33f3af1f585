"""What other OME-Zarr software was seen to get wrong must not happen here: one test for each defect."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, LossyError, OMEZarrError, TargetExistsError, UnsupportedError


def ramp(size: int, dtype: str = "float64") -> np.ndarray:
    """Return a 2-D ramp whose value is the position along x."""
    return np.broadcast_to(np.arange(size, dtype=dtype), (4, size)).copy()


@pytest.mark.parametrize("method", ["nearest", "local_mean"])
@pytest.mark.parametrize("chunk", [63, 20, 7])
@pytest.mark.parametrize("factor", [2, 3])
def test_samples_sit_where_the_metadata_says(tmp_path: Path, method: str, chunk: int, factor: int) -> None:
    image = ramp(63)
    node = omezarr.write_image(
        tmp_path / "ramp.zarr", image, axes="yx", scale=0.5, method=method, factors=[(1, factor)] * 2, chunks=(4, chunk)
    )
    for level in node.levels:
        positions = np.arange(level.shape[1]) * level.scale[1] + level.translation[1]
        inside = slice(None, -1) if method == "local_mean" else slice(None)
        np.testing.assert_allclose(level.read()[0][inside] * 0.5, positions[inside], rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["nearest", "local_mean"])
def test_the_result_does_not_depend_on_chunks(tmp_path: Path, method: str) -> None:
    image = np.random.default_rng(3).integers(0, 4000, (100, 100)).astype("uint16")
    first = omezarr.write_image(tmp_path / "a.zarr", image, axes="yx", method=method, levels=3, chunks=(33, 33))
    other = omezarr.write_image(tmp_path / "b.zarr", image, axes="yx", method=method, levels=3, chunks=(100, 100))
    for left, right in zip(first.levels, other.levels, strict=True):
        np.testing.assert_array_equal(left.read(), right.read())


@pytest.mark.parametrize("method", ["nearest", "local_mean"])
def test_a_constant_image_stays_constant(tmp_path: Path, method: str) -> None:
    image = np.full((101, 77), 1000, dtype="uint16")
    node = omezarr.write_image(tmp_path / "c.zarr", image, axes="yx", method=method, levels=5)
    assert len(node.levels) == 5
    assert all((level.read() == 1000).all() for level in node.levels)


def test_nothing_is_dropped_at_odd_sizes(tmp_path: Path) -> None:
    node = omezarr.write_image(tmp_path / "odd.zarr", ramp(65), axes="yx", factors=[(1, 2)])
    assert node.levels[1].shape == (4, 33)
    assert node.levels[1].read()[0, -1] == 64


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_the_labels_group_and_the_label_name_version_and_source(tmp_path: Path, version: str) -> None:
    path = tmp_path / "image.zarr"
    image = np.zeros((1, 1, 1, 32, 32), dtype="uint8")
    omezarr.write_image(path, image, format=version)
    label = omezarr.write_labels(path, image, "cells")
    group = omezarr.open(path / "labels", format=version)
    assert list(group.children) == ["cells"]
    assert label.facets["image-label"].source.image == "../../"
    if version in ("0.5", "0.6"):
        attributes = json.loads((path / "labels" / "zarr.json").read_text())["attributes"]
        assert attributes["ome"] == {"labels": ["cells"], "version": version}


def test_label_metadata_does_not_grow_with_the_number_of_objects(tmp_path: Path) -> None:
    labels = np.arange(64 * 64, dtype="uint32").reshape(64, 64)
    node = omezarr.write_image(tmp_path / "i.zarr", labels.astype("uint16"), axes="yx", labels={"objects": labels})
    assert len(json.dumps(dict(node.labels["objects"].attributes))) < 2000


@pytest.mark.parametrize(("factors", "widths"), [(3, [243, 81, 27]), ([{"x": 3}, {"x": 9}], [243, 81, 9])])
def test_factors_are_taken_as_they_are_given(tmp_path: Path, factors: object, widths: list[int]) -> None:
    node = omezarr.write_image(tmp_path / "f.zarr", ramp(243), axes="yx", factors=factors, chunks=(4, 27))
    assert [level.shape[1] for level in node.levels] == widths


def test_placement_and_channels_are_written(tmp_path: Path) -> None:
    node = omezarr.write_image(
        tmp_path / "p.zarr",
        np.zeros((2, 8, 8), dtype="uint8"),
        axes="cyx",
        scale={"y": 0.5, "x": 0.25},
        translation={"x": 10},
        channels=[{"label": "DAPI", "color": "0000FF"}, "GFP"],
    )
    assert node.levels[0].scale == (1.0, 0.5, 0.25)
    assert node.levels[0].translation == (0.0, 0.0, 10.0)
    assert [channel.label for channel in node.channels] == ["DAPI", "GFP"]


def test_an_unknown_argument_is_an_error_that_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="unknown argument 'coordinate_transformations'"):
        omezarr.write_image(tmp_path / "u.zarr", ramp(8), axes="yx", coordinate_transformations=[])
    assert not list(tmp_path.iterdir())


def test_every_scaling_method_on_offer_works(tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(size=(33, 40)).astype("float32")
    methods = list(omezarr.default_registry().scaling_methods)
    assert {"nearest", "local_mean"} <= set(methods)
    for method in methods:
        node = omezarr.write_image(tmp_path / f"{method}.zarr", image, axes="yx", method=method, levels=2)
        assert node.levels[1].shape == (17, 20)


def test_a_method_that_does_not_exist_is_named_with_those_that_do(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run(["create", str(tmp_path / "x.zarr"), "--scaling", "laplace"]) != 0
    message = capsys.readouterr().err
    assert "laplace" in message
    assert "local_mean" in message
    assert len(message.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_second_image_at_the_same_place_is_refused_or_replaces_the_first(tmp_path: Path) -> None:
    path = tmp_path / "twice.zarr"
    omezarr.write_image(path, ramp(64), axes="yx", levels=3)
    with pytest.raises(TargetExistsError):
        omezarr.write_image(path, ramp(8), axes="yx")
    assert omezarr.open(path).levels[0].shape == (4, 64)
    node = omezarr.write_image(path, ramp(8), axes="yx", levels=1, overwrite=True)
    assert [level.shape for level in node.levels] == [(4, 8)]
    assert sorted(name.name for name in path.iterdir()) == ["0", "zarr.json"]


def test_a_label_image_is_replaced_without_its_siblings(tmp_path: Path) -> None:
    path = tmp_path / "l.zarr"
    zeros = np.zeros((16, 16), dtype="uint8")
    omezarr.write_image(path, zeros, axes="yx", labels={"cells": zeros, "nuclei": zeros + 1})
    with pytest.raises(TargetExistsError):
        omezarr.write_labels(path, zeros + 3, "cells")
    omezarr.write_labels(path, zeros + 7, "cells", overwrite=True)
    labels = omezarr.open(path).labels
    assert list(labels) == ["cells", "nuclei"]
    assert (labels["cells"].levels[0].read() == 7).all()
    assert (labels["nuclei"].levels[0].read() == 1).all()


@pytest.mark.parametrize("method", ["nearest", "local_mean"])
def test_bool_images_can_be_written(tmp_path: Path, method: str) -> None:
    image = np.random.default_rng(1).random((20, 30)) > 0.5
    node = omezarr.write_image(tmp_path / "b.zarr", image, axes="yx", method=method, levels=2)
    np.testing.assert_array_equal(node.levels[0].read(), image)
    assert node.levels[1].dtype == bool


def test_there_is_one_default_version(tmp_path: Path) -> None:
    image = omezarr.write_image(tmp_path / "i.zarr", ramp(8), axes="yx")
    plate = omezarr.write_plate(tmp_path / "p.zarr", {"A/1": ramp(8, "uint8")}, axes="yx")
    assert run(["create", str(tmp_path / "c.zarr")]) == 0
    versions = {image.version, plate.version, omezarr.open(tmp_path / "c.zarr").version}
    assert versions == {"0.5"}


@pytest.mark.parametrize("dtype", ["uint16", "float32", "int8"])
def test_windows_come_from_the_pixels(tmp_path: Path, dtype: str) -> None:
    image = np.arange(64, dtype=dtype).reshape(8, 8)
    (channel,) = omezarr.write_image(tmp_path / "w.zarr", image, axes="yx", levels=1).channels
    assert (channel.window.min, channel.window.max) == (0, 63)


def test_a_path_that_does_not_exist_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["info", str(tmp_path / "missing.zarr")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "missing.zarr" in captured.err


def test_a_missing_well_is_reported_where_it_is_touched_and_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    import shutil

    path = tmp_path / "plate.zarr"
    field = np.full((16, 16), 5, dtype="uint8")
    plate = omezarr.write_plate(path, {"A/1": field, "A/2": field, "B/1": field}, axes="yx")
    shutil.rmtree(path / "A" / "2")
    plate = omezarr.open(path)
    assert list(plate.children) == ["A/1", "A/2", "B/1"]
    assert (plate.children["B/1"].children["0"].levels[0].read() == 5).all()
    with pytest.raises(OMEZarrError, match="A/2"):
        _ = plate.children["A/2"]
    assert run(["info", str(path)]) == 1
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out
    assert captured.out.count("there is no zarr group") == 1


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_a_two_dimensional_image_has_two_axes(tmp_path: Path, version: str) -> None:
    node = omezarr.write_image(tmp_path / "d.zarr", np.zeros((64, 64), dtype="uint8"), axes="yx", format=version)
    assert [axis.name for axis in node.axes] == ["y", "x"]
    assert node.version == version


def test_interpolating_methods_are_refused_for_labels(tmp_path: Path) -> None:
    zeros = np.zeros((16, 16), dtype="uint8")
    with pytest.raises(UnsupportedError, match="corrupt labels"):
        omezarr.write_image(tmp_path / "l.zarr", zeros, axes="yx", labels={"a": zeros}, label_method="local_mean")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_pixel_sizes_that_a_version_cannot_express_are_not_dropped_in_silence(tmp_path: Path, version: str) -> None:
    image = np.zeros((1, 1, 1, 8, 8), dtype="uint8")
    with pytest.raises(LossyError, match=r"0\.5"):
        omezarr.write_image(tmp_path / "l.zarr", image, scale=0.5, format=version)
    assert not list(tmp_path.iterdir())
    node = omezarr.write_image(tmp_path / "l.zarr", image, scale=0.5, format=version, allow_lossy=True)
    assert node.version == version


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_five_axes_are_made_only_on_request(tmp_path: Path, version: str) -> None:
    image = np.arange(64, dtype="uint8").reshape(8, 8)
    with pytest.raises(UnsupportedError, match="expand"):
        omezarr.write_image(tmp_path / "e.zarr", image, axes="yx", format=version)
    node = omezarr.write_image(tmp_path / "e.zarr", image, axes="yx", format=version, expand_axes=True)
    assert node.levels[0].shape == (1, 1, 1, 8, 8)
    np.testing.assert_array_equal(node.levels[0].read()[0, 0, 0], image)


def test_chunk_keys_are_those_of_the_version(tmp_path: Path) -> None:
    image = np.ones((1, 1, 1, 8, 8), dtype="uint8")
    for version, key in [
        ("0.1", "0/0.0.0.0.0"),
        ("0.2", "0/0/0/0/0/0"),
        ("0.4", "0/0/0/0/0/0"),
        ("0.5", "0/c/0/0/0/0/0"),
    ]:
        omezarr.write_image(tmp_path / f"{version}.zarr", image, format=version)
        assert (tmp_path / f"{version}.zarr" / key).is_file()


def test_what_zarr_reads_is_what_was_written(tmp_path: Path) -> None:
    image = np.random.default_rng(5).integers(0, 60000, (2, 3, 50, 70)).astype("uint16")
    for version in ("0.4", "0.5", "0.6"):
        omezarr.write_image(tmp_path / f"{version}.zarr", image, axes="czyx", format=version, chunks=(1, 2, 32, 32))
        array = zarr.open_array(str(tmp_path / f"{version}.zarr" / "0"), mode="r")
        np.testing.assert_array_equal(array[...], image)
