"""``omezarr validate``: what of an OME-Zarr is not as the specification demands, and mending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omezarr.errors import ArgumentError, OMEZarrError, UnknownNameError
from omezarr.terminal import NameOf, PathOrURL, echo, echo_json, json_option, storage_option
from omezarr_builtins.commands._several import meant_by, run_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Depth, Problem
    from omezarr.checking.repair import Repair
    from omezarr.checking.validation import Report

PLACES_SHOWN = 5
"""Of one rule, no more than this many places are shown to people."""

CONSOLIDATED_WORDS = {"rewrite": "written anew", "remove": "removed"}


@click.command(epilog="Example: omezarr validate coins.ome.zarr --strict")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PathOrURL())
@click.option(
    "--format",
    "format_version",
    type=NameOf("formats"),
    metavar="VERSION",
    help="Validate as this NGFF version, whatever is written.",
)
@click.option("--strict", is_flag=True, help="What should be counts like what must be.")
@click.option("--shallow", is_flag=True, help="Look at the document of the group alone, not at children and arrays.")
@click.option("--data", is_flag=True, help="Read all pixels too.")
@click.option(
    "--ignore", multiple=True, metavar="RULE", help="Leave out a rule, or several: 'labels.*'. May be repeated."
)
@click.option("--fix", is_flag=True, help="Mend what has one right answer, after showing it; then validate again.")
@click.option("--dry-run", is_flag=True, help="With --fix: show what would be mended, and write nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever the verdict.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print a SARIF log and nothing else.")
@storage_option
@json_option
@click.pass_obj
def validate(
    registry: Any,
    /,
    *,
    paths: tuple[str, ...],
    **words: Any,
) -> int:
    """Say what of the OME-Zarr at PATH is not as the specification demands.

    PATH is a group, or a .json file that holds the attributes of one. Without --shallow, everything below it is looked
    at too, but no pixel without --data. That decodes all chunks, compares all objects with a manifest, where there is
    one, and says for how many of them checksums tell; see: omezarr checksum

    With --fix, metadata that has one right answer is mended in place: versions that are missing or are numbers,
    levels in the wrong order, indices of wells, types of acquisitions, label values that are listed twice, names of
    dimensions, label images that are not listed, consolidated metadata that is out of date. Everything else is left
    as it is. If it is interrupted, running the same again completes it.

    Several PATHs, or a pattern in quotes such as 'data/*.zarr', are validated one after the other, with a summary at
    the end. The exit code is 1 if any is not valid, after mending where that was asked for; warnings do not count.
    """
    as_json, as_sarif, fix = words["as_json"], words["as_sarif"], words["fix"]
    if as_json and as_sarif:
        raise click.UsageError("--json and --sarif exclude each other")
    if words["shallow"] and words["data"]:
        raise click.UsageError("--shallow and --data exclude each other")
    if as_sarif and fix:
        raise click.UsageError("--sarif and --fix exclude each other")
    if words["dry_run"] and not fix:
        raise click.UsageError("--dry-run goes with --fix; without it, nothing is written anyway")
    found, several = meant_by(paths)
    if several and as_sarif:
        raise click.UsageError("--sarif is a log of one PATH; --json takes several")
    if several:
        return run_each(found, lambda path: _one(registry, path, **words), as_json=as_json, done="valid")
    try:
        code, document = _one(registry, found[0], **words)
    except (ArgumentError, UnknownNameError):
        raise
    except OMEZarrError as error:
        if not as_json:
            raise
        document = {**_nothing(found[0], words), "valid": False, "message": " ".join(str(error).split())}
        code = 0 if words["exit_zero"] and not fix else 1
    if as_json or as_sarif:
        echo_json(document)
    return code


def _depth_of(words: dict[str, Any]) -> Depth:
    from omezarr.abc.rules import Depth

    return Depth.DOCUMENT if words["shallow"] else Depth.DATA if words["data"] else Depth.HIERARCHY


def _nothing(path: str, words: dict[str, Any]) -> dict[str, Any]:
    """Return the report of what could not be looked at."""
    from omezarr.checking.validation import Report

    return Report(target=path, version=None, depth=_depth_of(words), strict=words["strict"], groups=0).as_dict()


def _one(registry: Any, path: str, **words: Any) -> tuple[int, dict[str, Any]]:
    """Validate one hierarchy, after mending it where that was asked for; return the exit code and the JSON."""
    from omezarr.checking.repair import carry_out, plan_repair
    from omezarr.checking.validation import validate as run

    as_json, dry_run = words["as_json"], words["dry_run"]
    options: dict[str, Any] = {
        "format": words["format_version"],
        "depth": _depth_of(words),
        "strict": words["strict"],
        "ignore": words["ignore"],
        "registry": registry,
        "storage_options": words["storage_options"],
    }
    repair = plan_repair(path, **options) if words["fix"] else None
    if repair is not None and not as_json:
        echo("\n".join(_changes(repair, dry=dry_run)))
    if repair is not None and not dry_run:
        carry_out(repair, registry)
    report = run(path, **options)
    code = 0 if report.valid or words["exit_zero"] else 1
    if as_json:
        return code, {**report.as_dict(), **({} if repair is None else _as_dict(repair, dry=dry_run))}
    if words["as_sarif"]:
        from omezarr_builtins.commands._sarif import sarif

        return code, sarif(report)
    echo("\n".join(_lines(report, repair, dry=dry_run)))
    return code, {}


def _changes(repair: Repair, *, dry: bool) -> Iterator[str]:
    """Yield what a repair changes, for people: one paragraph a rule."""
    from omezarr.checking.repair import change_line

    if repair.plan is None:
        yield "Nothing is broken that has one right answer."
        return
    yield "Would change" if dry else "Changes"
    for rule in dict.fromkeys(change.rule for change in repair.changes):
        yield f"  {rule}"
        yield from (f"    {change_line(change)}" for change in repair.changes if change.rule == rule)
    if repair.consolidated:
        yield "  zarr.consolidated"
    for node, action in repair.consolidated.items():
        yield f"    {node or '/'}: consolidated metadata: out of date -> {CONSOLIDATED_WORDS[action]}"
    yield ""


def _as_dict(repair: Repair, *, dry: bool) -> dict[str, Any]:
    from omezarr.checking.repair import change_as_dict

    outlook = {"after": repair.outlook().as_dict()} if dry else {}
    changes = [change_as_dict(change) for change in repair.changes]
    return {"dry_run": dry, "changes": changes, "consolidated": dict(repair.consolidated), **outlook}


def _lines(report: Report, repair: Repair | None, *, dry: bool) -> Iterator[str]:
    """Yield a report for people, after a repair or before one what would be left by it."""
    left = repair.outlook() if repair is not None and dry else report
    if repair is not None and len(left):
        yield f"What {'would be' if dry else 'is'} left has no single answer:"
    yield from _problems(left)
    yield f"{report.target}: {_verdict(report)}"
    if report.coverage is not None:
        all_told = report.coverage.covered == report.coverage.objects
        rest = "" if all_told else "; wrong bytes in the others are found only where they do not decode"
        yield f"{report.coverage.message.capitalize()}{rest}"
    if left is not report:
        yield f"After these changes: {_verdict(left)}"


def _problems(report: Report) -> Iterator[str]:
    """Yield the problems of a report for people: one paragraph a rule, errors first."""
    from omezarr.abc.rules import Severity

    for severity, title in ((Severity.ERROR, "Errors"), (Severity.WARNING, "Warnings")):
        problems = [problem for problem in report if problem.severity is severity]
        if not problems:
            continue
        yield title
        for rule in dict.fromkeys(problem.rule for problem in problems):
            yield from _paragraph([problem for problem in problems if problem.rule == rule])
        yield ""


def _paragraph(problems: Sequence[Problem]) -> Iterator[str]:
    from omezarr.checking.validation import place_of

    first = problems[0]
    yield f"  {first.rule}  {first.demand} ({first.section})"
    for problem in problems[:PLACES_SHOWN]:
        where = ": ".join(part for part in (problem.node or "/", place_of(problem)) if part)
        yield f"    {where}: found {problem.found}, expected {problem.expected}"
    if len(problems) > PLACES_SHOWN:
        yield f"    ... and {len(problems) - PLACES_SHOWN} more; --json lists them all"


def _verdict(report: Report) -> str:
    version = f"NGFF {report.version}" if report.version else "OME-Zarr"
    inferred = ", which nothing names" if report.inferred else ""
    counts = f"{_counted(len(report.errors), 'error')}, {_counted(len(report.warnings), 'warning')}"
    looked = _counted(report.groups, "group")
    return f"{'valid' if report.valid else 'not valid'} {version}{inferred}; {counts} in {looked}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
