"""Making content fit: axes that a version demands, labels that lack some, names that groups may have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from omezarr.arrays import expanded
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import checked_path
from omezarr.model import CONVENTIONAL_TYPES, conventional_axes
from omezarr.model.units import named_unit

if TYPE_CHECKING:
    import numpy as np

    from omezarr.abc import FormatVersion, PixelSource
    from omezarr.model import Axis
    from omezarr.model.content import ImageContent, LabelContent, PlateContent

C = TypeVar("C", "ImageContent", "PlateContent")


def named(content: C, name: str) -> C:
    """Return content under its own name, else under this one, as metadata shall have one.

    Examples
    --------
    >>> from omezarr.model.content import PlateContent
    >>> named(PlateContent(rows=(), columns=(), wells={}), "screen.ome.zarr").name
    'screen'
    """
    return evolve(content, name=content.name or re.sub(r"(\.ome)?\.(zarr|ozx|zip)$", "", name) or "image")


def with_named_units(content: ImageContent) -> ImageContent:
    """Return an image with the units that NGFF names; pixel sizes are converted where one is so many of another."""
    axes, factors = [], []
    for axis in content.axes:
        kind = axis.type or CONVENTIONAL_TYPES.get(axis.name)
        found = named_unit(axis.unit, kind) if isinstance(axis.unit, str) else None
        axes.append(axis if found is None else evolve(axis, unit=found.unit))
        factors.append(1.0 if found is None else found.value)
    content = evolve(content, axes=tuple(axes))
    if all(factor == 1 for factor in factors):
        return content
    scale = content.scale or (1.0,) * len(factors)
    translation = content.translation or (0.0,) * len(factors)
    return evolve(
        content,
        scale=tuple(size * factor for size, factor in zip(scale, factors, strict=True)),
        translation=tuple(start * factor for start, factor in zip(translation, factors, strict=True)),
    )


def expanded_to_five(content: ImageContent) -> ImageContent:
    """Return the content with axes of size 1 in place of those of t, c, z, y, x that it lacks."""
    names = [axis.name for axis in content.axes]
    order = [name for name in "tczyx" if name in names]
    if order != names:
        return content
    shape = [content.pixels.shape[names.index(name)] if name in names else 1 for name in "tczyx"]

    def spread(values: tuple[float, ...] | None, default: float) -> tuple[float, ...] | None:
        return None if values is None else tuple(values[names.index(n)] if n in names else default for n in "tczyx")

    axes = tuple(
        content.axes[names.index(axis.name)] if axis.name in names else axis for axis in conventional_axes("tczyx")
    )
    labels = {
        name: evolve(label, pixels=expanded(label.pixels, aligned(label.pixels.shape, tuple(shape), list("tczyx"))))
        for name, label in content.labels.items()
    }
    return evolve(
        content,
        pixels=expanded(content.pixels, tuple(shape)),
        axes=axes,
        scale=spread(content.scale, 1.0),
        translation=spread(content.translation, 0.0),
        labels=labels,
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


def label_pixels(name: str, label: LabelContent, image: ImageContent, version: FormatVersion) -> PixelSource:
    """Return the pixels of a label image with the axes of the image.

    Raises
    ------
    UnsupportedError
        If the version allows no labels of that dtype.
    ArgumentError
        If they do not fit the image.
    """
    pixels = label.pixels
    refusal = version.check_dtype(native_name(pixels.dtype), label=True)
    if refusal is not None:
        raise UnsupportedError(f"the label image {name!r}: {refusal}")
    shape = image.pixels.shape
    if len(pixels.shape) < len(shape):
        pixels = expanded(pixels, aligned(pixels.shape, shape, [axis.name for axis in image.axes]))
    fits = len(pixels.shape) == len(shape) and all(
        size in (1, full) for size, full in zip(pixels.shape, shape, strict=True)
    )
    if not fits:
        raise ArgumentError(
            f"the label image {name!r} of shape {label.pixels.shape} does not fit the image of shape {shape}: "
            "each axis must be as long as the image's, or 1"
        )
    return pixels


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
