"""Laws of transformations: inverses lead back, chains are associative, points do not influence each other."""

import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from omezarr.model import (
    Affine,
    Bijection,
    ByDimension,
    DimensionItem,
    Identity,
    MapAxis,
    Rotation,
    Scale,
    Sequence,
    Translation,
)
from omezarr.transform import Resolver, forward_map, inverse_map

NOTHING = Resolver.of_nothing()
LAWS = settings(deadline=None, derandomize=True, max_examples=60)

numbers = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 6))
factors = st.floats(1e-3, 1e3).map(lambda value: round(value, 6)) | st.floats(-1e3, -1e-3)


def rows(size, elements):
    return st.lists(elements, min_size=size, max_size=size).map(tuple)


@st.composite
def matrices(draw, size):
    """Well-conditioned matrices: a rotation of two axes, a scale, a permutation of the rows."""
    matrix = np.diag(draw(rows(size, st.floats(0.1, 10.0))))
    if size > 1:
        angle = draw(st.floats(-np.pi, np.pi))
        turn = np.eye(size)
        turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        matrix = matrix @ turn
    return matrix[list(draw(st.permutations(range(size))))]


@st.composite
def affines(draw, size):
    matrix = np.column_stack([draw(matrices(size)), draw(rows(size, numbers))])
    return Affine(affine=tuple(map(tuple, matrix.tolist())))


@st.composite
def rotations(draw, size):
    angle = draw(st.floats(-np.pi, np.pi))
    matrix = np.eye(size)
    if size > 1:
        matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return Rotation(rotation=tuple(map(tuple, np.round(matrix, 3).tolist())))


@st.composite
def by_dimension(draw, size):
    inputs, outputs = draw(st.permutations(range(size))), draw(st.permutations(range(size)))
    cut = draw(st.integers(0, size))
    spans = [span for span in (slice(0, cut), slice(cut, size)) if span.stop > span.start]
    return ByDimension(
        transformations=tuple(
            DimensionItem(draw(simple(span.stop - span.start)), tuple(inputs[span]), tuple(outputs[span]))
            for span in spans
        )
    )


def simple(size):
    return st.one_of(
        st.just(Identity()),
        rows(size, factors).map(lambda values: Scale(scale=values)),
        rows(size, numbers).map(lambda values: Translation(translation=values)),
        st.permutations(range(size)).map(lambda axes: MapAxis(map_axis=tuple(axes))),
        affines(size),
        rotations(size),
    )


def transformations(size):
    inner = simple(size) | by_dimension(size)
    sequences = st.lists(inner, min_size=1, max_size=4).map(lambda steps: Sequence(transformations=tuple(steps)))
    return inner | sequences


@st.composite
def cases(draw):
    size = draw(st.integers(1, 5))
    points = draw(arrays(np.float64, st.tuples(st.integers(1, 6), st.just(size)), elements=numbers))
    return draw(transformations(size)), points


def close(result, expected):
    scale = 1.0 + np.abs(expected).max()
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-7 * scale)


@LAWS
@given(cases())
def test_the_inverse_leads_back_to_where_a_point_came_from(case):
    transformation, points = case
    there = forward_map(transformation, NOTHING, points.shape[1])(points)

    close(inverse_map(transformation, NOTHING, points.shape[1])(there), points)


@LAWS
@given(cases())
def test_a_bijection_of_a_transformation_and_identity_inverts_to_the_identity(case):
    transformation, points = case
    pair = Bijection(forward=transformation, inverse=Identity())

    np.testing.assert_array_equal(inverse_map(pair, NOTHING)(points), points)
    np.testing.assert_array_equal(forward_map(pair, NOTHING)(points), forward_map(transformation, NOTHING)(points))


@LAWS
@given(st.data())
def test_nesting_sequences_changes_nothing(data):
    size = data.draw(st.integers(1, 4))
    first, second, third = (data.draw(simple(size)) for _ in range(3))
    points = data.draw(arrays(np.float64, (3, size), elements=numbers))
    flat = Sequence(transformations=(first, second, third))
    left = Sequence(transformations=(Sequence(transformations=(first, second)), third))
    right = Sequence(transformations=(first, Sequence(transformations=(second, third))))

    expected = forward_map(flat, NOTHING)(points)

    np.testing.assert_array_equal(forward_map(left, NOTHING)(points), expected)
    np.testing.assert_array_equal(forward_map(right, NOTHING)(points), expected)


@LAWS
@given(cases())
def test_the_result_for_a_point_does_not_depend_on_the_points_beside_it(case):
    transformation, points = case
    mapped = forward_map(transformation, NOTHING, points.shape[1])
    together = mapped(np.repeat(points, 50, axis=0))[::50]

    np.testing.assert_array_equal(together, np.concatenate([mapped(point[np.newaxis]) for point in points]))


@LAWS
@given(cases())
def test_functions_survive_pickling(case):
    transformation, points = case
    mapped = forward_map(transformation, NOTHING)

    np.testing.assert_array_equal(pickle.loads(pickle.dumps(mapped))(points), mapped(points))
