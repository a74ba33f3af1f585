"""Sources seen with their axes in another order, or with more or fewer axes of length 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import PixelSource

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.arrays.geometry import Region


class ReorderedSource(PixelSource):
    """A source with its axes in another order."""

    def __init__(self, source: PixelSource, order: tuple[int, ...]) -> None:
        self.source = source
        self.order = order
        self.shape = tuple(source.shape[axis] for axis in order)
        self.chunks = tuple(source.chunks[axis] for axis in order)
        self.dtype = source.dtype
        self.banded = source.banded
        self.portable = source.portable
        self.distant = source.distant

    @property
    def identity(self) -> str:  # type: ignore[override]  # as costly as that of the source
        """That of the source, and the order."""
        return f"{self.source.identity} reordered {self.order}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read and transpose."""
        return self.source.read(self._inner(region)).transpose(self.order)

    def cost(self, region: Region) -> int:
        """Return the cost of the source."""
        return self.source.cost(self._inner(region))

    def constant(self, region: Region) -> Any | None:
        """Return what is known of the source."""
        return self.source.constant(self._inner(region))

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Bring the region of the source near."""
        near = self.source.near(self._inner(region), threads, memory)
        return self if near is self.source else ReorderedSource(near, self.order)

    def check_unchanged(self) -> None:
        """Look at the source."""
        self.source.check_unchanged()

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _inner(self, region: Region) -> Region:
        inner = list(region)
        for axis, part in zip(self.order, region, strict=True):
            inner[axis] = part
        return tuple(inner)


class ExpandedSource(PixelSource):
    """A source with axes of length 1 inserted or removed."""

    def __init__(self, source: PixelSource, shape: tuple[int, ...]) -> None:
        self.source = source
        self.shape = shape
        chunks = iter([c for c, length in zip(source.chunks, source.shape, strict=True) if length != 1])
        self.chunks = tuple(1 if length == 1 else next(chunks) for length in shape)
        self.dtype = source.dtype
        self.banded = source.banded
        self.portable = source.portable
        self.distant = source.distant

    @property
    def identity(self) -> str:  # type: ignore[override]  # as costly as that of the source
        """That of the source, and the shape."""
        return f"{self.source.identity} as {self.shape}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read and reshape."""
        pixels = self.source.read(self._inner(region))
        return pixels.reshape([part.stop - part.start for part in region])

    def cost(self, region: Region) -> int:
        """Return the cost of the source."""
        return self.source.cost(self._inner(region))

    def constant(self, region: Region) -> Any | None:
        """Return what is known of the source."""
        return self.source.constant(self._inner(region))

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Bring the region of the source near."""
        near = self.source.near(self._inner(region), threads, memory)
        return self if near is self.source else ExpandedSource(near, self.shape)

    def check_unchanged(self) -> None:
        """Look at the source."""
        self.source.check_unchanged()

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _inner(self, region: Region) -> Region:
        long = iter([part for part, length in zip(region, self.shape, strict=True) if length != 1])
        return tuple(slice(0, 1) if length == 1 else next(long) for length in self.source.shape)
