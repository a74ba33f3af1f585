"""The command ``omezarr histogram``."""

from __future__ import annotations

import click

from omezarr.hookspecs import hookimpl
from omezarr.terminal import echo, echo_json, json_option, storage_option


@click.command(epilog="Example: omezarr histogram coins.ome.zarr --bins 4")
@click.argument("path")
@click.option("--bins", type=click.IntRange(min=1), default=10, show_default=True, help="How many bins.")
@storage_option
@json_option
@click.pass_obj
def histogram(registry, path, bins, storage_options, as_json):
    """Count the pixels of the smallest level of the image at PATH by their value."""
    import numpy as np

    import omezarr
    from omezarr.errors import UnsupportedError

    node = omezarr.open(path, storage_options=storage_options, registry=registry)
    if not node.levels:
        raise UnsupportedError(f"{path} is no image, so it has no pixels to count; see: omezarr info {path}")
    counts, edges = np.histogram(node.levels[-1].read(), bins=bins)
    rows = [{"from": edges[n], "to": edges[n + 1], "count": int(count)} for n, count in enumerate(counts)]
    if as_json:
        echo_json(rows)
    for row in () if as_json else rows:
        echo(f"{row['from']:g} to {row['to']:g}: {row['count']}")


@hookimpl
def omezarr_commands():
    """Give the command to omezarr."""
    return [histogram]
