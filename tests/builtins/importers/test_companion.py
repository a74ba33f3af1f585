"""Companion OME-XML is a source, and files that another one describes lead to it."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.errors import ArgumentError, SourceError
from omezarr.location import Location
from omezarr_builtins.importers.tiff import Tiff
from tests.builtins.importers.importing import everything, letters, load

if TYPE_CHECKING:
    from pathlib import Path

PART = '<OME UUID="urn:uuid:{number}"><BinaryOnly MetadataFile="{main}" UUID="urn:uuid:main"/></OME>'

STACK = np.random.default_rng(1).integers(1, 999, (3, 20, 30)).astype("uint16")


def description(names: list[str], size_x: int = 30, head: str = '<OME UUID="urn:uuid:main">') -> str:
    planes = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{z}</UUID></TiffData>'
        for z, name in enumerate(names)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Image ID="Image:0" Name="stack"><Pixels ID="Pixels:0" '
        f'DimensionOrder="XYZCT" Type="uint16" SizeX="{size_x}" SizeY="20" SizeZ="{len(names)}" SizeC="1" SizeT="1" '
        f'PhysicalSizeX="0.2" PhysicalSizeY="0.2" PhysicalSizeZ="1.5"><Channel ID="Channel:0:0" Name="DAPI"/>{planes}'
        "</Pixels></Image></OME>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make three planes in a file each, described by a companion."""
    names = [f"z{number}.ome.tif" for number in range(3)]
    for number, name in enumerate(names):
        part = PART.format(number=number, main="all.companion.ome")
        tifffile.imwrite(tmp_path / name, STACK[number], description=part, metadata=None)
    (tmp_path / "all.companion.ome").write_text(description(names))
    return tmp_path


@pytest.mark.parametrize("name", ["all.companion.ome", "z0.ome.tif", "z2.ome.tif"])
def test_the_whole_image_is_imported_from_the_companion_and_from_each_part(name: str, folder: Path) -> None:
    image = load(folder / name).image
    assert (letters(image), image.name, image.scale) == ("zyx", "stack", (1.5, 0.2, 0.2))
    assert np.array_equal(everything(image.pixels), STACK)
    assert image.channels is not None
    assert image.channels[0].label == "DAPI"
    assert b"TiffData" not in (image.ome_xml or b"")


@pytest.mark.parametrize("main", ["metadata.xml", "metadata"])
def test_a_description_is_told_by_what_is_in_it(main: str, folder: Path) -> None:
    (folder / "all.companion.ome").rename(folder / main)
    part = PART.format(number=1, main=main)
    tifffile.imwrite(folder / "z1.ome.tif", STACK[1], description=part, metadata=None)
    assert np.array_equal(everything(load(folder / "z1.ome.tif").image.pixels), STACK)


def test_that_more_than_was_named_is_imported_is_said(folder: Path) -> None:
    assert load(folder / "all.companion.ome").notices == []
    assert any("'all.companion.ome' describes; all of it" in notice for notice in load(folder / "z1.ome.tif").notices)


@pytest.mark.parametrize("name", ["all.companion.ome", "all.ome", "all.ome.xml"])
def test_a_companion_is_claimed_and_converted(name: str, folder: Path) -> None:
    (folder / "all.companion.ome").rename(folder / name)
    node = omezarr.convert(folder / name, folder / "o.zarr")
    assert np.array_equal(node.levels[0].read(), STACK)


def test_an_image_of_the_second_file_alone_is_read_from_it(folder: Path) -> None:
    text = description(["z1.ome.tif"])
    first = (
        text.replace("z1.ome.tif", "z0.ome.tif")
        .replace("urn:uuid:0", "urn:uuid:1")
        .partition("<Image")[2]
        .partition("</OME>")[0]
    )
    (folder / "all.companion.ome").write_text(text.replace("<Image", f"<Image{first}<Image", 1))
    images = load(folder / "all.companion.ome").collection.images
    assert [int(everything(image.pixels)[0, 0]) for image in images.values()] == [STACK[0, 0, 0], STACK[1, 0, 0]]


def test_another_process_reads_the_same_image(folder: Path) -> None:
    source = load(folder / "all.companion.ome").image.pixels
    assert source.portable
    assert np.array_equal(everything(pickle.loads(pickle.dumps(source))), STACK)


def test_a_tiff_that_describes_the_others_is_followed_too(folder: Path) -> None:
    tifffile.imwrite(
        folder / "z0.ome.tif", STACK[0], description=description(["z0.ome.tif", "z1.ome.tif"]), metadata=None
    )
    part = PART.format(number=1, main="z0.ome.tif")
    tifffile.imwrite(folder / "z1.ome.tif", STACK[1], description=part, metadata=None)
    assert np.array_equal(everything(load(folder / "z1.ome.tif").image.pixels), STACK[:2])


class TestMissing:
    def test_a_description_that_is_not_there_is_named_and_the_cure_works(self, folder: Path) -> None:
        (folder / "all.companion.ome").unlink()
        with pytest.raises(SourceError, match=r"all\.companion\.ome; put that beside it.* ome=ignore") as caught:
            load(folder / "z1.ome.tif")
        cure = re.findall(r"--importer-option (\w+)=(\w+)", str(caught.value))
        assert np.array_equal(everything(load(folder / "z1.ome.tif", **dict(cure)).image.pixels), STACK[1])

    def test_a_file_that_describes_itself_elsewhere_in_a_circle_is_refused(self, folder: Path) -> None:
        for number, main in ((0, "z1.ome.tif"), (1, "z0.ome.tif")):
            part = PART.format(number=number, main=main)
            tifffile.imwrite(folder / f"z{number}.ome.tif", STACK[number], description=part, metadata=None)
        with pytest.raises(SourceError, match=r"which does not.*ome=ignore"):
            load(folder / "z0.ome.tif")

    @pytest.mark.parametrize("main", ["../all.companion.ome", "/etc/passwd", "C:/x.ome"])
    def test_a_description_in_another_folder_is_refused(self, main: str, folder: Path) -> None:
        part = PART.format(number=0, main=main)
        tifffile.imwrite(folder / "z0.ome.tif", STACK[0], description=part, metadata=None)
        with pytest.raises(SourceError, match="in another folder"):
            load(folder / "z0.ome.tif")

    def test_pixels_of_which_no_file_is_there_are_named(self, folder: Path) -> None:
        for path in folder.glob("z*.tif"):
            path.unlink()
        with pytest.raises(SourceError, match=r"z0\.ome\.tif, z1\.ome\.tif, z2\.ome\.tif; put them there"):
            load(folder / "all.companion.ome")

    def test_pixels_of_which_one_file_is_there_are_imported_with_a_notice(self, folder: Path) -> None:
        (folder / "z0.ome.tif").unlink()
        imported = load(folder / "all.companion.ome")
        assert np.array_equal(everything(imported.image.pixels)[1:], STACK[1:])
        assert any("lacks 1 of 3 planes" in notice for notice in imported.notices)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("<OME/>", "names no file with pixels"),
            ("<OME><Image>", "malformed"),
            ("<!DOCTYPE OME><OME/>", "DTD"),
            (description(["../z0.ome.tif"]), "in another folder"),
        ],
    )
    def test_what_leads_nowhere_is_refused(self, text: str, why: str, folder: Path) -> None:
        (folder / "all.companion.ome").write_text(text)
        with pytest.raises(SourceError, match=why):
            load(folder / "all.companion.ome")

    def test_a_name_of_a_companion_without_xml_in_it_is_read_as_what_it_is(self, folder: Path) -> None:
        (folder / "x.ome").write_bytes(b"no xml")
        with pytest.raises(SourceError, match="is no TIFF file"):
            load(folder / "x.ome")


def test_only_known_choices_are_taken(folder: Path) -> None:
    with pytest.raises(ArgumentError, match=r"give \"ignore\""):
        load(folder / "z0.ome.tif", ome="no")


class TestDisagreement:
    def write(self, folder: Path, xml: str, stack: Any = STACK) -> Path:
        path = folder / "w.ome.tif"
        tifffile.imwrite(path, stack, metadata=None, description=xml, photometric="minisblack")
        return path

    def xml(self, **sizes: int) -> str:
        text = description([])
        for name, size in {"SizeZ": 3, **sizes}.items():
            text = re.sub(f'{name}="[0-9]+"', f'{name}="{size}"', text)
        return text.replace("</Pixels>", "<TiffData/></Pixels>")

    @pytest.mark.parametrize("sizes", [{"SizeX": 31}, {"SizeY": 19}, {"SizeX": 20, "SizeY": 30}])
    def test_rows_and_columns_are_those_of_the_pixels_and_the_rest_is_used(
        self, sizes: dict[str, int], tmp_path: Path
    ) -> None:
        imported = load(self.write(tmp_path, self.xml(**sizes)))
        image = imported.image
        assert (letters(image), image.name, image.scale) == ("zyx", "stack", (1.5, 0.2, 0.2))
        assert np.array_equal(everything(image.pixels), STACK)
        assert image.channels is not None
        assert image.channels[0].label == "DAPI"
        for name, size in sizes.items():
            assert any(f"{name} {size} for" in notice for notice in imported.notices)

    @pytest.mark.parametrize("axes", [None, "zyx", "tyx"])
    def test_axes_of_the_user_keep_what_it_says(self, axes: str | None, tmp_path: Path) -> None:
        image = load(self.write(tmp_path, self.xml(SizeX=31)), **({"axes": axes} if axes else {})).image
        assert (letters(image), image.scale and image.scale[1:]) == (axes or "zyx", (0.2, 0.2))

    def test_planes_that_it_does_not_count_are_announced_and_the_cure_works(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, self.xml(SizeZ=2))
        imported = load(path)
        assert imported.image.pixels.shape == (2, 20, 30)
        assert any("2 planes, but there are 3" in n and "ome=ignore" in n for n in imported.notices)
        assert np.array_equal(everything(load(path, ome="ignore", axes="zyx").image.pixels), STACK)

    def test_samples_that_it_does_not_know_of_keep_its_sizes(self, tmp_path: Path) -> None:
        path = tmp_path / "rgb.ome.tif"
        pixels = np.moveaxis(STACK, 0, -1).astype("uint8")
        xml = self.xml(SizeZ=1, SizeC=3).replace("uint16", "uint8")
        tifffile.imwrite(path, pixels, metadata=None, description=xml, photometric="rgb")
        image = load(path).image
        assert (letters(image), image.scale) == ("cyx", (1.0, 0.2, 0.2))
        assert np.array_equal(everything(image.pixels), np.moveaxis(pixels, -1, 0))

    def test_channels_with_different_samples_keep_its_sizes(self, tmp_path: Path) -> None:
        xml = self.xml(SizeZ=1, SizeC=3).replace("<TiffData", '<Channel SamplesPerPixel="2"/><TiffData')
        image = load(self.write(tmp_path, xml), axes="cyx").image
        assert image.scale == (1.0, 0.2, 0.2)
        assert np.array_equal(everything(image.pixels), STACK)

    def test_more_channels_than_there_are_are_announced(self, tmp_path: Path) -> None:
        xml = self.xml(SizeZ=1, SizeC=3).replace("<TiffData", '<Channel Name="x"/>' * 3 + "<TiffData")
        imported = load(self.write(tmp_path, xml))
        assert imported.image.channels is None
        assert any("has 3 channels, but its OME-XML describes 4" in notice for notice in imported.notices)

    def test_fewer_channels_than_there_are_keep_their_names(self, tmp_path: Path) -> None:
        channels = load(self.write(tmp_path, self.xml(SizeZ=1, SizeC=3))).image.channels
        assert channels is not None
        assert [channel.label or None for channel in channels] == ["DAPI", None, None]

    def test_what_stands_before_a_fault_in_the_xml_is_used(self, tmp_path: Path) -> None:
        imported = load(self.write(tmp_path, self.xml().replace("</OME>", "<broken & </OME>")), axes="zyx")
        assert imported.image.scale == (1.5, 0.2, 0.2)
        assert imported.image.ome_xml is None
        assert any("malformed" in notice for notice in imported.notices)


def test_the_claim_of_a_companion_names_its_kind(folder: Path) -> None:
    claim = Tiff().claim(Location.parse(folder / "all.companion.ome"))
    assert claim is not None
    assert "OME-XML" in claim.reason
