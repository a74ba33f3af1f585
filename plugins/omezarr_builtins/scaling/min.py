"""The scaling method that takes the smallest value of each block: it keeps thin dark structures visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import ScalingMethod
from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.blocks import reduce_blocks, refuse_complex, samples

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[Any]


class Min(ScalingMethod):
    """Take the smallest value of each block.

    Exact for every dtype that has an order. A block with a NaN gives NaN. The last block of an odd axis takes what is
    left of it.
    """

    name = "min"
    preserves_values = True

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Refuse what has no order."""
        return refuse_complex(dtype)

    def origin(self, factor: int) -> float:
        """Return the centre of the first block."""
        return (factor - 1) / 2

    def reduce(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Find the smallest values of the blocks of the inner part."""
        return reduce_blocks(window[inner], factors, _minimum)


def _minimum(blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
    import numpy as np

    first, *others = samples(blocks, factors)
    found = first.copy()
    for view in others:
        np.minimum(found, view, out=found)
    return found


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Min()]
