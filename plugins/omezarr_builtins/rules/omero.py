"""Rules of display settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc.rules import Depth, Finding
from omezarr_builtins.rules.arrays import first_level_axes
from omezarr_builtins.rules.axes import axis_names
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.places import ARRAY, BOOLEAN, NUMBER, OBJECT, STRING, fits, has, is_a, select
from omezarr_builtins.rules.scales import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext
    from omezarr_builtins.rules.book import RuleBook

CHANNEL = "omero/channels/*"
WINDOW = f"{CHANNEL}/window"
LIMITS = tuple(f"{WINDOW}/{key}" for key in ("min", "max", "start", "end"))


def enter_omero(book: RuleBook) -> None:
    """Enter the rules."""
    where = "omero"
    book.must("omero.form", "'omero' is an object.", section=where)(is_a(OBJECT, "omero"))
    book.must("omero.channels.present", "Display settings have channels.", section=where)(has("omero/channels"))
    book.must("omero.channels.form", "Channels are an array.", section=where)(is_a(ARRAY, "omero/channels"))
    book.must("omero.channels.entries.form", "A channel is an object.", section=where)(is_a(OBJECT, CHANNEL))
    book.must("omero.color.present", "A channel has a color.", section=where)(has(f"{CHANNEL}/color"))
    book.must("omero.color.form", "The color of a channel is a string.", section=where)(
        is_a(STRING, f"{CHANNEL}/color")
    )
    book.must("omero.color.value", "A color is six hexadecimal digits.", since="0.4", section=where)(
        fits("[0-9A-Fa-f]{6}", "six hexadecimal digits", f"{CHANNEL}/color")
    )
    book.must("omero.window.present", "A channel has a window.", section=where)(has(WINDOW))
    book.must("omero.window.form", "The window of a channel is an object.", section=where)(is_a(OBJECT, WINDOW))
    book.must("omero.window.limits.present", "A window has min, max, start and end.", section=where)(has(*LIMITS))
    book.must("omero.window.limits.form", "The limits of a window are numbers.", section=where)(is_a(NUMBER, *LIMITS))
    book.must("omero.label.form", "The label of a channel is a string.", section=where)(
        is_a(STRING, f"{CHANNEL}/label")
    )
    book.must("omero.family.form", "The family of a channel is a string.", section=where)(
        is_a(STRING, f"{CHANNEL}/family")
    )
    book.must("omero.active.form", "'active' is true or false.", section=where)(is_a(BOOLEAN, f"{CHANNEL}/active"))
    book.disputed(
        "omero.channels.count",
        "There are as many channels as the channel axis is long.",
        depth=Depth.HIERARCHY,
        section=where,
    )(_channel_count)


def _channel_count(context: RuleContext) -> Iterator[Finding]:
    found = first_level_axes(context)
    for path, channels in select(context.values, "omero/channels"):
        if found is None or not isinstance(channels, list):
            continue
        shape, axes = found
        if not at_least(context.version, "0.4"):
            positions = [index for index, name in enumerate(axis_names(axes)) if name == "c"]
        else:
            positions = [index for index, axis in enumerate(axes) if type_of(axis) == "channel"]
        length = shape[positions[0]] if positions and positions[0] < len(shape) else 1
        if len(channels) != length:
            yield Finding(path=path, found=f"{len(channels)} channels", expected=f"{length}, the length of the axis")
