"""What each type of transformation computes, but for fields, which `omezarr.transform.fields` adds.

Source: OME-NGFF 0.6 "coordinateTransformations". Products with matrices are summed in a fixed order, so that the result
for a point never depends on the points beside it.

Examples
--------
>>> from omezarr.model import Scale, Sequence, Translation
>>> from omezarr.transform import Resolver
>>> steps = Sequence(transformations=(Scale(scale=(2.0, 3.0)), Translation(translation=(10.0, 0.0))))
>>> forward_map(steps, Resolver.of_nothing())([[1, 1]]).tolist()
[[12.0, 3.0]]
"""

from __future__ import annotations

from functools import partial, singledispatch
from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError, MetadataError, UnsupportedError
from omezarr.model import (
    Affine,
    Bijection,
    ByDimension,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    Sequence,
    Transformation,
    Translation,
    UnknownTransformation,
)
from omezarr.transform.maps import PointMap, chain, count
from omezarr.transform.parameters import affine_matrix, rotation_matrix, scale_factors, translation_offsets

if TYPE_CHECKING:
    from omezarr.transform.maps import Points
    from omezarr.transform.parameters import Floats
    from omezarr.transform.resolver import Resolver


@singledispatch
def forward_map(transformation: Transformation, resolver: Resolver, inputs: int | None = None) -> PointMap:  # noqa: ARG001 - of the implementations
    """Return the function that a transformation is.

    Parameters
    ----------
    transformation : Transformation
    resolver : Resolver
        Where its paths start.
    inputs : int, optional
        The number of coordinates of the points, where it is known from outside.

    Raises
    ------
    MetadataError
        If its numbers contradict each other.
    UnsupportedError
        If its type is not known.
    """
    kind = transformation.kind if isinstance(transformation, UnknownTransformation) else type(transformation).__name__
    raise UnsupportedError(f"transformations of the type {kind!r} are not known and cannot be applied")


@forward_map.register(Identity)
def _identity(_: Identity, __: Resolver, inputs: int | None = None) -> PointMap:
    return PointMap(name="the identity", inputs=inputs, outputs=inputs, function=unchanged)


@forward_map.register(Scale)
def _scale(transformation: Scale, resolver: Resolver, _: int | None = None) -> PointMap:
    factors = scale_factors(transformation, resolver)
    return PointMap(name="the scale", inputs=len(factors), outputs=len(factors), function=partial(multiplied, factors))


@forward_map.register(Translation)
def _translation(transformation: Translation, resolver: Resolver, _: int | None = None) -> PointMap:
    offsets = translation_offsets(transformation, resolver)
    return PointMap(
        name="the translation", inputs=len(offsets), outputs=len(offsets), function=partial(shifted, offsets)
    )


@forward_map.register(MapAxis)
def _map_axis(transformation: MapAxis, _: Resolver, inputs: int | None = None) -> PointMap:
    axes = transformation.map_axis
    if sorted(axes) == list(range(len(axes))):
        inputs = len(axes)
    # Drafts of 0.6 let mapAxis leave axes out and repeat them, which has a clear meaning in this direction.
    elif inputs is None or any(not 0 <= axis < inputs for axis in axes):
        raise MetadataError(f"mapAxis {list(axes)} is no permutation of the axes 0 to {len(axes) - 1}")
    return PointMap(name="mapAxis", inputs=inputs, outputs=len(axes), function=partial(selected, axes))


@forward_map.register(ProjectAxis)
def _project_axis(transformation: ProjectAxis, _: Resolver, inputs: int | None = None) -> PointMap:
    dropped, created = transformation.dropped_inputs or (), transformation.created_outputs or ()
    return projection(dropped, created, inputs)


@forward_map.register(Affine)
def _affine(transformation: Affine, resolver: Resolver, _: int | None = None) -> PointMap:
    matrix = affine_matrix(transformation, resolver)
    return linear("the affine", matrix[:, :-1], matrix[:, -1])


@forward_map.register(Rotation)
def _rotation(transformation: Rotation, resolver: Resolver, _: int | None = None) -> PointMap:
    return linear("the rotation", rotation_matrix(transformation, resolver))


@forward_map.register(Sequence)
def _sequence(transformation: Sequence, resolver: Resolver, inputs: int | None = None) -> PointMap:
    steps = []
    for step in transformation.transformations:
        steps.append(forward_map(step, resolver, inputs))
        inputs = steps[-1].outputs
    return chain(steps, "the sequence")


@forward_map.register(ByDimension)
def _by_dimension(transformation: ByDimension, resolver: Resolver, inputs: int | None = None) -> PointMap:
    parts = tuple(
        (forward_map(item.transformation, resolver, len(item.input_axes)), item.input_axes, item.output_axes)
        for item in transformation.transformations
    )
    return by_axes(parts, inputs)


@forward_map.register(Bijection)
def _bijection(transformation: Bijection, resolver: Resolver, inputs: int | None = None) -> PointMap:
    return forward_map(transformation.forward, resolver, inputs)


def linear(name: str, matrix: Floats, offset: Floats | None = None) -> PointMap:
    """Return the function of a matrix of shape (outputs, inputs), followed by an offset."""
    return PointMap(name=name, inputs=matrix.shape[1], outputs=matrix.shape[0], function=partial(mixed, matrix, offset))


def projection(dropped: tuple[int, ...], created: tuple[int, ...], inputs: int | None) -> PointMap:
    """Return the function that drops input axes and creates output axes at 0.

    Raises
    ------
    MetadataError
        If an axis is named twice, or does not exist.
    """
    for axes in (dropped, created):
        if len(set(axes)) != len(axes) or min(axes, default=0) < 0:
            raise MetadataError(f"projectAxis names the axes {list(axes)}; they must be different and not negative")
    outputs = None if inputs is None else inputs - len(dropped) + len(created)
    if inputs is not None and outputs is not None:
        _check_projection(dropped, created, inputs, outputs)
    return PointMap(name="projectAxis", inputs=inputs, outputs=outputs, function=partial(_projected, dropped, created))


def by_axes(
    parts: tuple[tuple[PointMap, tuple[int, ...], tuple[int, ...]], ...], inputs: int | None = None
) -> PointMap:
    """Return the function that applies others to some of the axes.

    Parameters
    ----------
    parts : tuple of (PointMap, input axes, output axes)
        Every output axis belongs to exactly one part.
    inputs : int, optional
        How many coordinates points have. Default: as many as it takes for the axes that are named.

    Raises
    ------
    MetadataError
        If the axes do not fit.
    """
    taken = [axis for _, axes, _ in parts for axis in axes]
    given = sorted(axis for _, _, axes in parts for axis in axes)
    if given != list(range(len(given))):
        raise MetadataError(f"byDimension gives the output axes {given}; each from 0 on must be there exactly once")
    inputs = max(taken, default=-1) + 1 if inputs is None else inputs
    if any(not 0 <= axis < inputs for axis in taken):
        raise MetadataError(f"byDimension takes the input axes {sorted(taken)} of points of {inputs} coordinates")
    for part, input_axes, output_axes in parts:
        if part.inputs not in (None, len(input_axes)) or part.outputs not in (None, len(output_axes)):
            raise MetadataError(
                f"{part.name} in byDimension maps {part.inputs} to {part.outputs} coordinates, but stands between the "
                f"axes {list(input_axes)} and {list(output_axes)}"
            )
    return PointMap(
        name="byDimension", inputs=inputs, outputs=len(given), function=partial(_applied_by_axes, parts, len(given))
    )


def unchanged(points: Points) -> Points:
    """Return points as they are."""
    return points.copy()


def multiplied(factors: Floats, points: Points) -> Points:
    """Return points with each coordinate multiplied."""
    return points * factors


def shifted(offsets: Floats, points: Points) -> Points:
    """Return points with an offset added to each coordinate."""
    return points + offsets


def selected(axes: tuple[int, ...], points: Points) -> Points:
    """Return points with ``output[i] = input[axes[i]]``."""
    return points[:, list(axes)]


def mixed(matrix: Floats, offset: Floats | None, points: Points) -> Points:
    """Return points multiplied with a matrix of shape (outputs, inputs), plus an offset."""
    import numpy as np

    result = np.zeros((len(points), len(matrix)))
    for row, weights in enumerate(matrix):
        for column, weight in enumerate(weights):
            if weight:
                result[:, row] += weight * points[:, column]
    return result if offset is None else result + offset


def _projected(dropped: tuple[int, ...], created: tuple[int, ...], points: Points) -> Points:
    import numpy as np

    inputs = points.shape[1]
    outputs = inputs - len(dropped) + len(created)
    try:
        _check_projection(dropped, created, inputs, outputs)
    except MetadataError as error:
        raise ArgumentError(f"the points have {count(inputs, 'coordinate')}, but {error}") from error
    result = np.zeros((len(points), outputs))
    result[:, [axis for axis in range(outputs) if axis not in created]] = points[
        :, [axis for axis in range(inputs) if axis not in dropped]
    ]
    return result


def _check_projection(dropped: tuple[int, ...], created: tuple[int, ...], inputs: int, outputs: int) -> None:
    if any(axis >= inputs for axis in dropped) or any(axis >= outputs for axis in created):
        raise MetadataError(
            f"projectAxis drops the axes {list(dropped)} of {inputs} and creates the axes {list(created)} of {outputs}"
        )


def _applied_by_axes(
    parts: tuple[tuple[PointMap, tuple[int, ...], tuple[int, ...]], ...], outputs: int, points: Points
) -> Points:
    import numpy as np

    result = np.empty((len(points), outputs))
    for part, input_axes, output_axes in parts:
        result[:, list(output_axes)] = part(points[:, list(input_axes)])
    return result
