"""Levels of images in the wrong order: the shapes of their arrays say which comes first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from omezarr_builtins.fixes.editing import edit
from omezarr_builtins.rules.neighbours import arrays_below
from omezarr_builtins.rules.places import is_number, select
from omezarr_builtins.rules.scales import level_scales

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext


def _largest_first(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    for path, levels in select(context.values, "multiscales/*/datasets"):
        shapes = _shapes(context, levels)
        if shapes is None:
            continue
        order = sorted(range(len(levels)), key=lambda index: -math.prod(shapes[index]))
        ordered = [levels[index] for index in order]
        if _never_grow([shapes[index] for index in order]) and _never_refine(ordered):
            yield edit(context, path, ordered)


def _shapes(context: RuleContext, levels: Any) -> list[tuple[int, ...]] | None:
    """Return the shapes of the arrays of all levels; None where any is not known."""
    if not isinstance(levels, list) or not all(isinstance(level, Mapping) for level in levels):
        return None
    paths = [level.get("path") for level in levels]
    if not all(isinstance(path, str) for path in paths) or len(set(paths)) < len(paths):
        return None
    forms = dict(arrays_below(context, paths))
    return [forms[path].shape for path in paths] if all(path in forms for path in paths) else None


def _never_grow(shapes: list[tuple[int, ...]]) -> bool:
    return all(
        len(large) == len(small) and all(map(int.__ge__, large, small)) and large != small
        for large, small in pairwise(shapes)
    )


def _never_refine(levels: list[Any]) -> bool:
    """Say whether no scale is smaller than that of the level before; those that cannot be read say nothing."""
    scales = [scale for scale in level_scales(levels).values() if all(map(is_number, scale))]
    return all(before <= now for one, next_one in pairwise(scales) for before, now in zip(one, next_one, strict=False))


FIXES: dict[str, Fix] = {
    "arrays.order": _largest_first,
    "multiscales.datasets.order": _largest_first,
}
