"""The model: frozen values, absent keys, JSON names, and where samples sit."""

from __future__ import annotations

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings
from hypothesis import strategies as st

from omezarr import model
from omezarr.model import (
    TRANSFORMATION_TYPES,
    UNSET,
    Acquisition,
    Axis,
    CoordinateSystem,
    Dataset,
    Identity,
    LabelColor,
    LevelGeometry,
    Multiscale,
    Scale,
    Sequence,
    SystemReference,
    Translation,
    composed_geometry,
    conventional_axes,
    deep_equal,
    derived_geometries,
    is_model,
    json_name,
    relative_scales,
)

MODELS = [value for value in vars(model).values() if is_model(value)]


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
def test_model_values_are_frozen_and_keep_unknown_keys(cls: type[attrs.AttrsInstance]) -> None:
    required = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    value = cls(**dict.fromkeys(required, "a"), extra={"x": 1})
    with pytest.raises(FrozenInstanceError):
        value.extra = {}  # type: ignore[attr-defined]
    assert attrs.evolve(value, extra={"x": 1}) == value
    assert attrs.evolve(value, extra={"x": 2}) != value


def test_an_absent_key_is_not_null() -> None:
    assert UNSET is not None
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    assert Axis("x", unit=None) != Axis("x")


@pytest.mark.parametrize(
    ("cls", "field", "name"),
    [
        (Axis, "long_name", "longName"),
        (Dataset, "coordinate_transformations", "coordinateTransformations"),
        (LabelColor, "label_value", "label-value"),
        (Acquisition, "maximum_field_count", "maximumfieldcount"),
        (Acquisition, "start_time", "starttime"),
    ],
)
def test_json_names_are_those_of_the_specification(cls: type[attrs.AttrsInstance], field: str, name: str) -> None:
    assert json_name(getattr(attrs.fields(cls), field)) == name


def test_transformations_are_found_by_what_documents_call_them() -> None:
    assert {name: cls.type for name, cls in TRANSFORMATION_TYPES.items()} == {
        name: name for name in TRANSFORMATION_TYPES
    }
    assert len(TRANSFORMATION_TYPES) == 12


def test_the_intrinsic_system_is_where_the_levels_lead() -> None:
    systems = (
        CoordinateSystem("world", conventional_axes("xy")),
        CoordinateSystem("physical", conventional_axes("yx")),
    )
    step = Scale(scale=(1.0, 1.0), output=SystemReference("physical"))
    multiscale = Multiscale(datasets=(Dataset("0", (step,)),), coordinate_systems=systems)
    assert [axis.name for axis in multiscale.axes] == ["y", "x"]


@pytest.mark.parametrize("output", [UNSET, SystemReference(), SystemReference("nowhere"), SystemReference(None)])
def test_without_a_lead_the_intrinsic_system_is_the_first(output: SystemReference) -> None:
    systems = (
        CoordinateSystem("world", conventional_axes("xy")),
        CoordinateSystem("physical", conventional_axes("yx")),
    )
    multiscale = Multiscale(datasets=(Dataset("0", (Identity(output=output),)),), coordinate_systems=systems)
    assert multiscale.intrinsic_system is systems[0]


def test_an_image_without_systems_has_no_axes() -> None:
    multiscale = Multiscale(datasets=(Dataset("0"),))
    assert multiscale.intrinsic_system is None
    assert multiscale.axes == ()


def test_names_without_a_convention_give_axes_without_type() -> None:
    assert conventional_axes(["t", "lambda"]) == (Axis("t", "time"), Axis("lambda"))


@pytest.mark.parametrize(
    ("left", "right"), [(True, 1), (False, 0), ([True], [1]), ({"a": 0}, {"a": False}), ([1], [1, 1]), (1, "1")]
)
def test_what_json_tells_apart_is_not_equal(left: object, right: object) -> None:
    assert not deep_equal(left, right)
    assert not deep_equal(right, left)


class TestComposedGeometry:
    def test_nothing_leaves_coordinates_as_they_are(self) -> None:
        assert composed_geometry([], 2) == LevelGeometry((1.0, 1.0), (0.0, 0.0))

    def test_a_later_scale_scales_an_earlier_translation(self) -> None:
        steps = (Translation(translation=(1.0,)), Scale(scale=(3.0,)))
        assert composed_geometry(steps, 1) == LevelGeometry((3.0,), (3.0,))
        assert composed_geometry(steps[::-1], 1) == LevelGeometry((3.0,), (1.0,))

    def test_sequences_count_as_their_parts(self) -> None:
        inner = Sequence(transformations=(Scale(scale=(2.0,)), Identity(), Translation(translation=(1.0,))))
        assert composed_geometry([Sequence(transformations=(inner,)), inner], 1) == LevelGeometry((4.0,), (3.0,))

    @pytest.mark.parametrize(
        "step",
        [
            Scale(scale=(1.0,)),
            Scale(path="factors"),
            Translation(translation=()),
            model.MapAxis(map_axis=(1, 0)),
            model.Affine(affine=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))),
            model.UnknownTransformation(kind="odd"),
        ],
        ids=lambda step: type(step).__name__,
    )
    def test_anything_else_has_no_such_geometry(self, step: model.Transformation) -> None:
        assert composed_geometry([step], 2) is None


class TestDerivedGeometries:
    def test_methods_that_centre_their_samples_shift_lower_levels(self) -> None:
        geometries = derived_geometries([(8, 9), (4, 9), (2, 9)], lambda factor: (factor - 1) / 2)
        assert [geometry.scale for geometry in geometries] == [(1, 1), (2, 1), (4, 1)]
        assert [geometry.translation for geometry in geometries] == [(0, 0), (0.5, 0), (1.5, 0)]

    def test_a_shift_is_made_of_those_of_all_steps(self) -> None:
        geometries = derived_geometries([(27, 100), (9, 67), (3, 67)], lambda factor: factor // 2)
        assert [geometry.translation for geometry in geometries] == [(0, 0), (1, 100 / 67 - 1), (4, 100 / 67 - 1)]

    def test_others_are_taken_as_they_come(self) -> None:
        assert derived_geometries([(8,), (4,)])[1] == LevelGeometry((2,), (0,))
        assert derived_geometries([(8, 8), (4,)], lambda _: 1.0)[1] == LevelGeometry((1,), (0,))


class TestRelativeScales:
    @pytest.mark.parametrize(
        ("shapes", "scales"),
        [
            ([], ()),
            ([(7, 7)], ((1, 1),)),
            ([(65, 65), (33, 32), (17, 16), (9, 8)], ((1, 1), (2, 2), (4, 4), (8, 8))),
            ([(8, 8), (2, 2)], ((1, 1), (4, 4))),
            ([(9, 1024), (3, 256)], ((1, 1), (4, 4))),
            ([(9, 100), (3, 50)], ((1, 1), (3, 2))),
            ([(3, 64), (1, 32)], ((1, 1), (2, 2))),
            ([(10, 64), (10, 32), (5, 16)], ((1, 1), (1, 2), (2, 4))),
            ([(100,), (67,)], ((1,), (100 / 67,))),
            ([(10,), (20,)], ((1,), (0.5,))),
            ([(0, 4), (0, 2)], ((1, 1), (1, 2))),
            ([(4, 4), (0, 2)], ((1, 1), (1, 2))),
            ([(4, 4), (2,)], ((1, 1), (1,))),
            ([(10**18, 4), (1, 2)], ((1, 1), (10**18, 2))),
        ],
    )
    def test_scales_are_what_the_sizes_tell(
        self, shapes: list[tuple[int, ...]], scales: tuple[tuple[float, ...], ...]
    ) -> None:
        assert relative_scales(shapes) == scales

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(
        st.integers(2, 5),
        st.lists(st.integers(5, 5000), min_size=1, max_size=3),
        st.booleans(),
    )
    def test_one_factor_for_all_axes_is_found_again_where_the_sizes_are_large(
        self, factor: int, sizes: list[int], rounds_up: bool
    ) -> None:
        above = tuple(size * factor + 1 for size in sizes)
        below = tuple(-(-size // factor) if rounds_up else size // factor for size in above)
        (found,) = relative_scales([above, below])[1:]
        assert all(scale == int(scale) for scale in found)
        for size, small, scale in zip(above, below, found, strict=True):
            assert small in (size // int(scale), -(-size // int(scale)))
        if min(below) > 2 * factor:
            assert found == (factor,) * len(sizes)
