"""Colours of channels as people and other tools write them, in the form of NGFF: six hexadecimal digits."""

from __future__ import annotations

import re

COLOR_NAMES = {
    "red": "FF0000",
    "green": "00FF00",
    "blue": "0000FF",
    "magenta": "FF00FF",
    "cyan": "00FFFF",
    "yellow": "FFFF00",
    "white": "FFFFFF",
    "gray": "FFFFFF",
    "grey": "FFFFFF",
    "orange": "FF8000",
    "purple": "8000FF",
}
"""Colours by the names that microscopists give them: green is full green, and a lookup table of grays ends in white."""

CHANNEL_COLORS = ("FF0000", "00FF00", "0000FF", "FF00FF", "00FFFF", "FFFF00", "FFFFFF")
"""The colours of channels that are given none, in turn; a single channel is white."""


def hexadecimal(color: object) -> str | None:
    """Return a colour as NGFF writes it; None for what is no colour.

    Parameters
    ----------
    color : object
        Six or three hexadecimal digits, with or without ``#``; a name of `COLOR_NAMES`; a number of 24 bits.

    Examples
    --------
    >>> hexadecimal("#ff0000"), hexadecimal("green"), hexadecimal(0xFF), hexadecimal("#0ff"), hexadecimal("parrot")
    ('FF0000', '00FF00', '0000FF', '00FFFF', None)
    """
    if isinstance(color, int) and not isinstance(color, bool) and 0 <= color <= 0xFFFFFF:
        return f"{color:06X}"
    text = color.strip().removeprefix("#") if isinstance(color, str) else ""
    if text.lower() in COLOR_NAMES:
        return COLOR_NAMES[text.lower()]
    if re.fullmatch("[0-9A-Fa-f]{3}", text):
        return "".join(digit * 2 for digit in text).upper()
    if not re.fullmatch("[0-9A-Fa-f]{6}", text):
        return None
    return text if text == color else text.upper()
