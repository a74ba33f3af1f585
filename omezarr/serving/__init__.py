"""Showing on a local server: a page that works offline, its tiles, and raw hierarchies for viewers elsewhere.

The server is bound to this machine, and answers only who knows the token in its URL. It reads what was opened and
nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.errors import MissingDependencyError

if TYPE_CHECKING:
    from omezarr.nodes.node import Node
    from omezarr.serving.notebook import NotebookView

__all__ = ["view"]


def view(node: Node, height: int = 560, address: str = "") -> NotebookView:
    """Show a node in a notebook, on the page that ``omezarr view`` opens in a browser.

    Parameters
    ----------
    node : Node
        An image, a plate, a well or a collection.
    height : int
        Of the page, in pixels.
    address : str
        What to show of it: the attribute ``address`` of an earlier view, or what the page has behind ``#``.

    Returns
    -------
    NotebookView
        A widget, to be the last value of a cell. Tiles are drawn by the kernel, which answers when no cell is running.

    Raises
    ------
    MissingDependencyError
        If anywidget is not installed.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> node = omezarr.write_image("memory://doc-view/a.ome.zarr", np.ones((8, 8), "uint8"), axes="yx")
    >>> node.view(height=400).height
    400
    """
    try:
        import anywidget  # noqa: F401 - asked for before anything is made
    except ImportError as error:
        raise MissingDependencyError(
            "showing a node in a notebook needs anywidget: pip install 'omezarr[notebook]'; elsewhere, "
            "`omezarr view PATH` opens the same page in a browser"
        ) from error
    from omezarr.serving.library import Library
    from omezarr.serving.notebook import NotebookView
    from omezarr.serving.studio import Studio

    library = Library(node, node.registry)
    return NotebookView(Studio(library), library.threads, height=height, address=address)
