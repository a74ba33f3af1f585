"""The work on one node of a pyramid's tree: read or take over its samples, store its units, reduce it for its parent.

Tasks own whole units, so no two of them ever write the same object, and hold all they need, so they can be pickled
and run in another process. What runs them, and in which order, is the business of `omezarr.engine.executors`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from omezarr.arrays.chunks import ShardCoder
from omezarr.arrays.geometry import cells, full_region, reduced_region, region_shape, shifted, text_of
from omezarr.engine.methods import reduced
from omezarr.errors import LockedError, PluginError, SourceError, WriteError

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import PixelSource, ScalingMethod
    from omezarr.arrays.chunks import Buffer
    from omezarr.arrays.geometry import Region, Shape
    from omezarr.arrays.stored import StoredArray
    from omezarr.engine.units import Tree, TreeNode

    Pixels = npt.NDArray[Any]


@frozen
class LevelPart:
    """What a finished node hands up: samples of the level above.

    Parameters
    ----------
    region : tuple of slice
        Where they belong.
    pixels : array
    """

    region: Region
    pixels: Pixels


@frozen
class PyramidWork:
    """Everything that tasks need to know.

    Parameters
    ----------
    tree : Tree
    arrays : tuple of StoredArray
        The levels.
    method : ScalingMethod
    cell : tuple of int
        The pieces in which a leaf is read and reduced: whole chunks, whole blocks of the factors.
    keep_first : bool
        Whether the first level is there already, and is read only.
    """

    tree: Tree
    arrays: tuple[StoredArray, ...]
    method: ScalingMethod
    cell: Shape
    keep_first: bool = False
    _traceless: dict[str, bool] = field(factory=dict, eq=False, repr=False, init=False)

    def constant(self, source: PixelSource, region: Region) -> Any | None:
        """Return the value of all samples of a region of the source, if it is known and nothing is stored for it.

        Nothing is stored then at any level.
        """
        value = None if self.keep_first else source.constant(region)
        if value is None:
            return None
        known = self._traceless.get(repr(value))
        if known is None:
            known = self._traceless[repr(value)] = self._leaves_no_trace(value, source.dtype)
        return value if known else None

    def constant_at(self, node: TreeNode, source: PixelSource) -> Any | None:
        """Return the same for a node."""
        return self.constant(source, self.tree.region_below(node, node.level))

    def constant_part(self, node: TreeNode, value: Any, dtype: np.dtype[Any]) -> LevelPart | None:
        """Return what a node of one value hands up; None at the top."""
        if node.level == self.tree.levels - 1:
            return None
        above = reduced_region(self.tree.region(node), self.tree.factors[node.level])
        return LevelPart(above, np.full(region_shape(above), value, dtype))

    def _leaves_no_trace(self, value: Any, dtype: np.dtype[Any]) -> bool:
        """Say whether a value is what is not stored, at all levels, and stays what it is when it is reduced."""
        for factors, array in zip((None, *self.tree.factors), self.arrays, strict=True):
            coder = array.coder.inner if isinstance(array.coder, ShardCoder) else array.coder
            if coder is None or array.spec.write_empty:
                return False
            block = np.full((1,) * len(array.spec.shape) if factors is None else factors, value, dtype)
            if not coder.is_empty(block if factors is None else self._reduce(block, factors)):
                return False
        return True

    def leaf(self, node: TreeNode, source: PixelSource) -> LevelPart | None:
        """Read a leaf, store its units, and reduce it.

        Raises
        ------
        SourceError
            If the source cannot be read.
        WriteError
            If a unit cannot be stored; the message names it.
        """
        region = self.tree.region(node)
        if self.tree.levels == 1:
            above, factors, piece = None, (1,) * len(region), None
        else:
            factors = self.tree.factors[0]
            above = reduced_region(region, factors)
            piece = LevelPart(above, np.empty(region_shape(above), source.dtype))
        shards: dict[Shape, dict[Shape, Buffer]] = {}
        for _, cell in cells(region, self.cell):
            value = self.constant(source, cell)
            pixels = None if value is not None else self._read(source, cell)
            if not self.keep_first and pixels is not None:
                self._store_cell(pixels, cell, shards)
            if piece is not None and above is not None:
                part = shifted(reduced_region(cell, factors), [axis.start for axis in above])
                piece.pixels[part] = value if pixels is None else self._reduce(pixels, factors)
        for index, chunks in shards.items():
            self._guarded(0, index, lambda index=index, chunks=chunks: self.arrays[0].write_shard(index, chunks))
        return piece

    def finish(self, node: TreeNode, pixels: Pixels) -> LevelPart | None:
        """Store the units of a node that is complete, and reduce it."""
        region = self.tree.region(node)
        array = self.arrays[node.level]
        start = [part.start for part in region]
        for index, unit in self.tree.units_of(node):
            block = pixels[shifted(unit, start)]
            self._guarded(node.level, index, lambda index=index, block=block: array.write(index, block))
        return self.hand_up(node, pixels)

    def hand_up(self, node: TreeNode, pixels: Pixels) -> LevelPart | None:
        """Reduce a node for its parent; None at the top."""
        if node.level == self.tree.levels - 1:
            return None
        factors = self.tree.factors[node.level]
        return LevelPart(reduced_region(self.tree.region(node), factors), self._reduce(pixels, factors))

    def restored(self, node: TreeNode) -> LevelPart | None:
        """Reduce a node that an earlier attempt finished, from what is stored."""
        from omezarr.engine.windows import reader_of

        return self.hand_up(node, reader_of(self.arrays[node.level]).read(self.tree.region(node)))

    def subtree(self, node: TreeNode, source: PixelSource) -> LevelPart | None:
        """Do all the work below a node, and that on the node itself, one after the other."""
        if node.level == 0:
            return self.leaf(node, source)
        region = self.tree.region(node)
        pixels = np.empty(region_shape(region), source.dtype)
        start = [part.start for part in region]
        for child in self.tree.children(node):
            piece = self.subtree(child, source)
            assert piece is not None
            pixels[shifted(piece.region, start)] = piece.pixels
        return self.finish(node, pixels)

    def _store_cell(self, pixels: Pixels, cell: Region, shards: dict[Shape, dict[Shape, Buffer]]) -> None:
        array = self.arrays[0]
        start = [part.start for part in cell]
        sharded = isinstance(array.coder, ShardCoder)
        for index, part in cells(cell, array.spec.unit):
            block = pixels[shifted(part, start)]
            if sharded:
                place = tuple(
                    (axis.start - i * unit) // chunk
                    for axis, i, unit, chunk in zip(part, index, array.spec.unit, array.spec.chunks, strict=True)
                )
                shards.setdefault(index, {}).update(array.encode_chunks(place, block))
            else:
                self._guarded(0, index, lambda index=index, block=block: array.write(index, block))

    def _read(self, source: PixelSource, region: Region) -> Pixels:
        try:
            pixels = source.read(region)
        except (SourceError, MemoryError):
            raise
        except Exception as error:
            raise SourceError(
                f"could not read {text_of(region)} of the source: {type(error).__name__}: {error}"
            ) from error
        if pixels.shape != region_shape(region) or pixels.dtype != source.dtype:
            raise PluginError(
                f"{type(source).__name__} returned {pixels.dtype} {pixels.shape} for {text_of(region)} of a source of "
                f"{source.dtype}; report this to its author"
            )
        # A view of a large array is spread over memory: what encodes and reduces it would both be slowed down.
        return np.ascontiguousarray(pixels)

    def _reduce(self, pixels: Pixels, factors: Shape) -> Pixels:
        return reduced(self.method, pixels, factors, full_region(pixels.shape))

    def _guarded(self, level: int, index: Shape, work: Any) -> None:
        try:
            work()
        except (WriteError, LockedError, MemoryError):
            raise
        except Exception as error:
            key = self.arrays[level].key(index)
            raise WriteError(f"could not write {key}: {type(error).__name__}: {error}") from error


def cell_of(tree: Tree, chunks: Shape, source: PixelSource) -> Shape:
    """Return the pieces in which leaves are read: single chunks where the source gives those at no extra cost."""
    size = tree.sizes[0]
    factors = tree.factors[0] if tree.factors else (1,) * len(size)
    cell = tuple(
        min(whole, math.lcm(chunk, factor)) if whole % math.lcm(chunk, factor) == 0 or whole < chunk else whole
        for whole, chunk, factor in zip(size, chunks, factors, strict=True)
    )
    cell = tuple(
        part if whole == length or whole % part == 0 else whole
        for part, whole, length in zip(cell, size, tree.shapes[0], strict=True)
    )
    free = all(
        part >= length or (read >= length and cost_free(source)) or part % read == 0
        for part, read, length in zip(cell, source.chunks, source.shape, strict=True)
    )
    return cell if free else size


def cost_free(source: PixelSource) -> bool:
    """Return whether reading a single sample costs no more than that sample."""
    if 0 in source.shape:
        return True
    return source.cost(tuple(slice(0, 1) for _ in source.shape)) <= source.dtype.itemsize
