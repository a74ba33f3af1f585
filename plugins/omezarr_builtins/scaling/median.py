"""The scaling method that takes the median of each block: for images with outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.blocks import BlockMethod, samples

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import ScalingMethod

    Pixels = npt.NDArray[Any]


class Median(BlockMethod):
    """Take the median of each block.

    Where a block has an even number of samples, it is the mean of the middle two; for integers that is exact up to 64
    bits, and halves go to plus infinity; bool is true where at least half of the block is. So it does not preserve
    values. A block with a NaN gives NaN. The last block of an odd axis takes what is left of it.
    """

    name = "median"

    def kernel(self, blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
        """Find the median of each block."""
        import numpy as np

        stack = np.stack(samples(blocks, factors))
        count = len(stack)
        missing = np.isnan(stack).any(axis=0) if stack.dtype.kind == "f" else None
        stack.partition((count - 1) // 2 if count % 2 else (count // 2 - 1, count // 2), axis=0)
        if count % 2:
            median: Pixels = stack[count // 2]
        else:
            low, high = stack[count // 2 - 1], stack[count // 2]
            if stack.dtype.kind == "f":
                with np.errstate(invalid="ignore"):
                    median = (low.astype("float64") * 0.5 + high.astype("float64") * 0.5).astype(stack.dtype)
            elif stack.dtype.kind == "b":
                median = low | high
            else:
                median = (low | high) - ((low ^ high) >> 1)
        if missing is not None:
            median[missing] = np.nan
        return median


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Median()]
