"""Tables of text: columns by name, and their cells as numbers, truth values or text.

Types can be written behind a column's name, as ome-zarr-py has it: ``area#d`` (a number), ``count#l`` (a whole number),
``name#s`` (text), ``alive#b`` (true or false). Where they are not, they are concluded from all cells of the column.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from omezarr.errors import ArgumentError, LocationNotFoundError, SourceError

if TYPE_CHECKING:
    from omezarr.model import JSON

TRUE = frozenset({"true", "t", "yes", "y", "1"})
FALSE = frozenset({"false", "f", "no", "n", "0"})

Row: TypeAlias = Mapping[str, Any]

SNIFFED_BYTES = 16_384
"""So much of a file is looked at to find what separates its columns."""


@frozen
class WantedColumn:
    """A column that is wanted.

    Parameters
    ----------
    name : str
        As the heading says, without the type.
    heading : str
        The heading.
    read : callable
        Turns a cell that is not empty into a value.
    """

    name: str
    heading: str
    read: Callable[[Any], JSON]


def number(cell: Any) -> float:
    """Return the number that a cell holds; it must be finite, since JSON knows no other."""
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(f"{cell!r} is not finite")
    return value


def whole_number(cell: Any) -> int:
    """Return the whole number that a cell holds, written with or without a fraction of zero.

    Examples
    --------
    >>> whole_number("7"), whole_number("7.0")
    (7, 7)
    """
    try:
        return int(cell) if not isinstance(cell, float) else _exact(cell)
    except ValueError:
        return _exact(float(cell))


def _exact(value: float) -> int:
    if not value.is_integer():
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def truth(cell: Any) -> bool:
    """Return the truth value that a cell holds in words or as 0 and 1.

    Examples
    --------
    >>> truth("False"), truth("yes")
    (False, True)
    """
    word = str(cell).strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError(f"{cell!r} is neither true nor false")
    return word in TRUE


TYPES: Mapping[str, Callable[[Any], Any]] = {"d": number, "l": whole_number, "s": str, "b": truth}
"""What can stand behind the ``#`` of a column's name."""


def rows_of(table: str | os.PathLike[str] | Iterable[Row], encoding: str = "utf-8-sig") -> list[dict[str, Any]]:
    """Return the rows of a table, each by heading.

    Parameters
    ----------
    table : str, path or iterable of mapping
        A file of text whose first line holds the headings, separated by commas, semicolons or tabs; or rows at hand.
    encoding : str

    Raises
    ------
    LocationNotFoundError
        If the file does not exist.
    SourceError
        If it cannot be read, or a row has more cells than there are headings.
    """
    if not isinstance(table, str | os.PathLike):
        return [dict(row) for row in table]
    path = Path(table)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            start = stream.read(SNIFFED_BYTES)
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=_separator(start), restkey="")
            rows = []
            for row in reader:
                if "" in row and isinstance(row[""], list):
                    raise SourceError(f"{path}: line {reader.line_num} has more cells than there are headings")
                rows.append(row)
    except FileNotFoundError as error:
        raise LocationNotFoundError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not text in {encoding} ({error.reason}); name its encoding") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error
    except csv.Error as error:
        raise SourceError(f"{path} cannot be read as a table: {error}") from error
    return rows


def _separator(start: str) -> str:
    """Return what separates the headings: whichever of the known separators is most frequent in the first line."""
    first = start.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def wanted_columns(
    rows: Sequence[Row], words: str | Sequence[str] | None, without: Iterable[str]
) -> list[WantedColumn]:
    """Return the columns that a user wants.

    Parameters
    ----------
    rows : sequence of mapping
    words : str or sequence of str, optional
        Names, separated by commas where they are one text, each with its type behind a ``#`` or not. Default: all.
    without : iterable of str
        Headings that are not meant by default.

    Raises
    ------
    ArgumentError
        If there is no such column, or it holds something else than its type says.
    """
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    if words is None:
        words = [heading for heading in headings if heading not in set(without)]
    elif isinstance(words, str):
        words = [word.strip() for word in words.split(",") if word.strip()]
    return [_column(rows, word, headings) for word in words]


def _column(rows: Sequence[Row], word: str, headings: Sequence[str]) -> WantedColumn:
    name, mark, kind = word.rpartition("#")
    if not mark or kind not in TYPES:
        name, kind = word, ""
    heading = word if word in headings else name
    if heading not in headings:
        raise ArgumentError(f"the table has no column {heading!r}; it has: {', '.join(headings) or 'none'}")
    cells = [row[heading] for row in rows if not is_empty(row.get(heading))]
    column = WantedColumn(name, heading, TYPES[kind] if kind else _concluded(cells))
    for line, row in enumerate(rows, 1):
        if not is_empty(row.get(heading)):
            try:
                column.read(row[heading])
            except (ValueError, TypeError) as error:
                raise ArgumentError(
                    f"column {heading!r}, row {line}: {error}; write {name}#s to take it as text"
                ) from error
    return column


def _concluded(cells: Sequence[Any]) -> Callable[[Any], Any]:
    """Return the narrowest type that all cells have; numbers with leading zeros are names, so they stay text."""
    texts = [str(cell).strip() for cell in cells]
    if any(text.lstrip("+-").startswith("0") and text.lstrip("+-")[1:2].isdigit() for text in texts):
        return str
    if cells and all(
        isinstance(cell, bool) or text.lower() in ("true", "false") for cell, text in zip(cells, texts, strict=True)
    ):
        return truth
    for read in (_plain_whole_number, number):
        if cells and all(_reads(read, cell) for cell in cells):
            return read
    return str


def _plain_whole_number(cell: Any) -> int:
    return int(cell) if isinstance(cell, str) else whole_number(cell)


def _reads(read: Callable[[Any], Any], cell: Any) -> bool:
    try:
        read(cell)
    except (ValueError, TypeError):
        return False
    return True


def is_empty(cell: Any) -> bool:
    """Say whether a cell holds nothing: no text, or no number."""
    return (
        cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, float) and math.isnan(cell))
    )
