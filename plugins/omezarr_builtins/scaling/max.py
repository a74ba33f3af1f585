"""The scaling method that takes the largest value of each block: it keeps thin bright structures visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.blocks import BlockMethod, folded

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import ScalingMethod

    Pixels = npt.NDArray[Any]


class Max(BlockMethod):
    """Take the largest value of each block.

    Exact for every dtype that has an order. A block with a NaN gives NaN. The last block of an odd axis takes what is
    left of it.
    """

    name = "max"
    preserves_values = True

    def kernel(self, blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
        """Find the largest value of each block."""
        import numpy as np

        return folded(blocks, factors, np.maximum)


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Max()]
