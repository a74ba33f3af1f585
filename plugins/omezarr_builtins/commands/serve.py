"""``omezarr serve``: all OME-Zarr below a folder, as a page with a table."""

from __future__ import annotations

from typing import Any

import click

from omezarr.terminal import PathOrURL, storage_option
from omezarr_builtins.commands._showing import server_options, show_library


@click.command(epilog="Example: omezarr serve data/")
@click.argument("directory", type=PathOrURL())
@click.option("--browser", is_flag=True, help="Open the page.")
@server_options
@storage_option
@click.pass_obj
def serve(
    registry: Any,
    /,
    *,
    directory: str,
    browser: bool,
    port: int,
    cors: str | None,
    storage_options: dict[str, str],
) -> None:
    """Serve a page of all OME-Zarr below DIRECTORY, a folder or a prefix of a bucket, and print its address.

    The page has a table to sort, filter and group, with thumbnails; a click shows an image. It stops with Ctrl-C.
    """
    from omezarr.serving.library import Library

    library = Library(directory, registry, folder=True, storage_options=storage_options)
    show_library(library, port, cors, browser=browser)
