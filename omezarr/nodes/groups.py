"""The zarr groups that nodes are handles of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc.plan import INCOMPLETE_KEY
from omezarr.errors import IncompleteError, LocationNotFoundError, NotOMEZarrError

if TYPE_CHECKING:
    from omezarr.hierarchy import Hierarchy, ZarrNode
    from omezarr.location import Location


def group_at(hierarchy: Hierarchy, path: str, location: Location) -> ZarrNode:
    """Return the metadata of a finished zarr group.

    Raises
    ------
    LocationNotFoundError
        If nothing is there.
    NotOMEZarrError
        If there is an array.
    IncompleteError
        If it was never finished.
    """
    found = hierarchy.node(path)
    if found is None:
        raise LocationNotFoundError(f"there is no zarr group at {location}")
    if found.kind == "array":
        raise NotOMEZarrError(
            f"{location} is a zarr array, not a group; open the group that holds it, or make an image of it: "
            "omezarr convert ARRAY TARGET"
        )
    state = found.attributes.get(INCOMPLETE_KEY)
    if isinstance(state, dict) and "incomplete" in state:
        raise IncompleteError(
            f"{location} was never finished; run the command that wrote it again with --resume, or remove it"
        )
    return found
