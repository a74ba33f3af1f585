"""Dask arrays as sources: one graph for each band of tasks.

Computing a dask array region by region would do again what neighbouring regions share. So the engine asks for whole
bands, each computed as one graph; results inside the graph that several bands need are computed once and kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc import PixelSource
from omezarr.engine.sources import OffsetSource
from omezarr.errors import OMEZarrError, SourceError

if TYPE_CHECKING:
    import numpy.typing as npt

    Region = tuple[slice, ...]


class DaskSource(PixelSource):
    """Pixels that a dask graph computes."""

    banded = True

    def __init__(self, array: Any) -> None:
        if any(not float(length).is_integer() for length in array.shape):
            raise SourceError("the dask array does not know its shape; call its compute_chunk_sizes() first")
        self.array = array
        self.shape = tuple(int(length) for length in array.shape)
        self.dtype = np.dtype(array.dtype)
        self.chunks = tuple(max(sizes, default=1) for sizes in array.chunks)
        self.identity = f"dask {array.name}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Compute a region in the calling thread."""
        return self._compute(region, scheduler="synchronous")

    def near(self, region: Region, threads: int) -> PixelSource:
        """Compute a region, as one graph."""
        pixels = self._compute(region, scheduler="threads", num_workers=threads)
        return OffsetSource(self, pixels, region)

    def _compute(self, region: Region, **options: Any) -> npt.NDArray[Any]:
        try:
            pixels: npt.NDArray[Any] = np.asarray(self.array[region].compute(**options))
        except OMEZarrError:
            raise
        except Exception as error:
            where = ", ".join(f"{part.start}:{part.stop}" for part in region)
            raise SourceError(
                f"computing [{where}] of the dask array failed: {type(error).__name__}: {error}"
            ) from error
        return pixels
