"""What the page is told of nodes: plain JSON, every text as text, no number that JSON does not have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from omezarr.errors import OMEZarrError
from omezarr.model import ImageLabel, Plate
from omezarr.nodes.plates import grid_of
from omezarr.rendering.colours import MAX_KNOWN_CHANNELS, chosen_displays, displays_of
from omezarr.rendering.images import is_label
from omezarr.rendering.request import PictureRequest
from omezarr.rendering.tiles import TILE, settled_displays, tile_levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.nodes.node import Node
    from omezarr.rendering.layout import PictureSource
    from omezarr.rendering.scene_tiles import SceneTiles

MAX_PROPERTIES = 10_000
"""Of how many label values the page is told what is known."""


def described_node(node: Node, path: str) -> dict[str, Any]:
    """Return what the page is told of a node that is no image, and the beginning of what it is told of one."""
    found: dict[str, Any] = {
        "path": path,
        "name": node.name,
        "type": node.key or "group",
        "version": node.version,
        "notices": list(node.notices),
        "children": [],
    }
    if node.multiscale is not None:
        return found | {"kind": "image"}
    plate = next((facet for facet in node.facets.values() if isinstance(facet, Plate)), None)
    if plate is not None:
        grid = grid_of(plate)
        wells = [{"row": row, "column": column, "path": well} for (row, column), well in grid.wells.items()]
        return found | {"kind": "plate", "rows": grid.rows, "columns": grid.columns, "wells": wells}
    return found | {"kind": "collection", "children": list(node.children)}


def described_scene(tiles: SceneTiles) -> dict[str, Any]:
    """Return what the page is told of a scene: its plane, levels of tiles, and where images are, as shares of it."""
    top, left, _, _ = tiles.layout.bounds
    return {
        "kind": "scene",
        "size": [tiles.levels[0].height, tiles.levels[0].width],
        "spacing": [tiles.spacing, tiles.spacing],
        "origin": [top, left],
        "unit": tiles.layout.unit,
        "tile": TILE,
        "levels": [
            {"height": level.height, "width": level.width, "factors": [level.factor] * 2} for level in tiles.levels
        ],
        "placed": tiles.layout.boxes(),
        "notices": [*tiles.node.notices, *tiles.layout.notes],
    }


def described_image(subject: PictureSource) -> dict[str, Any]:
    """Return what the page is told of an image: its axes, levels of tiles, channels and labels."""
    layout, node = subject.layout, subject.node
    pair = (layout.vertical, layout.horizontal)
    axes = node.axes if len(node.axes) == len(subject.shape) else ()
    unit = axes[layout.horizontal].unit if axes else None
    labels: list[dict[str, Any]] = []
    notes = list(subject.notes)
    try:
        names = list(node.labels) if not is_label(node) else []
    except OMEZarrError as error:
        names = []
        notes.append(f"the labels cannot be read: {error}")
    labels = [{"name": name} for name in names]
    if subject.channel_count > MAX_KNOWN_CHANNELS:
        notes.append(f"the first {MAX_KNOWN_CHANNELS} of {subject.channel_count} channels can be chosen")
    return {
        "size": [subject.size(pair[0]), subject.size(pair[1])],
        "spacing": [subject.spacing[pair[0]], subject.spacing[pair[1]]],
        "origin": _origin(subject, pair),
        "names": [layout.names[pair[0]], layout.names[pair[1]]],
        "unit": unit if isinstance(unit, str) else None,
        "dtype": str(subject.scans[0].array.dtype),
        "tile": TILE,
        "levels": [
            {"height": level.height, "width": level.width, "factors": list(level.factors), "level": level.scan.index}
            for level in tile_levels(subject)
        ],
        "axes": [
            {"name": layout.names[axis], "length": subject.size(axis), "spacing": subject.spacing[axis]}
            | {"unit": axes[axis].unit or None if axes else None, "index": PictureRequest().index(subject, axis)}
            for axis in layout.others
        ],
        "channels": _channels(subject),
        "labels": labels,
        "is_label": is_label(node),
        "notes": notes,
    }


def _channels(subject: PictureSource) -> list[dict[str, Any]]:
    if is_label(subject.node):
        return []
    request = PictureRequest()
    drawn = settled_displays(subject, chosen_displays(subject, request), request)
    windows = {display.channel: display.window for display in drawn}
    return [
        {
            "label": display.label,
            "color": "{:02X}{:02X}{:02X}".format(*display.colour),
            "window": windows.get(display.channel, display.window),  # None: measured when it is asked for
            "active": display.channel in windows,
        }
        for display in displays_of(subject)
    ]


def _origin(subject: PictureSource, pair: tuple[int, int]) -> list[float]:
    """Return where the first pixel is, down and to the right; 0 where the metadata does not say."""
    try:
        geometry = subject.node.levels[subject.scans[0].index].geometry
    except OMEZarrError:
        geometry = None
    if geometry is None or len(geometry.translation) != len(subject.shape):
        return [0.0, 0.0]
    return [value if math.isfinite(value) else 0.0 for value in (float(geometry.translation[axis]) for axis in pair)]


def described_labels(node: Node) -> Mapping[str, Any]:
    """Return what is known of the values of a label image, by value."""
    facet = next((facet for facet in node.facets.values() if isinstance(facet, ImageLabel)), None)
    properties = {}
    for item in ((facet.properties if facet is not None else ()) or ())[:MAX_PROPERTIES]:
        properties[f"{item.label_value:g}"] = {str(key): _plain(value) for key, value in item.extra.items()}
    return {"properties": properties}


def _plain(value: Any) -> Any:
    """Return a value of metadata as the page shows it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
