"""Making content fit: axes that a version demands, labels that lack some, names that groups may have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from omezarr.arrays import expanded
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import checked_path
from omezarr.model import CONVENTIONAL_TYPES, conventional_axes
from omezarr.plugins.versions import axes_refusal, dtype_refusal
from omezarr.units import named_unit
from omezarr.writing.channels import channel_axis_of, check_channels, usable_channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from omezarr.abc import FormatVersion, PixelSource
    from omezarr.model import Axis
    from omezarr.model.content import ImageContent, LabelContent, LevelContent
    from omezarr.plugins.registry import Registry

P = TypeVar("P", "ImageContent", "LabelContent")


def name_of(path: str) -> str:
    """Return what to call the content of a group at a path, as metadata shall have a name.

    Examples
    --------
    >>> name_of("screen.ome.zarr"), name_of("A/1/0"), name_of("")
    ('screen', 'A/1/0', 'image')
    """
    return re.sub(r"(\.ome)?\.(zarr|ozx|zip)$", "", path) or "image"


def named(content: ImageContent, name: str) -> ImageContent:
    """Return an image under its own name, else under what a path suggests."""
    return evolve(content, name=content.name or name_of(name))


def fitted_image(content: ImageContent, version: FormatVersion, registry: Registry, *, expand: bool) -> ImageContent:
    """Return an image as a version takes it: its axes, units and channels.

    Parameters
    ----------
    content : ImageContent
    version : FormatVersion
    expand : bool
        Whether axes of size 1 may be added.

    Raises
    ------
    ArgumentError
        If what is said of the image contradicts itself.
    UnsupportedError
        If the version has no such axes or pixels.
    """
    names = [axis.name for axis in content.axes]
    if len(names) != len(content.pixels.shape):
        raise ArgumentError(
            f"there are {len(names)} axes ({', '.join(names)}) for pixels of {len(content.pixels.shape)} dimensions"
        )
    for what, values in (("scale", content.scale), ("translation", content.translation)):
        if values is not None and len(values) != len(names):
            raise ArgumentError(f"the {what} has {len(values)} values for {len(names)} axes")
    content = usable_channels(with_named_units(content))
    check_channels(content)
    refusal = axes_refusal(content.axes, version, registry)
    if refusal is not None and expand:
        content = expanded_to_five(content)
        refusal = axes_refusal(content.axes, version, registry)
    refusal = refusal or dtype_refusal(native_name(content.pixels.dtype), version, registry, label=False)
    if refusal is not None:
        raise UnsupportedError(refusal)
    return content


def with_named_units(content: ImageContent) -> ImageContent:
    """Return an image with the units that NGFF names; pixel sizes are converted where one is so many of another."""
    labels = {
        name: label if label.axes is None else _in_named_units(label, label.axes)
        for name, label in content.labels.items()
    }
    return evolve(_in_named_units(content, content.axes), labels=labels)


def _in_named_units(content: P, own: tuple[Axis, ...]) -> P:
    axes, factors = [], []
    for axis in own:
        kind = axis.type or CONVENTIONAL_TYPES.get(axis.name)
        found = named_unit(axis.unit, kind) if isinstance(axis.unit, str) else None
        axes.append(axis if found is None else evolve(axis, unit=found.unit))
        factors.append(1.0 if found is None else found.value)
    return evolve(content, axes=tuple(axes), **_stretched(content, factors))


def _stretched(content: P, factors: Sequence[float]) -> dict[str, Any]:
    """Return scale, translation and levels of an image or label image times a factor along each axis."""
    if all(factor == 1 for factor in factors):
        return {}
    scale = content.scale or (1.0,) * len(factors)
    translation = content.translation or (0.0,) * len(factors)
    return {
        "scale": _product(scale, factors),
        "translation": _product(translation, factors),
        "levels": tuple(
            evolve(level, scale=_product(level.scale, factors), translation=_product(level.translation, factors))
            for level in content.levels
        ),
    }


def _product(values: Sequence[float], factors: Sequence[float]) -> tuple[float, ...]:
    return tuple(value * factor for value, factor in zip(values, factors, strict=True))


def expanded_to_five(content: ImageContent) -> ImageContent:
    """Return the content with axes of size 1 in place of those of t, c, z, y, x that it lacks."""
    names = [axis.name for axis in content.axes]
    if [name for name in "tczyx" if name in names] != names:
        return content
    shape = spread(content.pixels.shape, names, "tczyx", 1)
    labels = {
        name: _with_axes(label, label.axes, "tczyx")
        if label.axes is not None
        else evolve(label, pixels=expanded(label.pixels, aligned(label.pixels.shape, shape, list("tczyx"))))
        for name, label in content.labels.items()
    }
    return evolve(_with_axes(content, content.axes, "tczyx"), labels=labels)


T = TypeVar("T", int, float)


def spread(values: Sequence[T], names: Sequence[str], wanted: Sequence[str], default: T) -> tuple[T, ...]:
    """Return one value for each axis that is wanted: the one that is there, or a default.

    Examples
    --------
    >>> spread((5, 7), ["y", "x"], "cyx", 1)
    (1, 5, 7)
    """
    return tuple(values[names.index(name)] if name in names else default for name in wanted)


def _with_axes(content: P, axes: tuple[Axis, ...], wanted: Sequence[str]) -> P:
    """Return an image or label image with axes of size 1 added; all its own are wanted, in their order."""
    by_name = {axis.name: axis for axis in (*conventional_axes(wanted), *axes)}
    return in_axes(content, axes, tuple(by_name[name] for name in wanted))


def in_axes(content: P, axes: tuple[Axis, ...], wanted: tuple[Axis, ...]) -> P:
    """Return an image or label image, with all its levels, in the axes that are wanted.

    Parameters
    ----------
    content : ImageContent or LabelContent
    axes : tuple of Axis
        Those that it has, all among the wanted ones and in their order.
    wanted : tuple of Axis
        Those that it lacks get a length of 1.
    """
    own, names = [axis.name for axis in axes], [axis.name for axis in wanted]

    def level(item: LevelContent) -> LevelContent:
        return evolve(
            item,
            pixels=expanded(item.pixels, spread(item.pixels.shape, own, names, 1)),
            scale=spread(item.scale, own, names, 1.0),
            translation=spread(item.translation, own, names, 0.0),
            chunks=item.chunks and spread(item.chunks, own, names, 1),
            shards=item.shards and spread(item.shards, own, names, 1),
        )

    return evolve(
        content,
        axes=wanted,
        pixels=expanded(content.pixels, spread(content.pixels.shape, own, names, 1)),
        scale=content.scale and spread(content.scale, own, names, 1.0),
        translation=content.translation and spread(content.translation, own, names, 0.0),
        levels=tuple(map(level, content.levels)),
    )


def aligned(small: tuple[int, ...], full: tuple[int, ...], names: list[str]) -> tuple[int, ...]:
    """Return the shape with 1 for leading and channel axes that a label image lacks."""
    missing = len(full) - len(small)
    if missing <= 0:
        return small
    candidates = [index for index, name in enumerate(names) if name == "c"] + [
        index for index, name in enumerate(names) if name != "c"
    ]
    inserted = sorted(candidates[:missing])
    rest = iter(small)
    return tuple(1 if index in inserted else next(rest) for index in range(len(full)))


def aligned_to(shape: tuple[int, ...], axes: tuple[Axis, ...], wanted: tuple[Axis, ...]) -> tuple[int, ...]:
    """Return a shape with 1 for each axis that is wanted but was not there."""
    sizes = {axis.name: size for axis, size in zip(axes, shape, strict=True)}
    return tuple(sizes.get(axis.name, 1) for axis in wanted)


def label_pixels(
    name: str, label: LabelContent, image: ImageContent, version: FormatVersion, registry: Registry
) -> PixelSource:
    """Return the pixels of a label image with the axes of the image, unless it has its own.

    Raises
    ------
    UnsupportedError
        If the version allows no labels of that dtype.
    ArgumentError
        If they do not fit the image.
    """
    pixels = label.pixels
    refusal = dtype_refusal(native_name(pixels.dtype), version, registry, label=True)
    if refusal is not None:
        raise UnsupportedError(f"the label image {name!r}: {refusal}")
    if label.axes is not None:
        refusal = axes_refusal(label.axes, version, registry)
        if refusal is not None:
            raise UnsupportedError(f"the label image {name!r}: {refusal}")
        return pixels
    shape = image.pixels.shape
    if len(pixels.shape) < len(shape):
        position = channel_axis_of(image.axes)
        names = ["c" if index == position else axis.name for index, axis in enumerate(image.axes)]
        pixels = expanded(pixels, aligned(pixels.shape, shape, names))
    fits = len(pixels.shape) == len(shape) and all(
        size in (1, full) for size, full in zip(pixels.shape, shape, strict=True)
    )
    if not fits:
        raise ArgumentError(
            f"the label image {name!r} of shape {label.pixels.shape} does not fit the image of shape {shape}: "
            "each axis must be as long as the image's, or 1"
        )
    return pixels


def plain_path(path: str) -> str:
    """Return a path of which each part is the name of a group.

    Raises
    ------
    ArgumentError
        If one is not.

    Examples
    --------
    >>> plain_path("orphaned/0")
    'orphaned/0'
    """
    return "/".join(map(plain_name, path.split("/")))


def plain_name(name: str) -> str:
    """Return a name that is one part of a path.

    Raises
    ------
    ArgumentError
        If it is not.
    """
    if not name or "/" in name or name.startswith(("__", ".")):
        raise ArgumentError(f"{name!r} cannot be the name of a group: use letters, digits and _ - . inside")
    return checked_path(name)


def native_name(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype whatever its byte order, for example "uint16".

    Examples
    --------
    >>> import numpy as np
    >>> native_name(np.dtype(">u2"))
    'uint16'
    """
    return str(dtype.newbyteorder("="))
