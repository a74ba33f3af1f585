"""What formats fill in and leave out, object by object, so that metadata becomes that of their version.

Each format says which function is for which class of the model; the functions are pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from omezarr.model import (
    CONVENTIONAL_SYSTEM,
    UNSET,
    Acquisition,
    Axis,
    CoordinateSystem,
    Image,
    ImageLabel,
    LabelColor,
    LabelProperty,
    Multiscale,
    Plate,
    Scene,
    Well,
    composed_geometry,
    conventional_axes,
)
from omezarr_builtins.formats._geometry import (
    between_systems,
    canonical,
    derived_geometry,
    dimensions,
    in_place,
    is_canonical,
    single_step,
    with_ends,
    without_ends,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.abc import ArrayFacts
    from omezarr.model import (
        JSON,
        Dataset,
        Field,
        GroupMetadata,
        Transformation,
        Unset,
        WellReference,
    )

    Arrays = Mapping[str, ArrayFacts]
    Steps = tuple[Transformation, ...]

T = TypeVar("T", LabelColor, LabelProperty)
V = TypeVar("V", Axis, Multiscale)


def completed_facets(metadata: GroupMetadata, complete: Mapping[type, Callable[[Any], Any]]) -> dict[str, object]:
    """Return the facets of a group, each completed by the function for its class; others are left alone."""
    return {
        key: complete[type(facet)](facet) if type(facet) in complete else facet
        for key, facet in metadata.facets.items()
    }


def located_facets(
    metadata: GroupMetadata,
    complete: Callable[[Multiscale], Multiscale],
    *,
    version: str | Unset = UNSET,
    plate_version: str | Unset = UNSET,
    label_version: str | Unset = UNSET,
    well_version: str | Unset = UNSET,
) -> dict[str, object]:
    """Return the facets of a group as 0.4 and newer versions have them.

    Parameters
    ----------
    metadata : GroupMetadata
    complete : callable
        Completes one multiscale.
    version, plate_version, label_version, well_version : str or UNSET
        The version that images, plates, image-labels and wells name.
    """

    def image(value: Image) -> Image:
        multiscales = (without_nulls(complete(multiscale)) for multiscale in value.multiscales)
        return with_versions(evolve(value, multiscales=tuple(multiscales)), version)

    def plate(value: Plate) -> Plate:
        return evolve(with_acquisitions(located_wells(value), numbered_acquisition), version=plate_version)

    def well(value: Well) -> Well:
        return evolve(numbered_fields(value), version=well_version)

    def image_label(value: ImageLabel) -> ImageLabel:
        return evolve(unique_labels(value), version=label_version)

    return completed_facets(metadata, {Image: image, Plate: plate, Well: well, ImageLabel: image_label})


def without_scenes(facets: Mapping[str, object]) -> dict[str, object]:
    """Return facets without scenes, which are defined from 0.6 on."""
    return {key: facet for key, facet in facets.items() if not isinstance(facet, Scene)}


def with_versions(image: Image, version: str | Unset) -> Image:
    """Return an image whose multiscales and display settings name a version, or none."""
    multiscales = tuple(evolve(multiscale, version=version) for multiscale in image.multiscales)
    return evolve(image, multiscales=multiscales, omero=evolve(image.omero, version=version) if image.omero else UNSET)


AXES_KEYS = frozenset({"axes"})
"""Keys that 0.3 uses, and versions before and after do not."""

POSITIONED_KEYS = frozenset({"axes", "coordinateTransformations"})
"""Keys that 0.4 and 0.5 use, and versions before or after do not."""

MAPPED_KEYS = frozenset({"coordinateSystems", "coordinateTransformations"})
"""Keys that 0.6 uses, and versions before do not."""


AXIS_KEYS = frozenset({"discrete", "longName"})
"""Keys that axes have in 0.6, and not before."""


def without_keys(multiscale: Multiscale, keys: frozenset[str]) -> Multiscale:
    """Return a multiscale without unknown keys that a version uses for something of its own."""
    datasets = tuple(evolve(dataset, extra=_others(dataset.extra, keys)) for dataset in multiscale.datasets)
    return evolve(multiscale, datasets=datasets, extra=_others(multiscale.extra, keys))


def without_nulls(multiscale: Multiscale) -> Multiscale:
    """Return a multiscale without keys that are null, which says nothing and which most versions do not allow."""
    systems = multiscale.coordinate_systems and tuple(
        evolve(system, axes=tuple(_stripped(axis, "type", "unit") for axis in system.axes))
        for system in multiscale.coordinate_systems
    )
    return evolve(_stripped(multiscale, "name", "type", "metadata"), coordinate_systems=systems)


def _stripped(value: V, *fields: str) -> V:
    nulls: dict[str, Any] = dict.fromkeys((field for field in fields if getattr(value, field) is None), UNSET)
    return evolve(value, **nulls)


def _others(extra: Mapping[str, JSON], keys: frozenset[str]) -> dict[str, JSON]:
    return {key: value for key, value in extra.items() if key not in keys}


def relative_multiscale(multiscale: Multiscale) -> Multiscale:
    """Return a multiscale as 0.1 to 0.3 have it: axes have names, levels have no transformations."""
    system = multiscale.intrinsic_system
    axes = None if system is None else conventional_axes([axis.name for axis in system.axes])
    return evolve(
        multiscale,
        datasets=tuple(evolve(dataset, coordinate_transformations=UNSET) for dataset in multiscale.datasets),
        coordinate_systems=UNSET if axes is None else (CoordinateSystem(CONVENTIONAL_SYSTEM, axes),),
        coordinate_transformations=UNSET,
    )


def positioned_multiscale(multiscale: Multiscale, arrays: Arrays) -> Multiscale:
    """Return a multiscale as 0.4 and 0.5 have it: one list of axes, levels with a scale and maybe a translation."""
    multiscale = _with_axes(without_keys(multiscale, POSITIONED_KEYS), arrays)
    system = multiscale.intrinsic_system
    axes = () if system is None else tuple(evolve(axis, discrete=UNSET, long_name=UNSET) for axis in system.axes)
    ndim = dimensions(multiscale, arrays)
    derived = derived_geometry(multiscale, arrays)

    def positioned(dataset: Dataset) -> Dataset:
        steps = _steps(dataset, derived, ndim)
        if ndim is not None and not is_canonical(steps):
            geometry = composed_geometry(steps, ndim)
            steps = steps if geometry is None or not steps else canonical(geometry, steps)
        return evolve(dataset, coordinate_transformations=without_ends(steps) or dataset.coordinate_transformations)

    kept = in_place(multiscale)
    outer = multiscale.coordinate_transformations
    return evolve(
        multiscale,
        datasets=tuple(map(positioned, multiscale.datasets)),
        coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, axes),) if system is not None else UNSET,
        coordinate_transformations=kept or (UNSET if outer else outer),
    )


def mapped_multiscale(multiscale: Multiscale, arrays: Arrays) -> Multiscale:
    """Return a multiscale as 0.6 has it: each level is mapped into the intrinsic system by one transformation.

    What applied after the transformations of the levels becomes part of them, so that the intrinsic system is the one
    in physical units.
    """
    multiscale = _with_adopted_keys(_with_axes(without_keys(multiscale, MAPPED_KEYS), arrays))
    ndim = dimensions(multiscale, arrays)
    derived = derived_geometry(multiscale, arrays)
    levels = [single_step(_steps(dataset, derived, ndim), ndim) for dataset in multiscale.datasets]
    outer = in_place(multiscale)
    if outer and ndim is not None and all(levels):
        composed = [composed_geometry((*steps, *outer), ndim) for steps in levels]
        if None not in composed:
            levels = [
                canonical(geometry, steps)
                for geometry, steps in zip(composed, levels, strict=True)
                if geometry is not None
            ]
            multiscale = evolve(multiscale, coordinate_transformations=between_systems(multiscale) or UNSET)
    system = multiscale.intrinsic_system
    if system is not None:
        pairs = zip(levels, multiscale.datasets, strict=True)
        levels = [with_ends(steps, dataset, system.name) for steps, dataset in pairs]
    datasets = tuple(
        evolve(dataset, coordinate_transformations=steps or dataset.coordinate_transformations)
        for dataset, steps in zip(multiscale.datasets, levels, strict=True)
    )
    return evolve(multiscale, datasets=datasets)


def _steps(dataset: Dataset, derived: Mapping[str, Any], ndim: int | None) -> Steps:
    if dataset.coordinate_transformations:
        return dataset.coordinate_transformations
    geometry = derived.get(dataset.path)
    if geometry is None or len(geometry.scale) != ndim:
        return ()
    return canonical(geometry)


def _with_axes(multiscale: Multiscale, arrays: Arrays) -> Multiscale:
    """Return a multiscale with axes: its own, else those that its arrays name, else those of five dimensions."""
    facts = arrays.get(multiscale.datasets[0].path) if multiscale.datasets else None
    if multiscale.coordinate_systems or facts is None:
        return multiscale
    named: Any = facts.dimension_names or facts.attributes.get("_ARRAY_DIMENSIONS")
    axes: tuple[Axis, ...] = ()
    if isinstance(named, list | tuple) and len(named) == len(facts.shape) and all(map(_is_text, named)):
        axes = conventional_axes(named)
    elif len(facts.shape) == 5:
        axes = conventional_axes("tczyx")
    return evolve(multiscale, coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, axes),)) if axes else multiscale


def _with_adopted_keys(multiscale: Multiscale) -> Multiscale:
    """Return a multiscale whose axes have what older documents say in the words of 0.6, and only that."""
    systems = multiscale.coordinate_systems and tuple(
        evolve(system, axes=tuple(map(_adopted, system.axes))) for system in multiscale.coordinate_systems
    )
    return evolve(multiscale, coordinate_systems=systems)


def _adopted(axis: Axis) -> Axis:
    discrete, long_name = axis.extra.get("discrete"), axis.extra.get("longName")
    return evolve(
        axis,
        discrete=discrete if isinstance(discrete, bool) else axis.discrete,
        long_name=long_name if isinstance(long_name, str) else axis.long_name,
        extra=_others(axis.extra, AXIS_KEYS),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def located_wells(plate: Plate) -> Plate:
    """Return a plate whose wells have the indices that their paths tell, where they had none."""
    return evolve(plate, wells=tuple(_located(plate, well) for well in plate.wells))


def well_indices(plate: Plate, well: WellReference) -> tuple[int | Unset, int | Unset]:
    """Return the indices of row and column that the path of a well tells; unset where it does not."""
    row, _, column = well.path.strip("/").partition("/")
    rows, columns = [item.name for item in plate.rows], [item.name for item in plate.columns]
    return (
        rows.index(row) if row in rows else UNSET,
        columns.index(column) if column in columns else UNSET,
    )


def _located(plate: Plate, well: WellReference) -> WellReference:
    row, column = well_indices(plate, well)
    return evolve(
        well,
        row_index=row if well.row_index is UNSET else well.row_index,
        column_index=column if well.column_index is UNSET else well.column_index,
    )


def unlocated_wells(plate: Plate) -> Plate:
    """Return a plate whose wells have no indices (0.1 to 0.3)."""
    wells = tuple(evolve(well, row_index=UNSET, column_index=UNSET) for well in plate.wells)
    return evolve(plate, wells=wells)


def with_acquisitions(plate: Plate, complete: Callable[[Acquisition], Acquisition]) -> Plate:
    """Return a plate with each acquisition completed; an empty list, which not all versions allow, is left out."""
    return evolve(plate, acquisitions=tuple(map(complete, plate.acquisitions)) if plate.acquisitions else UNSET)


def numbered_acquisition(acquisition: Acquisition) -> Acquisition:
    """Return an acquisition with numbers where 0.4 wants them and texts stand for them."""
    extra = dict(acquisition.extra)
    start = acquisition.start_time if acquisition.start_time is not UNSET else extra.pop("startime", UNSET)
    return evolve(
        acquisition,
        id=_number(acquisition.id),
        maximum_field_count=_number(acquisition.maximum_field_count),
        start_time=_number(start),
        end_time=_number(acquisition.end_time),
        extra=extra,
    )


def texted_acquisition(acquisition: Acquisition) -> Acquisition:
    """Return an acquisition with its start time as 0.1 to 0.3 have it, a text."""
    start = acquisition.start_time
    is_number = isinstance(start, int | float) and not isinstance(start, bool)
    return evolve(acquisition, start_time=str(start)) if is_number else acquisition


def numbered_fields(well: Well) -> Well:
    """Return a well whose fields name their acquisition by number, as numbered by `numbered_acquisition`."""

    def numbered(field: Field) -> Field:
        return evolve(field, acquisition=_number(field.acquisition))

    return evolve(well, images=tuple(map(numbered, well.images)))


def _number(value: JSON | Unset) -> JSON | Unset:
    """Return the whole number that a value stands for; the value itself where it stands for none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return value


def unique_labels(image_label: ImageLabel) -> ImageLabel:
    """Return colours and properties with one entry a label value: the last one, which is what readers take."""
    return evolve(
        image_label,
        colors=image_label.colors and _last_of_each(image_label.colors),
        properties=image_label.properties and _last_of_each(image_label.properties),
    )


def _last_of_each(entries: tuple[T, ...]) -> tuple[T, ...]:
    last = {entry.label_value: index for index, entry in enumerate(entries)}
    return tuple(entry for index, entry in enumerate(entries) if last[entry.label_value] == index)
