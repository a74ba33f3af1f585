"""A web server for the files of a folder, on this machine, that counts what it is asked for."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class CountingServer(ThreadingHTTPServer):
    """Serves files; ``asked`` is the number of requests so far."""

    daemon_threads = True
    request_queue_size = 128
    asked = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def parse_request(self) -> bool:
        """Count every request, of whatever kind."""
        found = super().parse_request()
        if found:
            server = self.server
            assert isinstance(server, CountingServer)
            with _guard:
                server.asked += 1
        return found

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


_guard = threading.Lock()


@contextmanager
def serving(folder: Path) -> Iterator[CountingServer]:
    """Serve a folder while the block runs."""
    server = CountingServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
