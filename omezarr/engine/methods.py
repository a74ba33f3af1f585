"""Asking scaling methods: what they answer is checked, so that one that breaks its contract is named."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc import ScalingMethod
from omezarr.arrays.geometry import cells, full_region, reduced_region, region_shape, text_of
from omezarr.errors import OMEZarrError, PluginError, UnsupportedError
from omezarr.plugins.registry import registry_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from omezarr.arrays.geometry import Region, Shape

    Pixels = npt.NDArray[Any]

SCRATCH_BYTES = 4 * 1024**2
"""What a method may take for a window that is reduced at once, where windows can be smaller: little beside pixels and
codecs, and windows that are large beside what a call costs."""


class AsStored(ScalingMethod):
    """Take samples as they are, for levels that are not made but copied; it makes none.

    The kernel has it of its own, so that what copies needs no plugin.
    """

    name = "none"
    preserves_values = True

    def origin(self, factor: int) -> float:
        """Return 0: samples stay where they are."""
        return 0.0

    def scratch(self, shape: Shape, dtype: np.dtype[Any], factors: Shape) -> int:
        """Return 0: nothing is made."""
        return 0

    def reduce(self, window: Pixels, factors: Shape, inner: Region) -> Pixels:
        """Return the samples themselves, and refuse to leave any out."""
        if any(factor != 1 for factor in factors):
            raise UnsupportedError(f"levels that are copied are not made smaller, as by {factors}; choose a method")
        return window[inner]


AS_STORED = AsStored()


def dtype_refusal(method: ScalingMethod, dtype: np.dtype[Any]) -> str | None:
    """Return why a method refuses pixels of a dtype; None if it takes them."""
    with naming(method, "check_dtype"):
        return method.check_dtype(dtype)


def halo_of(method: ScalingMethod, factors: Shape) -> tuple[tuple[int, int], ...]:
    """Return how many samples around a block a method looks at, for each axis before and after.

    Raises
    ------
    PluginError
        If it answers anything else than that.
    """
    with naming(method, "halo"):
        halo: Any = method.halo(factors)
    try:
        sides = tuple((low.__index__(), high.__index__()) for low, high in halo)
    except (TypeError, ValueError, AttributeError):
        sides = ()
    if len(sides) != len(factors) or any(side < 0 for pair in sides for side in pair):
        raise PluginError(
            f"the halo of the scaling method {method.name!r} for the factors {factors} is {halo!r}; it must be two "
            "integers from 0 on for each axis. Report this to its author"
        )
    return sides


def scratch_of(method: ScalingMethod, shape: Shape, dtype: np.dtype[Any], factors: Shape) -> int:
    """Return how many bytes a method takes beside a window of this shape and the result.

    Raises
    ------
    PluginError
        If it answers anything else than that.
    """
    with naming(method, "scratch"):
        stated: Any = method.scratch(shape, dtype, factors)
    try:
        size: int = stated.__index__()
    except (TypeError, AttributeError):
        size = -1
    if size < 0:
        raise PluginError(
            f"the scratch memory of the scaling method {method.name!r} for a window of {dtype} {shape} is {stated!r}; "
            "it must be an integer from 0 on. Report this to its author"
        )
    return size


def part_of(method: ScalingMethod, shape: Shape, dtype: np.dtype[Any], factors: Shape) -> Shape:
    """Return how large the parts are in which a window without halo is reduced: whole blocks, the window if that does.

    Parameters
    ----------
    method : ScalingMethod
    shape : tuple of int
        Of the window.
    dtype : numpy.dtype
    factors : tuple of int
    """
    part = shape
    while scratch_of(method, part, dtype, factors) > SCRATCH_BYTES:
        axis = next((axis for axis, step in enumerate(factors) if part[axis] > step), None)
        if axis is None:
            break
        blocks = -(-part[axis] // factors[axis])
        half = -(-blocks // 2) * factors[axis]
        part = (*part[:axis], half, *part[axis + 1 :])
    return part


def reduction_bytes(method: ScalingMethod, shape: Shape, dtype: np.dtype[Any], factors: Shape) -> int:
    """Return how many bytes `reduced` takes for a window without halo, beside the window and the result."""
    part = part_of(method, shape, dtype, factors)
    result = 0 if part == shape else math.prod(-(-length // step) for length, step in zip(part, factors, strict=True))
    return scratch_of(method, part, dtype, factors) + result * dtype.itemsize


def reduced(
    method: ScalingMethod, window: Pixels, factors: Shape, inner: Region, place: Region | None = None
) -> Pixels:
    """Return part of a window reduced by a method; in several parts where that takes less memory.

    Parameters
    ----------
    method : ScalingMethod
    window : array
    factors : tuple of int
    inner : tuple of slice
        See `omezarr.abc.ScalingMethod.reduce`.
    place : tuple of slice, optional
        Of the result in its level, for the message.

    Raises
    ------
    PluginError
        If the method fails, or the result has another shape or dtype than it must have.
    """
    if not _is_whole(window.shape, inner):
        return _reduced(method, window, factors, inner, place)
    part = part_of(method, window.shape, window.dtype, factors)
    if part == window.shape:
        return _reduced(method, window, factors, inner, place)
    pixels = np.empty(region_shape(reduced_region(inner, factors)), window.dtype)
    for _, region in cells(inner, part):
        block = window[region]
        made = _reduced(method, block, factors, full_region(block.shape), reduced_region(region, factors))
        pixels[reduced_region(region, factors)] = made
    return pixels


def _is_whole(shape: Shape, inner: Region) -> bool:
    return all(part.start == 0 and part.stop == length for part, length in zip(inner, shape, strict=True))


def _reduced(method: ScalingMethod, window: Pixels, factors: Shape, inner: Region, place: Region | None) -> Pixels:
    with naming(method, "reduce"):
        result: Any = method.reduce(window, factors, inner)
    wanted = tuple(-(-length // factor) for length, factor in zip(region_shape(inner), factors, strict=True))
    shape, dtype = getattr(result, "shape", None), getattr(result, "dtype", type(result).__name__)
    if shape != wanted or dtype != window.dtype:
        where = "" if place is None else f" for {text_of(place)}"
        raise PluginError(
            f"the scaling method {method.name!r} made {dtype} {shape} of {window.dtype} {window.shape}{where}, where "
            f"{window.dtype} {wanted} was due; report this to its author"
        )
    pixels: Pixels = result
    return pixels


@contextmanager
def naming(method: ScalingMethod, member: str) -> Iterator[None]:
    """Let what a method raises, called for itself, be noted, and one error that names the method and its plugin.

    Raises
    ------
    PluginError
        For everything but errors and warnings on purpose, and want of memory.
    """
    try:
        yield
    except (OMEZarrError, Warning, MemoryError):
        raise
    except Exception as error:
        methods = registry_in_use().scaling_methods
        provider = methods.provider(method.name) if methods.get(method.name) is method else None
        if provider is not None:
            methods.failed(provider, method.name, member, error)
        raise PluginError(
            f"{member} of the scaling method {method.name!r} failed: {type(error).__name__}: {error}; report this to "
            f"its author{f' ({provider})' if provider else ''}, or choose another method"
        ) from error
