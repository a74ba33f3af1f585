"""What TIFF files say beside their pixels arrives: axes, pixel sizes with units, channels, names, OME-XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from omezarr.errors import ArgumentError
from omezarr.model import UNSET, Window
from tests.builtins.importers.importing import Imported, everything, letters, load

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.model.content import ImageContent

MICRO = "\N{MICRO SIGN}m"


def units(image: ImageContent) -> dict[str, Any]:
    return {axis.name: axis.unit for axis in image.axes if axis.unit is not UNSET}


def ramp(*shape: int, dtype: str = "uint16") -> np.ndarray[Any, Any]:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


class TestAxes:
    @pytest.mark.parametrize("axes", ["YX", "ZYX", "TYX", "CYX", "TZYX", "ZCYX", "TZCYX", "CTZYX", "ZTCYX"])
    def test_axes_are_brought_into_the_order_of_ngff_with_their_pixels(self, axes: str, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        stack = ramp(*(5, 6, 7, 8, 9)[-len(axes) :])
        tifffile.imwrite(path, stack, photometric="minisblack", metadata={"axes": axes})
        image = load(path).image
        order = sorted(range(len(axes)), key=lambda axis: "TCZYX".index(axes[axis]))
        assert letters(image) == "".join(axes[axis] for axis in order).lower()
        assert np.array_equal(everything(image.pixels), stack.transpose(order))

    def test_conventional_types_are_given_to_the_axes(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(5, 6, 7), photometric="minisblack", metadata={"axes": "TYX"})
        assert [axis.type for axis in load(path).image.axes] == ["time", "space", "space"]

    @pytest.mark.parametrize("options", [{}, {"metadata": None}, {"metadata": {"axes": "RYX"}}])
    def test_an_open_axis_is_refused_with_the_cure(self, options: dict[str, Any], tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(5, 6, 7), photometric="minisblack", **options)
        with pytest.raises(ArgumentError, match=r"a\.tif does not say what its dimension [qir] of .* --axes zyx"):
            load(path)

    def test_the_cure_keeps_what_the_file_does_say(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(2, 6, 7, 3, dtype="uint8"), photometric="rgb", metadata=None)
        with pytest.raises(ArgumentError, match="--axes zyxs"):
            load(path)

    def test_an_open_axis_of_length_1_is_dropped(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(1, 6, 7))
        image = load(path).image
        assert (letters(image), image.pixels.shape) == ("yx", (6, 7))

    def test_the_user_says_what_open_axes_mean(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        stack = ramp(5, 6, 7, 8)
        tifffile.imwrite(path, stack, photometric="minisblack")
        image = load(path, axes="ZCYX").image
        assert letters(image) == "czyx"
        assert np.array_equal(everything(image.pixels), np.moveaxis(stack, 1, 0))

    def test_a_letter_of_the_users_own_becomes_a_custom_axis_after_the_channels(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(5, 6, 7, 8), photometric="minisblack")
        image = load(path, axes="atyx").image
        assert letters(image) == "tayx"
        assert image.axes[1].type is UNSET

    @pytest.mark.parametrize(
        ("axes", "why"),
        [("yx", "has 3 dimensions"), ("zzx", "names 'z' twice"), ("z-x", "are no axes"), (3, "are no axes")],
    )
    def test_axes_that_do_not_fit_are_refused(self, axes: Any, why: str, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(5, 6, 7), photometric="minisblack")
        with pytest.raises(ArgumentError, match=why):
            load(path, axes=axes)

    def test_samples_become_channels_before_y_and_x(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        stack = ramp(5, 6, 7, 3, dtype="uint8")
        tifffile.imwrite(path, stack, photometric="rgb", metadata={"axes": "ZYXS"})
        image = load(path).image
        assert letters(image) == "czyx"
        assert np.array_equal(everything(image.pixels), np.moveaxis(stack, -1, 0))

    def test_channels_with_samples_become_one_axis_with_samples_fastest(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        stack = ramp(2, 5, 6, 7, 3, dtype="uint8")
        tifffile.imwrite(path, stack, photometric="rgb", metadata={"axes": "CZYXS"})
        image = load(path).image
        expected = np.moveaxis(stack, -1, 1).reshape(6, 5, 6, 7)
        assert letters(image) == "czyx"
        assert np.array_equal(everything(image.pixels), expected)
        assert [channel.label for channel in image.channels or ()] == ["Red", "Green", "Blue"] * 2


class TestOME:
    def test_pixel_sizes_time_step_and_units_are_carried_over(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        metadata = {
            "axes": "TZYX",
            "PhysicalSizeX": 0.1,
            "PhysicalSizeXUnit": MICRO,
            "PhysicalSizeY": 200,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 0.003,
            "PhysicalSizeZUnit": "mm",
            "TimeIncrement": 40,
            "TimeIncrementUnit": "ms",
        }
        tifffile.imwrite(path, ramp(2, 3, 4, 5), metadata=metadata)
        imported = load(path)
        assert imported.image.scale == (40.0, 0.003, 200.0, 0.1)
        assert units(imported.image) == {
            "t": "millisecond",
            "z": "millimeter",
            "y": "nanometer",
            "x": "micrometer",
        }
        assert imported.notices == []

    def test_a_size_without_a_unit_is_in_micrometers(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, ramp(4, 5), metadata={"axes": "YX", "PhysicalSizeX": 2, "PhysicalSizeY": 3})
        image = load(path).image
        assert (image.scale, units(image)) == ((3.0, 2.0), {"y": "micrometer", "x": "micrometer"})

    @pytest.mark.parametrize("unit", ["pixel", "reference frame"])
    def test_a_unit_that_means_pixels_is_none(self, unit: str, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        metadata = {"axes": "YX", "PhysicalSizeX": 2, "PhysicalSizeY": 2}
        metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
        tifffile.imwrite(path, ramp(4, 5), metadata=metadata)
        image = load(path).image
        assert (image.scale, units(image)) == ((2.0, 2.0), {})

    def test_without_pixel_size_there_is_no_scale_no_unit_and_one_notice(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, ramp(3, 4, 5), photometric="minisblack", metadata={"axes": "ZYX"})
        imported = load(path)
        assert (imported.image.scale, units(imported.image)) == (None, {})
        assert imported.notices == ["a.ome.tif gives no pixel size; it is taken as 1 without unit"]

    def test_a_size_that_is_missing_along_one_axis_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        metadata = {"axes": "ZYX", "PhysicalSizeX": 2, "PhysicalSizeY": 2}
        tifffile.imwrite(path, ramp(5, 4, 5), metadata=metadata)
        imported = load(path)
        assert imported.image.scale == (1.0, 2.0, 2.0)
        assert imported.notices == ["a.ome.tif gives no pixel size along z; it is taken as 1 without unit"]

    def test_channel_names_and_colours_are_carried_over(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        channel = {"Name": ["DAPI", "GFP"], "Color": [65535, -16776961]}
        metadata = {"axes": "CYX", "Channel": channel, "PhysicalSizeX": 1, "PhysicalSizeY": 1}
        tifffile.imwrite(path, ramp(2, 4, 5), metadata=metadata)
        channels = load(path).image.channels or ()
        assert [(channel.label, channel.color) for channel in channels] == [("DAPI", "0000FF"), ("GFP", "FF0000")]

    def test_a_single_channel_keeps_its_name_without_a_channel_axis(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, ramp(4, 5), metadata={"axes": "YX", "Channel": {"Name": ["DAPI"]}})
        image = load(path).image
        assert letters(image) == "yx"
        assert [channel.label for channel in image.channels or ()] == ["DAPI"]

    def test_white_for_all_channels_is_what_nobody_chose(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, ramp(2, 4, 5), metadata={"axes": "CYX", "Channel": {"Name": ["a", "b"]}})
        xml = tifffile.tiffcomment(path).replace("<Channel ", '<Channel Color="-1" ')
        tifffile.imwrite(path, ramp(2, 4, 5), description=xml, metadata=None)
        channels = load(path).image.channels or ()
        assert [(channel.label, channel.color) for channel in channels] == [("a", UNSET), ("b", UNSET)]

    def with_times(self, path: Path, times: list[float], *, unit: str = "s", more: str = "") -> Imported:
        planes = "".join(
            f'<Plane TheZ="0" TheC="{c}" TheT="{t}" DeltaT="{time + c}" DeltaTUnit="{unit}"/>'
            for t, time in enumerate(times)
            for c in range(2)
        )
        stack = ramp(len(times), 2, 4, 5)
        tifffile.imwrite(path, stack, metadata={"axes": "TCYX", "PhysicalSizeX": 2, "PhysicalSizeY": 3})
        xml = tifffile.tiffcomment(path).replace("</Pixels>", f"{planes}</Pixels>").replace("SizeT=", f"{more} SizeT=")
        tifffile.imwrite(path, stack, description=xml, metadata=None)
        return load(path)

    @pytest.mark.parametrize(("unit", "name"), [("s", "second"), ("ms", "millisecond"), ("min", "minute")])
    def test_times_of_planes_give_the_time_step(self, unit: str, name: str, tmp_path: Path) -> None:
        imported = self.with_times(tmp_path / "a.ome.tif", [3.0, 15.5, 28.0, 40.5], unit=unit)
        assert imported.image.scale == (12.5, 1.0, 3.0, 2.0)
        assert units(imported.image)["t"] == name
        assert imported.notices == []

    def test_a_time_increment_counts_more_than_times_of_planes(self, tmp_path: Path) -> None:
        imported = self.with_times(tmp_path / "a.ome.tif", [0.0, 12.5], more='TimeIncrement="12"')
        assert imported.image.scale == (12.0, 1.0, 3.0, 2.0)

    def test_uneven_times_give_their_mean_and_a_notice(self, tmp_path: Path) -> None:
        imported = self.with_times(tmp_path / "a.ome.tif", [0.0, 1.0, 4.0])
        assert imported.image.scale == (2.0, 1.0, 3.0, 2.0)
        assert any("between 1 and 3 seconds apart; the mean of 2" in notice for notice in imported.notices)

    @pytest.mark.parametrize("times", [[5.0, 5.0], [5.0, 4.0, 6.0], [0.0, float("inf")]])
    def test_times_that_do_not_grow_are_no_time_step(self, times: list[float], tmp_path: Path) -> None:
        imported = self.with_times(tmp_path / "a.ome.tif", times)
        assert "t" not in units(imported.image)

    def with_position(self, path: Path, plane: str) -> ImageContent:
        metadata = {"axes": "ZYX", "PhysicalSizeX": 2, "PhysicalSizeY": 3, "PhysicalSizeZ": 4}
        tifffile.imwrite(path, ramp(2, 4, 5), metadata=metadata)
        xml = tifffile.tiffcomment(path).replace("</Pixels>", f'<Plane TheZ="0" TheC="0" TheT="0" {plane}/></Pixels>')
        tifffile.imwrite(path, ramp(2, 4, 5), description=xml.encode(), metadata=None)
        return load(path).image

    def test_the_place_on_the_stage_is_carried_over_in_the_unit_of_the_pixels(self, tmp_path: Path) -> None:
        plane = f'PositionX="-1.5" PositionXUnit="mm" PositionY="7" PositionYUnit="{MICRO}" PositionZ="0"'
        assert self.with_position(tmp_path / "a.ome.tif", plane).translation == (0.0, 7.0, -1500.0)

    @pytest.mark.parametrize("plane", ['PositionX="5"', 'PositionX="5" PositionXUnit="reference frame"', ""])
    def test_places_without_a_unit_are_nowhere(self, plane: str, tmp_path: Path) -> None:
        assert self.with_position(tmp_path / "a.ome.tif", plane).translation is None

    def test_the_name_of_the_image_is_carried_over(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, ramp(4, 5), metadata={"axes": "YX", "Name": "Embryo 7"})
        assert load(path).image.name == "Embryo 7"

    def test_colours_of_a_colour_image_are_named(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, ramp(40, 50, 3, dtype="uint8"), photometric="rgb", metadata={"axes": "YXS"})
        channels = load(path).image.channels or ()
        expected = [("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF")]
        assert [(channel.label, channel.color) for channel in channels] == expected

    def test_the_ome_xml_is_kept_byte_for_byte_but_for_references_to_pixels(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ome.tif"
        metadata = {"axes": "ZYX", "Name": "B\N{LATIN SMALL LETTER A WITH DIAERESIS}r", "PhysicalSizeXUnit": MICRO}
        tifffile.imwrite(path, ramp(5, 4, 5), metadata=metadata)
        xml = tifffile.tiffcomment(path).encode()
        kept = load(path).image.ome_xml
        assert b"<TiffData" in xml
        assert kept == re.sub(rb"<TiffData[^>]*/>", b"<MetadataOnly/>", xml)


class TestImageJ:
    def test_pixel_sizes_come_from_resolution_and_spacing_in_the_unit_of_the_description(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        metadata = {"axes": "TZYX", "unit": "um", "spacing": 0.5, "finterval": 2.5}
        tifffile.imwrite(path, ramp(2, 3, 4, 5), imagej=True, resolution=(10, 5), metadata=metadata)
        image = load(path).image
        assert image.scale == pytest.approx((2.5, 0.5, 0.2, 0.1))
        assert units(image) == {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}

    @pytest.mark.parametrize(
        ("unit", "expected"),
        [
            ("micron", "micrometer"),
            ("um", "micrometer"),
            ("\\u00B5m", "micrometer"),
            ("nm", "nanometer"),
            ("mm", "millimeter"),
            ("cm", "centimeter"),
            ("inch", "inch"),
            ("meters", "meter"),
        ],
    )
    def test_units_of_imagej_are_understood(self, unit: str, expected: str, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), imagej=True, resolution=(4, 4), metadata={"unit": unit})
        image = load(path).image
        assert image.scale == (0.25, 0.25)
        assert set(units(image).values()) == {expected}

    def test_pixels_as_the_unit_are_no_pixel_size(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), imagej=True, resolution=(1, 1), metadata={"unit": "pixel"})
        imported = load(path)
        assert imported.image.scale is None
        assert len(imported.notices) == 1

    def test_without_calibration_there_is_no_pixel_size(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(3, 4, 5), imagej=True, metadata={"axes": "ZYX"})
        imported = load(path)
        assert imported.image.scale is None
        assert len(imported.notices) == 1

    def test_labels_and_lookup_tables_become_names_and_colours(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        values = np.arange(256, dtype="uint8")
        tables = [np.stack([values, 0 * values, values]), np.stack([0 * values, values, 0 * values])]
        metadata = {"axes": "CYX", "mode": "composite", "Labels": ["membrane", "nucleus"], "LUTs": tables}
        tifffile.imwrite(path, ramp(2, 4, 5), imagej=True, metadata=metadata)
        channels = load(path).image.channels or ()
        expected = [("membrane", "FF00FF"), ("nucleus", "00FF00")]
        assert [(channel.label, channel.color) for channel in channels] == expected

    def test_display_ranges_become_windows(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        metadata = {"axes": "CYX", "mode": "composite", "Ranges": (10.0, 500.0, 2.5, 900.0)}
        tifffile.imwrite(path, ramp(2, 4, 5), imagej=True, metadata=metadata)
        channels = load(path).image.channels or ()
        assert [channel.window for channel in channels] == [Window(start=10, end=500), Window(start=2.5, end=900)]

    def test_the_range_of_a_single_channel_is_in_the_description(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), imagej=True, metadata={"min": 100.0, "max": 300.0})
        (channel,) = load(path).image.channels or ()
        assert channel.window == Window(start=100, end=300)

    @pytest.mark.parametrize("ranges", [(5.0, 5.0), (9.0, 1.0), (float("nan"), 1.0), (1.0, 2.0, 3.0, 4.0)])
    def test_ranges_that_are_none_are_measured_instead(self, ranges: tuple[float, ...], tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), imagej=True, metadata={"Ranges": ranges})
        assert load(path).image.channels is None

    def test_labels_of_planes_are_no_names_of_channels(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        metadata = {"axes": "ZCYX", "Labels": ["1", "2", "3", "4", "5", "6"]}
        tifffile.imwrite(path, ramp(3, 2, 4, 5), imagej=True, metadata=metadata)
        assert load(path).image.channels is None


class TestPlain:
    @pytest.mark.parametrize(("unit", "expected"), [("INCH", 25.4), ("CENTIMETER", 10.0)])
    def test_resolution_tags_give_the_pixel_size_in_micrometers(
        self, unit: str, expected: float, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), resolution=(1000, 500), resolutionunit=unit)
        image = load(path).image
        assert image.scale == pytest.approx((2 * expected, expected))
        assert units(image) == {"y": "micrometer", "x": "micrometer"}

    @pytest.mark.parametrize(
        ("resolution", "unit"),
        [((72, 72), "INCH"), ((96, 96), "INCH"), ((28.346, 28.346), "CENTIMETER"), ((1, 1), "INCH"), ((5, 5), "NONE")],
    )
    def test_resolutions_that_programs_write_by_default_are_no_pixel_size(
        self, resolution: tuple[float, float], unit: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), resolution=resolution, resolutionunit=unit)
        imported = load(path)
        assert imported.image.scale is None
        assert len(imported.notices) == 1

    def test_the_file_gives_its_name_to_the_image(self, tmp_path: Path) -> None:
        path = tmp_path / "My cells.ome.tiff"
        tifffile.imwrite(path, ramp(4, 5), ome=False, metadata=None)
        image = load(path).image
        assert (image.name, image.ome_xml, image.channels) == ("My cells", None, None)

    def test_a_palette_is_announced_and_its_indices_imported(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        indices = ramp(4, 5, dtype="uint8")
        tifffile.imwrite(path, indices, photometric="palette", colormap=np.zeros((3, 256), "uint16"))
        imported = load(path)
        assert np.array_equal(everything(imported.image.pixels), indices)
        assert any("palette" in notice for notice in imported.notices)

    def test_inverted_greys_are_announced_and_imported_as_stored(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), photometric="miniswhite")
        imported = load(path)
        assert np.array_equal(everything(imported.image.pixels), ramp(4, 5))
        assert any("white as 0" in notice for notice in imported.notices)

    def test_an_orientation_that_viewers_would_apply_is_announced(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5), extratags=[(274, 3, 1, 3, True)])
        assert any("orientation 3" in notice for notice in load(path).notices)

    def test_transparency_is_a_channel_that_is_not_shown(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5, 4, dtype="uint8"), photometric="rgb", extrasamples=["unassalpha"])
        channels = load(path).image.channels or ()
        assert [(channel.label, channel.active) for channel in channels][-1] == ("Alpha", False)

    def test_an_unknown_option_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, ramp(4, 5))
        with pytest.raises(ArgumentError, match=r"no option 'serie'; did you mean 'series'\?"):
            load(path, serie=1)
