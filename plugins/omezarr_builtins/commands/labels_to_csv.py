"""``omezarr labels-to-csv``: what is known of labels, and what can be measured of them, as a table."""

from __future__ import annotations

from typing import Any

import click

from omezarr.terminal import PathOrURL, echo, echo_json, json_option, storage_option


@click.command(
    "labels-to-csv", epilog="Example: omezarr labels-to-csv image.ome.zarr cells.csv --measure area,intensity"
)
@click.argument("path", type=PathOrURL())
@click.argument("csv_path", type=PathOrURL())
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Only labels of this name. May be repeated.")
@click.option(
    "--measure",
    "measures",
    metavar="NAME,..",
    default="",
    help="What is measured as well: area, centroid, intensity (the mean of each channel).",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@storage_option
@json_option
@click.pass_obj
def labels_to_csv(
    registry: Any,
    /,
    *,
    path: str,
    csv_path: str,
    labels: tuple[str, ...],
    measures: str,
    overwrite: bool,
    storage_options: dict[str, str],
    as_json: bool,
) -> None:
    """Write the properties of all labels below PATH to a table at CSV_PATH, a row for each label.

    PATH is an image, a label image, a plate, a well or a group of these. Without --measure no pixels are read, and the
    labels are those that have properties or colours.
    """
    from omezarr.editing import labels_to_csv as run

    rows = run(
        path,
        csv_path,
        labels=labels,
        measures=[word.strip() for word in measures.split(",") if word.strip()],
        overwrite=overwrite,
        storage_options=storage_options,
        registry=registry,
    )
    if as_json:
        echo_json({"path": path, "table": csv_path, "rows": rows})
    else:
        echo(f"Wrote {rows} rows to {csv_path}.")
