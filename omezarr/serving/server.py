"""Starting and stopping the server: on this machine alone, with a token, on a port that is free.

Examples
--------
>>> import numpy as np, omezarr, urllib.request
>>> _ = omezarr.write_image("memory://doc-server/a.ome.zarr", np.zeros((8, 8), "uint8"), axes="yx")
>>> from omezarr.serving.library import Library
>>> with BackgroundServer(Library("memory://doc-server/a.ome.zarr", omezarr.default_registry())) as server:
...     urllib.request.urlopen(server.url).status
200
"""

from __future__ import annotations

import asyncio
import errno
import secrets
import threading
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from omezarr.errors import ArgumentError, StorageError
from omezarr.serving.application import application
from omezarr.serving.studio import Studio

if TYPE_CHECKING:
    from types import TracebackType

    from omezarr.abc import Viewer
    from omezarr.serving.library import Library

HOST = "127.0.0.1"
"""Nobody on another machine is answered."""

PORT = 8765
"""The port that is tried first."""

_CLOSING_SECONDS = 2.0


class Server:
    """Serves a library until it is closed.

    Parameters
    ----------
    library : Library
    port : int
        Tried first; another one is taken where it is in use.
    cors : str, optional
        The one other origin that may read.
    viewer : Viewer, optional
        A web site for which the raw hierarchy is served, too.
    """

    def __init__(
        self, library: Library, port: int = PORT, cors: str | None = None, viewer: Viewer | None = None
    ) -> None:
        self._viewer = viewer
        if cors is not None and ("://" not in cors or cors.endswith("/")):
            raise ArgumentError(f"an origin is written like https://example.org, not {cors!r}")
        self._studio = Studio(library)
        self._wanted = port
        self._cors = cors
        self._token = secrets.token_urlsafe(24)
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The address of the page, with its token."""
        return f"http://{HOST}:{self.port}/{self._token}/"

    @property
    def raw(self) -> str:
        """Where the raw hierarchy is served for a viewer elsewhere."""
        return f"{self.url}raw"

    @property
    def address(self) -> str:
        """What a browser is to open: the page, or the viewer elsewhere."""
        if self._viewer is None:
            return self.url
        return self._viewer.address(self.raw, self._studio.library.root(""))

    async def start(self) -> None:
        """Begin to listen.

        Raises
        ------
        StorageError
            If no port can be had.
        """
        import socket

        listening = _socket(self._wanted)
        self.port = listening.getsockname()[1]
        hosts = frozenset(f"{name}:{self.port}" for name in (HOST, "localhost"))
        raw = None if self._viewer is None else self._viewer.origin
        app = application(self._studio, self._token, hosts, self._studio.library.threads, cors=self._cors, raw=raw)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_CLOSING_SECONDS)
        await self._runner.setup()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await web.SockSite(self._runner, listening).start()

    async def close(self) -> None:
        """Stop listening, and end all threads."""
        if self._runner is not None:
            await self._runner.cleanup()


def _socket(port: int) -> Any:
    """Return a socket on a port, or on any other one where that is taken."""
    import socket

    for wanted in (port, 0):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            found.bind((HOST, wanted))
        except OSError as error:
            found.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES) or wanted == 0:
                raise StorageError(f"could not listen on {HOST}:{wanted}: {error.strerror or error}") from error
        else:
            return found
    raise AssertionError("one of the two ports is bound, or an error raised")


class BackgroundServer:
    """A server in a thread of its own, for notebooks and tests.

    Parameters
    ----------
    library : Library
    port : int
    cors : str, optional
    viewer : Viewer, optional
    """

    def __init__(self, library: Library, port: int = 0, cors: str | None = None, viewer: Viewer | None = None) -> None:
        self._server = Server(library, port, cors, viewer)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="omezarr-server", daemon=True)

    @property
    def url(self) -> str:
        """The address of the page, with its token."""
        return self._server.url

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Stop it, and wait until its threads have ended."""
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
