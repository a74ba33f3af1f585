"""Colours as OMERO stores them, in a signed 32-bit integer, and as four numbers.

Examples
--------
>>> rgba_to_int(255, 0, 0, 255)
-16776961
>>> int_to_rgba_255(-16776961), int_to_rgba(-16776961)
([255, 0, 0, 255], [1.0, 0.0, 0.0, 1.0])
"""

from __future__ import annotations

__all__ = ["int_to_rgba", "int_to_rgba_255", "rgba_to_int"]


def int_to_rgba(v: int) -> list[float]:
    """Return red, green, blue and opacity, from 0 to 1."""
    return [part / 255 for part in int_to_rgba_255(v)]


def int_to_rgba_255(v: int) -> list[int]:
    """Return red, green, blue and opacity, from 0 to 255."""
    return list(v.to_bytes(4, "big", signed=True))


def rgba_to_int(r: int, g: int, b: int, a: int) -> int:
    """Return the integer of red, green, blue and opacity, each from 0 to 255."""
    return int.from_bytes((r, g, b, a), "big", signed=True)
