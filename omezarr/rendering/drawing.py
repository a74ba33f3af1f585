"""From a node to its picture: what kind of picture is drawn of what kind of node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.model import Plate, Scene, Well
from omezarr.rendering.images import draw_image
from omezarr.rendering.scenes import draw_scene
from omezarr.rendering.sheets import draw_fields, draw_plate, draw_sheet

if TYPE_CHECKING:
    from omezarr.nodes.node import Node
    from omezarr.rendering.images import Picture
    from omezarr.rendering.request import PictureRequest
    from omezarr.rendering.sampling import Budget


def draw(node: Node, request: PictureRequest, budget: Budget | None = None) -> Picture:
    """Draw whatever a node is.

    Raises
    ------
    ArgumentError
        If the request does not fit.
    UnsupportedError
        If there is nothing to draw.
    """
    if node.multiscale is not None:
        return draw_image(node, request, budget)
    plate = next((facet for facet in node.facets.values() if isinstance(facet, Plate)), None)
    if plate is not None:
        return draw_plate(node, plate, request, budget)
    if any(isinstance(facet, Well) for facet in node.facets.values()):
        return draw_fields(node, request, budget)
    scene = next((facet for facet in node.facets.values() if isinstance(facet, Scene)), None)
    if scene is not None:
        return draw_scene(node, scene, request, budget)
    return draw_sheet(node, request, budget)
