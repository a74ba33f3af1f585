"""Versions that are missing where the version is certain, given as numbers, or named where they may not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.model import UNSET
from omezarr_builtins.fixes.editing import edit, objects
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.places import is_number, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext

_KINDS = {
    "multiscales": "multiscales/*",
    "plate": "plate",
    "well": "well",
    "image-label": "image-label",
}
"""What names a version for itself: NGFF key to the pattern of the objects."""


def _named(pattern: str) -> Fix:
    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        for path, holder in objects(context, pattern):
            if context.certain and "version" not in holder:
                yield edit(context, (*path, "version"), context.version)

    return fix


def _name_once(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    """Name the version of a document as a whole, as the root spells it."""
    if context.certain:
        yield edit(context, ("version",), _spelling(context))


def _spelling(context: RuleContext) -> str:
    root = None if context.hierarchy is None else context.hierarchy.node()
    ome: Any = None if root is None else root.attributes.get("ome")
    named = ome.get("version") if isinstance(ome, Mapping) else None
    return named if isinstance(named, str) and named.startswith(context.version) else context.version


def _spelt(pattern: str) -> Fix:
    """Return a fix that makes strings of the numbers that look like the version."""

    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        for path, value in select(context.values, f"{pattern}/version"):
            if is_number(value) and str(value) == context.version:
                yield edit(context, path, context.version)

    return fix


def _spell_once(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    for _path, value in select(context.attributes, "ome/version"):
        if is_number(value) and str(value) == context.version:
            yield edit(context, ("version",), context.version)


def _agree(context: RuleContext, findings: Sequence[Finding]) -> Iterator[Edit]:
    """Name the version of the document inside it, too; up to 0.4, nothing says which of several is right."""
    for finding in findings:
        if context.certain and at_least(context.version, "0.5"):
            yield edit(context, finding.path, context.version)


def _absent(pattern: str) -> Fix:
    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        for path, _value in select(context.values, f"{pattern}/version"):
            yield edit(context, path, UNSET)

    return fix


FIXES: dict[str, Fix] = {
    "ome.version.present": _name_once,
    "labels.version.present": _name_once,
    "ome.version.form": _spell_once,
    **{f"{key}.version.present": _named(pattern) for key, pattern in _KINDS.items()},
    **{f"{key}.version.form": _spelt(pattern) for key, pattern in _KINDS.items()},
    **{f"{key}.version.absent": _absent(pattern) for key, pattern in _KINDS.items()},
    **{f"{key}.version.value": _agree for key in ("plate", "well", "image-label")},
}
