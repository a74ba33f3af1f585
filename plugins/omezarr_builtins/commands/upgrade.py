"""``omezarr upgrade``: a whole hierarchy in another NGFF version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omezarr.terminal import (
    NameOf,
    PathOrURL,
    echo,
    echo_json,
    json_option,
    overwrite_option,
    progress_bar,
    storage_option,
)
from omezarr_builtins.commands._several import meant_by, run_each
from omezarr_builtins.commands._writing import WHOLE, checksums_option, run_options_of, running_options

if TYPE_CHECKING:
    from omezarr.upgrading import Upgrade


@click.command(epilog="Example: omezarr upgrade plate.ome.zarr --to 0.5 --dry-run")
@click.argument("paths", metavar="SOURCE... [TARGET]", nargs=-1, required=True, type=PathOrURL())
@click.option(
    "--to",
    "version",
    type=NameOf("formats"),
    required=True,
    metavar="VERSION",
    help="The NGFF version, for example 0.5.",
)
@click.option("--chunks", type=WHOLE, metavar="N,N,..", help="Write images with these chunks, one size for each axis.")
@click.option("--shards", type=WHOLE, metavar="N,N,..", help="Write images with these shards (0.5 and later).")
@click.option("--codec", metavar="NAME[:K=V,..]", help="Write images with this codec, for example zstd:level=3.")
@click.option("--into", metavar="FOLDER", help="Write each SOURCE into this folder, under its own name.")
@click.option("--in-place", is_flag=True, help="Change each SOURCE in place, where there are several.")
@checksums_option
@click.option("--expand-axes", is_flag=True, help="Add axes of size 1 where the version needs all five.")
@click.option("--allow-lossy", is_flag=True, help="Leave out metadata that the version cannot express.")
@running_options
@overwrite_option
@storage_option
@json_option
@click.pass_obj
def upgrade(registry: Any, /, *, paths: tuple[str, ...], into: str | None, in_place: bool, **words: Any) -> int:
    """Bring the hierarchy SOURCE to another NGFF version, newer or older.

    Images, labels, plates, wells, collections and scenes are upgraded together; groups, arrays, attributes and files of
    others are kept.

    Without TARGET, SOURCE is changed in place: metadata documents, and names of chunks where the version wants other
    ones, but no pixels. At every moment all of it opens, in the old version or in the new one; what was interrupted is
    completed by running the same again. With TARGET, a new hierarchy is written there, with other chunks, shards or
    codec if asked for. An older version cannot express everything: what would be lost is listed, and --allow-lossy
    leaves it out.

    A pattern in quotes, such as 'data/*.zarr', means all that match it; several SOURCEs are named with --in-place, or
    with --into the folder where they go. One that fails does not stop the others, and the exit code is 1 then.
    """
    from omezarr.writing.many import targets_of

    found, several = meant_by(paths)
    if into is not None and in_place:
        raise click.UsageError("--into and --in-place exclude each other")
    if into is None and not in_place and len(paths) > 2:
        raise click.UsageError("say what becomes of several sources: --in-place, or --into FOLDER")
    if into is None and not in_place and len(paths) == 2:
        return _one(registry, paths[0], paths[1], **words)[0]
    targets = dict(zip(found, targets_of(found, into), strict=True)) if into is not None else {}
    if several:
        as_json, done = words["as_json"], "can be upgraded" if words["dry_run"] else "upgraded"
        quiet = {**words, "quiet": as_json}
        return run_each(
            found, lambda path: _one(registry, path, targets.get(path), **quiet), as_json=as_json, done=done
        )
    return _one(registry, found[0], targets.get(found[0]), **words)[0]


def _one(
    registry: Any, source: str, target: str | None, *, version: str, quiet: bool = False, **words: Any
) -> tuple[int, dict[str, Any]]:
    """Upgrade one hierarchy, say so unless it is to be quiet, and return the exit code and the summary."""
    from omezarr.upgrading import carry_out, prepare_upgrade, upgrade_summary

    options = words["storage_options"] or None
    remote_target = target is not None and "://" in target
    prepared = prepare_upgrade(
        source,
        target,
        to=version,
        chunks=words["chunks"],
        shards=words["shards"],
        codec=words["codec"],
        checksums=words["checksums"],
        expand_axes=words["expand_axes"],
        allow_lossy=words["allow_lossy"],
        overwrite=words["overwrite"],
        storage_options=options if "://" in source or not remote_target else None,
        target_options=options if remote_target else None,
        registry=registry,
    )
    for notice in prepared.notices:
        echo(f"Note: {notice}", err=True)
    if not words["dry_run"]:
        with progress_bar(f"Upgrading {prepared.source.name}") as progress:
            carry_out(prepared, registry, run_options_of(words, progress))
    if not quiet:
        _report(prepared, dry=words["dry_run"], as_json=words["as_json"])
    return 0, {key: value for key, value in upgrade_summary(prepared).items() if key != "phases"}


def _report(prepared: Upgrade, *, dry: bool, as_json: bool) -> None:
    from omezarr.upgrading import step_line, upgrade_summary

    if as_json:
        summary = {**upgrade_summary(prepared), "dry_run": dry}
        echo_json(summary if dry else {key: value for key, value in summary.items() if key != "phases"})
        return
    where = "in place" if prepared.in_place else f"into {prepared.plan.target}"
    if not prepared.plan.steps:
        echo(f"{prepared.source} is NGFF {prepared.version} already; there is nothing to do.")
        return
    for loss in prepared.losses:
        echo(f"Lost: {loss}")
    versions = f"from NGFF {prepared.source_version} to {prepared.version}"
    if not dry:
        echo(f"Upgraded {prepared.source} {versions} {where}. See: omezarr info {prepared.plan.target}")
        return
    echo(f"Would upgrade {prepared.source} {versions} {where}:")
    for phase in prepared.plan.phases:
        if phase.steps:
            echo(f"  {phase.name}:")
        for step in phase.steps:
            echo(f"    {step_line(step)}")
