"""The hook of what shows images elsewhere than on the page that comes with omezarr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc import Viewer


@hookspec
def omezarr_viewers() -> Iterable[Viewer]:
    """Return web sites that show an OME-Zarr which this machine serves.

    ``omezarr view PATH --with NAME`` serves the raw hierarchy, readable for the origin of the site alone, and opens it.
    Entry points are named ``viewers.NAME``; contributions are told apart by `Viewer.name`.

    Returns
    -------
    iterable of Viewer

    Examples
    --------
    >>> from urllib.parse import quote
    >>> from omezarr.abc import Viewer
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> class Laboratory(Viewer):
    ...     name = "our-lab"
    ...     description = "The viewer of our laboratory."
    ...     site = "https://viewer.lab.example/show"
    ...
    ...     def address(self, source, node):
    ...         return f"{self.site}?image={quote(source, safe='')}"
    >>>
    >>> @hookimpl
    ... def omezarr_viewers():
    ...     return [Laboratory()]
    """
    return ()
