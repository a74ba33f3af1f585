"""An OME-Zarr of any version is a source like any other: what content can hold is carried over."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.arrays.sources import as_source
from omezarr.errors import ArgumentError, LocationNotFoundError, SourceError
from omezarr.location import Location
from omezarr.model import Channel, ImageLabel, LabelColor, conventional_axes
from omezarr.model.content import CollectionContent, ImageContent, LabelContent
from omezarr.plugins.registry import default_registry
from omezarr.writing import WriteOptions
from omezarr.writing.images import write_content
from omezarr_builtins.importers.omezarr import OMEZarr
from omezarr_builtins.samples.plate import EightWells
from tests.builtins.importers.importing import everything, letters, load

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.model.content import Content

OME_XML = b"<?xml version='1.0'?><OME><Image ID='Image:0'/></OME>"


def write(path: Path, content: Content, version: str = "0.5") -> Path:
    write_content(Location.parse(path), content, WriteOptions(format=version), registry=default_registry())
    return path


def image(**changes: Any) -> ImageContent:
    pixels = np.arange(2 * 40 * 50, dtype="uint16").reshape(2, 40, 50)
    labels = np.zeros((40, 50), "uint16")
    labels[5:10, 5:10] = 7
    given: dict[str, Any] = {
        "pixels": as_source(pixels),
        "axes": conventional_axes("cyx"),
        "name": "cells",
        "channels": (Channel(label="a", color="FF0000"), Channel(label="b", color="00FF00")),
        "labels": {
            "nuclei": LabelContent(
                pixels=as_source(labels), metadata=ImageLabel(colors=(LabelColor(7, (255, 0, 0, 255)),))
            )
        },
        **changes,
    }
    return ImageContent(**given)


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_pixels_axes_channels_and_labels_of_every_version_are_carried_over(version: str, tmp_path: Path) -> None:
    content = image() if version >= "0.3" else image(
        pixels=as_source(np.arange(4000, dtype="uint16").reshape(1, 2, 1, 40, 50)),
        axes=conventional_axes("tczyx"),
        labels={},
    )  # fmt: skip
    imported = load(write(tmp_path / "a.zarr", content, version), OMEZarr())
    found = imported.image
    assert imported.notices == []
    assert letters(found) == "".join(axis.name for axis in content.axes)
    assert np.array_equal(everything(found.pixels), everything(content.pixels))
    assert [(channel.label, channel.color) for channel in found.channels or ()] == [("a", "FF0000"), ("b", "00FF00")]
    assert (found.scale, found.translation, found.name) == (None, None, "cells")
    for name, label in content.labels.items():
        assert np.array_equal(everything(found.labels[name].pixels)[0], everything(label.pixels))
        metadata = found.labels[name].metadata
        assert metadata is not None
        assert metadata.colors == (LabelColor(7, (255, 0, 0, 255)),)


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_pixel_sizes_units_and_positions_are_carried_over(version: str, tmp_path: Path) -> None:
    from attrs import evolve

    axes = tuple(axis if axis.name == "c" else evolve(axis, unit="micrometer") for axis in conventional_axes("cyx"))
    content = image(axes=axes, scale=(1.0, 0.5, 0.25), translation=(0.0, 10.0, 20.0))
    found = load(write(tmp_path / "a.zarr", content, version), OMEZarr()).image
    assert (found.scale, found.translation) == ((1.0, 0.5, 0.25), (0.0, 10.0, 20.0))
    assert [axis.unit for axis in found.axes[1:]] == ["micrometer", "micrometer"]


def test_the_ome_xml_of_an_image_is_carried_over(tmp_path: Path) -> None:
    found = load(write(tmp_path / "a.zarr", image(ome_xml=OME_XML)), OMEZarr()).image
    assert found.ome_xml == OME_XML


def test_a_collection_is_carried_over_with_its_ome_xml(tmp_path: Path) -> None:
    content = CollectionContent(images={"0": image(name="first"), "1": image(name="second")}, ome_xml=OME_XML)
    found = load(write(tmp_path / "a.zarr", content), OMEZarr()).collection
    assert [(key, one.name) for key, one in found.images.items()] == [("0", "first"), ("1", "second")]
    assert found.ome_xml == OME_XML


def test_a_plate_is_carried_over_with_fields_and_labels(tmp_path: Path) -> None:
    sample = EightWells().load()
    found = load(write(tmp_path / "plate.zarr", sample), OMEZarr()).plate
    assert (found.rows, found.columns, found.name) == (sample.rows, sample.columns, sample.name)
    assert {well: list(fields) for well, fields in found.wells.items()} == {
        well: list(fields) for well, fields in sample.wells.items()
    }
    field, given = found.wells["A/2"]["1"], sample.wells["A/2"]["1"]
    assert np.array_equal(everything(field.pixels), everything(given.pixels))
    assert list(field.labels) == ["nuclei"]


def test_wells_fields_and_labels_that_are_missing_on_disk_are_left_out_with_a_notice(tmp_path: Path) -> None:
    path = write(tmp_path / "plate.zarr", EightWells().load())
    for gone in ("A/3", "A/1/1", "B/1/0/labels/nuclei"):
        shutil.rmtree(path / gone)
    imported = load(path, OMEZarr())
    assert "A/3" not in imported.plate.wells
    assert list(imported.plate.wells["A/1"]) == ["0"]
    assert imported.plate.wells["B/1"]["0"].labels == {}
    assert len([notice for notice in imported.notices if "which is not there" in notice]) == 3


def test_attributes_that_nobody_knows_are_carried_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", image())
    zarr.open_group(path, mode="r+").attrs["somebody"] = {"else": 1}
    imported = load(path, OMEZarr())
    assert imported.image.groups[""].foreign == {"somebody": {"else": 1}}
    assert not imported.notices


def test_a_label_image_opened_alone_is_an_image(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", image())
    assert load(path / "labels" / "nuclei", OMEZarr()).image.pixels.dtype == np.dtype("uint16")


@pytest.mark.parametrize("below", ["labels", "A/1"])
def test_what_is_no_image_plate_or_collection_names_what_is_below(below: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", image() if below == "labels" else EightWells().load())
    with pytest.raises(SourceError, match="give one of those below it"):
        load(path / below, OMEZarr())


def test_a_group_without_metadata_is_refused(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(SourceError, match="a zarr group without OME metadata"):
        load(tmp_path / "a.zarr", OMEZarr())


def test_a_missing_location_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(LocationNotFoundError):
        load(tmp_path / "a.zarr", OMEZarr())


def test_a_bare_array_is_read_as_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", image())
    assert letters(load(path / "0", OMEZarr(), axes="zyx").image) == "zyx"


def test_axes_of_the_user_take_the_place_of_those_of_an_image(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", image())
    named = load(path, OMEZarr()).image
    given = load(path, OMEZarr(), axes="t" + letters(named)[1:]).image
    assert letters(given) == "t" + letters(named)[1:]
    assert [axis.unit for axis in given.axes[1:]] == [axis.unit for axis in named.axes[1:]]
    assert list(given.labels) == list(named.labels)
    with pytest.raises(ArgumentError, match="names 2"):
        load(path, OMEZarr(), axes="yx")


def test_an_image_goes_through_conversion_unchanged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", image(), "0.4")
    node = omezarr.convert(path, tmp_path / "b.zarr", options=WriteOptions(format="0.6"))
    assert np.array_equal(node.levels[0].read(), everything(image().pixels))
    assert node.name == "cells"
    assert list(node.labels) == ["nuclei"]
