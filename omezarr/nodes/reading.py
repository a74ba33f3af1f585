"""Opening an OME-Zarr: from what a user names to a node.

Examples
--------
>>> import omezarr
>>> omezarr.open("missing.zarr")
Traceback (most recent call last):
...
omezarr.errors.LocationNotFoundError: ...
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from omezarr.abc import Hint
from omezarr.errors import AccessDeniedError, LocationNotFoundError, MetadataError, NotOMEZarrError, OMEZarrError
from omezarr.hierarchy import Hierarchy
from omezarr.location import Location
from omezarr.model import UNSET, Unset
from omezarr.nodes.detection import DetectedFormat, detect_format, unknown_version
from omezarr.nodes.node import Node
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import Registry, registry_in_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import FormatVersion, NodeType
    from omezarr.location import LocationLike, StorageOptions

_HIGHEST_ANCESTOR = 3


def open(  # noqa: A001 - the word that users expect
    location: LocationLike,
    *,
    node_type: str | NodeType | None = None,
    format: str | FormatVersion | None = None,  # noqa: A002 - the word of the field
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Node:
    """Open an OME-Zarr group for reading.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        A path, a URL, or something that is open already.
    node_type : str or NodeType, optional
        The NGFF key of the node type to take, for a group that has several. Default: what the metadata says.
    format : str or FormatVersion, optional
        The NGFF version to take, whatever the metadata says; below, where it names a version that is not known.
    storage_options : mapping or StorageOptions, optional
        How to reach the store; see `omezarr.location.StorageOptions`.
    registry : Registry, optional
        Default: that of all installed plugins.

    Returns
    -------
    Node
        Its levels and children are loaded when they are touched.

    Raises
    ------
    LocationNotFoundError
        If nothing is there.
    NotOMEZarrError
        If what is there is no zarr group. A zarr group without OME metadata, or of an
        unknown version, opens as a plain node, whose `key` is None; the notices of the node name that version.
    MetadataError
        If the metadata is malformed.
    IncompleteError
        If it was never finished.
    """
    registry = registry or registry_in_use()
    if node_type is not None:
        node_type, registry = registry.holding("node_types", node_type)
    if format is not None:
        format, registry = registry.holding("formats", format)  # noqa: A001 - as above
    place = Location.parse(location, storage_options)
    hierarchy = _hierarchy(place, registry)
    try:
        node = hierarchy.node()
    except MetadataError as error:
        raise MetadataError(f"{error.message} (in {place})", error.path) from error
    if node is None:
        raise _nothing_there(place, hierarchy)
    hint = Hint(path=_path_in_hierarchy(place))
    detected: DetectedFormat | Unset | None = UNSET
    if format is None and node.kind == "group":
        detected = detect_format(node.attributes, node.zarr_format, hint, registry)
        named = _version_of_relatives(place, registry) if detected is not None and detected.inferred else None
        if named is not None:
            hint, detected = Hint(path=hint.path, format_version=named), UNSET  # a version to be looked for anew
    return Node(
        hierarchy,
        "",
        registry,
        place,
        hint=hint,
        node_type=node_type,
        format=format,
        stand_in=format,
        detected=detected,
    )


def _hierarchy(place: Location, registry: Registry) -> Hierarchy:
    opened = open_store(place, registry.storage_schemes)
    return Hierarchy(opened.store, opened.path)


def _path_in_hierarchy(place: Location) -> str:
    """Return the end of the path, which tells a label from other images."""
    parts: list[str] = []
    ancestor: Location | None = place
    while ancestor is not None and len(parts) < _HIGHEST_ANCESTOR:
        parts.append(ancestor.name)
        ancestor = ancestor.parent
    return "/".join(reversed(parts))


def _version_of_relatives(place: Location, registry: Registry) -> str | None:
    """Return the version that a group above names; None if none does."""
    ancestor = place.parent
    for _ in range(_HIGHEST_ANCESTOR):
        if ancestor is None:
            return None
        try:
            node = _hierarchy(ancestor, registry).node()
        except OMEZarrError:
            return None
        if node is None or node.kind != "group":
            return None
        detected = detect_format(node.attributes, node.zarr_format, Hint(), registry)
        if detected is not None and not detected.inferred:
            return detected.version.version
        if detected is None and unknown_version(node.attributes, registry) is not None:
            return None
        ancestor = ancestor.parent
    return None


def _nothing_there(place: Location, hierarchy: Hierarchy) -> OMEZarrError:
    names = hierarchy.names()
    if names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        return NotOMEZarrError(f"{place} is no zarr group; it holds {shown}")
    if names is None:
        with suppress(AccessDeniedError):
            hierarchy.read("c")  # a server that has a page for people in place of anything says so here
    return LocationNotFoundError(f"there is nothing at {place}")
