"""Neuroglancer, as its authors host it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from omezarr.abc import Viewer
from omezarr.hookspecs import hookimpl


class Neuroglancer(Viewer):
    """Volumes in planes and in space; an image, and each of its labels as a layer of segments."""

    name = "neuroglancer"
    description = "volumes in planes and in space, by Google"
    site = "https://neuroglancer-demo.appspot.com/"

    def address(self, source: str, node: Any) -> str:
        """Return the address with the state of the viewer: one layer for the image, one for each label image."""
        layers = [{"type": "image", "name": node.name, "source": f"zarr://{source}"}]
        layers += [
            {"type": "segmentation", "name": name, "source": f"zarr://{source}/labels/{name}"}
            for name in (node.labels if node.multiscale is not None else ())
        ]
        return f"{self.site}#!{quote(json.dumps({'layers': layers}), safe='')}"


@hookimpl
def omezarr_viewers() -> list[Viewer]:
    """Provide the viewer ``neuroglancer``."""
    return [Neuroglancer()]
