"""Pixels that mean whole numbers although their dtype does not say so, seen as integers: what label images need.

Examples
--------
>>> from omezarr.arrays import as_source
>>> as_integers(as_source(np.array([[0.0, 3.0]]))).read((slice(0, 1), slice(0, 2)))
array([[0, 3]], dtype=uint32)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc import PixelSource
from omezarr.arrays.sources import as_source
from omezarr.arrays.streams import blocks_within, read_ahead
from omezarr.arrays.views import SourceView
from omezarr.errors import SourceError

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.arrays.geometry import Region

SCANNED_BYTES = 16 * 1024**2
"""How much is looked at together: large against the cost of a read, small against the memory of any machine."""

INTEGERS = ("uint32", "int32", "uint64", "int64")
"""What label values are stored as: the first that holds all of them."""


def as_integers(source: PixelSource) -> PixelSource:
    """Return a source of integers with the values of another one; integers come back as they are.

    Booleans become uint8. Floating-point pixels are all read to find whether they are whole numbers, and how large.

    Raises
    ------
    SourceError
        If a value is no whole number, or too large; if the pixels cannot be read.
    """
    if source.dtype.kind in "iu":
        return source
    if source.dtype.kind == "b":
        return IntegerSource(source, np.dtype("uint8"))
    if source.dtype.kind != "f":
        raise SourceError(f"pixels of {source.dtype} are no whole numbers")
    least = greatest = 0.0
    for region, block in read_ahead(source, blocks_within(source, SCANNED_BYTES)):
        if not (np.isfinite(block).all() and (block == np.trunc(block)).all()):
            place = ", ".join(f"{part.start}:{part.stop}" for part in region)
            raise SourceError(f"not all values are whole numbers: see [{place}]")
        if block.size:
            least, greatest = min(least, block.min().item()), max(greatest, block.max().item())
    for name in INTEGERS:
        limits = np.iinfo(name)
        if limits.min <= least and greatest <= limits.max:
            return IntegerSource(source, np.dtype(name))
    raise SourceError(f"the values from {least:g} to {greatest:g} fit no integers")


def as_labels(array: Any) -> PixelSource:
    """Return the source of a label image that is given as an array; what is whole numbers becomes integers.

    Anything else stays as it is, for whoever writes it to refuse.
    """
    source = as_source(array)
    try:
        return as_integers(source)
    except SourceError:
        return source


class IntegerSource(SourceView):
    """A source with its values converted to an integer dtype that holds them."""

    def __init__(self, source: PixelSource, dtype: np.dtype[Any]) -> None:
        super().__init__(source, source.shape, source.chunks, dtype)

    @property
    def way(self) -> str:
        """The dtype."""
        return f"as {self.dtype}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read and convert."""
        return self.source.read(region).astype(self.dtype)

    def inner(self, region: Region) -> Region:
        """Return the region itself."""
        return region

    def cost(self, region: Region) -> int:
        """Return the cost of the source and of the result."""
        return super().cost(region) + PixelSource.cost(self, region)
