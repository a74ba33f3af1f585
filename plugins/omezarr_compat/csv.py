"""Properties of labels from tables.

Examples
--------
>>> parse_csv_value("2.6", "l"), parse_csv_value("False", "b"), parse_csv_value("far", "d")
(3, False, 'far')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import omezarr

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COLUMN_TYPES", "csv_to_zarr", "dict_to_zarr", "parse_csv_value"]

COLUMN_TYPES = ["d", "l", "s", "b"]
"""What can stand behind the ``#`` of a column: a number, a whole number, text, true or false."""

TRUTHS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", ""), False),
}
"""Words for true and false."""


def parse_csv_value(value: str, col_type: str) -> str | float | int | bool:
    """Return a cell as the type of its column says; as the text that it is, where it is no such thing."""
    try:
        if col_type == "d":
            return float(value)
        if col_type == "l":
            return round(float(value))
    except (ValueError, OverflowError):
        return value
    return TRUTHS.get(value.strip().lower(), value) if col_type == "b" else value


def csv_to_zarr(csv_path: str, csv_id: str, csv_keys: str, zarr_path: str, zarr_id: str) -> None:
    """Write columns of a CSV file to the properties of the labels of an image or a plate.

    Parameters
    ----------
    csv_path : str
    csv_id : str
        The column that says which label a row is about.
    csv_keys : str
        The columns to write, separated by commas, each with its type behind a ``#``; text where there is none.
    zarr_path : str
    zarr_id : str
        The property of labels that `csv_id` is compared with.
    """
    columns = [
        word if word.rpartition("#")[2] in COLUMN_TYPES and "#" in word else f"{word.rpartition('#')[0] or word}#s"
        for word in csv_keys.split(",")
    ]
    omezarr.csv_to_labels(csv_path, csv_id, columns, zarr_path, zarr_id)


def dict_to_zarr(props_to_add: Mapping[str | int, Mapping[str, Any]], zarr_path: str, zarr_id: str) -> None:
    """Write properties to the labels of an image or a plate.

    Parameters
    ----------
    props_to_add : mapping
        The value that a label has for `zarr_id`, to the properties that it gets.
    zarr_path : str
    zarr_id : str
    """
    key = "the value of " + zarr_id
    rows = [{**properties, key: str(value)} for value, properties in props_to_add.items()]
    names = sorted({name for properties in props_to_add.values() for name in properties})
    omezarr.csv_to_labels(rows, key, names, zarr_path, zarr_id)
