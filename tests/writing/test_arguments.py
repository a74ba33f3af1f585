"""What users write for axes, sizes and options."""

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, MetadataError, UnsupportedError
from omezarr.model import Axis, Channel
from omezarr.model.plate import natural_order
from omezarr.writing.image_description import by_axis, parse_axes, parse_channels
from omezarr.writing.requests import factors_between, merged_options


@pytest.mark.parametrize("ndim", [1, 3, 4, 6])
def test_axes_are_not_guessed_where_they_are_ambiguous(ndim: int) -> None:
    with pytest.raises(ArgumentError, match="axes"):
        parse_axes(None, ndim)


def test_too_few_axes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="2, but the array has 3 dimensions"):
        parse_axes("yx", 3)


def test_an_axis_named_twice_is_refused() -> None:
    with pytest.raises(ArgumentError, match="twice"):
        parse_axes("xx", 2)


def test_a_unit_for_an_axis_that_is_not_there_is_refused() -> None:
    with pytest.raises(ArgumentError, match="units are given for z"):
        parse_axes("yx", 2, {"z": "micrometer"})


def test_one_unit_is_for_the_spatial_axes() -> None:
    assert [axis.unit or None for axis in parse_axes("tyx", 3, "nanometer")] == [None, "nanometer", "nanometer"]


def test_axis_values_are_taken_as_they_are() -> None:
    axes = (Axis("depth", "custom"), Axis("y", "space"), Axis("x", "space"))
    assert parse_axes(axes, 3) == axes


def test_one_number_is_for_the_spatial_axes() -> None:
    assert by_axis("scale", 0.5, parse_axes("cyx", 3), 1.0) == (1.0, 0.5, 0.5)


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), (1, 2), {"q": 1}, {"x": 0}])
def test_scales_that_no_image_can_have_are_refused(scale: object) -> None:
    with pytest.raises(ArgumentError):
        by_axis("scale", scale, parse_axes("cyx", 3), 1.0)


def test_a_translation_may_be_negative() -> None:
    assert by_axis("translation", {"x": -2.5}, parse_axes("yx", 2), 0.0) == (0.0, -2.5)


def test_channels_may_be_names_objects_or_values() -> None:
    channels = parse_channels(["DAPI", {"label": "GFP", "color": "00FF00"}, Channel(label="RFP")])
    assert [channel.label for channel in channels or ()] == ["DAPI", "GFP", "RFP"]


def test_a_malformed_channel_is_refused() -> None:
    with pytest.raises(MetadataError, match="window"):
        parse_channels([{"label": "GFP", "window": 5}])


def test_an_unknown_option_is_named_with_a_near_one() -> None:
    with pytest.raises(ArgumentError, match="'chunk'; did you mean 'chunks'"):
        merged_options(None, {"chunk": (1, 2)})


def test_factors_between_levels_are_found() -> None:
    assert factors_between((65, 65, 3), (33, 22, 3)) == (2, 3, 1)


def test_levels_that_are_no_integer_factor_apart_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="not an integer factor apart"):
        factors_between((10,), (7,))


def test_names_sort_as_people_do() -> None:
    assert sorted(["10", "2", "AA", "B", "A"], key=natural_order) == ["2", "10", "A", "B", "AA"]


def test_axes_may_be_objects_of_json() -> None:
    axes = parse_axes([{"name": "y", "type": "space"}, {"name": "x", "type": "space", "unit": "micrometer"}], 2)
    assert axes == (Axis("y", "space"), Axis("x", "space", "micrometer"))


@pytest.mark.parametrize("axes", [[1, 2], [None, "x"]])
def test_axes_that_are_none_are_refused_in_one_line(axes: list[object]) -> None:
    with pytest.raises(ArgumentError, match=r"is no Axis; give one of omezarr\.Axis, or its JSON form"):
        parse_axes(axes, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("unit", ["um", "\N{MICRO SIGN}m", "\N{GREEK SMALL LETTER MU}m", "microns", "micrometre"])
def test_symbols_of_units_become_their_names(unit: str) -> None:
    assert parse_axes("yx", 2, unit)[1].unit == "micrometer"
    assert parse_axes("tyx", 3, {"t": "sec"})[0].unit == "second"


@pytest.mark.parametrize("units", ["parrot", "second", {"t": "micrometer"}, {"x": 5}])
def test_units_of_something_else_are_refused(units: object) -> None:
    with pytest.raises(ArgumentError, match=r"is no unit of (length|time) that NGFF knows"):
        parse_axes("tyx", 3, units)  # type: ignore[arg-type]


def test_a_unit_that_is_so_many_of_another_rescales() -> None:
    pixels = np.zeros((8, 8), dtype="uint8")
    node = omezarr.write_image(
        "memory://points.zarr", pixels, scale=36, translation=(72, 0), units="pt", overwrite=True
    )
    assert [axis.unit for axis in node.axes] == ["inch", "inch"]
    assert node.levels[0].scale == pytest.approx((0.5, 0.5))
    assert node.levels[0].translation == pytest.approx((1.0, 0.0))


def test_a_lone_name_is_one_channel() -> None:
    assert [channel.label for channel in parse_channels("DAPI") or ()] == ["DAPI"]
    with pytest.raises(ArgumentError, match="1 channel is described, but the image has 2"):
        omezarr.write_image("memory://two.zarr", np.zeros((2, 8, 8), "uint8"), axes="cyx", channels="DAPI")


@pytest.mark.parametrize("color", ["#ff0000", "FF0000", "red", 16711680, "#f00"])
def test_colours_are_written_as_six_digits(color: object) -> None:
    assert [channel.color for channel in parse_channels([{"color": color}]) or ()] == ["FF0000"]


@pytest.mark.parametrize("color", ["parrot", "#ff00", -1, 1 << 24, True, [255, 0, 0]])
def test_what_is_no_colour_is_refused_with_examples(color: object) -> None:
    with pytest.raises(ArgumentError, match="is no colour of a channel; give six hexadecimal digits such as 'FF0000'"):
        parse_channels([{"color": color}])


def test_labels_of_channels_may_be_numbers() -> None:
    assert [channel.label for channel in parse_channels([405, {"label": 488}]) or ()] == ["405", "488"]


def test_an_unknown_key_of_a_channel_is_refused() -> None:
    with pytest.raises(ArgumentError, match="a channel has no 'colour'; did you mean 'color'"):
        parse_channels([{"colour": "FF0000"}])
