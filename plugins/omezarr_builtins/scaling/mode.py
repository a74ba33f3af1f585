"""The scaling method that takes the most frequent value of each block: for labels without aliasing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import ScalingMethod
from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.blocks import kernel_bytes, reduce_blocks, samples

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[Any]


class Mode(ScalingMethod):
    """Take the most frequent value of each block; of several, the one that comes first in the block in C order.

    Every result is a value of its block, exactly, so labels keep their values. NaN is equal to nothing, so it is taken
    only where it comes first and nothing occurs twice. The last block of an odd axis counts what is left of it.
    """

    name = "mode"
    preserves_values = True

    def origin(self, factor: int) -> float:
        """Return the centre of the first block."""
        return (factor - 1) / 2

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        """Return what counting takes for a piece."""
        return kernel_bytes(dtype, factors)

    def reduce(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Count the values of the blocks of the inner part."""
        return reduce_blocks(window[inner], factors, _mode)


def _mode(blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
    import numpy as np

    views = [np.ascontiguousarray(view) for view in samples(blocks, factors)]
    if len(views) < 3:
        return views[0].copy()
    if len(views) == 4:
        return _mode_of_four(*views)
    best = views[0].copy()
    most = np.ones(best.shape, np.min_scalar_type(len(views)))
    equal = np.empty(best.shape, bool)
    count = np.empty_like(most)
    for first, candidate in enumerate(views[:-1]):
        count.fill(1)
        for other in views[first + 1 :]:
            np.equal(candidate, other, out=equal)
            count += equal
        better = count > most
        np.copyto(best, candidate, where=better)
        np.copyto(most, count, where=better)
    return best


def _mode_of_four(a: Pixels, b: Pixels, c: Pixels, d: Pixels) -> Pixels:
    """Return the mode without counting: a wins as soon as it occurs twice, then b, then c."""
    import numpy as np

    mode = np.where(c == d, c, a)
    np.copyto(mode, b, where=(b == c) | (b == d))
    np.copyto(mode, a, where=((a == b) | (a == c) | (a == d)))
    return mode


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [Mode()]
