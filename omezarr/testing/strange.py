"""Values that are nothing in particular: what documents, locations and names of others may hold."""

from __future__ import annotations

from typing import Any

STRANGE_JSON: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    10**400,
    "",
    "text",
    "\x00",
    [],
    [None],
    [[]],
    [{}],
    {},
    {"version": []},
    {"": None},
    [1, "two", {"three": [3]}],
)
"""JSON of every type, and some that nobody expects in their place."""

STRANGE_LOCATIONS = (
    "nobody-knows-this://place/image.zarr",
    "memory://",
    "https://example.invalid/a b?c=d#e",
    "no-such-folder/image.unknown",
    "a.tar.gz",
    ".",
)
"""Locations that no contribution of a plugin is made for."""


def variations(values: Any) -> list[Any]:
    """Return a document with strange things in each of its places, one at a time.

    Parameters
    ----------
    values : JSON

    Examples
    --------
    >>> len(variations({"a": [1]})) == 3 * len(STRANGE_JSON)
    True
    """
    found: list[Any] = list(STRANGE_JSON)
    if isinstance(values, dict):
        for key, inner in values.items():
            found += [{**values, key: changed} for changed in variations(inner)]
    elif isinstance(values, list):
        for index, inner in enumerate(values):
            found += [[*values[:index], changed, *values[index + 1 :]] for changed in variations(inner)]
    return found
