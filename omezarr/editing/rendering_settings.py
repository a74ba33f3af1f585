"""How an image and its labels are displayed: channels, windows, positions shown at first, colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.arrays.contrast import window_of
from omezarr.errors import ArgumentError
from omezarr.model import UNSET, Channel, LabelColor, LabelProperty
from omezarr.writing.channels import channel_axis_of
from omezarr.writing.image_description import parse_channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.editing.request import MetadataEdit
    from omezarr.model import JSON, ImageLabel, Omero
    from omezarr.nodes.node import Node

RGBA_DIGITS = (6, 8)
"""How many hexadecimal digits the colour of a label has: without and with its opacity."""


def shown(node: Node, omero: Omero, wanted: MetadataEdit) -> Omero:
    """Return how an image is displayed.

    Parameters
    ----------
    node : Node
        The image.
    omero : Omero
        How it is displayed now.
    wanted : MetadataEdit
    """
    extra = dict(omero.extra)
    given = {"defaultZ": wanted.default_z, "defaultT": wanted.default_t}
    for key, (name, position) in zip(given, (("z", wanted.default_z), ("t", wanted.default_t)), strict=True):
        if position is not None:
            _check_position(node, name, position)
            rdefs = extra.get("rdefs")
            extra["rdefs"] = {**(rdefs if isinstance(rdefs, dict) else {}), key: position}
    return evolve(omero, channels=_channels(node, wanted), extra=extra)


def _check_position(node: Node, name: str, position: int) -> None:
    sizes = {axis.name: size for axis, size in zip(node.axes, node.levels[0].shape, strict=True)}
    if name not in sizes:
        raise ArgumentError(f"{node.location} has no axis {name}; its axes are {', '.join(sizes)}")
    if not 0 <= position < sizes[name]:
        raise ArgumentError(f"{node.location} has no {name} {position}; there are 0 to {sizes[name] - 1}")


def _channels(node: Node, wanted: MetadataEdit) -> tuple[Channel, ...]:
    axis = channel_axis_of(node.axes)
    count = 1 if axis is None else node.levels[0].shape[axis]
    now = (*node.channels, *(Channel() for _ in range(count)))[: max(count, len(node.channels))]
    given = wanted.channels
    if given is None:
        changed: dict[int, Channel] = {}
    elif isinstance(given, Mapping):
        parsed = parse_channels(list(given.values())) or ()
        changed = dict(zip(given, parsed, strict=True))
    else:
        changed = dict(enumerate(parse_channels(given) or ()))
        if len(changed) != count:
            raise ArgumentError(f"{len(changed)} channels are given, but {node.location} has {count}")
    outside = [index for index in changed if index not in range(count)]
    if outside:
        raise ArgumentError(f"{node.location} has no channel {outside[0]}; there are 0 to {count - 1}")
    pixels = node.levels[-1].read() if wanted.measure_windows else None
    channels = []
    for index, channel in enumerate(now):
        new = changed.get(index, Channel())
        if pixels is not None and not new.window and index < count:
            new = evolve(new, window=window_of(pixels if axis is None else pixels.take(index, axis=axis)))
        channels.append(_overlaid(channel, new))
    return tuple(channels)


def _overlaid(channel: Channel, new: Channel) -> Channel:
    """Return a channel with what another one says in its place."""
    window = new.window
    if window and channel.window:
        known = {
            key: getattr(window, key) for key in ("min", "max", "start", "end") if getattr(window, key) is not UNSET
        }
        window = evolve(channel.window, **known, extra={**channel.window.extra, **window.extra})
    given = {key: getattr(new, key) for key in ("label", "color", "active") if getattr(new, key) is not UNSET}
    return evolve(channel, **given, window=window or channel.window, extra={**channel.extra, **new.extra})


def recolored(known: ImageLabel, colors: Mapping[int, str | Sequence[int]]) -> ImageLabel:
    """Return what is said of labels with other colours for some of their values."""
    new = {int(key): rgba(color) for key, color in colors.items()}
    entries = [
        evolve(entry, rgba=new.pop(int(entry.label_value))) if entry.label_value in new else entry
        for entry in known.colors or ()
    ]
    entries += [LabelColor(label_value=key, rgba=rgba) for key, rgba in new.items()]
    return evolve(known, colors=tuple(entries)) if colors else known


def described(known: ImageLabel, properties: Mapping[int, Mapping[str, JSON]]) -> ImageLabel:
    """Return what is said of labels with more, or other, properties for some of their values; None takes one away."""
    new = {int(key): dict(values) for key, values in properties.items()}
    entries = [
        evolve(entry, extra=_overlaid_values(entry.extra, new.pop(int(entry.label_value))))
        if entry.label_value in new
        else entry
        for entry in known.properties or ()
    ]
    entries += [LabelProperty(label_value=key, extra=_overlaid_values({}, values)) for key, values in new.items()]
    return evolve(known, properties=tuple(entries)) if properties else known


def _overlaid_values(known: Mapping[str, JSON], new: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in {**known, **new}.items() if value is not None}


def rgba(color: str | Sequence[int]) -> tuple[int, ...]:
    """Return a colour as four numbers from 0 to 255.

    Examples
    --------
    >>> rgba("#ff0000"), rgba((0, 0, 255, 128))
    ((255, 0, 0, 255), (0, 0, 255, 128))
    """
    if isinstance(color, str):
        digits = color.removeprefix("#")
        if len(digits) in RGBA_DIGITS and all(digit in "0123456789abcdefABCDEF" for digit in digits):
            return tuple(bytes.fromhex(digits.ljust(8, "f")))
    elif len(color) == 4 and all(part in range(256) for part in color):
        return tuple(color)
    raise ArgumentError(f"{color!r} is no colour; write FF8000 or FF8000FF (red, green, blue, opacity)")
