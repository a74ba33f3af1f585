"""``omezarr scale``: resolution levels for an image or array that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from omezarr.errors import ArgumentError
from omezarr.terminal import PathOrURL, echo_json, json_option, overwrite_option, progress_bar, storage_option
from omezarr_builtins.commands._writing import (
    echo_outcome,
    run_options_of,
    running_options,
    show_plan,
    write_options_of,
    writing_options,
)

if TYPE_CHECKING:
    from omezarr.abc.plan import Plan


@click.command(epilog="Example: omezarr scale image.ome.zarr --in-place --levels 5")
@click.argument("source", type=PathOrURL())
@click.argument("target", required=False, type=PathOrURL())
@click.option("--in-place", is_flag=True, help="Add the levels to SOURCE itself; its pixels stay as they are.")
@click.option("--axes", help="The axes of a bare array, one letter each, for example czyx.")
@writing_options("--method", "--scaling")
@running_options
@overwrite_option
@storage_option
@json_option
@click.pass_obj
def scale(registry: Any, /, *, source: str, target: str | None, in_place: bool, **words: Any) -> None:
    """Make resolution levels of SOURCE, an OME-Zarr image or a zarr array.

    With TARGET, a new image is written there. With --in-place, levels are added below those that are there, to the
    labels of the image as well; the group of a bare array becomes an image.
    """
    from omezarr.writing.conversion import prepare_conversion
    from omezarr.writing.exporting import OME_ZARR
    from omezarr.writing.images import run_plan
    from omezarr.writing.levels import plan_added_levels

    if in_place == (target is not None):
        raise click.UsageError("give either a TARGET or --in-place")
    options = write_options_of(words)
    if target is None:
        if words["overwrite"]:
            raise ArgumentError("--overwrite replaces a TARGET; with --in-place nothing is replaced")
        plan = plan_added_levels(
            source, axes=words["axes"], options=options, storage_options=words["storage_options"], registry=registry
        )
    else:
        prepared = prepare_conversion(
            source,
            target,
            exporter=OME_ZARR,
            axes=words["axes"],
            options=options,
            overwrite=words["overwrite"],
            source_options=words["storage_options"],
            storage_options=words["storage_options"],
            registry=registry,
        )
        plan = cast("Plan", prepared)  # what no exporter writes is a plan
    if words["dry_run"]:
        show_plan(plan, as_json=words["as_json"])
        return
    with progress_bar(f"Scaling {plan.target.name}") as progress:
        written = run_plan(plan, registry, run_options_of(words, progress))
    if words["as_json"]:
        echo_json({"source": source, "path": str(plan.target)})
    else:
        echo_outcome(f"Wrote {plan.target}", str(plan.target), written=written)
