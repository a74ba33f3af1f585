"""What a user changes of content that comes from elsewhere: a part of it, other pixel sizes, units and channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.arrays.views import cropped
from omezarr.errors import ArgumentError
from omezarr.writing.channels import channel_axis_of
from omezarr.writing.image_description import by_axis, parse_axes, parse_channels

if TYPE_CHECKING:
    from omezarr.abc import PixelSource
    from omezarr.model import Axis
    from omezarr.model.content import ImageContent, LabelContent, LevelContent
    from omezarr.writing.requests import PixelKeywords


def part_of(image: ImageContent, region: Mapping[str, tuple[int, int]]) -> ImageContent:
    """Return a part of an image, where it was; its lower levels are to be made anew.

    Parameters
    ----------
    image : ImageContent
    region : mapping
        Axis name to start and stop, in pixels.

    Raises
    ------
    ArgumentError
        If the image has no such part.
    """
    if not region:
        return image
    names, shape = [axis.name for axis in image.axes], image.pixels.shape
    unknown = [name for name in region if name not in names]
    if unknown:
        raise ArgumentError(f"a region is given along {', '.join(unknown)}, but the axes are {', '.join(names)}")
    for name, (start, stop) in region.items():
        length = shape[names.index(name)]
        if not 0 <= start < stop <= length:
            raise ArgumentError(f"the region {name}={start}:{stop} is not inside the image, which has 0:{length} there")
    parts = tuple(slice(*region.get(name, (0, size))) for name, size in zip(names, shape, strict=True))
    position = channel_axis_of(image.axes)
    channels = image.channels
    if channels is not None and position is not None:
        channels = channels[parts[position]]
    cut, moved, levels = _cut(image, image.axes, parts)
    return evolve(
        image,
        pixels=cut,
        translation=moved,
        levels=levels,
        channels=channels,
        labels={key: _part_of_label(label, image, parts) for key, label in image.labels.items()},
    )


def _part_of_label(label: LabelContent, image: ImageContent, parts: tuple[slice, ...]) -> LabelContent:
    """Return the part of a label image that lies in the part of its image; all of one that has another grid."""
    shape = image.pixels.shape
    if len(label.pixels.shape) != len(shape) or any(
        size not in (1, full) for size, full in zip(label.pixels.shape, shape, strict=True)
    ):
        return label
    inner = tuple(
        part if size == full else slice(0, size)
        for part, size, full in zip(parts, label.pixels.shape, shape, strict=True)
    )
    cut, moved, levels = _cut(label, label.axes or image.axes, inner)
    return evolve(label, pixels=cut, translation=label.translation if label.axes is None else moved, levels=levels)


def _cut(
    content: ImageContent | LabelContent, axes: tuple[Axis, ...], parts: tuple[slice, ...]
) -> tuple[PixelSource, tuple[float, ...] | None, tuple[LevelContent, ...]]:
    """Return the pixels of a part, its position, and its first level, which says how it is stored."""
    scale, place = content.scale or (1.0,) * len(axes), content.translation or (0.0,) * len(axes)
    moved = tuple(
        p if axis.type == "channel" else p + s * part.start
        for axis, p, s, part in zip(axes, place, scale, parts, strict=True)
    )
    cut = cropped(content.pixels, parts)
    levels = tuple(evolve(level, pixels=cut) for level in content.levels[:1])
    return cut, moved if any(moved) else content.translation, levels


def with_overrides(image: ImageContent, said: PixelKeywords) -> ImageContent:
    """Return an image with what the user gives in place of what the source says.

    Its levels and label images keep their places relative to it.
    """
    scale = said.get("scale")
    axes = parse_axes(image.axes, len(image.axes), said.get("units"))
    known = dict(zip((axis.name for axis in axes), image.scale or (1.0,) * len(axes), strict=True))
    if isinstance(scale, Mapping):
        scale = {**known, **scale}
    elif isinstance(scale, int | float):
        scale = {axis.name: scale if axis.type == "space" else known[axis.name] for axis in axes}
    given = by_axis("scale", scale, axes, 1.0)
    units_by_name = {axis.name: axis for axis in axes}
    ratios = (
        dict.fromkeys(known, 1.0)
        if given is None
        else {name: new / old for (name, old), new in zip(known.items(), given, strict=True)}
    )

    def label(item: LabelContent) -> LabelContent:
        if item.axes is None:
            return item
        own = tuple(units_by_name.get(axis.name, axis) for axis in item.axes)
        return evolve(
            item,
            axes=own,
            scale=_times(item.scale or (1.0,) * len(own), own, ratios) if given or item.scale else None,
            translation=item.translation and _times(item.translation, own, ratios),
            levels=tuple(_rescaled(level, own, ratios, item.translation) for level in item.levels),
        )

    return evolve(
        image,
        axes=axes,
        scale=given or image.scale,
        channels=parse_channels(said.get("channels")) or image.channels,
        levels=tuple(_rescaled(level, axes, ratios, image.translation) for level in image.levels),
        labels={name: label(item) for name, item in image.labels.items()},
    )


def _rescaled(
    level: LevelContent, axes: tuple[Axis, ...], ratios: Mapping[str, float], start: tuple[float, ...] | None
) -> LevelContent:
    """Return a level with other pixel sizes, as far from the start of its image as before in pixels."""
    first = start or (0.0,) * len(axes)
    offsets = tuple(place - origin for place, origin in zip(level.translation, first, strict=True))
    moved = _times(offsets, axes, ratios)
    return evolve(
        level,
        scale=_times(level.scale, axes, ratios),
        translation=tuple(origin + offset for origin, offset in zip(first, moved, strict=True)),
    )


def _times(values: Sequence[float], axes: tuple[Axis, ...], ratios: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(value * ratios.get(axis.name, 1.0) for value, axis in zip(values, axes, strict=True))
