"""Filtering and sampling in one go, for the methods that look beyond the block of a result.

Each result is a weighted sum of input samples around its place, axis by axis. All kernels are finite and are summed in
a fixed order, so a result depends on the samples in its reach alone, to the last bit, wherever the window lies.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc import ScalingMethod
from omezarr_builtins.scaling.blocks import refuse_complex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[Any]

CALL_BYTES = 192 * 1024
"""What summing takes beside pixels."""

PIECE_SAMPLES = 8 * 1024
"""How many results are summed at once."""

PIECE_ROW = 512
"""How many of them are neighbours along the last axis, where it is another one that is summed along."""


@frozen
class Taps:
    """The weights that make one result.

    Parameters
    ----------
    first : int
        Where the first weight applies, counted from the first sample of the block.
    weights : tuple of float
    """

    first: int
    weights: tuple[float, ...]

    @property
    def reach(self) -> tuple[int, int]:
        """How many samples before the first of a block, and after its first, are needed."""
        return max(0, -self.first), max(0, self.first + len(self.weights) - 1)


def taps_at(place: float, kernel: Mapping[int, float], interpolate: Callable[[float], Mapping[int, float]]) -> Taps:
    """Return the taps that smooth by a kernel, then interpolate at a place.

    Parameters
    ----------
    place : float
        In samples from the first of the block.
    kernel : mapping
        Offset to weight.
    interpolate : callable
        The fraction of a sample to the weights of the samples around.
    """
    whole = math.floor(place)
    total: dict[int, float] = {}
    for offset, weight in interpolate(place - whole).items():
        for shift, share in kernel.items():
            total[whole + offset + shift] = total.get(whole + offset + shift, 0.0) + weight * share
    first, last = min(total), max(total)
    return Taps(first, tuple(total.get(position, 0.0) for position in range(first, last + 1)))


def gaussian_kernel(sigma: float, truncate: float = 4.0) -> dict[int, float]:
    """Return a normalised Gaussian, cut off after so many standard deviations."""
    if sigma <= 0:
        return {0: 1.0}
    radius = int(truncate * sigma + 0.5)
    weights = {offset: math.exp(-0.5 * (offset / sigma) ** 2) for offset in range(-radius, radius + 1)}
    total = math.fsum(weights.values())
    return {offset: weight / total for offset, weight in weights.items()}


def linear(fraction: float) -> dict[int, float]:
    """Return the weights of the two neighbours."""
    return {0: 1.0 - fraction, 1: fraction} if fraction else {0: 1.0}


class FilteringMethod(ScalingMethod):
    """A method whose results are sums over windows; subclasses say with which weights.

    The first result sits in the centre of the first block. Sums are formed in float64; integers are rounded, halves to
    plus infinity, and stay within their range; bool is true from one half on. A NaN spreads as far as the kernel
    reaches. Beyond the border of the image, its samples are mirrored.
    """

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Refuse what cannot be averaged."""
        return refuse_complex(dtype)

    def origin(self, factor: int) -> float:
        """Return the centre of the first block."""
        return (factor - 1) / 2

    def taps(self, factor: int) -> Taps:
        """Return the weights for a factor above 1."""
        raise NotImplementedError

    def halo(self, factors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Return the reach of the weights."""
        return tuple(_taps(self, factor).reach if factor > 1 else (0, 0) for factor in factors)

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        """Return three copies in float64 of what is filtered at once: axes of factor 1 before all others are walked."""
        leading = next((axis for axis, factor in enumerate(factors) if factor > 1), None)
        return CALL_BYTES + (0 if leading is None else 3 * 8 * math.prod(shape[leading:]))

    def reduce(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Sum over the inner part of a window and its halo."""
        import numpy as np

        shape = tuple(-(-(part.stop - part.start) // factor) for part, factor in zip(inner, factors, strict=True))
        result = np.empty(shape, window.dtype)
        leading = next((axis for axis, factor in enumerate(factors) if factor > 1), None)
        if leading is None:
            return window[inner].copy()
        for place in np.ndindex(shape[:leading]):
            at = tuple(part.start + index for part, index in zip(inner, place, strict=False))
            sums = self.sums(window[at].astype("float64"), factors[leading:], inner[leading:])
            result[place] = cast_rounding(sums, window.dtype)
        return result

    def sums(self, window: Pixels, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Pixels:
        """Return the results in float64."""
        return apply_taps(window, [_taps(self, factor) if factor > 1 else None for factor in factors], factors, inner)


@functools.lru_cache(256)
def _taps(method: FilteringMethod, factor: int) -> Taps:
    return method.taps(factor)


def apply_taps(
    window: Pixels, taps: Sequence[Taps | None], factors: tuple[int, ...], inner: tuple[slice, ...]
) -> Pixels:
    """Sum along each axis in turn; axes without taps are cut to their inner part."""
    for axis, (given, factor, part) in enumerate(zip(taps, factors, inner, strict=True)):
        before = (slice(None),) * axis
        if given is None:
            window = window[(*before, part)]
            continue
        count = -(-(part.stop - part.start) // factor)
        start = part.start + given.first
        window = _summed(window, axis, given.weights, slice(start, start + (count - 1) * factor + 1, factor))
    return window


def _summed(window: Pixels, axis: int, weights: Sequence[float], first: slice) -> Pixels:
    """Sum samples along an axis times weights: those at first, the next ones, and so on.

    Done in pieces that stay in the cache of the processor with what is made of them.
    """
    import numpy as np

    from omezarr.arrays.geometry import cells

    count = len(range(first.start, first.stop, first.step))
    shape = (*window.shape[:axis], count, *window.shape[axis + 1 :])
    before = (slice(None),) * axis
    if axis == window.ndim - 1:  # along the last axis, samples that are taken together are put side by side
        phases = [np.ascontiguousarray(window[..., phase :: first.step]) for phase in range(first.step)]
        places = [divmod(first.start + shift, first.step) for shift in range(len(weights))]
        shares = [phases[phase][..., start : start + count] for start, phase in places]
    else:
        shares = [
            window[(*before, slice(first.start + shift, first.stop + shift, first.step))]
            for shift in range(len(weights))
        ]
    room, steps = PIECE_SAMPLES, list(shape)
    for position in reversed(range(len(shape))):
        most = PIECE_ROW if position == len(shape) - 1 and axis != position else room
        steps[position] = max(1, min(most, shape[position]))
        room = max(1, room // steps[position])
    result, scratch = np.empty(shape), np.empty(math.prod(steps))
    for _, piece in cells(tuple(slice(0, length) for length in shape), steps):
        total = result[piece]
        share = scratch[: total.size].reshape(total.shape)
        np.multiply(shares[0][piece], weights[0], out=total)
        for samples, weight in zip(shares[1:], weights[1:], strict=True):
            np.multiply(samples[piece], weight, out=share)
            np.add(total, share, out=total)
    return result


def cast_rounding(sums: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Return sums in the dtype of the image: rounded, halves to plus infinity, and within its range."""
    import numpy as np

    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return sums.astype(dtype)
    if dtype.kind == "b":
        return sums >= 0.5
    limits = np.iinfo(dtype)
    rounded = np.floor(sums + 0.5)
    low, high = float(limits.min), float(limits.max)
    if high == limits.max:
        return np.clip(rounded, low, high).astype(dtype)
    above = rounded >= high  # the limit of 64 bits is no float64: the next one is already beyond it
    rounded[above] = 0
    whole = np.maximum(rounded, low).astype(dtype)
    whole[above] = limits.max
    return whole
