"""Making one level from the level before as it is stored, window by window.

For methods that look beyond the block of a result, and for pyramids that do not fit in memory otherwise. Each result
unit is made from a window of the level before with the halo that the method declares; beyond the border of the
image, the window mirrors what is inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from attrs import frozen

from omezarr.arrays.chunks import ShardCoder
from omezarr.arrays.geometry import cells
from omezarr.arrays.reading import ArrayReader
from omezarr.engine.methods import halo_of, reduced

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from omezarr.abc import ScalingMethod
    from omezarr.arrays.chunks import Buffer
    from omezarr.arrays.geometry import Region, Shape
    from omezarr.arrays.stored import StoredArray
    from omezarr.engine.units import Tree, TreeNode

    Pixels = npt.NDArray[Any]


def reader_of(array: StoredArray) -> ArrayReader:
    """Return a reader for an array that has been written."""
    store, path = array.target.store()
    whole = f"{path}/{array.spec.path}".strip("/")
    # "r+", as a zip store that is written has no read-only form
    return ArrayReader(zarr.open_array(store, path=whole, mode="r+", zarr_format=array.spec.zarr_format))


@frozen
class WindowRun:
    """Making all units of one level from the level before.

    Parameters
    ----------
    tree : Tree
        Of this level alone.
    before, array : StoredArray
        The level before, complete, and the one to write.
    factors : tuple of int
    method : ScalingMethod
    """

    tree: Tree
    before: StoredArray
    array: StoredArray
    factors: Shape
    method: ScalingMethod

    def write(self, nodes: Iterable[TreeNode], reader: ArrayReader | None = None) -> None:
        """Write some units, one after the other."""
        reader = reader_of(self.before) if reader is None else reader
        shape = self.before.spec.shape
        for node in nodes:
            region = self.tree.region(node)
            if not isinstance(self.array.coder, ShardCoder):
                self.array.write(node.index, reduced_window(reader, region, shape, self.factors, self.method))
                continue
            chunks: dict[Shape, Buffer] = {}
            first = [part.start // step for part, step in zip(region, self.array.spec.chunks, strict=True)]
            for index, part in cells(region, self.array.spec.chunks):
                place = tuple(i - start for i, start in zip(index, first, strict=True))
                block = reduced_window(reader, part, shape, self.factors, self.method)
                chunks.update(self.array.encode_chunks(place, block))
            self.array.write_shard(node.index, chunks)


@frozen
class Window:
    """What a region of a level is made from.

    Parameters
    ----------
    inside : tuple of slice
        To be read of the level before.
    padding : tuple of (int, int)
        How much is mirrored around it.
    kept : tuple of slice
        The part of what is padded that the method looks at.
    inner : tuple of slice
        The part of that which the region stands for, without the halo.
    """

    inside: Region
    padding: tuple[tuple[int, int], ...]
    kept: Region
    inner: Region

    def reduced(self, pixels: Pixels, region: Region, factors: Shape, method: ScalingMethod) -> Pixels:
        """Return the region, made from the pixels inside."""
        if any(map(any, self.padding)):
            pixels = np.pad(pixels, self.padding, mode="symmetric")[self.kept]
        return reduced(method, pixels, factors, self.inner, region)


def window_of(region: Region, shape: Shape, factors: Shape, method: ScalingMethod) -> Window:
    """Return what a region of a level is made from.

    Parameters
    ----------
    region : tuple of slice
        Of the level to be made.
    shape : tuple of int
        Of the level before.
    factors : tuple of int
    method : ScalingMethod
    """
    inside, padding, kept, inner = [], [], [], []
    for part, length, factor, (low, high) in zip(region, shape, factors, halo_of(method, factors), strict=True):
        start, stop = part.start * factor, min(part.stop * factor, length)
        before, after = max(0, low - start), max(0, stop + high - length)
        # What is mirrored at a border may reach further into the image than the window does.
        first, last = max(0, min(start - low, length - after)), min(length, max(stop + high, before))
        inside.append(slice(first, last))
        padding.append((before, after))
        begin = (start - low) - (first - before)
        kept.append(slice(begin, begin + low + stop - start + high))
        inner.append(slice(low, low + stop - start))
    return Window(tuple(inside), tuple(padding), tuple(kept), tuple(inner))


def reduced_window(reader: ArrayReader, region: Region, shape: Shape, factors: Shape, method: ScalingMethod) -> Pixels:
    """Return a region of a level, made from the level before.

    Parameters
    ----------
    reader : ArrayReader
        Reads the level before.
    region, shape, factors, method
        As for `window_of`.
    """
    window = window_of(region, shape, factors, method)
    return window.reduced(reader.read(window.inside), region, factors, method)
