"""What metadata says, in terms that do not depend on the version: the measure of what a change of version kept."""

from __future__ import annotations

from typing import Any

from omezarr.model import (
    CONVENTIONAL_TYPES,
    UNSET,
    Acquisition,
    Bioformats2Raw,
    CoordinateSystem,
    GroupMetadata,
    Image,
    ImageLabel,
    Labels,
    Multiscale,
    Plate,
    Scene,
    Series,
    Well,
    WellReference,
    composed_geometry,
)

AXES = "the axes"
UNITS = "the units of the axes"
TYPES = "the types of the axes"
AXIS_KEYS = "further keys of the axes"
DISCRETE = "whether the axes are discrete"
LONG_NAMES = "the long names of the axes"
PIXEL_SIZES = "the pixel sizes"
POSITIONS = "the position of"
SYSTEMS = "the coordinate systems besides"
SYSTEM_KEYS = "further keys of the coordinate system"
BETWEEN = "the transformations between coordinate systems"
STEP_KEYS = "keys of the transformations"
LEVEL_KEYS = "what is said of inputs, outputs and sequences"
INDICES = "the indices of the well"
COLLECTION = "the collection of images"
SCENE = "the scene"
RESERVED = "that the version uses otherwise"
RESERVED_KEYS = {"axes", "coordinateSystems", "coordinateTransformations"}
ALSO_NAMED = {DISCRETE: AXIS_KEYS, LONG_NAMES: AXIS_KEYS, "unknown keys": "the attribute"}
"""Words that name a loss as well as the first ones."""
PROPERTIES = "the properties of the labels"


def essence(metadata: GroupMetadata, *, derived: bool = False) -> dict[str, Any]:
    """Return what metadata says, by the words with which a loss of it is named.

    What has no words of its own must never be lost. With `derived`, the geometry of lower levels relative to the first
    is left out.
    """
    said: dict[str, Any] = {}
    for facet in metadata.facets.values():
        if isinstance(facet, Image):
            for index, multiscale in enumerate(facet.multiscales):
                for key, value in _multiscale(multiscale, derived=derived).items():
                    said.setdefault(key, []).append((index, value))
            said["display settings"] = facet.omero and (facet.omero.channels, facet.omero.name, facet.omero.extra)
        elif isinstance(facet, ImageLabel):
            said |= {"colors": facet.colors and _last(facet.colors), "source": facet.source, "label keys": facet.extra}
            said[PROPERTIES] = facet.properties and _last(facet.properties)
        elif isinstance(facet, Plate):
            said |= _plate(facet)
        elif isinstance(facet, Well):
            said |= {"fields": facet.images, "well keys": facet.extra}
        elif isinstance(facet, Labels | Series | Bioformats2Raw):
            said[COLLECTION if not isinstance(facet, Labels) else "labels"] = facet
        elif isinstance(facet, Scene):
            said[SCENE] = facet
    said["unknown keys"] = {**metadata.unclaimed, **metadata.foreign}
    return said


def _multiscale(multiscale: Multiscale, *, derived: bool) -> dict[str, Any]:
    axes = multiscale.axes
    intrinsic = multiscale.intrinsic_system
    kinds = [axis.type or CONVENTIONAL_TYPES.get(axis.name) for axis in axes]
    said = {
        AXES: [axis.name for axis in axes],
        UNITS: [axis.unit or None for axis in axes],
        TYPES: kinds,
        AXIS_KEYS: [_known(axis.extra) for axis in axes],
        DISCRETE: [_either(axis.discrete, axis.extra.get("discrete")) for axis in axes],
        LONG_NAMES: [_either(axis.long_name, axis.extra.get("longName")) for axis in axes],
        SYSTEMS: [_system(system) for system in multiscale.coordinate_systems or () if system is not intrinsic],
        SYSTEM_KEYS: intrinsic and intrinsic.extra,
        BETWEEN: [step for step in multiscale.coordinate_transformations or () if step.input],
        "paths": [dataset.path for dataset in multiscale.datasets],
        "level keys": [_unreserved(dataset.extra) for dataset in multiscale.datasets],
        "image": [None if item is UNSET else item for item in (multiscale.name, multiscale.type, multiscale.metadata)],
        "image keys": _unreserved(multiscale.extra),
        RESERVED: [
            {key: extra[key] for key in RESERVED_KEYS & extra.keys() if extra[key] is not None}
            for extra in (multiscale.extra, *(dataset.extra for dataset in multiscale.datasets))
        ],
    }
    steps = [step for dataset in multiscale.datasets for step in dataset.coordinate_transformations or ()]
    inner = [part for step in steps for part in getattr(step, "transformations", ())]
    outer = [step for step in multiscale.coordinate_transformations or () if not step.input]
    sequences = [step for step in steps if hasattr(step, "transformations")]
    said[STEP_KEYS] = _keys([step for step in (*steps, *inner, *outer) if step not in sequences])
    ends = [end for step in steps for end in (step.input, step.output) if end]
    said[LEVEL_KEYS] = sorted(key for end in ends for key in end.extra) + _keys(sequences)
    return said | _geometry(multiscale, derived=derived)


def _system(system: CoordinateSystem) -> Any:
    axes = [
        (axis.name, axis.type or None, axis.unit or None, axis.discrete, axis.long_name, axis.extra)
        for axis in system.axes
    ]
    return system.name, axes, system.extra


def _keys(steps: list[Any]) -> list[str]:
    return sorted(key for step in steps for key in (*step.extra, *(["name"] if isinstance(step.name, str) else [])))


def _known(extra: Any) -> dict[str, Any]:
    return {key: item for key, item in extra.items() if key not in ("discrete", "longName")}


def _either(value: Any, kept: Any) -> Any:
    return value if isinstance(value, bool | str) else kept


def _unreserved(extra: Any) -> dict[str, Any]:
    return {key: item for key, item in extra.items() if key not in RESERVED_KEYS}


def _geometry(multiscale: Multiscale, *, derived: bool) -> dict[str, Any]:
    outer = [step for step in multiscale.coordinate_transformations or () if not step.input]
    levels = [
        composed_geometry((*(dataset.coordinate_transformations or ()), *outer), len(multiscale.axes))
        for dataset in multiscale.datasets
    ]
    known = [level for level in levels if level is not None][: 1 if derived else None]
    return {
        PIXEL_SIZES: [_rounded(level.scale) for level in known],
        POSITIONS: [_rounded(level.translation) for level in known],
    }


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [float(f"{value:.9g}") for value in values]


def _plate(plate: Plate) -> dict[str, Any]:
    return {
        "rows": plate.rows,
        "columns": plate.columns,
        "wells": [(well.path, well.extra) for well in plate.wells],
        INDICES: [_indices(plate, well) for well in plate.wells],
        "acquisitions": [_acquisition(item) for item in plate.acquisitions or ()],
        "plate": (plate.name, plate.field_count, plate.extra),
    }


def _indices(plate: Plate, well: WellReference) -> list[Any]:
    """Return where a well is: what it says, else what its path says."""
    row, _, column = well.path.partition("/")
    told = [index for index, item in enumerate(plate.rows) if item.name == row][:1]
    told += [index for index, item in enumerate(plate.columns) if item.name == column][:1]
    given = [well.row_index, well.column_index]
    return [said if isinstance(said, int) else other for said, other in zip(given, told, strict=True)]


def _acquisition(item: Acquisition) -> Any:
    start = int(item.start_time) if isinstance(item.start_time, str) else item.start_time
    return item.id, item.name, item.description, item.maximum_field_count, start, item.end_time, item.extra


def _last(entries: Any) -> dict[Any, Any]:
    return {entry.label_value: entry for entry in entries}
