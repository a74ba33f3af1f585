"""Asking scaling methods: what they answer is checked, so that one that breaks its contract is named."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from omezarr.abc import ScalingMethod
from omezarr.arrays.geometry import region_shape, text_of
from omezarr.errors import OMEZarrError, PluginError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from omezarr.arrays.geometry import Region, Shape

    Pixels = npt.NDArray[Any]


class AsStored(ScalingMethod):
    """Take samples as they are, for levels that are not made but copied; it makes none.

    The kernel has it of its own, so that what copies needs no plugin.
    """

    name = "none"
    preserves_values = True

    def origin(self, factor: int) -> float:
        """Return 0: samples stay where they are."""
        return 0.0

    def reduce(self, window: Pixels, factors: Shape, inner: Region) -> Pixels:
        """Return the samples themselves, and refuse to leave any out."""
        if any(factor != 1 for factor in factors):
            raise UnsupportedError(f"levels that are copied are not made smaller, as by {factors}; choose a method")
        return window[inner]


AS_STORED = AsStored()


def halo_of(method: ScalingMethod, factors: Shape) -> tuple[tuple[int, int], ...]:
    """Return how many samples around a block a method looks at, for each axis before and after.

    Raises
    ------
    PluginError
        If it answers anything else than that.
    """
    with _naming(method, "halo"):
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


def reduced(
    method: ScalingMethod, window: Pixels, factors: Shape, inner: Region, place: Region | None = None
) -> Pixels:
    """Return part of a window reduced by a method.

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
    with _naming(method, "reduce"):
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
def _naming(method: ScalingMethod, member: str) -> Iterator[None]:
    try:
        yield
    except (OMEZarrError, Warning, MemoryError):
        raise
    except Exception as error:
        raise PluginError(
            f"{member} of the scaling method {method.name!r} failed: {type(error).__name__}: {error}; report this to "
            "its author, or choose another method"
        ) from error
