"""Plates: where the wells are, and what fields of view they have, fetched together.

The names of what a plate holds can mostly be foretold: fields and levels are numbered. So the metadata of all wells,
fields and levels is asked for in one round; where names are others, they are asked for in the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.errors import IncompleteError, LocationNotFoundError
from omezarr.location import checked_path
from omezarr.model import Plate, Unset, Well
from omezarr.nodes.level import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.nodes.node import Node

MOST_FORETOLD = 16
"""How many fields a well is expected to have at most, whatever the plate says of their number."""


@frozen
class PlateGrid:
    """Where the wells of a plate are.

    Parameters
    ----------
    rows, columns : tuple of str
    wells : mapping of (int, int) to str
        Row and column to path.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    wells: dict[tuple[int, int], str]


def grid_of(plate: Plate) -> PlateGrid:
    """Return where the wells of a plate are: by their indices, else by the names in their paths."""
    rows, columns = tuple(row.name for row in plate.rows), tuple(column.name for column in plate.columns)
    wells = {}
    for well in plate.wells:
        row, column = well.row_index, well.column_index
        if not isinstance(row, int) or not isinstance(column, int):
            names = well.path.strip("/").split("/")
            if len(names) != 2 or names[0] not in rows or names[1] not in columns:
                continue
            row, column = rows.index(names[0]), columns.index(names[1])
        if 0 <= row < len(rows) and 0 <= column < len(columns):
            wells[row, column] = well.path
    return PlateGrid(rows, columns, wells)


@frozen
class FieldPlace:
    """A field of view that a well lists, whether it is there or not.

    Parameters
    ----------
    well : str
        The path of the well from the plate, or "" for a well that was opened by itself.
    name : str
        Its path from the well.
    acquisition : int or str or None
    node : Node or None
        The image; None where it is missing, or was never finished.
    """

    well: str
    name: str
    acquisition: Any
    node: Node | None

    @property
    def path(self) -> str:
        """Its path from what was opened, for example "A/1/0"."""
        return f"{self.well}/{self.name}".lstrip("/")


def present(parent: Node, path: str) -> Node | None:
    """Return a group below a node; None where there is nothing, or nothing that was finished."""
    try:
        return parent.child(path)
    except (LocationNotFoundError, IncompleteError):
        return None


def field_places(node: Node, foretold: Iterable[str] = ("0",)) -> tuple[FieldPlace, ...]:
    """Return all fields of view of a plate or a well, in the order of its metadata.

    Parameters
    ----------
    node : Node
        A plate, a well, or anything else, which has none.
    foretold : iterable of str
        Paths below each field that will be asked for next, such as that of a level: they are fetched along with it.

    Raises
    ------
    MetadataError
        If a well or a field is malformed.
    StorageError
        If the store fails.
    """
    plate, below = node.plate, tuple(foretold)
    if plate is None:
        wells = {"": node} if any(isinstance(facet, Well) for facet in node.facets.values()) else {}
    else:
        _foretell(node, plate, below)
        node.children.prefetch()
        found = {path: present(node, path) for path in node.children}
        wells = {path: well for path, well in found.items() if well is not None}
    listed = [
        (path, well, field)
        for path, well in wells.items()
        for facet in well.facets.values()
        if isinstance(facet, Well)
        for field in facet.images
    ]
    paths = [_joined(well.path, field.path) for _, well, field in listed]
    node.hierarchy.prefetch([path for field in paths for path in (field, *(f"{field}/{name}" for name in below))])
    return tuple(
        FieldPlace(path, name, _plain(field.acquisition), present(well, name))
        for path, well, field in listed
        for name in [checked_path(field.path)]
    )


def listed_level(image: Node, index: int) -> Level | None:
    """Return a level of an image by its place in the list, without a look at the others; None where it is missing."""
    datasets = () if image.multiscale is None else image.multiscale.datasets
    if index >= len(datasets):
        return None
    name = datasets[index].path
    path = _joined(image.path, name)
    found = image.hierarchy.node(path, "array")
    if found is None or found.kind != "array":
        return None
    return Level(index, name, image.hierarchy, path, image.multiscale, [None] * len(datasets), (), image.registry)


def _joined(*parts: str) -> str:
    return checked_path("/".join(part for part in parts if part))


def _plain(value: object) -> Any:
    """Return a value of a document; None where it is not given."""
    return None if isinstance(value, Unset) else value


def _foretell(node: Node, plate: Plate, below: tuple[str, ...]) -> None:
    """Fetch what the wells of a plate are likely to hold, in one round."""
    count = plate.field_count if isinstance(plate.field_count, int) else 1
    names = [str(number) for number in range(min(count, MOST_FORETOLD))]
    wells = [_joined(node.path, path) for path in node.children]
    fields = [f"{well}/{name}" for well in wells for name in names]
    node.hierarchy.prefetch([*wells, *fields, *(f"{field}/{name}" for field in fields for name in below)])
