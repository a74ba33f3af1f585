"""``omezarr download``: a copy of a remote hierarchy on this disk."""

from __future__ import annotations

from typing import Any

import click

from omezarr.errors import ArgumentError
from omezarr.location import Location
from omezarr.terminal import PathOrURL
from omezarr_builtins.commands._copying import copying_options, run_copy


@click.command(epilog="Example: omezarr download https://example.org/data/plate.ome.zarr")
@click.argument("source", type=PathOrURL())
@click.argument("target", required=False, type=PathOrURL())
@copying_options
@click.pass_obj
def download(registry: Any, /, *, source: str, target: str | None, **words: Any) -> None:
    """Copy the remote hierarchy SOURCE to TARGET, by default under its own name into the working directory.

    The same as omezarr copy: all that is there, byte by byte; where nothing can be listed, what the metadata names.
    """
    if target is None:
        target = Location.parse(source).name
        if not target:
            raise ArgumentError(f"{source} has no name that a folder could have; give a TARGET")
    run_copy(registry, source, target, words)
