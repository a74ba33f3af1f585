"""Display settings of channels, measured from the pixels that were written.

The window of a channel comes from the smallest level: its minimum and maximum, and percentiles for what is shown at
first. Never from the range of the dtype, which says nothing about the image.
"""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.arrays.contrast import window_of
from omezarr.errors import ArgumentError, OMEZarrWarning
from omezarr.model import UNSET, Channel
from omezarr.model.colors import CHANNEL_COLORS, COLOR_NAMES, hexadecimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.model import Axis
    from omezarr.model.content import ImageContent


def channel_axis(content: ImageContent) -> int | None:
    """Return the position of the axis along which the channels lie; None where there is none."""
    return channel_axis_of(content.axes)


def channel_axis_of(axes: Sequence[Axis]) -> int | None:
    """Return the position of the channel axis among axes, by type or else by name; None where there is none."""
    for index, axis in enumerate(axes):
        if axis.type == "channel" or (not axis.type and axis.name == "c"):
            return index
    return None


def check_channels(content: ImageContent) -> None:
    """Refuse channels whose number is not that of the image.

    Raises
    ------
    ArgumentError
    """
    position = channel_axis(content)
    count = 1 if position is None else content.pixels.shape[position]
    if content.channels is not None and len(content.channels) != count:
        described = "1 channel is" if len(content.channels) == 1 else f"{len(content.channels)} channels are"
        raise ArgumentError(f"{described} described, but the image has {count}")


def presentable(channel: Channel) -> Channel:
    """Return a channel with its colour as six hexadecimal digits and its label as text.

    Raises
    ------
    ArgumentError
        If the colour is none, or the label is no text and no number.
    """
    label = channel.label
    if isinstance(label, int | float) and not isinstance(label, bool):
        label = str(label)
    if label and not isinstance(label, str):
        raise ArgumentError(f"the label of a channel is a text, not {label!r}")
    color = UNSET if channel.color in (UNSET, None, "") else hexadecimal(channel.color)
    if color is None:
        raise ArgumentError(
            f"{channel.color!r} is no colour of a channel; give six hexadecimal digits such as 'FF0000', "
            f"or one of {', '.join(COLOR_NAMES)}"
        )
    return evolve(channel, label=label, color=color)


def usable_channels(content: ImageContent) -> ImageContent:
    """Return an image with channels that can be written; colours and labels that cannot are left out with a notice."""

    def usable(index: int, channel: Channel) -> Channel:
        try:
            return presentable(channel)
        except ArgumentError as error:
            warnings.warn(OMEZarrWarning(f"channel {index}: {error}; left out"), stacklevel=2)
            label = channel.label if isinstance(channel.label, str) else UNSET
            return evolve(channel, color=UNSET, label=label)

    channels = content.channels and tuple(usable(*item) for item in enumerate(content.channels))
    return evolve(content, channels=channels)


def blank_level(content: ImageContent) -> Any:
    """Return a level of one pixel for each channel, with which a document can be made before any pixel is read."""
    import numpy as np

    position = channel_axis(content)
    shape = [size if index == position else 1 for index, size in enumerate(content.pixels.shape)]
    return np.zeros(shape, dtype=content.pixels.dtype)


def has_windows(content: ImageContent) -> bool:
    """Say whether the window of every channel is given, so that no pixel has to be looked at."""
    return bool(content.channels) and all(map(_is_complete, (channel.window for channel in content.channels or ())))


def measured_channels(content: ImageContent, smallest: Any) -> tuple[Channel, ...]:
    """Return the channels of an image with everything that was not given filled in.

    Parameters
    ----------
    content : ImageContent
        With as many channels as the image has, or none.
    smallest : array
        The pixels of the smallest level, in the image's axis order.
    """
    position = channel_axis(content)
    count = 1 if position is None else smallest.shape[position]
    given = content.channels or tuple(Channel() for _ in range(count))
    colors = _colors([channel.color for channel in given])
    return tuple(
        _completed(channel, index, color, smallest if position is None else smallest.take(index, axis=position))
        for index, (channel, color) in enumerate(zip(given, colors, strict=True))
    )


def _colors(given: Sequence[Any]) -> list[Any]:
    """Return a colour for each channel: the given ones, and between them such as no neighbour and few others have.

    Examples
    --------
    >>> _colors(["00FF00", None, None])
    ['00FF00', 'FF0000', '0000FF']
    """
    if len(given) == 1:
        return [given[0] or "FFFFFF"]
    known = {str(color).upper() for color in given if color}
    free = [color for color in CHANNEL_COLORS if color not in known] or list(CHANNEL_COLORS)
    found = list(given)
    turn = itertools.cycle(free)
    for index, color in enumerate(found):
        if color:
            continue
        beside = {str(one).upper() for one in found[max(0, index - 1) : index + 2] if one}
        found[index] = next(
            (one for one in itertools.islice(turn, len(free)) if one not in beside),
            next(one for one in CHANNEL_COLORS if one not in beside),
        )
    return found


def _completed(channel: Channel, index: int, color: Any, pixels: Any) -> Channel:
    return evolve(
        channel,
        label=channel.label or f"Channel {index}",
        color=color,
        window=_window(channel.window, pixels),
        active=True if not isinstance(channel.active, bool) else channel.active,
    )


def _is_complete(window: Any) -> bool:
    return bool(window) and UNSET not in (window.min, window.max, window.start, window.end)


def _window(given: Any, pixels: Any) -> Any:
    """Return a window with the ends that it lacks measured; a scale that is not given reaches around what is shown."""
    if _is_complete(given):
        return given
    measured = window_of(pixels)
    if not given:
        return measured
    start: Any = measured.start if given.start is UNSET else given.start
    end: Any = measured.end if given.end is UNSET else given.end
    low: Any = measured.min
    high: Any = measured.max
    return evolve(
        given,
        start=start,
        end=end,
        min=min(low, start) if given.min is UNSET else given.min,
        max=max(high, end) if given.max is UNSET else given.max,
    )
