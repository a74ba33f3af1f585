"""Shapes and places of levels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omezarr.arrays.geometry import cells, full_region, level_geometry, level_shapes, reduced_region
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.scaling.local_mean import LocalMean
from omezarr_builtins.scaling.median import Median
from omezarr_builtins.scaling.nearest import Nearest
from omezarr_builtins.scaling.resize import Resize, ResizeCubic
from omezarr_builtins.scaling.zoom import Zoom
from tests.engine.pyramids import expected_levels

METHODS = [Nearest(), LocalMean(), Median(), Gaussian(), Resize(), ResizeCubic(), Zoom()]


def test_odd_sizes_are_rounded_up() -> None:
    assert level_shapes((7, 1), [(2, 2), (2, 2), (2, 2)]) == [(7, 1), (4, 1), (2, 1), (1, 1)]


def test_scale_is_multiplied_exactly_and_axes_without_factor_do_not_move() -> None:
    geometry = level_geometry(LocalMean(), [(1, 2), (1, 3)], [0.3, 0.1], [5.0, 7.0])
    assert geometry[2][0] == (0.3, 0.1 * 2 * 3)
    assert geometry[2][1] == (5.0, pytest.approx(7.0 + 0.1 * 0.5 + 0.2 * 1.0))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("factors", [[(2,), (2,)], [(3,), (2,)], [(5,)]], ids=str)
def test_on_a_ramp_every_sample_of_every_level_sits_where_its_metadata_says(method: object, factors: object) -> None:
    scale, offset = 0.5, 3.0
    length = 601
    ramp = offset + scale * np.arange(length, dtype="float64")
    levels = expected_levels(ramp, factors, method)  # type: ignore[arg-type]
    geometry = level_geometry(method, factors, [scale], [offset])  # type: ignore[arg-type]
    blocks = method.halo((2,)) == ((0, 0),)  # type: ignore[attr-defined]
    reach = 0
    for level, ((step,), (start,)) in zip(levels, geometry, strict=True):
        places = start + step * np.arange(len(level))
        reach = reach // 2 + 40 if level is not levels[0] and not blocks else reach
        inside = slice(reach, len(level) - reach - 1)
        np.testing.assert_allclose(level[inside], places[inside], rtol=0, atol=0 if blocks else 1e-9)


def test_the_last_sample_of_a_mean_on_an_odd_axis_is_at_most_half_a_block_early() -> None:
    ramp = np.arange(9, dtype="float64")
    level = expected_levels(ramp, [(4,)], LocalMean())[1]
    assert level_geometry(LocalMean(), [(4,)], [1.0], [0.0])[1] == ((4.0,), (1.5,))
    assert level.tolist() == [1.5, 5.5, 8.0]
    assert 0 <= 9.5 - level[-1] <= 2


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9)), min_size=1, max_size=3))
def test_cells_cover_a_region_once(axes: list[tuple[int, int]]) -> None:
    shape = tuple(length for length, _ in axes)
    seen = np.zeros(shape, int)
    for index, part in cells(full_region(shape), [step for _, step in axes]):
        seen[part] += 1
        assert [axis.start // step for axis, (_, step) in zip(part, axes, strict=True)] == list(index)
    assert (seen == 1).all()
    assert math.prod(shape) == seen.sum()


def test_a_region_at_the_border_reduces_to_the_border() -> None:
    assert reduced_region((slice(4, 9),), (2,)) == (slice(2, 5),)
