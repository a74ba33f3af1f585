"""What notebooks show of nodes and levels: a picture beside a table, as HTML in which data is never markup."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError, OMEZarrError
from omezarr.model import Plate
from omezarr.nodes.level import Level
from omezarr.rendering.request import PictureRequest, colour_of
from omezarr.rendering.sampling import Budget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.nodes.node import Node

SIZE = 192
"""Of the picture: as high as the table beside it."""

BUDGET = Budget(chunks=8, nbytes=64 * 1024 * 1024)
"""What is read for it: a cell of a notebook must not keep its reader waiting."""

MAX_NAMES = 24
"""How many children or labels are named; there can be thousands."""


def html_of(item: Node | Level) -> str:
    """Describe a node or a level; see `omezarr.html`."""
    try:
        rows = list(_level_rows(item) if isinstance(item, Level) else _node_rows(item))
    except Exception as error:  # noqa: BLE001 - a notebook that shows a value must not fail over it
        rows = [("error", _text(f"{type(error).__name__}: {error}"))]
    body = "".join(
        f'<tr><th style="text-align:left;vertical-align:top">{_text(name)}</th>'
        f'<td style="text-align:left">{value}</td></tr>'
        for name, value in rows
    )
    return (
        '<div style="display:flex;gap:1em;align-items:flex-start;flex-wrap:wrap">'
        f"{_picture(item)}<table>{body}</table></div>"
    )


def _text(value: object) -> str:
    return escape(str(value))


def _picture(item: Node | Level) -> str:
    """Return a picture as an element; where there is none, why."""
    from PIL import Image

    from omezarr.rendering.images import draw_image

    try:
        node = _owner(item) if isinstance(item, Level) else item
        if node.multiscale is None:
            return ""
        level = item.index if isinstance(item, Level) else None
        picture = draw_image(node, PictureRequest(size=SIZE, level=level), BUDGET)
        stream = io.BytesIO()
        Image.fromarray(picture.pixels).save(stream, "PNG")
    except Exception as error:  # noqa: BLE001 - the same
        return f"<div>no picture: {_text(error)}</div>"
    notes = _text("; ".join(picture.notes))
    source = base64.b64encode(stream.getvalue()).decode("ascii")
    return f'<img alt="picture of {_text(node.name)}" title="{notes}" src="data:image/png;base64,{source}">'


def _owner(level: Level) -> Node:
    """Return the image that a level belongs to, opened again."""
    from zarr import open_group
    from zarr.storage import StorePath

    from omezarr.nodes.reading import open as open_node

    array = level.array
    group = array.path.removesuffix(level.path.strip("/")).rstrip("/")
    found = open_group(StorePath(array.store, group), mode="r", zarr_format=array.metadata.zarr_format)
    return open_node(found)


def _node_rows(node: Node) -> Iterable[tuple[str, str]]:
    yield node.key or "zarr group", f"<b>{_text(node.name)}</b>"
    yield "location", _text(node.location)
    if node.version:
        yield "version", _text(f"NGFF {node.version}" + (" (inferred)" if node.version_inferred else ""))
    if node.axes:
        yield "axes", _text(", ".join(f"{axis.name} ({axis.unit})" if axis.unit else axis.name for axis in node.axes))
    if node.levels:
        yield "levels", "<br>".join(_text(_level_line(level)) for level in node.levels)
    if node.channels:
        yield "channels", ", ".join(_channel(str(item.label or "?"), item.color) for item in node.channels)
    if node.multiscale is not None:
        labels = list(node.labels)
        if labels:
            yield "labels", _names(labels)
        return
    plate = next((facet for facet in node.facets.values() if isinstance(facet, Plate)), None)
    if plate is not None:
        yield "wells", _text(f"{len(plate.wells)} of {len(plate.rows)} rows and {len(plate.columns)} columns")
    children = list(node.children)
    if children:
        yield "holds", _names(children)


def _level_line(level: Level) -> str:
    try:
        sizes = " x ".join(map(str, level.shape))
        geometry = level.geometry
        scale = "" if geometry is None else f", pixels of {' x '.join(f'{size:g}' for size in geometry.scale)}"
    except OMEZarrError as error:
        return f"{level.path}: {error}"
    else:
        return f"{level.path}: {sizes} {level.dtype}{scale}"


def _level_rows(level: Level) -> Iterable[tuple[str, str]]:
    yield "level", _text(level.path)
    array = level.array
    facts: dict[str, Any] = {"shape": array.shape, "dtype": array.dtype, "chunks": array.chunks, "shards": array.shards}
    for name, value in facts.items():
        if value is not None:
            yield name, _text(value)
    if level.geometry is not None:
        yield "pixel size", _text(level.geometry.scale)
        yield "first pixel at", _text(level.geometry.translation)


def _channel(label: str, color: object) -> str:
    """Return a channel with a square of its colour, if that is one."""
    try:
        square = "background:#{:02x}{:02x}{:02x}".format(*colour_of(str(color or "")))
    except ArgumentError:
        return _text(label)
    return f'<span style="display:inline-block;width:.8em;height:.8em;border:1px solid;{square}"></span> {_text(label)}'


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return _text(", ".join(names[:MAX_NAMES]) + more)
