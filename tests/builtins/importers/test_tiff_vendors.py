"""Pixel sizes, time steps and channels that makers of microscopes write in their own way arrive."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from omezarr.model import UNSET
from tests.builtins.importers.importing import everything, load

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.model.content import ImageContent

FEI = "[Scan]\r\nPixelWidth=4e-09\r\nPixelHeight=5e-09\r\n"
SEM = "1\r\n0.5\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 3.5 nm\r\n"
SCANIMAGE = """SI.hRoiManager.imagingFovUm = [-16 -8;16 -8;16 8;-16 8]
SI.hRoiManager.scanFramePeriod = 0.25
SI.hStackManager.stackZStepSize = 2.5
SI.hScan2D.logAverageFactor = 2"""
METASERIES = (
    '<MetaData><PlaneInfo><prop id="spatial-calibration-state" type="bool" value="{state}"/>'
    '<prop id="spatial-calibration-x" type="float" value="0.65"/>'
    '<prop id="spatial-calibration-y" type="float" value="0.66"/>'
    '<prop id="spatial-calibration-units" type="string" value="{unit}"/></PlaneInfo></MetaData>'
)


def written(path: Path, *, shape: tuple[int, ...] = (32, 64), **options: Any) -> ImageContent:
    options = {"photometric": "minisblack", "metadata": None, **options}
    tifffile.imwrite(path, np.zeros(shape, "uint8"), **options)
    imported = load(path)
    assert not any("gives no pixel size" in notice for notice in imported.notices)
    return imported.image


def sizes(image: ImageContent) -> dict[str, tuple[float, Any]]:
    assert image.scale is not None
    return {axis.name: (step, axis.unit) for axis, step in zip(image.axes, image.scale, strict=True)}


def text_tag(code: int, text: str) -> tuple[Any, ...]:
    return (code, 1, len(text), text.encode(), True)


@pytest.mark.parametrize("words", ["|AppMag = 20|MPP = 0.4990", "|MPP = 0.4990|Left = 1", "|Filtered = 5|MPP=0.4990"])
def test_aperio_says_micrometers_per_pixel(words: str, tmp_path: Path) -> None:
    description = f"Aperio Image Library v11\r\n64x32 [0,0 64x32] (16x16) JPEG{words}"
    image = written(tmp_path / "a.svs", shape=(32, 64, 3), photometric="rgb", tile=(16, 16), description=description)
    assert sizes(image) == {"c": (1.0, UNSET), "y": (0.499, "micrometer"), "x": (0.499, "micrometer")}


def test_aperio_labels_and_thumbnails_have_no_size(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    description = "Aperio Image Library v11\r\n64x32 JPEG|MPP = 0.4990"
    with tifffile.TiffWriter(path) as writer:
        options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "description": description}
        writer.write(np.zeros((64, 64, 3), "uint8"), tile=(32, 32), **options)
        writer.write(np.zeros((16, 16, 3), "uint8"), **options)
    images = load(path).collection.images
    assert [image.scale for image in images.values()] == [(1.0, 0.499, 0.499), None]


@pytest.mark.parametrize("tag", ["software", "description"])
def test_scanimage_says_the_field_of_view_and_periods(tag: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"software": SCANIMAGE}
    if tag == "description":
        options = {"description": "\n".join(f"scanimage.{line}" for line in SCANIMAGE.splitlines())}
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((3, 32, 64), "uint8"), photometric="minisblack", metadata=None, **options)
    image = load(path, axes="tyx").image
    assert sizes(image) == {"t": (0.5, "second"), "y": (0.5, "micrometer"), "x": (0.5, "micrometer")}
    assert sizes(load(path, axes="zyx").image)["z"] == (2.5, "micrometer")


@pytest.mark.parametrize("code", [34680, 34682])
def test_fei_says_meters(code: int, tmp_path: Path) -> None:
    image = written(tmp_path / "a.tif", extratags=[text_tag(code, FEI)], resolution=(72, 72), resolutionunit=2)
    assert sizes(image) == {"y": (0.005, "micrometer"), "x": (0.004, "micrometer")}


def test_zeiss_electron_microscopes_say_it_in_words(tmp_path: Path) -> None:
    image = written(tmp_path / "a.tif", extratags=[text_tag(34118, SEM)])
    assert sizes(image)["x"] == (3.5, "nanometer")


def test_micro_manager_says_micrometers_with_each_plane(tmp_path: Path) -> None:
    image = written(tmp_path / "a.tif", extratags=[text_tag(51123, '{"PixelSizeUm": 0.65, "Width": 64}')])
    assert sizes(image) == {"y": (0.65, "micrometer"), "x": (0.65, "micrometer")}


def test_micro_manager_names_channels_and_steps_in_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tag = text_tag(51123, '{"Width": 64}')
    stack = np.zeros((4, 32, 64), "uint8")
    tifffile.imwrite(path, stack, photometric="minisblack", metadata=None, software=None, extratags=[tag])
    content = bytearray(path.read_bytes())
    first, count = (*struct.unpack_from("<I", content, 4), *struct.unpack_from("<H", content, 8))
    assert first == 8
    directory = content[8 : 8 + 2 + 12 * count + 4]
    struct.pack_into("<I", content, 4, len(content))  # moved to the end, for what begins at byte 8 is the summary
    content += directory
    summary = b'{"PixelSize_um":0.65,"z-step_um":-2,"Interval_ms":500,"ChNames":["GFP"],"ChColors":[-16711936]}'
    struct.pack_into("<6I", content, 8, 54773648, 0, 0, 0, 0, 0)
    struct.pack_into("<2I", content, 32, 2355492, len(summary))
    assert 40 + len(summary) <= 8 + len(directory)
    content[40 : 40 + len(summary)] = summary
    path.write_bytes(content)
    assert load(path, axes="tyx").image.scale == (500.0, 0.65, 0.65)
    image = load(path, axes="zyx").image
    assert sizes(image)["z"] == (2.0, "micrometer")
    assert image.channels is not None
    assert (image.channels[0].label, image.channels[0].color) == ("GFP", "00FF00")


def stk(path: Path, *, unit: str = "um") -> None:
    """Write a MetaMorph stack of three planes: what it says is in tables of its own, behind the pixels."""
    planes, rows, columns = 3, 32, 64
    tifffile.imwrite(
        path,
        np.zeros((rows, columns), "uint8"),
        photometric="minisblack",
        metadata=None,
        software=None,
        extratags=[(33628, 4, 8, (0,) * 8, True), (33629, 5, 3 * planes, (1, 2, 1, 1, 1, 1) * planes, True)],
    )
    with tifffile.TiffFile(path) as opened:
        page = opened.pages.first
        assert page.dataoffsets[0] + rows * columns == path.stat().st_size
        table, entries = page.tags[33628].valueoffset, [page.tags[code].offset for code in (33628, 33629)]
    content = bytearray(path.read_bytes()) + np.ones((planes - 1, rows, columns), "uint8").tobytes()
    end, words = len(content), unit.encode() + b"\0"
    struct.pack_into("<6I", content, table, 4, end, 5, end + 8, 6, end + 16)
    for entry in entries:
        struct.pack_into("<I", content, entry + 4, planes)
    content += struct.pack("<4I", 13, 20, 3, 4) + struct.pack("<I", len(words)) + words
    path.write_bytes(content)


def test_metamorph_says_a_calibration_with_its_unit(tmp_path: Path) -> None:
    stk(tmp_path / "a.stk")
    image = load(tmp_path / "a.stk").image
    assert sizes(image) == {"z": (0.5, "micrometer"), "y": (0.75, "micrometer"), "x": (0.65, "micrometer")}
    assert everything(image.pixels).mean(axis=(1, 2)).tolist() == [0, 1, 1]


def test_metamorph_without_a_calibration_says_pixels(tmp_path: Path) -> None:
    stk(tmp_path / "a.stk", unit="pixel")
    assert load(tmp_path / "a.stk").image.scale is None


def lsm_tag(*, scan: int = 0) -> tuple[Any, ...]:
    names = np.dtype(tifffile.TIFF.CZ_LSMINFO)
    record = np.zeros(1, names)
    record["MagicNumber"], record["StructureSize"] = 67127628, names.itemsize
    record["DimensionX"], record["DimensionY"], record["DimensionZ"] = 64, 32, 1
    record["DimensionChannels"], record["DimensionTime"], record["ScanType"] = 1, 1, scan
    record["VoxelSizeX"], record["VoxelSizeY"], record["VoxelSizeZ"] = 1.1e-7, 1.2e-7, 5e-7
    record["TimeIntervall"] = 2.5
    return (34412, 1, names.itemsize, record.tobytes(), True)


def test_lsm_says_meters(tmp_path: Path) -> None:
    path = tmp_path / "a.lsm"
    with tifffile.TiffWriter(path) as writer:
        options: dict[str, Any] = {"photometric": "minisblack", "metadata": None}
        writer.write(np.zeros((32, 64), "uint8"), extratags=[lsm_tag()], **options)
        writer.write(np.zeros((16, 32), "uint8"), subfiletype=1, **options)
    full, thumbnail = load(path).collection.images.values()
    assert (full.scale, thumbnail.scale) == ((0.12, 0.11), None)
    assert [axis.unit for axis in full.axes] == ["micrometer"] * 2


@pytest.mark.parametrize(("state", "unit", "known"), [("on", "um", True), ("off", "um", False), ("on", "pixel", False)])
def test_metaseries_says_whether_it_is_calibrated(state: str, unit: str, known: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    text = METASERIES.format(state=state, unit=unit)
    tifffile.imwrite(
        path,
        np.zeros((32, 64), "uint8"),
        photometric="minisblack",
        metadata=None,
        software="MetaSeries",
        description=text,
    )
    assert load(path).image.scale == ((0.66, 0.65) if known else None)


def test_pilatus_says_it_in_a_comment(tmp_path: Path) -> None:
    image = written(
        tmp_path / "a.tif", software="TVX TIFF v 1.3", description="# Pixel_size 172e-6 m x 172e-6 m\r\n# Tau = 0 s"
    )
    assert sizes(image)["x"] == (172.0, "micrometer")


@pytest.mark.parametrize(
    "options",
    [
        {"description": "Aperio |MPP = 0", "tile": (16, 16)},
        {"description": "Aperio |MPP = many", "tile": (16, 16)},
        {"software": "SI.hRoiManager.imagingFovUm = nonsense("},
        {"extratags": [text_tag(34680, "[Scan]\nPixelWidth=-1\n")]},
        {"extratags": [text_tag(34118, "AP_IMAGE_PIXEL_SIZE\nImage Pixel Size = many\n")]},
        {"extratags": [text_tag(51123, "[1, 2]")]},
        {"extratags": [(34412, 1, 4, b"none", True)]},
    ],
)
def test_what_cannot_be_understood_is_not_said(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((32, 64), "uint8"), photometric="minisblack", metadata=None, **options)
    imported = load(path)
    assert imported.image.pixels.shape == (32, 64)
    assert any("gives no pixel size" in notice for notice in imported.notices)
