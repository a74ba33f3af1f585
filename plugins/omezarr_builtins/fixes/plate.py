"""What plates lack that their wells and acquisitions tell: indices of rows and columns, numbers of acquisitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr_builtins.fixes.editing import edit, objects, whole
from omezarr_builtins.rules.places import identity, is_integer, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Edit, Finding, Fix, RuleContext


def _located(key: str, line: str, part: int) -> Fix:
    """Return a fix that gives wells the index of their row or column, as their paths tell it.

    Parameters
    ----------
    key : {"rowIndex", "columnIndex"}
    line : {"rows", "columns"}
    part : int
        Which part of the path has the name.
    """

    def fix(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
        names = _names(context, line)
        for path, well in objects(context, "plate/wells/*"):
            parts = well.get("path", "").split("/") if isinstance(well.get("path"), str) else []
            if len(parts) != 2 or names.count(parts[part]) != 1:
                continue
            index, given = names.index(parts[part]), well.get(key)
            if given is None or whole(given) == index:
                yield edit(context, (*path, key), index)

    return fix


def _names(context: RuleContext, line: str) -> list[Any]:
    found = select(context.values, f"plate/{line}")
    rows: Any = found[0][1] if found else []
    return [row.get("name") if isinstance(row, Mapping) else None for row in rows] if isinstance(rows, list) else []


def _number_acquisitions(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    """Make numbers of ids that are texts, unless two of them would be the same."""
    ids = select(context.values, "plate/acquisitions/*/id")
    numbers = [value if is_integer(value) else whole(value) for _, value in ids]
    if len({identity(number) for number in numbers if number is not None}) < len(numbers) - numbers.count(None):
        return
    for (path, value), number in zip(ids, numbers, strict=True):
        if number is not None and isinstance(value, str):
            yield edit(context, path, int(number))


FIXES: dict[str, Fix] = {
    "plate.wells.rowIndex.present": _located("rowIndex", "rows", 0),
    "plate.wells.rowIndex.form": _located("rowIndex", "rows", 0),
    "plate.wells.columnIndex.present": _located("columnIndex", "columns", 1),
    "plate.wells.columnIndex.form": _located("columnIndex", "columns", 1),
    "plate.acquisitions.id.form": _number_acquisitions,
}
