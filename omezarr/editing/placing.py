"""Where the pixels of an image are said to be: scales, translations and units, which its labels follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve

from omezarr.editing.request import MetadataEdit
from omezarr.errors import ArgumentError
from omezarr.model import CONVENTIONAL_SYSTEM, UNSET, CoordinateSystem
from omezarr.nodes.level import level_geometry
from omezarr.writing.image_description import by_axis, parse_axes
from omezarr.writing.pyramids import placement

if TYPE_CHECKING:
    from omezarr.model import Axis, Dataset, LevelGeometry, Multiscale
    from omezarr.nodes.node import Node

Move: TypeAlias = "tuple[float, float, float]"
"""By what an axis is scaled, about which position, and where that position comes to."""


def _geometry(node: Node, index: int) -> LevelGeometry:
    geometry = node.levels[index].geometry
    if geometry is None:
        raise ArgumentError(f"{node.location} has more than a scale and a translation; edit its document by hand")
    return geometry


def placed(node: Node, multiscale: Multiscale, wanted: MetadataEdit) -> Multiscale:
    """Return the multiscale of an image with another scale, translation or unit."""
    axes = node.axes
    assert multiscale is not None
    first = _geometry(node, 0)
    scale = _by_axis("scale", wanted.scale, axes, first.scale)
    shift = _by_axis("translation", wanted.translation, axes, first.translation)
    datasets = multiscale.datasets
    if wanted.scale is not None or wanted.translation is not None:
        factors = tuple(new / old for new, old in zip(scale, first.scale, strict=True))
        datasets = tuple(
            _moved(dataset, _geometry(node, index), first, factors, shift)
            for index, dataset in enumerate(multiscale.datasets)
        )
    return evolve(
        _with_units(multiscale, axes, wanted),
        datasets=datasets,
        coordinate_transformations=_between_systems(multiscale)
        if datasets is not multiscale.datasets
        else multiscale.coordinate_transformations,
    )


def _by_axis(what: str, given: Any, axes: tuple[Axis, ...], now: tuple[float, ...]) -> tuple[float, ...]:
    """Return one number for each axis; those that a mapping leaves out, and all but space for one number, stay."""
    if given is None:
        return now
    if isinstance(given, Mapping):
        given = {**{axis.name: value for axis, value in zip(axes, now, strict=True)}, **given}
    elif isinstance(given, int | float):
        given = [given if axis.type == "space" else value for axis, value in zip(axes, now, strict=True)]
    return by_axis(what, given, axes, 1.0) or now


def _moved(
    dataset: Dataset,
    here: LevelGeometry,
    first: LevelGeometry,
    factors: tuple[float, ...],
    shift: tuple[float, ...],
) -> Dataset:
    """Return a level that is scaled by factors about the first sample of the first level, which comes to a place."""
    scale = tuple(size * factor for size, factor in zip(here.scale, factors, strict=True))
    place = tuple(
        start + (own - old) * factor
        for start, own, old, factor in zip(shift, here.translation, first.translation, factors, strict=True)
    )
    old = next(iter(dataset.coordinate_transformations or ()), None)
    new = placement(scale, place)
    if old is not None:
        new = evolve(new, input=old.input, output=old.output, name=old.name)
    return evolve(dataset, coordinate_transformations=(new,))


def _between_systems(multiscale: Multiscale) -> Any:
    """Return the transformations of a multiscale without those in place, which the levels contain from now on."""
    kept = tuple(step for step in multiscale.coordinate_transformations or () if step.input or step.output)
    return kept or UNSET


def _with_units(multiscale: Multiscale, axes: tuple[Axis, ...], wanted: MetadataEdit) -> Multiscale:
    if wanted.units is None:
        return multiscale
    new = parse_axes(axes, len(axes), wanted.units)
    system = multiscale.intrinsic_system
    systems = multiscale.coordinate_systems or ()
    if system is None:
        return evolve(multiscale, coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, new),))
    return evolve(
        multiscale,
        coordinate_systems=tuple(evolve(item, axes=new) if item is system else item for item in systems),
    )


def moves_of(node: Node, new: Multiscale) -> dict[str, Move]:
    """Return for each axis by what an image was scaled, about which position, and where that has come to."""
    before = _geometry(node, 0)
    after = level_geometry(new, 0, [node.levels[0].shape]) or before
    return {
        axis.name: (after.scale[i] / before.scale[i], before.translation[i], after.translation[i])
        for i, axis in enumerate(node.axes)
    }


def following(label: Node, image: Node, moves: Mapping[str, Move], wanted: MetadataEdit) -> MetadataEdit:
    """Return what has to be said of a label image so that it stays on its image.

    Parameters
    ----------
    label, image : Node
    moves : mapping
        What `moves_of` the image says.
    wanted : MetadataEdit
        What is said of the image.
    """
    first, names = _geometry(label, 0), [axis.name for axis in label.axes]
    own = [moves.get(name, (1.0, 0.0, 0.0)) for name in names]
    units = {axis.name: axis.unit for axis in parse_axes(image.axes, len(image.axes), wanted.units)}
    return MetadataEdit(
        scale=[size * factor for size, (factor, _, _) in zip(first.scale, own, strict=True)],
        translation=[
            to + (place - about) * factor for place, (factor, about, to) in zip(first.translation, own, strict=True)
        ],
        units=None
        if wanted.units is None
        else {name: unit for name, unit in units.items() if name in names and isinstance(unit, str)},
    )
