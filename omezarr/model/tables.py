"""Tables beside an image, as ngio and Fractal keep them: measurements of labels, regions of interest.

Source: the table specifications of ngio and fractal-tasks-core, version 1. A group ``tables`` lists groups by name;
each says of what type its table is and in which form it is stored, in a file beside its metadata.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from omezarr.errors import ArgumentError, MetadataError, MissingDependencyError, UnsupportedError
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

_OWN = ("type", "table_version", "backend", "index_key", "index_type")


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
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingDependencyError("to_pandas() needs pandas: pip install 'omezarr[tables]'") from error
        return pd.DataFrame(dict(self.columns)).set_index(self.index_key)

    def document(self) -> dict[str, JSON]:
        """Return the attributes of its group."""
        values = self.columns[self.index_key]
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
        own = (self.type, TABLE_VERSION, self.backend, self.index_key, "int" if whole else "str")
        return {**self.attributes, **dict(zip(_OWN, own, strict=True))}

    def stored(self) -> tuple[str, bytes]:
        """Return the name of the file that holds its columns, and what is in it.

        Raises
        ------
        MissingDependencyError
            If a package is missing for the form.
        """
        encode = {"csv": _to_csv, "parquet": _to_parquet}[self.backend]
        return FILES[self.backend], encode(self.columns)


@frozen(kw_only=True)
class TablesContent(Content):
    """The group of all tables of an image.

    Parameters
    ----------
    tables : mapping
        Name to table.
    """

    tables: Mapping[str, Table]


def table_from(attributes: Mapping[str, JSON], read: Callable[[str], bytes | None], where: str) -> Table:
    """Return a table as its group and its file say.

    Parameters
    ----------
    attributes : mapping
        Of the group.
    read : callable
        From the name of a file of the group to its bytes; None where there is none.
    where : str
        For messages.

    Raises
    ------
    UnsupportedError
        If it is stored in another form.
    MetadataError
        If the file is missing or cannot be read.
    """
    backend = attributes.get("backend")
    if not isinstance(backend, str) or backend not in FILES:
        raise UnsupportedError(
            f"the table {where} is stored as {backend or 'nothing that it names'}; read are {' and '.join(FILES)}; "
            "ngio reads and converts others"
        )
    content = read(FILES[backend])
    if content is None:
        raise MetadataError(f"the table {where} has no {FILES[backend]}")
    decode = {"csv": _from_csv, "parquet": _from_parquet}[backend]
    try:
        columns = decode(content)
        index = attributes.get("index_key")
        return Table(
            columns=columns,
            type=str(attributes.get("type") or "generic_table"),
            backend=backend,
            attributes={key: value for key, value in attributes.items() if key not in _OWN},
            **({"index_key": index} if isinstance(index, str) and index in columns else {}),
        )
    except MissingDependencyError:
        raise
    except (ValueError, OSError) as error:
        raise MetadataError(f"the table {where} cannot be read: {error}") from error


def _to_csv(columns: Mapping[str, Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if value is None else value for value in row] for row in zip(*columns.values(), strict=True)])
    return text.getvalue().encode()


def _from_csv(content: bytes) -> dict[str, list[Any]]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    if not rows or len({*rows[0]}) < len(rows[0]):
        raise ValueError("its first line does not name columns, each once")
    wrong = next((number for number, row in enumerate(rows, 1) if len(row) != len(rows[0])), None)
    if wrong is not None:
        raise ValueError(f"line {wrong} has not as many cells as there are columns")
    return {name: _typed([row[index] for row in rows[1:]]) for index, name in enumerate(rows[0])}


def _typed(cells: list[str]) -> list[Any]:
    """Return the cells of a column as whole numbers, numbers or truth values if all of them are; empty ones are None.

    Examples
    --------
    >>> _typed(["1", ""]), _typed(["1", "2.5"]), _typed(["True", "False"]), _typed(["1", "a"])
    ([1, None], [1.0, 2.5], [True, False], ['1', 'a'])
    """
    for read in (int, float, _truth):
        try:
            return [read(cell) if cell else None for cell in cells]
        except (ValueError, KeyError):
            continue
    return [cell or None for cell in cells]


def _truth(cell: str) -> bool:
    return {"true": True, "false": False}[cell.lower()]


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependencyError("parquet needs pyarrow: pip install 'omezarr[tables]'; or take csv") from error
    return pa


def _to_parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    pa = _pyarrow()
    sink = io.BytesIO()
    pa.parquet.write_table(pa.table({name: list(values) for name, values in columns.items()}), sink)
    return sink.getvalue()


def _from_parquet(content: bytes) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = _pyarrow().parquet.read_table(io.BytesIO(content)).to_pydict()
    return {
        name: [None if isinstance(value, float) and math.isnan(value) else value for value in values]
        for name, values in found.items()
        if name != "__index_level_0__"
    }
