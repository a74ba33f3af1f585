"""Each type of transformation, forwards and backwards, against values worked out by hand."""

import math

import numpy as np
import pytest

from omezarr.errors import ArgumentError, MetadataError, NotInvertibleError, UnsupportedError
from omezarr.model import (
    Affine,
    Bijection,
    ByDimension,
    DimensionItem,
    Displacements,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    Sequence,
    Translation,
    UnknownTransformation,
)
from omezarr.transform import Resolver, forward_map, inverse_map

NOTHING = Resolver.of_nothing()
HALF = math.sqrt(0.5)
EIGHTH_TURN = Rotation(rotation=((HALF, -HALF), (HALF, HALF)))


def with_arrays(**arrays):
    return Resolver(lambda _: None, arrays.__getitem__)


CLOSED_FORMS = {
    "identity": (Identity(), [1.5, -2.0], [1.5, -2.0]),
    "scale": (Scale(scale=(2.0, 0.25)), [3.0, 8.0], [6.0, 2.0]),
    "translation": (Translation(translation=(10.0, -1.0)), [3.0, 8.0], [13.0, 7.0]),
    "mapAxis takes output i from input mapAxis[i]": (
        MapAxis(map_axis=(1, 2, 0)),
        [10.0, 11.0, 12.0],
        [11.0, 12.0, 10.0],
    ),
    "affine": (Affine(affine=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))), [10.0, 100.0], [213.0, 546.0]),
    "rotation": (EIGHTH_TURN, [1.0, 1.0], [0.0, math.sqrt(2.0)]),
    "sequence applies the first first": (
        Sequence(transformations=(Scale(scale=(2.0, 3.0)), Translation(translation=(1.0, 1.0)))),
        [10.0, 10.0],
        [21.0, 31.0],
    ),
    "byDimension with axes that are not neighbours": (
        ByDimension(
            transformations=(
                DimensionItem(Affine(affine=((1.0, 2.0, 0.0), (3.0, 5.0, 0.0))), (0, 2), (0, 2)),
                DimensionItem(Scale(scale=(10.0,)), (1,), (1,)),
            )
        ),
        [1.0, 2.0, 3.0],
        [7.0, 20.0, 18.0],
    ),
    "byDimension that moves axes": (
        ByDimension(
            transformations=(
                DimensionItem(Scale(scale=(10.0,)), (0,), (1,)),
                DimensionItem(Translation(translation=(5.0,)), (1,), (0,)),
            )
        ),
        [1.0, 2.0],
        [7.0, 10.0],
    ),
    "bijection": (
        Bijection(forward=Scale(scale=(2.0, 2.0)), inverse=Scale(scale=(0.5, 0.5))),
        [3.0, 4.0],
        [6.0, 8.0],
    ),
    "projectAxis that creates axes at 0": (ProjectAxis(created_outputs=(0, 1)), [5.0, 6.0], [0.0, 0.0, 5.0, 6.0]),
}


@pytest.mark.parametrize(("transformation", "point", "expected"), CLOSED_FORMS.values(), ids=CLOSED_FORMS)
def test_a_type_maps_points_as_its_definition_says(transformation, point, expected):
    np.testing.assert_allclose(forward_map(transformation, NOTHING)([point]), [expected], atol=1e-15)


@pytest.mark.parametrize(("transformation", "point", "expected"), CLOSED_FORMS.values(), ids=CLOSED_FORMS)
def test_the_inverse_of_a_type_leads_back(transformation, point, expected):
    np.testing.assert_allclose(inverse_map(transformation, NOTHING)([expected]), [point], atol=1e-14)


def test_an_affine_may_lead_to_more_dimensions():
    up = Affine(affine=((0.0, 0.0, 1.0), (3.0, 4.0, 2.0), (6.0, 7.0, 5.0)))

    np.testing.assert_array_equal(forward_map(up, NOTHING)([[1, 10]]), [[1.0, 45.0, 81.0]])


def test_project_axis_drops_and_creates_in_one_step():
    projection = ProjectAxis(dropped_inputs=(0,), created_outputs=(0,))

    np.testing.assert_array_equal(forward_map(projection, NOTHING)([[7, 8, 9]]), [[0.0, 8.0, 9.0]])


def test_a_draft_mapaxis_that_repeats_axes_is_applied():
    np.testing.assert_array_equal(forward_map(MapAxis(map_axis=(0, 1, 1)), NOTHING, 2)([[3, 4]]), [[3.0, 4.0, 4.0]])


def test_no_points_map_to_no_points():
    assert forward_map(Scale(scale=(2.0, 2.0)), NOTHING)(np.empty((0, 2))).shape == (0, 2)


def test_points_are_never_changed_in_place():
    points = np.ones((1, 2))

    forward_map(Identity(), NOTHING)(points)[:] = 5.0

    np.testing.assert_array_equal(points, 1.0)


def test_a_published_rotation_with_three_decimals_leads_back_exactly():
    published = Rotation(rotation=((0.707, -0.707), (0.707, 0.707)))
    points = np.array([[1.0, 1.0], [-20.0, 300.0]])

    there = forward_map(published, NOTHING)(points)

    np.testing.assert_allclose(there, forward_map(EIGHTH_TURN, NOTHING)(points), rtol=1e-3)
    np.testing.assert_allclose(inverse_map(published, NOTHING)(there), points, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matrices_and_vectors_are_read_from_arrays(dtype):
    resolver = with_arrays(
        matrix=np.array([[0, 1, 5], [-1, 0, 6]], dtype),
        turn=np.array([[0, 1], [-1, 0]], dtype),
        vector=np.ones(2, dtype),
    )
    steps = Sequence(
        transformations=(Affine(path="matrix"), Rotation(path="turn"), Scale(path="vector"), Translation(path="vector"))
    )

    np.testing.assert_array_equal(forward_map(steps, resolver)([[1, 2]]), [[6.0, -6.0]])
    np.testing.assert_array_equal(inverse_map(steps, resolver)([[6, -6]]), [[1.0, 2.0]])


def test_matrices_of_very_different_units_are_not_taken_for_singular():
    tiny_and_huge = Affine(affine=((1e-12, 0.0, 0.0), (0.0, 1e12, 0.0)))

    np.testing.assert_allclose(inverse_map(tiny_and_huge, NOTHING)([[1e-12, 1e12]]), [[1.0, 1.0]])


@pytest.mark.parametrize(
    ("transformation", "reason"),
    [
        (Scale(scale=(1.0, 0.0)), "factor 0"),
        (Affine(affine=((1.0, 2.0, 0.0), (2.0, 4.0, 0.0))), "singular"),
        (Affine(affine=((1.0, 2.0, 3.0),)), "2 coordinates to 1"),
        (Rotation(rotation=((0.0, 0.0), (0.0, 1.0))), "singular"),
        (ProjectAxis(dropped_inputs=(1,)), "nothing tells"),
        (MapAxis(map_axis=(0, 0)), "no permutation"),
        (Displacements(path="field"), "one direction"),
        (Sequence(transformations=(Identity(), Scale(scale=(0.0, 1.0)))), "factor 0"),
        (ByDimension(transformations=(DimensionItem(Scale(scale=(1.0,)), (1,), (0,)),)), "each from 0 on"),
    ],
)
def test_what_has_no_inverse_says_why(transformation, reason):
    with pytest.raises(NotInvertibleError, match=reason):
        inverse_map(transformation, NOTHING)


@pytest.mark.parametrize("make", [forward_map, inverse_map])
def test_an_unknown_type_is_refused_by_name(make):
    with pytest.raises(UnsupportedError, match="'warp'"):
        make(UnknownTransformation(kind="warp"), NOTHING)


@pytest.mark.parametrize(
    ("transformation", "reason"),
    [
        (Scale(), "neither 'scale' nor 'path'"),
        (Affine(affine=((1.0, 2.0), (1.0,))), "equally many numbers"),
        (Affine(path="vector"), "must have 2 dimensions, not 1"),
        (Rotation(rotation=((1.0, 0.0),)), "must be square"),
        (MapAxis(map_axis=(0, 3)), "no permutation"),
        (ProjectAxis(dropped_inputs=(0, 0)), "must be different"),
        (ProjectAxis(dropped_inputs=(2,)), "drops the axes"),
        (Sequence(transformations=(Scale(scale=(1.0,)), Scale(scale=(1.0, 1.0)))), "before it gives 1"),
        (ByDimension(transformations=(DimensionItem(Identity(), (0,), (2,)),)), "exactly once"),
        (ByDimension(transformations=(DimensionItem(Identity(), (7,), (0,)),)), "points of 2 coordinates"),
        (ByDimension(transformations=(DimensionItem(Scale(scale=(1.0,)), (0, 1), (0, 1)),)), "stands between"),
    ],
)
def test_a_transformation_that_contradicts_itself_is_refused(transformation, reason):
    with pytest.raises(MetadataError, match=reason):
        forward_map(transformation, with_arrays(vector=np.ones(3)), 2)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([1, 2], "not an array of 1 dimension"),
        ([[1, 2, 3]], "have 3 coordinates, but the scale takes 2"),
        ([[1, 2], [3]], "differ in length"),
        ([["a", "b"]], "not all of these are numbers"),
        ([[True, False]], "not all of these are numbers"),
        ([[1j, 2]], "not all of these are numbers"),
        ([[10**400, 1]], "not all of these are numbers"),
    ],
)
def test_what_is_no_list_of_points_is_refused(points, reason):
    with pytest.raises(ArgumentError, match=reason):
        forward_map(Scale(scale=(2.0, 2.0)), NOTHING)(points)


def test_points_that_project_axis_cannot_take_are_refused():
    with pytest.raises(ArgumentError, match="have 1 coordinate, but projectAxis drops"):
        forward_map(ProjectAxis(dropped_inputs=(2,)), NOTHING)([[1]])
