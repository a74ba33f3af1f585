"""Display settings of channels, measured from the pixels that were written.

The window of a channel comes from the smallest level: its minimum and maximum, and percentiles for what is shown at
first. Never from the range of the dtype, which says nothing about the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.errors import ArgumentError
from omezarr.model import Channel, Window

if TYPE_CHECKING:
    from omezarr.model.content import ImageContent

COLORS = ("FF0000", "00FF00", "0000FF", "FF00FF", "00FFFF", "FFFF00", "FFFFFF")
"""The colours of channels that are given none, in turn; a single channel is white."""

PERCENTILES = (1.0, 99.8)
"""Between which values of the smallest level a channel is shown at first."""


def channel_axis(content: ImageContent) -> int | None:
    """Return the position of the axis along which the channels lie; None where there is none."""
    for index, axis in enumerate(content.axes):
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
        raise ArgumentError(f"{len(content.channels)} channels are described, but the image has {count}")


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
    return tuple(
        _completed(channel, index, count, smallest if position is None else smallest.take(index, axis=position))
        for index, channel in enumerate(given)
    )


def _completed(channel: Channel, index: int, count: int, pixels: Any) -> Channel:
    color = "FFFFFF" if count == 1 else COLORS[index % len(COLORS)]
    return evolve(
        channel,
        label=channel.label or (f"Channel {index}" if count > 1 else "Channel 0"),
        color=channel.color or color,
        window=channel.window or window_of(pixels),
        active=True if not isinstance(channel.active, bool) else channel.active,
    )


def window_of(pixels: Any) -> Window:
    """Return the window of the pixels of one channel.

    Parameters
    ----------
    pixels : array
        Of any shape and numeric dtype; NaN and infinities are left out, complex numbers count by their magnitude.

    Returns
    -------
    Window
        Whole numbers for integer and bool pixels. An image of one value gets a window of width 1, since viewers
        divide by it.

    Examples
    --------
    >>> import numpy as np
    >>> window_of(np.array([[0, 10], [20, 1000]], dtype="uint16")).max
    1000
    """
    import numpy as np

    values = np.asarray(pixels)
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if values.dtype.kind == "c":
        values = np.abs(values)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)].astype(np.float64)
    if values.size == 0:
        return Window(min=0, max=1, start=0, end=1)
    low, high = values.min().item(), values.max().item()
    start, end = (np.percentile(values, percentile, method="nearest").item() for percentile in PERCENTILES)
    if low == high:
        high = low + 1
    if start == end:
        start, end = low, high
    return Window(min=low, max=high, start=start, end=end)
