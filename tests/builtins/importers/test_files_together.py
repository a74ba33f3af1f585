"""Files of a folder become one image, a mosaic or a plate, by their names or by a table."""

from __future__ import annotations

import csv
import itertools
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, OMEZarrError, SourceError
from omezarr_builtins.importers.files import Files
from tests.builtins.importers.importing import everything, letters, load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SHAPE = (6, 8)


def save(path: Path, value: int, *, shape: tuple[int, ...] = SHAPE, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"axes": "ZCYX"[-len(shape) :], "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, **options}
    pixels = np.full(shape, value, "uint16")
    pixels.flat[0] = value + 1000
    tifffile.imwrite(path, pixels, metadata=metadata, ome=True, photometric="minisblack")


def filled(folder: Path, template: str, fields: dict[str, Iterable[Any]], **options: Any) -> Path:
    """Write a file for each combination; its pixels count the combinations."""
    for number, values in enumerate(itertools.product(*fields.values())):
        save(folder / template.format(**dict(zip(fields, values, strict=True))), number, **options)
    return folder


def corner(pixels: Any) -> Any:
    return everything(pixels)[..., 1, 1]


class TestImages:
    def test_fields_become_axes_in_the_order_of_ngff(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "z{z:02}_c{c}_t{t}.tif", {"z": range(3), "c": ["DAPI", "GFP"], "t": (9, 10)})
        imported = load(folder, Files(), pattern="z{z}_c{channel}_t{time}.tif")
        image = imported.image
        assert (letters(image), image.pixels.shape) == ("tczyx", (2, 2, 3, *SHAPE))
        assert np.array_equal(corner(image.pixels), np.arange(12).reshape(3, 2, 2).transpose(2, 1, 0))
        assert image.scale == (1.0, 1.0, 1.0, 0.25, 0.5)
        assert [axis.unit for axis in image.axes[3:]] == ["micrometer"] * 2
        assert [channel.label for channel in image.channels or ()] == ["DAPI", "GFP"]

    def test_axes_of_the_files_stand_beside_those_of_the_names(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "t{t}.tif", {"t": range(3)}, shape=(2, *SHAPE))
        image = load(folder, Files(), pattern="t{t}.tif").image
        assert (letters(image), image.pixels.shape) == ("tcyx", (3, 2, *SHAPE))

    def test_tiles_become_a_mosaic(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "y{y}x{x}.tif", {"y": (1, 2), "x": (1, 2, 3)})
        pixels = load(folder, Files(), pattern="y{tile_y}x{tile_x}.tif").image.pixels
        tiles = [[tifffile.imread(folder / f"y{y}x{x}.tif") for x in (1, 2, 3)] for y in (1, 2)]
        expected = np.block(tiles)
        assert np.array_equal(everything(pixels), expected)
        for region in ((slice(4, 8), slice(7, 17)), (slice(0, 1), slice(23, 24))):
            assert np.array_equal(pixels.read(region), expected[region])

    def test_more_files_than_stay_open_are_read_by_another_process_too(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "{t}.tif", {"t": range(150)})
        pixels = load(folder, Files(), pattern="{t}.tif").image.pixels
        assert pixels.portable
        again = pickle.loads(pickle.dumps(pixels))
        assert np.array_equal(corner(again), np.arange(150))
        assert again.identity == pixels.identity
        save(folder / "149.tif", 7)
        with pytest.raises(SourceError, match="changed while it was read"):
            pixels.check_unchanged()

    def test_fields_alone_are_a_collection(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "f{f}.tif", {"f": range(3)})
        images = load(folder, Files(), pattern="f{field}.tif").collection.images
        assert [int(corner(image.pixels)) for image in images.values()] == [0, 1, 2]


class TestPlates:
    @pytest.mark.parametrize(
        ("template", "pattern", "fields"),
        [
            ("{r}{c}_f{f}_c{w}.tif", "{row}{column}_f{field}_c{channel}.tif", {"r": "AB", "c": ("01", "02")}),
            ("{r}{c}/f{f}_c{w}.tif", "{well}/f{site}_c{c}.tif", {"r": "AB", "c": ("01", "02")}),
            ("r{r}c{c}f{f}p1-ch{w}sk1fk1fl1.tiff", "auto", {"r": ("01", "02"), "c": ("01", "02")}),
        ],
    )
    def test_wells_and_fields_are_where_names_say(
        self, template: str, pattern: str, fields: dict[str, Any], tmp_path: Path
    ) -> None:
        folder = filled(tmp_path / "raw", template, {**fields, "f": (1, 2), "w": (1, 2)})
        plate = load(folder, Files(), pattern=pattern).plate
        assert (plate.rows, plate.columns) == (("A", "B"), ("01", "02"))
        assert list(plate.wells) == ["A/01", "A/02", "B/01", "B/02"]
        values = [corner(image.pixels).ravel().tolist() for fields in plate.wells.values() for image in fields.values()]
        assert list(itertools.chain.from_iterable(values)) == list(range(16))

    def test_a_plate_is_written_from_the_command_line(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "{w}_f{f}.tif", {"w": ("A1", "C12"), "f": (1, 2)})
        target = tmp_path / "plate.ome.zarr"
        assert run(["convert", str(folder), str(target), "--pattern", "{well}_f{field}.tif"]) == 0
        plate = omezarr.open(target)
        assert plate.key == "plate"
        assert int(plate.children["C/12"].children["1"].levels[0].read()[1, 1]) == 3
        assert run(["validate", str(target)]) == 0

    def test_a_table_says_the_same_as_names(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "{w}_{a}_f{f}.tif", {"w": ("A1", "B2"), "a": (0, 1), "f": (1, 2)})
        with (tmp_path / "files.csv").open("w", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(["Path", "Well", "Acquisition", "Site", "remark"])
            for path in sorted(folder.iterdir()):
                writer.writerow([path.name, *path.stem.replace("_f", "_").split("_"), "x"])
        told = load(folder, Files(), table=str(tmp_path / "files.csv"))
        named = load(folder, Files(), pattern="{well}_{acquisition}_f{field}.tif").plate
        assert any("remark" in notice for notice in told.notices)
        assert [one.id for one in told.plate.acquisitions] == [0, 1]
        for well, fields in named.wells.items():
            assert [(corner(f.pixels), f.acquisition) for f in fields.values()] == [
                (corner(f.pixels), f.acquisition) for f in told.plate.wells[well].values()
            ]


class TestLabels:
    @pytest.fixture
    def raw(self, tmp_path: Path) -> Path:
        folder = filled(tmp_path / "raw", "{w}_c{c}.tif", {"w": ("A1", "B2"), "c": range(2)})
        return filled(folder, "mask_{w}.tif", {"w": ("A1", "B2")})

    @pytest.mark.parametrize(("given", "name"), [("nuclei=mask_{well}.tif", "nuclei"), ("mask_{well}.tif", "labels")])
    def test_files_of_their_own_become_labels_of_their_images(self, given: str, name: str, raw: Path) -> None:
        plate = load(raw, Files(), pattern="{well}_c{channel}.tif", labels=given).plate
        for number, well in enumerate(plate.wells.values()):
            label = well["0"].labels[name]
            assert label.pixels.shape == (1, *SHAPE)
            assert corner(label.pixels).tolist() == [number]

    def test_they_are_written(self, raw: Path, tmp_path: Path) -> None:
        words = ["--pattern", "{well}_c{channel}.tif", "--importer-option", "labels=nuclei=mask_{well}.tif"]
        assert run(["convert", str(raw), str(tmp_path / "p.ome.zarr"), *words]) == 0
        field = omezarr.open(tmp_path / "p.ome.zarr").children["B/2"].children["0"]
        assert int(field.labels["nuclei"].levels[0].read()[0, 1, 1]) == 1

    def test_images_without_labels_are_counted(self, raw: Path) -> None:
        (raw / "mask_B2.tif").unlink()
        imported = load(raw, Files(), pattern="{well}_c{channel}.tif", labels="mask_{well}.tif")
        assert not imported.plate.wells["B/2"]["0"].labels
        assert any("1 images have no labels" in notice for notice in imported.notices)

    def test_labels_without_an_image_are_refused(self, raw: Path) -> None:
        save(raw / "mask_C3.tif", 1)
        with pytest.raises(SourceError, match="have no image, for example those of C 3"):
            load(raw, Files(), pattern="{well}_c{channel}.tif", labels="mask_{well}.tif")


def test_fields_keep_their_places_on_the_stage(tmp_path: Path) -> None:
    folder = filled(tmp_path / "raw", "f{f}.tif", {"f": range(2)})
    for number in range(2):
        xml = tifffile.tiffcomment(folder / f"f{number}.tif")
        plane = f'<Plane TheZ="0" TheC="0" TheT="0" PositionX="{number * 4}" PositionXUnit="mm"/></Pixels>'
        described = xml.replace("</Pixels>", plane).encode()
        tifffile.imwrite(folder / f"f{number}.tif", np.zeros(SHAPE, "uint16"), description=described, metadata=None)
    images = load(folder, Files(), pattern="f{field}.tif").collection.images
    assert [image.translation for image in images.values()] == [None, (0.0, 4000.0)]


class TestRefused:
    @pytest.fixture
    def raw(self, tmp_path: Path) -> Path:
        return filled(tmp_path / "raw", "{w}_z{z}.tif", {"w": ("A1", "B2"), "z": range(3)})

    def test_gaps_are_named_and_the_cure_works(self, raw: Path) -> None:
        (raw / "B2_z1.tif").unlink()
        with pytest.raises(SourceError, match=r"1 files are missing in .*row B, column 2, z 1; .*--missing fill"):
            load(raw, Files(), pattern="{well}_z{z}.tif")
        imported = load(raw, Files(), pattern="{well}_z{z}.tif", missing="fill")
        assert corner(imported.plate.wells["B/2"]["0"].pixels).tolist() == [3, 0, 5]
        assert any("1 files are missing" in notice for notice in imported.notices)

    @pytest.mark.parametrize("shape", [(6, 9), (2, 6, 8)])
    def test_a_file_of_another_shape_is_named(self, shape: tuple[int, ...], raw: Path) -> None:
        save(raw / "B2_z2.tif", 1, shape=shape)
        with pytest.raises(SourceError, match=r"B2_z2\.tif is .* but .*B2_z0\.tif is yx \(6, 8\) uint16"):
            load(raw, Files(), pattern="{well}_z{z}.tif")

    def test_two_files_of_one_place_are_named(self, raw: Path) -> None:
        save(raw / "A1_z01.tif", 1)
        with pytest.raises(SourceError, match=r"A1_z.*\.tif and .*A1_z.*\.tif all belong to"):
            load(raw, Files(), pattern="{well}_z{any}{z:[0-9]}.tif")

    def test_a_broken_file_is_named(self, raw: Path) -> None:
        (raw / "A1_z1.tif").write_bytes(b"II*\0")
        with pytest.raises(SourceError, match=r"A1_z1\.tif"):
            load(raw, Files(), pattern="{well}_z{z}.tif")

    def test_an_axis_that_file_and_name_tell_is_refused(self, tmp_path: Path) -> None:
        folder = filled(tmp_path / "raw", "c{c}.tif", {"c": range(2)}, shape=(2, *SHAPE))
        with pytest.raises(SourceError, match="positions along c itself"):
            load(folder, Files(), pattern="c{c}.tif")

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({}, "either a pattern of names or a table"),
            ({"pattern": "a.tif"}, "has no field"),
            ({"pattern": "{well}_{zz}.tif"}, "no field 'zz'"),
            ({"pattern": "{z:(}.tif"}, "cannot be understood"),
            ({"pattern": "{t}.czi"}, "none of the 6 files"),
            ({"pattern": "auto"}, "no file in .* is named as one of operetta"),
            ({"pattern": "{row:[AB]}{any}_z{z}.tif"}, "a row needs a column"),
            ({"pattern": "{well}_z{z}.tif", "missing": "maybe"}, "no choice for missing files"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, options: dict[str, str], why: str, raw: Path) -> None:
        with pytest.raises(ArgumentError, match=why):
            load(raw, Files(), **options)

    @pytest.mark.parametrize("text", ["", "path,remark\na,b\n", "well,z\nA1,1\n", "path,z\nnone.tif,1\n", None])
    def test_a_table_that_says_nothing_is_refused(self, text: str | None, raw: Path) -> None:
        if text is not None:
            (raw / "t.csv").write_text(text)
        with pytest.raises(OMEZarrError, match=r"t\.csv"):
            load(raw, Files(), table=str(raw / "t.csv"))

    def test_files_that_do_not_match_are_counted(self, raw: Path) -> None:
        (raw / "notes.txt").write_text("x")
        notices = load(raw, Files(), pattern="{well}_z{z}.tif").notices
        assert any("1 files do not match the pattern and are left out, for example notes.txt" in n for n in notices)
