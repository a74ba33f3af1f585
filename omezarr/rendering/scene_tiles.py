"""Tiles of a scene: a plane of square pixels in its coordinate system, as fine as its finest image, cut as images are.

Each level has half the pixels of the one before along each side, until a single tile holds the whole scene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.errors import ArgumentError
from omezarr.rendering.request import PictureRequest
from omezarr.rendering.scenes import SceneLayout, ScenePart, draw_part, scene_layout, scene_windows
from omezarr.rendering.tiles import TILE, TILE_BUDGET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.model import Scene
    from omezarr.nodes.node import Node
    from omezarr.rendering.request import Window

MAX_SIDE = 2**30
"""Pixels along the longer side of the plane, where images are far apart: their numbers stay exact in browsers."""

OVERVIEW = 256
"""The size of the picture that windows are measured on."""


@frozen
class PlaneLevel:
    """A level of tiles of a scene.

    Parameters
    ----------
    factor : int
        How many pixels of the plane, along each side, make one.
    height, width : int
        In pixels.
    """

    factor: int
    height: int
    width: int


@frozen(eq=False)
class SceneTiles:
    """A scene, ready to be drawn in tiles.

    Parameters
    ----------
    node : Node
    layout : SceneLayout
    spacing : float
        From one pixel of the plane to the next, in the unit of the layout.
    levels : tuple of PlaneLevel
        The finest first.
    windows : mapping of str to sequence of (float, float)
        Of the channels of each image, the same in every tile.
    """

    node: Node
    layout: SceneLayout
    spacing: float
    levels: tuple[PlaneLevel, ...]
    windows: Mapping[str, Sequence[Window]]

    def part(self, level: int, row: int, column: int) -> ScenePart:
        """Return what a tile shows.

        Raises
        ------
        ArgumentError
            If there is no such tile.
        """
        if not 0 <= level < len(self.levels):
            raise ArgumentError(f"there is no level {level} of tiles; there are {len(self.levels)}")
        one = self.levels[level]
        top, left = row * TILE, column * TILE
        if not (0 <= top < one.height and 0 <= left < one.width):
            raise ArgumentError(f"there is no tile {row}, {column}")
        height, width = min(TILE, one.height - top), min(TILE, one.width - left)
        step = self.spacing * one.factor
        start = self.layout.bounds
        ends = (start[0] + top * step, start[1] + left * step)
        return ScenePart((*ends, ends[0] + height * step, ends[1] + width * step), (height, width))

    def draw(self, level: int, row: int, column: int) -> npt.NDArray[Any]:
        """Draw a tile: uint8, of shape (height, width, 3).

        Raises
        ------
        ArgumentError
            If there is no such tile.
        """
        part = self.part(level, row, column)
        pixels, _ = draw_part(self.node, self.layout, part, PictureRequest(), windows=self.windows, budget=TILE_BUDGET)
        return pixels


def scene_tiles(node: Node, scene: Scene) -> SceneTiles:
    """Return a scene, ready to be drawn in tiles.

    Raises
    ------
    UnsupportedError
        If no image has a place.
    """
    layout = scene_layout(node, scene)
    top, left, bottom, right = layout.bounds
    spacing = max(layout.finest, max(bottom - top, right - left) / MAX_SIDE)
    height, width = (max(1, round(extent / spacing)) for extent in (bottom - top, right - left))
    levels = [PlaneLevel(1, height, width)]
    while max(levels[-1].height, levels[-1].width) > TILE:
        factor = levels[-1].factor * 2
        levels.append(PlaneLevel(factor, -(-height // factor), -(-width // factor)))
    windows = scene_windows(node, layout, PictureRequest(size=OVERVIEW))
    return SceneTiles(node, layout, spacing, tuple(levels), windows)
