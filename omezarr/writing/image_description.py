"""What users say of an image, its axes, sizes, units and channels, turned into content.

Examples
--------
>>> by_axis("scale", {"x": 0.5}, parse_axes("yx", 2), 1.0)
(1.0, 0.5)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, TypeVar

from attrs import evolve

from omezarr.arrays import as_source
from omezarr.arrays.integers import as_labels
from omezarr.errors import ArgumentError
from omezarr.model import CONVENTIONAL_TYPES, UNSET, Axis, Channel
from omezarr.model.content import ImageContent, LabelContent
from omezarr.model.structuring import base_converter, structure
from omezarr.units import named_unit
from omezarr.writing.channels import presentable
from omezarr.writing.labelled_arrays import described
from omezarr.writing.options import near

M = TypeVar("M")

CHANNEL_KEYS = ("label", "color", "window", "active", "coefficient", "family", "inverted")
"""What a channel may say: the keys of the specification and those that its examples, and OMERO, have beside them."""


def image_content(
    image: Any,
    *,
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: str | Sequence[str | Channel | Mapping[str, Any]] | None = None,
    labels: Mapping[str, Any] | None = None,
) -> ImageContent:
    """Return an image that a user gives as an array, with what else is said of it.

    Parameters
    ----------
    image : array or PixelSource
        What an `xarray.DataArray` says by its dimensions, coordinates and name holds where nothing else is given.
    axes, name, scale, translation, units, channels, labels
        As for `omezarr.write_image`.

    Raises
    ------
    ArgumentError, MetadataError
        If something does not fit the array.
    """
    if labels is not None and not isinstance(labels, Mapping):
        raise ArgumentError("labels are given by name, for example labels={'nuclei': array}")
    for key in labels or ():
        if not isinstance(key, str):
            raise ArgumentError(f"{key!r} is no name of a label image; give text, for example {str(key)!r}")
    said = described(image)
    pixels = as_source(image if said is None else said.pixels)
    parsed = parse_axes(said.axes if axes is None and said is not None else axes, len(pixels.shape), units)
    content = ImageContent(
        pixels=pixels,
        axes=parsed,
        name=name,
        scale=by_axis("scale", scale, parsed, 1.0),
        translation=by_axis("translation", translation, parsed, 0.0),
        channels=parse_channels(channels),
        labels={key: LabelContent(pixels=as_labels(array)) for key, array in (labels or {}).items()},
    )
    return content if said is None else said.added_to(content)


def parse_axes(
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None, ndim: int, units: str | Mapping[str, str] | None = None
) -> tuple[Axis, ...]:
    """Return the axes that a user names, with conventional types and the units given.

    Parameters
    ----------
    axes : str or sequence, optional
        Default: "yx" for two dimensions, "tczyx" for five.
    ndim : int
        The number of dimensions.
    units : str or mapping, optional
        One for all spatial axes, or by axis name; symbols become names.

    Raises
    ------
    ArgumentError
        If the axes do not fit the dimensions, or none are given where that is ambiguous; if a unit is none.

    Examples
    --------
    >>> [axis.unit for axis in parse_axes("cyx", 3, "um")]
    [UNSET, 'micrometer', 'micrometer']
    """
    if axes is None:
        defaults = {2: "yx", 5: "tczyx"}
        if ndim not in defaults:
            raise ArgumentError(f"{ndim} dimensions can mean several things; name them with axes, for example 'czyx'")
        axes = defaults[ndim]
    if not isinstance(axes, Iterable):
        raise ArgumentError(f"axes={axes!r} says nothing; give one letter an axis, for example 'czyx'")
    parsed = tuple(conventional_axis(axis) if isinstance(axis, str) else as_model(axis, Axis) for axis in axes)
    names = [axis.name for axis in parsed]
    if len(names) != ndim:
        raise ArgumentError(f"the axes {', '.join(names)} are {len(names)}, but the array has {ndim} dimensions")
    if len(set(names)) != len(names):
        raise ArgumentError(f"the axes {', '.join(names)} name one twice")
    if units is None:
        return parsed
    if isinstance(units, str):
        return tuple(_with_unit(axis, units) if axis.type == "space" else axis for axis in parsed)
    unknown = [name for name in units if name not in names]
    if unknown:
        raise ArgumentError(f"units are given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
    return tuple(_with_unit(axis, units[axis.name]) if axis.name in units else axis for axis in parsed)


def _with_unit(axis: Axis, unit: str) -> Axis:
    """Return an axis with a unit by its name; one that is so many of another stays until the pixel sizes are known."""
    if axis.type not in ("space", "time"):
        return evolve(axis, unit=unit)
    found = named_unit(str(unit), axis.type)
    if found is None:
        kind, example = ("length", "micrometer") if axis.type == "space" else ("time", "second")
        raise ArgumentError(
            f"{unit!r} is no unit of {kind} that NGFF knows, for the axis {axis.name}; give one such as {example!r}"
        )
    return evolve(axis, unit=found.unit if found.value == 1 else unit)


def as_model(given: M | Mapping[str, Any], model: type[M]) -> M:
    """Return metadata that a user gives as a value or in its JSON form.

    Raises
    ------
    ArgumentError
        If it is neither.
    MetadataError
        If the JSON form is malformed.
    """
    if isinstance(given, model):
        return given
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{given!r} is no {model.__name__}; give one of omezarr.{model.__name__}, or its JSON form")
    return structure(base_converter(), dict(given), model)


def conventional_axis(name: str) -> Axis:
    """Return the axis of a name, with its conventional type where the name has one."""
    return Axis(name, CONVENTIONAL_TYPES.get(name) or WRITTEN_OUT.get(name.lower(), UNSET))


WRITTEN_OUT = {"time": "time", "channel": "channel"}
"""Names of axes, written out as in arrays of xarray, and what they are of."""


def by_axis(
    what: str, given: float | Sequence[float] | Mapping[str, float] | None, axes: tuple[Axis, ...], default: float
) -> tuple[float, ...] | None:
    """Return one number for each axis of what a user gives as one number, a sequence or a mapping; None stays None.

    Raises
    ------
    ArgumentError
        If it does not fit the axes.
    """
    if given is None:
        return None
    names = [axis.name for axis in axes]
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ArgumentError(f"a {what} is given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
        values = _numbers(what, [given.get(name, default) for name in names])
    elif isinstance(given, int | float | Real):
        values = tuple(float(given) if axis.type == "space" else default for axis in axes)
    else:
        values = _numbers(what, given)
    if len(values) != len(names):
        raise ArgumentError(f"the {what} has {len(values)} values for the axes {', '.join(names)}")
    if not all(map(math.isfinite, values)) or (what == "scale" and min(values) <= 0):
        raise ArgumentError(f"the {what} {values} must be finite" + (" and above 0" if what == "scale" else ""))
    return values


def _numbers(what: str, given: Any) -> tuple[float, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable) or not all(isinstance(value, Real) for value in given):
        raise ArgumentError(f"{what}={given!r} says nothing; give numbers, for example {{'y': 2, 'x': 2}}")
    return tuple(float(value) for value in given)


def parse_channels(
    given: str | Channel | Mapping[str, Any] | Sequence[str | int | Channel | Mapping[str, Any]] | None,
) -> tuple[Channel, ...] | None:
    """Return the channels that a user gives as names, JSON objects or values; None stays None, a lone one is one.

    Raises
    ------
    ArgumentError
        If a key or a colour is none.
    MetadataError
        If an object is malformed.
    """
    if given is None:
        return None
    items = [given] if isinstance(given, str | Channel | Mapping) else given
    if not isinstance(items, Iterable):
        raise ArgumentError(f"channels={given!r} says nothing; give a name for each, for example ['DAPI', 'GFP']")
    return tuple(presentable(_channel(item)) for item in items)


def _channel(item: str | int | Channel | Mapping[str, Any]) -> Channel:
    if isinstance(item, str | int):
        return Channel(label=item)
    unknown = [key for key in item if key not in CHANNEL_KEYS] if isinstance(item, Mapping) else []
    if unknown:
        raise ArgumentError(f"a channel has no {unknown[0]!r}{near(unknown[0], CHANNEL_KEYS)}")
    return as_model(item, Channel)
