"""Pixels of a source in order: in which blocks, and read ahead in threads.

Examples
--------
>>> import numpy as np
>>> from omezarr.arrays import as_source
>>> source = as_source(np.arange(12).reshape(3, 4))
>>> [pixels.tolist() for _, pixels in read_ahead(source, blocks_within(source, 64))]
[[[0, 1, 2, 3], [4, 5, 6, 7]], [[8, 9, 10, 11]]]
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

from omezarr.arrays.geometry import cells, full_region
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    import numpy.typing as npt

    from omezarr.abc import PixelSource
    from omezarr.arrays.geometry import Region

AHEAD = 2
"""How many regions a thread has under way or waiting: one is read while the one before is taken."""


def blocks_within(source: PixelSource, limit: int) -> Iterator[Region]:
    """Yield regions that cover a source in C order, of whole chunks as far as they fit in a number of bytes.

    Parameters
    ----------
    source : PixelSource
    limit : int
        Bytes of one region. A chunk that is larger is cut along its first axes.
    """
    block = [max(1, min(chunk, length)) for chunk, length in zip(source.chunks, source.shape, strict=True)]
    room = limit // source.dtype.itemsize
    for axis in range(len(block)):
        block[axis] = max(1, min(block[axis], room // max(1, math.prod(block[axis + 1 :]))))
    for axis in reversed(range(len(block))):
        times = max(1, room // math.prod(block))
        block[axis] = min(block[axis] * times, max(1, source.shape[axis]))
    for _, region in cells(full_region(source.shape), tuple(block)):
        yield region


def read_ahead(
    source: PixelSource, regions: Iterable[Region], threads: int = 1, memory: int | None = None
) -> Iterator[tuple[Region, npt.NDArray[Any]]]:
    """Yield regions with their pixels in the order given, while the next ones are read.

    Parameters
    ----------
    source : PixelSource
    regions : iterable of tuple of slice
    threads : int
        How many regions are read at once.
    memory : int, optional
        About how many bytes regions under way may take; one is read however large it is.

    Raises
    ------
    SourceError
        If the pixels cannot be read.
    """
    with ThreadPool(threads) as pool:
        under_way: deque[tuple[Region, int, Future[npt.NDArray[Any]]]] = deque()
        held = 0
        try:
            for region in regions:
                cost = max(source.cost(region), 1)
                full = memory is not None and held + cost > memory
                while under_way and (full or len(under_way) >= AHEAD * threads):
                    done, size, future = under_way.popleft()
                    yield done, future.result()
                    held -= size
                    full = memory is not None and held + cost > memory
                under_way.append((region, cost, pool.submit(source.read, region)))
                held += cost
            while under_way:
                done, _, future = under_way.popleft()
                yield done, future.result()
        finally:
            for _, _, future in under_way:
                future.cancel()
