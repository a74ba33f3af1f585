"""The server: what is asked for, by whom, and what is answered.

It answers only requests that name this machine as their host, and whose path begins with the token; it tells browsers
to run no script but that of the page, and sends no permission to read to any other origin unless it was started with
one.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from aiohttp import web

from omezarr._version import __version__
from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrError, UnknownNameError
from omezarr.rendering.request import PictureRequest
from omezarr.serving.raw import headers, preflight, raw_object
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omezarr.serving.studio import Studio

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""What browsers let the page do: load its own files and pictures, and nothing else."""

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

WAITING = 512
"""How many requests may wait for a thread; beyond, they are told to come again."""

STUDIO: web.AppKey[Studio] = web.AppKey("studio")
POOL: web.AppKey[ThreadPool] = web.AppKey("pool", ThreadPool)


def application(
    studio: Studio, token: str, hosts: frozenset[str], threads: int, *, cors: str | None = None, raw: str | None = None
) -> web.Application:
    """Return the application.

    Parameters
    ----------
    studio : Studio
    token : str
        What every path begins with.
    hosts : frozenset of str
        What the header ``Host`` may be.
    threads : int
        How many tiles are drawn at once.
    cors : str, optional
        The one other origin that may read.
    raw : str, optional
        The one origin for which the raw objects are served; without it, they are not.
    """
    app = web.Application(middlewares=[_guard(token, hosts, cors), _errors])
    app[STUDIO] = studio
    app[POOL] = ThreadPool(threads, thread_name_prefix="omezarr-serve")

    async def close(_: web.Application) -> None:
        app[POOL].shutdown(wait=True, cancel_futures=True)

    app.on_cleanup.append(close)
    prefix = f"/{token}"
    if raw is not None:
        app.router.add_route("OPTIONS", f"{prefix}/raw/{{key:.*}}", preflight(raw))
        app.router.add_get(f"{prefix}/raw/{{key:.*}}", _raw(raw))
    app.router.add_get(f"{prefix}/", _page)
    app.router.add_get(f"{prefix}/page/{{name}}", _page)
    for name, handler in HANDLERS.items():
        app.router.add_get(f"{prefix}/api/{name}", handler)
    return app


def _guard(token: str, hosts: frozenset[str], cors: str | None) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host", "") not in hosts:
            return web.Response(status=403, text="this server answers to its own address only\n")
        given = request.path.split("/")[1]
        if not hmac.compare_digest(given.encode(), token.encode()):
            return web.Response(status=404, text="not found; the address begins with the token that was printed\n")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=f"{error.reason}\n")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin" if cors is None else "cross-origin")
        if cors is not None and request.headers.get("Origin") == cors:
            response.headers["Access-Control-Allow-Origin"] = cors
            response.headers["Vary"] = "Origin"
        return response

    return guard


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors of the request or of the data in words."""
    try:
        return await handler(request)
    except (LocationNotFoundError, UnknownNameError) as error:
        return _json({"error": str(error)}, 404)
    except ArgumentError as error:
        return _json({"error": str(error)}, 400)
    except OMEZarrError as error:
        return _json({"error": str(error)}, 422)
    except web.HTTPException:
        raise
    except Exception as error:  # noqa: BLE001 - whatever data did, the page is told and the server goes on
        return _json({"error": f"{type(error).__name__}: {error}"}, 500)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(value, allow_nan=False),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _png(content: bytes) -> web.Response:
    return web.Response(body=content, content_type="image/png", headers={"Cache-Control": "private, max-age=600"})


async def _in_thread(request: web.Request, work: Callable[..., Any], *arguments: Any) -> Any:
    """Do the work of a request in a thread, unless its client goes away before it begins."""
    pool = request.app[POOL]
    if pool._work_queue.qsize() > WAITING:  # noqa: SLF001 - there is no public way to ask
        raise web.HTTPServiceUnavailable(reason="too many requests at once; ask again")
    return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)


async def _page(request: web.Request) -> web.Response:
    name = request.match_info.get("name", "index.html")
    folder = resources.files("omezarr.serving") / "page"
    known = {file.name: file for file in folder.iterdir()}
    if name not in known or f".{name.rpartition('.')[2]}" not in TYPES:
        raise web.HTTPNotFound
    kind = TYPES[f".{name.rpartition('.')[2]}"]
    return web.Response(
        body=known[name].read_bytes(), content_type=kind, charset="utf-8", headers={"Cache-Control": "no-cache"}
    )


def _which(request: web.Request) -> tuple[str, str]:
    return request.query.get("item", ""), request.query.get("path", "")


def _number(request: web.Request, name: str, default: int | None = None) -> int:
    text = request.query.get(name, "" if default is None else str(default))
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(f"{name} takes a whole number, not {text!r}") from None


def picture_request(query: Any, **more: Any) -> PictureRequest:
    """Return the picture that the query of a URL asks for.

    Parameters
    ----------
    query : mapping of str to str
        ``at=z:3,t:0``, ``channels=0,FF0000,10,200;2,00FF00,0,255``, ``projection``, ``along``, ``labels``, ``outline``.
    **more
        Further fields of the request.

    Raises
    ------
    ArgumentError
        If it cannot be understood.

    Examples
    --------
    >>> picture_request({"at": "z:3", "channels": "1,FF0000,0,9"}).windows
    ((0.0, 9.0),)
    """
    try:
        at = {name: int(index) for name, _, index in (part.rpartition(":") for part in _parts(query.get("at"), ","))}
        channels = [part.split(",") for part in _parts(query.get("channels"), ";")]
        chosen: dict[str, Any] = {}
        if channels:
            chosen["channels"] = tuple(int(part[0]) for part in channels)
            chosen["colors"] = tuple(part[1] for part in channels)
            chosen["windows"] = tuple((float(part[2]), float(part[3])) for part in channels)
    except (ValueError, IndexError):
        raise ArgumentError("the address names samples or channels that make no sense") from None
    return PictureRequest(
        at={name: index for name, index in at.items() if name},
        projection=query.get("projection") or None,
        along=query.get("along") or "z",
        labels=tuple(query.getall("labels", ())) if hasattr(query, "getall") else False,
        outline=query.get("outline") == "1",
        **chosen,
        **more,
    )


def _parts(text: str | None, mark: str) -> list[str]:
    return [part for part in (text or "").split(mark) if part]


def _raw(origin: str) -> Handler:
    """Return what sends raw objects to the scripts of one origin."""

    async def send(request: web.Request) -> web.StreamResponse:
        library = request.app[STUDIO].library
        asked, body = request.headers.get("Range"), request.method != "HEAD"

        def answer() -> web.Response:
            return raw_object(library.root(""), request.match_info["key"], asked, body=body)

        response: web.Response = await _in_thread(request, answer)
        if request.headers.get("Origin") == origin:
            response.headers.update(headers(origin))
        return response

    return send


async def _root(request: web.Request) -> web.Response:
    library = request.app[STUDIO].library
    return _json({"name": library.name, "folder": library.folder, "version": __version__})


async def _items(request: web.Request) -> web.Response:
    return _json(await _in_thread(request, request.app[STUDIO].library.items))


async def _node(request: web.Request) -> web.Response:
    return _json(await _in_thread(request, request.app[STUDIO].node, *_which(request)))


async def _labels(request: web.Request) -> web.Response:
    name = request.query.get("name", "")
    return _json(await _in_thread(request, request.app[STUDIO].labels, *_which(request), name))


def _tile_place(request: web.Request) -> tuple[int, int, int]:
    return _number(request, "level"), _number(request, "row"), _number(request, "column")


async def _tile(request: web.Request) -> web.Response:
    asked = picture_request(request.query)
    return _png(await _in_thread(request, request.app[STUDIO].tile, *_which(request), _tile_place(request), asked))


async def _label_tile(request: web.Request) -> web.Response:
    asked = picture_request(request.query)
    if not isinstance(asked.labels, tuple) or len(asked.labels) != 1:
        raise ArgumentError("a tile of labels shows those of one name")
    draw = request.app[STUDIO].label_tile
    return _png(await _in_thread(request, draw, *_which(request), _tile_place(request), asked))


async def _values(request: web.Request) -> web.Response:
    asked = picture_request(request.query)
    pixel = (_number(request, "row"), _number(request, "column"))
    return _json(await _in_thread(request, request.app[STUDIO].values, *_which(request), asked, pixel))


async def _histogram(request: web.Request) -> web.Response:
    asked, channel = picture_request(request.query), _number(request, "channel")
    return _json(await _in_thread(request, request.app[STUDIO].histogram, *_which(request), channel, asked))


async def _picture(request: web.Request) -> web.Response:
    asked = picture_request(request.query, size=min(_number(request, "size", 256), 2048))
    return _png(await _in_thread(request, request.app[STUDIO].picture, *_which(request), asked))


HANDLERS = {
    "root": _root,
    "items": _items,
    "node": _node,
    "labels": _labels,
    "tile": _tile,
    "label-tile": _label_tile,
    "values": _values,
    "histogram": _histogram,
    "picture": _picture,
}
"""What the page asks for, by the end of its path."""
