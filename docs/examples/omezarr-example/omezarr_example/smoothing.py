"""The scaling method ``binomial``: samples weighted 1, 2, 1, as an example of one that looks beyond its block."""

from __future__ import annotations

from omezarr.abc import ScalingMethod
from omezarr.hookspecs import hookimpl


class Binomial(ScalingMethod):
    """Smooth along each axis that gets smaller, and take the first sample of each block."""

    name = "binomial"

    def check_dtype(self, dtype):
        """Refuse what cannot be summed up exactly in 64 bits, or not at all."""
        if dtype.kind in "iu" and dtype.itemsize == 8:
            return "sums of 64 bits would overflow; use nearest"
        return None if dtype.kind in "iuf" else "it takes whole numbers and floats; use nearest"

    def halo(self, factors):
        """Return that one sample before and behind each block is needed where there is anything to smooth."""
        return tuple((1, 1) if factor > 1 else (0, 0) for factor in factors)

    def origin(self, factor):
        """Return that the first result sits on the first sample."""
        return 0.0

    def reduce(self, window, factors, inner):
        """Return one weighted sum for each block of the inner part."""
        import numpy as np

        whole = window.dtype.kind in "iu"
        sums = window.astype(np.int64 if whole else np.float64)
        for axis, (factor, part) in enumerate(zip(factors, inner, strict=True)):
            sums = np.moveaxis(sums, axis, 0)
            if factor > 1:
                before, at, after = (sums[part.start + n : part.stop + n : factor] for n in (-1, 0, 1))
                sums = before + 2 * at + after
            else:
                sums = 4 * sums[part]
            sums = np.moveaxis(sums, 0, axis)
        total = 4 ** len(factors)
        # Halves go to plus infinity, as they do in the methods that come with omezarr.
        mean = (sums + total // 2) // total if whole else sums / total
        return mean.astype(window.dtype)


@hookimpl
def omezarr_scaling_methods():
    """Give the method to omezarr."""
    return [Binomial()]
