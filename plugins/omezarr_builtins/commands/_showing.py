"""What the commands that serve have in common: their options, and saying where the page is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from omezarr.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.abc import Viewer
    from omezarr.serving.library import Library

F = TypeVar("F", bound="Callable[..., Any]")


def server_options(function: F) -> F:
    """Add ``--port`` and ``--cors``."""
    port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8765,
        show_default=True,
        help="Tried first; another one is taken where it is in use.",
    )
    cors = click.option("--cors", metavar="ORIGIN", help="One other origin that may read, for example https://lab.org.")
    return port(cors(function))


def show_library(library: Library, port: int, cors: str | None, *, browser: bool, viewer: Viewer | None = None) -> None:
    """Serve until Ctrl-C; open the page, or print its address."""
    import webbrowser

    from omezarr.serving.running import run_until_interrupted
    from omezarr.serving.server import Server

    def announce(url: str) -> None:
        echo(url)
        echo("Ctrl-C stops it.", err=True)
        if browser and not webbrowser.open(url):
            echo("Note: no browser could be opened; open the address above.", err=True)

    run_until_interrupted(Server(library, port, cors, viewer), announce)
