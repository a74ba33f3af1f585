"""Views of sources: their axes in another order, more or fewer axes of length 1, a region or some places of them.

Examples
--------
>>> import numpy as np
>>> from omezarr.arrays import as_source
>>> source = as_source(np.arange(6).reshape(2, 3))
>>> expanded(source, (1, 2, 3)).read((slice(0, 1), slice(0, 1), slice(0, 3)))
array([[[0, 1, 2]]])
>>> cropped(source, (slice(1, 2), slice(0, 2))).read((slice(0, 1), slice(1, 2)))
array([[4]])
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from omezarr.abc import PixelSource
from omezarr.arrays.geometry import full_region, shifted
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from omezarr.arrays.geometry import Region, Shape


class SourceView(PixelSource):
    """A source seen in another way; each region of it is read from one region of the source.

    Parameters
    ----------
    source : PixelSource
    shape : tuple of int
    chunks : tuple of int
    dtype : numpy.dtype, optional
        Default: that of the source.
    """

    def __init__(self, source: PixelSource, shape: Shape, chunks: Shape, dtype: np.dtype[Any] | None = None) -> None:
        self.shape = shape
        self.chunks = chunks
        self.dtype = source.dtype if dtype is None else dtype
        self.look_at(source)

    def look_at(self, source: PixelSource) -> None:
        """Take another source of the same shape, and what it is like."""
        self.source = source
        self.banded = source.banded
        self.portable = source.portable
        self.distant = source.distant

    @property
    @abstractmethod
    def way(self) -> str:
        """How the source is seen; a part of the identity."""

    @abstractmethod
    def inner(self, region: Region) -> Region:
        """Return the region of the source that is read for a region of the view."""

    @property
    def identity(self) -> str:  # type: ignore[override]  # as costly as that of the source
        """That of the source, and how it is seen."""
        return f"{self.source.identity} {self.way}"

    def cost(self, region: Region) -> int:
        """Return the cost of the source."""
        return self.source.cost(self.inner(region))

    def constant(self, region: Region) -> Any | None:
        """Return what is known of the source."""
        return self.source.constant(self.inner(region))

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Bring the region of the source near."""
        near = self.source.near(self.inner(region), threads, memory)
        if near is self.source:
            return self
        view = copy.copy(self)
        view.look_at(near)
        return view

    def check_unchanged(self) -> None:
        """Look at the source."""
        self.source.check_unchanged()

    def close(self) -> None:
        """Close the source."""
        self.source.close()


def reordered(source: PixelSource, permutation: Sequence[int]) -> PixelSource:
    """Return a view of a source with its axes in another order.

    Parameters
    ----------
    source : PixelSource
    permutation : sequence of int
        For each axis of the view, the axis of the source, as for `numpy.transpose`.

    Raises
    ------
    ArgumentError
        If it is no permutation of the axes.
    """
    order = tuple(permutation)
    if sorted(order) != list(range(len(source.shape))):
        raise ArgumentError(f"{order} is no order of the {len(source.shape)} axes of the source")
    return source if order == tuple(range(len(order))) else ReorderedSource(source, order)


class ReorderedSource(SourceView):
    """A source with its axes in another order."""

    def __init__(self, source: PixelSource, order: tuple[int, ...]) -> None:
        self.order = order
        shape, chunks = (tuple(lengths[axis] for axis in order) for lengths in (source.shape, source.chunks))
        super().__init__(source, shape, chunks)

    @property
    def way(self) -> str:
        """The order."""
        return f"reordered {self.order}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read and transpose."""
        return self.source.read(self.inner(region)).transpose(self.order)

    def inner(self, region: Region) -> Region:
        """Put the axes in the order of the source."""
        parts = dict(zip(self.order, region, strict=True))
        return tuple(parts[axis] for axis in range(len(parts)))


def expanded(source: PixelSource, shape: Sequence[int]) -> PixelSource:
    """Return a view of a source with axes of length 1 inserted or removed.

    Parameters
    ----------
    source : PixelSource
    shape : sequence of int
        The shape of the source but for axes of length 1.

    Raises
    ------
    ArgumentError
        If anything else differs.
    """
    wanted = tuple(shape)
    if [length for length in wanted if length != 1] != [length for length in source.shape if length != 1]:
        raise ArgumentError(
            f"a source of shape {source.shape} cannot be seen as {wanted}: only axes of length 1 may differ"
        )
    return source if wanted == source.shape else ExpandedSource(source, wanted)


class ExpandedSource(SourceView):
    """A source with axes of length 1 inserted or removed."""

    def __init__(self, source: PixelSource, shape: tuple[int, ...]) -> None:
        chunks = iter([c for c, length in zip(source.chunks, source.shape, strict=True) if length != 1])
        super().__init__(source, shape, tuple(1 if length == 1 else next(chunks) for length in shape))

    @property
    def way(self) -> str:
        """The shape."""
        return f"as {self.shape}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read and reshape."""
        pixels = self.source.read(self.inner(region))
        return pixels.reshape([part.stop - part.start for part in region])

    def inner(self, region: Region) -> Region:
        """Take the axes of the source."""
        long = iter([part for part, length in zip(region, self.shape, strict=True) if length != 1])
        return tuple(slice(0, 1) if length == 1 else next(long) for length in self.source.shape)


def cropped(source: PixelSource, region: Region) -> PixelSource:
    """Return a view of a region of a source.

    Parameters
    ----------
    source : PixelSource
    region : tuple of slice
        With start and stop inside the shape.
    """
    return source if region == full_region(source.shape) else CroppedSource(source, region)


class CroppedSource(SourceView):
    """A region of a source."""

    def __init__(self, source: PixelSource, region: Region) -> None:
        self.region = region
        shape = tuple(part.stop - part.start for part in region)
        chunks = tuple(min(chunk, length) for chunk, length in zip(source.chunks, shape, strict=True))
        super().__init__(source, shape, chunks)

    @property
    def way(self) -> str:
        """The region."""
        return f"region {[(part.start, part.stop) for part in self.region]}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read the region inside the region."""
        return self.source.read(self.inner(region))

    def inner(self, region: Region) -> Region:
        """Shift the region to where it is in the source."""
        return shifted(region, [-part.start for part in self.region])


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


class PickedSource(SourceView):
    """Some places along an axis of a source."""

    def __init__(self, source: PixelSource, axis: int, indices: tuple[int, ...]) -> None:
        self.axis = axis
        self.indices = indices
        shape = (*source.shape[:axis], len(indices), *source.shape[axis + 1 :])
        super().__init__(source, shape, (*source.chunks[:axis], 1, *source.chunks[axis + 1 :]))
        self.banded = False  # what lies between the places would be computed too

    @property
    def way(self) -> str:
        """The places."""
        return f"at {list(self.indices)} of axis {self.axis}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read one place after the other."""
        import numpy as np

        places = [slice(i, i + 1) for i in self.indices[region[self.axis]]]
        return np.concatenate([self.source.read(self._with(region, place)) for place in places], self.axis)

    def inner(self, region: Region) -> Region:
        """Return what lies between the first and the last of the places."""
        wanted = self.indices[region[self.axis]]
        return self._with(region, slice(min(wanted), max(wanted) + 1) if wanted else slice(0, 0))

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, and what reading one place costs."""
        return PixelSource.cost(self, region) + self.source.cost(self._with(region, slice(0, 1)))

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Return itself: each place is read when it is wanted."""
        return self

    def _with(self, region: Region, part: slice) -> Region:
        return (*region[: self.axis], part, *region[self.axis + 1 :])


class OffsetSource(PixelSource):
    """A part of a source that is in memory; only regions inside it can be read."""

    def __init__(self, source: PixelSource, array: npt.NDArray[Any], region: Region) -> None:
        self.array = array
        self.offset = tuple(part.start for part in region)
        self.shape = source.shape
        self.chunks = source.shape
        self.dtype = source.dtype
        self.identity = ""

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Return a view of the part."""
        return self.array[shifted(region, self.offset)]

    def cost(self, region: Region) -> int:
        """Return 0: the pixels are there already."""
        return 0
