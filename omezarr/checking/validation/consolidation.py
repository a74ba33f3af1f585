"""Whether consolidated metadata still says what the groups and arrays say themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.checking.validation.faults import ZARR_CONSOLIDATED
from omezarr.errors import MetadataError, StorageError
from omezarr.location import checked_path
from omezarr.model import deep_equal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from omezarr.abc.rules import Problem
    from omezarr.hierarchy import Hierarchy, ZarrNode

TELLING = {
    2: ("shape", "chunks", "dtype"),
    3: ("shape", "data_type", "chunk_grid", "dimension_names"),
}
"""What is compared of arrays, by zarr format; the rest may be spelt differently and mean the same."""


def outdated(hierarchy: Hierarchy, places: Collection[str]) -> Iterator[Problem]:
    """Yield a problem for each group whose consolidated metadata is out of date.

    Parameters
    ----------
    hierarchy : Hierarchy
        Does not believe consolidated metadata.
    places : collection of str
        Paths of which it should tell, if anything is there.
    """
    for holder, told in list(hierarchy.told.items()):
        prefix = f"{holder}/" if holder else ""
        missing = sorted({path for path in places if path.startswith(prefix) and path != holder} - told.keys())
        hierarchy.prefetch([path for path in told if _is_plain(path)])
        other = [path for path in (*told, *missing) if not _agrees(told.get(path), _stored(hierarchy, path))]
        if other:
            number = "1 group or array" if len(other) == 1 else f"{len(other)} groups or arrays"
            found = f"{number} out of date, such as {other[0] or 'the group itself'}"
            yield ZARR_CONSOLIDATED.at(holder, found, "what is stored now")


def _is_plain(path: str) -> bool:
    try:
        return checked_path(path) == path
    except MetadataError:
        return False


def _stored(hierarchy: Hierarchy, path: str) -> ZarrNode | None:
    try:
        return hierarchy.node(path)
    except (MetadataError, StorageError):
        return None


def _agrees(told: ZarrNode | None, stored: ZarrNode | None) -> bool:
    if told is None or stored is None:
        return told is stored
    if (told.kind, told.zarr_format) != (stored.kind, stored.zarr_format):
        return False
    if not deep_equal(dict(told.attributes), dict(stored.attributes)):
        return False
    return all(_same(told.metadata, stored.metadata, key) for key in TELLING[stored.zarr_format])


def _same(told: Mapping[str, Any], stored: Mapping[str, Any], key: str) -> bool:
    return deep_equal(told.get(key), stored.get(key))
