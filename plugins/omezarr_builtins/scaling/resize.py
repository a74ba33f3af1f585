"""The scaling methods that interpolate after anti-aliasing, linearly or with cubic convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.filters import FilteringMethod, Taps, gaussian_kernel, linear, taps_at

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod


class Resize(FilteringMethod):
    """Smooth against aliasing, with a standard deviation of half the factor less one half, and interpolate linearly."""

    name = "resize"

    def taps(self, factor: int) -> Taps:
        """Return the anti-aliasing filter around the centre of the block."""
        return taps_at(self.origin(factor), gaussian_kernel((factor - 1) / 2), linear)


class ResizeCubic(FilteringMethod):
    """Smooth against aliasing like ``resize``, and interpolate by cubic convolution.

    The kernel is that of Keys (1981) with a = -1/2, which reproduces parabolas.
    """

    name = "resize_cubic"

    def taps(self, factor: int) -> Taps:
        """Return the anti-aliasing filter around the centre of the block."""
        return taps_at(self.origin(factor), gaussian_kernel((factor - 1) / 2), cubic)


def cubic(fraction: float) -> dict[int, float]:
    """Return the weights of the four samples around."""
    if not fraction:
        return {0: 1.0}
    t = fraction
    return {
        -1: ((-0.5 * t + 1.0) * t - 0.5) * t,
        0: (1.5 * t - 2.5) * t * t + 1.0,
        1: ((-1.5 * t + 2.0) * t + 0.5) * t,
        2: (0.5 * t - 0.5) * t * t,
    }


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the methods."""
    return [Resize(), ResizeCubic()]
