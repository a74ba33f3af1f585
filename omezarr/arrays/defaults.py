"""What is chosen where the user says nothing: chunks, shards, codec, factors.

Pure functions of shape, axes and dtype; the reasons are measured.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc.plan import Codec
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.model import Axis

CHUNK_BYTES = 1024 * 1024
"""The uncompressed size that chunks aim at: large enough to amortise a request, small enough for a cache."""

SHARD_BYTES = 32 * 1024 * 1024
"""The uncompressed size that shards aim at."""

MOST_OBJECTS = 100_000
"""An array of more chunks than this is sharded where the version can: file systems and stores list no more at ease."""


def default_chunks(shape: Sequence[int], axes: Sequence[Axis], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return the chunk shape of an image: about 1 MiB, square in y and x, thick in z, 1 along other axes.

    Parameters
    ----------
    shape : sequence of int
    axes : sequence of Axis
    dtype : numpy.dtype

    Examples
    --------
    >>> from omezarr.model import conventional_axes
    >>> default_chunks((2, 64, 2048, 2048), conventional_axes("czyx"), np.dtype("uint16"))
    (1, 8, 256, 256)
    >>> default_chunks((3, 9000, 9000), conventional_axes("cyx"), np.dtype("uint8"))
    (1, 1024, 1024)
    """
    spatial = [index for index, axis in enumerate(axes) if axis.type == "space" and shape[index] > 1]
    chunks = [1] * len(shape)
    budget = CHUNK_BYTES // np.dtype(dtype).itemsize
    plane, deeper = spatial[-2:], spatial[:-2]
    edge = _power_of_two(math.isqrt(budget))
    edge = min(256, edge) if deeper else edge
    for index in plane:
        chunks[index] = min(edge, shape[index])
    for index in reversed(deeper):
        chunks[index] = max(1, min(shape[index], budget // math.prod(chunks)))
    return tuple(chunks)


def default_codec(dtype: np.dtype[Any]) -> Codec:
    """Return the codec for pixels or labels of a dtype: bits shuffled for integers, bytes for floating point.

    Parameters
    ----------
    dtype : numpy.dtype

    Examples
    --------
    >>> default_codec(np.dtype("uint16")).options["shuffle"]
    'bitshuffle'
    """
    shuffle = "shuffle" if np.dtype(dtype).kind in "fc" else "bitshuffle"
    return Codec("blosc", {"cname": "zstd", "clevel": 1, "shuffle": shuffle})


def default_shards(shape: Sequence[int], chunks: Sequence[int], dtype: np.dtype[Any]) -> tuple[int, ...] | None:
    """Return the shard shape for an array with too many chunks; None where each chunk may be an object."""
    grid = [-(-size // chunk) for size, chunk in zip(shape, chunks, strict=True)]
    if math.prod(grid) <= MOST_OBJECTS:
        return None
    shards = list(chunks)
    budget = SHARD_BYTES // np.dtype(dtype).itemsize
    while True:
        growable = [index for index, (size, shard) in enumerate(zip(shape, shards, strict=True)) if shard < size]
        if not growable or math.prod(shards) * 2 > budget:
            return tuple(shards)
        smallest = min(growable, key=lambda index: (shards[index] // chunks[index], -index))
        shards[smallest] *= 2


def fitting_shards(
    shards: Sequence[int], chunks: Sequence[int], shape: Sequence[int], axes: Sequence[Axis]
) -> tuple[int, ...]:
    """Return shards that were asked for as they can be: whole chunks, and none that are all beyond the border.

    Raises
    ------
    ArgumentError
        If a shard that ends inside the array is no multiple of a chunk.
    """
    for shard, chunk, size, axis in zip(shards, chunks, shape, axes, strict=True):
        if shard % chunk and shard < size:
            raise ArgumentError(
                f"along {axis.name}, a shard of {shard} is no multiple of a chunk of {chunk}; choose one that is"
            )
    return tuple(
        min(-(-shard // chunk), -(-max(size, 1) // chunk)) * chunk
        for shard, chunk, size in zip(shards, chunks, shape, strict=True)
    )


def default_factors(
    shape: Sequence[int],
    axes: Sequence[Axis],
    scale: Sequence[float] | None,
    chunks: Sequence[int],
    *,
    levels: int | None = None,
    step: Sequence[int] | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Return the downscaling of each axis from each level to the next.

    Parameters
    ----------
    shape : sequence of int
    axes : sequence of Axis
    scale : sequence of float, optional
        Pixel sizes; axes that are coarser than the finest by a factor of 2 wait until the others have caught up.
    chunks : sequence of int
        Levels are added until the largest spatial side fits one chunk.
    levels : int, optional
        How many levels there shall be instead.
    step : sequence of int, optional
        The factors of every step instead of 2 along spatial axes.

    Examples
    --------
    >>> from omezarr.model import conventional_axes
    >>> default_factors((64, 1000, 1000), conventional_axes("zyx"), (2.0, 0.5, 0.5), (8, 256, 256))
    ((1, 2, 2), (1, 2, 2))
    """
    spatial = [index for index, axis in enumerate(axes) if axis.type == "space"]
    sizes = list(shape)
    spacing = [float(value) for value in scale] if scale is not None else [1.0] * len(sizes)
    steps: list[tuple[int, ...]] = []
    while levels is None or len(steps) < levels - 1:
        if levels is None and all(sizes[index] <= max(chunks[index], 1) for index in _largest(spatial, sizes)):
            break
        if step is not None:
            factors = tuple(step)
        else:
            able = [index for index in spatial if sizes[index] > 1]
            finest = min((abs(spacing[index]) or 1.0 for index in able), default=1.0)
            chosen = [index for index in able if (abs(spacing[index]) or 1.0) < 2 * finest]
            factors = tuple(2 if index in chosen else 1 for index in range(len(sizes)))
        if all(factor == 1 or size == 1 for factor, size in zip(factors, sizes, strict=True)):
            break
        steps.append(factors)
        sizes = [-(-size // factor) for size, factor in zip(sizes, factors, strict=True)]
        spacing = [value * factor for value, factor in zip(spacing, factors, strict=True)]
    return tuple(steps)


def _largest(spatial: Sequence[int], sizes: Sequence[int]) -> list[int]:
    longest = max((sizes[index] for index in spatial), default=0)
    return [index for index in spatial if sizes[index] == longest]


def _power_of_two(value: int) -> int:
    return 1 << max(0, value.bit_length() - 1)
