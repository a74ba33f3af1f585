"""The scaling method that keeps what smoothing removes: the band between two levels of a Gaussian pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.filters import (
    FilteringMethod,
    Taps,
    apply_taps,
    gaussian_kernel,
    linear,
    taps_at,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omezarr.abc import ScalingMethod

    Pixels = npt.NDArray[Any]


class Laplacian(FilteringMethod):
    """Subtract the smoothed level from the level itself, and sample the difference.

    Smoothing is that of the method ``gaussian``. Differences have both signs, so unsigned integers and bool
    are refused.
    """

    name = "laplacian"

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Refuse what has no sign."""
        if dtype.kind in "ub":
            return f"differences have a sign, which {dtype} has not; convert to float32 or a signed integer first"
        return super().check_dtype(dtype)

    def taps(self, factor: int) -> Taps:
        """Return the smoothing around the centre of the block; it reaches further than plain interpolation."""
        return taps_at(self.origin(factor), gaussian_kernel(factor / 3), linear)

    def sums(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Return the interpolated level less the smoothed one."""
        plain = [taps_at(self.origin(factor), {0: 1.0}, linear) if factor > 1 else None for factor in factors]
        difference: Pixels = apply_taps(window, plain, factors, inner) - super().sums(window, factors, inner)
        return difference


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Laplacian()]
