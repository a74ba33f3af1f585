"""What users write for axes, sizes and options."""

import pytest

from omezarr.errors import ArgumentError, MetadataError, UnsupportedError
from omezarr.model import Axis, Channel
from omezarr.writing.requests import by_axis, factors_between, merged_options, natural_order, parse_axes, parse_channels


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
