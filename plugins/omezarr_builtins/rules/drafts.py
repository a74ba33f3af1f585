"""Documents in the older syntax of the drafts of 0.6, brought into that of the release before rules look at them.

Drafts up to the third name inputs and outputs with strings, and all of them write ``input_axes`` and ``output_axes``.
That a document is a draft at all is a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

if TYPE_CHECKING:
    from omezarr.abc.rules import Check, RuleContext

_DRAFT = re.compile(r"0\.6\.?dev([1-4])")


def draft(context: RuleContext) -> int | None:
    """Return which draft of 0.6 a document is; None if it is none."""
    ome: Any = context.attributes.get("ome")
    version = ome.get("version") if isinstance(ome, Mapping) else None
    found = _DRAFT.fullmatch(version) if isinstance(version, str) else None
    return None if found is None else int(found[1])


def is_draft(context: RuleContext) -> bool:
    """Say whether a document is a draft of 0.6."""
    return draft(context) is not None


def tolerating_drafts(check: Check) -> Check:
    """Return a check that sees drafts of 0.6 in the syntax of the release."""

    def tolerant(context: RuleContext) -> Any:
        number = draft(context)
        return check(context if number is None else evolve(context, values=_modern(context.values, number)))

    return tolerant


def _modern(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    modern = dict(values)
    if "multiscales" in values:
        modern["multiscales"] = _each(values["multiscales"], lambda item: _multiscale(item, number))
    if "scene" in values:
        modern["scene"] = _with_transformations(values["scene"], number, "name")
    return modern


def _each(items: Any, change: Any) -> Any:
    return [change(item) for item in items] if isinstance(items, list) else items


def _multiscale(value: Any, number: int) -> Any:
    if not isinstance(value, Mapping):
        return value
    modern = {key: item for key, item in value.items() if key != "arrayCoordinateSystem"}
    if "datasets" in value:
        modern["datasets"] = _each(value["datasets"], lambda item: _with_transformations(item, number, "path"))
    return _with_transformations(modern, number, "name")


def _with_transformations(value: Any, number: int, input_key: str) -> Any:
    key = "coordinateTransformations"
    if not isinstance(value, Mapping) or key not in value:
        return value
    return {**value, key: _each(value[key], lambda item: _transformation(item, number, input_key))}


def _transformation(value: Any, number: int, input_key: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    modern = dict(value)
    for key, name in (("input", input_key), ("output", "name")):
        if number <= 3 and isinstance(value.get(key), str):
            modern[key] = {name: value[key]}
    for key in ("forward", "inverse", "transformation"):
        if key in value:
            modern[key] = _transformation(value[key], number, "name")
    if "transformations" in value:
        modern["transformations"] = _each(value["transformations"], lambda item: _item(item, number))
    return modern


def _item(value: Any, number: int) -> Any:
    if not isinstance(value, Mapping):
        return value
    modern = _transformation(value, number, "name")
    for old, new in (("input_axes", "inputAxes"), ("output_axes", "outputAxes")):
        if old in modern and new not in modern:
            modern[new] = modern.pop(old)
    if "inputAxes" in modern and "transformation" not in modern:
        axes = {key: modern.pop(key) for key in ("inputAxes", "outputAxes") if key in modern}
        return {**axes, "transformation": modern}
    return modern
