"""What a plate or a well holds, by path and as a table.

A listing costs no request before something of it is touched; its table fetches the metadata of all at once.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, TypeAlias

from omezarr.model import Well
from omezarr.model.tables import data_frame
from omezarr.nodes.children import Children
from omezarr.nodes.plates import field_places, listed_level, present

if TYPE_CHECKING:
    from omezarr.nodes.node import Node
    from omezarr.nodes.plates import FieldPlace

Row: TypeAlias = dict[str, Any]


class Listing(Mapping[str, "Node"]):
    """Groups by path, opened when touched, and what is known of all of them as a table.

    Parameters
    ----------
    owner : Node
        Whose groups they are.
    """

    def __init__(self, owner: Node) -> None:
        self._owner = owner

    @property
    def _groups(self) -> Children:
        """The groups directly below the owner; none where it is something else."""
        return self._owner.children if self._has_groups() else Children(str(self._owner.location))

    def _has_groups(self) -> bool:
        raise NotImplementedError

    def table(self) -> list[Row]:
        """Return one row for each group: plain values, by the names of the columns."""
        raise NotImplementedError

    def to_pandas(self) -> Any:
        """Return the table as a ``pandas.DataFrame``.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        return data_frame(self.table())

    def __getitem__(self, path: str) -> Node:
        return self._groups[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def values(self) -> ValuesView[Node]:
        """Return all groups; their metadata is fetched at once."""
        self.prefetch()
        return super().values()

    def items(self) -> ItemsView[str, Node]:
        """Return all groups with their paths; their metadata is fetched at once."""
        self.prefetch()
        return super().items()

    def prefetch(self) -> None:
        """Fetch the metadata of all groups at once, for whoever will visit them all."""
        self._groups.prefetch()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self)}>"


class Wells(Listing):
    """The wells of a plate, by "row/column".

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> field = np.zeros((8, 8), "uint8")
    >>> plate = omezarr.write_plate("memory://doc-wells/p.ome.zarr", {"A/1": [field, field], "B/2": field})
    >>> for row in plate.wells.table():
    ...     print(row)
    {'well': 'A/1', 'row': 'A', 'column': '1', 'fields': ('0', '1')}
    {'well': 'B/2', 'row': 'B', 'column': '2', 'fields': ('0',)}
    """

    def _has_groups(self) -> bool:
        return self._owner.plate is not None

    def table(self) -> list[Row]:
        """Return one row for each well: path, row, column and the names of its fields, which are None if it is missing.

        The metadata of all wells is fetched at once, and nothing below them.
        """
        self.prefetch()
        found = {path: present(self._owner, path) for path in self}
        return [
            {"well": path, "row": row, "column": column, "fields": None if well is None else tuple(well.fields)}
            for path, well in found.items()
            for row, _, column in [path.partition("/")]
        ]


class Fields(Listing):
    """The fields of view of a well, by name, or of all wells of a plate, by "row/column/name".

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> field = np.zeros((8, 8), "uint8")
    >>> plate = omezarr.write_plate("memory://doc-fields/p.ome.zarr", {"A/1": [field, field]}, axes="yx")
    >>> list(plate.fields), list(plate["A/1"].fields)
    (['A/1/0', 'A/1/1'], ['0', '1'])
    >>> [(row["field"], row["shape"]) for row in plate.fields.table()]
    [('A/1/0', (8, 8)), ('A/1/1', (8, 8))]
    """

    def _has_groups(self) -> bool:
        return any(isinstance(facet, Well) for facet in self._owner.facets.values())

    def __iter__(self) -> Iterator[str]:
        if self._owner.plate is None:
            yield from super().__iter__()
            return
        for path, fields in ((row["well"], row["fields"]) for row in self._owner.wells.table()):
            yield from (f"{path}/{name}" for name in fields or ())

    def __getitem__(self, path: str) -> Node:
        return self._groups[path] if self._owner.plate is None else self._owner[path]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, path: object) -> bool:
        return any(path == known for known in self)

    def prefetch(self) -> None:
        """Fetch the metadata of all fields at once."""
        field_places(self._owner, ())

    def table(self) -> list[Row]:
        """Return one row for each field: path, well, acquisition, and axes, shape, dtype and size of a pixel.

        What is not there is None. The metadata of all fields and of their first levels is fetched at once; no pixel is
        read.
        """
        return [_described(place) for place in field_places(self._owner)]


def _described(place: FieldPlace) -> Row:
    row: Row = {"field": place.path, "well": place.well, "acquisition": place.acquisition}
    row |= dict.fromkeys(("axes", "shape", "dtype", "scale"))
    level = None if place.node is None else listed_level(place.node, 0)
    if place.node is not None and level is not None:
        row["axes"] = "".join(axis.name for axis in place.node.axes)
        row |= {"shape": level.shape, "dtype": level.dtype.name}
        row["scale"] = None if level.geometry is None else level.geometry.scale
    return row
