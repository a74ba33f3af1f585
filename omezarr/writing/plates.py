"""Writing multi-well plates: a whole one, or field by field.

Examples
--------
>>> import numpy as np
>>> field = np.zeros((32, 32), dtype="uint8")
>>> path = "memory://doc-plates/plate.ome.zarr"
>>> plate = write_plate(path, {"A/1": field}, rows=("A", "B"), columns=("1", "2"))
>>> write_field(path, "B/2", field).location.name
'0'
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from omezarr.abc.plan import Phase
from omezarr.errors import ArgumentError, OMEZarrError, UnsupportedError
from omezarr.model import UNSET, Acquisition, Field, Plate, Well, WellReference
from omezarr.model.content import PlateContent
from omezarr.nodes.reading import open as open_node
from omezarr.writing import Planner, plain_name
from omezarr.writing.image_description import as_model
from omezarr.writing.images import run_plan, written
from omezarr.writing.requests import ImageKeywords, Request, natural_order, spelled_out
from omezarr.writing.validity import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.abc.plan import Step
    from omezarr.location import Location, LocationLike
    from omezarr.model.content import ImageContent
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry
    from omezarr.writing import WriteOptions


MEANINGLESS_FOR_FIELDS = {
    "format": "a field takes it from its plate",
    "consolidated": "the hierarchy of the plate is there already",
}
"""Options that no field has a use for: why."""


@spelled_out(ImageKeywords)
def write_plate(
    location: LocationLike,
    wells: Mapping[str, Any],
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    name: str | None = None,
    acquisitions: Sequence[Acquisition | Mapping[str, Any]] = (),
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> Node:
    """Write a multi-well plate.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the plate's group will be.
    wells : mapping
        "row/column", for example "A/1", to the fields of the well: one image, a sequence of images, or a mapping of
        field name to image. An image is an array or an `ImageContent`. Wells that were not imaged are left out.
    rows, columns : sequence of str, optional
        The names of all rows and columns of the physical plate. Default: those that occur, sorted.
    name : str, optional
        Of the plate.
    acquisitions : sequence of Acquisition or mapping
    options : WriteOptions, optional
    **given
        `PixelKeywords` of all images that are arrays, and `WriterKeywords`, as for `omezarr.write_image`.

    Returns
    -------
    Node

    Raises
    ------
    ArgumentError, UnsupportedError, LossyError, TargetExistsError, WriteError
        See `omezarr.writing.images.write_content`.

    Examples
    --------
    >>> import numpy as np
    >>> field = np.zeros((32, 32), dtype="uint8")
    >>> plate = write_plate("memory://doc-write/plate.ome.zarr", {"A/1": field, "B/2": [field, field]})
    >>> list(plate.children["B/2"].children)
    ['0', '1']
    """
    request = Request.of(location, options, given)
    images = {(well, field): image for well, fields in wells.items() for field, image in _fields_of(fields).items()}
    contents = request.contents(images)
    content = PlateContent(
        rows=tuple(rows or sorted({well.partition("/")[0] for well in wells}, key=natural_order)),
        columns=tuple(columns or sorted({well.partition("/")[2] for well in wells}, key=natural_order)),
        wells={well: {field: contents[well, field] for field in _fields_of(fields)} for well, fields in wells.items()},
        name=name,
        acquisitions=tuple(as_model(item, Acquisition) for item in acquisitions),
    )
    return written(request, content)


def _fields_of(given: Any) -> dict[str, Any]:
    """Return the fields of a well by name, however they are given."""
    if isinstance(given, Mapping):
        return dict(given)
    return {str(index): image for index, image in enumerate(given if isinstance(given, list | tuple) else [given])}


@spelled_out(ImageKeywords)
def write_field(
    location: LocationLike,
    well: str,
    image: Any,
    *,
    field: str | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> Node:
    """Add one field of view to a plate that is there; the well and the plate list it once it is complete.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The plate.
    well : str
        "row/column", both among those of the plate.
    image : array or ImageContent
    field : str, optional
        The name of the field. Default: the first number that is not taken.
    options : WriteOptions, optional
    **given
        `PixelKeywords` of an array, and `WriterKeywords`, as for `omezarr.write_image`.

    Returns
    -------
    Node
        The field.

    Raises
    ------
    ArgumentError
        If the plate has no such row or column, or an option is given that the plate decides.
    TargetExistsError, UnsupportedError, LossyError, WriteError
        See `omezarr.writing.images.write_content`.
    """
    request = Request.of(location, options, given, meaningless=MEANINGLESS_FOR_FIELDS)
    registry, target = request.registry, request.target
    plate = open_node(target, registry=registry)
    value = plate.facets.get("plate")
    if not isinstance(value, Plate) or plate.version is None:
        raise UnsupportedError(f"{target} is no plate, so fields cannot be added to it")
    content = request.contents({"": image})[""]
    reference = well_reference(value, well)
    fields = tuple(plate.child(well).children) if well in plate.children else ()
    name = field or next(str(number) for number in itertools.count() if str(number) not in fields)
    place = target.below(well).below(plain_name(name))
    planner = Planner(evolve(request.options, format=plate.version), registry, name=f"{well}/{name}")
    listed = planner.below(well).commit({"well": Well(images=(Field(name),))}, None)
    refuse_invalid((listed,), planner.version, registry)
    plan = planner.whole(place, planner.plan(content), overwrite=request.overwrite)
    steps = listing_steps(planner, reference, name, content, len({*fields, name}))
    listing = Phase(name="lists of wells and fields", steps=steps)
    run_plan(plan, registry, request.run, listing=(target, listing))
    return open_node(place, registry=registry)


def field_listing(
    place: Location, content: ImageContent, options: WriteOptions, registry: Registry
) -> tuple[Location, str, Phase] | None:
    """Return what lists a field that is written by itself in its well and plate; None where it lies in no plate.

    Parameters
    ----------
    place : Location
        Of the field: it lies in a plate if what is three levels up is one, with its row and column.
    content : ImageContent
    options : WriteOptions
    registry : Registry

    Returns
    -------
    tuple of Location, str and Phase, or None
        The plate, its version, and the steps that are carried out there once the field is complete.

    Raises
    ------
    ArgumentError
        If another version is asked for than that of the plate.
    """
    well = place.parent
    row = None if well is None else well.parent
    above = None if row is None else row.parent
    if well is None or row is None or above is None:
        return None
    path, name = f"{row.name}/{well.name}", place.name
    try:
        plate = open_node(above, registry=registry)
        value = plate.facets.get("plate")
        if not isinstance(value, Plate) or plate.version is None:
            return None
        reference = well_reference(value, path)
    except OMEZarrError:
        return None
    if "format" in options.given and options.format != plate.version:
        raise ArgumentError(f"{above} is of NGFF {plate.version}, and so are its fields; leave {options.format} out")
    fields = tuple(plate.child(path).children) if path in plate.children else ()
    planner = Planner(evolve(options, format=plate.version), registry)
    steps = listing_steps(planner, reference, name, content, len({*fields, name}))
    return above, plate.version, Phase(name="lists of wells and fields", steps=steps)


def well_reference(plate: Plate, well: str) -> WellReference:
    """Return how a plate refers to one of its wells.

    Raises
    ------
    ArgumentError
        If the plate has no such row or column.
    """
    row, _, column = well.partition("/")
    rows, columns = [item.name for item in plate.rows], [item.name for item in plate.columns]
    if row not in rows or column not in columns:
        raise ArgumentError(
            f"the well {well!r} is not a row and a column of the plate; rows: {', '.join(rows)}; "
            f"columns: {', '.join(columns)}"
        )
    return WellReference(well, rows.index(row), columns.index(column))


def listing_steps(
    planner: Planner, reference: WellReference, name: str, image: ImageContent, count: int = 0
) -> tuple[Step, ...]:
    """Return the steps that list a field in its well, and the well in its plate, leaving all others as they are.

    The plate's number of fields becomes at least the `count` that the well has then.
    """
    listed = Field(name, UNSET if image.acquisition is None else image.acquisition)
    converter = planner.registry.converter(planner.version)
    row, well = planner.below(reference.path.partition("/")[0]), planner.below(reference.path)
    return (
        row.group(),
        well.group({"well": Well(images=())}),
        well.listed("well", ("images",), (converter.unstructure(listed),), match="path"),
        planner.listed(
            "plate", ("wells",), (converter.unstructure(reference),), match="path", raised=(("field_count",), count)
        ),
    )
