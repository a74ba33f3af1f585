"""A web server for the files of a folder, on this machine, that counts what it is asked for."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator


class CountingServer(ThreadingHTTPServer):
    """Serves files; ``asked`` is the number of requests so far, ``wait`` the seconds before each answer."""

    daemon_threads = True
    request_queue_size = 128
    asked = 0
    wait = 0.0

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
            time.sleep(server.wait)
        return found

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Send the part of a file that is asked for, which the server of the standard library does not."""
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if wanted is None or not path.is_file():
            return super().send_head()
        size, (first, last) = path.stat().st_size, wanted.groups()
        start = int(first) if first else max(0, size - int(last))
        stop = min(int(last) + 1, size) if first and last else size
        with path.open("rb") as file:
            file.seek(start)
            content = file.read(stop - start)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return BytesIO(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


_guard = threading.Lock()


@contextmanager
def serving(folder: Path, wait: float = 0.0) -> Iterator[CountingServer]:
    """Serve a folder while the block runs."""
    server = CountingServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    server.wait = wait
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
