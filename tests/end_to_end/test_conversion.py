"""A TIFF from a microscope becomes an image that says what the TIFF said, with the same pixels."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.cli import run

PIXELS = np.random.default_rng(11).integers(0, 5000, (2, 5, 150, 130)).astype("uint16")


@pytest.fixture
def ome_tiff(tmp_path: Path) -> Path:
    path = tmp_path / "cells.ome.tif"
    metadata = {
        "axes": "CZYX",
        "PhysicalSizeX": 0.2,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.2,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": 1.5,
        "PhysicalSizeZUnit": "µm",
        "Channel": {"Name": ["DAPI", "GFP"], "Color": [65535, 16711935]},
        "Name": "two cells",
    }
    tifffile.imwrite(path, PIXELS, metadata=metadata, photometric="minisblack", tile=(64, 64))
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_an_ome_tiff_keeps_its_pixels_sizes_channels_and_xml(
    tmp_path: Path, ome_tiff: Path, version: str, capsys: pytest.CaptureFixture
) -> None:
    target = tmp_path / "cells.ome.zarr"
    words = ["--format", version, "--chunks", "1,2,64,64", "--levels", "3"]
    assert run(["convert", str(ome_tiff), str(target), *words]) == 0
    capsys.readouterr()
    assert run(["info", str(target), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["version"] == version
    assert [(axis["name"], axis.get("unit")) for axis in found["axes"]] == [
        ("c", None),
        ("z", "micrometer"),
        ("y", "micrometer"),
        ("x", "micrometer"),
    ]
    assert found["levels"][0]["scale"] == [1.0, 1.5, 0.2, 0.2]
    assert found["levels"][0]["shape"] == [2, 5, 150, 130]
    assert len(found["levels"]) == 3
    assert [(channel["label"], channel["color"]) for channel in found["channels"]] == [
        ("DAPI", "0000FF"),
        ("GFP", "00FF00"),
    ]
    assert found["channels"][0]["window"]["max"] <= 5000
    np.testing.assert_array_equal(omezarr.open(target).levels[0].read(), tifffile.imread(ome_tiff))
    with tifffile.TiffFile(ome_tiff) as tiff:
        original = tiff.ome_metadata
    before, after = original.split("<TiffData")[0], original.split("</Pixels>")[1]
    stored = (target / "OME" / "METADATA.ome.xml").read_text()
    assert stored == f"{before}<MetadataOnly/></Pixels>{after}"


def test_what_the_user_says_wins_over_what_the_file_says(tmp_path: Path, ome_tiff: Path) -> None:
    target = tmp_path / "cells.ome.zarr"
    words = [
        "--scale",
        "z=2,x=0.5",
        "--unit",
        "nanometer",
        "--channel",
        "nuclei:112233",
        "--channel",
        "actin",
        "--name",
        "mine",
    ]
    assert run(["convert", str(ome_tiff), str(target), *words]) == 0
    node = omezarr.open(target)
    assert node.levels[0].scale == (1.0, 2.0, 0.2, 0.5)
    assert [axis.unit or None for axis in node.axes] == [None, "nanometer", "nanometer", "nanometer"]
    assert (node.channels[0].label, node.channels[0].color) == ("nuclei", "112233")
    assert node.name == "mine"


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(
    tmp_path: Path, ome_tiff: Path, capsys: pytest.CaptureFixture
) -> None:
    target = tmp_path / "cells.ome.zarr"
    assert run(["convert", str(ome_tiff), str(target), "--dry-run", "--json", "--chunks", "1,2,64,64"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert not target.exists()
    omezarr.convert(ome_tiff, target, options=omezarr.WriteOptions(chunks=(1, 2, 64, 64)))
    levels = omezarr.open(target).levels
    assert [tuple(array["shape"]) for array in planned["arrays"]] == [level.shape for level in levels]
    stored = [path for path in target.rglob("c/**/*") if path.is_file()]
    assert planned["objects"] == len(stored)


def test_an_image_is_converted_from_one_version_to_another(tmp_path: Path, ome_tiff: Path) -> None:
    first, second = tmp_path / "a.zarr", tmp_path / "b.zarr"
    assert run(["convert", str(ome_tiff), str(first), "--format", "0.4"]) == 0
    assert run(["convert", str(first), str(second), "--format", "0.6", "--codec", "gzip:level=1"]) == 0
    old, new = omezarr.open(first), omezarr.open(second)
    assert (old.version, new.version) == ("0.4", "0.6")
    np.testing.assert_array_equal(old.levels[0].read(), new.levels[0].read())
    assert old.levels[0].scale == new.levels[0].scale
    assert old.axes == new.axes
    assert [channel.label for channel in new.channels] == ["DAPI", "GFP"]
