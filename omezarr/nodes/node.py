"""A group of an OME-Zarr hierarchy: its metadata, levels and children, loaded when touched.

A `Node` is a handle: making one asks the hierarchy for the metadata of its group, one request unless it is there
already, and detects once what it is. `omezarr.open` makes the first one; its children come from it.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from omezarr.abc import ArrayFacts, FormatVersion, Hint, NodeType, Reference
from omezarr.errors import MetadataError
from omezarr.location import Location, checked_path
from omezarr.model import UNSET, Document, GroupMetadata, Unset
from omezarr.model.structuring import tolerances
from omezarr.nodes.children import Children, stays_inside
from omezarr.nodes.detection import (
    DetectedFormat,
    detect_format,
    detect_node_types,
    missing_kinds,
    unknown_version,
    unknown_version_message,
    unnamed_children,
)
from omezarr.nodes.from_above import Editable, Pictured
from omezarr.nodes.group_view import HierarchyGroupView
from omezarr.nodes.groups import group_at
from omezarr.nodes.levels import ordered_levels
from omezarr.nodes.ome import OMEGroup
from omezarr.nodes.pixels import HasPixels
from omezarr.plugins.asking import calling
from omezarr.plugins.documents import document_of
from omezarr.plugins.origins import unknown_origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import zarr
    from zarr.abc.store import Store

    from omezarr.hierarchy import Hierarchy
    from omezarr.model import JSON
    from omezarr.nodes.level import Level
    from omezarr.plugins.registry import Registry
    from omezarr.transform import PointMap


class Node(OMEGroup, HasPixels, Pictured, Editable):
    """One group of an OME-Zarr hierarchy.

    Parameters
    ----------
    hierarchy : Hierarchy
        The hierarchy that was opened.
    path : str
        The group, relative to the root of the hierarchy.
    registry : Registry
    location : Location
        Where the group is.
    hint : Hint, optional
        What the node that refers to this one says.
    node_type, format : str, optional
        Force the node type or the format version.
    stand_in : str, optional
        The format version to take, here and below, where that which is named is not known.
    detected : DetectedFormat or None, optional
        The format, where it has been detected already. Default: it is detected now.
    above : tuple of mapping
        The attributes of the groups through which this one was reached.

    Raises
    ------
    LocationNotFoundError
        If there is nothing at the path.
    NotOMEZarrError
        If there is an array.
    MetadataError
        If the metadata is malformed.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        path: str,
        registry: Registry,
        location: Location,
        *,
        hint: Hint | None = None,
        node_type: str | None = None,
        format: str | None = None,  # noqa: A002 - the word of the field
        stand_in: str | None = None,
        detected: DetectedFormat | Unset | None = UNSET,
        above: tuple[Mapping[str, JSON], ...] = (),
    ) -> None:
        self._hierarchy = hierarchy
        self._registry = registry
        self._hint = hint or Hint(path=path)
        self._again = partial(Node, hint=hint, node_type=node_type, format=format, stand_in=stand_in, above=above)
        self.path, self.location = path, location
        self.zarr_node = group_at(hierarchy, path, location)
        attributes, zarr_format = self.zarr_node.attributes, self.zarr_node.zarr_format
        if attributes and attributes in above:
            raise MetadataError(f"{location} is the same as a group above it, and would lead to itself; left out")
        self._above = (*above, attributes)
        if detected is UNSET:
            detected = detect_format(attributes, zarr_format, self._hint, registry, forced=format)
        unknown = unknown_version(attributes, registry) if detected is None else None
        self._stand_in = stand_in
        if unknown is not None and stand_in is not None:
            detected, unknown = detect_format(attributes, zarr_format, self._hint, registry, forced=stand_in), None
        self.unknown_version: str | None = unknown
        self._detected: DetectedFormat | None = detected
        with tolerances() as notices:
            self.document = (
                Document(values={}, foreign=attributes)
                if detected is None
                else document_of(attributes, detected.version, registry)
            )
            self.node_types: tuple[NodeType, ...] = (
                () if detected is None else detect_node_types(self.document, self._hint, registry, forced=node_type)
            )
        self._notices = notices
        if unknown is not None:
            self._notices.append(unknown_version_message(unknown, registry))
        self._notices += missing_kinds((*self.document.values, *self.document.foreign), registry)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._again, (self._hierarchy, self.path, self._registry, self.location)

    def over(self, store: Store) -> Node:
        """Return the same node, read through another store, such as one that wraps that of this node."""
        return self._again(self._hierarchy.over(store), self.path, self._registry, self.location)

    def __repr__(self) -> str:
        version = f"NGFF {self.version}" if self.version else "no NGFF version"
        return f"<Node {self.key or 'group'} {self.location} ({version})>"

    @property
    def name(self) -> str:
        """The name that the metadata gives, else the last part of the path."""
        multiscale = self.multiscale
        given = multiscale.name if multiscale is not None else getattr(self.value, "name", None)
        return given if isinstance(given, str) and given else self.location.name

    @property
    def key(self) -> str | None:
        """The NGFF key of the primary node type, for example "plate"; None for a plain zarr group."""
        return self.node_types[0].key if self.node_types else None

    @property
    def format(self) -> FormatVersion | None:
        """The format version; None for a plain zarr group."""
        return None if self._detected is None else self._detected.version

    @property
    def version(self) -> str | None:
        """The NGFF version, for example "0.4"; None for a plain zarr group."""
        return None if self._detected is None else self._detected.version.version

    @property
    def version_inferred(self) -> bool:
        """Whether nothing names the version, so that it was concluded from the form of the metadata."""
        return self._detected is not None and self._detected.inferred

    @property
    def attributes(self) -> Mapping[str, JSON]:
        """The raw attributes of the group."""
        return self.zarr_node.attributes

    @property
    def hierarchy(self) -> Hierarchy:
        """The raw groups and arrays that this node is part of; paths in it start at the root that was opened."""
        return self._hierarchy

    @property
    def registry(self) -> Registry:
        """The registry that decided what this node is."""
        return self._registry

    @cached_property
    def metadata(self) -> GroupMetadata:
        """Everything that the group says, structured.

        Raises
        ------
        MetadataError
            If it is malformed, with its JSON path.
        """
        if self._detected is None:
            return GroupMetadata(facets={}, foreign=self.document.foreign)
        converter = self._registry.converter(self._detected.version)
        values = self.document.values
        facets: dict[str, object] = {}
        claimed: set[str] = set()
        with tolerances() as notices:
            for node_type in self.node_types:
                keys = {node_type.key, *node_type.companions}
                if node_type.key in values or node_type.implied:
                    try:
                        with self._calling(node_type, "structure"):
                            facets[node_type.key] = node_type.structure(values, converter)
                    except MetadataError as error:
                        raise MetadataError(f"{error.message} (in {self.location})", error.path) from error
                    claimed |= keys
        for notice in notices:
            self._note(notice)
        return GroupMetadata(
            facets=facets,
            unclaimed={key: value for key, value in values.items() if key not in claimed},
            foreign=self.document.foreign,
            version=self.document.version,
        )

    @property
    def facets(self) -> Mapping[str, object]:
        """The structured metadata of each node type that the group has, by NGFF key."""
        return self.metadata.facets

    @property
    def value(self) -> Any:
        """The structured metadata of the primary node type; None where the group has none."""
        return None if self.key is None else self.facets.get(self.key)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is off the specification but was understood."""
        _ = self.metadata
        return tuple(self._notices)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The resolution levels of the first multiscale, the largest first; empty for anything but an image.

        Their metadata is fetched together; a missing level is reported when it is touched.
        """
        multiscale = self.multiscale
        names = (
            [reference.path for reference in self._references if reference.role == "level"]
            if multiscale is None
            else [dataset.path for dataset in multiscale.datasets]
        )
        paths = {name: self._below(name) for name in names}
        levels = ordered_levels(self._hierarchy, paths, multiscale, self.channels, self._registry)
        order = [level.path for level in levels]
        if order != list(paths):
            self._note(f"the levels {', '.join(paths)} are not listed largest first; read as {', '.join(order)}")
        unknown = None if multiscale is None else unknown_origin(multiscale, self._registry)
        if unknown is not None:
            self._note(unknown)
        return levels

    def _note(self, notice: str) -> None:
        if notice not in self._notices:
            self._notices.append(notice)

    @cached_property
    def children(self) -> Children:
        """The groups that belong to this one, by path; opened when touched."""
        references = [reference for reference in self._references if reference.role == "child"]
        known = {reference.path for reference in references}
        group = HierarchyGroupView(self._hierarchy, self.path, self._registry, self.version, self.document.values)
        with tolerances() as notices:
            for node_type in self.node_types:
                if node_type.key in self.facets:
                    with self._calling(node_type, "probe"):
                        probed = list(node_type.probe(self.facets[node_type.key], group))
                    for reference in (*probed, *unnamed_children(node_type, self._registry)):
                        if reference.path not in known:
                            known.add(reference.path)
                            references.append(reference)
        for notice in notices:
            self._note(notice)
        optional = [item.path for item in references if item.optional and stays_inside(item.path)]
        present = group.present(optional) if optional else frozenset()
        found = [item for item in references if not item.optional or item.path in present]
        return Children(str(self.location), found, self._open, self._absent)

    def child(self, path: str) -> Node:
        """Open a group below this one.

        Parameters
        ----------
        path : str
            Relative to this group; empty for itself.

        Raises
        ------
        LocationNotFoundError
            If it is not there.
        """
        path = checked_path(path)
        if not path:
            return self
        reference = next((item for item in self._references if item.path.strip("/") == path), None)
        return self._open(reference or Reference(path=path, role="child"))

    def transform(self, source: str, target: str) -> PointMap:
        """Return the function that maps points from one coordinate system to another.

        Parameters
        ----------
        source, target : str
            Names of coordinate systems, for example "physical"; the path of a level stands for its array's indices. A
            system of an image below this group is written ``path#name``.

        Returns
        -------
        callable
            From an array of N x D coordinates to one of N x E.

        Raises
        ------
        UnknownNameError
            If there is no such system.
        UnsupportedError
            If no way leads from one to the other.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> path = "memory://doc-node/image.ome.zarr"
        >>> node = omezarr.write_image(path, np.zeros((8, 8), dtype="uint8"), axes="yx", scale=0.5)
        >>> node.transform("0", "physical")(np.array([[2.0, 4.0]]))
        array([[1., 2.]])
        """
        # Eleven modules, which opening a node would load each time for what few ask it.
        from omezarr.transform import between

        return between(self, source, target)

    def array_facts(self) -> dict[str, ArrayFacts]:
        """Return what the arrays of the levels tell, by path; levels that are missing are left out."""
        nodes = ((level, self._hierarchy.node(self._below(level.path))) for level in self.levels)
        return {level.path: level.facts for level, node in nodes if node is not None and node.kind == "array"}

    @property
    def group(self) -> zarr.Group:
        """The zarr group."""
        import zarr
        from zarr.storage import StorePath

        key = "/".join(part for part in (self._hierarchy.path, self.path) if part)
        return zarr.open_group(StorePath(self._hierarchy.store, key), mode="r", zarr_format=self.zarr_node.zarr_format)

    @cached_property
    def _references(self) -> tuple[Reference, ...]:
        found: list[Reference] = []
        for node_type in self.node_types:
            if node_type.key in self.facets:
                with self._calling(node_type, "references"):
                    found += node_type.references(self.facets[node_type.key])
        return tuple(found)

    def _absent(self, paths: list[str]) -> frozenset[str]:
        """Fetch the metadata of several groups below this one, and return the paths at which nothing is."""
        below = {self._below(path): path for path in paths}
        self._hierarchy.prefetch(below, kind="group")
        return frozenset(below[path] for path in self._hierarchy.absent(below))

    def _calling(self, node_type: NodeType, member: str) -> AbstractContextManager[None]:
        return calling(self._registry.node_types, node_type.key, member)

    def _below(self, path: str) -> str:
        return checked_path(f"{self.path}/{checked_path(path)}" if self.path else path)

    def _open(self, reference: Reference) -> Node:
        hint = reference.hint
        complete = Hint(
            format_version=hint.format_version or self.version,
            node_key=hint.node_key,
            path=hint.path or self._below(reference.path),
        )
        return Node(
            self._hierarchy,
            self._below(reference.path),
            self._registry,
            self.location.below(reference.path),
            hint=complete,
            stand_in=self._stand_in,
            above=self._above,
        )
