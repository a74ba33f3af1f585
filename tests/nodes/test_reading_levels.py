"""Levels are read as arrays are indexed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError

STACK = np.arange(3 * 40 * 50, dtype="uint16").reshape(3, 40, 50)
ALL = slice(None)


@pytest.mark.parametrize(
    "index",
    [
        *(1, -1, np.int64(2), slice(1, 3), ..., (), (0, 1, 2), (..., 5), (1, ...), (ALL, 3, slice(2, 9))),
        *((slice(1, None), slice(-5, None)), (slice(2, 1), ALL, ALL), (ALL, ALL, slice(10, 1000))),
    ],
    ids=repr,
)
def test_pixels_and_shape_are_those_of_the_array_indexed_likewise(index: Any) -> None:
    level = omezarr.write_image("memory://indexed.zarr", STACK, axes="zyx", overwrite=True).levels[0]
    read, expected = level.read(index), STACK[index]
    assert read.shape == expected.shape
    assert (read == expected).all()


@pytest.mark.parametrize(
    "index", [3, -4, (0, 0, 0, 0), (ALL, ALL, slice(0, 9, 2)), 1.5, "z", [0, 1], True, (ALL, ALL, ALL, ALL)], ids=repr
)
def test_what_is_no_region_of_the_level_is_refused_in_one_line(index: Any) -> None:
    level = omezarr.write_image("memory://indexed.zarr", STACK, axes="zyx", overwrite=True).levels[0]
    with pytest.raises(ArgumentError, match=r"^(a region takes an index or a slice|the index -?\d is outside)"):
        level.read(index)
