"""Entries of lists that repeat an earlier one exactly: the first is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr_builtins.fixes.editing import edit
from omezarr_builtins.rules.places import identity, repeated, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext


def _once(pattern: str) -> Fix:
    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        for path, items in select(context.values, pattern):
            if isinstance(items, list):
                again = {index for index, _first in repeated(map(identity, items))}
                yield edit(context, path, [item for index, item in enumerate(items) if index not in again])

    return fix


FIXES: dict[str, Fix] = {
    "multiscales.unique": _once("multiscales"),
    "labels.unique": _once("labels"),
    "image-label.colors.unique": _once("image-label/colors"),
    "image-label.properties.unique": _once("image-label/properties"),
    "plate.wells.unique": _once("plate/wells"),
    "well.images.unique": _once("well/images"),
}
