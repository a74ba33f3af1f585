"""Units by their symbols: the name that NGFF has for the same unit.

One that is so many of another (a point is a 72nd of an inch) is left alone: pixel sizes would have to change with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.units import named_unit
from omezarr_builtins.fixes.editing import edit
from omezarr_builtins.rules.axes import FLAT, IN_IMAGES, IN_SCENES
from omezarr_builtins.rules.places import select_all
from omezarr_builtins.rules.scales import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext


def _named(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    for path, axis in select_all(context.values, (f"{FLAT}/*", f"{IN_IMAGES}/*", f"{IN_SCENES}/*")):
        unit = axis.get("unit") if isinstance(axis, dict) else None
        found = named_unit(unit, type_of(axis)) if isinstance(unit, str) else None
        if found is not None and found.value == 1 and found.unit != unit:
            yield edit(context, (*path, "unit"), found.unit)


FIXES: dict[str, Fix] = {"axes.unit.value": _named}
