"""Edits of documents, in the words of rules: places are those of the document, whatever the version keeps it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Edit
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.places import select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from omezarr.abc.rules import Finding, Fix, RuleContext
    from omezarr.model import JSON, JSONPath, Unset


def edit(context: RuleContext, path: JSONPath, value: JSON | Unset, node: str = "") -> Edit:
    """Return the edit of a place in the document of a group, or of one below it.

    Examples
    --------
    >>> from omezarr.abc.rules import RuleContext
    >>> edit(RuleContext(values={}, attributes={}, version="0.5"), ("labels",), []).path
    ('attributes', 'ome', 'labels')
    """
    holder = ("attributes", "ome") if at_least(context.version, "0.5") else ("attributes",)
    return Edit(path=(*holder, *path), value=value, node=node)


def converted(convert: Callable[[Any], JSON | None], *patterns: str) -> Fix:
    """Return a fix that replaces what stands at the patterns, where the function returns anything for it."""

    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        for pattern in patterns:
            for path, value in select(context.values, pattern):
                new = convert(value)
                if new is not None:
                    yield edit(context, path, new)

    return fix


def whole(value: Any) -> int | None:
    """Return the whole number that a text stands for; None for anything else.

    Examples
    --------
    >>> whole("12"), whole("1.5"), whole(3)
    (12, None, None)
    """
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def objects(context: RuleContext, pattern: str) -> Iterator[tuple[JSONPath, Mapping[str, Any]]]:
    """Yield the objects that stand at a pattern; the document itself if that is empty."""
    for path, value in select(context.values, pattern) if pattern else [((), context.values)]:
        if isinstance(value, Mapping):
            yield path, value
