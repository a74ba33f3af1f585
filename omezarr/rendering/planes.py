"""From a level to planes of numbers, one for each channel, of the size of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from attrs import frozen

from omezarr.rendering.sampling import Budget, sample_region

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.rendering.layout import PictureSource, Scan

Pixels: TypeAlias = "npt.NDArray[Any]"
Projection: TypeAlias = 'Literal["max", "mean"]'


@frozen(eq=False)
class Planes:
    """What is to be drawn.

    Parameters
    ----------
    pixels : array
        Of shape (channels, height, width); real numbers. In what was read for them, one for one.
    missing : array of bool
        Of the same shape.
    sampled : bool
        Whether chunks were left out.
    notes : tuple of str
        What could not be read.
    """

    pixels: Pixels
    missing: Pixels
    sampled: bool
    notes: tuple[str, ...]


SAMPLES_AT_ONCE = 2**20
"""Of how many samples means are made at a time: 8 MiB as floats, however large what is read."""


def read_planes(
    subject: PictureSource,
    scan: Scan,
    channels: Sequence[int],
    picks: Mapping[int, slice],
    bounds: tuple[int, int, int, int],
    *,
    projection: Projection | None = None,
    budget: Budget | None = None,
) -> Planes:
    """Read what is drawn from a level.

    Parameters
    ----------
    subject : PictureSource
    scan : Scan
    channels : sequence of int
    picks : mapping of int to slice
        For each axis that is neither drawn nor that of the channels, its samples on this level: one, or those that are
        projected.
    bounds : (int, int, int, int)
        Top, left, bottom and right, in samples of this level.
    projection : {"max", "mean"}, optional
        How the samples of `picks` become one. NaN are passed over.
    budget : Budget, optional

    Raises
    ------
    StorageError
        If nothing can be read.
    """
    layout = subject.layout
    region = [slice(0, 1)] * len(scan.shape)
    for axis, part in picks.items():
        region[axis] = part
    region[layout.vertical] = slice(bounds[0], bounds[2])
    region[layout.horizontal] = slice(bounds[1], bounds[3])
    thinned = [axis for axis in range(len(region)) if region[axis].stop - region[axis].start > 1]
    channel = () if layout.channel is None else (layout.channel,)
    order = (*channel, *layout.others, layout.vertical, layout.horizontal)
    found: list[Pixels] = []
    missing: list[Pixels] = []
    notes: list[str] = []
    sampled = False
    for first, last in _runs(channels):
        for axis in channel:
            region[axis] = slice(first, last)
        sample = sample_region(scan.array, tuple(region), thinned, budget or Budget())
        pixels, absent = sample.pixels.transpose(order), sample.missing.transpose(order)
        shape = (last - first, -1, *pixels.shape[-2:])
        found.append(_projected(pixels.reshape(shape), projection))
        absent = absent.reshape(shape)
        missing.append(np.logical_and.reduce(absent, axis=1) if absent.shape[1] > 1 else absent[:, 0])
        notes += sample.notes
        sampled = sampled or max(sample.steps) > 1
    return Planes(_joined(found), _joined(missing), sampled, tuple(notes))


def _joined(parts: Sequence[Pixels]) -> Pixels:
    return np.concatenate(parts) if len(parts) > 1 else parts[0]  # one part is not copied


def _runs(channels: Sequence[int]) -> list[tuple[int, int]]:
    """Return channels as runs that are read at once, each with its first one and the one behind its last.

    Examples
    --------
    >>> _runs([0, 1, 3])
    [(0, 2), (3, 4)]
    """
    runs: list[tuple[int, int]] = []
    for channel in channels:
        if runs and runs[-1][1] == channel:
            runs[-1] = (runs[-1][0], channel + 1)
        else:
            runs.append((channel, channel + 1))
    return runs


def _projected(pixels: Pixels, projection: Projection | None) -> Pixels:
    """Return one plane for each channel; complex numbers count by their magnitude."""
    if pixels.dtype.kind == "c":
        pixels = np.abs(pixels)
    if projection is None or pixels.shape[1] == 1:
        return pixels[:, 0]
    if projection == "max":
        largest: Pixels = np.fmax.reduce(pixels, axis=1)
        return largest
    if pixels.dtype.kind != "f":
        average: Pixels = pixels.mean(axis=1, dtype=np.float64)
        return average
    valid = ~np.isnan(pixels)
    total = np.where(valid, pixels, 0.0).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        mean: Pixels = total / valid.sum(axis=1)
    return mean


def resized(planes: Pixels, height: int, width: int) -> Pixels:
    """Return planes of another size: means of blocks where they become smaller, repeated pixels where larger.

    Parameters
    ----------
    planes : array
        Of shape (..., height, width).

    Notes
    -----
    Row ``i`` of the result is the mean of rows ``i * n // m`` up to those of the next, and row ``(i + 0.5) * n / m``,
    rounded down, where rows are repeated. NaN are passed over.
    """
    for axis, size in ((-2, height), (-1, width)):
        length = planes.shape[axis]
        if size > length:
            planes = planes.take(nearest(length, size), axis=axis)
        elif size < length:
            planes = _means(planes, axis, size)
    return planes


def nearest(length: int, size: int) -> Pixels:
    """Return which of ``length`` samples each of ``size`` pixels shows."""
    return ((2 * np.arange(size) + 1) * length) // (2 * size)


def _means(planes: Pixels, axis: int, size: int) -> Pixels:
    """Return means of runs along an axis, a part of them at a time: the numbers are floats on the way."""
    length = planes.shape[axis]
    ends = np.arange(size + 1) * length // size
    means = np.empty((*planes.shape[:-2], size, planes.shape[-1]) if axis == -2 else (*planes.shape[:-1], size))
    at_once = max(1, SAMPLES_AT_ONCE * size // planes.size)
    for first in range(0, size, at_once):
        last = min(size, first + at_once)
        runs, result = slice(ends[first], ends[last]), slice(first, last)
        where = (Ellipsis, runs, slice(None)) if axis == -2 else (Ellipsis, runs)
        there = (Ellipsis, result, slice(None)) if axis == -2 else (Ellipsis, result)
        means[there] = _means_of_runs(planes[where], axis, ends[first : last + 1] - ends[first])
    return means


def _means_of_runs(planes: Pixels, axis: int, ends: Pixels) -> Pixels:
    starts, counts = ends[:-1], np.diff(ends).astype(np.float64)
    counts = counts[:, None] if axis == -2 else counts
    if planes.dtype.kind == "f" and (absent := np.isnan(planes)).any():
        planes, counts = np.where(absent, 0.0, planes), np.add.reduceat(~absent, starts, axis=axis, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        means: Pixels = np.add.reduceat(planes, starts, axis=axis, dtype=np.float64) / counts
    return means
