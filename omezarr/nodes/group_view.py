"""What a node type may look at around a node: the documents and objects below its group.

The implementation of `omezarr.abc.GroupView` over a hierarchy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.abc import Hint
from omezarr.location import checked_path
from omezarr.nodes.detection import detect_format
from omezarr.plugins.documents import document_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.hierarchy import Hierarchy
    from omezarr.model import JSON
    from omezarr.plugins.registry import Registry


@frozen
class HierarchyGroupView:
    """One group and what lies below it.

    Parameters
    ----------
    hierarchy : Hierarchy
    path : str
        The group, relative to the root of the hierarchy.
    registry : Registry
    version : str or None
        The NGFF version of the group.
    values : mapping
        Its document.
    """

    hierarchy: Hierarchy
    path: str
    registry: Registry
    version: str | None
    values: Mapping[str, JSON]

    def document(self, path: str = "") -> Mapping[str, JSON] | None:
        """Return the OME document of a group below, or of the group itself; None where there is no group."""
        if not path:
            return self.values
        found = self.hierarchy.node(self._below(path))
        if found is None or found.kind != "group":
            return None
        hint = Hint(format_version=self.version, path=self._below(path))
        detected = detect_format(found.attributes, found.zarr_format, hint, self.registry)
        return None if detected is None else document_of(found.attributes, detected.version, self.registry).values

    def read(self, path: str) -> bytes | None:
        """Return one stored object; None if it is not there."""
        return self.hierarchy.read(self._below(path))

    def present(self, paths: Sequence[str]) -> frozenset[str]:
        """Return those of the paths at which a zarr group or array is."""
        found = self.hierarchy.nodes([self._below(path) for path in paths])
        return frozenset(path for path in paths if found[self._below(path)] is not None)

    def names(self, path: str = "") -> Sequence[str] | None:
        """List what is directly below a path; None where the store cannot list."""
        return self.hierarchy.names(self._below(path))

    def _below(self, path: str) -> str:
        return f"{self.path}/{checked_path(path)}".strip("/")
