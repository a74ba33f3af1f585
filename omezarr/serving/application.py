"""The server: what is asked for, by whom, and what is answered.

It answers only requests that name this machine as their host, and whose path begins with the token; it tells browsers
to run no script but that of the page, and sends no permission to read to any other origin unless it was started with
one.
"""

from __future__ import annotations

import asyncio
import hmac
from importlib import resources
from typing import TYPE_CHECKING, Any

from aiohttp import web

from omezarr.serving.answers import QUESTIONS, answer
from omezarr.serving.raw import headers, preflight, raw_object
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omezarr.serving.answers import Answer
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
    app = web.Application(middlewares=[_guard(token, hosts, cors)])
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
    for name in QUESTIONS:
        app.router.add_get(f"{prefix}/api/{name}", _question(name))
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
        except Exception as error:  # noqa: BLE001 - whatever a store did, the server goes on
            response = web.Response(status=500, text=f"{type(error).__name__}: {error}\n")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin" if cors is None else "cross-origin")
        if cors is not None and request.headers.get("Origin") == cors:
            response.headers["Access-Control-Allow-Origin"] = cors
            response.headers["Vary"] = "Origin"
        return response

    return guard


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


def _question(name: str) -> Handler:
    """Return what answers a question of the page."""

    async def send(request: web.Request) -> web.Response:
        query = request.rel_url.raw_query_string
        found: Answer = (
            answer(request.app[STUDIO], name, query)  # reads nothing, and waits behind no tile
            if name == "root"
            else await _in_thread(request, answer, request.app[STUDIO], name, query)
        )
        kept = "private, max-age=600" if found.kind == "image/png" else "no-store"
        return web.Response(
            status=found.status, body=found.content, content_type=found.kind, headers={"Cache-Control": kept}
        )

    return send


def _raw(origin: str) -> Handler:
    """Return what sends raw objects to the scripts of one origin."""

    async def send(request: web.Request) -> web.StreamResponse:
        library = request.app[STUDIO].library
        asked, body = request.headers.get("Range"), request.method != "HEAD"

        def read() -> web.Response:
            return raw_object(library.root(""), request.match_info["key"], asked, body=body)

        response: web.Response = await _in_thread(request, read)
        if request.headers.get("Origin") == origin:
            response.headers.update(headers(origin))
        return response

    return send
