"""Writing: what is refused before anything is touched, what is written, and what stays when something is replaced."""

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import omezarr
from omezarr.arrays import as_source
from omezarr.errors import ArgumentError, OMEZarrError, TargetExistsError, UnsupportedError
from omezarr.model import ImageLabel, LabelColor, LabelProperty, conventional_axes
from omezarr.model.content import ImageContent
from omezarr.writing.images import write_image, write_labels, write_multiscale
from omezarr.writing.plates import write_field, write_plate
from tests.fixtures.servers import CountingServer

IMAGE = np.random.default_rng(7).integers(0, 1000, (3, 40, 50)).astype("uint16")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"axes": "yx"}, "2, but the array has 3 dimensions"),
        ({"axes": "yxc"}, "channel"),
        ({"axes": "cyx", "scale": (1, 2)}, "2 values for the axes"),
        ({"axes": "cyx", "chunks": (1, 8)}, "chunks"),
        ({"axes": "cyx", "chunks": {"y": 8, "x": 8}}, "missing for c"),
        ({"axes": "cyx", "format": "0.4", "shards": (1, 32, 32)}, r"no shards; versions that have: 0\.5, 0\.6"),
        ({"axes": "cyx", "chunks": (1, 16, 16), "shards": (1, 24, 32)}, "no multiple"),
        ({"axes": "cyx", "format": "0.7"}, "0.7"),
        ({"axes": "cyx", "method": "magic"}, "magic"),
        ({"axes": "cyx", "levels": 0}, "levels"),
        ({"axes": "cyx", "factors": [{"q": 2}]}, "factors are given for q"),
        ({"axes": "cyx", "factors": [(2, 2)]}, "factors"),
        ({"axes": "cyx", "factors": [(1, 2, 2)], "levels": 3}, "2 levels, not 3"),
        ({"axes": "cyx", "codec": "magic"}, "magic"),
        ({"axes": "cyx", "channels": ["a"]}, "1 channel is described, but the image has 3"),
        ({"axes": "cyx", "labels": {"a": np.zeros((40, 51), dtype="uint8")}}, "does not fit"),
        ({"axes": "cyx", "labels": {"a": np.full((40, 50), 0.5, "float32")}}, "label image 'a'"),
        ({"axes": "cyx", "labels": {"../a": np.zeros((40, 50), dtype="uint8")}}, "cannot be the name"),
    ],
)
def test_a_request_that_cannot_be_met_leaves_nothing_behind(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(OMEZarrError, match=message):
        write_image(tmp_path / "image.zarr", IMAGE, **arguments)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_other_files_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(TargetExistsError, match="no zarr hierarchy"):
        write_image(tmp_path, IMAGE, axes="cyx", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_source_inside_the_target_survives_a_refused_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "image.zarr"
    write_image(path, IMAGE, axes="cyx", levels=2)
    with pytest.raises(OMEZarrError):
        omezarr.convert(path, path, overwrite=True)
    with pytest.raises(OMEZarrError):
        omezarr.convert(path / "0", path, axes="cyx", overwrite=True)
    np.testing.assert_array_equal(omezarr.open(path).levels[0].read(), IMAGE)


@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5", "0.6"])
@pytest.mark.parametrize("kind", ["numpy", "dask", "zarr", "memmap"])
def test_every_kind_of_array_is_written_alike(tmp_path: Path, version: str, kind: str) -> None:
    np.save(tmp_path / "image.npy", IMAGE)
    source = {
        "numpy": lambda: IMAGE,
        "dask": lambda: da.from_array(IMAGE, chunks=(2, 17, 23)),
        "zarr": lambda: zarr.create_array(str(tmp_path / "s.zarr"), data=IMAGE, chunks=(1, 13, 50)),
        "memmap": lambda: np.load(tmp_path / "image.npy", mmap_mode="r"),
    }[kind]()
    node = write_image(
        tmp_path / "image.zarr", source, axes="cyx", format=version, factors=[(1, 2, 2)], chunks=(1, 16, 16)
    )
    np.testing.assert_array_equal(node.levels[0].read(), IMAGE)
    means = (IMAGE.reshape(3, 20, 2, 25, 2).astype("float64").sum((2, 4)) + 2) // 4
    np.testing.assert_array_equal(node.levels[1].read(), means)


@pytest.mark.parametrize("codec", ["none", "zstd:level=3", "gzip:level=1", "blosc:cname=lz4,clevel=5,shuffle=shuffle"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_codecs_are_written_as_zarr_knows_them(tmp_path: Path, codec: str, version: str) -> None:
    write_image(tmp_path / "c.zarr", IMAGE, axes="cyx", codec=codec, format=version)
    array = zarr.open_array(str(tmp_path / "c.zarr" / "0"), mode="r")
    np.testing.assert_array_equal(array[...], IMAGE)
    assert bool(array.compressors) == (codec != "none")


def test_shards_hold_several_chunks(tmp_path: Path) -> None:
    node = write_image(tmp_path / "s.zarr", IMAGE, axes="cyx", chunks=(1, 8, 8), shards=(3, 32, 32), levels=2)
    assert (node.levels[0].chunks, node.levels[0].shards) == ((1, 8, 8), (3, 32, 32))
    array = zarr.open_array(str(tmp_path / "s.zarr" / "0"), mode="r")
    np.testing.assert_array_equal(array[...], IMAGE)
    assert len([path for path in (tmp_path / "s.zarr" / "0" / "c").rglob("*") if path.is_file()]) == 4


def test_given_levels_are_written_as_they_are(tmp_path: Path) -> None:
    levels = [IMAGE, IMAGE[:, ::2, ::2] + 1, IMAGE[:, ::4, ::4] + 2]
    node = write_multiscale(tmp_path / "m.zarr", levels, axes="cyx", scale=0.5)
    for level, expected in zip(node.levels, levels, strict=True):
        np.testing.assert_array_equal(level.read(), expected)
    assert node.levels[2].scale == (1.0, 2.0, 2.0)
    assert node.levels[2].translation == (0.0, 0.0, 0.0)


def test_the_method_of_given_levels_places_them(tmp_path: Path) -> None:
    levels = [IMAGE, IMAGE[:, ::2, ::2]]
    node = write_multiscale(tmp_path / "m.zarr", levels, axes="cyx", method="local_mean")
    assert node.levels[1].translation == (0.0, 0.5, 0.5)


@pytest.mark.parametrize("levels", [[], [IMAGE[:, ::2], IMAGE], [IMAGE, IMAGE[0]], [IMAGE, IMAGE.astype("uint8")]])
def test_levels_that_do_not_fit_each_other_are_refused(tmp_path: Path, levels: list) -> None:
    with pytest.raises(ArgumentError):
        write_multiscale(tmp_path / "m.zarr", levels, axes="cyx")
    assert not list(tmp_path.iterdir())


def test_labels_keep_their_metadata_and_take_levels_from_the_image(tmp_path: Path) -> None:
    write_image(tmp_path / "i.zarr", IMAGE, axes="cyx", levels=3, chunks=(1, 16, 16))
    metadata = ImageLabel(colors=(LabelColor(1, (255, 0, 0, 255)),), properties=(LabelProperty(1, extra={"area": 5}),))
    label = write_labels(tmp_path / "i.zarr", (IMAGE[0] > 500).astype("int32"), "cells", metadata=metadata)
    assert [level.shape for level in label.levels] == [(1, 40, 50), (1, 20, 25), (1, 10, 13)]
    value = label.facets["image-label"]
    assert value.colors[0].rgba == (255, 0, 0, 255)
    assert value.properties[0].extra == {"area": 5}


def test_labels_are_not_added_to_what_is_no_image(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", {"A/1": IMAGE[0]})
    with pytest.raises(UnsupportedError, match="no image"):
        write_labels(tmp_path / "p.zarr", IMAGE[0], "cells")


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_a_plate_holds_wells_fields_and_labels_in_every_version(tmp_path: Path, version: str) -> None:
    image = IMAGE[np.newaxis, np.newaxis, :1]
    labelled = ImageContent(pixels=as_source(image), axes=conventional_axes("tczyx"))
    node = write_plate(
        tmp_path / "p.zarr",
        {"B/2": {"0": labelled, "1": image}, "A/10": image},
        rows=("A", "B"),
        columns=("2", "10"),
        name="screen",
        format=version,
    )
    assert (node.key, node.version, node.name) == ("plate", version, "screen")
    assert list(node.children) == ["A/10", "B/2"]
    well = node.children["B/2"]
    assert (well.key, list(well.children)) == ("well", ["0", "1"])
    np.testing.assert_array_equal(well.children["1"].levels[0].read(), image)


def test_a_plate_grows_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "p.zarr"
    write_plate(path, {"A/1": IMAGE[0]}, rows=("A", "B"), columns=("1", "2"))
    write_field(path, "B/2", IMAGE[1])
    write_field(path, "A/1", IMAGE[2])
    node = omezarr.open(path)
    assert list(node.children) == ["A/1", "B/2"]
    assert list(node.children["A/1"].children) == ["0", "1"]
    np.testing.assert_array_equal(node.children["A/1"].children["1"].levels[0].read(), IMAGE[2])
    with pytest.raises(ArgumentError, match="C/9"):
        write_field(path, "C/9", IMAGE[0])
    with pytest.raises(TargetExistsError):
        write_field(path, "A/1", IMAGE[0][::-1], field="0")


def test_a_well_off_the_plate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="C/1"):
        write_plate(tmp_path / "p.zarr", {"C/1": IMAGE[0]}, rows=("A",), columns=("1",))
    assert not list(tmp_path.iterdir())


def test_other_attributes_and_groups_survive_when_labels_are_added(tmp_path: Path) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", labels={"first": IMAGE[0].astype("uint8")})
    labels = path / "labels" / "zarr.json"
    document = json.loads(labels.read_text())
    document["attributes"]["mine"] = {"kept": True}
    labels.write_text(json.dumps(document))
    write_labels(path, IMAGE[0], "second")
    attributes = json.loads(labels.read_text())["attributes"]
    assert attributes["mine"] == {"kept": True}
    assert attributes["ome"]["labels"] == ["first", "second"]


@settings(deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pixels_and_geometry_survive_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    axes = data.draw(st.sampled_from(["yx", "zyx", "cyx", "tczyx"]))
    shape = tuple(data.draw(st.integers(1, 12)) for _ in axes)
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "int32", "float32", "bool", ">u2", "uint64"]))
    version = data.draw(st.sampled_from(["0.4", "0.5", "0.6"]))
    chunks = tuple(data.draw(st.integers(1, size)) for size in shape)
    scale = [data.draw(st.floats(1e-3, 1e3)) for _ in axes]
    image = np.random.default_rng(len(shape)).integers(0, 2, shape).astype(dtype)
    path = tmp_path_factory.mktemp("round") / "i.zarr"
    node = write_image(path, image, axes=axes, scale=scale, chunks=chunks, format=version, levels=2)
    np.testing.assert_array_equal(node.levels[0].read(), image)
    assert node.levels[0].scale == tuple(scale)
    for large, small in itertools.pairwise(node.levels):
        pairs = zip(large.shape, small.shape, strict=True)
        assert all(size in (full, -(-full // 2)) for full, size in pairs)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_consolidated_metadata_is_written_on_request_and_kept_up(tmp_path: Path, version: str) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", format=version, levels=2)
    assert not omezarr.open(path).zarr_node.consolidated
    write_image(path, IMAGE, axes="cyx", format=version, levels=2, consolidated=True, overwrite=True)
    write_labels(path, IMAGE[0], "cells")
    assert omezarr.open(path).zarr_node.consolidated
    group = zarr.open_consolidated(str(path), zarr_format=2 if version == "0.4" else 3)
    assert "labels/cells/1" in group
    for name in ("0", "labels/cells"):
        for document in (path / name).glob("*z*"):
            if document.is_file():
                document.unlink()
    node = omezarr.open(path)
    assert node.levels[0].shape == IMAGE.shape
    assert node.labels["cells"].key == "image-label"


def test_an_image_with_consolidated_metadata_opens_with_one_round(http_server: CountingServer) -> None:
    write_image(http_server.root / "i.zarr", IMAGE, axes="cyx", levels=3, consolidated=True)
    node = omezarr.open(f"{http_server.url}/i.zarr")
    before = len(http_server.requests)
    assert [level.shape for level in node.levels] == [(3, 40, 50), (3, 20, 25), (3, 10, 13)]
    assert len(http_server.requests) == before


def test_a_method_that_refuses_the_pixels_is_named_with_the_cure(tmp_path: Path) -> None:
    refusal = "the scaling method 'laplacian' refuses uint16: .* convert to float32 or a signed integer"
    with pytest.raises(UnsupportedError, match=refusal):
        write_image(tmp_path / "i.zarr", np.zeros((64, 64), dtype="uint16"), axes="yx", levels=2, method="laplacian")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("pixels", "dtype"), [(np.array([[0.0, 70000.0]] * 2), "uint32"), (np.array([[False, True]] * 2), "uint8")]
)
def test_labels_of_whole_numbers_become_integers(pixels: Any, dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write_image(path, np.zeros((2, 2), "uint8"), labels={"one": pixels})
    write_labels(path, pixels, "two")
    for label in omezarr.open(path).labels.values():
        assert label.levels[0].dtype == dtype
        np.testing.assert_array_equal(label.levels[0].read(), pixels)


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_coarser_labels_that_cover_the_image_are_valid(version: str, tmp_path: Path) -> None:
    image, source, target = np.zeros((41, 40), "uint8"), tmp_path / "a.zarr", tmp_path / "b.zarr"
    write_image(source, image, scale=0.5, units="um", labels={"cells": image}, format=version)
    shutil.rmtree(source / "labels/cells")
    write_image(source / "labels/cells", image[::2, ::2], scale=1.0, units="um", format=version)
    omezarr.convert(source, target, format=version)
    assert omezarr.open(target).labels["cells"].levels[0].shape == (21, 20)
    assert {problem.rule for problem in omezarr.validate(target).problems} <= {"image-label.colors.present"}
