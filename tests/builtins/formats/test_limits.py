"""What each version allows: axes, kinds of pixels, and what its arrays carry."""

from __future__ import annotations

import pytest

from omezarr.model import Axis, conventional_axes
from tests.builtins.formats.codec import FORMATS, VERSIONS

INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
TYPED = ("0.4", "0.5", "0.6")


@pytest.mark.parametrize("version", VERSIONS)
def test_five_conventional_axes_are_allowed_everywhere(version: str) -> None:
    assert FORMATS[version].check_axes(conventional_axes("tczyx")) is None


@pytest.mark.parametrize("version", ["0.3", *TYPED])
@pytest.mark.parametrize("names", ["yx", "zyx", "cyx", "tyx", "czyx", "tczyx"])
def test_fewer_axes_are_allowed_from_0_3_on(version: str, names: str) -> None:
    assert FORMATS[version].check_axes(conventional_axes(names)) is None


@pytest.mark.parametrize("version", ["0.1", "0.2"])
@pytest.mark.parametrize("names", ["yx", "cyx", "tzyx"])
def test_before_0_3_fewer_axes_are_refused_with_the_option_that_adds_them(version: str, names: str) -> None:
    reason = FORMATS[version].check_axes(conventional_axes(names))
    assert reason is not None
    assert "--expand-axes" in reason
    assert "0.3 or newer" in reason


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
@pytest.mark.parametrize("names", [["x", "y"], ["c", "t", "y", "x"], ["a", "y", "x"], ["z", "z", "y", "x"]])
def test_before_0_4_other_names_and_orders_are_refused_without_that_option(version: str, names: list[str]) -> None:
    reason = FORMATS[version].check_axes(conventional_axes(names))
    assert reason is not None
    assert "--expand-axes" not in reason
    assert ", ".join(names) in reason


@pytest.mark.parametrize("version", ["0.3", *TYPED])
@pytest.mark.parametrize("names", ["x", "atczyx"])
def test_one_axis_or_six_are_refused(version: str, names: str) -> None:
    reason = FORMATS[version].check_axes(conventional_axes(names))
    assert reason is not None
    assert "2 to 5 axes" in reason


SPACE = [Axis("y", "space"), Axis("x", "space")]


@pytest.mark.parametrize("version", TYPED)
@pytest.mark.parametrize(
    "axes",
    [
        SPACE,
        [Axis("q", "angle"), *SPACE],
        [Axis("q"), *SPACE],
        [Axis("q", None), *SPACE],
        [Axis("time", "time"), Axis("lambda", "wavelength"), Axis("depth", "space"), *SPACE],
        [Axis("x", "space"), Axis("y", "space"), Axis("z", "space")],
    ],
    ids=lambda axes: " ".join(axis.name for axis in axes),
)
def test_from_0_4_on_names_are_free_and_one_axis_may_be_of_any_type(version: str, axes: list[Axis]) -> None:
    assert FORMATS[version].check_axes(axes) is None


@pytest.mark.parametrize("version", TYPED)
@pytest.mark.parametrize(
    ("axes", "reason"),
    [
        ([Axis("c", "channel"), Axis("t", "time"), *SPACE], "in the order time, channel or custom, space"),
        ([*SPACE, Axis("c", "channel")], "in the order time, channel or custom, space"),
        ([Axis("t", "time"), Axis("u", "time"), *SPACE], "at most one axis of time"),
        ([Axis("c", "channel"), Axis("q", "angle"), *SPACE], "one channel or custom axis"),
        ([Axis("c", "channel"), Axis("x", "space")], "2 or 3 axes of the type space"),
        ([Axis("w", "space"), Axis("z", "space"), *SPACE], "2 or 3 axes of the type space"),
        ([Axis("x", "space"), Axis("x", "space")], "unique"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(axis.name for axis in value),
)
def test_from_0_4_on_types_come_in_numbers_and_an_order(version: str, axes: list[Axis], reason: str) -> None:
    found = FORMATS[version].check_axes(axes)
    assert found is not None
    assert reason in found


def test_axes_of_an_array_stand_for_space_in_0_6_alone() -> None:
    axes = [Axis("dim_0", "array"), Axis("dim_1", "array")]
    assert FORMATS["0.6"].check_axes(axes) is None
    assert FORMATS["0.5"].check_axes(axes) is not None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", [*INTEGERS, "bool", "float16", "float32", "float64", "complex64"])
def test_images_hold_numbers_and_booleans(version: str, dtype: str) -> None:
    assert FORMATS[version].check_dtype(dtype, label=False) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", ["object", "str", "datetime64[ns]", "float128", "void32"])
@pytest.mark.parametrize("label", [False, True])
def test_nothing_holds_anything_else(version: str, dtype: str, label: bool) -> None:
    reason = FORMATS[version].check_dtype(dtype, label=label)
    assert reason is not None
    assert dtype in reason


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_labels_hold_integers(version: str, dtype: str) -> None:
    assert FORMATS[version].check_dtype(dtype, label=True) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", ["bool", "float32", "complex64"])
def test_labels_hold_nothing_but_integers(version: str, dtype: str) -> None:
    reason = FORMATS[version].check_dtype(dtype, label=True)
    assert reason is not None
    assert dtype in reason


@pytest.mark.parametrize("version", VERSIONS)
def test_only_0_6_wants_one_dtype_in_all_levels(version: str) -> None:
    assert FORMATS[version].check_dtypes(["uint8", "uint8"]) is None
    assert FORMATS[version].check_dtypes([]) is None
    reason = FORMATS[version].check_dtypes(["uint16", "uint8"])
    assert (reason is not None and "uint16 and uint8" in reason) == (version == "0.6")


@pytest.mark.parametrize("version", VERSIONS)
def test_only_0_1_separates_chunk_keys_with_dots(version: str) -> None:
    assert FORMATS[version].separator == ("." if version == "0.1" else "/")


@pytest.mark.parametrize(
    ("version", "attributes", "names"),
    [
        ("0.1", {}, None),
        ("0.2", {}, None),
        ("0.3", {"_ARRAY_DIMENSIONS": ["y", "x"]}, None),
        ("0.4", {"_ARRAY_DIMENSIONS": ["y", "x"]}, None),
        ("0.5", {}, ("y", "x")),
        ("0.6", {}, ("y", "x")),
    ],
)
def test_arrays_name_their_dimensions_as_the_version_wants(
    version: str, attributes: dict[str, list[str]], names: tuple[str, ...] | None
) -> None:
    assert FORMATS[version].array_metadata(["y", "x"]) == (attributes, names)
