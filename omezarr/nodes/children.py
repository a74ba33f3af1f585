"""The groups below a node: listed without being opened, each opened when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING

from omezarr.errors import MetadataError, UnknownNameError
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc import Reference
    from omezarr.nodes.node import Node


class Children(Mapping[str, "Node"]):
    """The groups below a node, by path, in the order of its metadata.

    What is named but missing raises when it is asked for, and nowhere else.

    Parameters
    ----------
    owner : str
        Whose children they are, for messages.
    references : iterable of Reference
    open_child : callable
        Opens a reference.
    fetch : callable
        Fetches the metadata at several paths at once.
    """

    def __init__(
        self,
        owner: str,
        references: Iterable[Reference] = (),
        open_child: Callable[[Reference], Node] | None = None,
        fetch: Callable[[list[str]], object] | None = None,
    ) -> None:
        self._owner = owner
        self._references = {checked_path(reference.path): reference for reference in references}
        self._open_child = open_child
        self._fetch = fetch
        self._opened: dict[str, Node] = {}

    def __getitem__(self, path: str) -> Node:
        if path not in self._references or self._open_child is None:
            known = ", ".join(self._references) or "none"
            raise UnknownNameError(f"{self._owner} has no child {path!r}; it has: {known}")
        if not path:
            raise MetadataError(f"{self._owner} names itself as one of its parts; left out")
        if path not in self._opened:
            self._opened[path] = self._open_child(self._references[path])
        return self._opened[path]

    def __contains__(self, path: object) -> bool:
        return path in self._references

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)

    def values(self) -> ValuesView[Node]:
        """Return all children; their metadata is fetched at once."""
        self.prefetch()
        return super().values()

    def items(self) -> ItemsView[str, Node]:
        """Return all children with their paths; their metadata is fetched at once."""
        self.prefetch()
        return super().items()

    def __repr__(self) -> str:
        return f"<Children {', '.join(self)}>"

    def prefetch(self) -> None:
        """Fetch the metadata of all children at once, for whoever will visit them all."""
        if self._fetch is not None:
            self._fetch(list(self))
