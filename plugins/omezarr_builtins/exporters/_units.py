"""Lengths in meters, for files that know no other unit."""

from __future__ import annotations

_POWERS = {
    "yotta": 24,
    "zetta": 21,
    "exa": 18,
    "peta": 15,
    "tera": 12,
    "giga": 9,
    "mega": 6,
    "kilo": 3,
    "hecto": 2,
    "": 0,
    "deci": -1,
    "centi": -2,
    "milli": -3,
    "micro": -6,
    "nano": -9,
    "pico": -12,
    "femto": -15,
    "atto": -18,
    "zepto": -21,
    "yocto": -24,
}

_METERS = {f"{prefix}meter": 10.0**power for prefix, power in _POWERS.items()} | {
    "angstrom": 1e-10,
    "inch": 0.0254,
    "foot": 0.3048,
    "yard": 0.9144,
    "mile": 1609.344,
    "parsec": 3.0856775814913673e16,
}


def in_meters(unit: object) -> float | None:
    """Return how many meters a unit of length is; None if it is none.

    Examples
    --------
    >>> in_meters("inch")
    0.0254
    """
    return _METERS.get(unit) if isinstance(unit, str) else None
