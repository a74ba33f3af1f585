"""What a hierarchy consists of: all groups and arrays, those that metadata names and those that it does not.

Reads metadata and lists folders where the store can list; reads no pixels and decides nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import field, frozen

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.errors import MetadataError, StorageError, UnsupportedError
from omezarr.hierarchy import DOCUMENTS, run
from omezarr.nodes.detection import missing_kinds, unknown_version_message
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr.hierarchy import Hierarchy, ZarrNode
    from omezarr.nodes.node import Node

CONCURRENT_LISTINGS = 16
"""How many folders are listed at once."""

_CURE = (
    "nothing was changed; correct the version if it is wrong, or read it as another one with "
    "omezarr convert --importer-option format=VERSION"
)

UNNAMED = ("OME", "OME/METADATA.ome.xml")
"""What no document names: looked for where a store cannot list."""


@frozen(kw_only=True)
class HierarchySurvey:
    """All that is in a hierarchy.

    Parameters
    ----------
    root : Node
    groups : mapping
        Path to node, parents before what is below them; the root has an empty path.
    arrays : mapping
        Path to metadata.
    documents : mapping
        Path of a group to the metadata objects that lie there; empty where the store cannot list.
    files : tuple of str
        Keys of what is neither group nor array nor chunk; of some it is not known whether they exist.
    listable : bool
        Whether the store lists, so that nothing is missing here.
    """

    root: Node
    groups: Mapping[str, Node]
    arrays: Mapping[str, ZarrNode]
    documents: Mapping[str, frozenset[str]]
    files: tuple[str, ...]
    listable: bool

    @property
    def hierarchy(self) -> Hierarchy:
        """What was looked at."""
        return self.root.hierarchy

    def keys(self, path: str) -> list[str]:
        """List the keys of all objects below a path, relative to it.

        Raises
        ------
        UnsupportedError
            If the store cannot list.
        """
        if not self.listable:
            raise UnsupportedError(f"{self.root.location} cannot be listed, so the objects in it are not known")
        place = joined(self.hierarchy.path, path)
        prefix = f"{place}/" if place else ""

        async def listed() -> list[str]:
            return [key async for key in self.hierarchy.store.list_prefix(prefix)]

        return sorted(key[len(prefix) :] for key in run(listed()))

    def existing_files(self) -> list[str]:
        """Return the keys of the files that exist."""
        store = self.hierarchy.store

        async def existing() -> list[bool]:
            keys = [joined(self.hierarchy.path, file) for file in self.files]
            return await asyncio.gather(*(store.exists(key) for key in keys))

        return [file for file, exists in zip(self.files, run(existing()), strict=True) if exists]


def survey(root: Node) -> HierarchySurvey:
    """Walk through a hierarchy.

    Parameters
    ----------
    root : Node

    Raises
    ------
    MetadataError
        If anything in it is malformed.
    UnsupportedError
        If a group is of a version that is not known.
    StorageError
        If the store fails.
    """
    walk = _Walk(root)
    walk.run()
    return HierarchySurvey(
        root=root,
        groups=walk.groups,
        arrays=walk.arrays,
        documents=walk.documents,
        files=tuple(walk.files),
        listable=root.hierarchy.traits.listable,
    )


def joined(*parts: str) -> str:
    """Return parts of a path as one; empty parts are left out."""
    return "/".join(part for part in parts if part)


SAME_AT_MOST = 3
"""So many groups above one are not all like it, unless it leads to itself."""


@frozen
class _Walk:
    root: Node
    groups: dict[str, Node] = field(factory=dict)
    arrays: dict[str, ZarrNode] = field(factory=dict)
    documents: dict[str, frozenset[str]] = field(factory=dict)
    files: list[str] = field(factory=list)
    listed: dict[str, tuple[str, ...] | None] = field(factory=dict)  # what is directly in a folder
    named: dict[str, tuple[Node, str]] = field(factory=dict)  # the group that names a path, and how
    mentioned: set[str] = field(factory=set)

    def run(self) -> None:
        self._fetch()
        self._enter(self.root)
        pending = [(self.root.path, self.root)]
        while pending:
            path, container = pending.pop()
            pending += reversed(self._look(path, container))

    def _fetch(self) -> None:
        """Fetch all metadata and listings, those of one depth at once: one after the other, stores far away take long.

        What cannot be read is an error where it is looked at.
        """
        hierarchy = self.root.hierarchy
        folders = [self.root.path] if hierarchy.traits.listable else []
        with ThreadPool(CONCURRENT_LISTINGS) as pool:
            while folders:
                self.listed.update(zip(folders, pool.map(hierarchy.names, folders), strict=True))
                places = [place for folder in folders for place in self._places(folder)]
                hierarchy.prefetch(places)
                folders = [place for place in places if self._may_hold_more(place)]

    def _places(self, folder: str) -> list[str]:
        """Return the paths of what is directly in a folder, but for its metadata and what is omezarr's own."""
        listed = self._names(folder)
        names = self._mentioned_in(folder) if listed is None else sorted(set(listed) - DOCUMENTS)
        return [joined(folder, name) for name in names if joined(folder, name) != JOURNAL_PREFIX]

    def _may_hold_more(self, place: str) -> bool:
        try:
            node = self.root.hierarchy.node(place)
        except (MetadataError, StorageError):
            return False
        if node is not None and node.kind == "group" and node.attributes:
            self._refuse_endless(place, node)
        return node is None or node.kind == "group"

    def _refuse_endless(self, place: str, node: ZarrNode) -> None:
        """Refuse a group that leads to itself, as links can: wherever it is met it has the same attributes.

        Raises
        ------
        MetadataError
        """
        same, above = 0, place
        while above:
            above = above.rpartition("/")[0]
            group = self.root.hierarchy.node(above)
            same += group is not None and group.attributes == node.attributes
            if same == SAME_AT_MOST:
                raise MetadataError(f"the group {place!r} leads to itself; remove the link")

    def _names(self, folder: str) -> tuple[str, ...] | None:
        if folder not in self.listed:
            self.listed[folder] = self.root.hierarchy.names(folder)
        return self.listed[folder]

    def _enter(self, node: Node) -> None:
        """Note a group and what it names; what is of an unknown version cannot be upgraded, nor be left out."""
        if node.unknown_version is not None:
            raise UnsupportedError(
                f"{node.location}: {unknown_version_message(node.unknown_version, node.registry, _CURE)}"
            )
        for missing in missing_kinds((*node.document.values, *node.document.foreign), node.registry):
            raise UnsupportedError(f"{node.location}: {missing}; nothing was changed")
        self.groups[node.path] = node
        self.mentioned.update(self.root.hierarchy.told.get(node.path, ()))
        if not node.node_types:
            return
        self.mentioned.update(joined(node.path, level.path) for level in node.levels)
        for name in node.children:
            self.named.setdefault(joined(node.path, name), (node, name))
        self.mentioned.update(joined(node.path, name) for name in (*node.children, *UNNAMED))

    def _look(self, path: str, container: Node) -> list[tuple[str, Node]]:
        """Note what is directly in a folder, and return the folders in it; each with the group that it is part of."""
        self.documents[path] = DOCUMENTS.intersection(self._names(path) or ())
        places = self._places(path)
        found = self.root.hierarchy.nodes(places)
        folders: list[tuple[str, Node]] = []
        for place in places:
            node = found[place]
            if node is None:
                if self._is_folder(place):
                    folders.append((place, container))
                else:
                    self.files.append(place)
            elif node.kind == "array":
                self.arrays[place] = node
            else:
                group = self._open(place, container)
                self._enter(group)
                folders.append((place, group))
        return folders

    def _open(self, place: str, container: Node) -> Node:
        if place in self.named:
            parent, name = self.named[place]
            return parent.children[name]
        return container.child(place[len(container.path) :].strip("/"))

    def _is_folder(self, place: str) -> bool:
        inside = self._names(place)
        return bool(self._mentioned_in(place) if inside is None else inside)

    def _mentioned_in(self, path: str) -> Iterable[str]:
        """Return the names directly below a path that metadata leads through."""
        prefix = f"{path}/" if path else ""
        below = (place[len(prefix) :] for place in self.mentioned if place.startswith(prefix) and place != path)
        return sorted({rest.partition("/")[0] for rest in below})
