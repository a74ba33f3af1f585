"""One lower level of an array: as the writers make it, whatever the chunks, and lazily where it is lazy."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import omezarr
from omezarr.errors import ArgumentError, UnknownNameError, UnsupportedError

METHODS = sorted(
    name
    for name, method in omezarr.default_registry().scaling_methods.items()
    if method.check_dtype(np.dtype("int16")) is None
)


@pytest.mark.parametrize("method", METHODS)
def test_a_level_is_that_which_is_written(method):
    image = np.random.default_rng(0).integers(-3000, 3000, (3, 61, 83), dtype="int16")
    path = f"memory://downscaling/{method}.ome.zarr"
    node = omezarr.write_image(path, image, axes="zyx", method=method, factors=[(1, 2, 3)], levels=2, overwrite=True)
    made = omezarr.downscale(image, (1, 2, 3), method)
    assert made.dtype == image.dtype
    assert np.array_equal(made, node.levels[1].read())
    assert np.array_equal(omezarr.downscale(node.levels[0].array, (1, 2, 3), method), made)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    chunks=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    factors=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    method=st.sampled_from(METHODS),
)
def test_chunks_do_not_matter(shape, chunks, factors, method):
    image = np.arange(np.prod(shape), dtype="int16").reshape(shape)
    lazy = omezarr.downscale(da.from_array(image, chunks=chunks), factors, method)
    assert isinstance(lazy, da.Array)
    assert lazy.shape == tuple(-(-size // factor) for size, factor in zip(shape, factors, strict=True))
    assert np.array_equal(lazy.compute(), omezarr.downscale(image, factors, method))


def test_nothing_is_read_before_it_is_computed(tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", shape=(64, 64), chunks=(16, 16), dtype="uint8")
    lazy = omezarr.downscale(da.from_zarr(array), 2, "gaussian")
    array[:] = 7
    assert lazy[3, 3].compute() == 7


@pytest.mark.parametrize("factors", [0, (2,), (2, 2, 2), (1.5, 2), -1], ids=str)
def test_factors_that_do_not_fit_are_refused(factors):
    with pytest.raises(ArgumentError, match="whole number"):
        omezarr.downscale(np.zeros((4, 4)), factors)


def test_a_method_that_cannot_is_refused():
    with pytest.raises(UnsupportedError, match="sign"):
        omezarr.downscale(np.zeros((4, 4), "uint8"), 2, "laplacian")
    with pytest.raises(UnknownNameError, match="nearest"):
        omezarr.downscale(np.zeros((4, 4), "uint8"), 2, "nearst")
