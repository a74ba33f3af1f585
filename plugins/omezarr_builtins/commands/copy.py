"""``omezarr copy``: a whole hierarchy, byte by byte, to another place."""

from __future__ import annotations

from typing import Any

import click

from omezarr.terminal import PathOrURL
from omezarr_builtins.commands._copying import copying_options, run_copy


@click.command(epilog="Example: omezarr copy plate.ome.zarr s3://bucket/plate.ome.zarr --verify")
@click.argument("source", type=PathOrURL())
@click.argument("target", type=PathOrURL())
@copying_options
@click.pass_obj
def copy(registry: Any, /, *, source: str, target: str, **words: Any) -> None:
    """Copy the hierarchy SOURCE to TARGET as it is, whatever it holds.

    Chunks, shards, codecs, metadata, tables and files beside the images stay what they are, byte by byte. Where
    nothing can be listed, as over HTTP, what the metadata names is copied. An interrupted copy goes on with --resume.

    Options that select take only a part, with everything where it was, and --rechunk, --shards and --codec store the
    pixels anew; then it is images, plates and their labels that are copied, in the version that they are.

    The storage options are for the sides that are URLs; source.KEY=VALUE and target.KEY=VALUE are for one of them.
    """
    run_copy(registry, source, target, words)
