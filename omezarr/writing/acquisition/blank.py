"""Images before their pixels: what stands in for them while arrays are planned, and where frames go."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from omezarr.abc import PixelSource
from omezarr.arrays.defaults import fitting_shards
from omezarr.errors import ArgumentError
from omezarr.writing.options import sizes_by_axis

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc.plan import ArraySpec
    from omezarr.model import Axis
    from omezarr.writing import WriteOptions


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


def dtype_of(given: npt.DTypeLike) -> np.dtype[Any]:
    """Return a dtype that somebody names.

    Raises
    ------
    ArgumentError
        If there is none of that name.
    """
    try:
        return np.dtype(given)
    except TypeError as error:
        raise ArgumentError(f"{given!r} is no dtype: {error}") from error


def resized(spec: ArraySpec, axis: int | None, length: int, options: WriteOptions, axes: tuple[Axis, ...]) -> ArraySpec:
    """Return an array of a length along the axis that grows, with the chunks asked for, however short it is now.

    Raises
    ------
    ArgumentError
        If shards are no multiples of chunks along the axis.
    """
    if axis is None:
        return spec
    chunks = sizes_by_axis(options.chunks, axes, "chunks") or spec.chunks
    shards = sizes_by_axis(options.shards, axes, "shards") or spec.shards
    if shards is not None:  # which grow, so that no shard reaches the end
        along = slice(axis, axis + 1)
        fitting_shards(shards[along], chunks[along], (shards[axis] + 1,), axes[along])
    return evolve(
        spec,
        shape=_put(spec.shape, axis, length),
        chunks=_put(spec.chunks, axis, chunks[axis]),
        shards=None if spec.shards is None or shards is None else _put(spec.shards, axis, shards[axis]),
    )


def _put(sizes: tuple[int, ...], axis: int, size: int) -> tuple[int, ...]:
    return (*sizes[:axis], size, *sizes[axis + 1 :])


def place_of(name: str, place: Any, size: int, length: int) -> slice:
    """Return where pixels go along an axis, with start and stop.

    Parameters
    ----------
    name : str
    place : int or slice
        An open end lies behind as many samples as there are pixels.
    size : int
        Of the image.
    length : int
        Of the pixels.

    Raises
    ------
    ArgumentError
        If it is no index and no slice, or a slice that is no region.
    """
    if isinstance(place, slice):
        return bounds(name, place, size, length)
    try:
        index = operator.index(place)
    except TypeError:
        raise ArgumentError(f"along {name}, {place!r} is no place; give an index or a slice") from None
    return slice(index, index + 1)


def bounds(name: str, place: slice, size: int, length: int) -> slice:
    """Return a slice with start and stop; an open end lies behind as many samples as there are pixels."""
    if place.step not in (None, 1):
        raise ArgumentError(f"along {name}, a slice with a step of {place.step} cannot be written; use steps of 1")
    start = 0 if place.start is None else place.start
    stop = place.stop if place.stop is not None else (start + length if place.start is not None else max(size, length))
    if start < 0 or stop < start:
        raise ArgumentError(f"along {name}, {start}:{stop} is no region; count from 0")
    return slice(start, stop)
