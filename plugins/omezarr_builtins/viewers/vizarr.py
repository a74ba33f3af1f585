"""Vizarr, as its authors host it."""

from __future__ import annotations

from omezarr.abc import Viewer
from omezarr.hookspecs import hookimpl


class Vizarr(Viewer):
    """Images and plates, drawn by the graphics card."""

    name = "vizarr"
    description = "images and plates, by the HMS Data Management and Biocomputing group"
    site = "https://hms-dbmi.github.io/vizarr/"


@hookimpl
def omezarr_viewers() -> list[Viewer]:
    """Provide the viewer ``vizarr``."""
    return [Vizarr()]
