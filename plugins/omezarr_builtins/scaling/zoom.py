"""The scaling method that evaluates a cubic spline through the samples, without smoothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.filters import FilteringMethod, Taps, taps_at

POLE = math.sqrt(3.0) - 2.0
"""The pole of the filter that turns samples into the coefficients of a cubic B-spline."""

REACH = 30
"""How far that filter is followed: beyond, its weights are below the precision of float64."""

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod


class Zoom(FilteringMethod):
    """Evaluate the cubic spline through the samples at the centre of each block.

    Nothing is smoothed, so fine structures alias; ``resize`` avoids that. For odd factors the centre is a sample, and
    the result is that sample. The halo holds the reach of the spline's prefilter.
    """

    name = "zoom"

    def taps(self, factor: int) -> Taps:
        """Return the spline's weights around the centre of the block."""
        return taps_at(self.origin(factor), {0: 1.0}, spline)


def spline(fraction: float) -> dict[int, float]:
    """Return the weights of the samples around for the value of the spline between two of them."""
    if not fraction:
        return {0: 1.0}
    basis = {
        -1: (1.0 - fraction) ** 3 / 6.0,
        0: 2.0 / 3.0 - fraction**2 * (2.0 - fraction) / 2.0,
        1: 2.0 / 3.0 - (1.0 - fraction) ** 2 * (1.0 + fraction) / 2.0,
        2: fraction**3 / 6.0,
    }
    scale = -6.0 * POLE / (1.0 - POLE * POLE)
    weights: dict[int, float] = {}
    for offset, share in basis.items():
        for shift in range(-REACH, REACH + 1):
            weight = share * scale * POLE ** abs(shift)
            weights[offset + shift] = weights.get(offset + shift, 0.0) + weight
    return weights


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Zoom()]
