"""Tables beside an image, as ngio and Fractal keep them: measurements of labels, regions of interest.

Source: the table specifications of ngio and fractal-tasks-core, version 1. A group ``tables`` lists groups by name;
each says of what type its table is and in which form it is stored, in a file beside its metadata, which
`omezarr.nodes.table_files` reads and writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from omezarr.errors import ArgumentError, MissingDependencyError, UnsupportedError
from omezarr.model._base import JSON, extra
from omezarr.model.content import Content

TABLE_VERSION = "1"
"""The version of the layout that is written."""

FILES = {"csv": "table.csv", "parquet": "table.parquet"}
"""The forms in which tables are read and written, and the names of the files."""

ROI_COLUMNS = (
    *("x_micrometer", "y_micrometer", "z_micrometer"),
    *("len_x_micrometer", "len_y_micrometer", "len_z_micrometer"),
)
"""What a table of regions of interest has to say of each."""

OWN_KEYS = ("type", "table_version", "backend", "index_key", "index_type")
"""What the attributes of a table say of it in this layout; all else is kept as it is."""


@frozen
class Tables:
    """The key ``tables``: names of tables below the group, each a zarr group."""

    names: tuple[str, ...]
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Table:
    """A table.

    Parameters
    ----------
    columns : mapping of str to sequence
        Name to values: numbers, truth values, text or None, as many in each.
    type : str
        "feature_table", "roi_table", "masking_roi_table", "generic_table" or any other.
    index_key : str, optional
        The column that tells rows apart. Default: the first.
    backend : {"csv", "parquet"}
        The form in which it is stored.
    attributes : mapping
        What else its group says, such as ``{"region": {"path": "../labels/nuclei"}, "instance_key": "label"}``.

    Examples
    --------
    >>> table = Table(columns={"label": [1, 2], "area": [12.5, 3.0]}, type="feature_table")
    >>> table.index_key, table.rows()
    ('label', [{'label': 1, 'area': 12.5}, {'label': 2, 'area': 3.0}])
    """

    columns: Mapping[str, Sequence[Any]]
    type: str = "generic_table"
    index_key: str = field()
    backend: str = "csv"
    attributes: Mapping[str, JSON] = field(factory=dict)

    @index_key.default
    def _first_column(self) -> str:
        return next(iter(self.columns), "")

    def __attrs_post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.columns.items()}
        if not lengths or len({*lengths.values()}) > 1:
            raise ArgumentError(f"the columns of a table are as long as each other, not {lengths or 'none'}")
        if self.index_key not in self.columns:
            raise ArgumentError(f"the table has no column {self.index_key!r}; it has {', '.join(self.columns)}")
        if self.backend not in FILES:
            raise UnsupportedError(f"tables are stored as {' or '.join(FILES)}, not as {self.backend!r}")
        missing = [name for name in ROI_COLUMNS if name not in self.columns] if "roi_table" in self.type else []
        if missing:
            raise ArgumentError(f"a {self.type} has the columns {', '.join(ROI_COLUMNS)}; {missing[0]} is missing")

    def rows(self) -> list[dict[str, Any]]:
        """Return one row after the other, by the names of the columns."""
        return [dict(zip(self.columns, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    def to_pandas(self) -> Any:
        """Return the table as a ``pandas.DataFrame``, with its index.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        return data_frame(dict(self.columns)).set_index(self.index_key)

    def document(self) -> dict[str, JSON]:
        """Return the attributes of its group."""
        values = self.columns[self.index_key]
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
        own = (self.type, TABLE_VERSION, self.backend, self.index_key, "int" if whole else "str")
        return {**self.attributes, **dict(zip(OWN_KEYS, own, strict=True))}


def data_frame(columns: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]) -> Any:
    """Return columns, or rows by the names of columns, as a ``pandas.DataFrame``.

    Raises
    ------
    MissingDependencyError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingDependencyError("to_pandas() needs pandas: pip install 'omezarr[tables]'") from error
    return pd.DataFrame(columns)


@frozen(kw_only=True)
class TablesContent(Content):
    """The group of all tables of an image.

    Parameters
    ----------
    tables : mapping
        Name to table.
    """

    tables: Mapping[str, Table]
