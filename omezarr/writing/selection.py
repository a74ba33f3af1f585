"""What is to be taken of an OME-Zarr: some wells, fields, channels, times, labels or levels, or a region of each image.

Pure: turns content into smaller content, with everything where it was. Lower levels stay as they are wherever the part
begins and ends between their pixels; elsewhere they are to be made anew.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, field, fields_dict, frozen

from omezarr.arrays.views import cropped, picked
from omezarr.errors import ArgumentError
from omezarr.model.content import LabelContent, PlateContent
from omezarr.writing.channels import channel_axis_of
from omezarr.writing.overrides import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.model import Axis
    from omezarr.model.content import Content, ImageContent, LevelContent

    P = TypeVar("P", ImageContent, LabelContent)


def _names(value: str | int | Sequence[str | int]) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str | int) else tuple(map(str, value))


@frozen(kw_only=True)
class Selection:
    """What to take; of what is not named, all.

    Parameters
    ----------
    levels : int or sequence of int
        Which resolution levels; the first that is taken becomes the full one.
    wells : str or sequence of str
        Names as ``"A/1"`` or ``"A1"``, or patterns as ``"A/*"``.
    fields : str, int or sequence of them
        The names of the fields of each well.
    channels : str, int or sequence of them
        Names or numbers, from 0 on, in the order in which they are wanted.
    times : tuple of int, optional
        The first time point, and the one behind the last.
    region : mapping
        Axis name to start and stop, in pixels of the first level.

    Examples
    --------
    >>> Selection(wells="A1", channels=["DAPI"]).given
    ('wells', 'channels')
    """

    levels: tuple[str, ...] = field(default=(), converter=_names)
    wells: tuple[str, ...] = field(default=(), converter=_names)
    fields: tuple[str, ...] = field(default=(), converter=_names)
    channels: tuple[str, ...] = field(default=(), converter=_names)
    times: tuple[int, int] | None = None
    region: Mapping[str, tuple[int, int]] = field(factory=dict)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of what is selected by."""
        return tuple(name for name in fields_dict(type(self)) if getattr(self, name) not in ((), None, {}))


def selected(content: Content, wanted: Selection) -> Content:
    """Return the part of content that is wanted.

    Parameters
    ----------
    content : Content
    wanted : Selection

    Raises
    ------
    ArgumentError
        If anything that is named is not there.
    """
    if wanted.wells or wanted.fields:
        if not isinstance(content, PlateContent):
            raise ArgumentError("wells and fields can only be selected of a plate")
        content = _part_of_plate(content, wanted)
    return content.map_images(lambda image: _part_of_image(image, wanted))


def _part_of_plate(plate: PlateContent, wanted: Selection) -> PlateContent:
    wells = dict(plate.wells)
    if wanted.wells:
        found = {name: [well for well in wells if _is_meant(well, name)] for name in wanted.wells}
        missing = next((name for name, matching in found.items() if not matching), None)
        if missing is not None:
            raise ArgumentError(f"there is no well {missing!r}; there are: {', '.join(wells)}")
        chosen = {well for matching in found.values() for well in matching}
        wells = {well: fields for well, fields in wells.items() if well in chosen}
    if wanted.fields:
        known = dict.fromkeys(name for fields in wells.values() for name in fields)
        missing = next((name for name in wanted.fields if name not in known), None)
        if missing is not None:
            raise ArgumentError(f"no well has a field {missing!r}; there are: {', '.join(known)}")
        wells = {well: {n: f for n, f in fields.items() if n in wanted.fields} for well, fields in wells.items()}
        wells = {well: fields for well, fields in wells.items() if fields}
    rows = {well.partition("/")[0] for well in wells}
    kept = {path: group for path, group in plate.groups.items() if path in {"", "OME", *rows, *wells}}
    return evolve(plate, wells=wells, groups=kept)


def _is_meant(well: str, name: str) -> bool:
    return fnmatchcase(well, name) or well.replace("/", "") == name


def _part_of_image(image: ImageContent, wanted: Selection) -> ImageContent:
    region = dict(wanted.region)
    if wanted.times is not None:
        axis = next((axis.name for axis in image.axes if axis.type == "time" or axis.name == "t"), None)
        if axis is None:
            raise ArgumentError(f"the image {image.name!r} has no times to select")
        if axis in region:
            raise ArgumentError("times are selected twice; leave them out of the region")
        region[axis] = wanted.times
    image = _in_region(image, region) if region else image
    if wanted.channels:
        image = _of_channels(image, wanted.channels)
    return _of_levels(image, wanted.levels) if wanted.levels else image


def _in_region(image: ImageContent, region: Mapping[str, tuple[int, int]]) -> ImageContent:
    part = part_of(image, region)
    labels = {
        name: evolve(label, levels=_levels_in(image.labels[name], label, image.axes, region))
        if label is not image.labels[name]
        else label
        for name, label in part.labels.items()
    }
    return evolve(part, levels=_levels_in(image, part, image.axes, region), labels=labels)


def _levels_in(
    whole: P, part: P, axes: tuple[Axis, ...], region: Mapping[str, tuple[int, int]]
) -> tuple[LevelContent, ...]:
    """Return the levels of a part: all of them if they can stay as they are, else the first."""
    own, full = whole.axes or axes, whole.pixels.shape
    found: list[LevelContent] = []
    for level in whole.levels:
        parts = []
        for axis, size, small in zip(own, full, level.pixels.shape, strict=True):
            start, stop = region.get(axis.name, (0, size)) if size > 1 else (0, size)
            factor = max(1, round(size / small))
            begins_between = start % factor == 0 and (stop % factor == 0 or stop == size)
            if -(-size // factor) != small or not begins_between:
                return tuple(found[:1])
            parts.append(slice(start // factor, -(-stop // factor)))
        moved = tuple(
            place if axis.type == "channel" else place + scale * piece.start
            for axis, place, scale, piece in zip(own, level.translation, level.scale, parts, strict=True)
        )
        pixels = cropped(level.pixels, tuple(parts)) if found else part.pixels
        found.append(evolve(level, pixels=pixels, translation=moved))
    return tuple(found)


def _of_channels(image: ImageContent, names: Sequence[str]) -> ImageContent:
    axis = channel_axis_of(image.axes)
    if axis is None:
        raise ArgumentError(f"the image {image.name!r} has no channels to select")
    count = image.pixels.shape[axis]
    known = [channel.label for channel in image.channels or ()]
    indices = [_number_of(name, known, count) for name in names]

    def level(item: LevelContent) -> LevelContent:
        return evolve(item, pixels=picked(item.pixels, axis, indices))

    def label(item: LabelContent) -> LabelContent:
        if item.axes is not None or item.pixels.shape[axis : axis + 1] != (count,) or count == 1:
            return item
        return evolve(item, pixels=picked(item.pixels, axis, indices), levels=tuple(map(level, item.levels)))

    return evolve(
        image,
        pixels=picked(image.pixels, axis, indices),
        levels=tuple(map(level, image.levels)),
        channels=None if image.channels is None else tuple(image.channels[index] for index in indices),
        labels={name: label(item) for name, item in image.labels.items()},
    )


def _number_of(name: str, known: Sequence[object], count: int) -> int:
    if name in known:
        return known.index(name)
    if name.isdecimal() and int(name) < count:
        return int(name)
    names = f": {', '.join(map(str, known))}" if known else ""
    raise ArgumentError(f"there is no channel {name!r}; there are 0 to {count - 1}{names}")


def _of_levels(image: ImageContent, names: Sequence[str]) -> ImageContent:
    wanted = sorted({_level_number(name, len(image.levels)) for name in names})
    labels = {name: _label_of_levels(label, image, wanted) for name, label in image.labels.items()}
    return evolve(_with_levels(image, wanted), labels=labels)


def _level_number(name: str, count: int) -> int:
    if not name.isdecimal() or int(name) >= count:
        raise ArgumentError(f"there is no level {name!r}; there are 0 to {count - 1}")
    return int(name)


def _with_levels(content: P, wanted: Sequence[int]) -> P:
    levels = tuple(content.levels[number] for number in wanted)
    first = levels[0]
    return evolve(content, pixels=first.pixels, scale=first.scale, translation=first.translation, levels=levels)


def _label_of_levels(label: LabelContent, image: ImageContent, wanted: Sequence[int]) -> LabelContent:
    """Return a label image with the same levels as its image; all of one that has others."""
    if len(label.levels) == len(image.levels):
        return _with_levels(label, wanted)
    if wanted[0] == 0 or label.axes is not None:
        return label
    return evolve(label, axes=image.axes, scale=label.scale or image.scale, translation=label.translation)
