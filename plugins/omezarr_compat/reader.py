"""Nodes: what is at a location, above and below it, with its pixels and how it is shown.

Examples
--------
>>> from tempfile import mkdtemp
>>> import numpy as np
>>> from omezarr_compat.io import parse_url
>>> from omezarr_compat.writer import write_image
>>> path = f"{mkdtemp()}/image.zarr"
>>> _ = write_image(np.zeros((64, 64), "uint8"), path, axes="yx")
>>> [node.data[0].shape for node in Reader(parse_url(path))()]
[(64, 64)]
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from omezarr.errors import LocationNotFoundError
from omezarr_compat._grids import Plate, PlateLabels, Well
from omezarr_compat._specs import OMERO, Label, Labels, Multiscales, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr_compat.io import ZarrLocation
    from omezarr_compat.types import JSONDict

__all__ = ["OMERO", "Label", "Labels", "Multiscales", "Node", "Plate", "PlateLabels", "Reader", "Spec", "Well"]

LOGGER = logging.getLogger("ome_zarr.reader")

S = TypeVar("S", bound=Spec)


class Node:
    """What is at a location.

    Parameters
    ----------
    zarr : ZarrLocation
    root : Node, Reader or list of ZarrLocation
        What has been seen already.
    visibility : bool
        Whether it is shown at first.
    plate_labels : bool
        Has no effect.

    Attributes
    ----------
    data : list of dask.array.Array
        Its levels.
    metadata : dict
        How they are shown.
    specs : list of Spec
        What it is.
    pre_nodes, post_nodes : list of Node
        What comes before it and after it.
    """

    def __init__(
        self,
        zarr: ZarrLocation,
        root: Node | Reader | list[ZarrLocation],
        visibility: bool = True,
        plate_labels: bool = False,
    ) -> None:
        self.zarr = zarr
        self.root = root
        self.seen: list[ZarrLocation] = root if isinstance(root, list) else root.seen
        self._visible = visibility
        self.metadata: JSONDict = {}
        self.data: list[Any] = []
        self.specs: list[Spec] = []
        self.pre_nodes: list[Node] = []
        self.post_nodes: list[Node] = []
        for spec in (Labels, Label, Multiscales, OMERO, Plate, Well):
            if spec.matches(zarr):
                self.specs.append(spec(self))

    @property
    def visible(self) -> bool:
        """Whether it is shown at first; what comes before and after it follows."""
        return self._visible

    @visible.setter
    def visible(self, visibility: bool) -> None:
        if visibility != self._visible:
            self._visible = visibility
            for node in (*self.pre_nodes, *self.post_nodes):
                node.visible = visibility

    def first(self, spectype: type[S]) -> S | None:
        """Return the first thing of this type that it is."""
        return next((spec for spec in self.specs if isinstance(spec, spectype)), None)

    def load(self, spec_type: type[S]) -> S | None:
        """Return the first thing of this type that it is."""
        return self.first(spec_type)

    def add(
        self,
        zarr: ZarrLocation,
        prepend: bool = False,
        visibility: bool | None = None,
        plate_labels: bool = False,
    ) -> Node | None:
        """Return a new node after this one, or before it; None where the location has been seen."""
        if zarr in self.seen and not plate_labels:
            return None
        self.seen.append(zarr)
        node = Node(zarr, self, visibility=self.visible if visibility is None else visibility)
        (self.pre_nodes if prepend else self.post_nodes).append(node)
        return node

    def below(self, zarr: ZarrLocation) -> Node:
        """Return a node that is no node of its own for a reader, such as a field of a well."""
        if not zarr.exists():
            raise LocationNotFoundError(f"there is no group at {zarr.subpath()}")
        return Node(zarr, self)

    def write_metadata(self, metadata: JSONDict) -> None:
        """Add the document of the group to a dict."""
        if self.specs:
            metadata.update(self.zarr.root_attrs)

    def __repr__(self) -> str:
        return f"{self.zarr}{'' if self.visible else ' (hidden)'}"


class Reader:
    """Goes through the nodes at a location, those that belong to it included.

    Parameters
    ----------
    zarr : ZarrLocation

    Raises
    ------
    LocationNotFoundError
        If nothing is there.
    """

    def __init__(self, zarr: ZarrLocation | None) -> None:
        if zarr is None or not zarr.exists():
            raise LocationNotFoundError(f"there is no group at {'the location' if zarr is None else zarr.subpath()}")
        self.zarr = zarr
        self.seen: list[ZarrLocation] = [zarr]

    def __call__(self) -> Iterator[Node]:
        """Yield the nodes, in the order in which they are shown."""
        node = Node(self.zarr, self)
        if node.specs:
            yield from self.descend(node)
        else:
            LOGGER.debug("%s is no OME-Zarr", self.zarr)

    def descend(self, node: Node, depth: int = 0) -> Iterator[Node]:
        """Yield what comes before a node, the node, and what comes after it."""
        for before in node.pre_nodes:
            yield from self.descend(before, depth + 1)
        yield node
        for after in node.post_nodes:
            yield from self.descend(after, depth + 1)
