"""The options of all commands that write: how the levels are made, and how the work is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from omezarr.terminal import NameOf, Numbers, Size, echo, echo_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.abc.plan import Plan
    from omezarr.writing import WriteOptions

F = TypeVar("F", bound="Callable[..., Any]")

WHOLE = Numbers(whole=True)

checksums_option = click.option(
    "--checksums/--no-checksums",
    default=None,
    help="Put a crc32c behind the content of each chunk, so that wrong bytes are found (0.5 and later).",
)

_WRITE = (
    click.option(
        "--format",
        "format_version",
        type=NameOf("formats"),
        metavar="VERSION",
        help="The NGFF version to write. [default: 0.5]",
    ),
    click.option(
        "--label-scaling",
        type=NameOf("scaling_methods"),
        metavar="NAME",
        help="The scaling method for labels. [default: nearest]",
    ),
    click.option(
        "--factors",
        "factors",
        metavar="N,N,..",
        type=WHOLE,
        multiple=True,
        help="Downscaling from one level to the next: one number for the spatial axes, or one for each axis. "
        "Given once, it holds for every step; given several times, it lists the steps.",
    ),
    click.option("--levels", type=click.IntRange(min=1), help="How many levels, the full one included."),
    click.option("--chunks", type=WHOLE, metavar="N,N,..", help="The chunk shape, one size for each axis."),
    click.option("--shards", type=WHOLE, metavar="N,N,..", help="The shard shape (0.5 and later)."),
    click.option("--codec", metavar="NAME[:K=V,..]", help="For example zstd:level=3, blosc:cname=lz4,clevel=5, none."),
    checksums_option,
    click.option("--consolidated", is_flag=True, help="Write consolidated metadata, for few requests when opening."),
    click.option("--allow-lossy", is_flag=True, help="Leave out metadata that the version cannot express."),
    click.option("--expand-axes", is_flag=True, help="Add axes of size 1 where the version needs all five."),
)

lease_option = click.option(
    "--lease",
    type=click.FloatRange(min=2),
    metavar="SECONDS",
    help="How soon others may write to a store that is no local disk if this process dies. [default: 60]",
)
_RUN = (
    click.option("--memory", type=Size(), help="How much memory of its own the engine may use, for example 512MiB."),
    click.option("--threads", type=click.IntRange(min=1), help="How many threads. [default: the cores]"),
    click.option("--scheduler", metavar="ADDRESS", help="Run on dask.distributed: an address, or local:N."),
    click.option("--resume", is_flag=True, help="Go on with what an interrupted call with the same options left."),
    lease_option,
    click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing."),
)


def writing_options(*scaling: str) -> Callable[[F], F]:
    """Add the options that decide what is written; pass them on with `write_options_of`.

    Parameters
    ----------
    *scaling : str
        The names of the option for the scaling method.
    """
    method = click.option(
        *scaling,
        "scaling",
        type=NameOf("scaling_methods"),
        metavar="NAME",
        help="The scaling method. [default: local_mean]",
    )

    def add(function: F) -> F:
        for option in reversed((method, *_WRITE)):
            function = option(function)
        return function

    return add


def running_options(function: F) -> F:
    """Add the options that decide how the work is done; pass them on with `run_options_of`."""
    for option in reversed(_RUN):
        function = option(function)
    return function


def write_options_of(words: Mapping[str, Any]) -> WriteOptions:
    """Return the `WriteOptions` that command-line words mean; what was not given stays so."""
    from omezarr.writing import WriteOptions

    steps = words["factors"]
    given: dict[str, Any] = {
        "format": words["format_version"],
        "method": words["scaling"],
        "label_method": words["label_scaling"],
        "levels": words["levels"],
        "chunks": words["chunks"],
        "shards": words["shards"],
        "codec": words["codec"],
        "checksums": words["checksums"],
        "factors": _every_step(steps[0]) if len(steps) == 1 else [_every_step(step) for step in steps] or None,
    }
    given |= {name: words[name] or None for name in ("consolidated", "allow_lossy", "expand_axes")}
    return WriteOptions(**{name: value for name, value in given.items() if value is not None})


def _every_step(step: tuple[int, ...]) -> Any:
    """Return one number for the spatial axes, or a step that names every axis by its position."""
    return step[0] if len(step) == 1 else step


def run_options_of(words: Mapping[str, Any], progress: Any) -> Any:
    """Return the `RunOptions` that command-line words mean."""
    from omezarr.writing import RunOptions

    return RunOptions(
        memory=words["memory"],
        threads=words["threads"],
        scheduler=words["scheduler"],
        resume=words["resume"],
        lease=words["lease"],
        progress=progress,
    )


def echo_outcome(done: str, place: str, *, written: bool) -> None:
    """Print what was done; or that an earlier call with the same options had done all of it."""
    echo(f"{done if written else f'{place} is complete: nothing left to do'}. See: omezarr info {place}")


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """Print what a plan would write."""
    from omezarr.writing import plan_summary

    summary = plan_summary(plan)
    if as_json:
        echo_json(summary)
        return
    echo(f"Would write {summary['target']} (zarr format {summary['zarr_format']}):")
    for array in summary["arrays"]:
        shards = f", shards {_by(array['shards'])}" if array["shards"] else ""
        codec = f"{array['codec']}{', crc32c' if array['checksums'] else ''}"
        echo(
            f"  {array['path']}: {_by(array['shape'])} {array['dtype']}, chunks {_by(array['chunks'])}{shards}, "
            f"{codec}, {array['objects']} objects, {array['bytes']:,} bytes"
        )
    echo(f"  in all {summary['objects']} objects, {summary['bytes']:,} bytes before compression")


def _by(sizes: list[int]) -> str:
    return " x ".join(map(str, sizes))
