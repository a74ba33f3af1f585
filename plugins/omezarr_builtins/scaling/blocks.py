"""Cutting a level into the blocks that one sample each of the next level is made from.

Shared by the methods that look at blocks only. The last block of an axis may be incomplete; it is treated apart, so
that kernels see complete blocks alone.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeAlias

from omezarr.abc import ScalingMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    Pixels: TypeAlias = npt.NDArray[Any]
    Kernel: TypeAlias = Callable[[Pixels, tuple[int, ...]], Pixels]

PIECE_BYTES = 128 * 1024
"""Kernels are given pieces of about this size, which stay in the processor's cache with all that is made of them."""


class BlockMethod(ScalingMethod):
    """A method that makes each sample from its block alone, and places it at the centre of the block.

    What it makes of complete blocks is all that such a method says of its own.
    """

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Refuse what has no order."""
        return refuse_complex(dtype)

    def origin(self, factor: int) -> float:
        """Return the centre of the first block."""
        return (factor - 1) / 2

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        """Return what the kernel takes for a piece."""
        return kernel_bytes(dtype, factors)

    def reduce(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Apply the kernel to the blocks of the inner part."""
        return reduce_blocks(window[inner], factors, self.kernel)

    @abstractmethod
    def kernel(self, blocks: Pixels, factors: tuple[int, ...]) -> Pixels:
        """Return one sample for each block; all blocks are complete."""


def reduce_blocks(window: Pixels, factors: tuple[int, ...], kernel: Kernel) -> Pixels:
    """Apply a kernel to all blocks of a window.

    Parameters
    ----------
    window : array
        Starts on a block; the last block of each axis may be incomplete.
    factors : tuple of int
        The size of a block.
    kernel : callable
        Makes an array of ``shape / factors`` from one whose shape is a multiple of the factors.

    Returns
    -------
    array
        Of shape ``ceil(shape / factors)`` and the dtype of the window.
    """
    import numpy as np

    shape = tuple(-(-length // factor) for length, factor in zip(window.shape, factors, strict=True))
    result = np.empty(shape, window.dtype)
    for parts in itertools.product(*map(_parts, window.shape, factors)):
        source = window[tuple(part[0] for part in parts)]
        target = result[tuple(part[1] for part in parts)]
        _reduce_pieces(source, target, tuple(part[2] for part in parts), kernel)
    return result


def kernel_bytes(dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
    """Return what a kernel takes at most for a piece: eight times as much as the piece, which is one block at least."""
    return 8 * max(PIECE_BYTES, math.prod(factors) * dtype.itemsize)


def _parts(length: int, factor: int) -> list[tuple[slice, slice, int]]:
    """Split an axis into its complete blocks and what is left; each with its place in the result and its factor."""
    whole = length // factor
    parts = [(slice(0, whole * factor), slice(0, whole), factor)] if whole else []
    if length % factor:
        parts.append((slice(whole * factor, length), slice(whole, whole + 1), length % factor))
    return parts


def _reduce_pieces(source: Pixels, target: Pixels, factors: tuple[int, ...], kernel: Kernel) -> None:
    """Go through an array in pieces that fit the cache, along its outer axes."""
    if source.nbytes <= PIECE_BYTES or source.ndim == 0:
        target[...] = kernel(source, factors)
        return
    axis = next((axis for axis, length in enumerate(target.shape) if length > 1), None)
    if axis is None:
        target[...] = kernel(source, factors)
        return
    rest = (slice(None),) * axis
    factor = factors[axis]
    step = max(1, target.shape[axis] * PIECE_BYTES // source.nbytes)
    for start in range(0, target.shape[axis], step):
        stop = min(start + step, target.shape[axis])
        inner = source[(*rest, slice(start * factor, stop * factor))]
        _reduce_pieces(inner, target[(*rest, slice(start, stop))], factors, kernel)


def samples(blocks: Pixels, factors: tuple[int, ...]) -> list[Pixels]:
    """Return strided views: the first sample of every block, the second, and so on in C order."""
    offsets = itertools.product(*map(range, factors))
    return [
        blocks[tuple(slice(offset, None, factor) for offset, factor in zip(place, factors, strict=True))]
        for place in offsets
    ]


def folded(blocks: Pixels, factors: tuple[int, ...], combine: np.ufunc) -> Pixels:
    """Return the samples of each block combined two by two, as the largest or smallest of all can be found."""
    first, *others = samples(blocks, factors)
    found: Pixels = first.copy()
    for view in others:
        combine(found, view, out=found)
    return found


def refuse_complex(dtype: np.dtype[Any]) -> str | None:
    """Return why a dtype is refused by methods that need real numbers or bool; None if it is accepted."""
    if dtype.kind in "biuf":
        return None
    return f"the scaling method works on integers, floats and bool, not on {dtype}; use nearest"
