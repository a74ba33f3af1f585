"""Label images that are there, but not listed. What is listed, but not there, is left: nobody can tell why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr_builtins.fixes.editing import edit
from omezarr_builtins.rules.neighbours import can_list, child_document, is_proper, joined, listed_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext

DEEPEST = 4
"""Label images are not looked for in more folders inside each other."""

_DOCUMENTS = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"})


def _list_unlisted(context: RuleContext, findings: Sequence[Finding]) -> Iterator[Edit]:
    labels = context.values.get("labels", [])
    if isinstance(labels, list):
        found = [finding.array for finding in findings]
        yield edit(context, ("labels",), [*labels, *(name for name in found if name not in labels)])


def _list_all(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    """List the label images of an image whose group of labels has no list, or is a mere folder."""
    hierarchy = context.hierarchy
    if hierarchy is not None and can_list(hierarchy):
        labels = edit(context, ("labels",), list(_label_images(context, "", DEEPEST)), node="labels")
        yield evolve(labels, makes_group=True)


def _label_images(context: RuleContext, folder: str, depth: int) -> Iterator[str]:
    for name in sorted(set(listed_names(context, joined("labels", folder))) - _DOCUMENTS):
        path = joined(folder, name)
        values = child_document(context, joined("labels", path)) if is_proper(name) else None
        if values is not None and "multiscales" in values:
            yield path
        elif values is not None and depth > 1:
            yield from _label_images(context, path, depth - 1)


FIXES: dict[str, Fix] = {
    "labels.listed": _list_unlisted,
    "labels.present": _list_all,
}
