"""MRC files as mrcfile writes them become images with the same pixels, axes and pixel sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from omezarr.errors import ArgumentError, SourceError
from omezarr.testing.importers import ImporterSuite
from omezarr_builtins.importers.mrc import MRC
from tests.builtins.importers.importing import everything, letters, load

mrcfile = pytest.importorskip("mrcfile")

if TYPE_CHECKING:
    from pathlib import Path

VOLUME = np.arange(3 * 4 * 5, dtype="int16").reshape(3, 4, 5)


def written(path: Path, array: Any, size: Any = None, **header: Any) -> Path:
    with mrcfile.new(path) as file:
        file.set_data(array)
        if array.ndim == 3:
            file.set_volume()
        if size is not None:
            file.voxel_size = size
        for name, value in header.items():
            file.header[name] = value
    return path


class TestMRCSuite(ImporterSuite):
    @pytest.fixture
    def importer(self):
        return MRC()

    @pytest.fixture
    def file(self, tmp_path):
        return written(tmp_path / "volume.mrc", VOLUME, 1.35)

    @pytest.fixture
    def pixels(self):
        return VOLUME


def test_pixel_sizes_units_and_axes_are_those_of_the_file(tmp_path: Path) -> None:
    image = load(written(tmp_path / "cell.mrc", VOLUME, (1.1, 1.35, 2.5)), MRC()).image
    assert (letters(image), image.name, image.scale) == ("zyx", "cell", (2.5, 1.35, 1.1))
    assert [axis.unit for axis in image.axes] == ["angstrom"] * 3


def test_sizes_that_are_not_there_are_not_made_up(tmp_path: Path) -> None:
    image = load(written(tmp_path / "cell.mrc", VOLUME, 0), MRC()).image
    assert image.scale is None
    assert not any(axis.unit for axis in image.axes)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "c8", "u2", "f2"])
def test_every_mode_is_read_in_either_byte_order(dtype: str, order: str, tmp_path: Path) -> None:
    array = VOLUME.astype(f"{order}{dtype}")
    image = load(written(tmp_path / "cell.mrc", array, 2), MRC()).image
    assert image.pixels.dtype == array.dtype
    assert image.scale == (2, 2, 2)
    assert np.array_equal(everything(image.pixels), array)


def test_bytes_of_imod_are_unsigned_unless_it_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "cell.mrc", VOLUME.astype("i1") - 30)
    content = bytearray(path.read_bytes())
    content[152:160] = b"IMOD" + bytes(4)
    path.write_bytes(content)
    pixels = load(path, MRC()).image.pixels
    assert np.array_equal(everything(pixels), (VOLUME.astype("i1") - 30).view("u1"))
    content[156] = 1
    path.write_bytes(content)
    assert load(path, MRC()).image.pixels.dtype == np.dtype("i1")


def test_axes_in_another_order_are_brought_into_ours_with_their_sizes(tmp_path: Path) -> None:
    path = written(tmp_path / "cell.map", VOLUME, mapc=3, mapr=1, maps=2, mx=4, my=3, mz=5, cella=(4.0, 6.0, 15.0))
    image = load(path, MRC()).image
    assert (letters(image), image.scale) == ("zyx", (3, 2, 1))
    assert np.array_equal(everything(image.pixels), VOLUME.transpose(2, 0, 1))


def test_one_section_is_a_plane_and_several_volumes_are_times(tmp_path: Path) -> None:
    plane = load(written(tmp_path / "plane.mrc", VOLUME[0], 3), MRC()).image
    assert (letters(plane), plane.pixels.shape, plane.scale) == ("yx", (4, 5), (3, 3))
    volumes = np.arange(2 * 3 * 4 * 5, dtype="f4").reshape(2, 3, 4, 5)
    image = load(written(tmp_path / "volumes.mrc", volumes, 3), MRC()).image
    assert (letters(image), image.scale) == ("tzyx", (1, 3, 3, 3))
    assert np.array_equal(everything(image.pixels), volumes)


def test_sections_are_what_the_user_says(tmp_path: Path) -> None:
    image = load(written(tmp_path / "film.mrcs", VOLUME, 2), MRC(), axes="tyx").image
    assert (letters(image), image.scale) == ("tyx", (1, 2, 2))
    assert [axis.unit for axis in image.axes if axis.unit] == ["angstrom", "angstrom"]
    with pytest.raises(ArgumentError, match="axes"):
        load(tmp_path / "film.mrcs", MRC(), axes="yx")


def test_a_longer_header_is_stepped_over(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "cell.mrc") as file:
        file.set_data(VOLUME)
        file.set_extended_header(np.full(768, 7, "u1").view("V1"))
    assert np.array_equal(everything(load(tmp_path / "cell.mrc", MRC()).image.pixels), VOLUME)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"mode": 3}, "mode 3"),
        ({"nx": -5}, "-5 columns"),
        ({"nsymbt": -1}, "-1 bytes of a longer header"),
        ({"mapc": 2}, "calls its axes"),
        ({"nz": 30_000}, "truncated"),
        ({"map": b"PAM "}, "no MRC file"),
    ],
)
def test_a_header_that_misleads_is_refused_in_words(header: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = written(tmp_path / "cell.mrc", VOLUME)
    with mrcfile.mmap(path, "r+", permissive=True) as file:
        for name, value in header.items():
            file.header[name] = value
    with pytest.raises(SourceError, match=rf"cell\.mrc.*{said}"):
        load(path, MRC())
