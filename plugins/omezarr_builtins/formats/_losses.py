"""What versions cannot express, said for people.

One line for each thing that metadata has and a version has no place for. What can be told from the arrays again, such
as the scales of lower levels relative to the first, is no loss.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.model import (
    CONVENTIONAL_TYPES,
    UNSET,
    Bioformats2Raw,
    Image,
    ImageLabel,
    Plate,
    Scene,
    Sequence,
    Series,
    UnknownTransformation,
    Well,
    composed_geometry,
)
from omezarr_builtins.formats._completion import well_indices
from omezarr_builtins.formats._geometry import between_systems, in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omezarr.model import Axis, GroupMetadata, LevelGeometry, Multiscale, Transformation

    MultiscaleLosses = Callable[[Multiscale], Iterator[str]]


def image_losses(metadata: GroupMetadata, find: MultiscaleLosses) -> list[str]:
    """Return what is lost of the images of a group, each line with the name of the image where there are several."""
    lines = []
    for facet in metadata.facets.values():
        if isinstance(facet, Image):
            for index, multiscale in enumerate(facet.multiscales):
                where = f"in image {index} ({multiscale.name}): " if len(facet.multiscales) > 1 else ""
                lines += [f"{where}{line}" for line in find(multiscale)]
    return lines


def relative_losses(multiscale: Multiscale) -> Iterator[str]:
    """Yield what 0.1 to 0.3 cannot say of an image: all but the names of its axes."""
    axes = multiscale.axes
    names = [axis.name for axis in axes]
    if names != [name for name in CONVENTIONAL_TYPES if name in names]:
        yield f"the names and the order of the axes: {', '.join(names)}"
    units = [f"{axis.name} {axis.unit}" for axis in axes if axis.unit]
    if units:
        yield f"the units of the axes: {', '.join(units)}"
    types = [
        f"{axis.name} {axis.type}" for axis in axes if axis.type not in (UNSET, None, CONVENTIONAL_TYPES.get(axis.name))
    ]
    if types:
        yield f"the types of the axes: {', '.join(types)}"
    yield from _axis_losses(axes)
    keys = sorted({key for axis in axes for key in axis.extra})
    if keys:
        yield f"further keys of the axes: {', '.join(keys)}"
    yield from system_losses(multiscale)
    yield from _position_losses(multiscale)
    levels = [step for dataset in multiscale.datasets for step in dataset.coordinate_transformations or ()]
    keys = sorted(set(_step_keys((*levels, *in_place(multiscale)))))
    if keys:
        yield f"further keys of the transformations: {', '.join(keys)}"


def system_losses(multiscale: Multiscale) -> Iterator[str]:
    """Yield what versions before 0.6 cannot say of the coordinate systems of an image."""
    intrinsic = multiscale.intrinsic_system
    others = [system.name for system in multiscale.coordinate_systems or () if system is not intrinsic]
    if others:
        yield f"the coordinate systems besides that of the levels: {', '.join(others)}"
    if intrinsic is not None and intrinsic.extra:
        yield f"further keys of the coordinate system: {', '.join(intrinsic.extra)}"
    between = between_systems(multiscale)
    if between:
        yield f"the transformations between coordinate systems: {', '.join(kind(step) for step in between)}"
    keys = sorted(set(_end_keys(multiscale)))
    if keys:
        yield f"what is said of inputs, outputs and sequences of the levels: {', '.join(keys)}"


def _end_keys(multiscale: Multiscale) -> Iterator[str]:
    for dataset in multiscale.datasets:
        for step in dataset.coordinate_transformations or ():
            if isinstance(step, Sequence):
                yield from _step_keys((evolve(step, transformations=()),))
            for end in (step.input, step.output):
                if end:
                    yield from end.extra
            if step.input and step.input.name:
                yield "input.name"


def typed_losses(multiscale: Multiscale) -> Iterator[str]:
    """Yield what 0.4 and 0.5 cannot say of an image."""
    yield from _axis_losses(multiscale.axes)
    yield from system_losses(multiscale)
    ndim = len(multiscale.axes)
    for dataset in multiscale.datasets:
        steps = dataset.coordinate_transformations or ()
        if any(step.input or step.output for step in steps) and composed_geometry(steps, ndim) is None:
            kinds = ", ".join(kind(step) for step in steps)
            yield f"the transformations of the level {dataset.path!r}, which are no scale and translation: {kinds}"


def _axis_losses(axes: tuple[Axis, ...]) -> Iterator[str]:
    discrete = [axis.name for axis in axes if axis.discrete is not UNSET]
    if discrete:
        yield f"whether the axes are discrete: {', '.join(discrete)}"
    named = [f"{axis.name} ({axis.long_name})" for axis in axes if axis.long_name is not UNSET]
    if named:
        yield f"the long names of the axes: {', '.join(named)}"


def _position_losses(multiscale: Multiscale) -> Iterator[str]:
    """Yield what is lost where only the sizes of arrays tell where samples sit."""
    names = [axis.name for axis in multiscale.axes]
    outer = in_place(multiscale)
    levels: list[LevelGeometry] = []
    for dataset in multiscale.datasets:
        steps = dataset.coordinate_transformations
        if not steps and not outer:
            continue
        geometry = composed_geometry((*(steps or ()), *outer), len(names))
        if geometry is None:
            kinds = ", ".join(kind(step) for step in (*(steps or ()), *outer))
            yield f"the transformations of the level {dataset.path!r}: {kinds}"
        else:
            levels.append(geometry)
    if not levels:
        return
    first = levels[0]
    if any(size != 1 for size in first.scale):
        yield f"the pixel sizes: {_by_axis(names, first.scale)}"
    if any(first.translation):
        yield f"the position of the first pixel: {_by_axis(names, first.translation)}"
    for index, level in enumerate(levels[1:], 1):
        if not _is_derived(first, level):
            yield f"the position of level {index}: {_by_axis(names, level.translation)}"


def _is_derived(first: LevelGeometry, level: LevelGeometry) -> bool:
    """Say whether a level starts where the first one does, or in the middle of its first block."""
    shifts = [(small - full) / 2 for small, full in zip(level.scale, first.scale, strict=True)]
    offsets = [here - there for here, there in zip(level.translation, first.translation, strict=True)]
    tolerances = [1e-6 * abs(size) for size in first.scale]
    return all(
        isclose(offset, 0, abs_tol=tolerance) or isclose(offset, shift, abs_tol=tolerance)
        for offset, shift, tolerance in zip(offsets, shifts, tolerances, strict=True)
    )


def _by_axis(names: list[str], values: tuple[float, ...]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in zip(names, values, strict=True))


def key_losses(multiscale: Multiscale, keys: frozenset[str]) -> Iterator[str]:
    """Yield unknown keys of an image that a version uses for something of its own."""
    names = [axis.name for axis in multiscale.axes]
    extras = [multiscale.extra, *(dataset.extra for dataset in multiscale.datasets)]
    harmless = (None, names)
    found = {key for extra in extras for key in keys & extra.keys() if extra[key] not in harmless}
    if found:
        yield f"keys that the version uses otherwise: {', '.join(sorted(found))}"


def adoption_losses(multiscale: Multiscale) -> Iterator[str]:
    """Yield unknown keys of axes that 0.6 uses otherwise."""
    wanted = {"discrete": bool | None, "longName": str | None}
    systems = multiscale.coordinate_systems or ()
    extras = [axis.extra for system in systems for axis in system.axes]
    found = {
        key for extra in extras for key, kind in wanted.items() if key in extra and not isinstance(extra[key], kind)
    }
    if found:
        yield f"further keys of the axes that the version uses otherwise: {', '.join(sorted(found))}"


def folding_losses(multiscale: Multiscale) -> Iterator[str]:
    """Yield what is lost when the transformations of an image become part of those of its levels (0.6)."""
    keys = sorted(set(_step_keys(in_place(multiscale))))
    if keys:
        yield f"further keys of the transformations of the image: {', '.join(keys)}"


def _step_keys(steps: tuple[Transformation, ...]) -> Iterator[str]:
    for step in steps:
        yield from step.extra
        if step.name is not UNSET:
            yield "name"
        if isinstance(step, Sequence):
            yield from _step_keys(step.transformations)


def plate_losses(metadata: GroupMetadata) -> list[str]:
    """Return the indices of wells that their paths do not tell, for versions without indices."""
    lines = []
    for plate in metadata.facets.values():
        if isinstance(plate, Plate):
            for well in plate.wells:
                given, told = (well.row_index, well.column_index), well_indices(plate, well)
                if any(index not in (UNSET, other) for index, other in zip(given, told, strict=True)):
                    lines.append(f"the indices of the well {well.path!r}: {well.row_index}, {well.column_index}")
    return lines


def field_name_losses(metadata: GroupMetadata) -> list[str]:
    """Return the names of fields that only 0.6 allows."""
    names = [field.path for well in metadata.facets.values() if isinstance(well, Well) for field in well.images]
    odd = [name for name in names if not (name.isascii() and name.isalnum())]
    return [f"names of fields with other characters than letters and digits: {', '.join(odd)}"] if odd else []


def collection_losses(metadata: GroupMetadata) -> list[str]:
    """Return what marks a collection, which is defined from 0.4 on; it is kept as any other attribute."""
    keys = [key for key, facet in metadata.facets.items() if isinstance(facet, Bioformats2Raw | Series)]
    return [f"the collection of images that {key!r} marks, which is defined from 0.4 on" for key in keys]


def scene_losses(metadata: GroupMetadata) -> list[str]:
    """Return scenes, which are defined from 0.6 on."""
    found = any(isinstance(facet, Scene) for facet in metadata.facets.values())
    return ["the scene: its coordinate systems and transformations"] if found else []


def label_property_losses(metadata: GroupMetadata) -> list[str]:
    """Return the properties of labels, which are defined from 0.2 on."""
    found = any(isinstance(facet, ImageLabel) and facet.properties for facet in metadata.facets.values())
    return ["the properties of the labels"] if found else []


def kind(step: Transformation) -> str:
    """Return what a document calls the type of a transformation."""
    return str(step.kind) if isinstance(step, UnknownTransformation) else step.type
