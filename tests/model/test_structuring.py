"""The base converter: JSON to model values and back, errors that say where, notices for what is tolerated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omezarr.errors import MetadataError
from omezarr.model import (
    UNSET,
    Acquisition,
    Affine,
    Axis,
    ByDimension,
    Channel,
    Dataset,
    DimensionItem,
    Identity,
    ImageLabel,
    LabelColor,
    MapAxis,
    Omero,
    Plate,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
    UnknownTransformation,
    WellReference,
    Window,
)
from omezarr.model.structuring import (
    at,
    base_converter,
    expect_list,
    expect_object,
    forgiving_structure_hook,
    kind_of,
    model_structure_hook,
    model_unstructure_hook,
    structure,
    tolerances,
    tolerate,
)

CONVERTER = base_converter()


def refusal(value: object, cls: type[Any]) -> str:
    with pytest.raises(MetadataError) as caught:
        structure(CONVERTER, value, cls)
    return str(caught.value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"name": "x"}, Axis("x")),
        ({"name": "x", "unit": None}, Axis("x", unit=None)),
        ({"name": "x", "longName": "width", "k": [1]}, Axis("x", long_name="width", extra={"k": [1]})),
        ({"path": "0", "coordinateTransformations": []}, Dataset("0", ())),
        ({"label-value": 2**64 - 1, "rgba": [1, 2]}, LabelColor(2**64 - 1, (1, 2))),
        ({"label-value": 0.5}, LabelColor(0.5)),
        ({"maximumfieldcount": 1, "starttime": "x"}, Acquisition(maximum_field_count=1, start_time="x")),
        ({"path": "A/1", "rowIndex": 0}, WellReference("A/1", 0)),
        ({"colors": []}, ImageLabel(colors=())),
    ],
    ids=str,
)
def test_keys_become_fields_and_fields_keys(raw: dict[str, Any], value: Any) -> None:
    assert structure(CONVERTER, raw, type(value)) == value
    assert CONVERTER.unstructure(value) == raw


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"type": "identity"}, Identity()),
        ({"type": "scale", "scale": [1, 2.5], "name": "s"}, Scale(scale=(1, 2.5), name="s")),
        ({"type": "translation", "path": "v"}, Translation(path="v")),
        ({"type": "mapAxis", "mapAxis": [1, 0]}, MapAxis(map_axis=(1, 0))),
        ({"type": "affine", "affine": [[1, 0], [0, 1]]}, Affine(affine=((1, 0), (0, 1)))),
        ({"type": "sequence", "transformations": [{"type": "identity"}]}, Sequence(transformations=(Identity(),))),
        (
            {"type": "identity", "input": {"path": "0"}, "output": {"name": "world", "path": None}},
            Identity(input=SystemReference(path="0"), output=SystemReference("world", None)),
        ),
        (
            {
                "type": "byDimension",
                "transformations": [{"transformation": {"type": "identity"}, "inputAxes": [0], "outputAxes": [1]}],
            },
            ByDimension(transformations=(DimensionItem(Identity(), (0,), (1,)),)),
        ),
        ({"type": "warp", "strength": 9}, UnknownTransformation(kind="warp", extra={"strength": 9})),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_transformations_are_told_apart_by_their_type(raw: dict[str, Any], value: Transformation) -> None:
    assert structure(CONVERTER, raw, Transformation) == value
    assert CONVERTER.unstructure(value) == raw


def test_a_transformation_of_unknown_type_is_kept_with_a_notice() -> None:
    with tolerances() as notices:
        structure(CONVERTER, {"type": "warp"}, Transformation)
    assert notices == ["the transformation type 'warp' is not known; it is kept but cannot be applied"]


@pytest.mark.parametrize(
    ("raw", "cls", "message"),
    [
        (None, Axis, "expected an object, found null"),
        ([], Axis, "expected an object, found a list"),
        ({}, Axis, "the key 'name' is missing"),
        ({"name": 3}, Axis, "name: expected a string, found the number 3"),
        ({"name": None}, Axis, "name: expected a string, found null"),
        ({"name": "x", "discrete": 1}, Axis, "discrete: expected true or false, found the number 1"),
        ({"label-value": True}, LabelColor, "label-value: expected a number, found the boolean True"),
        ({"label-value": 1, "rgba": [0.5]}, LabelColor, "rgba[0]: expected a whole number, found the number 0.5"),
        ({"label-value": 1, "rgba": [True]}, LabelColor, "rgba[0]: expected a whole number, found the boolean True"),
        ({"type": "scale", "scale": 2}, Transformation, "scale: expected a list, found the number 2"),
        ({"type": "scale", "scale": [1, "2"]}, Transformation, "scale[1]: expected a number, found the string '2'"),
        ({"type": 5}, Transformation, "type: expected the type of a transformation, found the number 5"),
        ({}, Transformation, "type: expected the type of a transformation, found null"),
        (
            {"type": "sequence", "transformations": [{"type": "identity"}, {"type": "affine", "affine": [[1], 2]}]},
            Transformation,
            "transformations[1].affine[1]: expected a list, found the number 2",
        ),
        ({"rows": [{"name": "A"}, {}]}, Plate, "the key 'columns' is missing"),
        ({"rows": [{}], "columns": [], "wells": []}, Plate, "rows[0]: the key 'name' is missing"),
        ({"rows": {}, "columns": [], "wells": []}, Plate, "rows: expected a list, found an object"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(raw: object, cls: type[Any], message: str) -> None:
    assert refusal(raw, cls) == message


def test_whole_numbers_may_be_written_with_a_point() -> None:
    (value,) = structure(CONVERTER, {"label-value": 1, "rgba": [255.0]}, LabelColor).rgba or ()
    assert (value, type(value)) == (255, int)


def test_numbers_stay_of_the_kind_they_are() -> None:
    scale = structure(CONVERTER, {"type": "scale", "scale": [1, 1.0]}, Transformation)
    assert isinstance(scale, Scale)
    assert [type(value) for value in scale.scale or ()] == [int, float]


def test_a_long_value_is_shortened_in_the_message() -> None:
    message = refusal({"name": "x", "discrete": "y" * 1000}, Axis)
    assert len(message) < 120
    assert message.endswith("...")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        ({"a": 1}, "an object"),
        ([1], "a list"),
        (True, "the boolean True"),
        (1.5, "the number 1.5"),
        ("a", "the string 'a'"),
    ],
)
def test_json_types_have_names(value: object, kind: str) -> None:
    assert kind_of(value) == kind


def test_expectations_return_what_they_expect() -> None:
    assert expect_object({"a": 1}) == {"a": 1}
    assert expect_list([1]) == [1]
    with pytest.raises(MetadataError, match="expected an object"):
        expect_object([])
    with pytest.raises(MetadataError, match="expected a list"):
        expect_list({})


def test_places_add_up_from_inside_to_outside() -> None:
    with pytest.raises(MetadataError) as caught, at("a"), at("b", 0):
        raise MetadataError("wrong", ("c",))
    assert caught.value.path == ("a", "b", 0, "c")
    assert str(caught.value) == "a.b[0].c: wrong"


def test_other_errors_pass_places_unchanged() -> None:
    with pytest.raises(KeyError, match="k"), at("a"):
        raise KeyError("k")


class TestNotices:
    def test_each_is_collected_once_in_its_order(self) -> None:
        with tolerances() as notices:
            for notice in ("b", "a", "b"):
                tolerate(notice)
        assert notices == ["b", "a"]

    def test_the_innermost_collection_takes_them(self) -> None:
        with tolerances() as outer:
            with tolerances() as inner:
                tolerate("a")
            tolerate("b")
        assert (outer, inner) == (["b"], ["a"])

    def test_without_a_collection_they_are_dropped(self) -> None:
        tolerate("nobody listens")
        with tolerances() as notices:
            pass
        assert notices == []


class TestOverrides:
    def test_a_key_that_a_version_does_not_define_is_kept_as_it_is(self) -> None:
        hook = model_structure_hook(CONVERTER, Axis, unknown=("discrete",))
        axis = hook({"name": "x", "discrete": "maybe"}, Axis)
        assert axis == Axis("x", extra={"discrete": "maybe"})
        assert CONVERTER.unstructure(axis) == {"name": "x", "discrete": "maybe"}

    def test_a_known_key_wins_over_a_kept_one_of_the_same_name(self) -> None:
        axis = Axis("x", discrete=True, extra={"discrete": "maybe", "k": 1})
        assert model_unstructure_hook(CONVERTER, Axis)(axis) == {"name": "x", "discrete": True, "k": 1}

    def test_overrides_of_one_converter_leave_others_alone(self) -> None:
        converter = base_converter()
        converter.register_unstructure_hook(Axis, lambda axis: axis.name)
        assert converter.unstructure((Axis("x"),)) == ["x"]
        assert CONVERTER.unstructure(Axis("x")) == {"name": "x"}

    def test_an_override_is_used_inside_other_values(self) -> None:
        converter = base_converter()
        converter.register_structure_hook(Dataset, lambda raw, _: Dataset(raw))
        assert converter.structure(["0", "1"], tuple[Dataset, ...]) == (Dataset("0"), Dataset("1"))


def test_an_optional_key_that_is_null_is_kept_with_a_notice_where_null_means_nothing() -> None:
    raw = {"name": "x", "longName": None, "unit": None}
    with tolerances() as notices:
        axis = structure(CONVERTER, raw, Axis)
    assert axis == Axis("x", unit=None, extra={"longName": None})
    assert CONVERTER.unstructure(axis) == raw
    assert notices == ["the key 'longName' is null; read as absent"]


class TestForgiveness:
    @pytest.fixture
    def hook(self) -> Any:
        converter = base_converter()
        for cls in (Channel, Window):
            converter.register_structure_hook(cls, forgiving_structure_hook(converter, cls))
        return forgiving_structure_hook(converter, Omero)

    def test_what_fits_is_structured_without_a_notice(self, hook: Any) -> None:
        with tolerances() as notices:
            omero = hook({"channels": [{"label": 5, "window": {"min": 0}}], "rdefs": {}}, Omero)
        assert omero == Omero(channels=(Channel(5, window=Window(min=0)),), extra={"rdefs": {}})
        assert notices == []

    def test_what_does_not_fit_is_kept_with_a_notice(self, hook: Any) -> None:
        with tolerances() as notices:
            omero = hook({"channels": [{"window": "wide"}], "name": "n"}, Omero)
        assert omero == Omero(channels=(Channel(extra={"window": "wide"}),), name="n")
        assert notices == ["window: expected an object, found the string 'wide'; kept but not used"]

    def test_it_ends_at_the_smallest_object_that_can_do_without(self, hook: Any) -> None:
        omero = hook({"channels": [{"label": "a"}, 5]}, Omero)
        assert omero == Omero(extra={"channels": [{"label": "a"}, 5]})

    def test_a_required_key_is_not_forgiven(self) -> None:
        hook = forgiving_structure_hook(base_converter(), Axis)
        with pytest.raises(MetadataError, match=r"^name: expected a string"):
            hook({"name": 1}, Axis)

    def test_something_else_than_an_object_is_not_forgiven(self, hook: Any) -> None:
        with pytest.raises(MetadataError, match="expected an object"):
            hook([], Omero)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "scale", "transformations", "input", "name", "path", "rgba", "label-value", "k"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("cls", [Axis, Dataset, ImageLabel, Plate, Omero, Transformation, LabelColor])
@settings(max_examples=100, deadline=None, derandomize=True)
@given(json_values)
def test_any_json_is_structured_and_comes_back_or_is_refused(cls: type[Any], raw: Any) -> None:
    try:
        value = structure(CONVERTER, raw, cls)
    except MetadataError as error:
        refused = error
    else:
        assert CONVERTER.unstructure(value) == raw
        return
    assert refused.message


def test_unset_is_never_written() -> None:
    assert CONVERTER.unstructure(Scale(scale=(1.0,), name=UNSET, input=UNSET)) == {"type": "scale", "scale": [1.0]}
