"""What a TIFF series says beside its pixels: name, pixel sizes, channels, from OME-XML, ImageJ or plain tags.

Source: TIFF 6.0 "XResolution", "ResolutionUnit", "PhotometricInterpretation"; the way ImageJ itself reads its
descriptions (``unit`` and ``spacing`` there, x and y in the resolution tags in that unit).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from omezarr.model import UNSET, Channel, Window
from omezarr.units import Measure, duration, length, value_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tifffile import TiffPage

    from omezarr_builtins.importers._ome_xml import OMEImage

_JPEG = frozenset({6, 7, 33007, 34892})
"""Compressions whose decoder turns YCbCr into RGB."""

_SCREEN = (72.0, 96.0)
"""Dots per inch that programs write when they know nothing."""

_COLORS = (("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF"))

_WHITE = "FFFFFF"

_REGULAR = 1.1
"""How many times as long as the shortest time between frames the longest is, where nobody would call it irregular."""

_INVERTED, _RGB, _PALETTE, _YCBCR = 0, 2, 3, 6
"""Photometric interpretations."""


@frozen(kw_only=True)
class Description:
    """What is known of a series.

    Parameters
    ----------
    name : str or None
    steps : mapping
        Axis letter to the size of a pixel or time step.
    channels : tuple of Channel
        One for each channel, or one for each channel and sample; empty where nothing is known.
    positions : mapping
        Axis letter to where the image lies on the stage.
    notes : tuple of str
        What people should know, to be put after the name of the image.
    """

    name: str | None = None
    steps: Mapping[str, Measure]
    channels: tuple[Channel, ...] = ()
    positions: Mapping[str, Measure] = field(factory=dict)
    notes: tuple[str, ...] = ()

    def translation_along(self, letters: Sequence[str]) -> tuple[float, ...] | None:
        """Return where the first pixel lies along each axis, in the unit of its size; None if nowhere is known."""
        found = []
        for letter in letters:
            place, step = self.positions.get(letter), self.steps.get(letter)
            value = None if place is None or step is None else value_in(place, step.unit)
            found.append(0.0 if value is None else value)
        return tuple(found) if any(found) else None

    def channels_for(self, count: int, samples: tuple[Channel, ...]) -> tuple[Channel, ...] | None:
        """Return the channels of an image; None if nothing is known of them.

        Parameters
        ----------
        count : int
            The length of the channel axis, 1 where there is none.
        samples : tuple of Channel
            The samples of a pixel; empty where there is one.
        """
        channels = self.channels
        if samples and (not channels or len(channels) * len(samples) == count):
            groups = channels or (Channel(),) * (count // len(samples))
            channels = tuple(_combined(group, sample, alone=len(groups) == 1) for group in groups for sample in samples)
        if len(channels) != count or all(channel == Channel() for channel in channels):
            return None
        return channels


def describe_ome(image: OMEImage) -> Description:
    """Return what the OME-XML says of an image."""
    colors = [channel.color for channel in image.channels]
    if len(colors) > 1 and set(colors) <= {_WHITE, None}:  # white is what the schema has for colours that nobody chose
        colors = [None] * len(colors)
    channels = [
        Channel(label=channel.name or UNSET, color=color or UNSET)
        for channel, color in zip(image.channels, colors, strict=True)
    ]
    samples = sum(channel.samples for channel in image.channels)
    notes: list[str] = []
    if samples > image.sizes.get("c", samples):
        notes.append(f"has {image.sizes['c']} channels, but its OME-XML describes {samples}; these are left out")
        channels = []
    elif channels and len(channels) == samples:
        channels += [Channel()] * (image.sizes.get("c", samples) - samples)
    steps = dict(image.steps)
    times = image.time_steps()
    if "t" not in steps and times is not None:
        steps["t"], shortest, longest = times
        if longest > _REGULAR * shortest:
            notes.append(
                f"has frames between {shortest:g} and {longest:g} {steps['t'].unit}s apart; "
                f"the mean of {steps['t'].value:g} is taken as the time step"
            )
    return Description(
        name=image.name, steps=steps, channels=tuple(channels), positions=image.positions, notes=tuple(notes)
    )


def describe_imagej(metadata: Mapping[str, Any], page: TiffPage) -> Description:
    """Return what ImageJ has written.

    Parameters
    ----------
    metadata : mapping
        The description and the private tags of ImageJ, parsed.
    page : tifffile.TiffPage
        The first.
    """
    unit = metadata.get("unit")
    steps: dict[str, Measure | None] = {}
    if unit is None:
        steps.update(_resolution_steps(page))
    else:
        x, y = _resolution(page)
        steps["x"] = length(1 / x if x else None, str(unit))
        steps["y"] = length(1 / y if y else None, str(metadata.get("yunit", unit)))
        pixels = [steps["x"], steps["y"]]
        if all(step is None or step == Measure(1.0, None) for step in pixels):
            steps = {}
    depth_unit = metadata.get("zunit", unit)
    spacing = _number(metadata.get("spacing"))
    steps["z"] = None if spacing is None else length(abs(spacing), None if depth_unit is None else str(depth_unit))
    interval = _number(metadata.get("finterval"))
    rate = _number(metadata.get("fps"))
    steps["t"] = duration(interval or (1 / rate if rate else None), str(metadata.get("tunit", "sec")))
    known = {axis: step for axis, step in steps.items() if step is not None}
    return Description(steps=known, channels=_imagej_channels(metadata))


def describe_plain(page: TiffPage, name: str | None = None) -> Description:
    """Return what the tags of TIFF itself say."""
    return Description(name=name or None, steps=_resolution_steps(page))


def sample_channels(page: TiffPage) -> tuple[Channel, ...]:
    """Return what is known of the samples of a pixel, one channel each; empty where there is one sample."""
    count = max(page.shaped[0], page.shaped[4])
    if count == 1:
        return ()
    colored = page.photometric == _RGB or (page.photometric == _YCBCR and int(page.compression) in _JPEG)
    if not colored or count < len(_COLORS):
        return (Channel(),) * count
    channels = [Channel(label=label, color=color) for label, color in _COLORS]
    extras = tuple(page.extrasamples or ())
    for number in range(count - len(_COLORS)):
        alpha = number < len(extras) and int(extras[number]) in (1, 2)
        label = "Alpha" if alpha else f"Sample {number + len(_COLORS) + 1}"
        channels.append(Channel(label=label, color="FFFFFF", active=False))
    return tuple(channels)


def stored_differently(page: TiffPage, name: str) -> list[str]:
    """Return what people should know about how pixels are stored, because it is not carried over."""
    found = []
    if page.photometric == _PALETTE:
        found.append(f"{name} has a colour palette; the indices are imported, not the colours")
    if page.photometric == _INVERTED:
        found.append(f"{name} stores white as 0; the values are imported as they are stored")
    orientation = page.tags.valueof(274, 1)
    if orientation not in (0, 1):
        found.append(
            f"{name} asks viewers to turn or flip it (orientation {orientation}); it is imported as it is stored"
        )
    return found


def _combined(group: Channel, sample: Channel, *, alone: bool) -> Channel:
    """Return a sample of a channel, with the channel's name before its own where there are several."""
    if alone or group.label is UNSET:
        return sample
    label = group.label if sample.label is UNSET else f"{group.label} {sample.label}"
    return evolve(sample, label=label)


def _resolution(page: TiffPage) -> tuple[float | None, float | None]:
    """Return pixels per unit along x and y."""

    def ratio(tag: int) -> float | None:
        value = page.tags.valueof(tag)
        if not isinstance(value, tuple) or len(value) != 2 or not value[0] or not value[1]:
            return None
        return float(value[0]) / float(value[1])

    return ratio(282), ratio(283)


def _resolution_steps(page: TiffPage) -> dict[str, Measure]:
    """Return the pixel size in micrometers where the resolution tags mean one."""
    factor = {2: 25_400.0, 3: 10_000.0}.get(int(page.tags.valueof(296, 2)))
    x, y = _resolution(page)
    if factor is None or x is None or y is None or _is_default(x, y, factor):
        return {}
    return {"y": Measure(factor / y, "micrometer"), "x": Measure(factor / x, "micrometer")}


def _is_default(x: float, y: float, factor: float) -> bool:
    """Say whether a resolution is one that programs write without knowing it."""
    per_inch = x * 25_400 / factor
    close = 0.005
    return x == y and (x == 1 or any(abs(per_inch / dots - 1) < close for dots in _SCREEN))


def _imagej_channels(metadata: Mapping[str, Any]) -> tuple[Channel, ...]:
    count = metadata.get("channels", 1)
    labels = metadata.get("Labels") or ()
    tables = metadata.get("LUTs") or ()
    windows = _imagej_windows(metadata, count)
    if not isinstance(count, int) or count not in (len(labels), len(tables), len(windows)):
        return ()
    names = [str(label) for label in labels] if len(labels) == count else [""] * count
    colors = [_brightest(table) for table in tables] if len(tables) == count else [UNSET] * count
    return tuple(
        Channel(label=name or UNSET, color=color, window=window)
        for name, color, window in zip(names, colors, windows or [UNSET] * count, strict=True)
    )


def _imagej_windows(metadata: Mapping[str, Any], count: Any) -> list[Any]:
    """Return the display range of each channel as a window without the ends of the scale; none if there are none."""
    ranges = [_number(value) for value in metadata.get("Ranges") or ()]
    if not ranges and count == 1:
        ranges = [_number(metadata.get("min")), _number(metadata.get("max"))]
    pairs = list(zip(ranges[::2], ranges[1::2], strict=False))
    if len(pairs) != count:
        return []
    return [
        UNSET if low is None or high is None or not low < high else Window(start=_whole(low), end=_whole(high))
        for low, high in pairs
    ]


def _whole(value: float) -> float:
    """Return a number as an integer where it is whole, which viewers of integers like better."""
    return int(value) if value == int(value) else value


def _brightest(table: Any) -> Any:
    """Return the colour at the bright end of a lookup table of three rows."""
    import numpy as np

    colors = np.asarray(table)
    if colors.ndim != 2 or colors.shape[0] != 3:
        return UNSET
    red, green, blue = colors[:, colors.sum(axis=0, dtype=np.int64).argmax()]
    return f"{int(red):02X}{int(green):02X}{int(blue):02X}"


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None
