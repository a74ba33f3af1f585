"""The reference page of all rules, made from the rules themselves.

Run it to write the page anew: ``python docs/rules_page.py``.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.checking.validation import FAULTS, all_rules
from omezarr.plugins.registry import default_registry

if TYPE_CHECKING:
    from omezarr.abc.rules import Rule

PAGE = Path(__file__).parent / "reference" / "rules.md"

HEAD = """\
# Rules of validation

What `omezarr validate` and `omezarr.validate` look for, by the NGFF key that it concerns. A rule has an id, which never
changes its meaning; `--ignore ID` leaves it out, and `--ignore 'labels.*'` all that start so.

- **error**: the text or the schemas of the specification say MUST.
- **warning**: they say SHOULD; with `--strict` it is an error.
- **disputed**: text, schemas and published data contradict each other; it stays a warning with `--strict`.

How far a rule looks: at the **document** of one group, at the **hierarchy** of groups and arrays around it (not with
`--shallow`), or at the **data**, the pixels (only with `--data`).

This page is made from the rules: `python docs/rules_page.py`.
"""

TITLES = {"": "Documents of every kind"}


@frozen
class Row:
    """One line of a table: a rule in the versions in which it is the same."""

    id: str
    binding: str
    depth: str
    demand: str
    section: str


def row_of(rule: Rule) -> Row:
    binding = "disputed" if rule.disputed else rule.severity.value
    return Row(rule.id, binding, rule.depth.name.lower(), rule.demand, rule.section.partition(", ")[2])


def span(versions: list[str], known: list[str]) -> str:
    """Return versions in words, neighbours as a span, open where the newest one is in it.

    Examples
    --------
    >>> span(["0.1", "0.2", "0.4"], ["0.1", "0.2", "0.3", "0.4", "0.5"])
    '0.1 to 0.2, 0.4'
    >>> span(["0.2", "0.3"], ["0.1", "0.2", "0.3"])
    'from 0.2'
    """
    positions = enumerate(sorted(map(known.index, versions)))
    groups = [[known[index] for _, index in group] for _, group in groupby(positions, lambda item: item[1] - item[0])]
    return ", ".join(_words(group, known[-1]) for group in groups)


def _words(group: list[str], newest: str) -> str:
    if len(group) == 1:
        return group[0]
    return f"from {group[0]}" if group[-1] == newest else f"{group[0]} to {group[-1]}"


def page() -> str:
    """Return the page as Markdown."""
    registry = default_registry()
    known = list(registry.formats)
    keys: dict[str, dict[Row, list[str]]] = {}
    for version, key, rule in all_rules(registry):
        keys.setdefault(key, {}).setdefault(row_of(rule), []).append(version)
    parts = [HEAD]
    for key in ["", *sorted(keys.keys() - {""})]:
        parts.append(f"## {TITLES.get(key) or f'`{key}`'}\n")
        parts.append(table([(*cells(row), span(versions, known)) for row, versions in order(keys[key])]))
    parts.append("## Before any rule\n")
    parts.append("What validation itself finds, whatever the version.\n")
    parts.append(table([(fault.id, fault.severity.value, "", fault.demand, fault.section, "") for fault in FAULTS]))
    return "\n".join(parts)


def order(rows: dict[Row, list[str]]) -> list[tuple[Row, list[str]]]:
    """Return rows so that those of one id stand together, in the order in which ids first occur."""
    first = {row.id: position for position, row in reversed(list(enumerate(rows)))}
    return sorted(rows.items(), key=lambda item: (first[item[0].id], item[1]))


def cells(row: Row) -> tuple[str, str, str, str, str]:
    return row.id, row.binding, row.depth, row.demand, row.section


def table(rows: list[tuple[str, str, str, str, str, str]]) -> str:
    lines = ["| rule | | looks at | demands | section | versions |", "|---|---|---|---|---|---|"]
    lines += [
        f"| `{name}` | {binding} | {depth} | {demand} | {section} | {versions} |"
        for name, binding, depth, demand, section, versions in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    rules = {rule.id for _, _, rule in all_rules()}
    print(f"{PAGE}: {len(rules)} rules")


if __name__ == "__main__":
    main()
