"""OME-TIFF holds what the OME-Zarr does: pixels, pyramid, sizes, units, channels, the kept OME-XML, labels, plates."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.arrays import as_source
from omezarr.cli import run
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.model import ImageLabel, conventional_axes
from omezarr.model.content import CollectionContent, ImageContent
from omezarr_builtins.exporters._ome_xml import FileSeries, ome_xml
from omezarr_builtins.exporters._tiff_writing import needs_bigtiff, plane_regions
from omezarr_builtins.exporters.ome_tiff import OMETiff

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(3)
PIXELS = RANDOM.integers(0, 60000, (2, 3, 4, 90, 75)).astype("uint16")
METADATA: dict[str, Any] = {
    "axes": "TCZYX",
    "PhysicalSizeX": 0.2,
    "PhysicalSizeXUnit": "nm",
    "PhysicalSizeY": 0.25,
    "PhysicalSizeYUnit": "µm",
    "PhysicalSizeZ": 1.5,
    "PhysicalSizeZUnit": "Å",
    "TimeIncrement": 2.5,
    "TimeIncrementUnit": "min",
    "Channel": {"Name": ["DAPI", "<&µ>", "x"], "Color": [65535, 16711935, -16776961], "EmissionWavelength": [4, 5, 6]},
    "Name": 'two "cells" & µ',
    "Description": "kept <as> it is",
    "Plane": {"DeltaT": list(range(24))},
}


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original.ome.tif"
    tifffile.imwrite(path, PIXELS, metadata=METADATA, photometric="minisblack", tile=(32, 32))
    return path


def export(source: Path, target: Path, **options: Any) -> tifffile.TiffFile:
    assert omezarr.convert(source, target, exporter_options=options, overwrite=True) is None
    return tifffile.TiffFile(target)


def described(xml: str) -> dict[str, Any]:
    """Return what an OME-XML says that a round trip must keep."""
    image = tifffile.xml2dict(xml)["OME"]["Image"]
    pixels = image["Pixels"]
    names = [
        f"{word}{end}"
        for word in ("PhysicalSizeX", "PhysicalSizeY", "PhysicalSizeZ", "TimeIncrement")
        for end in ("", "Unit")
    ]
    found = {
        name: pixels.get(name) for name in [*names, "DimensionOrder", "Type", *(f"Size{axis}" for axis in "XYZCT")]
    }
    keys = ("Name", "Color", "EmissionWavelength")
    found["channels"] = [{key: channel.get(key) for key in keys} for channel in pixels["Channel"]]
    found["planes"] = len(pixels.get("Plane", ()))
    return found | {"name": image["Name"], "description": image.get("Description")}


@pytest.mark.parametrize("version", ["0.4", "0.6"])
def test_a_round_trip_keeps_everything(tmp_path: Path, original: Path, version: str) -> None:
    omezarr.convert(original, tmp_path / "a.ome.zarr", format=version, chunks=(1, 1, 2, 32, 32))
    with (
        export(tmp_path / "a.ome.zarr", tmp_path / "back.ome.tif", tile=32) as back,
        tifffile.TiffFile(original) as was,
    ):
        assert back.is_ome
        assert (back.series[0].axes, back.series[0].shape) == (was.series[0].axes, was.series[0].shape)
        np.testing.assert_array_equal(back.asarray(), PIXELS)
        assert back.pages[0].is_tiled
        assert back.pages[0].tile == (32, 32)
        assert described(back.ome_metadata) == described(was.ome_metadata)
    again = omezarr.convert(tmp_path / "back.ome.tif", tmp_path / "b.ome.zarr", format=version)
    first = omezarr.open(tmp_path / "a.ome.zarr")
    assert (again.axes, again.levels[0].scale, again.name) == (first.axes, first.levels[0].scale, first.name)
    assert [(c.label, c.color) for c in again.channels] == [(c.label, c.color) for c in first.channels]
    np.testing.assert_array_equal(again.levels[0].read(), PIXELS)


def test_ome_types_reads_it(tmp_path: Path, original: Path) -> None:
    ome_types = pytest.importorskip("ome_types", reason="ome-types is not installed")
    omezarr.convert(original, tmp_path / "a.ome.zarr")
    export(tmp_path / "a.ome.zarr", tmp_path / "back.ome.tif").close()
    before, after = (ome_types.from_tiff(path).images[0].pixels for path in (original, tmp_path / "back.ome.tif"))
    for name in ("physical_size_x_quantity", "physical_size_z_quantity", "time_increment", "type", "size_c"):
        assert getattr(before, name) == getattr(after, name)
    assert [(c.name, c.color) for c in before.channels] == [(c.name, c.color) for c in after.channels]


def test_without_kept_xml_what_the_image_says_is_written(tmp_path: Path) -> None:
    omezarr.write_image(
        tmp_path / "a.zarr",
        PIXELS[0, :, 0],
        axes="cyx",
        scale={"y": 0.5, "x": 0.25},
        units="micrometer",
        channels=[{"label": "a", "color": "FF8000"}, {"label": "b", "color": "0000FF"}, {"label": "c"}],
        name="plain",
    )
    with export(tmp_path / "a.zarr", tmp_path / "a.ome.tif") as tiff:
        found = described(tiff.ome_metadata)
        np.testing.assert_array_equal(tiff.asarray(), PIXELS[0, :, 0])
    assert (found["name"], found["PhysicalSizeX"], found["PhysicalSizeXUnit"], found["PhysicalSizeY"]) == (
        "plain",
        0.25,
        "µm",
        0.5,
    )
    assert [channel["Name"] for channel in found["channels"]] == ["a", "b", "c"]
    assert found["channels"][0]["Color"] == int("FF8000FF", 16) - 2**32
    assert (found["PhysicalSizeZ"], found["SizeC"], found["SizeZ"]) == (None, 3, 1)


@pytest.mark.parametrize("memory", [None, 200_000, 1])
def test_levels_are_half_of_those_before(tmp_path: Path, memory: int | None) -> None:
    pixels = RANDOM.integers(0, 250, (2, 3, 333, 257)).astype("uint8")
    omezarr.write_image(tmp_path / "a.zarr", pixels, axes="czyx", chunks=(1, 2, 64, 64), levels=1)
    means = omezarr.RunOptions(memory=memory, threads=2)
    omezarr.convert(tmp_path / "a.zarr", tmp_path / "a.ome.tif", exporter_options={"tile": 64}, run=means)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff:
        levels = tiff.series[0].levels
        assert [level.shape for level in levels] == [
            (2, 3, *sides) for sides in [(333, 257), (167, 129), (84, 65), (42, 33)]
        ]
        assert len(tiff.pages) == 6
        np.testing.assert_array_equal(levels[0].asarray(), pixels)
        means_of = pixels[..., :332, :256].reshape(2, 3, 166, 2, 128, 2).mean((3, 5))
        assert np.abs(levels[1].asarray()[..., :166, :128] - means_of).max() <= 0.5
        assert levels[3].keyframe.is_reduced
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ome.tif", "a.zarr"]


def test_deep_chunks_are_read_once_if_memory_allows() -> None:
    source = as_source(np.zeros((2, 8, 64, 64), "uint8"))
    source.chunks = (1, 4, 32, 32)
    from omezarr.abc import ExportRun

    together = {region[1].stop - region[1].start for region in plane_regions(source, 32, ExportRun())}
    apart = {region[1].stop - region[1].start for region in plane_regions(source, 32, ExportRun(memory=100))}
    assert (together, apart) == ({8}, {1})


def test_bigtiff_is_taken_where_it_is_needed() -> None:
    assert not needs_bigtiff([(3, 10_000, 10_000)], 2, 512)
    assert needs_bigtiff([(22, 10_000, 10_000)], 2, 512)
    assert needs_bigtiff([(5_000_000, 1, 1)], 1, 512)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint32", "float32", "float64", "complex64", ">u2"])
def test_every_type_of_ome_is_written(tmp_path: Path, dtype: str) -> None:
    pixels = RANDOM.integers(0, 2, (20, 33)).astype(dtype)
    np.save(tmp_path / "a.npy", pixels)
    with export(tmp_path / "a.npy", tmp_path / "a.ome.tif") as tiff:
        np.testing.assert_array_equal(tiff.asarray(), pixels)


@pytest.mark.parametrize("compression", ["deflate", "lzw", "zstd"])
def test_tiles_are_compressed(tmp_path: Path, compression: str) -> None:
    if compression != "deflate":
        pytest.importorskip("imagecodecs", reason="it has these codecs")
    np.save(tmp_path / "a.npy", np.zeros((500, 700), "uint16"))
    with export(tmp_path / "a.npy", tmp_path / "a.ome.tif", compression=compression) as tiff:
        assert tiff.asarray().sum() == 0
    assert (tmp_path / "a.ome.tif").stat().st_size < 50_000


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    cells = RANDOM.integers(0, 9, (1, 600, 300)).astype("uint32")
    omezarr.write_image(
        tmp_path / "cells.zarr", PIXELS[0, 0, :2].repeat(4, 2)[:, :300, :300].copy(), axes="zyx", name="cells"
    )
    image = omezarr.open(tmp_path / "cells.zarr")
    omezarr.write_labels(
        image.location,
        cells[:, : image.levels[0].shape[1], : image.levels[0].shape[2]],
        "nuclei",
        metadata=ImageLabel(),
    )
    return tmp_path / "cells.zarr"


def test_labels_are_a_series_or_a_file_of_their_own(tmp_path: Path, labelled: Path) -> None:
    label = omezarr.open(labelled).labels["nuclei"].levels[0].read()
    with export(labelled, tmp_path / "none.ome.tif") as tiff:
        assert len(tiff.series) == 1
    with export(labelled, tmp_path / "one.ome.tif", labels="series", tile=64) as tiff:
        assert [series.name for series in tiff.series] == ["cells", "nuclei"]
        np.testing.assert_array_equal(tiff.series[1].asarray(), label.squeeze())
        smaller = tiff.series[1].levels[1].asarray()
        np.testing.assert_array_equal(smaller, label.squeeze()[::2, ::2])
    with export(labelled, tmp_path / "two.ome.tif", labels="files") as tiff:
        assert len(tiff.series) == 1
    with tifffile.TiffFile(tmp_path / "two.nuclei.ome.tif") as tiff:
        np.testing.assert_array_equal(tiff.asarray(), label.squeeze())


@pytest.mark.filterwarnings("ignore:two.ome.tif, series:omezarr.errors.OMEZarrWarning")
def test_several_images_are_series_of_one_file(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.ome.tif") as tiff:
        tiff.write(PIXELS[0, 0], metadata={"axes": "ZYX", "Name": "first", "Description": "kept"})
        tiff.write(PIXELS[1, 1, 0], metadata={"axes": "YX", "Name": "second"})
    omezarr.convert(tmp_path / "two.ome.tif", tmp_path / "two.zarr")
    with export(tmp_path / "two.zarr", tmp_path / "back.ome.tif") as tiff:
        assert [(series.name, series.shape) for series in tiff.series] == [("first", (4, 90, 75)), ("second", (90, 75))]
        np.testing.assert_array_equal(tiff.series[1].asarray(), PIXELS[1, 1, 0])
        assert "kept" in tiff.ome_metadata
    one = omezarr.convert(tmp_path / "two.ome.tif", tmp_path / "one.zarr", importer_options={"series": "1"})
    assert one.name == "second"
    with export(tmp_path / "one.zarr", tmp_path / "one.ome.tif") as tiff:
        assert [series.name for series in tiff.series] == ["second"]
        assert "kept" not in tiff.ome_metadata


def test_a_region_has_no_description_of_planes_that_are_not_there(tmp_path: Path, original: Path) -> None:
    omezarr.convert(original, tmp_path / "a.zarr")
    part = {"c": (1, 3), "z": (2, 3), "y": (10, 50)}
    omezarr.convert(tmp_path / "a.zarr", tmp_path / "a.ome.tif", region=part)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff:
        found = described(tiff.ome_metadata)
        np.testing.assert_array_equal(tiff.asarray(), PIXELS[:, 1:3, 2, 10:50])
    assert (found["planes"], found["SizeC"], found["SizeY"]) == (0, 2, 40)
    assert [channel["Name"] for channel in found["channels"]] == ["<&µ>", "x"]


@pytest.mark.parametrize(
    "kept",
    [
        b'<!DOCTYPE OME [<!ENTITY a "aaaa">]><OME><Image Name="x"><Pixels/></Image></OME>',
        b"<OME><Image>",
        b"no xml",
        b"<html/>",
        b'<OME xmlns="urn:x"><Image ID="Image:0" Name="other"/></OME>',
    ],
)
def test_kept_documents_that_are_none_are_replaced(kept: bytes) -> None:
    image = ImageContent(pixels=as_source(PIXELS[0, 0]), axes=conventional_axes("zyx"))
    found = tifffile.xml2dict(ome_xml([FileSeries(image=image, name="cells")], kept).decode())
    assert found["OME"]["Image"]["Name"] == "cells"
    assert found["OME"]["Image"]["Pixels"]["TiffData"] == {"IFD": 0, "PlaneCount": 4}


def test_prefixes_and_unknown_parts_of_a_kept_document_stay() -> None:
    image = ImageContent(pixels=as_source(PIXELS[0, 0]), axes=conventional_axes("zyx"))
    kept = (
        b'<o:OME xmlns:o="http://www.openmicroscopy.org/Schemas/OME/2016-06"><!-- note -->'
        b'<o:Instrument ID="Instrument:0"/>'
        b'<o:Image ID="Image:7"><o:Pixels ID="Pixels:7" BigEndian="true" SizeZ="9"><o:MetadataOnly/><o:Plane TheZ="8"/>'
        b"</o:Pixels></o:Image></o:OME>"
    )
    text = ome_xml([FileSeries(image=image, name="cells")], kept).decode()
    assert "<!-- note -->" in text
    assert '<o:Instrument ID="Instrument:0"/>' in text
    assert '<o:Channel ID="Channel:7:0" SamplesPerPixel="1"/><o:TiffData IFD="0" PlaneCount="4"/></o:Pixels>' in text
    assert "BigEndian" not in text


def test_a_plate_becomes_a_folder_of_files_by_a_pattern(tmp_path: Path) -> None:
    assert run(["-q", "create", str(tmp_path / "plate.zarr"), "--sample", "plate"]) == 0
    plate = omezarr.open(tmp_path / "plate.zarr")
    assert run(["convert", str(tmp_path / "plate.zarr"), str(tmp_path / "out"), "--exporter", "ome-tiff"]) == 0
    fields = [(well, name) for well in plate.children for name in plate.children[well].children]
    names = {f"{well.replace('/', '')}_f{name}.ome.tif" for well, name in fields}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    well, name = fields[0]
    pixels = plate.children[well].children[name].levels[0].read()
    with tifffile.TiffFile(tmp_path / "out" / f"{well.replace('/', '')}_f{name}.ome.tif") as tiff:
        np.testing.assert_array_equal(tiff.asarray(), pixels.squeeze())
    options = {"pattern": "{row}/{column}-{field}.tiff"}
    omezarr.convert(tmp_path / "plate.zarr", tmp_path / "deep", exporter="ome-tiff", exporter_options=options)
    assert len(list((tmp_path / "deep").rglob("*.tiff"))) == len(fields)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{well}.tif", r"has \{well\}; it is made of \{row\}, \{column\}, \{field\}, \{acquisition\}"),
        ("../{row}{column}{field}.tif", "leads outside"),
        ("/{row}{column}{field}.tif", "leads outside"),
        ("{row}.tif", r"several fields of .* are .*\.tif; add"),
        ("{row", "is no pattern"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern: str, message: str, tmp_path: Path) -> None:
    assert run(["-q", "create", str(tmp_path / "plate.zarr"), "--sample", "plate"]) == 0
    arguments = {"exporter": "ome-tiff", "exporter_options": {"pattern": pattern}}
    with pytest.raises(ArgumentError, match=message):
        omezarr.convert(tmp_path / "plate.zarr", tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tile": 100}, "tile is 100; TIFF wants a multiple of 16"),
        ({"tile": "x"}, "tile is 'x'; it is a whole number"),
        ({"levels": 0}, "levels is 0; it is a whole number"),
        ({"compression": "jpg"}, "compression is 'jpg'; it can be none, deflate, lzw, zstd"),
        ({"labels": "yes"}, "labels is 'yes'; it can be none, series, files"),
        ({"pattern": "{row}"}, "pattern names the files of a plate, and the source is none"),
        ({"tiles": 64}, "has no option 'tiles'; did you mean 'tile'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS[0, 0, 0])
    with pytest.raises(ArgumentError, match=message):
        omezarr.convert(tmp_path / "a.npy", tmp_path / "a.ome.tif", exporter_options=options)
    assert not (tmp_path / "a.ome.tif").exists()


def test_what_ome_tiff_does_not_have_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((20, 33), "int64"))
    with pytest.raises(UnsupportedError, match=r"'a' is of int64, which OME-TIFF does not have; it has bool"):
        omezarr.convert(tmp_path / "a.npy", tmp_path / "a.ome.tif")
    strange = ImageContent(pixels=as_source(PIXELS[0, 0]), axes=conventional_axes("zyx")[1:] + conventional_axes("q"))
    with pytest.raises(UnsupportedError, match=r"has the axes y, x, q; an OME-TIFF has x, y and some of z, c, t"):
        OMETiff().check(strange, {})
    several = CollectionContent(images={"0": strange})
    with pytest.raises(ArgumentError, match="labels of several images can be series of their file only"):
        OMETiff().check(several, {"labels": "files"})


@pytest.mark.once
def test_memory_is_bounded(tmp_path: Path) -> None:
    pixels = np.zeros((2, 8192, 4096), "uint16")
    pixels[:, ::7] = 9
    omezarr.write_image(tmp_path / "big.zarr", pixels, axes="zyx", chunks=(1, 512, 512), levels=1)
    code = """
import resource, sys, omezarr
import numpy, zarr, tifffile
omezarr.open(sys.argv[1]).levels[0].read((slice(0, 1),) * 3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
omezarr.convert(sys.argv[1], sys.argv[2], run=omezarr.RunOptions(memory=16 * 1024**2, threads=2))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "big.zarr"), str(tmp_path / "big.ome.tif")]
    grown = int(subprocess.run(arguments, capture_output=True, text=True, check=True).stdout)
    assert grown < 100 * 1024  # KiB; the pixels are 128 MiB, and modules that are imported late count too
    assert (tifffile.imread(tmp_path / "big.ome.tif", key=1)[7] == 9).all()
