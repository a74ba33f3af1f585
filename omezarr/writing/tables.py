"""Tables of an image, a label image, a well or a plate: measurements and regions, written beside it and read again.

Examples
--------
>>> import numpy as np, omezarr
>>> path = "memory://doc-tables/cells.ome.zarr"
>>> image = omezarr.write_image(path, np.zeros((8, 8), "uint8"), axes="yx")
>>> columns = {"label": [1, 2], "area": [40.0, 24.5]}
>>> table = write_table(path, "sizes", columns, type="feature_table")
>>> list(omezarr.open(path).tables), read_table(path, "sizes").columns["area"]
(['sizes'], [40.0, 24.5])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.plan import CreateGroup, Phase
from omezarr.errors import ArgumentError, UnknownNameError, UnsupportedError
from omezarr.location import Location
from omezarr.model.tables import Table, Tables
from omezarr.nodes.reading import open as open_node
from omezarr.nodes.table_files import table_file, table_from
from omezarr.plugins.registry import registry_in_use
from omezarr.writing import Planner, plain_name
from omezarr.writing.images import run_plan
from omezarr.writing.options import WriteOptions

if TYPE_CHECKING:
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import JSON
    from omezarr.plugins.registry import Registry


def write_table(
    location: LocationLike,
    name: str,
    table: Table | Mapping[str, Any] | Any,
    *,
    type: str = "generic_table",  # noqa: A002 - the word of the layout
    index_key: str | None = None,
    backend: str = "csv",
    attributes: Mapping[str, JSON] | None = None,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Table:
    """Add a table to an image, in the layout of ngio and Fractal.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The image, or a label image, a well or a plate.
    name : str
        Of the table.
    table : Table, mapping or pandas.DataFrame
        Columns by name; the index of a frame that has a name is one.
    type : str
        "feature_table", "roi_table", "masking_roi_table", "generic_table" or any other.
    index_key : str, optional
        The column that tells rows apart. Default: the index of a frame, else the first column.
    backend : {"csv", "parquet"}
        Parquet takes pyarrow.
    attributes : mapping, optional
        What else is said of it, such as ``{"region": {"path": "../labels/nuclei"}, "instance_key": "label"}``.
    overwrite : bool
        Whether a table of that name is replaced; the others stay as they are.
    storage_options, registry
        As for `omezarr.open`.

    Returns
    -------
    Table

    Raises
    ------
    ArgumentError, UnsupportedError
        If the columns do not fit the type, or each other; if there is no OME metadata at the location.
    TargetExistsError
        If there is a table of that name.
    MissingDependencyError
        If a package is missing for the backend.
    WriteError
        If writing failed.
    """
    if not isinstance(table, Table):
        given = _columns_of(table)
        chosen = {"index_key": index_key} if index_key is not None else {}
        table = Table(columns=given, type=type, backend=backend, attributes=attributes or {}, **chosen)
    registry = registry or registry_in_use()
    target = Location.parse(location, storage_options)
    node = open_node(target, registry=registry)
    if node.version is None:
        raise UnsupportedError(f"{target} has no OME metadata, so tables cannot be added to it")
    place = target.below("tables").below(plain_name(name))
    planner = Planner(WriteOptions(format=node.version), registry, name=name)
    file = planner.stored(*table_file(table))
    steps = (CreateGroup(path="", attributes=table.document()), file)
    plan = planner.whole(place, [Phase(name=f"table {name}", steps=steps)], overwrite=overwrite)
    tables = planner.below("tables")
    listed = tables.listed("tables", (), (name,), created={"tables": Tables(())})
    run_plan(plan, registry, listing=(target, Phase(name="list of tables", steps=(listed,))))
    return table


def read_table(
    location: LocationLike,
    name: str,
    *,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Table:
    """Read a table of an image, in the layout of ngio and Fractal.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The image, or a label image, a well or a plate.
    name : str
        Of the table.
    storage_options, registry
        As for `omezarr.open`.

    Raises
    ------
    UnknownNameError
        If there is no table of that name.
    UnsupportedError
        If it is stored in another form than csv and parquet.
    MissingDependencyError
        If a package is missing for the form.
    MetadataError
        If it cannot be read.
    """
    node = open_node(location, storage_options=storage_options, registry=registry)
    tables = node.tables
    if name not in tables:
        raise UnknownNameError(f"{node.location} has no table {name!r}; it has: {', '.join(tables) or 'none'}")
    group = tables[name]
    hierarchy, path = group.hierarchy, group.path
    return table_from(group.attributes, lambda file: hierarchy.read(f"{path}/{file}"), str(group.location))


def _columns_of(given: Any) -> dict[str, list[Any]]:
    """Return the columns of a mapping or a frame, as plain values."""
    if not isinstance(given, Mapping):
        if not hasattr(given, "reset_index"):
            raise ArgumentError(f"{given!r} is no table; give a mapping of columns, a Table or a frame of pandas")
        given = given.reset_index() if given.index.name else given
        given = {str(name): given[name] for name in given.columns}
    return {name: [_plain(value) for value in _listed(values)] for name, values in given.items()}


def _listed(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _plain(value: Any) -> Any:
    """Return a cell as Python has it; what is not a number is None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - the test for NaN
