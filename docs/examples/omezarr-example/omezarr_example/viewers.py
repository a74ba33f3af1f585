"""The viewer ``lab-viewer``: the site of a laboratory, which takes the address of the data behind a hash."""

from __future__ import annotations

from urllib.parse import quote

from omezarr.abc import Viewer
from omezarr.hookspecs import hookimpl


class LabViewer(Viewer):
    """A page that shows what its address names."""

    name = "lab-viewer"
    description = "images and labels, by the laboratory of the example"
    site = "https://viewer.example/"

    def address(self, source, node):
        """Return the address with the source behind a hash, which never leaves the browser."""
        return f"{self.site}#{quote(source, safe='')}"


@hookimpl
def omezarr_viewers():
    """Give the viewer to omezarr."""
    return [LabViewer()]
