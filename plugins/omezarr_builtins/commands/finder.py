"""``omezarr finder``: a table of every OME-Zarr below a folder or bucket."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omezarr.errors import ArgumentError
from omezarr.files import check_replaceable, written_whole
from omezarr.terminal import PathOrURL, echo, echo_json, json_option, printable, storage_option
from omezarr_builtins.commands._showing import show_library

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from omezarr.nodes.finding import Found


@click.command(epilog="Example: omezarr finder data/ --output images.csv")
@click.argument("path", type=PathOrURL())
@click.option("--output", type=click.Path(path_type=Path), help="The CSV file to write. [default: standard output]")
@click.option("--no-sizes", is_flag=True, help="Do not add up how much is stored, which lists every object.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--browser", is_flag=True, help="Open the table as a page, with pictures; see: omezarr serve")
@storage_option
@json_option
@click.pass_obj
def finder(
    registry: Any,
    /,
    *,
    path: str,
    output: Path | None,
    no_sizes: bool,
    overwrite: bool,
    browser: bool,
    storage_options: dict[str, str],
    as_json: bool,
) -> int:
    """List every OME-Zarr below PATH, a folder or a prefix of a bucket, as a table.

    Kind, version, shape, dtype, pixel size, channels, labels and size as stored are told, of a plate or collection
    those of its first image. Nothing is written below PATH.

    The exit code is 1 if any of them cannot be read; the table says why.
    """
    from attrs import asdict

    from omezarr.nodes.finding import find

    if output is not None:
        check_replaceable(output, overwrite=overwrite)
    if browser:
        from omezarr.serving.library import Library

        if output is not None or as_json:
            raise ArgumentError("--browser opens a page; it takes neither --output nor --json")
        library = Library(path, registry, folder=True, storage_options=storage_options)
        show_library(library, 0, None, browser=True)
        return 0
    found = find(path, sizes=not no_sizes, storage_options=storage_options, registry=registry)
    if as_json:
        rows = [asdict(item) for item in found]
        echo_json(rows)
        return 1 if any(row["error"] for row in rows) else 0
    if output is None:
        return 1 if _write(found, sys.stdout)[1] else 0
    with written_whole(output) as beside, beside.open("w", encoding="utf-8", newline="") as stream:
        count, broken = _write(found, stream)
    echo(f"Wrote {count} rows to {output}.")
    return 1 if broken else 0


def _write(found: Iterable[Found], stream: TextIO) -> tuple[int, int]:
    """Write rows as they are found; return how many, and how many of them tell of an error."""
    from attrs import asdict, fields

    from omezarr.nodes.finding import Found

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([item.name for item in fields(Found)])
    count = broken = 0
    for item in found:
        writer.writerow([_cell(value) for value in asdict(item).values()])
        stream.flush()
        count += 1
        broken += bool(item.error)
    return count, broken


def _cell(value: object) -> str:
    """Return a value as a cell; one that a spreadsheet would take for a formula gets a quote before it."""
    text = "" if value is None else " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return printable(f"'{text}" if text[:1] in ("=", "+", "-", "@") else text)
