"""Fields of vectors that displacements and coordinates are looked up in.

Source: OME-NGFF 0.6 "coordinates and displacements". A field is a multiscale image with one more axis than the points
it takes, typed ``displacement`` or ``coordinate``; its finest level is used. Drafts of 0.6 kept a field in one array
with coordinate systems of its own, which is read as well. Outside a field the vector is that of the nearest position
inside.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.errors import MetadataError
from omezarr.model import Coordinates, CoordinateSystem, Displacements, Sequence, Transformation
from omezarr.model.structuring import at, base_converter, expect_list, expect_object, structure
from omezarr.transform.forward import forward_map
from omezarr.transform.inverse import inverse_map
from omezarr.transform.maps import PointMap, as_points, count

if TYPE_CHECKING:
    from typing import Literal

    import numpy as np
    import numpy.typing as npt

    from omezarr.model import Axis, Image
    from omezarr.transform.maps import Points
    from omezarr.transform.resolver import ArrayLike, Resolver

_ORDERS: dict[str, Literal[0, 1, 3]] = {"nearest": 0, "linear": 1, "cubic": 3, "bspline-cubic": 3}
"""The order of the spline that each interpolation stands for; text and schema of 0.6 differ in the word for cubic."""

_SPLINE_MARGIN = 12
"""Samples by which a field is continued before spline coefficients are taken; what lies further has no weight."""


@forward_map.register(Displacements)
def _displacements(transformation: Displacements, resolver: Resolver, _: int | None = None) -> PointMap:
    field = open_field(transformation, resolver)
    if field.inputs != field.outputs:
        raise MetadataError(
            f"the displacements at {transformation.path!r} are vectors of {field.outputs} components for points of "
            f"{field.inputs} coordinates; they must be as many"
        )
    return PointMap(
        name="the displacements", inputs=field.inputs, outputs=field.outputs, function=partial(_displaced, field)
    )


@forward_map.register(Coordinates)
def _coordinates(transformation: Coordinates, resolver: Resolver, _: int | None = None) -> PointMap:
    return open_field(transformation, resolver)


def open_field(transformation: Displacements | Coordinates, resolver: Resolver) -> PointMap:
    """Return the function from positions to the vectors of a field; none of them are read yet.

    Parameters
    ----------
    transformation : Displacements or Coordinates
    resolver : Resolver
        Where its path starts.

    Raises
    ------
    MetadataError
        If there is no field at the path, or its metadata does not tell how to read it.
    """
    path = transformation.path
    order = _ORDERS.get(transformation.interpolation or "linear")
    if order is None:
        raise MetadataError(
            f"the interpolation {transformation.interpolation!r} of the field at {path!r} is not known; known are "
            f"{', '.join(_ORDERS)}"
        )
    image = resolver.image(path)
    array, axes, placement = _in_array(path, resolver) if image is None else _in_image(path, image, resolver)
    wanted = "displacement" if isinstance(transformation, Displacements) else "coordinate"
    vector_axes = [index for index, axis in enumerate(axes) if axis.type == wanted]
    if len(vector_axes) != 1:
        raise MetadataError(f"the field at {path!r} has {len(vector_axes)} axes of type {wanted!r}; it must have one")
    if len(array.shape) != len(axes):
        raise MetadataError(
            f"the field at {path!r} has {count(len(array.shape), 'dimension')}, but its metadata names {len(axes)} axes"
        )
    sampler = FieldSampler(
        array=array,
        vector_axis=vector_axes[0],
        order=order,
        to_array=_to_array(path, placement, vector_axes[0], len(axes), resolver),
    )
    return PointMap(
        name=f"the field at {path!r}",
        inputs=len(axes) - 1,
        outputs=array.shape[vector_axes[0]],
        function=sampler,
    )


def _in_image(path: str, image: Image, resolver: Resolver) -> tuple[ArrayLike, tuple[Axis, ...], Transformation]:
    if not image.multiscales or not image.multiscales[0].datasets:
        raise MetadataError(f"the field at {path!r} has no levels")
    multiscale = image.multiscales[0]
    dataset = multiscale.datasets[0]
    steps = dataset.coordinate_transformations or ()
    return resolver.below(path).array(dataset.path), multiscale.axes, Sequence(transformations=tuple(steps))


def _in_array(path: str, resolver: Resolver) -> tuple[ArrayLike, tuple[Axis, ...], Transformation]:
    """Read a field as drafts of 0.6 kept it: in one array, whose attributes name its axes and its placement."""
    array = resolver.array(path)
    attributes = dict(getattr(array, "attrs", {}))
    document = attributes.get("ome", attributes)
    converter = base_converter()
    with at("coordinateSystems"):
        systems = expect_list(expect_object(document).get("coordinateSystems", []))
        if not systems:
            raise MetadataError(f"the array at {path!r} does not say which of its axes holds the vectors")
        axes = structure(converter, systems[0], CoordinateSystem).axes
    with at("coordinateTransformations"):
        steps = tuple(
            structure(converter, _without_ends(step), Transformation)
            for step in expect_list(document.get("coordinateTransformations", []))
        )
    return array, axes, Sequence(transformations=steps)


def _without_ends(step: Any) -> dict[str, Any]:
    """Return a transformation without its input and output, which drafts of 0.6 wrote in another way."""
    return {key: value for key, value in expect_object(step).items() if key not in ("input", "output")}


def _to_array(path: str, placement: Transformation, vector_axis: int, ndim: int, resolver: Resolver) -> PointMap:
    """Return the function from positions in the field to indices of its array, without the axis of the vectors."""
    inverse = inverse_map(placement, resolver.below(path), ndim)
    if inverse.inputs == ndim - 1:  # published fields leave the axis of the vectors out of the scale
        return inverse
    if inverse.inputs not in (None, ndim) or inverse.outputs not in (None, ndim):
        raise MetadataError(
            f"the field at {path!r} has {ndim} axes, but its transformation leads from {inverse.outputs} to "
            f"{inverse.inputs} coordinates"
        )
    return PointMap(
        name=inverse.name, inputs=ndim - 1, outputs=ndim - 1, function=_WithVectorAxis(inverse, vector_axis)
    )


@frozen
class _WithVectorAxis:
    """Maps points that lack the coordinate along the axis of the vectors, which does not matter."""

    inner: PointMap
    axis: int

    def __call__(self, points: Points) -> Points:
        import numpy as np

        return np.delete(self.inner(np.insert(points, self.axis, 0.0, axis=1)), self.axis, axis=1)


@frozen(kw_only=True, eq=False, slots=False)
class FieldSampler:
    """Looks vectors up in an array, reading no more of it than the positions need.

    Parameters
    ----------
    array : ArrayLike
    vector_axis : int
        The axis along which the components of a vector lie.
    order : {0, 1, 3}
        Nearest, linear or cubic B-spline interpolation. The latter needs the whole array.
    to_array : PointMap
        From positions to indices along the other axes.
    """

    array: ArrayLike
    vector_axis: int
    order: Literal[0, 1, 3]
    to_array: PointMap

    def __call__(self, points: Points) -> Points:
        """Return the vector at each position; where that is not finite, neither is the vector."""
        import numpy as np

        shape = [size for axis, size in enumerate(self.array.shape) if axis != self.vector_axis]
        if 0 in shape:
            raise MetadataError(f"the field of shape {tuple(self.array.shape)} has no vectors")
        vectors = np.full((len(points), self.array.shape[self.vector_axis]), np.nan)
        indices = as_points(self.to_array(points))
        usable = np.isfinite(indices).all(axis=1)
        indices = np.clip(indices[usable], 0.0, np.array(shape) - 1.0)
        if len(indices):
            vectors[usable] = self._interpolated(indices)
        return vectors

    def _interpolated(self, indices: Points) -> Points:
        import numpy as np
        from scipy.ndimage import map_coordinates

        if self.order == 3:
            components, start = self._coefficients, np.full(indices.shape[1], -_SPLINE_MARGIN)
        else:
            start = np.floor(indices.min(axis=0)).astype(int)
            components = self._read(start, np.floor(indices.max(axis=0)).astype(int) + 2)
        offsets = (indices - start).T
        if self.order == 0:
            nearest = tuple((np.floor(indices + 0.5).astype(int) - start).T)
            return components[(slice(None), *nearest)].T
        return np.stack(
            [
                map_coordinates(component, offsets, order=self.order, mode="nearest", prefilter=False)
                for component in components
            ],
            axis=1,
        )

    def _read(self, start: npt.NDArray[np.int_], stop: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
        """Return the components of the vectors in a box, the axis of the vectors first."""
        import numpy as np

        region = [slice(int(first), int(last)) for first, last in zip(start, stop, strict=True)]
        region.insert(self.vector_axis, slice(None))
        return np.moveaxis(np.asarray(self.array[tuple(region)], dtype=np.float64), self.vector_axis, 0)

    @cached_property
    def _coefficients(self) -> npt.NDArray[np.float64]:
        """The coefficients of the B-splines of each component, with a margin on all sides."""
        import numpy as np
        from scipy.ndimage import spline_filter

        components = np.moveaxis(
            np.asarray(self.array[(slice(None),) * len(self.array.shape)], dtype=np.float64), self.vector_axis, 0
        )
        return np.stack(
            [
                spline_filter(np.pad(component, _SPLINE_MARGIN, mode="edge"), order=3, mode="nearest")
                for component in components
            ]
        )


def _displaced(field: PointMap, points: Points) -> Points:
    return points + field(points)
