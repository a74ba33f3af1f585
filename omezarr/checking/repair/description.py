"""What a repair would change, in words for people and as plain values for JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from omezarr.checking.repair.overlay import ATTRIBUTES
from omezarr.checking.validation import json_pointer
from omezarr.model import UNSET

if TYPE_CHECKING:
    from omezarr.checking.repair.overlay import Change
    from omezarr.model import JSON, Unset

LONGEST = 200
"""Values are shown to people up to so many characters."""

DEEPEST = 2
"""Of lists and objects inside so many others, people are shown only that they are there."""


def change_line(change: Change) -> str:
    """Return a change in words: where, what is there, what will be.

    Examples
    --------
    >>> from omezarr.checking.repair.overlay import Change
    >>> path = ("attributes", "plate", "version")
    >>> change_line(Change(rule="plate.version.form", node="", path=path, before=0.4, after="0.4"))
    '/: plate.version: 0.4 -> "0.4"'
    """
    place = change.path[1:] if change.path[:1] == (ATTRIBUTES,) else change.path
    where = ": ".join(part for part in (change.node or "/", json_pointer(place)) if part)
    return f"{where}: {_shown(change.before)} -> {_shown(change.after)}"


def change_as_dict(change: Change) -> dict[str, Any]:
    """Return a change as plain values for JSON; ``before`` or ``after`` is missing where nothing is there."""
    values = {"before": change.before, "after": change.after}
    return {
        "rule": change.rule,
        "node": change.node,
        "path": list(change.path),
        **{key: value for key, value in values.items() if value is not UNSET},
    }


def _shown(value: JSON | Unset) -> str:
    if value is UNSET:
        return "nothing"
    text = _brief(value, DEEPEST)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def _brief(value: Any, depth: int) -> str:
    if isinstance(value, list):
        return "[" + (", ".join(_brief(item, depth - 1) for item in value) if depth else "..." * bool(value)) + "]"
    if isinstance(value, dict):
        items = (f"{json.dumps(key, ensure_ascii=False)}: {_brief(item, depth - 1)}" for key, item in value.items())
        return "{" + (", ".join(items) if depth else "..." * bool(value)) + "}"
    return json.dumps(value, ensure_ascii=False)
