"""Images before their pixels: what stands in for them while arrays are planned, and where frames go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from omezarr.abc import PixelSource
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.plan import ArraySpec


class NoPixels(PixelSource):
    """The shape and dtype of pixels that are not there yet."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.chunks = shape
        self.identity = "none"

    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return zeros."""
        return np.zeros([part.stop - part.start for part in region], self.dtype)


def resized(spec: ArraySpec, axis: int | None, shape: tuple[int, ...]) -> ArraySpec:
    """Return an array as long along the growing axis as the image is so far."""
    if axis is None:
        return spec
    return evolve(spec, shape=(*spec.shape[:axis], shape[axis], *spec.shape[axis + 1 :]))


def bounds(name: str, place: slice, size: int, length: int) -> slice:
    """Return a slice with start and stop; an open end lies behind as many samples as there are pixels."""
    if place.step not in (None, 1):
        raise ArgumentError(f"along {name}, a slice with a step of {place.step} cannot be written; use steps of 1")
    start = 0 if place.start is None else place.start
    stop = place.stop if place.stop is not None else (start + length if place.start is not None else max(size, length))
    if start < 0 or stop < start:
        raise ArgumentError(f"along {name}, {start}:{stop} is no region; count from 0")
    return slice(start, stop)
