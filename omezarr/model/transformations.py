"""Coordinate transformations, as values.

Source: OME-NGFF 0.6 "coordinateTransformations"; scale and translation alone in 0.4 and 0.5. What they compute is not
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from attrs import frozen

from omezarr.model._base import JSON, UNSET, Unset, extra, named


@frozen
class SystemReference:
    """The coordinate system that a transformation starts from or leads to.

    Parameters
    ----------
    name : str, None or UNSET
        The name of a system in the document, or in the group at `path`.
    path : str, None or UNSET
        A group or array below the group whose document this is.
    """

    name: str | None | Unset = UNSET
    path: str | None | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Transformation:
    """What every transformation has.

    Parameters
    ----------
    input, output : SystemReference or UNSET
        Unset inside sequences and the like, where the parent gives them.
    name : str or UNSET
    extra : mapping
        Further keys, as they were.
    """

    type: ClassVar[str]

    input: SystemReference | Unset = UNSET
    output: SystemReference | Unset = UNSET
    name: str | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Identity(Transformation):
    """Leaves coordinates as they are."""

    type = "identity"


@frozen(kw_only=True)
class Scale(Transformation):
    """Multiplies each coordinate.

    Parameters
    ----------
    scale : tuple of float or UNSET
        One factor an axis; unset where `path` is given.
    path : str or UNSET
        A binary vector (0.4, 0.5).
    """

    type = "scale"
    scale: tuple[float, ...] | Unset = UNSET
    path: str | Unset = UNSET


@frozen(kw_only=True)
class Translation(Transformation):
    """Adds to each coordinate.

    Parameters
    ----------
    translation : tuple of float or UNSET
        One offset an axis, in the units of the output; unset where `path` is given.
    path : str or UNSET
        A binary vector (0.4, 0.5).
    """

    type = "translation"
    translation: tuple[float, ...] | Unset = UNSET
    path: str | Unset = UNSET


@frozen(kw_only=True)
class MapAxis(Transformation):
    """Permutes axes: ``output[i] = input[map_axis[i]]``."""

    type = "mapAxis"
    map_axis: tuple[int, ...]


@frozen(kw_only=True)
class ProjectAxis(Transformation):
    """Drops input axes and creates output axes at 0."""

    type = "projectAxis"
    dropped_inputs: tuple[int, ...] | Unset = UNSET
    created_outputs: tuple[int, ...] | Unset = UNSET


@frozen(kw_only=True)
class Affine(Transformation):
    """A matrix of M rows and N + 1 columns, the last the translation; inline or in an array at `path`."""

    type = "affine"
    affine: tuple[tuple[float, ...], ...] | Unset = UNSET
    path: str | Unset = UNSET


@frozen(kw_only=True)
class Rotation(Transformation):
    """An orthonormal matrix of determinant 1; inline or in an array at `path`."""

    type = "rotation"
    rotation: tuple[tuple[float, ...], ...] | Unset = UNSET
    path: str | Unset = UNSET


@frozen(kw_only=True)
class Sequence(Transformation):
    """Transformations applied one after the other, the first first."""

    type = "sequence"
    transformations: tuple[Transformation, ...]


@frozen
class DimensionItem:
    """One part of a `ByDimension`: a transformation of some axes, by index."""

    transformation: Transformation
    input_axes: tuple[int, ...]
    output_axes: tuple[int, ...]
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class ByDimension(Transformation):
    """Transformations of subsets of the axes; every output axis exactly once."""

    type = "byDimension"
    transformations: tuple[DimensionItem, ...]


@frozen(kw_only=True)
class Bijection(Transformation):
    """A transformation given together with its inverse."""

    type = "bijection"
    forward: Transformation
    inverse: Transformation


@frozen(kw_only=True)
class Displacements(Transformation):
    """Adds a vector that a multiscale group at `path` holds for every position."""

    type = "displacements"
    path: str
    interpolation: str | Unset = UNSET


@frozen(kw_only=True)
class Coordinates(Transformation):
    """Looks the result up in a multiscale group at `path`."""

    type = "coordinates"
    path: str
    interpolation: str | Unset = UNSET


@frozen(kw_only=True)
class UnknownTransformation(Transformation):
    """A transformation of a type that no version defines; its keys are kept in `extra`."""

    kind: str | Unset = named("type", UNSET)


TRANSFORMATION_TYPES: dict[str, type[Transformation]] = {
    cls.type: cls
    for cls in (
        Identity,
        Scale,
        Translation,
        MapAxis,
        ProjectAxis,
        Affine,
        Rotation,
        Sequence,
        ByDimension,
        Bijection,
        Displacements,
        Coordinates,
    )
}
"""The class of each value of the key ``type``."""
