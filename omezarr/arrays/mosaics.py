"""Several arrays side by side, read as one; what lies between them is filled.

Where arrays lie on each other, the later one is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from omezarr.arrays.blocks import identity_of, lazy_array
from omezarr.arrays.geometry import Region, Shape, region_shape
from omezarr.arrays.reading import ArrayReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dask.array as da
    import numpy.typing as npt
    import zarr


@frozen(eq=False)
class Tile:
    """One array of a mosaic.

    Parameters
    ----------
    array : zarr.Array
    corner : tuple of int
        Where its first sample lies, along each axis of the mosaic.
    axes : tuple of (int or None)
        Which of its own axes lies along each axis of the mosaic; None where it has none, and covers one sample.
    """

    array: zarr.Array[Any]
    corner: Shape
    axes: tuple[int | None, ...]

    @property
    def shape(self) -> Shape:
        """Its size along each axis of the mosaic."""
        return tuple(1 if axis is None else self.array.shape[axis] for axis in self.axes)


class MosaicReader:
    """Reads regions of a mosaic from the arrays that lie there, and from no others.

    Parameters
    ----------
    tiles : sequence of Tile
    dtype : numpy.dtype
    fill : int or float
        The value where there is no array.
    """

    def __init__(self, tiles: Sequence[Tile], dtype: np.dtype[Any], fill: float) -> None:
        self._tiles = tuple(tiles)
        self._readers: dict[int, ArrayReader] = {}
        self.dtype = dtype
        self.fill = fill

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Return the pixels of a region."""
        pixels = np.full(region_shape(region), self.fill, self.dtype)
        for index, tile in enumerate(self._tiles):
            overlap = [
                (max(part.start, corner), min(part.stop, corner + size))
                for part, corner, size in zip(region, tile.corner, tile.shape, strict=True)
            ]
            if all(start < stop for start, stop in overlap):
                place = tuple(
                    slice(start - part.start, stop - part.start)
                    for (start, stop), part in zip(overlap, region, strict=True)
                )
                pixels[place] = self._part(index, tile, overlap)
        return pixels

    def _part(self, index: int, tile: Tile, overlap: list[tuple[int, int]]) -> npt.NDArray[Any]:
        """Read a part of a tile, with its axes in the order of the mosaic."""
        reader = self._readers.get(index)
        if reader is None:
            reader = self._readers[index] = ArrayReader(tile.array)
        own: list[slice] = [slice(0, 1)] * tile.array.ndim
        for axis, corner, (start, stop) in zip(tile.axes, tile.corner, overlap, strict=True):
            if axis is not None:
                own[axis] = slice(start - corner, stop - corner)
        pixels = reader.read(tuple(own))
        pixels = pixels.transpose([axis for axis in tile.axes if axis is not None])
        missing = tuple(i for i, axis in enumerate(tile.axes) if axis is None)
        return np.expand_dims(pixels, missing)


def lazy_mosaic(
    tiles: Sequence[Tile], shape: Shape, chunks: tuple[tuple[int, ...], ...], dtype: np.dtype[Any], fill: float
) -> da.Array:
    """Return several arrays side by side as one lazy dask array.

    Parameters
    ----------
    tiles : sequence of Tile
    shape : tuple of int
    chunks : tuple of tuple of int
        The sizes of the blocks along each axis.
    dtype : numpy.dtype
    fill : int or float
    """
    identity = " ".join(f"{identity_of(tile.array)} {tile.corner} {tile.axes}" for tile in tiles)
    return lazy_array(MosaicReader(tiles, dtype, fill), shape, chunks, f"{identity} {shape} {dtype} {fill!r}")
