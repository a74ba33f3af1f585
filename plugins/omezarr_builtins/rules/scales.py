"""The scales of levels, as far as raw documents give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from omezarr_builtins.rules.places import is_number


def type_of(value: Any) -> Any:
    """Return the type that an axis or a transformation names; None where it names none."""
    return value.get("type") if isinstance(value, Mapping) else None


def is_numeric_list(value: Any) -> TypeGuard[list[Any]]:
    """Say whether a JSON value is an array of numbers."""
    return isinstance(value, list) and all(map(is_number, value))


def level_scales(levels: list[Any]) -> dict[int, list[Any]]:
    """Return the absolute scale of each level that has one inline, by index; identities are ones.

    Examples
    --------
    >>> scale = {"type": "scale", "scale": [2, 2]}
    >>> level_scales([{"coordinateTransformations": [{"type": "identity"}]}, {"coordinateTransformations": [scale]}])
    {0: [1, 1], 1: [2, 2]}
    """
    found = {index: _scale_of(level) for index, level in enumerate(levels)}
    axes = next((len(scale) for scale in found.values() if scale), 0)
    return {index: scale or [1] * axes for index, scale in found.items() if scale is not None}


def _scale_of(level: Any) -> list[Any] | None:
    """Return the scale of a level; empty for an identity; None where there is none that can be read."""
    given = level.get("coordinateTransformations") if isinstance(level, Mapping) else None
    steps = given if isinstance(given, list) else []
    if len(steps) == 1 and type_of(steps[0]) == "sequence":
        inner = steps[0].get("transformations")
        steps = inner if isinstance(inner, list) else []
    if len(steps) == 1 and type_of(steps[0]) == "identity":
        return []
    scales = [step.get("scale") for step in steps if type_of(step) == "scale"]
    if len(scales) != 1 or not is_numeric_list(scales[0]) or not scales[0]:
        return None
    return [abs(number) for number in scales[0]]
