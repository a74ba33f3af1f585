"""The scaling method that keeps the first sample of each block: fast, exact, for any dtype and for labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import ScalingMethod
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Nearest(ScalingMethod):
    """Take every ``factor``-th sample along each axis, beginning with the first.

    Every result is a sample of the level above, so labels keep their values. The first result sits on the first
    sample: the origin is 0.
    """

    name = "nearest"
    preserves_values = True

    def origin(self, factor: int) -> float:
        """Return 0: the first sample stays where it is."""
        return 0.0

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        """Return 0: nothing but the result is made."""
        return 0

    def reduce(self, window: npt.NDArray[Any], factors: tuple[int, ...], inner: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Take every ``factor``-th sample."""
        strides = (slice(part.start, part.stop, factor) for part, factor in zip(inner, factors, strict=True))
        return window[tuple(strides)].copy()


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Nearest()]
