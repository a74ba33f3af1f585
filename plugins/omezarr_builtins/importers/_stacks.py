"""Images that are put together from files: a source that reads from the file that holds a region."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from omezarr.abc import PixelSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    Region = tuple[slice, ...]
    Cell = tuple[int, ...]

OPEN_FILES = 64
"""How many of the files that were read last stay open, with the segments that they keep."""


class StackSource(PixelSource):
    """Sources of one shape, side by side along all axes.

    Parameters
    ----------
    cells : mapping
        Position along each axis, counted in cells, to source. All have the same shape and dtype.
    grid : tuple of int
        How many cells there are along each axis; those that are not in the mapping are 0.
    """

    def __init__(self, cells: Mapping[Cell, PixelSource], grid: Cell) -> None:
        first = next(iter(cells.values()))
        self.cells = dict(cells)
        self.cell_shape = first.shape
        self.shape = tuple(count * length for count, length in zip(grid, first.shape, strict=True))
        self.chunks = first.chunks
        self.dtype = first.dtype
        self.portable = all(source.portable for source in self.cells.values())
        self.distant = first.distant
        self._open: OrderedDict[Cell, int] = OrderedDict()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is open here."""
        return {**self.__dict__, "_open": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open, self._lock = OrderedDict(), threading.Lock()

    @property
    def identity(self) -> str:  # type: ignore[override]  # reads the beginning of each file, so only on demand
        """A checksum of those of all files, with their places."""
        import hashlib

        total = hashlib.sha256()
        for cell, source in sorted(self.cells.items()):
            with self._reading(cell):
                total.update(f"{cell} {source.identity}\n".encode())
        return f"{len(self.cells)} files {self.shape} {total.hexdigest()[:16]}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read from each file that the region touches."""
        import numpy as np

        result = np.zeros(tuple(part.stop - part.start for part in region), self.dtype)
        lengths = self.cell_shape
        touched = (range(part.start // n, -(-part.stop // n)) for part, n in zip(region, lengths, strict=True))
        for cell in itertools.product(*touched):
            source = self.cells.get(cell)
            if source is None:
                continue
            inner, outer = [], []
            for part, place, length in zip(region, cell, lengths, strict=True):
                start, stop = max(part.start, place * length), min(part.stop, (place + 1) * length)
                inner.append(slice(start - place * length, stop - place * length))
                outer.append(slice(start - part.start, stop - part.start))
            with self._reading(cell):
                result[tuple(outer)] = source.read(tuple(inner))
        return result

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, and what reading the largest part of one file takes."""
        part = tuple(
            slice(0, min(part.stop - part.start, length)) for part, length in zip(region, self.cell_shape, strict=True)
        )
        return super().cost(region) + next(iter(self.cells.values())).cost(part)

    def check_unchanged(self) -> None:
        """Look at all files."""
        for source in self.cells.values():
            source.check_unchanged()

    def close(self) -> None:
        """Close all files."""
        for source in self.cells.values():
            source.close()

    @contextmanager
    def _reading(self, cell: Cell) -> Iterator[None]:
        """Keep a file open while it is read, and close those that nobody has read for long."""
        with self._lock:
            self._open[cell] = self._open.get(cell, 0) + 1
            self._open.move_to_end(cell)
        try:
            yield
        finally:
            with self._lock:
                self._open[cell] -= 1
                idle = [one for one, readers in self._open.items() if not readers]
                for one in idle[: max(0, len(self._open) - OPEN_FILES)]:
                    del self._open[one]
                    self.cells[one].close()
