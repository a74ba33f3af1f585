"""The inverse of each type of transformation that has one.

A matrix is inverted as it is given: a rotation published with three decimals is not quite orthonormal, and its true
inverse, unlike its transpose, leads back exactly to where a point came from. Fields have no inverse; a bijection that
holds one does.

Examples
--------
>>> from omezarr.model import Scale
>>> from omezarr.transform import Resolver
>>> inverse_map(Scale(scale=(2.0, 4.0)), Resolver.of_nothing())([[1, 1]]).tolist()
[[0.5, 0.25]]
"""

from __future__ import annotations

from functools import partial, singledispatch
from typing import TYPE_CHECKING

from omezarr.errors import NotInvertibleError
from omezarr.model import (
    Affine,
    Bijection,
    ByDimension,
    Coordinates,
    Displacements,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    Sequence,
    Transformation,
    Translation,
)
from omezarr.transform.forward import by_axes, forward_map, mixed, projection, selected, shifted, unchanged
from omezarr.transform.maps import PointMap, chain
from omezarr.transform.parameters import (
    affine_matrix,
    inverse_matrix,
    rotation_matrix,
    scale_factors,
    translation_offsets,
)

if TYPE_CHECKING:
    from omezarr.transform.maps import Points
    from omezarr.transform.parameters import Floats
    from omezarr.transform.resolver import Resolver


@singledispatch
def inverse_map(transformation: Transformation, resolver: Resolver, inputs: int | None = None) -> PointMap:
    """Return the inverse of a transformation as a function.

    Parameters
    ----------
    transformation : Transformation
    resolver : Resolver
        Where its paths start.
    inputs : int, optional
        The number of coordinates of the points that the inverse takes, where it is known from outside.

    Raises
    ------
    NotInvertibleError
        If there is no inverse, with the reason.
    MetadataError
        If its numbers contradict each other.
    UnsupportedError
        If its type is not known.
    """
    return forward_map(transformation, resolver, inputs)  # refuses what is not known


@inverse_map.register(Identity)
def _identity(_: Identity, __: Resolver, inputs: int | None = None) -> PointMap:
    return PointMap(name="the identity", inputs=inputs, outputs=inputs, function=unchanged)


@inverse_map.register(Scale)
def _scale(transformation: Scale, resolver: Resolver, _: int | None = None) -> PointMap:
    factors = scale_factors(transformation, resolver)
    if not factors.all():
        raise NotInvertibleError(f"the scale {factors.tolist()} is not invertible: it has the factor 0")
    return PointMap(
        name="the inverse of the scale", inputs=len(factors), outputs=len(factors), function=partial(_divided, factors)
    )


@inverse_map.register(Translation)
def _translation(transformation: Translation, resolver: Resolver, _: int | None = None) -> PointMap:
    offsets = translation_offsets(transformation, resolver)
    return PointMap(
        name="the inverse of the translation",
        inputs=len(offsets),
        outputs=len(offsets),
        function=partial(shifted, -offsets),
    )


@inverse_map.register(MapAxis)
def _map_axis(transformation: MapAxis, _: Resolver, __: int | None = None) -> PointMap:
    axes = transformation.map_axis
    if sorted(axes) != list(range(len(axes))):
        raise NotInvertibleError(f"mapAxis {list(axes)} is not invertible: it is no permutation")
    back = tuple(axes.index(axis) for axis in range(len(axes)))
    return PointMap(
        name="the inverse of mapAxis", inputs=len(axes), outputs=len(axes), function=partial(selected, back)
    )


@inverse_map.register(ProjectAxis)
def _project_axis(transformation: ProjectAxis, _: Resolver, inputs: int | None = None) -> PointMap:
    if transformation.dropped_inputs:
        axes = list(transformation.dropped_inputs)
        raise NotInvertibleError(f"projectAxis is not invertible: nothing tells the coordinates of the axes {axes}")
    return projection(transformation.created_outputs or (), (), inputs)


@inverse_map.register(Affine)
def _affine(transformation: Affine, resolver: Resolver, _: int | None = None) -> PointMap:
    matrix = affine_matrix(transformation, resolver)
    outputs, inputs = matrix.shape[0], matrix.shape[1] - 1
    if outputs != inputs:
        raise NotInvertibleError(f"the affine is not invertible: it maps {inputs} coordinates to {outputs}")
    return _inverse_linear("the affine", matrix[:, :-1], matrix[:, -1])


@inverse_map.register(Rotation)
def _rotation(transformation: Rotation, resolver: Resolver, _: int | None = None) -> PointMap:
    return _inverse_linear("the rotation", rotation_matrix(transformation, resolver), None)


@inverse_map.register(Sequence)
def _sequence(transformation: Sequence, resolver: Resolver, inputs: int | None = None) -> PointMap:
    steps = []
    for step in reversed(transformation.transformations):
        steps.append(inverse_map(step, resolver, inputs))
        inputs = steps[-1].outputs
    return chain(steps, "the inverse of the sequence")


@inverse_map.register(ByDimension)
def _by_dimension(transformation: ByDimension, resolver: Resolver, inputs: int | None = None) -> PointMap:
    taken = sorted(axis for item in transformation.transformations for axis in item.input_axes)
    if taken != list(range(len(taken))):
        raise NotInvertibleError(
            f"byDimension is not invertible: it takes the input axes {taken}, not each from 0 on exactly once"
        )
    parts = tuple(
        (inverse_map(item.transformation, resolver, len(item.output_axes)), item.output_axes, item.input_axes)
        for item in transformation.transformations
    )
    return by_axes(parts, inputs)


@inverse_map.register(Bijection)
def _bijection(transformation: Bijection, resolver: Resolver, inputs: int | None = None) -> PointMap:
    return forward_map(transformation.inverse, resolver, inputs)


@inverse_map.register(Displacements)
@inverse_map.register(Coordinates)
def _field(transformation: Displacements | Coordinates, _: Resolver, __: int | None = None) -> PointMap:
    raise NotInvertibleError(
        f"the {transformation.type} at {transformation.path!r} are not invertible: a field leads in one direction, "
        "unless a bijection gives the way back"
    )


def _inverse_linear(name: str, matrix: Floats, offset: Floats | None) -> PointMap:
    inverse = inverse_matrix(matrix)
    if inverse is None:
        raise NotInvertibleError(f"{name} is not invertible: its matrix is singular")
    return PointMap(
        name=f"the inverse of {name}",
        inputs=len(matrix),
        outputs=len(matrix),
        function=partial(_unmixed, inverse, offset),
    )


def _divided(factors: Floats, points: Points) -> Points:
    return points / factors


def _unmixed(inverse: Floats, offset: Floats | None, points: Points) -> Points:
    return mixed(inverse, None, points if offset is None else points - offset)
