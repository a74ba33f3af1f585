"""High-content screening: plates, wells and their fields.

Source: OME-NGFF "plate", "well" (all versions).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from omezarr.model._base import JSON, UNSET, Unset, extra, named


@frozen
class Row:
    """A row of a plate."""

    name: str
    extra: Mapping[str, JSON] = extra()


@frozen
class Column:
    """A column of a plate."""

    name: str
    extra: Mapping[str, JSON] = extra()


@frozen
class WellReference:
    """A well that a plate holds.

    Parameters
    ----------
    path : str
        "row/column", relative to the plate.
    row_index, column_index : int or UNSET
        Positions in the lists of rows and columns, from 0 (0.4 on).
    """

    path: str
    row_index: int | Unset = UNSET
    column_index: int | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Acquisition:
    """One run of the microscope over the plate.

    Parameters
    ----------
    id : JSON
        An integer from 0 (0.4 on); strings occur before.
    maximum_field_count : JSON or UNSET
    start_time, end_time : JSON or UNSET
        Seconds since 1970-01-01; up to 0.3 as strings, the first under the misspelt key ``startime``.
    """

    id: JSON | Unset = UNSET
    name: JSON | Unset = UNSET
    description: JSON | Unset = UNSET
    maximum_field_count: JSON | Unset = named("maximumfieldcount", UNSET)
    start_time: JSON | Unset = named("starttime", UNSET)
    end_time: JSON | Unset = named("endtime", UNSET)
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Plate:
    """The key ``plate``."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    wells: tuple[WellReference, ...]
    acquisitions: tuple[Acquisition, ...] | Unset = UNSET
    field_count: JSON | Unset = named("field_count", UNSET)
    name: JSON | Unset = UNSET
    version: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen
class Field:
    """One field of view of a well: an image below the well's group."""

    path: str
    acquisition: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Well:
    """The key ``well``."""

    images: tuple[Field, ...]
    version: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


def natural_order(name: str) -> tuple[int, int, str]:
    """Return a key that sorts names as people do: numbers by value, then letters by length.

    Examples
    --------
    >>> sorted(["10", "AA", "B", "9"], key=natural_order)
    ['9', '10', 'B', 'AA']
    """
    return (0, int(name), "") if name.isdecimal() else (1, len(name), name)
