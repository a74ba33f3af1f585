"""The raw objects of a hierarchy, read-only, whole or in part: what viewers elsewhere read.

The answers tell browsers that scripts of one origin may read them, and no others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from omezarr.errors import OMEZarrError
from omezarr.hierarchy import run
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from omezarr.nodes.node import Node

MAX_OBJECT = 1024 * 1024 * 1024
"""Objects beyond this size are sent in the parts that are asked for, never whole."""


def headers(origin: str) -> dict[str, str]:
    """Return the headers that let scripts of one origin read."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "Range",
        "Access-Control-Allow-Private-Network": "true",
        "Access-Control-Expose-Headers": "Content-Range, Content-Length",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Origin",
    }


def raw_object(root: Node, key: str, asked: str | None, *, body: bool) -> web.Response:
    """Return the answer to a request for an object.

    Parameters
    ----------
    root : Node
        The root of the hierarchy; its store keeps to what lies inside.
    key : str
        Relative to the root.
    asked : str, optional
        The header ``Range``.
    body : bool
        Whether the bytes are wanted, or only their number.
    """
    hierarchy = root.hierarchy
    try:
        path = "/".join(part for part in (hierarchy.path, checked_path(key)) if part)
        size = run(_size(hierarchy.store, path))
    except OMEZarrError:
        return web.Response(status=404, text="not found\n")
    if size is None:
        return web.Response(status=404, text="not found\n")
    part = _part(asked, size)
    if part is not None and part[0] >= size:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, stop = part or (0, size)
    described = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", "Cache-Control": "no-cache"}
    if part is not None:
        described["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    status = 206 if part is not None else 200
    if not body:
        return web.Response(status=status, headers=described | {"Content-Length": str(stop - start)})
    if part is None and size > MAX_OBJECT:
        return web.Response(status=413, text="too large to be sent whole; ask for parts\n")
    content = run(_content(hierarchy.store, path, start, stop))
    return web.Response(status=status, body=content, headers=described)


def _part(asked: str | None, size: int) -> tuple[int, int] | None:
    """Return which bytes are asked for, from and up to; None for all, and for what is no single part."""
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", asked or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


async def _size(store: Any, path: str) -> int | None:
    if not await store.exists(path):
        return None
    size: int = await store.getsize(path)
    return size


async def _content(store: Any, path: str, start: int, stop: int) -> bytes:
    from zarr.abc.store import RangeByteRequest
    from zarr.core.buffer import default_buffer_prototype

    found = await store.get(path, default_buffer_prototype(), RangeByteRequest(start, stop))
    return b"" if found is None else bytes(found.to_bytes())


def preflight(origin: str) -> Callable[[web.Request], Coroutine[Any, Any, web.Response]]:
    """Return what answers the question that browsers ask before they send headers."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=204, headers=headers(origin))

    return answer
