"""How broken rules are mended where there is one right answer; what has several is left alone.

Each module says which rules it mends: id to the function that yields edits of raw metadata. A rule carries its fix, so
that repair knows neither.

Examples
--------
>>> fix_of("plate.wells.rowIndex.present") is not None, fix_of("plate.wells.place") is None
(True, True)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omezarr.abc.rules import Fix


@cache
def fixes() -> dict[str, Fix]:
    """Return all fixes, by the id of the rule that they mend."""
    from omezarr_builtins.fixes import (
        dimensions,
        image_label,
        labels,
        levels,
        numbers,
        plate,
        repetitions,
        units,
        versions,
    )

    modules = (versions, levels, dimensions, labels, image_label, plate, numbers, units, repetitions)
    return {rule: fix for module in modules for rule, fix in module.FIXES.items()}


def fix_of(rule: str) -> Fix | None:
    """Return how to mend what breaks a rule; None where there is no single answer.

    Parameters
    ----------
    rule : str
        Its id.
    """
    return fixes().get(rule)
