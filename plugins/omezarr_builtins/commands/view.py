"""``omezarr view``: an OME-Zarr in the browser, on a page that needs no internet."""

from __future__ import annotations

from typing import Any

import click

from omezarr.hookspecs import hookimpl
from omezarr.terminal import storage_option
from omezarr_builtins.commands._showing import server_options, show_library


@click.command(epilog="Example: omezarr view coins.ome.zarr")
@click.argument("path")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@server_options
@storage_option
@click.pass_obj
def view(
    registry: Any,
    /,
    *,
    path: str,
    no_browser: bool,
    port: int,
    cors: str | None,
    storage_options: dict[str, str],
) -> None:
    """Show the OME-Zarr at PATH in the browser: images, plates, collections, of any version and from any location.

    A server on this machine draws what the page asks for; nothing is loaded from the internet, nothing outside of PATH
    can be read, and nobody without the address can read anything. It stops with Ctrl-C.
    """
    from omezarr.serving.library import Library

    show_library(Library(path, registry, storage_options=storage_options), port, cors, browser=not no_browser)


@hookimpl
def omezarr_commands() -> list[click.Command]:
    """Provide the command ``view``."""
    return [view]
