"""What the commands that copy share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from omezarr.errors import ArgumentError
from omezarr.terminal import (
    Size,
    echo,
    echo_json,
    json_option,
    overwrite_option,
    parse_region,
    progress_bar,
    storage_option,
)
from omezarr_builtins.commands._writing import WHOLE, lease_option, show_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.writing.copying import Copied

_SELECTING = ("levels", "wells", "fields", "channels", "times", "region")

F = TypeVar("F", bound="Callable[..., Any]")

_OPTIONS = (
    click.option("--level", "levels", multiple=True, metavar="N", help="Only this resolution level. May repeat."),
    click.option(
        "--well", "wells", multiple=True, metavar="A/1", help="Only this well, or some, as 'A/*'. May repeat."
    ),
    click.option("--field", "fields", multiple=True, metavar="NAME", help="Only this field of wells. May repeat."),
    click.option(
        "--channel",
        "channels",
        multiple=True,
        metavar="NAME",
        help="Only this channel, by name or number. May repeat.",
    ),
    click.option("--time", "times", metavar="N|START:STOP", help="Only this time point, or START to before STOP."),
    click.option("--label", "labels", multiple=True, metavar="NAME|no", help="Only this label image. May repeat."),
    click.option("--region", metavar="AXIS=START:STOP,..", help="Only this part, in pixels: y=0:512,x=0:512."),
    click.option(
        "--rechunk", "chunks", type=WHOLE, metavar="N,N,..", help="Store with these chunks, one size an axis."
    ),
    click.option("--shards", type=WHOLE, metavar="N,N,..", help="Store with these shards (0.5 and later)."),
    click.option("--codec", metavar="NAME[:K=V,..]", help="Store with this codec, for example zstd:level=3."),
    click.option("--verify", is_flag=True, help="Read both again when all is copied, and compare their checksums."),
    click.option("--memory", type=Size(), help="How much of the objects may be held at once, for example 512MiB."),
    click.option("--threads", type=click.IntRange(min=1), help="How many objects at once. [default: by the places]"),
    click.option("--resume", is_flag=True, help="Go on with what an interrupted call left."),
    lease_option,
    click.option("--dry-run", is_flag=True, help="Say what would be copied, and write nothing."),
    overwrite_option,
    storage_option,
    json_option,
)


def copying_options(function: F) -> F:
    """Add the options that copying takes; pass them on with `run_copy`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def run_copy(registry: Any, source: str, target: str, words: Mapping[str, Any]) -> None:
    """Copy, and say so."""
    from omezarr.writing import RunOptions
    from omezarr.writing.copying import carry_out_copy, copy_summary, prepare_copy

    options = words["storage_options"]
    words = {**words, "times": _times(words["times"]), "region": parse_region(words["region"])}
    plan = prepare_copy(
        source,
        target,
        selection={name: words[name] for name in _SELECTING if words[name]},
        labels=words["labels"] or None,
        chunks=words["chunks"],
        shards=words["shards"],
        codec=words["codec"],
        overwrite=words["overwrite"],
        storage_options=_options_of("source", source, target, options),
        target_options=_options_of("target", target, source, options),
        registry=registry,
    )
    if words["dry_run"]:
        summary = copy_summary(plan)
        if words["as_json"]:
            echo_json(summary)
        elif "listed" not in summary:
            show_plan(plan, as_json=False)
        else:
            most = "" if summary["listed"] else "at most "
            size = "" if summary["bytes"] is None else f", {summary['bytes']:,} bytes"
            echo(f"Would copy {source} to {target}: {most}{summary['objects']} objects{size}")
        return
    with progress_bar(f"Copying {plan.target.name}") as progress:
        own = {name: words[name] for name in ("memory", "threads", "resume", "lease")}
        run = RunOptions(**own, progress=progress)
        copied = carry_out_copy(plan, registry, run, verify=words["verify"])
    _report(copied, source, target, as_json=words["as_json"])


def _times(text: str | None) -> tuple[int, int] | None:
    """Return the first time point and the one behind the last."""
    if text is None:
        return None
    start, mark, stop = text.partition(":")
    if not start.isdecimal() or (mark and not stop.isdecimal()):
        raise ArgumentError(f"{text!r} names no times; write for example --time 3 or --time 0:10")
    return int(start), int(stop) if mark else int(start) + 1


def _options_of(side: str, place: str, other: str, given: Mapping[str, str]) -> dict[str, str] | None:
    """Return the storage options of one side: those that begin with its name, and those that are for both."""
    found = {}
    for name, value in given.items():
        first, _, rest = name.partition(".")
        if first in ("source", "target"):
            if first == side:
                found[rest] = value
        elif "://" in place or "://" not in other:
            found[name] = value
    return found or None


def _report(copied: Copied, source: str, target: str, *, as_json: bool) -> None:
    compared = copied.comparison
    if as_json:
        echo_json(
            {
                "source": source,
                "path": str(copied.target),
                "written": copied.written,
                "objects": copied.objects,
                "bytes": copied.nbytes or None,
                "notices": list(copied.notices),
                "verified": None if compared is None else {"objects": compared.objects, "sha256": compared.digest},
            }
        )
        return
    for notice in copied.notices:
        echo(f"Note: {notice}", err=True)
    if copied.written:
        echo(f"Copied {source} to {target}.")
    else:
        echo(f"{target} is complete: nothing left to do.")
    if compared is not None:
        echo(f"The checksums of {compared.objects} objects are the same (SHA-256 of all: {compared.digest}).")
