"""The suite for scaling methods: geometry, dtypes, and independence of where windows lie."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, cast

import pytest

from omezarr.arrays import as_source
from omezarr.engine.windows import reduced_window

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import ScalingMethod
    from omezarr.arrays.reading import ArrayReader

    Pixels = npt.NDArray[Any]

DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")

CASES = (
    ((24, 36), (2, 2)),
    ((25, 37), (2, 2)),
    ((25, 37), (3, 2)),
    ((2, 23, 35), (1, 2, 2)),
    ((9, 23, 35), (2, 4, 4)),
    ((1, 31), (1, 2)),
)
"""Shapes with factors: even and odd sizes, axes that are left alone, axes of one sample."""


LARGE_CASES = (((500, 602), (2, 2)), ((4, 301, 302), (1, 2, 2)), ((24, 90, 120), (4, 3, 2)))
"""Shapes with factors for which scratch memory is measured: large beside what a call takes."""

SLACK_BYTES = 64 * 1024
"""What a call takes beside pixels."""


class ScalingMethodSuite:
    """Tests of a `omezarr.abc.ScalingMethod`.

    Attributes
    ----------
    linear : bool
        Whether a straight ramp stays straight: true for means and interpolation, false for extremes and the like.
        Where it is true, each result must be what the ramp is at the place that the geometry gives it.
    tolerance : float
        How far, in input samples, a result may be from it.
    margin : int
        How many results at the borders of the image the ramp is not compared for, beside those of the halo.
    """

    linear = True
    tolerance = 1e-6
    margin = 1

    @pytest.fixture
    def method(self) -> ScalingMethod:
        """Return the method that is tested; every subclass overrides this."""
        pytest.fail("a subclass of ScalingMethodSuite overrides the fixture 'method'")

    def test_has_a_name_and_a_version(self, method: ScalingMethod) -> None:
        assert method.name
        assert method.version

    def test_says_why_it_refuses_a_dtype(self, method: ScalingMethod) -> None:
        import numpy as np

        for dtype in (*DTYPES, "complex64"):
            reason = method.check_dtype(np.dtype(dtype))
            assert reason is None or reason.strip()

    def test_accepts_some_dtype(self, method: ScalingMethod) -> None:
        assert accepted(method)

    @pytest.mark.parametrize(("shape", "factors"), CASES)
    def test_keeps_the_dtype_and_rounds_sizes_up(
        self, method: ScalingMethod, shape: tuple[int, ...], factors: tuple[int, ...]
    ) -> None:
        for dtype in accepted(method):
            result = reduced(method, image_of(shape, dtype), factors)
            assert result.dtype == dtype
            assert result.shape == tuple(-(-size // factor) for size, factor in zip(shape, factors, strict=True))

    @pytest.mark.parametrize(("shape", "factors"), CASES)
    def test_gives_the_same_whatever_the_windows(
        self, method: ScalingMethod, shape: tuple[int, ...], factors: tuple[int, ...]
    ) -> None:
        import numpy as np

        for dtype in accepted(method):
            image = image_of(shape, dtype)
            whole = reduced(method, image, factors)
            for step in (1, 3, 5):
                pieces = np.empty_like(whole)
                for region in regions(whole.shape, step):
                    pieces[region] = reduced(method, image, factors, region)
                np.testing.assert_array_equal(pieces, whole, err_msg=f"windows of {step} results, {dtype}")

    def test_gives_the_same_whenever_it_is_asked(self, method: ScalingMethod) -> None:
        import numpy as np

        for dtype in accepted(method):
            image, other = image_of((24, 36), dtype), image_of((36, 24), dtype)
            before = reduced(method, image, (2, 2)).copy()
            reduced(method, other, (3, 2))
            reduced(method, np.zeros_like(image), (2, 2))
            np.testing.assert_array_equal(reduced(method, image, (2, 2)), before, err_msg=f"the second time, {dtype}")

    def test_keeps_what_is_the_same_everywhere(self, method: ScalingMethod) -> None:
        import numpy as np

        if not self.linear and not method.preserves_values:
            return
        for dtype in accepted(method):
            kind = np.dtype(dtype)
            if kind.itemsize > 4:
                continue  # more than a float64 holds exactly
            limits = np.iinfo(kind) if kind.kind in "iu" else None
            for value in (limits.min, limits.max // 2 + 1, limits.max - 1, limits.max) if limits else (0, 1):
                image = np.full((16, 12), value, dtype)
                np.testing.assert_array_equal(
                    reduced(method, image, (2, 2)), image[:8, :6], err_msg=f"{value}, {dtype}"
                )

    def test_leaves_its_window_as_it_is(self, method: ScalingMethod) -> None:
        import numpy as np

        for dtype in accepted(method):
            image = image_of((24, 36), dtype)
            before = image.copy()
            result = reduced(method, image, (2, 2))
            result[...] = 0
            np.testing.assert_array_equal(image, before)

    def test_treats_axes_of_factor_1_apart(self, method: ScalingMethod) -> None:
        import numpy as np

        for dtype in accepted(method):
            stack = image_of((3, 20, 30), dtype)
            together = reduced(method, stack, (1, 2, 2))
            for plane, result in zip(stack, together, strict=True):
                np.testing.assert_array_equal(reduced(method, plane, (2, 2)), result)

    @pytest.mark.parametrize(("shape", "factors"), LARGE_CASES)
    def test_takes_no_more_scratch_memory_than_it_states(
        self, method: ScalingMethod, shape: tuple[int, ...], factors: tuple[int, ...]
    ) -> None:
        import numpy as np

        halo = method.halo(factors)
        window = tuple(size + low + high for size, (low, high) in zip(shape, halo, strict=True))
        inner = tuple(slice(low, low + size) for size, (low, _) in zip(shape, halo, strict=True))
        for dtype in accepted(method):
            stated = method.scratch(window, np.dtype(dtype), factors)
            taken = scratch_taken(method, image_of(window, dtype), factors, inner)
            assert taken <= stated + SLACK_BYTES, f"{taken} bytes for {dtype} {window}, where {stated} are stated"

    @pytest.mark.parametrize("factor", [1, 2, 3, 4])
    def test_puts_a_ramp_where_its_geometry_says(self, method: ScalingMethod, factor: int) -> None:
        import numpy as np

        if not self.linear or "float64" not in accepted(method):
            return
        ramp = np.arange(24.0 * factor)
        result = reduced(method, ramp, (factor,))
        low, high = method.halo((factor,))[0]
        inside = slice(self.margin + -(-low // factor), len(result) - self.margin - -(-high // factor))
        places = method.origin(factor) + factor * np.arange(len(result))
        np.testing.assert_allclose(result[inside], places[inside], rtol=0, atol=self.tolerance)

    def test_makes_up_no_values_if_it_preserves_them(self, method: ScalingMethod) -> None:
        import numpy as np

        if not method.preserves_values:
            return
        for dtype, (shape, factors) in product(accepted(method), CASES):
            image = image_of(shape, dtype)
            assert np.isin(reduced(method, image, factors), image).all()

    def test_keeps_large_integers_exact_if_it_preserves_values(self, method: ScalingMethod) -> None:
        import numpy as np

        if method.preserves_values and "uint64" in accepted(method):
            labels = np.full((4, 4), 2**63 + 1, dtype="uint64")
            assert (reduced(method, labels, (2, 2)) == labels[:2, :2]).all()


def accepted(method: ScalingMethod) -> list[str]:
    """Return the names of the dtypes that a method accepts."""
    import numpy as np

    return [dtype for dtype in DTYPES if method.check_dtype(np.dtype(dtype)) is None]


def image_of(shape: tuple[int, ...], dtype: str) -> Pixels:
    """Return an image with noise over the whole range of a dtype, the same at every call."""
    import numpy as np

    random = np.random.default_rng(list(shape))
    if dtype == "bool":
        return random.random(shape) < 0.5
    if dtype.startswith("float"):
        return random.normal(scale=1000, size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, size=shape, dtype=dtype, endpoint=True)


def scratch_taken(method: ScalingMethod, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> int:
    """Return how many bytes a method takes at once beside its window and its result."""
    import tracemalloc

    method.reduce(window, factors, inner)  # what is imported and remembered is not scratch memory
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = method.reduce(window, factors, inner)
        return tracemalloc.get_traced_memory()[1] - before - result.nbytes
    finally:
        tracemalloc.stop()


def regions(shape: tuple[int, ...], step: int) -> list[tuple[slice, ...]]:
    """Return the regions of at most `step` samples along each axis that a shape is made of."""
    starts = [[slice(start, min(start + step, size)) for start in range(0, size, step)] for size in shape]
    return list(product(*starts))


def reduced(
    method: ScalingMethod, image: Pixels, factors: tuple[int, ...], region: tuple[slice, ...] | None = None
) -> Pixels:
    """Return a region of the next level, or all of it, made as the engine makes it."""
    shape = tuple(-(-size // factor) for size, factor in zip(image.shape, factors, strict=True))
    source = cast("ArrayReader", as_source(image))  # reads regions as a reader does
    return reduced_window(source, region or tuple(slice(0, size) for size in shape), image.shape, factors, method)
