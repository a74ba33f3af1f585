"""The tree of a pyramid's units, and the order in which one pass visits them.

A node of the tree is a region of one level, made of whole units; its children are the nodes of the level below that
it is made from. Walking the tree from left to right with children before parents (Z-order, where everything is
aligned) needs few open nodes at any time, whatever the size of the image.

Examples
--------
>>> tree = Tree.of([(512, 512), (256, 256)], [(2, 2)], [(256, 256), (256, 256)])
>>> [node.index for node in tree.children(TreeNode(1, (0, 0)))]
[(0, 0), (0, 1), (1, 0), (1, 1)]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import field, frozen

from omezarr.arrays.geometry import Region, Shape, cells, region_shape
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen(order=True)
class TreeNode:
    """One region of one level.

    Parameters
    ----------
    level : int
    index : tuple of int
        In the grid of the level's nodes.
    """

    level: int
    index: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(map(str, (self.level, *self.index)))


@frozen
class Tree:
    """All nodes of a pyramid, computed when asked for.

    Parameters
    ----------
    shapes : tuple of tuple of int
        Of the levels.
    factors : tuple of tuple of int
        For each level but the first.
    units : tuple of tuple of int
        What one stored object of each level covers.
    sizes : tuple of tuple of int
        What one node of each level covers: whole units, and whole blocks of the next level's factors, unless it
        reaches the border.
    """

    shapes: tuple[Shape, ...]
    factors: tuple[Shape, ...]
    units: tuple[Shape, ...]
    sizes: tuple[Shape, ...] = field()

    @classmethod
    def of(
        cls,
        shapes: Sequence[Shape],
        factors: Sequence[Shape],
        units: Sequence[Shape],
        grain: Shape | None = None,
    ) -> Tree:
        """Return the tree with the smallest possible nodes.

        Parameters
        ----------
        shapes, factors, units
            As for the class.
        grain : tuple of int, optional
            Nodes of the first level are at least this large, for sources that are read best in larger pieces.

        Raises
        ------
        ArgumentError
            If a level is not what the factors make of the level before.
        """
        if len(factors) != len(shapes) - 1 or len(units) != len(shapes):
            raise ArgumentError(f"{len(shapes)} levels need as many units and one step of factors less")
        ranks = {len(part) for group in (shapes, factors, units) for part in group}
        if len(ranks) != 1:
            raise ArgumentError(f"levels, factors and units do not agree on the number of axes: {sorted(ranks)}")
        if any(number < 1 for group in (factors, units) for part in group for number in part):
            raise ArgumentError("factors and units are whole numbers from 1 on")
        columns = []
        for axis in range(len(shapes[0])):
            lengths = [shape[axis] for shape in shapes]
            steps = [step[axis] for step in factors]
            for level, step in enumerate(steps, start=1):
                if lengths[level] != -(-lengths[level - 1] // step):
                    raise ArgumentError(
                        f"level {level} has {lengths[level]} samples on axis {axis}; {lengths[level - 1]} "
                        f"downscaled by {step} are {-(-lengths[level - 1] // step)}"
                    )
            smallest = 1 if grain is None else grain[axis]
            columns.append(_sizes(lengths, steps, [unit[axis] for unit in units], smallest))
        sizes = tuple(zip(*columns, strict=True)) if columns else ((),) * len(shapes)
        return cls(tuple(shapes), tuple(factors), tuple(units), sizes)

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return len(self.shapes)

    def grid(self, level: int) -> Shape:
        """Return how many nodes a level has along each axis."""
        return tuple(-(-s // n) if s else 0 for s, n in zip(self.shapes[level], self.sizes[level], strict=True))

    def count(self, level: int) -> int:
        """Return how many nodes a level has."""
        return math.prod(self.grid(level))

    def nodes(self, level: int) -> Iterator[TreeNode]:
        """Yield the nodes of a level in the order of one pass."""
        if level == self.levels - 1:
            for index in _indices(self.grid(level)):
                yield TreeNode(level, index)
        else:
            for parent in self.nodes(level + 1):
                yield from self.children(parent)

    def children(self, node: TreeNode) -> Iterator[TreeNode]:
        """Yield the nodes of the level below that a node is made from."""
        for index, _ in cells(self.region_below(node), self.sizes[node.level - 1]):
            yield TreeNode(node.level - 1, index)

    def child_count(self, node: TreeNode) -> int:
        """Return how many children a node has."""
        parts = zip(self.region_below(node), self.sizes[node.level - 1], strict=True)
        return math.prod(-(-part.stop // size) - part.start // size for part, size in parts)

    def parent(self, node: TreeNode) -> TreeNode | None:
        """Return the node that this one is part of; None at the top."""
        if node.level == self.levels - 1:
            return None
        above = node.level + 1
        parts = zip(node.index, self.sizes[node.level], self.factors[node.level], self.sizes[above], strict=True)
        return TreeNode(above, tuple(index * size // (factor * bigger) for index, size, factor, bigger in parts))

    def region(self, node: TreeNode) -> Region:
        """Return what a node covers, in the samples of its level."""
        parts = zip(node.index, self.sizes[node.level], self.shapes[node.level], strict=True)
        return tuple(slice(index * size, min((index + 1) * size, length)) for index, size, length in parts)

    def region_below(self, node: TreeNode, levels: int = 1) -> Region:
        """Return what a node covers, in the samples of a level below."""
        region = self.region(node)
        for level in range(node.level - 1, node.level - 1 - levels, -1):
            parts = zip(region, self.factors[level], self.shapes[level], strict=True)
            region = tuple(slice(part.start * f, min(part.stop * f, length)) for part, f, length in parts)
        return region

    def units_of(self, node: TreeNode) -> Iterator[tuple[Shape, Region]]:
        """Yield index and region of the units of a node."""
        return cells(self.region(node), self.units[node.level])

    def unit_count(self, node: TreeNode, level: int) -> int:
        """Return how many units of a level a node covers."""
        parts = zip(self.region_below(node, node.level - level), self.units[level], strict=True)
        return math.prod(-(-part.stop // unit) - part.start // unit for part, unit in parts)

    def samples_below(self, node: TreeNode, level: int) -> int:
        """Return how many samples of a level a node covers."""
        return math.prod(region_shape(self.region_below(node, node.level - level)))

    def samples(self, level: int) -> int:
        """Return how many samples the largest node of a level has."""
        return math.prod(map(min, self.sizes[level], self.shapes[level]))

    def samples_of(self, node: TreeNode) -> int:
        """Return how many samples a node has."""
        return math.prod(region_shape(self.region(node)))


def _indices(grid: Shape) -> Iterator[Shape]:
    """Yield all places of a grid in C order, however long its axes are."""
    if not grid:
        yield ()
        return
    for first in range(grid[0]):
        for rest in _indices(grid[1:]):
            yield (first, *rest)


def _sizes(lengths: list[int], steps: list[int], units: list[int], grain: int) -> list[int]:
    """Return the sizes of nodes along one axis; the whole axis from the level on where a node would cover it."""
    sizes: list[int] = []
    for level, (length, unit) in enumerate(zip(lengths, units, strict=True)):
        if level == 0:
            size = -(-grain // unit) * unit
        elif sizes[-1] >= lengths[level - 1]:
            sizes.append(max(length, 1))
            continue
        else:
            below, step = sizes[-1], steps[level - 1]
            size = math.lcm(unit, below // math.gcd(below, step))
        if level < len(steps):
            size = math.lcm(size, steps[level])
        sizes.append(size if size < length else max(length, 1))
    return sizes
