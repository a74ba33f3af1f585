"""Pictures as methods of nodes: they are drawn by a layer above, which is asked through the façade.

The façade is the one place that knows all layers by name, and imports what it offers when that is asked for. So a node
has a picture without importing what draws it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


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
