"""What users may write for axes, sizes, channels and options, turned into values of one kind.

Examples
--------
>>> by_axis("scale", {"x": 0.5}, parse_axes("yx", 2), 1.0)
(1.0, 0.5)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from attrs import evolve, fields_dict

from omezarr.arrays import as_source
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.model import CONVENTIONAL_TYPES, UNSET, Axis, Channel
from omezarr.model.content import ImageContent, LabelContent
from omezarr.model.structuring import base_converter, structure
from omezarr.writing import WriteOptions


def image_content(
    image: Any,
    *,
    axes: str | Sequence[str | Axis] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    labels: Mapping[str, Any] | None = None,
) -> ImageContent:
    """Return an image that a user gives as an array, with what else is said of it.

    Parameters
    ----------
    image : array or PixelSource
    axes, name, scale, translation, units, channels, labels
        As for `omezarr.write_image`.

    Raises
    ------
    ArgumentError, MetadataError
        If something does not fit the array.
    """
    pixels = as_source(image)
    parsed = parse_axes(axes, len(pixels.shape), units)
    return ImageContent(
        pixels=pixels,
        axes=parsed,
        name=name,
        scale=by_axis("scale", scale, parsed, 1.0),
        translation=by_axis("translation", translation, parsed, 0.0),
        channels=parse_channels(channels),
        labels={key: LabelContent(pixels=as_source(array)) for key, array in (labels or {}).items()},
    )


def parse_axes(
    axes: str | Sequence[str | Axis] | None, ndim: int, units: str | Mapping[str, str] | None = None
) -> tuple[Axis, ...]:
    """Return the axes that a user names, with conventional types and the units given.

    Parameters
    ----------
    axes : str or sequence, optional
        Default: "yx" for two dimensions, "tczyx" for five.
    ndim : int
        The number of dimensions.
    units : str or mapping, optional
        One for all spatial axes, or by axis name.

    Raises
    ------
    ArgumentError
        If the axes do not fit the dimensions, or none are given where that is ambiguous.

    Examples
    --------
    >>> [axis.unit for axis in parse_axes("cyx", 3, "micrometer")]
    [UNSET, 'micrometer', 'micrometer']
    """
    if axes is None:
        defaults = {2: "yx", 5: "tczyx"}
        if ndim not in defaults:
            raise ArgumentError(f"{ndim} dimensions can mean several things; name them with axes, for example 'czyx'")
        axes = defaults[ndim]
    parsed = tuple(axis if isinstance(axis, Axis) else conventional_axis(axis) for axis in axes)
    names = [axis.name for axis in parsed]
    if len(names) != ndim:
        raise ArgumentError(f"the axes {', '.join(names)} are {len(names)}, but the array has {ndim} dimensions")
    if len(set(names)) != len(names):
        raise ArgumentError(f"the axes {', '.join(names)} name one twice")
    if units is None:
        return parsed
    if isinstance(units, str):
        return tuple(evolve(axis, unit=units) if axis.type == "space" else axis for axis in parsed)
    unknown = [name for name in units if name not in names]
    if unknown:
        raise ArgumentError(f"units are given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
    return tuple(evolve(axis, unit=units[axis.name]) if axis.name in units else axis for axis in parsed)


def conventional_axis(name: str) -> Axis:
    """Return the axis of a name, with its conventional type where the name has one."""
    return Axis(name, CONVENTIONAL_TYPES.get(name, UNSET))


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
        values = tuple(float(given.get(name, default)) for name in names)
    elif isinstance(given, int | float):
        values = tuple(float(given) if axis.type == "space" else default for axis in axes)
    else:
        values = tuple(float(value) for value in given)
    if len(values) != len(names):
        raise ArgumentError(f"the {what} has {len(values)} values for the axes {', '.join(names)}")
    if not all(map(math.isfinite, values)) or (what == "scale" and min(values) <= 0):
        raise ArgumentError(f"the {what} {values} must be finite" + (" and above 0" if what == "scale" else ""))
    return values


def parse_channels(given: Sequence[str | Channel | Mapping[str, Any]] | None) -> tuple[Channel, ...] | None:
    """Return the channels that a user gives as names, JSON objects or values; None stays None.

    Raises
    ------
    MetadataError
        If an object is malformed.
    """
    if given is None:
        return None
    channels = []
    for item in given:
        if isinstance(item, Channel):
            channels.append(item)
        elif isinstance(item, str):
            channels.append(Channel(label=item))
        else:
            channels.append(structure(base_converter(), dict(item), Channel))
    return tuple(channels)


def merged_options(options: WriteOptions | None, single: Mapping[str, Any]) -> WriteOptions:
    """Return options with single ones replaced.

    Raises
    ------
    ArgumentError
        If a name is no option.
    """
    unknown = [name for name in single if name not in fields_dict(WriteOptions)]
    if unknown:
        near = get_close_matches(unknown[0], fields_dict(WriteOptions), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ArgumentError(f"unknown argument {unknown[0]!r}{hint} Known: {', '.join(fields_dict(WriteOptions))}")
    return evolve(options or WriteOptions(), **single)


def factors_between(large: Sequence[int], small: Sequence[int]) -> tuple[int, ...]:
    """Return the integer factors between the shapes of two levels.

    Raises
    ------
    UnsupportedError
        If there are none.
    """
    factors = tuple(
        1
        if full == size
        else next((factor for factor in {full // size, -(-full // size)} if factor and -(-full // factor) == size), 0)
        for full, size in zip(large, small, strict=True)
    )
    if 0 in factors:
        raise UnsupportedError(
            f"the levels of the image, {tuple(large)} and {tuple(small)}, are not an integer factor apart, "
            "so labels cannot be given the same ones"
        )
    return factors


def natural_order(name: str) -> tuple[int, int, str]:
    """Return a key that sorts names as people do: numbers by value, then letters by length."""
    return (0, int(name), "") if name.isdecimal() else (1, len(name), name)
