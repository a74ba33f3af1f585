"""The groups below a node: listed without being opened, each opened when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, ItemsView, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING

from omezarr.errors import MetadataError, UnknownNameError
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc import Reference
    from omezarr.nodes.node import Node


class Children(Mapping[str, "Node"]):
    """The groups below a node, by path, in the order of its metadata.

    What is named but missing, or outside of the group, raises when it is asked for, and nowhere else.

    Parameters
    ----------
    owner : str
        Whose children they are, for messages.
    references : iterable of Reference
    open_child : callable
        Opens a reference.
    fetch : callable
        Fetches the metadata at several paths at once, and returns those where nothing is.
    """

    def __init__(
        self,
        owner: str,
        references: Iterable[Reference] = (),
        open_child: Callable[[Reference], Node] | None = None,
        fetch: Callable[[list[str]], Collection[str]] | None = None,
    ) -> None:
        self._owner = owner
        self._references = {_plain(reference.path): reference for reference in references}
        self._open_child = open_child
        self._fetch = fetch
        self._opened: dict[str, Node] = {}

    def __getitem__(self, path: str) -> Node:
        if path not in self._references or self._open_child is None:
            names = list(self._references)
            known = ", ".join(names[:20]) + f" and {len(names) - 20} more" * (len(names) > 20) or "none"
            raise UnknownNameError(f"{self._owner} has no child {path!r}; it has: {known}")
        if not path:
            raise MetadataError(f"{self._owner} names itself as one of its parts; left out")
        if path not in self._opened:
            checked_path(path)
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
        names = list(self)
        return f"<Children {', '.join(names[:20])}{', ...' * (len(names) > 20)}>"

    def prefetch(self) -> Collection[str]:
        """Fetch the metadata of all children at once, for whoever will visit them all.

        Returns
        -------
        collection of str
            Those of them that are not there.
        """
        return () if self._fetch is None else self._fetch([path for path in self if stays_inside(path)])


def stays_inside(path: str) -> bool:
    """Return whether a path that metadata names leads to a place below its group.

    Examples
    --------
    >>> stays_inside("A/1"), stays_inside("../A/1")
    (True, False)
    """
    try:
        checked_path(path)
    except MetadataError:
        return False
    return True


def _plain(path: str) -> str:
    return checked_path(path) if stays_inside(path) else path
