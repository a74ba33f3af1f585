"""What is stored of an array, and whether it decodes: each object is fetched and decoded once, and nothing is kept."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from attrs import frozen

from omezarr.arrays.codecs import detects_damage
from omezarr.arrays.geometry import cells, full_region
from omezarr.arrays.presence import Presence, count_units
from omezarr.arrays.reading import ArrayReader, in_threads
from omezarr.arrays.specs import document_of
from omezarr.errors import StorageError
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import zarr

    from omezarr.arrays.geometry import Region, Shape
    from omezarr.hierarchy import Hierarchy

_surveys: WeakKeyDictionary[Hierarchy, dict[str, ArraySurvey]] = WeakKeyDictionary()


@frozen
class ArraySurvey:
    """What was found.

    Parameters
    ----------
    total, missing : int
        Objects that the array can have, and those of them that are not stored.
    broken : tuple of (tuple of slice, str)
        Which part of the array does not decode, and why; in order.
    telling : bool
        Whether all damage shows in decoding, as there are checksums.
    """

    total: int
    missing: int
    broken: tuple[tuple[Region, str], ...]
    telling: bool


def survey(array: zarr.Array[Any]) -> ArraySurvey:
    """Fetch and decode all that is stored of an array, several objects at once.

    Parameters
    ----------
    array : zarr.Array

    Raises
    ------
    UnsupportedError
        If the array claims more than can be looked at, and the store cannot tell what of it is there.
    """
    reader = ArrayReader(array)
    guard = threading.Lock()
    looked = missing = 0
    broken: dict[Shape, tuple[Region, str]] = {}

    def look(cell: tuple[Shape, Region]) -> None:
        nonlocal looked, missing
        index, region = cell
        there, wrong = True, None
        try:
            there = reader.holds(index)
        except StorageError as error:
            wrong = str(error)
        with guard:
            looked += 1
            missing += not there
            if wrong is not None:
                broken[index] = region, wrong

    whole = full_region(array.shape)
    presence = Presence.of(array)
    places = cells(whole, reader.unit) if presence is None else presence.cells()
    in_threads(look, places, reader.workers(whole, Settings.from_environment().threads))
    total = count_units(array)
    missing += total - looked
    telling = detects_damage(document_of(array))
    return ArraySurvey(total, missing, tuple(broken[index] for index in sorted(broken)), telling)


def survey_of(hierarchy: Hierarchy, path: str, array: zarr.Array[Any]) -> ArraySurvey:
    """Return what is stored of an array; whoever asks again gets what was found.

    Parameters
    ----------
    hierarchy : Hierarchy
    path : str
        Of the array.
    array : zarr.Array
    """
    known = _surveys.setdefault(hierarchy, {})
    if path not in known:
        known[path] = survey(array)
    return known[path]


def surveys_of(hierarchy: Hierarchy) -> Mapping[str, ArraySurvey]:
    """Return what was found of all arrays that were looked at, by path."""
    return MappingProxyType(_surveys.get(hierarchy, {}))
