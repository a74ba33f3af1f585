"""``omezarr convert``: whatever an importer reads becomes an OME-Zarr, or what an exporter writes."""

from __future__ import annotations

from typing import Any

import click

from omezarr.terminal import (
    NameOf,
    PathOrURL,
    echo,
    echo_json,
    json_option,
    overwrite_option,
    parse_assignments,
    parse_region,
    progress_bar,
    storage_option,
)
from omezarr_builtins.commands._writing import (
    echo_outcome,
    run_options_of,
    running_options,
    show_plan,
    write_options_of,
    writing_options,
)


@click.command(
    epilog="Example: omezarr convert cells.ome.tif cells.ome.zarr --scale z=1.5,y=0.2,x=0.2 --unit micrometer"
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=PathOrURL())
@click.argument("target", type=PathOrURL())
@click.option(
    "--importer",
    type=NameOf("importers"),
    metavar="NAME",
    help="The importer to use. [default: the one that knows the source]",
)
@click.option(
    "--importer-option",
    "importer_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the importer, for example series=all for TIFF. May be repeated.",
)
@click.option(
    "--pattern", help="Put the files of a folder together by their names: '{well}_f{field}_c{channel}.tif', or auto."
)
@click.option(
    "--table", metavar="CSV", help="The same by a table with a column path, and well, field, channel, t, z, .."
)
@click.option("--missing", type=click.Choice(["fail", "fill"]), help="What becomes of files that are missing then.")
@click.option(
    "--exporter",
    type=NameOf("exporters"),
    metavar="NAME",
    help="The exporter to use, or omezarr. [default: as TARGET ends]",
)
@click.option(
    "--exporter-option",
    "exporter_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the exporter, for example axes=zyx for .npy. May be repeated.",
)
@click.option("--axes", help="The axes of the source, one letter each, for example czyx.")
@click.option("--scale", help="Pixel sizes: one number for y, x and z, or by axis as z=1.5,y=0.2,x=0.2.")
@click.option("--unit", help="Units: one for the spatial axes, or by axis as t=second,x=micrometer.")
@click.option("--channel", "channels", multiple=True, metavar="NAME[:RRGGBB]", help="Name and colour; once for each.")
@click.option("--name", help="The name of the image.")
@click.option("--labels", metavar="no|NAME,..", help="Which label images to take. [default: all]")
@click.option("--region", metavar="AXIS=START:STOP,..", help="Only this part, in pixels, for example y=0:512,x=0:512.")
@writing_options("--method", "--scaling")
@running_options
@overwrite_option
@storage_option
@json_option
@click.pass_context
def convert(ctx: click.Context, /, *, sources: tuple[str, ...], target: str, **words: Any) -> int:
    """Convert SOURCE to an OME-Zarr at TARGET, or to a file if TARGET ends as one that an exporter writes (.npy).

    SOURCE is a file that an importer reads (TIFF, .npy), a zarr array, or another OME-Zarr. Pixel sizes, units,
    channel names and colours are carried over, unless options say otherwise. The storage options are for TARGET and
    SOURCE alike.

    Several SOURCEs, or a pattern in quotes such as 'raw/*.ome.tif', are converted one after the other into the folder
    TARGET under their own names; one that fails does not stop the others, and --resume skips what is finished.
    """
    from omezarr.nodes.patterns import is_pattern

    if len(sources) > 1 or is_pattern(sources[0]):
        return _convert_many(ctx.obj, sources, target, words)
    _convert_one(ctx.obj, sources[0], target, words)
    return 0


def _convert_many(registry: Any, given: tuple[str, ...], folder: str, words: dict[str, Any]) -> int:
    """Convert each source into a folder, and return the exit code."""
    from omezarr.nodes.patterns import matching
    from omezarr.writing.many import Outcome, convert_each, is_finished, targets_of

    sources = matching(given)
    exporter = None if words["exporter"] in (None, "omezarr") else registry.exporters[words["exporter"]]
    targets = targets_of(sources, folder, ".ome.zarr" if exporter is None else exporter.suffixes[0])
    as_json = words["as_json"]

    def finished(target: str) -> bool:
        return bool(words["resume"]) and is_finished(target, registry, _options_at(target, words))

    def told(outcome: Outcome) -> None:
        if outcome.message:
            echo(f"Error: {outcome.source}: {outcome.message}", err=True)

    def one(source: str, target: str) -> bool:
        resume = words["resume"] and exporter is None
        return _convert_one(registry, source, target, {**words, "resume": resume, "as_json": False}, quiet=as_json)

    outcomes = convert_each(sources, targets, one, finished=finished, told=told)
    counts = {what: sum(one.what == what for one in outcomes) for what in ("written", "finished before", "failed")}
    if as_json:
        results = [
            {"source": one.source, "path": one.target, "outcome": one.what, "message": one.message or None}
            for one in outcomes
        ]
        echo_json({"results": results, "counts": counts})
    else:
        verb = "could be written" if words["dry_run"] else "written"
        text = ", ".join(f"{count} {verb if what == 'written' else what}" for what, count in counts.items())
        echo(f"{len(outcomes)} files: {text}.")
    return 1 if counts["failed"] else 0


def _options_at(place: str, words: dict[str, Any]) -> Any:
    return words["storage_options"] if "://" in place else None


def _convert_one(registry: Any, source: str, target: str, words: dict[str, Any], *, quiet: bool = False) -> bool:
    """Convert one source, say so unless all of it is to be quiet, and return whether anything was left to do."""
    from omezarr.writing.conversion import prepare_conversion
    from omezarr.writing.exporting import Export, export_summary, run_export
    from omezarr.writing.images import run_plan

    remote_source = "://" in source
    importer, importer_options = _importer_of(words)
    prepared = prepare_conversion(
        source,
        target,
        importer=importer,
        importer_options=importer_options,
        exporter=words["exporter"],
        exporter_options=parse_assignments(words["exporter_options"], "--exporter-option"),
        axes=words["axes"],
        scale=_numbers_by_axis(words["scale"]),
        units=_words_by_axis(words["unit"]),
        channels=[_channel(text) for text in words["channels"]] or None,
        name=words["name"],
        labels=words["labels"],
        region=parse_region(words["region"]),
        options=write_options_of(words),
        overwrite=words["overwrite"],
        source_options=words["storage_options"] if remote_source else None,
        storage_options=words["storage_options"] if "://" in target or not remote_source else None,
        registry=registry,
    )
    if isinstance(prepared, Export):
        summary = export_summary(prepared)
        if words["dry_run"]:
            if not quiet:
                _show_export(summary, as_json=words["as_json"])
            return True
        with progress_bar(f"Writing {prepared.target.name}") as progress:
            run_export(prepared, run_options_of(words, progress))
        if words["as_json"]:
            echo_json({"source": source, "path": summary["target"], "exporter": summary["exporter"]})
        elif not quiet:
            echo(f"Wrote {target} with the exporter {summary['exporter']!r} ({summary['reason']}).")
        return True
    if words["dry_run"]:
        if not quiet:
            show_plan(prepared, as_json=words["as_json"])
        return True
    with progress_bar(f"Writing {prepared.target.name}") as progress:
        written = run_plan(prepared, registry, run_options_of(words, progress))
    if words["as_json"]:
        echo_json({"source": source, "path": str(prepared.target)})
    elif not quiet:
        echo_outcome(f"Wrote {target}", target, written=written)
    return written


def _importer_of(words: dict[str, Any]) -> tuple[str | None, dict[str, str]]:
    """Return the importer that words ask for, and its options."""
    options = parse_assignments(words["importer_options"], "--importer-option")
    together = {name: words[name] for name in ("pattern", "table", "missing") if words[name] is not None}
    if not together:
        return words["importer"], options
    if words["importer"] not in (None, "files"):
        raise click.UsageError(f"--{next(iter(together))} is for the importer files, not {words['importer']}")
    return "files", {**options, **together}


def _show_export(summary: dict[str, Any], *, as_json: bool) -> None:
    """Print what an export would write."""
    if as_json:
        echo_json(summary)
        return
    echo(f"Would write {summary['target']} with the exporter {summary['exporter']!r} ({summary['reason']}):")
    for image in summary["images"]:
        echo(f"  {image['path'] or 'image'}: {image['axes']} {' x '.join(map(str, image['shape']))} {image['dtype']}")
    echo(f"  in all {summary['bytes']:,} bytes before compression")


def _words_by_axis(text: str | None) -> Any:
    if text is None or "=" not in text:
        return text
    return parse_assignments(tuple(text.split(",")), "--unit")


def _numbers_by_axis(text: str | None) -> Any:
    if text is None:
        return None
    try:
        if "=" in text:
            return {name: float(value) for name, value in parse_assignments(tuple(text.split(",")), "--scale").items()}
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither numbers nor AXIS=NUMBER pairs", param_hint="--scale") from None
    return numbers[0] if len(numbers) == 1 else numbers


def _channel(text: str) -> dict[str, str]:
    name, mark, color = text.rpartition(":")
    if mark and len(color) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in color):
        return {"label": name, "color": color.upper()}
    return {"label": text}
