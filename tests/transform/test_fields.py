"""Fields of displacements and coordinates, against scipy and against values worked out by hand."""

import numpy as np
import pytest
import zarr
from scipy.ndimage import map_coordinates

from omezarr.errors import MetadataError, NotInvertibleError
from omezarr.model import (
    Axis,
    Bijection,
    Coordinates,
    CoordinateSystem,
    Dataset,
    Displacements,
    Identity,
    Image,
    Multiscale,
    Scale,
    Sequence,
    SystemReference,
    Translation,
    conventional_axes,
)
from omezarr.transform import Resolver, forward_map, inverse_map

ORDERS = {"nearest": 0, "linear": 1, "cubic": 3, "bspline-cubic": 3}


class Recorded:
    """An array that remembers which regions were read."""

    def __init__(self, values):
        self.values = values
        self.shape, self.dtype = values.shape, values.dtype
        self.regions = []

    def __getitem__(self, region):
        self.regions.append(region)
        return self.values[region]


def field_image(axes, *steps, paths=("0",)):
    end = SystemReference("physical")
    return Image(
        multiscales=(
            Multiscale(
                coordinate_systems=(CoordinateSystem("physical", axes),),
                datasets=tuple(
                    Dataset(path, (Sequence(transformations=steps, input=SystemReference(path=path), output=end),))
                    for path in paths
                ),
            ),
        )
    )


def vector_axis(kind="displacement"):
    return Axis("d", kind, discrete=True)


def resolver(array, axes, *steps):
    images = {"field": field_image(axes, *steps)}
    return Resolver(images.get, {"field/0": array}.__getitem__)


@pytest.fixture
def vectors():
    return np.random.default_rng(7).normal(size=(3, 6, 7, 8))


@pytest.fixture
def positions():
    rng = np.random.default_rng(8)
    return rng.uniform(0.0, 1.0, size=(200, 3)) * (5.0, 6.0, 7.0)


@pytest.mark.parametrize("word", ORDERS)
def test_displacements_are_those_that_scipy_interpolates(word, vectors, positions):
    scale, offset = np.array([2.0, 0.5, 0.25]), np.array([10.0, -3.0, 1.0])
    place = (Scale(scale=(1.0, *scale)), Translation(translation=(0.0, *offset)))
    access = resolver(vectors, (vector_axis(), *conventional_axes("zyx")), *place)
    points = positions * scale + offset

    moved = forward_map(Displacements(path="field", interpolation=word), access)(points)

    expected = [map_coordinates(part, positions.T, order=ORDERS[word], mode="nearest") for part in vectors]
    np.testing.assert_allclose(moved, points + np.stack(expected, axis=1), atol=1e-12)


@pytest.mark.parametrize("word", ORDERS)
def test_coordinates_may_lead_to_other_dimensions(word, vectors, positions):
    field = vectors[:2]
    access = resolver(field, (vector_axis("coordinate"), *conventional_axes("zyx")), Identity())

    mapped = forward_map(Coordinates(path="field", interpolation=word), access)(positions)

    expected = [map_coordinates(part, positions.T, order=ORDERS[word], mode="nearest") for part in field]
    np.testing.assert_allclose(mapped, np.stack(expected, axis=1), atol=1e-12)


def test_linear_interpolation_is_the_default(vectors, positions):
    access = resolver(vectors, (vector_axis(), *conventional_axes("zyx")), Identity())

    unsaid, said = Displacements(path="field"), Displacements(path="field", interpolation="linear")

    np.testing.assert_array_equal(forward_map(unsaid, access)(positions), forward_map(said, access)(positions))


def test_the_vector_axis_stands_behind_time(vectors):
    field = np.moveaxis(vectors, 0, 1)  # time, vector, y, x
    access = resolver(field, (Axis("t", "time"), vector_axis(), *conventional_axes("yx")), Identity())

    moved = forward_map(Displacements(path="field"), access)([[2, 3, 4]])

    np.testing.assert_allclose(moved, [np.array([2.0, 3.0, 4.0]) + vectors[:, 2, 3, 4]])


def test_the_worked_example_of_the_specification():
    """Two micrometres a sample, vectors between those of neighbouring samples."""
    field = np.array([[[1.0, 1.0], [0.5, 0.5]], [[2.0, 2.0], [1.2, 1.2]]])
    access = resolver(field, (vector_axis(), *conventional_axes("yx")), Scale(scale=(2.0, 2.0)))

    moved = forward_map(Displacements(path="field"), access)([[0, 0], [2, 0], [1, 0]])

    np.testing.assert_allclose(moved, [[1.0, 2.0], [2.5, 1.2], [1.75, 1.6]])


@pytest.mark.parametrize("word", ORDERS)
def test_outside_the_field_the_nearest_vector_holds(word):
    field = np.arange(2.0 * 4 * 4).reshape(2, 4, 4)
    access = resolver(field, (vector_axis(), *conventional_axes("yx")), Identity())
    points = np.array([[-100, 2], [1, 50], [-1, -1]])

    moved = forward_map(Displacements(path="field", interpolation=word), access)(points)

    np.testing.assert_allclose(moved - points, [field[:, 0, 2], field[:, 1, 3], field[:, 0, 0]], atol=1e-12)


def test_nearest_takes_the_upper_sample_at_half_way():
    access = resolver(np.array([[-9.0, 9.0, 0.0]]), (vector_axis("coordinate"), Axis("x", "space")), Identity())
    lookup = forward_map(Coordinates(path="field", interpolation="nearest"), access)

    np.testing.assert_array_equal(lookup([[-5], [0.49], [0.5], [1.49], [1.5], [99]]).ravel(), [-9, -9, 9, 9, 0, 0])


def test_points_that_are_not_finite_have_no_vector(vectors):
    access = resolver(vectors, (vector_axis(), *conventional_axes("zyx")), Identity())

    moved = forward_map(Displacements(path="field"), access)([[np.nan, 0, 0], [0, np.inf, 0], [1, 1, 1]])

    assert np.isnan(moved[:2]).all()
    np.testing.assert_allclose(moved[2], 1.0 + vectors[:, 1, 1, 1])


@pytest.mark.parametrize("word", ["nearest", "linear"])
def test_no_more_of_a_field_is_read_than_the_points_need(word):
    field = Recorded(np.zeros((2, 1000, 1000)))
    access = resolver(field, (vector_axis(), *conventional_axes("yx")), Identity())

    forward_map(Displacements(path="field", interpolation=word), access)([[10.2, 20.7], [12.9, 25.1]])

    assert field.regions == [(slice(None), slice(10, 14), slice(20, 27))]


def test_the_finest_level_is_used():
    axes = (vector_axis(), *conventional_axes("yx"))
    images = {"field": field_image(axes, Identity(), paths=("fine", "coarse"))}
    access = Resolver(images.get, {"field/fine": np.ones((2, 4, 4))}.__getitem__)

    np.testing.assert_array_equal(forward_map(Displacements(path="field"), access)([[1, 1]]), [[2, 2]])


def test_a_draft_field_in_one_array_with_the_vectors_last_is_read():
    array = zarr.create_array({}, shape=(5, 1), dtype="float32", chunks=(5, 1))
    array[:] = np.arange(5.0)[:, None] ** 2
    array.attrs["ome"] = {
        "coordinateSystems": [
            {"name": "f", "axes": [{"name": "i", "type": "space"}, {"name": "c", "type": "coordinate"}]}
        ],
        "coordinateTransformations": [{"type": "scale", "scale": [2, 1], "input": "array", "output": {"name": "f"}}],
    }
    access = Resolver(lambda _: None, {"field": array}.__getitem__)

    lookup = forward_map(Coordinates(path="field", interpolation="linear"), access)

    np.testing.assert_allclose(lookup([[0], [1.8], [3.0], [8.0]]).ravel(), [0.0, 0.9, 2.5, 16.0])


def test_a_bijection_of_fields_leads_both_ways():
    axes = (vector_axis(), *conventional_axes("yx"))
    images = {name: field_image(axes, Identity()) for name in ("there", "back")}
    arrays = {"there/0": np.full((2, 4, 4), 3.0), "back/0": np.full((2, 4, 4), -3.0)}
    access = Resolver(images.get, arrays.__getitem__)
    pair = Bijection(forward=Displacements(path="there"), inverse=Displacements(path="back"))

    np.testing.assert_array_equal(forward_map(pair, access)([[1, 2]]), [[4, 5]])
    np.testing.assert_array_equal(inverse_map(pair, access)([[4, 5]]), [[1, 2]])


def test_the_way_forward_does_not_need_the_field_of_the_way_back():
    access = resolver(np.ones((2, 4, 4)), (vector_axis(), *conventional_axes("yx")), Identity())
    pair = Bijection(forward=Displacements(path="field"), inverse=Displacements(path="missing"))

    np.testing.assert_array_equal(forward_map(pair, access)([[1, 2]]), [[2, 3]])


def test_a_field_alone_has_no_inverse():
    with pytest.raises(NotInvertibleError, match=r"'field'.*bijection"):
        inverse_map(Coordinates(path="field"), Resolver.of_nothing())


YX = conventional_axes("yx")


@pytest.mark.parametrize(
    ("array", "axes", "transformation", "reason"),
    [
        (np.ones((2, 4, 4)), (vector_axis(), *YX), Displacements(path="field", interpolation="lanczos"), "'lanczos'"),
        (np.ones((2, 4, 4)), (Axis("d", "channel"), *YX), Displacements(path="field"), "0 axes of type 'displacement'"),
        (np.ones((2, 4, 4)), (vector_axis(), *YX), Coordinates(path="field"), "0 axes of type 'coordinate'"),
        (np.ones((3, 4, 4)), (vector_axis(), *YX), Displacements(path="field"), "vectors of 3 components"),
        (np.ones((2, 4)), (vector_axis(), *YX), Displacements(path="field"), "2 dimensions, but its metadata names 3"),
        (np.ones((2, 4, 4)), (vector_axis(), *YX), Displacements(path="elsewhere"), "no array at 'elsewhere'"),
    ],
)
def test_a_field_that_cannot_be_read_is_refused(array, axes, transformation, reason):
    images = {"field": field_image(axes, Identity())}

    def find(path):
        if path != "field/0":
            raise MetadataError(f"there is no array at {path!r}")
        return array

    with pytest.raises(MetadataError, match=reason):
        forward_map(transformation, Resolver(images.get, find))


def test_an_array_that_does_not_say_where_its_vectors_lie_is_refused():
    access = Resolver(lambda _: None, {"field": np.ones((4, 4, 2))}.__getitem__)

    with pytest.raises(MetadataError, match="does not say which of its axes"):
        forward_map(Displacements(path="field"), access)


def test_a_field_without_samples_is_refused_where_it_is_used():
    access = resolver(np.ones((2, 0, 4)), (vector_axis(), *YX), Identity())

    with pytest.raises(MetadataError, match="has no vectors"):
        forward_map(Displacements(path="field"), access)([[1, 1]])
