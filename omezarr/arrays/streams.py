"""Pixels of a source in order: in which blocks, read ahead in threads, and only a part of them.

Examples
--------
>>> import numpy as np
>>> from omezarr.arrays import as_source
>>> source = as_source(np.arange(12).reshape(3, 4))
>>> [pixels.tolist() for _, pixels in read_ahead(source, blocks_within(source, 64))]
[[[0, 1, 2, 3], [4, 5, 6, 7]], [[8, 9, 10, 11]]]
>>> cropped(source, (slice(1, 3), slice(0, 2))).read((slice(1, 2), slice(0, 2)))
array([[8, 9]])
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

from omezarr.abc import PixelSource
from omezarr.arrays.geometry import cells, full_region, shifted
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    import numpy.typing as npt

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


def cropped(source: PixelSource, region: Region) -> PixelSource:
    """Return a view of a region of a source.

    Parameters
    ----------
    source : PixelSource
    region : tuple of slice
        With start and stop inside the shape.
    """
    return source if region == full_region(source.shape) else CroppedSource(source, region)


class CroppedSource(PixelSource):
    """A region of a source."""

    def __init__(self, source: PixelSource, region: Region) -> None:
        self.source = source
        self.region = region
        self.shape = tuple(part.stop - part.start for part in region)
        self.chunks = tuple(min(chunk, length) for chunk, length in zip(source.chunks, self.shape, strict=True))
        self.dtype = source.dtype
        self.banded = source.banded
        self.portable = source.portable
        self.distant = source.distant

    @property
    def identity(self) -> str:  # type: ignore[override]  # as costly as that of the source
        """That of the source, and the region."""
        return f"{self.source.identity} region {[(part.start, part.stop) for part in self.region]}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read the region inside the region."""
        return self.source.read(self._inner(region))

    def cost(self, region: Region) -> int:
        """Return the cost of the source."""
        return self.source.cost(self._inner(region))

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Bring the region of the source near."""
        near = self.source.near(self._inner(region), threads, memory)
        return self if near is self.source else CroppedSource(near, self.region)

    def check_unchanged(self) -> None:
        """Look at the source."""
        self.source.check_unchanged()

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _inner(self, region: Region) -> Region:
        return shifted(region, self._back())

    def _back(self) -> Sequence[int]:
        return [-part.start for part in self.region]


def picked(source: PixelSource, axis: int, indices: Sequence[int]) -> PixelSource:
    """Return a view of some places along an axis of a source, in any order.

    Parameters
    ----------
    source : PixelSource
    axis : int
    indices : sequence of int
    """
    first = indices[0]
    if list(indices) == list(range(first, first + len(indices))):
        whole = full_region(source.shape)
        return cropped(source, (*whole[:axis], slice(first, first + len(indices)), *whole[axis + 1 :]))
    return PickedSource(source, axis, tuple(indices))


class PickedSource(PixelSource):
    """Some places along an axis of a source."""

    def __init__(self, source: PixelSource, axis: int, indices: tuple[int, ...]) -> None:
        self.source = source
        self.axis = axis
        self.indices = indices
        self.shape = (*source.shape[:axis], len(indices), *source.shape[axis + 1 :])
        self.chunks = (*source.chunks[:axis], 1, *source.chunks[axis + 1 :])
        self.dtype = source.dtype
        self.portable = source.portable
        self.distant = source.distant

    @property
    def identity(self) -> str:  # type: ignore[override]  # as costly as that of the source
        """That of the source, and the places."""
        return f"{self.source.identity} at {list(self.indices)} of axis {self.axis}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read one place after the other."""
        import numpy as np

        before, after = region[: self.axis], region[self.axis + 1 :]
        return np.concatenate(
            [self.source.read((*before, slice(i, i + 1), *after)) for i in self.indices[region[self.axis]]], self.axis
        )

    def check_unchanged(self) -> None:
        """Look at the source."""
        self.source.check_unchanged()

    def close(self) -> None:
        """Close the source."""
        self.source.close()
