r"""Tables as the files that lie beside their metadata: csv and parquet.

Examples
--------
>>> name, content = table_file(Table(columns={"label": [1, 2], "area": [12.5, 3.0]}))
>>> name, content
('table.csv', b'label,area\n1,12.5\n2,3.0\n')
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from omezarr.errors import MetadataError, MissingDependencyError, UnsupportedError
from omezarr.model.tables import FILES, OWN_KEYS, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omezarr.model import JSON


def table_file(table: Table) -> tuple[str, bytes]:
    """Return the name of the file that holds the columns of a table, and what is in it.

    Raises
    ------
    MissingDependencyError
        If a package is missing for the form.
    """
    encode = {"csv": _to_csv, "parquet": _to_parquet}[table.backend]
    return FILES[table.backend], encode(table.columns)


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
            attributes={key: value for key, value in attributes.items() if key not in OWN_KEYS},
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
