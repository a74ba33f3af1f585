"""Units as people and files of other kinds name them, in the words of NGFF, which are those of UDUNITS-2.

Source: OME-XML schema 2016-06, UnitsLength and UnitsTime; OME-NGFF 0.4 "axes".
"""

from __future__ import annotations

import math
import re

from attrs import frozen


@frozen
class Measure:
    """A length or duration.

    Parameters
    ----------
    value : float
    unit : str or None
        The NGFF name of the unit; None where it is not known.
    """

    value: float
    unit: str | None


# Two characters look like a micro sign; UnitsLength of OME-XML has the first, keyboards have the second.
_PREFIXES = {
    "Y": "yotta",
    "Z": "zetta",
    "E": "exa",
    "P": "peta",
    "T": "tera",
    "G": "giga",
    "M": "mega",
    "k": "kilo",
    "h": "hecto",
    "d": "deci",
    "c": "centi",
    "m": "milli",
    "\N{MICRO SIGN}": "micro",
    "\N{GREEK SMALL LETTER MU}": "micro",
    "u": "micro",
    "n": "nano",
    "p": "pico",
    "f": "femto",
    "a": "atto",
    "z": "zepto",
    "y": "yocto",
    "": "",
}

_LENGTHS: dict[str, Measure] = {
    **{f"{symbol}m": Measure(1.0, f"{prefix}meter") for symbol, prefix in _PREFIXES.items()},
    "dam": Measure(10.0, "meter"),
    "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}": Measure(1.0, "angstrom"),
    "\N{ANGSTROM SIGN}": Measure(1.0, "angstrom"),
    "thou": Measure(0.001, "inch"),
    "li": Measure(1 / 12, "inch"),
    "pt": Measure(1 / 72, "inch"),
    "in": Measure(1.0, "inch"),
    '"': Measure(1.0, "inch"),
    "ft": Measure(1.0, "foot"),
    "yd": Measure(1.0, "yard"),
    "mi": Measure(1.0, "mile"),
    "ua": Measure(149.597870700, "gigameter"),
    "ly": Measure(9.4607304725808, "petameter"),
    "pc": Measure(1.0, "parsec"),
}

_TIMES: dict[str, Measure] = {
    **{f"{symbol}s": Measure(1.0, f"{prefix}second") for symbol, prefix in _PREFIXES.items()},
    "das": Measure(10.0, "second"),
    "sec": Measure(1.0, "second"),
    "msec": Measure(1.0, "millisecond"),
    "usec": Measure(1.0, "microsecond"),
    "min": Measure(1.0, "minute"),
    "h": Measure(1.0, "hour"),
    "hr": Measure(1.0, "hour"),
    "d": Measure(1.0, "day"),
}

_WORDS = {"micron": "micrometer", "inches": "inch", "feet": "foot"}

SPACE_UNITS = frozenset(measure.unit for measure in _LENGTHS.values())
"""The units of length that NGFF names."""

TIME_UNITS = frozenset(measure.unit for measure in _TIMES.values())
"""The units of time that NGFF names."""


def symbol_of(unit: object) -> str | None:
    """Return the symbol of OME-XML for a unit of NGFF; None if it has none.

    Examples
    --------
    >>> symbol_of("nanometer"), symbol_of("hour"), symbol_of("furlong")
    ('nm', 'h', None)
    """
    symbols = {**_LENGTHS, **_TIMES}
    return next((symbol for symbol, measure in symbols.items() if measure == Measure(1.0, unit)), None)  # type: ignore[arg-type]  # anything else is equal to none of them


def named_unit(unit: str, axis_type: object) -> Measure | None:
    """Return what one of a unit is in a unit that NGFF names; None where it is no unit of such an axis.

    Parameters
    ----------
    unit : str
        A symbol or a word.
    axis_type : object
        "space" or "time"; no units are known for others.

    Examples
    --------
    >>> named_unit("um", "space"), named_unit("au", "space") is None, named_unit("das", "time")
    (Measure(value=1.0, unit='micrometer'), True, Measure(value=10.0, unit='second'))
    """
    units = {"space": _LENGTHS, "time": _TIMES}.get(axis_type) if isinstance(axis_type, str) else None
    return None if units is None else _find(unit, units)


def length(value: float | None, unit: str | None) -> Measure | None:
    """Return a length; None if the value is no size of anything.

    Parameters
    ----------
    value : float or None
    unit : str or None
        A symbol or a word. One that is unknown, or means pixels, gives a length without unit.

    Examples
    --------
    >>> length(0.5, "microns"), length(2.0, "pixel"), length(0.0, "mm")
    (Measure(value=0.5, unit='micrometer'), Measure(value=2.0, unit=None), None)
    """
    return _measure(value, unit, _LENGTHS)


def duration(value: float | None, unit: str | None) -> Measure | None:
    """Return a duration; None if the value is none.

    Examples
    --------
    >>> duration(1.5, "ms")
    Measure(value=1.5, unit='millisecond')
    """
    return _measure(value, unit, _TIMES)


_EXPONENTS = {
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

_METERS = {f"{prefix}meter": 10.0**exponent for prefix, exponent in _EXPONENTS.items()} | {
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


def value_in(measure: Measure, unit: str | None) -> float | None:
    """Return the value of a length or duration in another unit; None where that is not known.

    Examples
    --------
    >>> value_in(Measure(1.5, "millimeter"), "micrometer"), value_in(Measure(2.0, None), "micrometer")
    (1500.0, None)
    """
    names = (measure.unit or "", unit or "")
    base = next((base for base in ("meter", "second") if all(name.endswith(base) for name in names)), None)
    if base is None:
        return measure.value if unit is not None and measure.unit == unit else None
    given, wanted = (_EXPONENTS.get(name.removesuffix(base)) for name in names)
    if given is None or wanted is None:
        return None
    return float(f"{measure.value * 10.0 ** (given - wanted):.15g}")  # without the digits that powers of ten add


def _measure(value: float | None, unit: str | None, units: dict[str, Measure]) -> Measure | None:
    if value is None or not math.isfinite(value) or value <= 0:
        return None
    found = _find(unit, units)
    return Measure(value, None) if found is None else Measure(value * found.value, found.unit)


def _find(unit: str | None, units: dict[str, Measure]) -> Measure | None:
    text = _unescaped(unit or "").strip()
    if text in units:
        return units[text]
    word = text.lower().replace("metre", "meter")
    names = {measure.unit for measure in units.values()}
    for candidate in (word, word.removesuffix("s")):
        name = _WORDS.get(candidate, candidate)
        if name in names:
            return Measure(1.0, name)
    return None


def _unescaped(text: str) -> str:
    r"""Replace ``\u00B5``, as ImageJ writes it in ASCII, by the character."""
    return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), text)
