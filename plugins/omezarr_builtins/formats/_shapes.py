"""How documents up to 0.5 write axes, transformations and start times, as overrides of the converter.

They have one list of axes, which becomes the coordinate system `CONVENTIONAL_SYSTEM`, and lists of transformations that
apply one after the other: for a level, ``[scale, translation]`` becomes one `Sequence`. Inputs and outputs of
transformations are unset, since these versions do not write them; completing for 0.6 fills them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from omezarr.errors import MetadataError
from omezarr.model import (
    CONVENTIONAL_SYSTEM,
    UNSET,
    Acquisition,
    Axis,
    CoordinateSystem,
    Dataset,
    Multiscale,
    Scale,
    Sequence,
    Transformation,
    Translation,
    conventional_axes,
)
from omezarr.model.structuring import at, expect_list, model_structure_hook, model_unstructure_hook, structure, tolerate

if TYPE_CHECKING:
    from collections.abc import Callable

    from cattrs import Converter

    from omezarr.model import JSON

T = TypeVar("T", Dataset, Multiscale)

TRANSFORMATIONS = "coordinateTransformations"


def configure_typed_axes(converter: Converter) -> None:
    """Override a converter for 0.4 and 0.5: axes are objects, levels have transformations."""

    def read(item: Any) -> Axis:
        if isinstance(item, str):
            tolerate(f"the axis {item!r} is a name; read as an axis of the conventional type")
            return conventional_axes([item])[0]
        return structure(converter, item, Axis)

    _configure_axes(converter, read, converter.unstructure)
    _configure_levels(converter)


def configure_named_axes(converter: Converter) -> None:
    """Override a converter for 0.3: axes are names, levels have no transformations."""

    def read(item: Any) -> Axis:
        if isinstance(item, dict):
            tolerate("axes are objects, as from 0.4 on; read all the same")
            return structure(converter, item, Axis)
        return conventional_axes([structure(converter, item, str)])[0]

    def write(axis: Axis) -> JSON:
        unstructured: JSON = converter.unstructure(axis)
        return axis.name if axis == conventional_axes([axis.name])[0] else unstructured

    _configure_axes(converter, read, write)
    _configure_levels(converter)
    _tolerate_transformations(converter, Dataset)
    _tolerate_transformations(converter, Multiscale)
    _configure_start_time(converter)


def configure_implied_axes(converter: Converter) -> None:
    """Override a converter for 0.1 and 0.2: axes are t, c, z, y, x without any key that says so."""
    hook = model_structure_hook(converter, Multiscale, unknown=("coordinateSystems",))
    systems = (CoordinateSystem(CONVENTIONAL_SYSTEM, conventional_axes("tczyx")),)
    converter.register_structure_hook(Multiscale, lambda raw, cls: evolve(hook(raw, cls), coordinate_systems=systems))
    written = model_unstructure_hook(converter, Multiscale)
    converter.register_unstructure_hook(Multiscale, lambda value: written(evolve(value, coordinate_systems=UNSET)))
    _configure_levels(converter)
    _tolerate_transformations(converter, Dataset)
    _tolerate_transformations(converter, Multiscale)
    _configure_start_time(converter)


def joined(steps: tuple[Transformation, ...]) -> tuple[Transformation, ...]:
    """Return a scale and a translation as one sequence; anything else as it is."""
    is_pair = len(steps) == 2 and isinstance(steps[0], Scale) and isinstance(steps[1], Translation)
    return (Sequence(transformations=steps),) if is_pair else steps


def split(steps: tuple[Transformation, ...]) -> tuple[Transformation, ...]:
    """Return a plain sequence of a scale and a translation as the two; anything else as it is."""
    inner = steps[0].transformations if len(steps) == 1 and isinstance(steps[0], Sequence) else ()
    return inner if joined(inner) == steps else steps


def _configure_axes(converter: Converter, read: Callable[[Any], Axis], write: Callable[[Axis], JSON]) -> None:
    converter.register_structure_hook(Axis, model_structure_hook(converter, Axis, unknown=("discrete", "longName")))
    hook = model_structure_hook(converter, Multiscale, unknown=("coordinateSystems",))
    written = model_unstructure_hook(converter, Multiscale)

    def structured(raw: Any, cls: Any) -> Multiscale:
        value = hook(raw, cls)
        if value.extra.get("axes") is None:
            if "axes" in value.extra:
                tolerate("the key 'axes' is null; read as absent")
            return value
        axes = []
        with at("axes"):
            for index, item in enumerate(expect_list(value.extra["axes"])):
                with at(index):
                    axes.append(read(item))
        extra = {key: item for key, item in value.extra.items() if key != "axes"}
        return evolve(value, coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, tuple(axes)),), extra=extra)

    def unstructured(value: Multiscale) -> dict[str, JSON]:
        document = written(evolve(value, coordinate_systems=UNSET))
        system = value.intrinsic_system
        return document if system is None else {**document, "axes": [write(axis) for axis in system.axes]}

    converter.register_structure_hook(Multiscale, structured)
    converter.register_unstructure_hook(Multiscale, unstructured)


def _configure_levels(converter: Converter) -> None:
    hook = model_structure_hook(converter, Dataset)
    written = model_unstructure_hook(converter, Dataset)

    def structured(raw: Any, cls: Any) -> Dataset:
        value = hook(raw, cls)
        steps = value.coordinate_transformations
        if steps and split(steps) != steps:
            tolerate("a level has a sequence, as from 0.6 on; read all the same")
        return evolve(value, coordinate_transformations=joined(steps)) if steps else value

    def unstructured(value: Dataset) -> dict[str, JSON]:
        steps = value.coordinate_transformations
        return written(evolve(value, coordinate_transformations=split(steps)) if steps else value)

    converter.register_structure_hook(Dataset, structured)
    converter.register_unstructure_hook(Dataset, unstructured)


def _tolerate_transformations(converter: Converter, cls: type[T]) -> None:
    """Override a converter for 0.1 to 0.3: transformations that cannot be read are one more unknown key."""
    hook: Callable[[Any, Any], T] = converter.get_structure_hook(cls)

    def structured(raw: Any, _: Any) -> T:
        if not isinstance(raw, dict) or TRANSFORMATIONS not in raw:
            return hook(raw, cls)
        try:
            value = hook(raw, cls)
        except MetadataError as error:
            if TRANSFORMATIONS not in error.path[:1]:
                raise
            rest = hook({key: item for key, item in raw.items() if key != TRANSFORMATIONS}, cls)
            return evolve(rest, extra={**rest.extra, TRANSFORMATIONS: raw[TRANSFORMATIONS]})
        tolerate(f"{TRANSFORMATIONS} are defined from 0.4 on; read all the same")
        return value

    converter.register_structure_hook(cls, structured)


def _configure_start_time(converter: Converter) -> None:
    """Read and write start times as texts under the key ``startime``, as numbers under ``starttime``.

    The text of 0.1 to 0.3 has the one, their schemas have the other.
    """
    hook = model_structure_hook(converter, Acquisition, unknown=("starttime",))
    written = model_unstructure_hook(converter, Acquisition)

    def structured(raw: Any, cls: Any) -> Acquisition:
        value = hook(raw, cls)
        found = [key for key in ("startime", "starttime") if key in value.extra]
        usual = [key for key in found if (key == "startime") == isinstance(value.extra[key], str)]
        if usual or len(found) == 1:
            key = (usual or found)[0]
            extra = {name: item for name, item in value.extra.items() if name != key}
            return evolve(value, start_time=value.extra[key], extra=extra)
        return value

    def unstructured(value: Acquisition) -> dict[str, JSON]:
        if not isinstance(value.start_time, str):
            return written(value)
        document = written(evolve(value, start_time=UNSET))
        return {**document, "startime": value.start_time}

    converter.register_structure_hook(Acquisition, structured)
    converter.register_unstructure_hook(Acquisition, unstructured)
