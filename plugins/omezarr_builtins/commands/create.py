"""``omezarr create``: write sample data."""

from __future__ import annotations

from typing import Any

import click

from omezarr.location import Location
from omezarr.terminal import NameOf, PathOrURL, echo_json, json_option, overwrite_option, progress_bar, storage_option
from omezarr_builtins.commands._writing import (
    echo_outcome,
    run_options_of,
    running_options,
    show_plan,
    write_options_of,
    writing_options,
)

SAMPLE_LEVELS = 3
"""How many levels samples get: enough to see a pyramid, although they would fit one chunk."""


@click.command(epilog="Example: omezarr create coins.ome.zarr --sample coins")
@click.argument("path", type=PathOrURL())
@click.option(
    "--sample",
    "--method",
    "sample",
    type=NameOf("samples"),
    default="coins",
    show_default=True,
    help="Which sample data.",
)
@writing_options("--scaling")
@running_options
@overwrite_option
@storage_option
@json_option
@click.pass_obj
def create(registry: Any, /, *, path: str, sample: str, **words: Any) -> None:
    """Write sample data to PATH, to try things out.

    The samples are listed by 'omezarr plugins'; coins, astronaut, timeseries and plate come with omezarr. They are
    small, so they get 3 levels unless --levels, --factors or --chunks say otherwise.
    """
    from omezarr.plugins.asking import calling
    from omezarr.writing import plan_content
    from omezarr.writing.images import run_plan

    if not (words["levels"] or words["factors"] or words["chunks"]):
        words["levels"] = SAMPLE_LEVELS
    data = registry.samples[sample]
    with calling(registry.samples, sample, "load"):
        content = data.load()
    target = Location.parse(path, words["storage_options"])
    plan = plan_content(target, content, write_options_of(words), registry, overwrite=words["overwrite"])
    if words["dry_run"]:
        show_plan(plan, as_json=words["as_json"])
        return
    with progress_bar(f"Writing {target.name}") as progress:
        written = run_plan(plan, registry, run_options_of(words, progress))
    if words["as_json"]:
        echo_json({"path": str(target), "sample": sample})
    else:
        echo_outcome(f"Wrote {sample} to {path}", path, written=written)
