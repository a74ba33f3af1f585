"""The methods that look beyond the block of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omezarr_builtins.scaling.filters import Taps, apply_taps
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.scaling.laplacian import Laplacian
from omezarr_builtins.scaling.resize import Resize, ResizeCubic
from omezarr_builtins.scaling.zoom import Zoom

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod

METHODS = [Gaussian(), Laplacian(), Resize(), ResizeCubic(), Zoom()]
smoothing = [Gaussian(), Resize(), ResizeCubic(), Zoom()]
every = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


def on_whole(method: ScalingMethod, pixels: np.ndarray[Any, Any], factors: tuple[int, ...]) -> np.ndarray[Any, Any]:
    halo = method.halo(factors)
    inner = tuple(slice(low, low + n) for (low, _), n in zip(halo, pixels.shape, strict=True))
    return method.reduce(np.pad(pixels, halo, mode="symmetric"), factors, inner)


def interpolated_at_centres(smooth: np.ndarray[Any, Any], factors: tuple[int, ...], order: int) -> np.ndarray[Any, Any]:
    from scipy import ndimage

    shape = tuple(-(-n // f) for n, f in zip(smooth.shape, factors, strict=True))
    grid = np.meshgrid(*(np.arange(n) * f + (f - 1) / 2 for n, f in zip(shape, factors, strict=True)), indexing="ij")
    found: np.ndarray[Any, Any] = ndimage.map_coordinates(smooth, grid, order=order, mode="reflect")
    return found


@pytest.mark.parametrize("factors", [(2, 2), (3, 2), (1, 4), (5, 5)], ids=str)
def test_gaussian_is_that_of_scipy_sampled_at_the_centres_of_blocks(factors: tuple[int, int]) -> None:
    from scipy import ndimage

    pixels = np.random.default_rng(0).random((41, 38))
    sigma = [f / 3 if f > 1 else 0 for f in factors]
    smooth = ndimage.gaussian_filter(pixels, sigma, mode="reflect", truncate=4.0)
    expected = interpolated_at_centres(smooth, factors, 1)
    whole = tuple(slice(0, n // f) for n, f in zip(pixels.shape, factors, strict=True))
    np.testing.assert_allclose(on_whole(Gaussian(), pixels, factors)[whole], expected[whole], atol=1e-12)


@pytest.mark.parametrize("factors", [(2, 2), (3, 2), (5, 4)], ids=str)
def test_resize_is_anti_aliasing_by_scipy_followed_by_linear_interpolation(factors: tuple[int, int]) -> None:
    from scipy import ndimage

    pixels = np.random.default_rng(1).random((41, 38))
    smooth = ndimage.gaussian_filter(pixels, [(f - 1) / 2 for f in factors], mode="reflect", truncate=4.0)
    expected = interpolated_at_centres(smooth, factors, 1)
    whole = tuple(slice(0, n // f) for n, f in zip(pixels.shape, factors, strict=True))
    np.testing.assert_allclose(on_whole(Resize(), pixels, factors)[whole], expected[whole], atol=1e-12)


@pytest.mark.parametrize("factors", [(2, 2), (4, 2), (3, 3)], ids=str)
def test_zoom_is_the_cubic_spline_of_scipy_at_the_centres_of_blocks(factors: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).random((48, 36))
    expected = interpolated_at_centres(pixels, factors, 3)
    np.testing.assert_allclose(on_whole(Zoom(), pixels, factors), expected, atol=1e-12)


@pytest.mark.parametrize("factors", [(2, 1), (1, 2), (3, 2)], ids=str)
def test_sums_in_pieces_are_those_of_each_result_by_itself_to_the_bit(factors: tuple[int, int]) -> None:
    window = np.random.default_rng(6).random((90, 1200))
    taps = [Taps(0, (0.3, -0.1, 0.7)) if factor > 1 else None for factor in factors]
    inner = tuple(slice(0, length - 6) for length in window.shape)
    expected = window
    for axis, (tap, factor, part) in enumerate(zip(taps, factors, inner, strict=True)):
        lines = np.moveaxis(expected, axis, 0)
        if tap is None:
            made = lines[part]
        else:
            starts = range(0, part.stop, factor)
            made = np.stack([sum(lines[i + k] * w for k, w in enumerate(tap.weights)) for i in starts])
        expected = np.moveaxis(made, 0, axis)
    assert apply_taps(window, taps, factors, inner).tobytes() == expected.tobytes()


def test_resize_cubic_reproduces_parabolas_up_to_what_smoothing_adds() -> None:
    line = np.arange(60.0) ** 2
    method = ResizeCubic()
    taps = method.taps(2)
    centre = 0.5
    variance = sum(w * (taps.first + i - centre) ** 2 for i, w in enumerate(taps.weights))
    places = np.arange(30) * 2 + 0.5
    inside = slice(5, 25)
    np.testing.assert_allclose(on_whole(method, line, (2,))[inside], (places**2 + variance)[inside], atol=1e-9)


def test_laplacian_is_the_level_less_its_smoothing() -> None:
    pixels = np.random.default_rng(3).random((30, 33))
    expected = interpolated_at_centres(pixels, (3, 3), 1) - on_whole(Gaussian(), pixels, (3, 3))
    np.testing.assert_allclose(on_whole(Laplacian(), pixels, (3, 3)), expected, atol=1e-12)


@pytest.mark.parametrize("method", smoothing, ids=lambda method: method.name)
@pytest.mark.parametrize("factor", [2, 3, 4, 7])
def test_a_constant_stays_what_it_is(method: ScalingMethod, factor: int) -> None:
    pixels = np.full((21,), 4321, "uint16")
    assert set(on_whole(method, pixels, (factor,)).tolist()) == {4321}


@every
@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    dtype=st.sampled_from(["int8", "int16", "int32", "int64", "float16", "float32", "float64"]),
    factor=st.integers(2, 5),
    start=st.integers(0, 12),
    length=st.integers(1, 12),
)
def test_a_result_does_not_depend_on_where_the_window_lies(
    method: Any, dtype: str, factor: int, start: int, length: int
) -> None:
    pixels = (np.random.default_rng(4).random((200, 3)) * 100).astype(dtype)
    low, high = method.halo((factor, 1))[0]
    whole = on_whole(method, pixels, (factor, 1))
    first = -(-low // factor) + start
    at = slice(first * factor - low, (first + length) * factor + high)
    if at.stop > 200:
        return
    part = method.reduce(pixels[at], (factor, 1), (slice(low, low + length * factor), slice(0, 3)))
    np.testing.assert_array_equal(part, whole[first : first + length])


@pytest.mark.parametrize("dtype", ["uint8", "uint64", "int64"])
def test_overshoot_stays_within_the_range_of_integers(dtype: str) -> None:
    limits = np.iinfo(dtype)
    low, high = np.array([limits.min, limits.max], dtype)
    pixels = np.where(np.arange(40) % 8 < 4, low, high)
    result = on_whole(Zoom(), pixels, (2,))
    assert result.min() == limits.min
    assert result.max() == limits.max


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "bool"])
def test_laplacian_refuses_what_has_no_sign_with_the_cure(dtype: str) -> None:
    assert "convert to float32" in str(Laplacian().check_dtype(np.dtype(dtype)))
    assert Laplacian().check_dtype(np.dtype("int16")) is None


@every
def test_axes_of_length_one_and_axes_without_factor_are_left_alone(method: ScalingMethod) -> None:
    pixels = np.random.default_rng(5).random((1, 3, 16)).astype("float32")
    assert on_whole(method, pixels, (1, 1, 2)).shape == (1, 3, 8)
    np.testing.assert_array_equal(on_whole(method, pixels, (1, 1, 1)), pixels)


@every
def test_interpolation_preserves_no_values(method: ScalingMethod) -> None:
    assert not method.preserves_values
