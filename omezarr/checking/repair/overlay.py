"""A hierarchy as it would be after some edits, and the changes that these come to; nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, frozen

from omezarr.abc.plan import INCOMPLETE_KEY
from omezarr.errors import MetadataError, StorageError
from omezarr.hierarchy import Hierarchy, ZarrNode
from omezarr.location import checked_path
from omezarr.model import UNSET, deep_equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr.abc.rules import Edit
    from omezarr.hierarchy import Kind
    from omezarr.model import JSON, JSONPath, Unset

ATTRIBUTES = "attributes"
"""The first key of places in attributes, which zarr format 2 keeps in a document of their own."""


@frozen(kw_only=True)
class Change:
    """One place in the metadata of a group or array that becomes another.

    Parameters
    ----------
    rule : str
        The id of the rule that it mends.
    node : str
        The group or array, relative to the root of the repair.
    path : JSONPath
        Where in the metadata, as zarr format 3 lays it out; attributes are below "attributes".
    before, after : JSON or Unset
        Unset: nothing is there.
    """

    rule: str
    node: str
    path: JSONPath
    before: JSON | Unset
    after: JSON | Unset


class Overlay(Hierarchy):
    """A hierarchy in which some nodes have other metadata than what is stored.

    Parameters
    ----------
    base : Hierarchy
        Gives all other nodes, and remembers them for all overlays.
    changed : mapping, optional
        Path to node.
    """

    def __init__(self, base: Hierarchy, changed: Mapping[str, ZarrNode] | None = None) -> None:
        super().__init__(base.store, base.path, use_consolidated=False)
        self.base = base
        self.changed: Mapping[str, ZarrNode] = changed or {}
        self.told = base.told

    def nodes(self, paths: Iterable[str], kind: Kind | None = None) -> dict[str, ZarrNode | None]:
        """Return the metadata at several paths, as it would be."""
        found = self.base.nodes(paths, kind)
        return {path: self.changed.get(path, node) for path, node in found.items()}

    def prefetch(self, paths: Iterable[str], kind: Kind | None = None) -> None:
        """Have the metadata at several paths fetched."""
        self.base.prefetch(paths, kind)

    def without_consolidated(self) -> Overlay:
        """Return the hierarchy as it would be with consolidated metadata that is up to date, or none."""
        overlay = Overlay(self.base, self.changed)
        overlay.told = {}
        return overlay

    def edited(self, group: str, edits: Iterable[Edit], rule: str) -> tuple[Overlay, list[Change]]:
        """Return the hierarchy with further edits, and what they change.

        Edits of what is not there, unless they make it, of what is unfinished, or in another zarr format than the root,
        are left out.

        Parameters
        ----------
        group : str
            What the edits are relative to.
        edits : iterable of Edit
        rule : str
            What they mend.
        """
        root = self.node()
        changed, changes = dict(self.changed), []
        for edit in edits:
            node = self._node(f"{group}/{edit.node}", changed)
            if node is None and root is not None and edit.makes_group:
                node = self._new_group(f"{group}/{edit.node}", root.zarr_format)
            if node is None or root is None or node.zarr_format != root.zarr_format or is_unfinished(node):
                continue
            whole = {**node.metadata, ATTRIBUTES: dict(node.attributes)}
            before = _at(whole, edit.path)
            new = replaced(whole, edit.path, edit.value)
            if new is None or _same(before, edit.value):
                continue
            changed[node.path] = _with(node, new)
            changes.append(Change(rule=rule, node=node.path, path=edit.path, before=before, after=edit.value))
        return Overlay(self.base, changed), changes

    def _node(self, path: str, changed: Mapping[str, ZarrNode]) -> ZarrNode | None:
        try:
            place = checked_path(path.strip("/"))
            return changed.get(place) or self.node(place)
        except (MetadataError, StorageError):
            return None

    def _new_group(self, path: str, zarr_format: Literal[2, 3]) -> ZarrNode | None:
        """Return a group without attributes; None where something is that cannot be read."""
        place = checked_path(path.strip("/"))
        try:
            if self.node(place) is not None:
                return None
        except (MetadataError, StorageError):
            return None
        metadata: dict[str, JSON] = {"zarr_format": zarr_format}
        if zarr_format == 3:
            metadata["node_type"] = "group"
        return ZarrNode(path=place, kind="group", zarr_format=zarr_format, attributes={}, metadata=metadata)


def is_unfinished(node: ZarrNode) -> bool:
    """Say whether attributes tell of something that omezarr has not finished."""
    return isinstance(node.attributes.get(INCOMPLETE_KEY), dict)


def _with(node: ZarrNode, metadata: dict[str, Any]) -> ZarrNode:
    attributes = metadata[ATTRIBUTES]
    if node.zarr_format == 2:
        del metadata[ATTRIBUTES]
    return evolve(node, attributes=attributes, metadata=metadata)


def _same(before: JSON | Unset, after: JSON | Unset) -> bool:
    if before is UNSET or after is UNSET:
        return before is after
    return deep_equal(before, after)


def _at(document: Any, path: JSONPath) -> JSON | Unset:
    inner = document
    for key in path:
        there = inner.keys() if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        if key not in there:
            return UNSET
        inner = inner[key]
    found: JSON = inner
    return found


def replaced(document: Any, path: JSONPath, value: JSON | Unset) -> Any:
    """Return a document with another value at a place; None if there can be no such place.

    Objects on the way are made where they are missing; the document given is not touched.

    Examples
    --------
    >>> replaced({"a": [{"b": 1}]}, ("a", 0, "c"), 2)
    {'a': [{'b': 1, 'c': 2}]}
    >>> replaced({"a": [{"b": 1}]}, ("a", 0, "b"), UNSET)
    {'a': [{}]}
    """
    if not path:
        return None if value is UNSET else value
    key, rest = path[0], path[1:]
    if isinstance(document, list) and isinstance(key, int) and 0 <= key < len(document):
        inner = replaced(document[key], rest, value) if rest or value is not UNSET else None
        return None if inner is None and value is not None else [*document[:key], inner, *document[key + 1 :]]
    if not isinstance(document, dict) or not isinstance(key, str):
        return None
    if value is UNSET and not rest:
        return {name: item for name, item in document.items() if name != key}
    inner = replaced(document.get(key, {}), rest, value) if rest else value
    return None if rest and inner is None else {**document, key: inner}
