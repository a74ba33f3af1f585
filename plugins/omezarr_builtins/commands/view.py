"""``omezarr view``: an OME-Zarr in the browser, on a page that needs no internet."""

from __future__ import annotations

from typing import Any

import click

from omezarr.terminal import NameOf, PathOrURL, echo, storage_option
from omezarr_builtins.commands._showing import server_options, show_library


@click.command(epilog="Example: omezarr view coins.ome.zarr")
@click.argument("path", type=PathOrURL())
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@click.option(
    "--with",
    "viewer",
    type=NameOf("viewers"),
    metavar="NAME|URL",
    help="Open another viewer, which needs the internet: neuroglancer, vizarr, validator, of a plugin, or a URL.",
)
@server_options
@storage_option
@click.pass_obj
def view(
    registry: Any,
    /,
    *,
    path: str,
    no_browser: bool,
    viewer: str | None,
    port: int,
    cors: str | None,
    storage_options: dict[str, str],
) -> None:
    """Show the OME-Zarr at PATH in the browser: images, plates, collections, of any version and from any location.

    A server on this machine draws what the page asks for; nothing is loaded from the internet, nothing outside of PATH
    can be read, and nobody without the address can read anything. It stops with Ctrl-C.
    """
    from omezarr.serving.library import Library

    library = Library(path, registry, storage_options=storage_options)
    show_library(library, port, cors, browser=not no_browser, viewer=_viewer(viewer, registry) if viewer else None)


def _viewer(name: str, registry: Any) -> Any:
    """Return a viewer by its name, or one at a URL; say that it needs the internet."""
    from omezarr.abc import Viewer

    class Other(Viewer):
        description = "at an address that was given"
        site = name

    found = Other() if name.startswith(("https://", "http://")) else registry.viewers[name]
    echo(
        f"Note: the viewer is loaded from {found.origin} over the internet; while this runs, scripts from there can "
        "read what is served here, and nothing else.",
        err=True,
    )
    return found
