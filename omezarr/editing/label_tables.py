"""Properties of labels from a table: each row is written to the label that it is about."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from omezarr.checking.repair import Repair, carry_out
from omezarr.editing.label_images import LabelImage, label_images, label_values
from omezarr.editing.operation import plan_edit
from omezarr.editing.tables import Row, WantedColumn, is_empty, rows_of, wanted_columns, whole_number
from omezarr.errors import ArgumentError
from omezarr.model import UNSET, ImageLabel, LabelProperty
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.asking import calling

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import JSON
    from omezarr.plugins.registry import Registry

LABEL_VALUE = "label-value"
"""The property that every entry has: the value of the pixels that it is about."""

KEY = "image-label"


@frozen(kw_only=True)
class LabelTable:
    """What writing a table to the labels of a hierarchy comes to.

    Parameters
    ----------
    repair : Repair
        The change of the metadata, which `omezarr.checking.repair.carry_out` makes.
    written : mapping
        Path of each label image to how many of its labels get properties.
    unmatched : tuple of str
        The ids of rows that no label has, in the order of the table.
    without_row : mapping
        Path of each label image to the labels that the table does not tell of, as far as there are any.
    broken : tuple of str
        Parts of the hierarchy that cannot be read.
    """

    repair: Repair = field(repr=False)
    written: Mapping[str, int]
    unmatched: tuple[str, ...] = ()
    without_row: Mapping[str, tuple[JSON, ...]] = field(factory=dict)
    broken: tuple[str, ...] = ()


def csv_to_labels(
    table: str | os.PathLike[str] | Iterable[Row],
    key: str,
    columns: str | Sequence[str] | None,
    target: LocationLike,
    match: str = LABEL_VALUE,
    *,
    labels: str | Collection[str] = (),
    well_column: str | None = None,
    field_column: str | None = None,
    encoding: str = "utf-8-sig",
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> LabelTable:
    """Write the columns of a table to the properties of labels, in place.

    Every label image of an image, a plate, a well or a group of these is looked at. Properties that are there already
    stay, unless the table has a column of the same name; so running it twice changes nothing more.

    Parameters
    ----------
    table : str, path or iterable of mapping
        A CSV file whose first line holds the headings, separated by commas, semicolons or tabs; or rows at hand.
    key : str
        The column that says which label a row is about.
    columns : str or sequence of str, optional
        The columns to write, each with its type behind a ``#`` (``d`` number, ``l`` whole number, ``s`` text, ``b``
        true or false) or without, so that it is concluded from the cells. Default: all others. Cells that are empty
        write nothing.
    target : str, path, Location, zarr store or zarr group
        The hierarchy.
    match : str
        The property of labels that the key is compared with. Default: the value of their pixels; then a label that has
        no properties yet gets its first. For any other, labels are those that have this property.
    labels : str or collection of str, optional
        Only label images of these names.
    well_column, field_column : str, optional
        Columns that say which well of a plate (``A/1``) and which field of it (``0``) a row is about.
    encoding : str
        Of the file.
    storage_options, registry
        As for `omezarr.open`.

    Returns
    -------
    LabelTable
        What was written, which rows matched no label and which labels had no row.

    Raises
    ------
    ArgumentError
        If a column is missing or holds something else than its type says, several rows are about the same label, or
        there are no labels.
    SourceError
        If the table cannot be read.
    WriteError
        If it failed midway; run it again to complete it.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> image = np.zeros((8, 8), dtype=np.uint8)
    >>> _ = omezarr.write_image("memory://cells.ome.zarr", image, axes="yx")
    >>> image[2:4, 2:4] = 5
    >>> _ = omezarr.write_labels("memory://cells.ome.zarr", image, name="cells")
    >>> found = omezarr.csv_to_labels([{"id": 5, "kind": "T"}, {"id": 9}], "id", "kind", "memory://cells.ome.zarr")
    >>> dict(found.written), found.unmatched
    ({'labels/cells': 1}, ('9',))
    """
    planned = plan_label_table(
        table,
        key,
        columns,
        target,
        match,
        labels=labels,
        well_column=well_column,
        field_column=field_column,
        encoding=encoding,
        storage_options=storage_options,
        registry=registry,
    )
    carry_out(planned.repair, registry)
    return planned


def plan_label_table(
    table: str | os.PathLike[str] | Iterable[Row],
    key: str,
    columns: str | Sequence[str] | None,
    target: LocationLike,
    match: str = LABEL_VALUE,
    *,
    labels: str | Collection[str] = (),
    well_column: str | None = None,
    field_column: str | None = None,
    encoding: str = "utf-8-sig",
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> LabelTable:
    """Return what `csv_to_labels` would write, without writing it; the parameters are the same."""
    rows = rows_of(table, encoding)
    ids, well, place = (_cells(rows, word) for word in (key, well_column, field_column))
    wanted = wanted_columns(rows, columns, [word for word in (key, well_column, field_column) if word])
    cells = {
        (_norm(ids[index], match), well[index], place[index]): _values(row, wanted) for index, row in enumerate(rows)
    }
    _check_once(rows, key, cells.keys(), [(_norm(i, match), w, f) for i, w, f in zip(ids, well, place, strict=True)])
    root = open_node(target, storage_options=storage_options, registry=registry)
    broken: list[str] = []
    names = [labels] if isinstance(labels, str) else labels
    images = list(label_images(root, names, broken))
    if not images:
        raise ArgumentError(f"{root.location} has no labels{': ' + broken[0] if broken else ''}")
    documents: dict[str, Mapping[str, JSON]] = {}
    written: dict[str, int] = {}
    matched: set[tuple[str, str, str]] = set()
    without: dict[str, tuple[JSON, ...]] = {}
    for image in images:
        known = _known(image, match)
        found: dict[int | float, Mapping[str, JSON]] = {}
        for value, identity in known:
            row = (identity, image.well if well_column else "", image.field if field_column else "")
            if row in cells:
                matched.add(row)
                found[value] = cells[row]
        lacking = tuple(value for value, _ in known if value not in found)
        if lacking:
            without[image.node.path] = lacking
        if found:
            documents[image.node.path] = _document(image, found)
        written[image.node.path] = len(found)
    return LabelTable(
        repair=plan_edit(root, documents, "properties of labels"),
        written=written,
        unmatched=tuple(" ".join(part for part in row if part) for row in cells if row not in matched),
        without_row=without,
        broken=tuple(broken),
    )


def _cells(rows: Sequence[Row], heading: str | None) -> list[str]:
    """Return a column of names as text; empty texts where there is no such column."""
    if heading is None:
        return [""] * len(rows)
    if rows and not any(heading in row for row in rows):
        raise ArgumentError(f"the table has no column {heading!r}; it has: {', '.join(rows[0])}")
    return ["" if is_empty(row.get(heading)) else str(row[heading]).strip() for row in rows]


def _norm(cell: Any, match: str) -> str:
    """Return an id as it is compared: the values of pixels as whole numbers, everything else as text."""
    if match != LABEL_VALUE or cell == "":
        return str(cell)
    try:
        return str(whole_number(cell))
    except (ValueError, OverflowError):
        raise ArgumentError(
            f"{cell!r} is no value of labels, which are whole numbers; name the property that the key is compared with"
        ) from None


def _check_once(rows: Sequence[Row], key: str, distinct: Collection[Any], ids: Sequence[tuple[str, str, str]]) -> None:
    if len(distinct) == len(rows):
        return
    lines = defaultdict(list)
    for line, name in enumerate(ids, 1):
        lines[name].append(line)
    name, twice = next(item for item in lines.items() if len(item[1]) > 1)
    raise ArgumentError(
        f"rows {twice[0]} and {twice[1]} are both about {key} {' '.join(part for part in name if part)!r}; leave one, "
        "or name the columns of wells and fields that tell them apart"
    )


def _values(row: Row, columns: Sequence[WantedColumn]) -> dict[str, JSON]:
    return {
        column.name: column.read(row[column.heading]) for column in columns if not is_empty(row.get(column.heading))
    }


def _known(image: LabelImage, match: str) -> list[tuple[int | float, str]]:
    """Return the labels of an image: their values, and what the key is compared with."""
    if match == LABEL_VALUE:
        return [(value, str(value)) for value in label_values(image.node).tolist()]
    return [(entry.label_value, str(entry.extra[match])) for entry in _entries(_value(image)) if match in entry.extra]


def _value(image: LabelImage) -> ImageLabel:
    value = image.node.facets.get(KEY)
    return value if isinstance(value, ImageLabel) else ImageLabel()


def _entries(value: ImageLabel) -> tuple[LabelProperty, ...]:
    return () if value.properties is UNSET else value.properties


def _document(image: LabelImage, found: Mapping[int | float, Mapping[str, JSON]]) -> dict[str, JSON]:
    """Return the document of a label image with further properties; entries that are there keep their order."""
    node, value = image.node, _value(image)
    entries = [evolve(entry, extra={**entry.extra, **found.get(entry.label_value, {})}) for entry in _entries(value)]
    there = {entry.label_value for entry in entries}
    entries += [LabelProperty(label_value=key, extra=extra) for key, extra in found.items() if key not in there]
    node_type = next(item for item in node.node_types if item.key == KEY)
    if node.format is None:
        raise ArgumentError(f"{node.location} is a plain zarr group without OME metadata")
    with calling(node.registry.node_types, KEY, "unstructure"):
        new = node_type.unstructure(evolve(value, properties=tuple(entries)), node.registry.converter(node.format))
    return {**node.document.values, **new}
