"""The scaling method ``centre``: of each block the sample in its middle."""

from __future__ import annotations

from omezarr.abc import ScalingMethod
from omezarr.hookspecs import hookimpl


class Centre(ScalingMethod):
    """Take the sample in the middle of each block; where there are two, the first of them.

    Where a block at the end of an axis is incomplete, its last sample may have to do.
    """

    name = "centre"
    preserves_values = True

    def origin(self, factor):
        """Return where the first result sits, in samples of the level above."""
        return float((factor - 1) // 2)

    def reduce(self, window, factors, inner):
        """Return one sample for each block of the inner part."""
        import numpy as np  # here and not above, so that listing the plugins stays quick

        pixels = window[inner]
        places = [
            np.minimum(np.arange(0, length, factor) + (factor - 1) // 2, length - 1)
            for length, factor in zip(pixels.shape, factors, strict=True)
        ]
        return pixels[np.ix_(*places)]


@hookimpl
def omezarr_scaling_methods():
    """Give the method to omezarr."""
    return [Centre()]
