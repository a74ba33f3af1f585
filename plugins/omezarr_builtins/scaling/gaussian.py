"""The scaling method that smooths with a Gaussian and samples the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.filters import FilteringMethod, Taps, gaussian_kernel, linear, taps_at

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod


class Gaussian(FilteringMethod):
    """Smooth with a standard deviation of a third of the factor, as Gaussian pyramids commonly do, and sample.

    The place of a result lies between samples for even factors; there it is the mean of the two smoothed neighbours.
    """

    name = "gaussian"

    def taps(self, factor: int) -> Taps:
        """Return a Gaussian around the centre of the block."""
        return taps_at(self.origin(factor), gaussian_kernel(factor / 3), linear)


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Gaussian()]
