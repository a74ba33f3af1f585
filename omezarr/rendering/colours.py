"""How values become colours: windows, colours of channels, the palette of labels, and what is missing.

Everything here takes and returns numpy arrays. A sample of value ``v`` adds ``floor(colour * clip((v - low) / (high -
low), 0, 1) + 0.5)`` to red, green and blue, which end at 255; NaN adds nothing.
"""

from __future__ import annotations

import colorsys
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen

from omezarr.arrays.contrast import window_of
from omezarr.errors import ArgumentError
from omezarr.model.colors import CHANNEL_COLORS
from omezarr.rendering.request import Colour, PictureRequest, Window, colour_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.model import Channel, ImageLabel
    from omezarr.rendering.layout import PictureSource

Pixels: TypeAlias = "npt.NDArray[Any]"

MAX_CHANNELS = 7
"""How many channels are drawn together where nobody chooses: as many as there are colours to give."""

MAX_NAMED = 24
"""How many channels a message names."""

MAX_KNOWN_CHANNELS = 1024
"""How many channels can be chosen from; an array can declare more than there is memory to describe."""

MISSING_COLOURS: tuple[Colour, Colour] = ((44, 46, 54), (64, 67, 77))
"""The two tones of the check pattern where nothing is stored."""

MISSING_SQUARE = 4
"""The side of a square of that pattern, in pixels of the picture."""

_TABLE_DTYPES = ("bool", "uint8", "int8", "uint16", "int16")
_GOLDEN = 0.618033988749895
"""Multiples of the golden ratio lie as far apart on the circle of hues as can be, however many labels there are."""


@frozen
class Display:
    """How one channel is drawn.

    Parameters
    ----------
    channel : int
    label : str
    colour : (int, int, int)
    window : (float, float) or None
        None: it is still to be measured.
    active : bool
        Whether it is drawn where nobody chooses.
    """

    channel: int
    label: str
    colour: Colour
    window: Window | None
    active: bool = True


def displays_of(subject: PictureSource) -> tuple[Display, ...]:
    """Return how all channels of an image are drawn, as far as its metadata says."""
    return displays_from(subject.node.channels, subject.channel_count, subject.scans[0].array.dtype)


def displays_from(settings: Sequence[Channel], count: int, dtype: np.dtype[Any]) -> tuple[Display, ...]:
    """Return how channels are drawn, as far as their settings say.

    Three channels of bytes without display settings are red, green and blue.
    """
    count = min(count, MAX_KNOWN_CHANNELS)
    rgb = count == 3 and not settings and dtype == np.uint8
    found = []
    for index in range(count):
        given = settings[index] if index < len(settings) else None
        colour = _colour(given) or (255, 255, 255)
        if _colour(given) is None and count > 1:
            colour = colour_of(CHANNEL_COLORS[index % len(CHANNEL_COLORS)])
        window = (0.0, 255.0) if rgb else (0.0, 1.0) if dtype.kind == "b" else _window(given)
        label = str(given.label) if given is not None and given.label not in (None, "") and given.label else ""
        active = index < MAX_CHANNELS if given is None else given.active is not False
        found.append(Display(index, label or f"Channel {index}", colour, window, active))
    return tuple(found)


def chosen_displays(subject: PictureSource, request: PictureRequest) -> tuple[Display, ...]:
    """Return the channels that a request draws, with the colours and windows that it gives.

    Raises
    ------
    ArgumentError
        If a channel is unknown, or there are more or fewer colours or windows than channels.
    """
    known = displays_of(subject)
    if request.channels is None:
        chosen = [display for display in known if display.active][:MAX_CHANNELS] or [known[0]]
    else:
        chosen = [_by_name(known, name) for name in request.channels]
    for what, values in (("colours", request.colors), ("windows", request.windows)):
        if values is not None and len(values) != len(chosen):
            raise ArgumentError(f"{len(values)} {what} are given for {len(chosen)} channels; give one for each")
    return tuple(
        Display(
            display.channel,
            display.label,
            colour_of(request.colors[i]) if request.colors is not None else display.colour,
            request.windows[i] if request.windows is not None else display.window,
        )
        for i, display in enumerate(chosen)
    )


def _by_name(known: Sequence[Display], name: int | str) -> Display:
    if isinstance(name, int) and 0 <= name < len(known):
        return known[name]
    for display in known:
        if name in (display.channel, display.label) or str(name) == str(display.channel):
            return display
    labels = ", ".join(f"{display.channel} ({display.label})" for display in known[:MAX_NAMED])
    more = f" and {len(known) - MAX_NAMED} more" if len(known) > MAX_NAMED else ""
    raise ArgumentError(f"there is no channel {name!r}; there are: {labels}{more}")


def _colour(channel: Channel | None) -> Colour | None:
    try:
        return colour_of(channel.color) if channel is not None and isinstance(channel.color, str) else None
    except ArgumentError:
        return None


def _window(channel: Channel | None) -> Window | None:
    """Return the window that the metadata gives, if it is one."""
    window = channel.window if channel is not None else None
    if not window:
        return None
    ends = [window.start, window.end]
    if all(isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end) for end in ends):
        low, high = float(ends[0]), float(ends[1])  # type: ignore[arg-type]  # just looked at
        return (low, high) if low != high else None
    return None


MEASURED_SAMPLES = 2**22
"""How many pixels a window is measured on at most: percentiles of more are the same to the eye."""


def measured_window(pixels: Pixels, missing: Pixels) -> Window:
    """Return a window that shows the pixels well: between two percentiles, leaving out what is missing.

    Of large planes every n-th pixel of every n-th row is looked at.
    """
    step = math.isqrt(pixels.size // MEASURED_SAMPLES) + 1
    pixels, missing = pixels[::step, ::step], missing[::step, ::step]
    seen = pixels[~missing] if missing.any() else pixels
    window: Any = window_of(seen)
    return float(window.start), float(window.end)


def composed(planes: Pixels, displays: Sequence[Display]) -> Pixels:
    """Return the picture of planes, one for each channel.

    Parameters
    ----------
    planes : array
        Of shape (channels, height, width); real numbers.
    displays : sequence of Display
        One for each channel, with its window.

    Returns
    -------
    array of uint8
        Of shape (height, width, 3).
    """
    result = np.zeros((*planes.shape[1:], 3), np.uint8)
    for part in range(3):
        added: list[Pixels] = []
        for plane, display in zip(planes, displays, strict=True):
            assert display.window is not None
            if display.colour[part]:
                added.append(_contribution(plane, display.window, display.colour[part]))
        if len(added) == 1:
            result[..., part] = added[0]
        elif added:
            total = added[0].astype(np.uint16)
            for values in added[1:]:
                np.minimum(np.add(total, values, out=total), 255, out=total)
            result[..., part] = total
    return result


def _contribution(values: Pixels, window: Window, most: int) -> Pixels:
    """Return what values add to one of red, green and blue, of which their colour has so much."""
    if values.dtype.name in _TABLE_DTYPES:
        table = _table(values.dtype.name, window, most)
        return table.take(values.view(f"u{values.dtype.itemsize}"))
    low, high = window
    with np.errstate(invalid="ignore", over="ignore"):
        share = np.clip((values.astype(np.float64) - low) / (high - low), 0.0, 1.0)
    np.nan_to_num(share, copy=False, nan=0.0)
    return np.floor(share * most + 0.5).astype(np.uint8)


@lru_cache(maxsize=256)
def _table(dtype: str, window: Window, most: int) -> Pixels:
    """Return what every value of a small type adds; looked up by the bits of the value."""
    kind = np.dtype(dtype)
    bits = np.arange(256**kind.itemsize, dtype=f"u{kind.itemsize}")
    values = bits if kind.kind == "b" else bits.view(kind)
    return _contribution(values.astype(np.float64), window, most)


def label_colours(values: Pixels, label: ImageLabel | None) -> Pixels:
    """Return red, green, blue and opacity, from 0 to 255, of label values.

    Parameters
    ----------
    values : array of int
    label : ImageLabel, optional
        Its colours; values that it gives none have those of a palette that is the same for all images. 0 is clear.

    Returns
    -------
    array of uint8
        Of shape (number of values, 4).
    """
    given = given_colours(label)
    return np.array([given.get(int(value)) or palette_colour(int(value)) for value in values], np.uint8).reshape(-1, 4)


def given_colours(label: ImageLabel | None) -> Mapping[int, tuple[int, int, int, int]]:
    """Return the colours that the metadata of a label image gives, by value."""
    found: dict[int, tuple[int, int, int, int]] = {}
    for color in (label.colors if label is not None else ()) or ():
        rgba = color.rgba or ()
        if len(rgba) == 4 and all(0 <= part <= 255 for part in rgba) and math.isfinite(color.label_value):
            red, green, blue, opacity = rgba
            found[int(color.label_value)] = red, green, blue, opacity
    return found


def palette_colour(value: int) -> tuple[int, int, int, int]:
    """Return the colour of a label value that is given none.

    Examples
    --------
    >>> palette_colour(0)
    (0, 0, 0, 0)
    >>> palette_colour(1)
    (115, 156, 255, 255)
    """
    if value == 0:
        return 0, 0, 0, 0
    red, green, blue = colorsys.hsv_to_rgb((value * _GOLDEN) % 1.0, (0.75, 0.55, 0.95)[value % 3], 1.0)
    return int(red * 255 + 0.5), int(green * 255 + 0.5), int(blue * 255 + 0.5), 255


def overlaid(picture: Pixels, values: Pixels, label: ImageLabel | None, *, opacity: float, outline: bool) -> Pixels:
    """Return a picture with labels over it.

    Parameters
    ----------
    picture : array of uint8
        Of shape (height, width, 3).
    values : array of int
        Of shape (height, width).
    label : ImageLabel, optional
    opacity : float
    outline : bool
        Whether only pixels are drawn that have a neighbour of another value.
    """
    colours = coloured_labels(values, label)
    share = colours[..., 3:].astype(np.float64) * (opacity / 255.0)
    if outline:
        share[~borders(values)] = 0.0
    mixed = picture * (1.0 - share) + colours[..., :3] * share
    return np.floor(mixed + 0.5).astype(np.uint8)


def coloured_labels(values: Pixels, label: ImageLabel | None) -> Pixels:
    """Return red, green, blue and opacity of each pixel of a label image."""
    if values.size and values.min() >= 0 and values.max() < 2 * values.size:  # a table is quicker than sorting
        present = np.flatnonzero(np.bincount(values.ravel().astype(np.intp)))
        table = np.zeros((int(values.max()) + 1, 4), np.uint8)
        table[present] = label_colours(present, label)
        return table.take(values.astype(np.intp), axis=0)
    found, places = np.unique(values, return_inverse=True)
    return label_colours(found, label)[places.reshape(values.shape)]


def borders(values: Pixels) -> Pixels:
    """Return which pixels have a neighbour, above, below or beside, of another value."""
    edge = np.zeros(values.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differs = values[one] != values[other]
        edge[one] |= differs
        edge[other] |= differs
    return edge


def mark_missing(picture: Pixels, missing: Pixels) -> None:
    """Draw a check pattern into a picture where nothing is stored."""
    if missing.any():
        rows, columns = np.indices(missing.shape) // MISSING_SQUARE
        pattern = np.asarray(MISSING_COLOURS, np.uint8)[(rows + columns) % 2]
        picture[missing] = pattern[missing]
