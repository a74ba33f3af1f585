"""Methods of nodes that layers above carry out: pictures, views, edits. They are asked through the façade.

The façade is the one place that knows all layers by name, and imports what it offers when that is asked for. So a node
has a picture without importing what draws it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from omezarr.location import Location
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry


def offered(name: str) -> Any:
    """Return what the façade offers under a name, to be called by a method of a node."""
    return getattr(import_module("omezarr"), name)


class Shown:
    """Something that notebooks show."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a small picture and what the metadata says."""
        html: str = offered("html")(self)
        return html


class Pictured(Shown):
    """Something that can be drawn."""

    __slots__ = ()

    def thumbnail(self, size: int = 256, **options: Any) -> PillowImage:
        """Draw it as a Pillow image; see `omezarr.thumbnail`, of which this is the method.

        Parameters
        ----------
        size : int
            Pixels along the longer side.
        **options
            As for `omezarr.thumbnail`.
        """
        image: PillowImage = offered("thumbnail")(self, size, **options)
        return image

    def view(self, height: int = 560, address: str = "") -> Any:
        """Show it in a notebook, in a widget with the page of ``omezarr view``; see `omezarr.view`.

        Parameters
        ----------
        height : int
            Of the page, in pixels.
        address : str
            What to show of it, as the widget's attribute ``address`` has it.
        """
        return offered("view")(self, height, address)


class Editable:
    """Something whose metadata can be changed."""

    __slots__ = ()

    location: Location
    _registry: Registry

    def edit(self, **changes: Any) -> Node:
        """Change what this group says of itself, in place and without touching pixels; see `omezarr.edit`.

        Parameters
        ----------
        **changes
            The fields of `omezarr.editing.MetadataEdit`.

        Returns
        -------
        Node
            The group as it is then; this node stays as it was.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> node = omezarr.write_image("memory://doc-edit/a.ome.zarr", np.zeros((8, 8), "uint8"), axes="yx")
        >>> node.edit(scale=0.5, channels=["DAPI"]).channels[0].label
        'DAPI'
        """
        edited: Node = offered("edit")(self.location, registry=self._registry, **changes)
        return edited
