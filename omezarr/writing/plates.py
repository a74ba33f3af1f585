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
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from omezarr.abc.plan import ListPlace, Phase
from omezarr.engine.comparison import died_complete
from omezarr.errors import ArgumentError, OMEZarrError, UnsupportedError
from omezarr.model import UNSET, Acquisition, Field, Plate, Well, WellReference
from omezarr.model.content import ImageContent, PlateContent
from omezarr.model.plate import natural_order
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.writing import Planner, plain_name
from omezarr.writing.attributes import document_path
from omezarr.writing.image_description import as_model, image_content
from omezarr.writing.images import run_plan, written
from omezarr.writing.requests import ImageKeywords, Request, spelled_out
from omezarr.writing.validity import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.abc.plan import Plan, Step
    from omezarr.location import Location, LocationLike
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
    images = {(well, field): image for well, fields in wells.items() for field, image in fields_of(fields).items()}
    contents = request.contents(images)
    content = PlateContent(
        rows=tuple(rows or sorted({well.partition("/")[0] for well in wells}, key=natural_order)),
        columns=tuple(columns or sorted({well.partition("/")[2] for well in wells}, key=natural_order)),
        wells={well: {field: contents[well, field] for field in fields_of(fields)} for well, fields in wells.items()},
        name=name,
        acquisitions=tuple(as_model(item, Acquisition) for item in acquisitions),
    )
    return written(request, content)


def fields_of(given: Any) -> dict[str, Any]:
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
    acquisition: int | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    labels: Mapping[str, Any] | None = None,
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
        The name of the field. Default: the first number that is not taken, and after a kill the number that the same
        call had; where several processes write to one well, each gives its own.
    acquisition : int, optional
        The id of the acquisition, one of those of the plate, that it belongs to.
    translation : sequence or mapping, optional
        The position of the first pixel, for an array.
    labels : mapping, optional
        Name to label array, for an array.
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
        If the plate has no such row, column or acquisition, or an option is given that the plate decides.
    TargetExistsError, UnsupportedError, LossyError, WriteError
        See `omezarr.writing.images.write_content`.
    """
    request = Request.of(location, options, given, meaningless=MEANINGLESS_FOR_FIELDS)
    plate = open_node(request.target, registry=request.registry)
    value = plate.facets.get("plate")
    if not isinstance(value, Plate) or plate.version is None:
        raise UnsupportedError(f"{request.target} is no plate, so fields cannot be added to it")
    well_reference(value, well)
    fields = tuple(plate.child(well).children) if well in plate.children else ()
    number = next(number for number in itertools.count() if str(number) not in fields)
    content = field_content(request, image, translation, labels, acquisition)
    if field is None and number > 0:
        place = well, str(number - 1)
        _, last = _planned_field(request, plate.version, place, content)
        if died_complete(last, partial(open_store, schemes=request.registry.storage_schemes)):
            resuming = evolve(request, run=evolve(request.run, resume=True))
            return written_field(resuming, value, plate.version, place, content)
    return written_field(request, value, plate.version, (well, field or str(number)), content)


def field_content(
    request: Request,
    image: Any,
    translation: Sequence[float] | Mapping[str, float] | None,
    labels: Mapping[str, Any] | None,
    acquisition: int | None,
) -> ImageContent:
    """Return a field that is given as an array or as content, with what else is said of it.

    Raises
    ------
    ArgumentError
        If something is said of content, which says it itself.
    """
    said = {name: value for name, value in (("translation", translation), ("labels", labels)) if value is not None}
    if isinstance(image, ImageContent):
        if said:
            raise ArgumentError(f"{next(iter(said))} has no meaning here: the image says it itself")
        content = request.contents({"": image})[""]
    else:
        content = image_content(image, translation=translation, labels=labels, **request.pixels)
    return content if acquisition is None else evolve(content, acquisition=acquisition)


def written_field(
    request: Request, plate: Plate, version: str, place: tuple[str, str], content: ImageContent, *, is_new: bool = False
) -> Node:
    """Write one field of a plate, enter it in the lists, and open it.

    Parameters
    ----------
    request : Request
        Its target is the plate.
    plate : Plate
        What the plate says.
    version : str
        That of the plate.
    place : tuple of str
        Well and name of the field.
    content : ImageContent
    is_new : bool
        Whether the group of the plate may not be there yet: then it says what `plate` says.

    Raises
    ------
    ArgumentError
        If the plate has no such row, column or acquisition.
    """
    well, name = place
    reference = well_reference(plate, well)
    known = [item.id for item in plate.acquisitions or ()]
    if content.acquisition is not None and known and content.acquisition not in known:
        raise ArgumentError(
            f"the plate has no acquisition {content.acquisition}; it has {', '.join(str(item) for item in known)}"
        )
    planner, plan = _planned_field(request, version, place, content)
    steps = listing_steps(planner, plate, reference, name, content, is_new=is_new)
    listing = Phase(name="lists of wells and fields", steps=steps)
    run_plan(plan, request.registry, request.run, listing=(request.target, listing))
    return open_node(plan.target, registry=request.registry)


def _planned_field(
    request: Request, version: str, place: tuple[str, str], content: ImageContent
) -> tuple[Planner, Plan]:
    """Return what plans a plate's lists, and the plan of a field in a well."""
    well, name = place
    planner = Planner(evolve(request.options, format=version), request.registry, name=f"{well}/{name}")
    listed = planner.below(well).commit({"well": Well(images=(Field(name),))}, None)
    refuse_invalid((listed,), planner.version, request.registry)
    where = request.target.below(well).below(plain_name(name))
    return planner, planner.whole(where, planner.plan(content), overwrite=request.overwrite)


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
    planner = Planner(evolve(options, format=plate.version), registry)
    steps = listing_steps(planner, value, reference, name, content)
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
    planner: Planner, plate: Plate, reference: WellReference, name: str, image: ImageContent, *, is_new: bool = False
) -> tuple[Step, ...]:
    """Return the steps that list a field in its well, and the well in its plate, leaving all others as they are.

    Fields and wells stand in the order of their names and places, whoever comes first; the plate's number of fields
    becomes at least that of the well. If it `is_new`, the group of the plate may not be there yet.
    """
    listed = Field(name, UNSET if image.acquisition is None else image.acquisition)
    converter = planner.registry.converter(planner.version)
    row, well = planner.below(reference.path.partition("/")[0]), planner.below(reference.path)
    place = document_path(planner.version, "plate", planner.registry)
    document: Any = planner.attributes({"plate": evolve(plate, wells=(reference,))})
    for key in place:
        document = document[key]
    images = ListPlace(well.path, (*document_path(planner.version, "well", planner.registry), "images"))
    return (
        row.group({}),
        well.listed(
            "well",
            ("images",),
            (converter.unstructure(listed),),
            match="path",
            order=("path",),
            created={"well": Well(images=())},
        ),
        planner.listed(
            "plate",
            ("wells",),
            document["wells"],
            match="path",
            raised=(("field_count",), images),
            order=("rowIndex", "columnIndex", "path"),
            created={"plate": evolve(plate, wells=())} if is_new else None,
        ),
    )
