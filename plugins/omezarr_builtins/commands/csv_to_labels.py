"""``omezarr csv-to-labels``: the columns of a table become properties of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omezarr.terminal import PathOrURL, echo, echo_json, json_option, storage_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.editing import LabelTable

SHOWN = 10
"""Of rows and labels without a partner, people are shown no more than this many."""


@click.command(
    "csv-to-labels",
    epilog="Example: omezarr csv-to-labels cells.csv id area#d,kind#s image.ome.zarr label-value",
)
@click.argument("csv_path", type=PathOrURL())
@click.argument("csv_id")
@click.argument("csv_keys")
@click.argument("path", type=PathOrURL())
@click.argument("property_name", metavar="[PROPERTY]", default="label-value")
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Only labels of this name. May be repeated.")
@click.option("--well-column", metavar="NAME", help="The column that says which well of a plate a row is about: A/1.")
@click.option("--field-column", metavar="NAME", help="The column that says which field of a well a row is about: 0.")
@click.option("--encoding", default="utf-8-sig", metavar="NAME", help="How the text is encoded. [default: UTF-8]")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@storage_option
@json_option
@click.pass_obj
def csv_to_labels(registry: Any, /, *, dry_run: bool, as_json: bool, **words: Any) -> None:
    """Write columns of the table at CSV_PATH to the properties of labels.

    CSV_ID is the column that says which label a row is about: by the value of its pixels, or by PROPERTY, a property
    that the labels have already. CSV_KEYS are the columns to write, separated by commas, each with its type behind a #
    where that is not to be concluded: d (number), l (whole number), s (text), b (true or false).

    PATH is an image, a label image, a plate, a well or a group of these; all labels below it are looked at. Running
    the same again changes nothing more.
    """
    from omezarr.checking.repair import carry_out
    from omezarr.editing import plan_label_table

    planned = plan_label_table(
        words["csv_path"],
        words["csv_id"],
        words["csv_keys"],
        words["path"],
        words["property_name"],
        labels=words["labels"],
        well_column=words["well_column"],
        field_column=words["field_column"],
        encoding=words["encoding"],
        storage_options=words["storage_options"],
        registry=registry,
    )
    if not dry_run:
        carry_out(planned.repair, registry)
    if as_json:
        echo_json(
            {
                "path": words["path"],
                "dry_run": dry_run,
                "written": dict(planned.written),
                "unmatched_rows": list(planned.unmatched),
                "labels_without_row": {path: list(values) for path, values in planned.without_row.items()},
                "unreadable": list(planned.broken),
            }
        )
    else:
        echo("\n".join(_lines(planned, dry=dry_run)))


def _lines(planned: LabelTable, *, dry: bool) -> Iterator[str]:
    for path, count in planned.written.items():
        yield f"{path or '/'}: {'would write' if dry else 'wrote'} properties of {count} labels"
        without = planned.without_row.get(path, ())
        if without:
            yield f"  {len(without)} labels have no row: {_some(without)}"
    if planned.unmatched:
        yield f"{len(planned.unmatched)} rows matched no label: {_some(planned.unmatched)}"
    yield from (f"left out, since it cannot be read: {line}" for line in planned.broken)
    if planned.repair.plan is None:
        yield "Nothing had to be changed."


def _some(values: tuple[Any, ...]) -> str:
    return ", ".join(map(str, values[:SHOWN])) + (", ..." if len(values) > SHOWN else "")


name_of_ome_zarr_py = click.Command(
    "csv_to_labels",
    callback=csv_to_labels.callback,
    params=csv_to_labels.params,
    help=csv_to_labels.help,
    epilog="Example: omezarr csv_to_labels cells.csv id area#d,kind#s image.ome.zarr label-value",
    hidden=True,
)
