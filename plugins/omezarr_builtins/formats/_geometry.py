"""The transformations of levels, put into the forms that versions want."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.model import (
    UNSET,
    Identity,
    LevelGeometry,
    Scale,
    Sequence,
    SystemReference,
    Translation,
    composed_geometry,
    derived_geometries,
)
from omezarr.plugins.origins import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ArrayFacts
    from omezarr.model import Dataset, Multiscale, Transformation

    Steps = tuple[Transformation, ...]


def dimensions(multiscale: Multiscale, arrays: Mapping[str, ArrayFacts]) -> int | None:
    """Return the number of axes, from the metadata or else from the arrays; None where nothing tells."""
    if multiscale.axes:
        return len(multiscale.axes)
    shapes = [arrays[dataset.path].shape for dataset in multiscale.datasets if dataset.path in arrays]
    return len(shapes[0]) if shapes else None


def derived_geometry(multiscale: Multiscale, arrays: Mapping[str, ArrayFacts]) -> dict[str, LevelGeometry]:
    """Return where the samples of each level sit relative to the first level, by path, as the arrays tell."""
    paths = [dataset.path for dataset in multiscale.datasets]
    if not paths or paths[0] not in arrays:
        return {}
    known = [path for path in paths if path in arrays]
    geometries = derived_geometries([arrays[path].shape for path in known], origin_of(multiscale.type))
    return dict(zip(known, geometries, strict=True))


def is_canonical(steps: Steps) -> bool:
    """Say whether transformations are one scale, or one sequence of a scale and a translation."""
    if len(steps) != 1:
        return False
    step = steps[0]
    if isinstance(step, Sequence):
        inner = step.transformations
        return len(inner) == 2 and isinstance(inner[0], Scale) and isinstance(inner[1], Translation)
    return isinstance(step, Scale)


def canonical(geometry: LevelGeometry, like: Steps = ()) -> Steps:
    """Return a geometry as one scale, or as a sequence of a scale and a translation where there is a translation.

    Parameters
    ----------
    geometry : LevelGeometry
    like : tuple of Transformation
        The transformations that this replaces: names and further keys are kept.
    """
    scale, translation = Scale(), Translation()
    outer = Sequence(transformations=())
    pending = list(like)[::-1]
    while pending:
        step = pending.pop()
        if isinstance(step, Scale):
            scale = step
        elif isinstance(step, Identity):
            scale = Scale(name=step.name, extra=step.extra, input=step.input, output=step.output)
        elif isinstance(step, Translation):
            translation = step
        elif isinstance(step, Sequence):
            outer = step
            pending.extend(reversed(step.transformations))
    scale = evolve(scale, scale=geometry.scale)
    if not any(geometry.translation) and translation == Translation():
        return (scale,)
    steps = (evolve(scale, input=UNSET, output=UNSET), evolve(translation, translation=geometry.translation))
    return (evolve(outer, transformations=steps),)


def single_step(steps: Steps, ndim: int | None) -> Steps:
    """Return transformations of a level as one, where they amount to a scale and a translation."""
    if is_canonical(steps) or (len(steps) == 1 and isinstance(steps[0], Identity)) or ndim is None:
        return steps
    geometry = composed_geometry(steps, ndim)
    return steps if geometry is None else canonical(geometry, steps)


def without_ends(steps: Steps) -> Steps:
    """Return transformations of a level in the form of 0.4 and 0.5: without inputs, outputs and names of sequences."""
    plain: list[Transformation] = []
    for step in steps:
        if isinstance(step, Sequence):
            plain.append(Sequence(transformations=without_ends(step.transformations)))
        else:
            plain.append(evolve(step, input=UNSET, output=UNSET))
    return tuple(plain)


def with_ends(steps: Steps, dataset: Dataset, system: str) -> Steps:
    """Return the transformation of a level as leading from its array to a coordinate system.

    Where the input names another array than the level, the level counts.
    """
    if len(steps) != 1:
        return steps
    step = steps[0]
    found, leading = step.input or SystemReference(), step.output or SystemReference()
    if found.path != dataset.path:
        found = SystemReference(path=dataset.path, extra=found.extra)
    return (evolve(step, input=found, output=evolve(leading, name=system)),)


def in_place(multiscale: Multiscale) -> Steps:
    """Return the transformations of a multiscale that apply after those of each level (0.4, 0.5)."""
    return tuple(step for step in multiscale.coordinate_transformations or () if not (step.input or step.output))


def between_systems(multiscale: Multiscale) -> Steps:
    """Return the transformations of a multiscale between coordinate systems (0.6)."""
    return tuple(step for step in multiscale.coordinate_transformations or () if step.input or step.output)
