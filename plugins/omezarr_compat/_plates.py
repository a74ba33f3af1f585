"""The documents of plates and wells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError
from omezarr_compat._documents import PLAIN_VERSIONS, add_metadata, check_group_fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import zarr

    from omezarr_compat.format import Format
    from omezarr_compat.types import JSONDict


def write_plate_metadata(
    group: zarr.Group | str,
    rows: Sequence[str],
    columns: Sequence[str],
    wells: Sequence[str | JSONDict],
    fmt: Format | None = None,
    acquisitions: Sequence[Any] | None = None,
    field_count: int | None = None,
    name: str | None = None,
) -> None:
    """Make a group a plate.

    Parameters
    ----------
    group : zarr.Group or str
    rows, columns : sequence of str
        Their names.
    wells : sequence of str or dict
        The paths of those that were imaged, or what the document says of them.
    fmt : Format, optional
    acquisitions : sequence of dict, optional
        Each with an "id".
    field_count : int, optional
        How many fields a well has at most.
    name : str, optional

    Raises
    ------
    ArgumentError
        If something does not fit; it is a ValueError.
    """
    group, fmt = check_group_fmt(group, fmt)
    plate: JSONDict = {
        "columns": _names(columns, "column"),
        "rows": _names(rows, "row"),
        "wells": _wells(wells, rows, columns, fmt),
        "version": fmt.version,
    }
    if name is not None:
        plate["name"] = name
    if field_count is not None:
        plate["field_count"] = field_count
    if acquisitions is not None:
        for acquisition in acquisitions:
            if not isinstance(acquisition, Mapping) or not isinstance(acquisition.get("id"), int):
                raise ArgumentError(f"an acquisition is an object with a whole number as id, not {acquisition!r}")
        plate["acquisitions"] = list(acquisitions)
    add_metadata(group, {"plate": plate}, fmt)


def write_well_metadata(group: zarr.Group | str, images: Sequence[str | JSONDict], fmt: Format | None = None) -> None:
    """Make a group a well.

    Parameters
    ----------
    group : zarr.Group or str
    images : sequence of str or dict
        The paths of its fields, or what the document says of them.
    fmt : Format, optional

    Raises
    ------
    ArgumentError
        If something does not fit; it is a ValueError.
    """
    group, fmt = check_group_fmt(group, fmt)
    well: JSONDict = {"images": [_field(image) for image in images]}
    if fmt.version in PLAIN_VERSIONS:
        well["version"] = fmt.version
    add_metadata(group, {"well": well}, fmt)


def _names(names: Sequence[str], what: str) -> list[JSONDict]:
    if len(set(names)) != len(names):
        raise ArgumentError(f"the names of {what}s are unique: {', '.join(names)}")
    for name in names:
        if not name.isalnum():
            raise ArgumentError(f"the name of a {what} is letters and digits, not {name!r}")
    return [{"name": str(name)} for name in names]


def _wells(wells: Any, rows: Sequence[str], columns: Sequence[str], fmt: Format) -> list[JSONDict]:
    if not wells:
        raise ArgumentError("a plate has at least one well; none is given")
    found = []
    for well in wells:
        if not isinstance(well, str | dict):
            raise ArgumentError(f"a well is a path such as 'A/1', or an object, not {well!r}")
        said = fmt.generate_well_dict(well, rows, columns) if isinstance(well, str) else well
        fmt.validate_well_dict(said, rows, columns)
        found.append(said)
    return found


def _field(image: Any) -> JSONDict:
    if isinstance(image, str):
        return {"path": image}
    if not isinstance(image, dict) or not isinstance(image.get("path"), str):
        raise ArgumentError(f"a field is a path, or an object with a path, not {image!r}")
    if not isinstance(image.get("acquisition", 0), int):
        raise ArgumentError(f"the acquisition of a field is a whole number, not {image['acquisition']!r}")
    field: JSONDict = image
    return field
