"""The tree of a pyramid's units."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omezarr.arrays.geometry import level_shapes
from omezarr.engine.units import Tree, TreeNode
from omezarr.errors import ArgumentError

laws = settings(deadline=None, derandomize=True, max_examples=80)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    axes = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(1, 40)) for _ in range(axes))
    steps = [tuple(draw(st.integers(1, 3)) for _ in range(axes)) for _ in range(draw(st.integers(0, 3)))]
    shapes = level_shapes(shape, steps)
    units = [tuple(draw(st.integers(1, 9)) for _ in range(axes)) for _ in shapes]
    grain = tuple(draw(st.integers(1, 20)) for _ in range(axes)) if draw(st.booleans()) else None
    return Tree.of(shapes, steps, units, grain)


def test_levels_that_the_factors_do_not_give_are_refused() -> None:
    with pytest.raises(ArgumentError, match="level 1 has 4 samples on axis 0; 9 downscaled by 2 are 5"):
        Tree.of([(9,), (4,)], [(2,)], [(2,), (2,)])


def test_factors_below_one_are_refused() -> None:
    with pytest.raises(ArgumentError, match="from 1 on"):
        Tree.of([(9,), (9,)], [(0,)], [(2,), (2,)])


@laws
@given(trees())
def test_the_nodes_of_a_level_cover_each_sample_and_each_unit_once(tree: Tree) -> None:
    for level, shape in enumerate(tree.shapes):
        seen = np.zeros(shape, int)
        units: Counter[tuple[int, ...]] = Counter()
        for node in tree.nodes(level):
            seen[tree.region(node)] += 1
            units.update(index for index, _ in tree.units_of(node))
        assert (seen == 1).all()
        expected = np.prod([-(-s // u) for s, u in zip(shape, tree.units[level], strict=True)])
        assert len(units) == expected
        assert set(units.values()) == {1}


@laws
@given(trees())
def test_children_and_parents_agree(tree: Tree) -> None:
    for level in range(1, tree.levels):
        for node in tree.nodes(level):
            children = list(tree.children(node))
            assert len(children) == tree.child_count(node)
            assert {tree.parent(child) for child in children} == {node}


@laws
@given(trees())
def test_every_node_reduces_to_a_part_of_its_parent_by_itself(tree: Tree) -> None:
    for level in range(tree.levels - 1):
        for node in tree.nodes(level):
            parent = tree.parent(node)
            assert parent is not None
            for part, above, factor, length in zip(
                tree.region(node), tree.region(parent), tree.factors[level], tree.shapes[level], strict=True
            ):
                assert part.start % factor == 0
                assert part.stop % factor == 0 or part.stop == length
                assert above.start <= part.start // factor
                assert -(-part.stop // factor) <= above.stop


@laws
@given(trees())
def test_the_region_below_is_that_of_the_leaves(tree: Tree) -> None:
    top = tree.levels - 1
    for node in tree.nodes(top):
        leaves = {node}
        for _ in range(top):
            leaves = {child for leaf in leaves for child in tree.children(leaf)}
        regions = [tree.region(leaf) for leaf in leaves]
        for axis, part in enumerate(tree.region_below(node, top)):
            assert part.start == min(region[axis].start for region in regions)
            assert part.stop == max(region[axis].stop for region in regions)


def test_aligned_units_are_visited_in_z_order() -> None:
    tree = Tree.of([(8, 8), (4, 4), (2, 2)], [(2, 2), (2, 2)], [(2, 2)] * 3)
    assert [node.index for node in tree.nodes(0)][:6] == [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (0, 3)]


def test_a_long_axis_needs_no_list_of_its_nodes() -> None:
    tree = Tree.of([(10**12,)], [], [(64,)])
    assert tree.count(0) == -(-(10**12) // 64)
    assert next(tree.nodes(0)) == TreeNode(0, (0,))
