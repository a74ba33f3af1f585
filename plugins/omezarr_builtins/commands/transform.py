"""``omezarr transform``: points from one coordinate system to another."""

from __future__ import annotations

import csv
import json
import math
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omezarr.errors import ArgumentError, ToleranceWarning, UnknownNameError
from omezarr.terminal import PathOrURL, echo, echo_json, json_option, storage_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.model import Axis


@click.command(epilog="Example: omezarr transform coins.ome.zarr 0 physical '[[0, 0], [10, 20]]' --json")
@click.argument("path", type=PathOrURL())
@click.argument("source")
@click.argument("target")
@click.argument("points")
@storage_option
@json_option
@click.pass_obj
def transform(
    registry: Any,
    *,
    path: str,
    source: str,
    target: str,
    points: str,
    storage_options: dict[str, str],
    as_json: bool,
) -> None:
    """Map POINTS from the coordinate system SOURCE to TARGET of the image or scene at PATH.

    A coordinate system is named by its name ("physical"), by the path of an array for its indices ("0"), or, in a
    scene, by the path of an image ("tile_1"), with "#" and a name where it has several ("tile_1#physical"); instead of
    "#", ":" and "/" are understood too.

    POINTS is JSON ("[[0, 0], [1, 2.5]]"), a CSV file with a point in each row, or "-" for either on standard input.
    Coordinates stand in the order of the axes; in a CSV file with a heading, in columns named like the axes.

    The exit code is 1 where a system is unknown or nothing leads from one to the other.
    """
    from omezarr.nodes.reading import open as open_node
    from omezarr.transform import CoordinateGraph, Resolver

    node = open_node(path, storage_options=storage_options, registry=registry)
    for notice in node.notices:
        warnings.warn(notice, ToleranceWarning, stacklevel=1)
    try:
        graph = CoordinateGraph.leading(node.facets, Resolver.of_node(node), source, target)
        mapped = graph.between(source, target)
        coordinates = _parse(points, graph.axes(source))
        results = mapped(coordinates).tolist() if coordinates else []
    except (UnknownNameError, ArgumentError) as error:
        raise click.ClickException(" ".join(str(error).split())) from error
    if not all(math.isfinite(value) for point in results for value in point):
        raise click.ClickException("a result is beyond the range of numbers, or not defined")
    if as_json:
        echo_json({"coordinates": results})
        return
    axes = graph.axes(target)
    if axes is not None:
        echo(",".join(axis.name for axis in axes))
    for point in results:
        echo(",".join(map(repr, point)))


def _parse(text: str, axes: Sequence[Axis] | None) -> list[list[float]]:
    """Return points from JSON, from a CSV file, or from standard input."""
    name = "POINTS"
    if text == "-":
        name, text = "standard input", sys.stdin.read()
    elif not text.lstrip().startswith("["):
        name = text
        try:
            text = Path(text).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"{name!r} is neither JSON nor a file that can be read: {error}") from error
    if text.lstrip().startswith("["):
        return _parse_json(text, name)
    return _parse_csv(text, name, axes)


def _parse_json(text: str, name: str) -> list[list[float]]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no coordinate")

    try:
        points = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{name} is not valid JSON: {error}") from error
    if not all(isinstance(point, list) and all(_is_number(value) for value in point) for point in points):
        raise click.BadParameter(f"{name} must be a list of lists of numbers, such as [[0, 0], [1, 2.5]]")
    return list(points)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parse_csv(text: str, name: str, axes: Sequence[Axis] | None) -> list[list[float]]:
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if any(map(str.strip, row))]
    except csv.Error as error:
        raise click.BadParameter(f"{name} is not valid CSV: {error}") from error
    columns: list[int] | None = None
    if rows and not any(_parsed(cell) is not None for cell in rows[0]):
        heading, rows = rows[0], rows[1:]
        wanted = [axis.name for axis in axes or ()]
        if not wanted or not set(wanted) <= set(heading):
            raise click.BadParameter(
                f"{name} has the columns {', '.join(heading)}; the coordinate system has the axes "
                f"{', '.join(wanted) or 'that no metadata names'}"
            )
        columns = [heading.index(axis) for axis in wanted]
    points = []
    for number, row in enumerate(rows, 1):
        cells = row if columns is None else [row[column] if column < len(row) else "" for column in columns]
        point = [_parsed(cell) for cell in cells]
        if None in point:
            raise click.BadParameter(f"{name}: point {number} is {','.join(row)!r}, not numbers")
        points.append([value for value in point if value is not None])
    return points


def _parsed(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
