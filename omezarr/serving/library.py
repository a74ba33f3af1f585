"""What is served: one hierarchy, or all below a folder; opened once, and never more than was found there."""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import asdict

from omezarr.errors import LocationNotFoundError, UnknownNameError
from omezarr.location import Location, checked_path
from omezarr.nodes.finding import find
from omezarr.nodes.node import Node
from omezarr.nodes.reading import open as open_node
from omezarr.rendering.layout import PictureSource, subject_of
from omezarr.serving.fence import fenced
from omezarr.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry

MAX_OPEN = 256
"""How many nodes are kept open: the wells that are in view, or the images of a page of a table."""

DISTANT_THREADS = 8
"""How many pictures are drawn at once of what lies behind a network."""

T = TypeVar("T")


class Library:
    """What a server shows.

    Parameters
    ----------
    location : str, path, Location or Node
        A node that is open is shown as it was opened.
    folder : bool
        Whether it is a folder of many.
    storage_options : mapping or StorageOptions, optional
    registry : Registry

    Raises
    ------
    OMEZarrError
        If there is nothing that could be shown.
    """

    def __init__(
        self,
        location: LocationLike | Node,
        registry: Registry,
        *,
        folder: bool = False,
        storage_options: Mapping[str, Any] | StorageOptions | None = None,
    ) -> None:
        self._given = location if isinstance(location, Node) else None
        self.place = location.location if isinstance(location, Node) else Location.parse(location, storage_options)
        self.folder = folder
        self._registry = registry
        self._found: dict[str, dict[str, Any]] | None = None
        self._roots: OrderedDict[str, Node] = OrderedDict()
        self._subjects: OrderedDict[tuple[str, str], PictureSource] = OrderedDict()
        self._lock = Lock()
        if folder:
            next(iter(find(self.place, sizes=False, registry=registry)), None)  # whether it can be listed at all
        else:
            self.root("")

    @property
    def name(self) -> str:
        """What it is called."""
        return self.place.name or str(self.place)

    @property
    def local(self) -> bool:
        """Whether it lies on this machine, so that reading waits for no network."""
        return self.place.protocol == "local"

    @property
    def threads(self) -> int:
        """How many pictures are drawn at once: as many as there are cores; more where each waits for a network."""
        return max(2, available_cores()) if self.local else DISTANT_THREADS

    def items(self) -> list[dict[str, Any]]:
        """Return a row for everything that is below the folder; what links lead to outside of it is left out."""
        with self._lock:
            if self._found is None:
                rows = find(self.place, sizes=False, registry=self._registry)
                self._found = {row.path: asdict(row) for row in rows if self._inside(row.path)}
            return [{key: value for key, value in row.items() if key != "location"} for row in self._found.values()]

    def _inside(self, path: str) -> bool:
        if not self.local:
            return True
        root = os.path.realpath(self.place.url)
        return os.path.commonpath([root, os.path.realpath(os.path.join(root, path))]) == root  # noqa: PTH118 - compared as text

    def root(self, item: str) -> Node:
        """Return the root of a hierarchy.

        Raises
        ------
        LocationNotFoundError
            If nothing of that name was found.
        """
        return self._kept(self._roots, item, lambda: self._open(item))

    def _open(self, item: str) -> Node:
        known = {row["path"] for row in self.items()} if self.folder else {""}
        if item not in known:
            raise LocationNotFoundError(f"there is no {item!r} here")
        place = self.place.below(item) if item else self.place
        node = self._given or open_node(place, registry=self._registry)
        return node.over(fenced(node.hierarchy.store, node.hierarchy.path))

    def node(self, item: str, path: str) -> Node:
        """Return a node of a hierarchy.

        Raises
        ------
        OMEZarrError
            If it is not there, or cannot be read.
        """
        node = self.root(item)
        left = checked_path(path) if path else ""
        while left:
            children = node.children
            best = max((name for name in children if f"{left}/".startswith(f"{name}/")), key=len, default=None)
            if best is None:
                raise UnknownNameError(f"{node.location} has no {left!r}")
            node, left = children[best], left[len(best) + 1 :]
        return node

    def subject(self, item: str, path: str) -> PictureSource:
        """Return an image as pictures are made of it."""
        return self._kept(self._subjects, (item, path), lambda: subject_of(self.node(item, path)))

    def _kept(self, kept: OrderedDict[Any, T], key: Any, make: Callable[[], T]) -> T:
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        made = make()
        with self._lock:
            kept[key] = made
            while len(kept) > MAX_OPEN:
                kept.popitem(last=False)
        return made
