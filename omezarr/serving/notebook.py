"""The page in a notebook: the same files and the same answers, carried by the connection of the kernel.

There is no server, so it works wherever the kernel runs. The page lies in a sandboxed frame without an origin, and is
one document: its modules come along with it, and its policy lets nothing be loaded from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from omezarr.serving.answers import answer
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from omezarr.serving.answers import Answer
    from omezarr.serving.studio import Studio

_OUTSIDE = ("frame.js", "notebook.js")
"""What begins the page, and is no part of it."""


def _file(name: str) -> str:
    return (resources.files("omezarr.serving") / "page" / name).read_text(encoding="utf-8")


def document() -> str:
    """Return the page as one document, which loads nothing."""
    folder = resources.files("omezarr.serving") / "page"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".js") and file.name not in _OUTSIDE)
    files = json.dumps({name: _file(name) for name in names}).replace("<", "\\u003c")
    script, style = _file("frame.js"), _file("style.css")
    policy = (
        f"default-src 'none'; script-src {_hash(script)} blob:; style-src {_hash(style)}; img-src blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    body = re.search(r"<body>.*</body>", _file("index.html"), re.DOTALL)
    assert body is not None
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<title>omezarr</title>\n'
        f'<style>{style}</style>\n<script type="application/json" id="files">{files}</script>\n'
        f'<script type="module">{script}</script>\n</head>\n{body[0]}\n</html>\n'
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class NotebookView(anywidget.AnyWidget):  # type: ignore[misc]  # mypy is told not to look into anywidget
    """What `omezarr.view` returns: a widget.

    Parameters
    ----------
    studio : Studio
        What draws.
    threads : int
        How many tiles are drawn at once.
    height : int
        Of the page in the notebook, in pixels.
    address : str
        What is shown, as the address of the page has it behind ``#``; it follows what is done there.
    """

    _esm = _file("notebook.js")
    height = traitlets.Int(560).tag(sync=True)
    address = traitlets.Unicode("").tag(sync=True)

    def __init__(self, studio: Studio, threads: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._studio = studio
        self._pool = ThreadPool(threads, thread_name_prefix="omezarr-view")
        self._waiting: dict[tuple[str, int], Future[Answer]] = {}
        self.on_msg(self._asked)

    def _asked(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        view = message.get("view")
        if not isinstance(view, str):
            return
        if message.get("page") is True:
            self.send({"view": view, "page": document()})
            return
        cancelled = message.get("cancel")
        if isinstance(cancelled, int):
            if (future := self._waiting.pop((view, cancelled), None)) is not None:
                future.cancel()
            return
        number, name, query = message.get("id"), message.get("name"), message.get("query")
        if not (isinstance(number, int) and isinstance(name, str) and isinstance(query, str)):
            return
        future = self._pool.submit(answer, self._studio, name, query)
        self._waiting[view, number] = future
        future.add_done_callback(lambda done: self._answered(view, number, done))

    def _answered(self, view: str, number: int, future: Future[Answer]) -> None:
        if self._waiting.pop((view, number), None) is None or future.cancelled():
            return
        found = future.result()
        self.send({"view": view, "id": number, "status": found.status, "kind": found.kind}, [found.content])

    def close(self) -> None:
        """Remove the page from the notebook, and end its threads."""
        super().close()
        pool = getattr(self, "_pool", None)  # a widget that failed to begin is closed, too
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
