"""Files with several images, pyramids, and images in several files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from omezarr.errors import ArgumentError, SourceError
from tests.builtins.importers.importing import everything, letters, load

if TYPE_CHECKING:
    from pathlib import Path


def filled(value: int, *shape: int) -> np.ndarray[Any, Any]:
    return np.full(shape, value, "uint16") + np.arange(shape[-1], dtype="uint16")


@pytest.fixture
def two_images(tmp_path: Path) -> Path:
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(
            filled(100, 2, 20, 30),
            photometric="minisblack",
            metadata={"axes": "CYX", "Name": "first", "Channel": {"Name": ["a", "b"]}, "PhysicalSizeX": 0.5},
        )
        writer.write(
            filled(200, 5, 40, 50),
            photometric="minisblack",
            compression="zlib",
            metadata={"axes": "ZYX", "Name": "second", "PhysicalSizeX": 0.25},
        )
    return path


class TestSeveralImages:
    def test_all_are_a_collection_in_the_order_of_the_ome_xml(self, two_images: Path) -> None:
        collection = load(two_images, series="all").collection
        assert list(collection.images) == ["0", "1"]
        first, second = collection.images.values()
        assert (first.name, letters(first), second.name, letters(second)) == ("first", "cyx", "second", "zyx")
        assert np.array_equal(everything(first.pixels), filled(100, 2, 20, 30))
        assert np.array_equal(everything(second.pixels), filled(200, 5, 40, 50))
        assert (first.scale, second.scale) == ((1.0, 1.0, 0.5), (1.0, 1.0, 0.25))
        assert [channel.label for channel in first.channels or ()] == ["a", "b"]
        assert collection.ome_xml is not None
        assert collection.ome_xml.count(b"<MetadataOnly/>") == 2

    def test_without_a_choice_all_are_imported(self, two_images: Path) -> None:
        assert len(load(two_images).collection.images) == 2

    @pytest.mark.parametrize("series", [1, "1"])
    def test_one_is_chosen_by_its_number(self, series: Any, two_images: Path) -> None:
        image = load(two_images, series=series).image
        assert (image.name, letters(image)) == ("second", "zyx")
        assert image.ome_xml is not None

    @pytest.mark.parametrize("series", [2, "2", -1, "last", True, 1.0])
    def test_a_choice_that_is_none_names_what_there_is(self, series: Any, two_images: Path) -> None:
        with pytest.raises(ArgumentError, match=r"two\.ome\.tif has no series .*0 \('first', cyx 2x20x30 uint16\); 1"):
            load(two_images, series=series)

    def test_all_of_a_single_image_is_a_collection_of_one(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, filled(1, 20, 30))
        assert list(load(path, series="all").collection.images) == ["0"]

    def test_axes_that_do_not_fit_all_images_name_the_one(self, two_images: Path) -> None:
        with pytest.raises(ArgumentError, match=r"two\.ome\.tif, series 0, has 3 dimensions"):
            load(two_images, axes="yx")

    def test_pages_of_different_sizes_are_images_of_their_own(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        with tifffile.TiffWriter(path) as writer:
            writer.write(filled(1, 20, 30), metadata=None)
            writer.write(filled(2, 11, 17), metadata=None)
        images = load(path).collection.images
        assert [image.pixels.shape for image in images.values()] == [(20, 30), (11, 17)]


@pytest.mark.parametrize("ome", [True, False])
def test_only_the_full_resolution_of_a_pyramid_is_imported(ome: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    full = filled(7, 64, 96)
    with tifffile.TiffWriter(path, ome=ome) as writer:
        options: dict[str, Any] = {"tile": (16, 16), "compression": "zlib", "photometric": "minisblack"}
        writer.write(full, subifds=2, metadata={"axes": "YX"}, **options)
        writer.write(full[::2, ::2], subfiletype=1, **options)
        writer.write(full[::4, ::4], subfiletype=1, **options)
    image = load(path).image
    assert np.array_equal(everything(image.pixels), full)


class TestSeveralFiles:
    @pytest.fixture
    def set_of_files(self, tmp_path: Path) -> Path:
        """Make two OME-TIFF files that share one image of two planes."""
        folder = tmp_path / "set"
        folder.mkdir()
        planes = [
            f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1">'
            f'<UUID FileName="z{z}.ome.tif">urn:uuid:{z}</UUID></TiffData>'
            for z in range(2)
        ]
        for number in range(2):
            xml = (
                f'<?xml version="1.0" encoding="UTF-8"?><OME UUID="urn:uuid:{number}"><Image ID="Image:0" Name="both">'
                '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" SizeZ="2" SizeC="1"'
                f' SizeT="1"><Channel ID="Channel:0"/>{"".join(planes)}</Pixels></Image></OME>'
            )
            tifffile.imwrite(folder / f"z{number}.ome.tif", filled(number, 20, 30), description=xml, metadata=None)
        return folder

    def test_an_image_in_several_files_is_read_from_all_of_them(self, set_of_files: Path) -> None:
        image = load(set_of_files / "z1.ome.tif").image
        assert letters(image) == "zyx"
        assert np.array_equal(everything(image.pixels), np.stack([filled(0, 20, 30), filled(1, 20, 30)]))
        assert b"TiffData" not in (image.ome_xml or b"")

    def test_the_identity_depends_on_every_file(self, set_of_files: Path) -> None:
        before = load(set_of_files / "z0.ome.tif").image.pixels.identity
        with (set_of_files / "z1.ome.tif").open("ab") as file:
            file.write(b"more")
        assert load(set_of_files / "z0.ome.tif").image.pixels.identity != before

    def test_planes_in_a_file_that_is_missing_are_zero_and_announced(self, set_of_files: Path) -> None:
        (set_of_files / "z1.ome.tif").unlink()
        imported = load(set_of_files / "z0.ome.tif")
        pixels = everything(imported.image.pixels)
        assert pixels[0].any()
        assert not pixels[1].any()
        assert any("lacks 1 of 2 planes" in notice for notice in imported.notices)
        assert any("z1.ome.tif" in notice for notice in imported.notices)

    def test_a_file_that_was_renamed_is_still_itself(self, set_of_files: Path) -> None:
        (set_of_files / "z0.ome.tif").rename(set_of_files / "renamed.ome.tif")
        image = load(set_of_files / "renamed.ome.tif").image
        assert everything(image.pixels)[0].any()

    @pytest.mark.parametrize("name", ["../secret.ome.tif", "/etc/secret.ome.tif", "C:/secret.ome.tif", "a/../../b.tif"])
    def test_pixels_in_another_folder_are_refused(self, name: str, set_of_files: Path) -> None:
        path = set_of_files / "z0.ome.tif"
        xml = tifffile.tiffcomment(path).replace("z1.ome.tif", name)
        shutil.copy(set_of_files / "z1.ome.tif", set_of_files.parent / "secret.ome.tif")
        tifffile.imwrite(path, filled(0, 20, 30), description=xml, metadata=None)
        with pytest.raises(SourceError, match="names pixels in another folder"):
            load(path)
