"""Images on grids in other coordinate systems, against scipy on whole arrays."""

import pickle

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

import omezarr
from omezarr.errors import ArgumentError, UnknownNameError, UnsupportedError
from omezarr.model import Affine, Scale
from omezarr.transform import Resolver, forward_map
from omezarr.transform.resampling import resample, resample_array
from omezarr.transform.sampling import Sampler

NOTHING = Resolver.of_nothing()
TURN = np.array([[0.8, -0.6, 3.21], [0.6, 0.8, -1.73]])


class Recorded:
    """An array that remembers which regions were read."""

    def __init__(self, values):
        self.values = values
        self.shape, self.dtype = values.shape, values.dtype
        self.regions = []

    def __getitem__(self, region):
        self.regions.append(tuple((part.start, part.stop) for part in region))
        return self.values[region]


def affine(matrix):
    return forward_map(Affine(affine=tuple(map(tuple, np.asarray(matrix, float).tolist()))), NOTHING)


def scaled(*factors):
    return forward_map(Scale(scale=factors), NOTHING)


@pytest.fixture
def pixels():
    return np.random.default_rng(3).normal(size=(40, 50))


class TestArrays:
    def test_linear_interpolation_is_that_of_scipy(self, pixels):
        result = resample_array(pixels, affine(TURN), shape=(32, 32), fill=-1.0).compute()

        expected = affine_transform(pixels, TURN[:, :2], TURN[:, 2], (32, 32), order=1, mode="constant", cval=np.nan)
        inside = ~np.isnan(expected)
        assert inside.sum() > 500
        np.testing.assert_allclose(result[inside], expected[inside], atol=1e-12)

    def test_the_nearest_sample_is_taken_on_request(self, pixels):
        result = resample_array(pixels, affine(TURN), shape=(30, 30), interpolation="nearest").compute()

        expected = affine_transform(pixels, TURN[:, :2], TURN[:, 2], (30, 30), order=0, mode="nearest")
        rows, columns = np.mgrid[:30, :30].reshape(2, -1)
        positions = affine(TURN)(np.column_stack([rows, columns]))
        inside = ((positions >= -0.5) & (positions < np.array(pixels.shape) - 0.5)).all(axis=1).reshape(30, 30)
        np.testing.assert_array_equal(result, np.where(inside, expected, 0.0))

    def test_a_sample_covers_half_a_pixel_around_its_centre(self):
        row = np.array([1.0, 2.0])

        result = resample_array(
            row, scaled(1.0), shape=(7,), scale=(0.5,), translation=(-0.75,), interpolation="nearest", fill=9.0
        )

        np.testing.assert_array_equal(result, [9.0, 1.0, 1.0, 2.0, 2.0, 9.0, 9.0])

    def test_whole_numbers_are_rounded_halves_up(self):
        row = np.array([-1, 0, 1, 2], "i2")

        result = resample_array(row, scaled(0.5), shape=(7,))

        assert result.dtype == np.dtype("i2")
        np.testing.assert_array_equal(result, [-1, 0, 0, 1, 1, 2, 2])

    def test_64_bit_labels_survive_exactly(self):
        labels = np.array([2**63 + 1, 2**53 + 1], "u8")

        result = resample_array(labels, scaled(1.0), shape=(2,), interpolation="nearest").compute()

        np.testing.assert_array_equal(result, labels)

    @pytest.mark.parametrize("dtype", ["f2", "f4", "c8", ">u2", "?"])
    def test_the_dtype_stays(self, dtype):
        values = np.eye(4).astype(dtype)

        result = resample_array(values, scaled(1.0, 1.0), shape=(4, 4))

        assert result.dtype == np.dtype(dtype).newbyteorder("=")
        np.testing.assert_array_equal(result.compute(), values)

    def test_along_discrete_axes_nothing_is_interpolated(self):
        channels = np.array([[0.0, 10.0], [np.nan, np.nan]])

        result = resample_array(channels, scaled(1.0, 0.5), shape=(2, 3), discrete=(True, False)).compute()

        np.testing.assert_array_equal(result, [[0.0, 5.0, 10.0], [np.nan] * 3])

    def test_a_result_may_have_fewer_axes_than_the_source(self, pixels):
        diagonal = affine([[1.0, 0.0], [1.0, 0.0]])

        result = resample_array(pixels, diagonal, shape=(40,)).compute()

        np.testing.assert_array_equal(result, np.diagonal(pixels))

    def test_dask_and_zarr_arrays_are_sources_too(self, pixels):
        stored = zarr.create_array({}, data=pixels, chunks=(7, 9))
        expected = resample_array(pixels, affine(TURN), shape=(32, 32)).compute()

        for source in (stored, da.from_array(pixels, chunks=13)):
            result = resample_array(source, affine(TURN), shape=(32, 32), chunks=(10, 10))
            np.testing.assert_array_equal(result.compute(scheduler="synchronous"), expected)

    def test_nothing_is_read_before_it_is_computed(self, pixels):
        source = Recorded(pixels)

        resample_array(source, affine(TURN), shape=(32, 32))

        assert source.regions == []

    def test_a_block_reads_the_box_that_it_needs(self, pixels):
        source = Recorded(pixels)

        result = resample_array(source, scaled(2.0, 2.0), shape=(20, 25), chunks=(5, 5))[5:10, 10:15]
        result.compute(scheduler="synchronous")

        assert source.regions == [((10, 19), (20, 29))]

    def test_a_block_beside_the_image_reads_nothing(self, pixels):
        source = Recorded(pixels)

        result = resample_array(source, scaled(1.0, 1.0), shape=(4, 4), translation=(100.0, 100.0), fill=7.0)

        np.testing.assert_array_equal(result.compute(scheduler="synchronous"), 7.0)
        assert source.regions == []

    def test_a_box_that_is_too_large_is_read_in_parts(self, monkeypatch, pixels):
        whole = resample_array(pixels, affine(TURN), shape=(32, 32)).compute()
        monkeypatch.setattr("omezarr.transform.sampling._LARGEST_BOX", 50)
        source = Recorded(pixels)

        result = resample_array(source, affine(TURN), shape=(32, 32)).compute(scheduler="synchronous")

        np.testing.assert_array_equal(result, whole)
        assert max((y1 - y0) * (x1 - x0) for (y0, y1), (x0, x1) in source.regions) <= 50

    def test_a_block_can_be_sent_to_another_process(self, pixels):
        sampler = Sampler(array=pixels, linear=True, discrete=(False, False), fill=0.0)

        again = pickle.loads(pickle.dumps(sampler))

        np.testing.assert_array_equal(again(np.array([[1.5, 2.5]])), sampler(np.array([[1.5, 2.5]])))

    @settings(deadline=None, derandomize=True, max_examples=25)
    @given(
        chunks=st.tuples(st.integers(1, 30), st.integers(1, 30)),
        angle=st.floats(-3.0, 3.0),
        interpolation=st.sampled_from(["nearest", "linear"]),
    )
    def test_the_result_does_not_depend_on_the_blocks(self, chunks, angle, interpolation):
        image = np.random.default_rng(1).integers(0, 65535, (31, 29)).astype("u2")
        turn = affine([[np.cos(angle), -np.sin(angle), 12.3], [np.sin(angle), np.cos(angle), 11.1]])

        whole = resample_array(image, turn, shape=(30, 30), interpolation=interpolation).compute()
        blocks = resample_array(image, turn, shape=(30, 30), interpolation=interpolation, chunks=chunks).compute()

        np.testing.assert_array_equal(blocks, whole)


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ({"shape": (4,)}, "gives 2 indices|takes 2"),
            ({"shape": (4, 0)}, "whole numbers from 1 on"),
            ({"shape": (4, 2.5)}, "whole numbers from 1 on"),
            ({"shape": (4, 4), "scale": (1.0,)}, "2, 1 and 2 values"),
            ({"shape": (4, 4), "scale": (1.0, 0.0)}, "each scale above 0"),
            ({"shape": (4, 4), "translation": (0.0, np.nan)}, "finite numbers"),
            ({"shape": (4, 4), "interpolation": "cubic"}, "'cubic' is not known"),
            ({"shape": (4, 4), "fill": 300}, "cannot be 300"),
            ({"shape": (4, 4), "fill": 0.5}, "cannot be 0.5"),
            ({"shape": (4, 4), "fill": float("nan")}, "cannot be nan"),
            ({"shape": (4, 4), "chunks": (2,)}, "chunks has 1 value"),
            ({"shape": (4, 4), "discrete": (True,)}, "discrete has 1 value"),
        ],
    )
    def test_arguments_that_contradict_each_other(self, arguments, reason):
        with pytest.raises(ArgumentError, match=reason):
            resample_array(np.zeros((4, 4), "u1"), scaled(1.0, 1.0), **arguments).compute()

    @pytest.mark.parametrize(
        ("dtype", "interpolation"), [("u8", None), ("i8", "linear"), ("?", "linear"), ("S2", None)]
    )
    def test_pixels_that_cannot_be_interpolated(self, dtype, interpolation):
        with pytest.raises(UnsupportedError, match="take interpolation='nearest'"):
            resample_array(np.zeros((4, 4), dtype), scaled(1.0, 1.0), shape=(4, 4), interpolation=interpolation)


def write_rotated(path):
    """Write an image whose second system is turned by a quarter: (y, x) becomes (x, -y)."""
    pixels = np.arange(6 * 8, dtype="u2").reshape(6, 8)
    axes = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    multiscale = {
        "coordinateSystems": [{"name": "physical", "axes": axes}, {"name": "turned", "axes": axes}],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [
                    {"type": "scale", "scale": [2, 2], "input": {"path": "0"}, "output": {"name": "physical"}}
                ],
            }
        ],
        "coordinateTransformations": [
            {
                "type": "rotation",
                "rotation": [[0, 1], [-1, 0]],
                "input": {"name": "physical"},
                "output": {"name": "turned"},
            }
        ],
    }
    root = zarr.create_group(path, attributes={"ome": {"version": "0.6", "multiscales": [multiscale]}})
    root.create_array("0", data=pixels)
    return pixels


class TestNodes:
    @pytest.fixture
    def rotated(self, tmp_path):
        pixels = write_rotated(tmp_path / "image.zarr")
        return omezarr.open(tmp_path / "image.zarr"), pixels

    def test_without_a_grid_the_whole_image_is_covered_at_its_own_pixel_size(self, rotated):
        node, pixels = rotated

        np.testing.assert_array_equal(resample(node, "turned").compute(), np.rot90(pixels, -1))
        np.testing.assert_array_equal(resample(node, "physical").compute(), pixels)

    def test_a_grid_is_given_in_the_units_of_the_system(self, rotated):
        node, pixels = rotated

        result = resample(node, "physical", shape=(2, 3), scale=(4.0, 2.0), translation=(2.0, 4.0)).compute()

        np.testing.assert_array_equal(result, pixels[1:5:2, 2:5])

    def test_the_axes_may_come_in_another_order(self, rotated):
        node, pixels = rotated

        np.testing.assert_array_equal(resample(node, "physical", axes=("x", "y")).compute(), pixels.T)

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ({"shape": (2,)}, "shape has 1 value; the coordinate system 'physical' has 2 axes"),
            ({"axes": ("z", "x")}, "has the axes y, x, not z, x"),
            ({"level": 3}, "no level 3; there are 1"),
        ],
    )
    def test_arguments_that_do_not_fit_the_image_are_refused(self, rotated, arguments, reason):
        with pytest.raises(ArgumentError, match=reason):
            resample(rotated[0], "physical", **arguments)

    def test_an_unknown_system_is_refused(self, rotated):
        with pytest.raises(UnknownNameError, match="'world'"):
            resample(rotated[0], "world")

    def test_what_is_no_image_is_refused(self, tmp_path):
        zarr.create_group(tmp_path / "plain.zarr")

        with pytest.raises(ArgumentError, match="only images"):
            resample(omezarr.open(tmp_path / "plain.zarr"), "physical")

    def test_labels_are_never_interpolated(self, tmp_path):
        pixels = np.array([[0, 0, 9, 9]] * 4, "u2")
        omezarr.write_image(tmp_path / "image.zarr", pixels, axes="yx", scale=(1.0, 1.0))
        omezarr.write_labels(tmp_path / "image.zarr", pixels, name="cells")
        label = omezarr.open(tmp_path / "image.zarr").labels["cells"]

        result = resample(label, "physical", scale=(0.25, 0.25)).compute()

        assert set(np.unique(result)) == {0, 9}
        with pytest.raises(UnsupportedError, match="would make up labels"):
            resample(label, "physical", interpolation="linear")

    def test_channels_are_kept_apart(self, tmp_path):
        pixels = np.stack([np.zeros((4, 4)), np.full((4, 4), 100.0)]).astype("f4")
        omezarr.write_image(tmp_path / "image.zarr", pixels, axes="cyx")
        node = omezarr.open(tmp_path / "image.zarr")

        result = resample(node, "physical", shape=(2, 7, 7), scale=(0.9, 0.5, 0.5), translation=(0.2, 0, 0)).compute()

        np.testing.assert_array_equal(result[0], 0.0)
        np.testing.assert_array_equal(result[1], 100.0)


def write_registered(path):
    """Write a scene in which a field leads from the world to an image that lies two pixels further to the right."""
    axes = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    vectors = [{"name": "d", "type": "displacement", "discrete": True}, *axes]
    scene = {
        "coordinateSystems": [{"name": "world", "axes": axes}],
        "coordinateTransformations": [
            {
                "type": "displacements",
                "path": "field",
                "input": {"name": "world"},
                "output": {"path": "image", "name": "physical"},
            }
        ],
    }

    def multiscale(axes):
        step = {"type": "identity", "input": {"path": "0"}, "output": {"name": "physical"}}
        datasets = [{"path": "0", "coordinateTransformations": [step]}]
        return {"coordinateSystems": [{"name": "physical", "axes": axes}], "datasets": datasets}

    root = zarr.create_group(path, attributes={"ome": {"version": "0.6", "scene": scene}})
    for name, entry in (("image", multiscale(axes)), ("field", multiscale(vectors))):
        root.create_group(name, attributes={"ome": {"version": "0.6", "multiscales": [entry]}})
    pixels = np.arange(5 * 6, dtype="u2").reshape(5, 6)
    root.create_array("image/0", data=pixels)
    root.create_array("field/0", data=np.stack([np.zeros((5, 6)), np.full((5, 6), 2.0)]))
    return pixels


class TestScenes:
    def test_an_image_of_a_scene_is_taken_into_the_world_against_the_direction_of_the_field(self, tmp_path):
        pixels = write_registered(tmp_path / "scene.zarr")
        scene = omezarr.open(tmp_path / "scene.zarr")

        result = resample(scene, "world", image="image", shape=(5, 6), translation=(0, 0), fill=99).compute()

        np.testing.assert_array_equal(result[:, :4], pixels[:, 2:])
        np.testing.assert_array_equal(result[:, 4:], 99)

    def test_where_the_extent_of_the_image_is_not_known_the_grid_must_be_given(self, tmp_path):
        write_registered(tmp_path / "scene.zarr")

        with pytest.raises(UnsupportedError, match=r"not invertible.*give the shape and the translation"):
            resample(omezarr.open(tmp_path / "scene.zarr"), "world", image="image")

    def test_a_scene_alone_has_no_pixels(self, tmp_path):
        write_registered(tmp_path / "scene.zarr")

        with pytest.raises(ArgumentError, match="say which one"):
            resample(omezarr.open(tmp_path / "scene.zarr"), "world")
