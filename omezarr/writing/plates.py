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

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc.plan import Phase, Plan
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model import Plate
from omezarr.model.content import ImageContent, PlateContent
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.registry import Registry, default_registry
from omezarr.writing import Planner, WriteOptions, plain_name
from omezarr.writing.images import RunOptions, run_plan, write_content
from omezarr.writing.requests import image_content, merged_options, natural_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import Acquisition, Axis, Channel
    from omezarr.nodes.node import Node


def write_plate(
    location: LocationLike,
    wells: Mapping[str, Any],
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    axes: str | Sequence[str | Axis] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    acquisitions: Sequence[Acquisition] = (),
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
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
    axes, scale, units, channels
        As for `write_image`, for all images that are arrays.
    name : str, optional
        Of the plate.
    acquisitions : sequence of Acquisition
    options, overwrite, run, storage_options, registry, **write_options
        As for `write_image`.

    Returns
    -------
    Node

    Raises
    ------
    ArgumentError, UnsupportedError, LossyError, TargetExistsError, WriteError
        See `write_content`.

    Examples
    --------
    >>> import numpy as np
    >>> field = np.zeros((32, 32), dtype="uint8")
    >>> plate = write_plate("memory://doc-write/plate.ome.zarr", {"A/1": field, "B/2": [field, field]})
    >>> list(plate.children["B/2"].children)
    ['0', '1']
    """

    def content_of(image: Any) -> ImageContent:
        if isinstance(image, ImageContent):
            return image
        return image_content(image, axes=axes, scale=scale, units=units, channels=channels)

    def fields_of(given: Any) -> dict[str, ImageContent]:
        if isinstance(given, Mapping):
            return {field: content_of(image) for field, image in given.items()}
        if isinstance(given, list | tuple):
            return {str(index): content_of(image) for index, image in enumerate(given)}
        return {"0": content_of(given)}

    content = PlateContent(
        rows=tuple(rows or sorted({well.partition("/")[0] for well in wells}, key=natural_order)),
        columns=tuple(columns or sorted({well.partition("/")[2] for well in wells}, key=natural_order)),
        wells={well: fields_of(given) for well, given in wells.items()},
        name=name,
        acquisitions=tuple(acquisitions),
    )
    return write_content(
        location,
        content,
        merged_options(options, write_options),
        overwrite=overwrite,
        run=run,
        storage_options=storage_options,
        registry=registry,
    )


def write_field(
    location: LocationLike,
    well: str,
    image: Any,
    *,
    field: str | None = None,
    axes: str | Sequence[str | Axis] | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
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
    axes, scale, units, channels, options, overwrite, run, storage_options, registry, **write_options
        As for `write_image`; the format is the plate's.

    Returns
    -------
    Node
        The field.

    Raises
    ------
    ArgumentError
        If the plate has no such row or column.
    TargetExistsError, UnsupportedError, LossyError, WriteError
        See `write_content`.
    """
    registry = registry or default_registry()
    target = Location.parse(location, storage_options)
    plate = open_node(target, registry=registry)
    value = plate.facets.get("plate")
    if not isinstance(value, Plate) or plate.version is None:
        raise UnsupportedError(f"{target} is no plate, so fields cannot be added to it")
    if "format" in write_options:
        raise ArgumentError("the format of a field is that of its plate and cannot be given")
    if isinstance(image, ImageContent):
        content = image
    else:
        content = image_content(image, axes=axes, scale=scale, units=units, channels=channels)
    planner = Planner(evolve(merged_options(options, write_options), format=plate.version), registry)
    reference = planner.well_reference(value, well)
    fields = tuple(plate.child(well).children) if well in plate.children else ()
    name = field or next(str(number) for number in count() if str(number) not in fields)
    place = target.below(well).below(plain_name(name))
    zarr_format = planner.version.zarr_format
    phases = tuple(planner.image_phases("", content))
    run_plan(Plan(target=place, zarr_format=zarr_format, phases=phases, overwrite=overwrite), registry, run)
    listing = Phase(name="lists of wells and fields", steps=planner.listing_steps(well, reference, name, content))
    run_plan(Plan(target=target, zarr_format=zarr_format, phases=(listing,), create=False), registry)
    return open_node(place, registry=registry)
