"""Tables of text: separators, types that are written or concluded, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omezarr.editing.tables import rows_of, truth, wanted_columns, whole_number
from omezarr.errors import ArgumentError, LocationNotFoundError, SourceError

if TYPE_CHECKING:
    from pathlib import Path


def values(cells: list[Any], word: str = "x") -> list[Any]:
    """Return the cells of a column as they are read."""
    rows = [{"x": cell} for cell in cells]
    (column,) = wanted_columns(rows, word, ())
    return [column.read(cell) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2"], [1, 2]),
        (["1", "2.5"], [1.0, 2.5]),
        (["1e3"], [1000.0]),
        (["True", "false"], [True, False]),
        (["007", "12"], ["007", "12"]),
        (["0", "0.5"], [0.0, 0.5]),
        (["-1", "0"], [-1, 0]),
        (["a", "1"], ["a", "1"]),
        (["inf"], ["inf"]),
        ([1, 2], [1, 2]),
        ([True, False], [True, False]),
    ],
)
def test_types_are_concluded(cells: list[Any], expected: list[Any]) -> None:
    found = values(cells)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("word", "cells", "expected"),
    [
        ("x#d", ["1"], [1.0]),
        ("x#l", ["7.0"], [7]),
        ("x#s", ["7"], ["7"]),
        ("x#b", ["False", "yes", "0", "T"], [False, True, False, True]),
    ],
)
def test_types_are_written(word: str, cells: list[str], expected: list[Any]) -> None:
    assert values(cells, word) == expected


@pytest.mark.parametrize(
    ("word", "cell", "said"),
    [
        ("x#l", "1.5", "row 1"),
        ("x#d", "nan", "not finite"),
        ("x#b", "maybe", "neither true nor false"),
        ("y", "1", "no column 'y'; it has: x"),
    ],
)
def test_cells_of_another_type_are_refused(word: str, cell: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        values([cell], word)


def test_a_heading_with_a_mark_is_taken_as_it_is() -> None:
    (column,) = wanted_columns([{"cell#d": "3"}], "cell#d", ())
    assert (column.name, column.read("3")) == ("cell", 3.0)


def test_all_columns_but_those_of_places_are_meant_by_default() -> None:
    found = wanted_columns([{"id": 1, "area": 2, "kind": "T"}], None, ["id"])
    assert [column.name for column in found] == ["area", "kind"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_files_may_have_any_of_the_common_separators(tmp_path: Path, separator: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(f"id{separator}name\n1{separator}a\n", encoding="utf-8-sig")
    assert rows_of(file) == [{"id": "1", "name": "a"}]


def test_files_that_are_no_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LocationNotFoundError, match=r"missing\.csv"):
        rows_of(tmp_path / "missing.csv")
    file = tmp_path / "table.csv"
    file.write_text("id,name\n1,a,b\n")
    with pytest.raises(SourceError, match="line 2 has more cells"):
        rows_of(file)
    file.write_bytes(b"id,name\n1,\xe4\n")
    with pytest.raises(SourceError, match="name its encoding"):
        rows_of(file)
    assert rows_of(file, "latin-1") == [{"id": "1", "name": "ä"}]


def test_numbers_and_truth_have_many_spellings() -> None:
    assert whole_number(7.0) == 7
    with pytest.raises(ValueError, match="whole number"):
        whole_number(7.5)
    assert truth("TRUE") is True
