"""The scaling method that averages blocks: the default for images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from omezarr.abc import ScalingMethod
from omezarr.hookspecs import hookimpl
from omezarr_builtins.scaling.blocks import kernel_bytes, reduce_blocks, refuse_complex

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[Any]


class LocalMean(ScalingMethod):
    """Average each block.

    Integers are exact up to 64 bits, and halves go to plus infinity; bool is true where at least half of the block
    is. float16 is summed as float32, float32 as float64; float64 as itself, so sums beyond its range are infinite.
    A block with a NaN gives NaN. The last block of an odd axis averages what is left of it, up to half a block before
    the place that the metadata names.
    """

    name = "local_mean"

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Refuse what has no mean."""
        return refuse_complex(dtype)

    def origin(self, factor: int) -> float:
        """Return the centre of the first block."""
        return (factor - 1) / 2

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        """Return what summing takes for a piece."""
        return kernel_bytes(dtype, factors)

    def reduce(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Average the blocks of the inner part."""
        pixels = window[inner]
        if all(factor == 1 for factor in factors):
            return pixels.copy()
        if pixels.dtype.kind == "b":
            return reduce_blocks(pixels.view("uint8"), factors, _mean_of_integers).view(bool)
        kernel = _mean_of_floats if pixels.dtype.kind == "f" else _mean_of_integers
        return reduce_blocks(pixels, factors, kernel)


def _mean_of_floats(blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
    wider = {2: "float32", 4: "float64"}.get(blocks.dtype.itemsize, blocks.dtype)
    total = _sum(blocks, factors, wider)
    total /= math.prod(factors)
    return total


def _mean_of_integers(blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
    count = math.prod(factors)
    kind, bits = blocks.dtype.kind, 8 * blocks.dtype.itemsize
    wider = next((size for size in (16, 32, 64) if 2**bits * count <= 2**size and size > bits), None)
    if wider is None:
        return _mean_of_wide_integers(blocks, factors)
    total = _sum(blocks, factors, f"{'int' if kind == 'i' else 'uint'}{wider}")
    return _divide_half_up(total, count)


def _mean_of_wide_integers(blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
    """Average without a wider dtype: the sum of the quotients, and the mean of the remainders."""
    import numpy as np

    count = math.prod(factors)
    quotient, remainder = np.divmod(blocks, blocks.dtype.type(count))
    mean = _sum(quotient, factors, blocks.dtype)
    mean += _divide_half_up(_sum(remainder.astype("int64"), factors, "int64"), count).astype(blocks.dtype)
    return mean


def _divide_half_up(total: Pixels, count: int) -> Pixels:
    """Return floor(total / count + 1/2), in place; for odd counts there are no halves."""
    total += total.dtype.type(count // 2)
    if count & (count - 1) == 0:
        total >>= total.dtype.type(count.bit_length() - 1)
    else:
        total //= total.dtype.type(count)
    return total


def _sum(blocks: Pixels, factors: tuple[int, ...], dtype: npt.DTypeLike) -> Pixels:
    """Add the samples of each block in a fixed order: along the outer axes, where they are contiguous, first."""
    import numpy as np

    total = blocks
    for axis, factor in enumerate(factors):
        if factor > 1:
            before = (slice(None),) * axis
            views = [total[(*before, slice(offset, None, factor))] for offset in range(factor)]
            added = np.add(views[0], views[1], dtype=dtype)
            for view in views[2:]:
                added += view
            total = added
    return total.astype(dtype, copy=total is blocks)


@hookimpl
def omezarr_scaling_methods() -> list[ScalingMethod]:
    """Contribute the method."""
    return [LocalMean()]
