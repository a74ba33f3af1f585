"""The exporter of pictures: one plane of one image as PNG, JPEG or WebP, pixel by pixel, as it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, Exporter
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.model import ImageLabel
from omezarr_builtins.exporters._writing import one_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from omezarr.abc import ExportRun, PixelSource
    from omezarr.location import Location
    from omezarr.model.content import Content, ImageContent
    from omezarr.rendering.layout import PictureAxes

TYPES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

LONGEST = {"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383}
"""The longest side that each kind of file can have, in pixels."""

SETTINGS: Mapping[str, Mapping[str, Any]] = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"lossless": True}}
"""How each kind is written: what JPEG loses is not seen, the others lose nothing."""


class PictureFile(Exporter):
    """Export one plane to a picture file, with the colours and windows of its channels.

    Every pixel of the level becomes one of the picture; `omezarr thumbnail` draws smaller ones, and plates.
    """

    name = "picture"
    suffixes = tuple(TYPES)
    options = {  # noqa: RUF012
        "z": "the plane, as numbered on the largest level; the middle one by default",
        "t": "the time point; the first one by default",
        "level": "the resolution level; 0, the largest, by default",
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim names that end as those of pictures."""
        suffix = _suffix(location)
        return Claim(Claim.NAME, f"its name ends in {suffix}") if suffix in TYPES else None

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse everything but one image, and planes and levels that it does not have."""
        self._plane(one_image(content, self), options)

    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Read the plane, and write it as a picture.

        Raises
        ------
        UnsupportedError
            If the plane is larger than such a file or the memory.
        """
        from PIL import Image

        from omezarr.engine.progress import ProgressCounter

        image = one_image(content, self)
        pixels, layout, region = self._plane(image, options)
        kind = TYPES.get(_suffix(location), "PNG")
        sides = [part.stop - part.start for part in region]
        height, width = sides[layout.vertical], sides[layout.horizontal]
        count = 1 if layout.channel is None else sides[layout.channel]
        size = f"{location} would have {height} x {width} pixels"
        advice = "take a smaller level (--exporter-option level=1) or a part (--region)"
        if max(height, width) > LONGEST[kind]:
            raise UnsupportedError(f"{size}, more than {LONGEST[kind]} along a side, as {kind} has at most; {advice}")
        if height * width * (count * pixels.dtype.itemsize + 3) > run.memory:
            raise UnsupportedError(
                f"{size}, more than fit into {run.memory // 2**20} MiB; {advice}, or give more memory"
            )
        found = pixels.read(region)
        channel = () if layout.channel is None else (layout.channel,)
        planes = found.transpose(*channel, *layout.others, layout.vertical, layout.horizontal)
        drawn = Image.fromarray(_drawn(image, planes.reshape(count, height, width)))
        drawn.save(location.url, kind, **SETTINGS[kind])
        ProgressCounter(1, found.nbytes, run.progress).add(1, found.nbytes)

    def _plane(
        self, image: ImageContent, options: Mapping[str, Any]
    ) -> tuple[PixelSource, PictureAxes, tuple[slice, ...]]:
        """Return the pixels of a level, which of its axes are drawn, and what is read of it."""
        from omezarr.rendering.layout import layout_of

        layout = layout_of(image.axes)
        level = _index(options, "level", 0, max(1, len(image.levels)))
        pixels = image.levels[level].pixels if level else image.pixels
        region = [slice(0, length) for length in pixels.shape]
        for name in ("z", "t"):
            if name in options and name not in [layout.names[axis] for axis in layout.others]:
                raise ArgumentError(f"the image has no axis {name} to choose on; it has {', '.join(layout.names)}")
        for axis in layout.others:
            full, name = image.pixels.shape[axis], layout.names[axis]
            index = _index(options, name, full // 2 if name == "z" else 0, full)
            place = min(index * pixels.shape[axis] // full, pixels.shape[axis] - 1)
            region[axis] = slice(place, place + 1)
        return pixels, layout, tuple(region)


def _drawn(image: ImageContent, planes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the picture of the planes of all channels: uint8, of shape (height, width, 3)."""
    import numpy as np
    from attrs import evolve

    from omezarr.rendering.colours import coloured_labels, composed, displays_from, measured_window
    from omezarr.rendering.images import as_labels

    said = image.groups.get("")
    label = None if said is None else next((one for one in said.facets.values() if isinstance(one, ImageLabel)), None)
    if label is not None:
        colours = coloured_labels(as_labels(planes[0]), label)
        return np.where(colours[..., 3:] > 0, colours[..., :3], np.uint8(0))
    if planes.dtype.kind == "c":
        planes = np.abs(planes)
    displays = displays_from(image.channels or (), len(planes), planes.dtype)
    shown = [display for display in displays if display.active] or [displays[0]]
    there = np.zeros(planes.shape[1:], bool)
    measured = (measured_window(planes[one.channel], there) if one.window is None else one.window for one in shown)
    windows = [evolve(one, window=window) for one, window in zip(shown, measured, strict=True)]
    return composed(planes[[one.channel for one in shown]], windows)


def _index(options: Mapping[str, Any], name: str, default: int, length: int) -> int:
    """Return an option that counts from 0, also as it is written on a command line."""
    value = options.get(name, default)
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < length:
        raise ArgumentError(f"{name} goes from 0 to {length - 1} here, not to {options[name]!r}")
    return value


def _suffix(location: Location) -> str:
    name = location.name.lower()
    return f".{name.rpartition('.')[2]}" if "." in name else ""


@hookimpl
def omezarr_exporters() -> tuple[Exporter, ...]:
    """Give the exporter to omezarr."""
    return (PictureFile(),)
