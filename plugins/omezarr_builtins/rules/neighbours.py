"""What lies around a group: its children, parents and arrays, as far as a rule needs to know them.

Nothing here raises on malformed metadata: what cannot be read is `UNREADABLE`, and another rule says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from attrs import frozen

from omezarr.errors import MetadataError, StorageError
from omezarr.hierarchy import ZarrNode
from omezarr.location import checked_path
from omezarr_builtins.rules.book import at_least

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omezarr.abc.rules import RuleContext
    from omezarr.hierarchy import Hierarchy
    from omezarr.model import JSON


class Unreadable(Enum):
    """The type of the value that stands for metadata that is there but cannot be understood."""

    UNREADABLE = "unreadable"


UNREADABLE: Final = Unreadable.UNREADABLE
"""Stands for metadata that is there but cannot be understood, and for paths that lead outside."""

Neighbour: TypeAlias = "ZarrNode | Unreadable | None"
"""What is at a path: a group or array, something unreadable, or nothing."""

INTEGER_TYPES = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
"""The kinds of pixels that labels may have."""

_KINDS = {"i": "int", "u": "uint", "f": "float", "c": "complex", "b": "bool"}


def is_proper(path: str) -> bool:
    """Say whether a path that metadata names stays below its group."""
    try:
        checked_path(path)
    except MetadataError:
        return False
    return True


def joined(*parts: str) -> str:
    """Return the path of parts, of which any may be empty."""
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


def look(context: RuleContext, paths: Iterable[str]) -> dict[str, Neighbour]:
    """Return what is at paths relative to a group, fetched together.

    Parameters
    ----------
    context : RuleContext
    paths : iterable of str
        As the metadata gives them.

    Returns
    -------
    dict
        By the path as it was given; empty where there is no hierarchy to look at.
    """
    return look_from_root(context, {path: joined(context.path, path) if is_proper(path) else None for path in paths})


def look_at(context: RuleContext, path: str) -> Neighbour:
    """Return what is at one path relative to a group."""
    return look(context, [path]).get(path)


def look_from_root(context: RuleContext, places: Mapping[str, str | None]) -> dict[str, Neighbour]:
    """Return what is at paths relative to the root of the validation, by any name; None leads outside."""
    hierarchy = context.hierarchy
    if hierarchy is None:
        return {}
    found: dict[str, Neighbour] = dict.fromkeys(places, UNREADABLE)
    wanted = {name: place for name, place in places.items() if place is not None and is_proper(place)}
    try:
        nodes = hierarchy.nodes(wanted.values())
    except (MetadataError, StorageError):
        for name, place in wanted.items():
            try:
                found[name] = hierarchy.node(place)
            except (MetadataError, StorageError):
                continue
    else:
        found.update({name: nodes[checked_path(place)] for name, place in wanted.items()})
    return found


def group_at(context: RuleContext, path: str) -> ZarrNode | None:
    """Return the group at a path relative to another; None if there is none that can be read."""
    found = look_at(context, path)
    return found if isinstance(found, ZarrNode) and found.kind == "group" else None


def document_of(node: ZarrNode, version: str) -> Mapping[str, Any]:
    """Return the OME document of a group, as a version keeps it."""
    if not at_least(version, "0.5"):
        return node.attributes
    ome: JSON | Mapping[str, JSON] = node.attributes.get("ome")
    return ome if isinstance(ome, Mapping) else {}


def is_group_without(key: str, neighbour: Neighbour, version: str) -> bool:
    """Say whether there is a group whose document lacks a key."""
    found = isinstance(neighbour, ZarrNode) and neighbour.kind == "group"
    return found and key not in document_of(cast("ZarrNode", neighbour), version)


def child_document(context: RuleContext, path: str) -> Mapping[str, Any] | None:
    """Return the OME document of a group below another; None if there is no such group."""
    group = group_at(context, path)
    return None if group is None else document_of(group, context.version)


def can_list(hierarchy: Hierarchy) -> bool:
    """Say whether listings are complete and cheap; elsewhere rules list nothing."""
    return hierarchy.traits.listable and not hierarchy.traits.distant


def listed_names(context: RuleContext, path: str = "") -> tuple[str, ...]:
    """List what is directly below a path; nothing where listings cannot be relied on."""
    hierarchy = context.hierarchy
    if hierarchy is None or not can_list(hierarchy) or not is_proper(path):
        return ()
    try:
        return hierarchy.names(joined(context.path, path)) or ()
    except (MetadataError, StorageError):
        return ()


def says(neighbour: Neighbour) -> str:
    """Name what was found at a path, for messages."""
    if neighbour is None:
        return "nothing"
    return "unreadable metadata" if neighbour is UNREADABLE else f"a zarr {neighbour.kind}"


@frozen(kw_only=True)
class ArrayForm:
    """What the metadata of an array says.

    Parameters
    ----------
    shape : tuple of int
    dtype : str
        A numpy name where the type has one; else what the metadata says.
    names : tuple or None
        The dimension names (zarr format 3).
    separator : {"/", ".", None}
        Between the parts of chunk keys; None where it is another encoding.
    attributes : mapping
    """

    shape: tuple[int, ...]
    dtype: str
    names: tuple[Any, ...] | None
    separator: str | None
    attributes: Mapping[str, JSON]


def array_form(node: ZarrNode) -> ArrayForm | None:
    """Return what the metadata of an array says; None if it is malformed."""
    raw: Mapping[str, Any] = node.metadata
    shape = raw.get("shape")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        return None
    dtype = raw.get("data_type" if node.zarr_format == 3 else "dtype")
    if not isinstance(dtype, str | list | Mapping) or not dtype:
        return None
    names = raw.get("dimension_names")
    return ArrayForm(
        shape=tuple(shape),
        dtype=_dtype_name(dtype, node.zarr_format),
        names=tuple(names) if isinstance(names, list) else None,
        separator=raw.get("dimension_separator", ".") if node.zarr_format == 2 else _separator(raw),
        attributes=node.attributes,
    )


def _dtype_name(dtype: Any, zarr_format: int) -> str:
    """Return the numpy name of a type; that of zarr format 2 says ``<u2`` for uint16."""
    if isinstance(dtype, Mapping):
        return str(dtype.get("name", "an extension type"))
    if not isinstance(dtype, str):
        return "a structure"
    plain = dtype.lstrip("<>|=")
    if zarr_format == 2 and len(plain) >= 2 and plain[0] in _KINDS and plain[1:].isdecimal():
        return "bool" if plain[0] == "b" else f"{_KINDS[plain[0]]}{int(plain[1:4]) * 8}"
    return dtype


def _separator(raw: Mapping[str, Any]) -> str | None:
    encoding = raw.get("chunk_key_encoding")
    configuration = encoding.get("configuration") if isinstance(encoding, Mapping) else None
    separator = configuration.get("separator") if isinstance(configuration, Mapping) else None
    return separator if isinstance(separator, str) else None


def arrays_below(context: RuleContext, paths: Iterable[str]) -> Iterator[tuple[str, ArrayForm]]:
    """Yield the well-formed arrays among paths relative to a group."""
    for path, found in look(context, dict.fromkeys(paths)).items():
        if isinstance(found, ZarrNode) and found.kind == "array":
            form = array_form(found)
            if form is not None:
                yield path, form
