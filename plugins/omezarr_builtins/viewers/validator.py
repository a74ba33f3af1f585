"""The validator of OME, as its authors host it."""

from __future__ import annotations

from omezarr.abc import Viewer
from omezarr.hookspecs import hookimpl


class Validator(Viewer):
    """What OME's own validator says of the metadata, with a view of one plane."""

    name = "validator"
    description = "what the validator of OME says, with a view of a plane"
    site = "https://ome.github.io/ome-ngff-validator/"


@hookimpl
def omezarr_viewers() -> list[Viewer]:
    """Provide the viewer ``validator``."""
    return [Validator()]
