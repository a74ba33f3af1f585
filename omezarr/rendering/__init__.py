"""What does it look like? Pictures of images, plates and collections, for files, notebooks, overviews and tiles.

One renderer serves them all: a `PictureRequest` says what is wanted, `render` reads no more than that needs and returns
the pixels. Nothing here writes, and nothing knows a node type, version or store by name.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError, OMEZarrWarning
from omezarr.rendering.request import PictureRequest

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from omezarr.nodes.level import Level
    from omezarr.nodes.node import Node
    from omezarr.rendering.images import Picture
    from omezarr.rendering.sampling import Budget

__all__ = ["PictureRequest", "html", "render", "thumbnail"]


def render(node: Node, request: PictureRequest | None = None, budget: Budget | None = None) -> Picture:
    """Draw a node: an image, the overview of a plate, the fields of a well, the images of a collection.

    Parameters
    ----------
    node : Node
    request : PictureRequest, optional
    budget : Budget, optional
        How much may be read; `omezarr.rendering.sampling.Budget` has the default.

    Returns
    -------
    Picture

    Raises
    ------
    ArgumentError
        If the request does not fit the node.
    UnsupportedError
        If there is nothing that could be drawn.
    StorageError
        If nothing of it can be read.
    """
    from omezarr.rendering.drawing import draw

    return draw(node, request or PictureRequest(), budget)


def thumbnail(node: Node, size: int = 256, **options: Any) -> PillowImage:
    """Draw a node as a Pillow image.

    Parameters
    ----------
    node : Node
        An image, a plate, a well or a collection of images.
    size : int
        Pixels along the longer side.
    **options
        Further fields of `omezarr.rendering.PictureRequest`: ``level``, ``at`` (sample along an axis, by its name),
        ``region``, ``channels``, ``windows``, ``colors``, ``projection``, ``along``, ``labels``, ``outline``,
        ``opacity``, ``scale_bar``, ``field``.

    Returns
    -------
    PIL.Image.Image
        In RGB. What it does not show, such as chunks that are missing or were left out, is said in a warning.

    Raises
    ------
    ArgumentError
        If an option does not fit the node.
    UnsupportedError
        If there is nothing that could be drawn.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> pixels = np.ones((20, 40), dtype="uint8")
    >>> node = omezarr.write_image("memory://doc-thumbnail/a.ome.zarr", pixels, axes="yx")
    >>> node.thumbnail(size=128).size
    (128, 64)
    """
    from omezarr.rendering.annotations import with_scale_bar

    picture = render(node, request_of(size=size, **options))
    for note in picture.notes:
        warnings.warn(note, OMEZarrWarning, stacklevel=2)
    if options.get("scale_bar"):
        return with_scale_bar(picture)
    from PIL import Image

    return Image.fromarray(picture.pixels)


def html(item: Node | Level) -> str:
    """Describe a node, or a level of an image, as HTML with a small picture: what notebooks show of it.

    Parameters
    ----------
    item : Node or Level

    Returns
    -------
    str
        Never an error: what cannot be read is said in its place. No more than a few chunks are read, and none of a
        plate or a collection. Whatever comes from metadata is text, never markup.
    """
    from omezarr.rendering.notebook import html_of

    return html_of(item)


def request_of(**options: Any) -> PictureRequest:
    """Return a request with options by name.

    Raises
    ------
    ArgumentError
        If there is no such option.
    """
    from attrs import fields_dict

    known = fields_dict(PictureRequest)
    for name in options:
        if name not in known:
            raise ArgumentError(f"a picture has no option {name!r}; it has: {', '.join(known)}")
    return PictureRequest(**options)
