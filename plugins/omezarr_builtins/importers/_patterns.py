"""Names of files that say where their pixels belong: patterns, tables, and the patterns of some microscopes.

Responsible for turning names and rows of a table into places; what is at these places is not looked at here.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.errors import ArgumentError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FIELDS = {
    "t": r"\d+",
    "c": r"[^/]+?",
    "z": r"\d+",
    "row": r"[A-Za-z]{1,2}|\d+",
    "column": r"\d+",
    "well": r"[A-Za-z]{1,2}\d{1,3}",
    "field": r"\d+",
    "acquisition": r"\d+",
    "tile_y": r"\d+",
    "tile_x": r"\d+",
    "any": r"[^/]*?",
}
"""What a field of a pattern matches; "any" says nothing of the place."""

ALIASES = {"time": "t", "channel": "c", "col": "column", "site": "field"}

NAMED = {
    "operetta": "r{row}c{column}f{field}p{z}-ch{channel}sk{t}fk{any}.tiff",
    "imagexpress": "{any}_{well}_s{field}_w{channel:[0-9]}{any}.tif",
    "cellvoyager": "{any}_{well}_T{t}F{field}L{any}A{any}Z{z}C{channel:[0-9]+}.tif",
    "incucyte": "{any}_{well}_{field}_{any}.tif",
    "micro-manager": "img_channel{channel:[0-9]+}_position{field}_time{t}_z{z}.tif",
}
"""Patterns of the exports of some microscopes, as far as names of files tell."""

AUTO = "auto"


@frozen
class PlacedFile:
    """A file and where it belongs.

    Parameters
    ----------
    path : Path
    place : mapping
        Field to text, of those of `FIELDS`.
    """

    path: Path
    place: Mapping[str, str]


def compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern.

    Parameters
    ----------
    pattern : str
        A path below the folder, with ``{field}`` or ``{field:regular expression}`` for what varies.

    Raises
    ------
    ArgumentError
        If a field is unknown, or there is none.

    Examples
    --------
    >>> compiled("{well}_z{z}.tif").fullmatch("B03_z007.tif").groupdict()
    {'well': 'B03', 'z': '007'}
    """
    pieces: list[str] = []
    seen: set[str] = set()
    for text, field, own in re.findall(r"([^{}]*)(?:\{(\w+)(?::([^{}]+))?\})?", pattern):
        name = ALIASES.get(field, field)
        pieces.append(re.escape(text))
        if not name:
            continue
        if name not in FIELDS:
            raise ArgumentError(f"a pattern has no field {field!r}; it has: {', '.join([*FIELDS, *ALIASES])}")
        if name == "any":
            pieces.append(f"(?:{own or FIELDS[name]})")
        elif name in seen:
            pieces.append(f"(?P={name})")
        else:
            pieces.append(f"(?P<{name}>{own or FIELDS[name]})")
            seen.add(name)
    if not seen:
        raise ArgumentError(
            f"the pattern {pattern!r} has no field; write for example '{{well}}_c{{channel}}_z{{z}}.tif'"
        )
    try:
        return re.compile("".join(pieces))
    except re.error as error:
        raise ArgumentError(f"the pattern {pattern!r} cannot be understood: {error}") from error


def files_by_pattern(folder: Path, pattern: str) -> tuple[list[PlacedFile], list[str]]:
    """Return the files of a folder that match a pattern, and what people should know.

    Parameters
    ----------
    folder : Path
    pattern : str
        A pattern, the name of one, or "auto" for the named one that matches most.

    Raises
    ------
    ArgumentError
        If nothing matches.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    notices = []
    if pattern == AUTO:
        counts = {name: len(_matches(names, compiled(one))) for name, one in NAMED.items()}
        pattern = max(counts, key=counts.__getitem__)
        if not counts[pattern]:
            raise ArgumentError(f"no file in {folder} is named as one of {', '.join(NAMED)}; give a pattern")
        notices.append(f"{folder}: {counts[pattern]} files are named as {pattern} does, {NAMED[pattern]}")
    chosen = NAMED.get(pattern, pattern)
    found = _matches(names, compiled(chosen))
    if not found:
        example = f", for example {names[0]}" if names else ""
        raise ArgumentError(f"none of the {len(names)} files in {folder} matches {chosen!r}{example}")
    left = len(names) - len(found)
    if left:
        other = next(name for name in names if name not in found)
        notices.append(f"{folder}: {left} files do not match the pattern and are left out, for example {other}")
    return [PlacedFile(folder / name, place) for name, place in found.items()], notices


def files_by_table(table: Path, folder: Path) -> tuple[list[PlacedFile], list[str]]:
    """Return the files that a table names, and what people should know.

    Parameters
    ----------
    table : Path
        CSV with a column "path" and some of the fields of a pattern.
    folder : Path
        What the paths are relative to.

    Raises
    ------
    ArgumentError, SourceError
        If the table cannot be read, or lacks a column.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as content:
            rows = list(csv.DictReader(content))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"the table {table} cannot be read: {error}") from error
    columns = {name: ALIASES.get(name.strip().lower(), name.strip().lower()) for name in (rows[0] if rows else {})}
    if "path" not in columns.values() or not set(columns.values()) & set(FIELDS):
        raise ArgumentError(f"the table {table} needs a column path and one of {', '.join(FIELDS)}")
    unknown = [name for name, field in columns.items() if field not in FIELDS and field != "path"]
    placed = []
    for row in rows:
        words = {columns[name]: (text or "").strip() for name, text in row.items() if name in columns}
        placed.append(
            PlacedFile(folder / words.pop("path"), {f: text for f, text in words.items() if f in FIELDS and text})
        )
    missing = [str(one.path) for one in placed if not one.path.is_file()]
    if missing:
        raise SourceError(f"the table {table} names {len(missing)} files that are not there, for example {missing[0]}")
    return placed, [f"columns of {table} that say nothing of places: {', '.join(unknown)}"] if unknown else []


def split_wells(files: Sequence[PlacedFile]) -> list[PlacedFile]:
    """Return files whose wells are rows and columns, rows as letters.

    Examples
    --------
    >>> from pathlib import Path
    >>> split_wells([PlacedFile(Path("a"), {"well": "b3"})])[0].place
    {'row': 'B', 'column': '3'}
    """
    found = []
    for file in files:
        place = dict(file.place)
        if "well" in place:
            well = place.pop("well")
            letters = well.rstrip("0123456789")
            place |= {"row": letters, "column": well[len(letters) :]}
        if "row" in place:
            row = place["row"]
            place["row"] = letters_of(int(row)) if row.isdecimal() else row.upper()
        found.append(PlacedFile(file.path, place))
    return found


def letters_of(number: int) -> str:
    """Return the name of a row, counted from 1.

    Examples
    --------
    >>> letters_of(1), letters_of(27)
    ('A', 'AA')
    """
    name = ""
    while number > 0:
        number, digit = divmod(number - 1, 26)
        name = chr(ord("A") + digit) + name
    return name or "A"


def check_alone(files: Sequence[PlacedFile]) -> None:
    """Refuse files that belong to the same place, and files of which only some say where along a field.

    Raises
    ------
    SourceError
    """
    places = Counter(tuple(sorted(file.place.items())) for file in files)
    place, count = places.most_common(1)[0]
    if count > 1:
        same = [str(file.path) for file in files if tuple(sorted(file.place.items())) == place]
        where = ", ".join(f"{field} {text}" for field, text in place)
        raise SourceError(f"{' and '.join(same[:3])} all belong to {where}; leave out all but one")
    fields = {field for file in files for field in file.place}
    for file in files:
        if set(file.place) != fields:
            raise SourceError(f"{file.path} does not say its {', '.join(sorted(fields - set(file.place)))}; others do")
    if ("row" in fields) != ("column" in fields):
        raise ArgumentError("a row needs a column, and a column a row; name both, or {well}")


def natural(text: str) -> tuple[int, int, str]:
    """Return a key that sorts numbers by value and before words."""
    return (0, int(text), text) if text.isdecimal() else (1, 0, text)


def _matches(names: Sequence[str], expression: re.Pattern[str]) -> dict[str, dict[str, str]]:
    return {name: found.groupdict() for name in names if (found := expression.fullmatch(name))}
