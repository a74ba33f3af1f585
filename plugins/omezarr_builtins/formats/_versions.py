"""Where attributes name their version, how that may be spelt, and which versions their form fits.

Up to 0.4 each object (multiscale, plate, well, ...) names the version for itself; from 0.5 on the key ``ome`` does for
all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.model import JSON

OBJECTS = ("multiscales", "plate", "well", "image-label", "omero")
"""The keys whose values name a version up to 0.4; where several differ, the first of this order counts."""

KEYS = (*OBJECTS, "labels", "bioformats2raw.layout", "series")
"""The keys that make attributes an OME-Zarr document where no key ``ome`` does, besides those of node types."""


def spelt(named: Any) -> tuple[str, str | None] | None:
    """Return which version a document names, with a notice if it is spelt as the specification does not.

    Parameters
    ----------
    named : JSON
        What stands at the key ``version``.

    Returns
    -------
    tuple of (str, str or None) or None
        The version and the notice; None where nothing is named.

    Examples
    --------
    >>> spelt("0.4")
    ('0.4', None)
    >>> spelt(0.4)
    ('0.4', "the version is the number 0.4; read as '0.4'")
    """
    if isinstance(named, bool) or not isinstance(named, str | int | float) or named == "":
        return None
    if not isinstance(named, str):
        return str(named), f"the version is the number {named}; read as {str(named)!r}"
    if named == "0.6rc0":
        return "0.6", None
    preview = re.fullmatch(r"(\d+\.\d+)[.-]dev-spatialdata|(0\.6)\.?dev[1-4]", named)
    if preview is not None:
        version = preview[1] or preview[2]
        return version, f"the version is {named!r}; read as {version!r}"
    return named, None


def object_versions(attributes: Mapping[str, JSON]) -> list[tuple[str, Any]]:
    """Return what the objects of a document up to 0.4 name as their version: place and value, as they are.

    Only the first kind of object that names one counts: display settings often keep an older version than the image
    that they belong to.
    """
    for key in OBJECTS:
        found = [(place, value["version"]) for place, value in _objects(key, attributes.get(key)) if "version" in value]
        named = [(place, version) for place, version in found if spelt(version) is not None]
        if named:
            return named
    return []


def _objects(key: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield f"{key}.version", value
    if key == "multiscales" and isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield f"{key}[{index}].version", item


def fits(attributes: Mapping[str, JSON], version: str) -> bool:
    """Say whether attributes of zarr format 2 have the form of a version up to 0.4.

    What cannot be told apart fits all of them; what is malformed fits 0.4, which then says what is wrong.
    """
    multiscale = _first_object(attributes.get("multiscales"))
    if multiscale is not None:
        axes = multiscale.get("axes")
        if isinstance(axes, list) and axes and isinstance(axes[0], str):
            return version == "0.3"
        dataset = _first_object(multiscale.get("datasets")) or {}
        if "axes" in multiscale or "coordinateTransformations" in dataset:
            return version == "0.4"
        return version in ("0.1", "0.2")
    plate = attributes.get("plate")
    well = _first_object(plate.get("wells")) if isinstance(plate, dict) else None
    if well is not None:
        return (version == "0.4") == ("rowIndex" in well or "columnIndex" in well)
    return True


def fits_namespace(ome: Any, version: str) -> bool:
    """Say whether the value of ``ome`` has the form of 0.5 or 0.6; what cannot be told apart fits both."""
    if not isinstance(ome, dict):
        return True
    multiscale = _first_object(ome.get("multiscales")) or {}
    if "scene" in ome or "coordinateSystems" in multiscale:
        return version == "0.6"
    return version == "0.5" or "axes" not in multiscale


def _first_object(value: Any) -> dict[str, Any] | None:
    return next((item for item in value if isinstance(item, dict)), None) if isinstance(value, list) else None
