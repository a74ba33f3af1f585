"""Label values that are listed twice: up to 0.4, the last entry is the one that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr_builtins.fixes.editing import edit
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.places import identity, is_number, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext


def _last_of_each(pattern: str) -> Fix:
    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        for path, entries in select(context.values, pattern):
            if isinstance(entries, list) and not at_least(context.version, "0.5"):
                last = {_value(entry): index for index, entry in enumerate(entries)}
                kept = [
                    entry
                    for index, entry in enumerate(entries)
                    if _value(entry) is None or last[_value(entry)] == index
                ]
                yield edit(context, path, kept)

    return fix


def _value(entry: Any) -> Any:
    """Return what tells the label value of an entry from others; None where it has none."""
    value = entry.get("label-value") if isinstance(entry, dict) else None
    return identity(value) if is_number(value) else None


FIXES: dict[str, Fix] = {
    "image-label.colors.label-values.unique": _last_of_each("image-label/colors"),
    "image-label.properties.label-values.unique": _last_of_each("image-label/properties"),
}
