"""Which consolidated metadata a repair cannot leave as it is: what is out of date, and what would be afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from omezarr.arrays.documents import CONSOLIDATION_KEY
from omezarr.arrays.targets import target_of
from omezarr.errors import OMEZarrError
from omezarr.hierarchy import CONCURRENT_REQUESTS, Hierarchy, run
from omezarr.nodes.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.location import Location
    from omezarr.plugins.registry import Registry

HIGHEST_ANCESTOR = 6
"""So many groups above the one that is repaired are asked whether they have consolidated metadata."""


def holders_above(hierarchy: Hierarchy, paths: Iterable[str], zarr_format: int) -> set[str]:
    """Return the groups with consolidated metadata that tells of any of the paths.

    Parameters
    ----------
    hierarchy : Hierarchy
        Has been asked for the paths and all groups above them.
    paths : iterable of str
    zarr_format : {2, 3}
    """
    above = {""} | {"/".join(parts[:end]) for parts in (path.split("/") for path in paths) for end in range(len(parts))}
    above |= set(paths)
    if zarr_format == 3:
        hierarchy.prefetch(above, "group")
        return above & hierarchy.told.keys()
    return asked(hierarchy, above)


def asked(hierarchy: Hierarchy, groups: Iterable[str]) -> set[str]:
    """Return those of the groups that have consolidated metadata in zarr format 2."""
    limit = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def exists(group: str) -> str | None:
        async with limit:
            key = "/".join(part for part in (hierarchy.path, group, ".zmetadata") if part)
            return group if await hierarchy.store.exists(key) else None

    async def found() -> list[str | None]:
        return await asyncio.gather(*map(exists, groups))

    return {group for group in run(found()) if group is not None}


def outermost_holder(place: Location, registry: Registry) -> tuple[Location, str]:
    """Return the outermost group whose consolidated metadata tells of a place, and the path from there.

    Parameters
    ----------
    place : Location
    registry : Registry

    Returns
    -------
    tuple of (Location, str)
        The place itself where no group above it has consolidated metadata, or had it before an interruption.
    """
    holder, prefix = place, ""
    here, below = place, ""
    for _ in range(HIGHEST_ANCESTOR):
        parent = here.parent
        if parent is None:
            break
        below = f"{here.name}/{below}".strip("/")
        here = parent
        try:
            opened = open_store(here, registry.storage_schemes)
            node = Hierarchy(opened.store, opened.path, use_consolidated=False).node()
        except OMEZarrError:
            break
        if node is None or node.kind != "group":
            break
        if node.consolidated or target_of(opened).get(CONSOLIDATION_KEY) is not None:
            holder, prefix = here, below
    return holder, prefix
