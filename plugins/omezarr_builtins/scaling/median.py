"""The scaling method that takes the median of each block: for images with outliers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.blocks import BlockMethod, samples

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import ScalingMethod

    Pixels = npt.NDArray[Any]

COMPARED = 32
"""Up to how many samples a block is compared two by two, all blocks at once; more are sorted block by block."""


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
        if missing is None and count <= COMPARED:
            low, high = middle(stack)
        else:
            stack.partition((count - 1) // 2 if count % 2 else (count // 2 - 1, count // 2), axis=0)
            low, high = stack[(count - 1) // 2], stack[count // 2]
        if count % 2:
            median: Pixels = high
        elif stack.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                median = (low.astype("float64") * 0.5 + high.astype("float64") * 0.5).astype(stack.dtype)
        elif stack.dtype.kind == "b":
            median = low | high
        else:
            median = (low | high) - ((low ^ high) >> 1)
        if missing is not None:
            median[missing] = np.nan
        return median


def middle(stack: Pixels) -> tuple[Pixels, Pixels]:
    """Return the middle two along the first axis, in any order; where there is one, twice that. The stack is used up.

    Examples
    --------
    >>> import numpy as np
    >>> sorted(int(found[0]) for found in middle(np.array([[5], [1], [7], [2]])))
    [2, 5]
    """
    import numpy as np

    places, spare = list(stack), np.empty_like(stack[0])
    for one, other, least, greatest in comparisons(len(stack)):
        low, high = places[one], places[other]
        if least and greatest:
            np.minimum(low, high, out=spare)
            np.maximum(low, high, out=high)
            places[one], spare = spare, low
        elif least:
            np.minimum(low, high, out=low)
        else:
            np.maximum(low, high, out=high)
    return places[(len(stack) - 1) // 2], places[len(stack) // 2]


@functools.cache
def comparisons(count: int) -> tuple[tuple[int, int, bool, bool], ...]:
    """Return which places to compare one after the other so that the middle two end in the middle.

    This is Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M), without what the
    middle does not depend on.

    Returns
    -------
    tuple of (int, int, bool, bool)
        Two places, and whether the lesser goes to the first and the greater to the second.
    """
    top = 1 << max(0, (count - 1).bit_length() - 1)
    pairs, step = [], top if count > 1 else 0
    while step:
        distance, remainder, width = step, 0, top
        while True:
            pairs += [(i, i + distance) for i in range(count - distance) if i & step == remainder]
            if width == step:
                break
            distance, remainder, width = width - step, step, width >> 1
        step >>= 1
    needed = {(count - 1) // 2, count // 2}
    kept: list[tuple[int, int, bool, bool]] = []
    for one, other in reversed(pairs):
        if needed.isdisjoint((one, other)) or (not kept and needed == {one, other}):
            continue
        kept.append((one, other, one in needed, other in needed))
        needed |= {one, other}
    return tuple(reversed(kept))


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Median()]
