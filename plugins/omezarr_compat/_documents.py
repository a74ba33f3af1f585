"""The documents of images and labels: what groups say, and how it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import zarr

from omezarr import Location
from omezarr.errors import ArgumentError
from omezarr_compat.axes import Axes
from omezarr_compat.format import CurrentFormat, Format, FormatV04

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr_compat.types import JSONDict

PLAIN_VERSIONS = ("0.1", "0.2", "0.3", "0.4")
"""Those whose documents are the attributes themselves."""

UNSIZED = ("0.1", "0.2", "0.3")
"""Those that know no pixel sizes and units."""


def check_group_fmt(group: zarr.Group | str, fmt: Format | None = None, mode: str = "a") -> tuple[zarr.Group, Format]:
    """Return a group, made where it is a path that holds nothing, and its version."""
    if not isinstance(group, zarr.Group):
        chosen = fmt or CurrentFormat()
        return zarr.open_group(group, mode=mode, zarr_format=chosen.zarr_format), chosen  # type: ignore[arg-type]
    return group, check_format(group, fmt)


def check_format(group: zarr.Group, fmt: Format | None = None) -> Format:
    """Return the version for a group: the one that is given, else 0.4 or 0.5.

    Raises
    ------
    ArgumentError
        If the group is of another zarr format; it is a ValueError.
    """
    found = group.metadata.zarr_format
    if fmt is None:
        return FormatV04() if found == 2 else CurrentFormat()
    if fmt.zarr_format != found:
        raise ArgumentError(
            f"the group is of zarr format {found}, but OME-Zarr {fmt.version} of {fmt.zarr_format}; give another fmt"
        )
    return fmt


def get_metadata(group: zarr.Group | str) -> JSONDict:
    """Return the OME document of a group."""
    if not isinstance(group, zarr.Group):
        group = zarr.open_group(group, mode="r")
    attributes: JSONDict = group.attrs.asdict()
    if group.metadata.zarr_format == 2:
        return attributes
    ome = attributes.get("ome", {})
    return dict(ome) if isinstance(ome, Mapping) else {}


def add_metadata(group: zarr.Group | str, metadata: Mapping[str, Any], fmt: Format | None = None) -> None:
    """Add to the OME document of a group; objects that are there already are added to.

    A document of 0.5 gets its version, too.
    """
    group, fmt = check_group_fmt(group, fmt)
    document = get_metadata(group)
    for key, value in metadata.items():
        old = document.get(key)
        document[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    set_metadata(group, document, fmt)


def set_metadata(group: zarr.Group, document: Mapping[str, Any], fmt: Format) -> None:
    """Write the OME document of a group; one of 0.5 gets its version, too."""
    if fmt.version in PLAIN_VERSIONS:
        group.attrs.update(document)
    else:
        group.attrs["ome"] = {"version": fmt.version, **document}


def write_multiscales_metadata(
    group: zarr.Group | str,
    datasets: list[dict[str, Any]],
    fmt: Format | None = None,
    axes: Any = None,
    name: str | None = None,
    *,
    axes_units: Mapping[str, str] | None = None,
    **metadata: Any,
) -> None:
    """Make a group an image of levels that are there.

    Parameters
    ----------
    group : zarr.Group or str
    datasets : list of dict
        For each level its path and, from 0.4 on, its coordinate transformations.
    fmt : Format, optional
    axes : str, list of str or list of dict, optional
    name : str, optional
        Default: the last part of the path of the group.
    axes_units : mapping, optional
        The unit of each axis by its name.
    **metadata
        `metadata`: what is said of how the levels were made, and "omero", which becomes that of the group.

    Raises
    ------
    ArgumentError
        If something does not fit; it is a ValueError.
    KeyError, TypeError
        If "omero" is malformed.
    """
    group, fmt = check_group_fmt(group, fmt)
    listed = None if axes is None else with_units(_get_valid_axes(None, axes, fmt), axes_units, fmt)
    said = dict(metadata.pop("metadata", None) or {})
    if metadata:
        raise ArgumentError(
            f"unknown argument {next(iter(metadata))!r}; give metadata={{...}} for what is said besides"
        )
    document: JSONDict = {}
    if "omero" in said:
        document["omero"] = checked_omero(said.pop("omero"))
    _check_datasets(datasets, -1 if listed is None else len(listed), fmt)
    multiscale: JSONDict = {"datasets": datasets, "name": name or name_of(group)}
    if said:
        multiscale["metadata"] = said
    if listed is not None:
        multiscale["axes"] = listed
    if fmt.version in PLAIN_VERSIONS:
        multiscale["version"] = fmt.version
    else:
        document["version"] = fmt.version
    add_metadata(group, {**document, "multiscales": [multiscale]}, fmt)


def write_label_metadata(
    group: zarr.Group | str,
    name: str,
    colors: Sequence[JSONDict] | None = None,
    properties: Sequence[JSONDict] | None = None,
    fmt: Format | None = None,
    **metadata: Any,
) -> None:
    """Make an image a label image, and list it.

    Parameters
    ----------
    group : zarr.Group or str
        That of all label images.
    name : str
        Of the label image below it.
    colors, properties : sequence of dict, optional
        Each with a "label-value".
    fmt : Format, optional
    **metadata
        What the document says besides, for example ``source={"image": "../../"}``.
    """
    group, fmt = check_group_fmt(group, fmt)
    said: JSONDict = {**metadata, "version": fmt.version}
    if colors is not None:
        said["colors"] = list(colors)
    if properties is not None:
        said["properties"] = list(properties)
    listed = list(get_metadata(group).get("labels", []))
    below, _ = check_group_fmt(zarr.open_group(group.store_path / name, mode="r+"), fmt)
    add_metadata(group, {"labels": listed if name in listed else [*listed, name]}, fmt)
    add_metadata(below, {"image-label": said}, fmt)


def _get_valid_axes(ndim: int | None = None, axes: Any = None, fmt: Format | None = None) -> list[Any] | None:
    """Return axes as a version writes them, checked; None where it has none."""
    fmt = fmt or CurrentFormat()
    if fmt.version in ("0.1", "0.2"):
        return None
    if axes is None:
        if ndim not in (2, 5):
            raise ArgumentError(f"axes must be given: those of {ndim} dimensions cannot be guessed")
        axes = "tczyx"[-ndim:]
    listed = list(axes)
    if ndim is not None and len(listed) != ndim:
        raise ArgumentError(f"{len(listed)} axes are given for {ndim} dimensions")
    return Axes(listed, fmt).to_list(fmt)


def with_units(axes: list[Any] | None, units: Mapping[str, str] | None, fmt: Format) -> list[Any] | None:
    """Return axes with the units that are given by their names.

    Raises
    ------
    ArgumentError
        If the version has none, or there is no such axis.
    """
    if not units:
        return axes
    if fmt.version in UNSIZED or axes is None:
        raise ArgumentError(f"version {fmt.version} has no units; leave axes_units out")
    known = [axis["name"] for axis in axes]
    unknown = [name for name in units if name not in known]
    if unknown:
        raise ArgumentError(f"there is no axis {unknown[0]!r}; the axes are {', '.join(known)}")
    return [{**axis, "unit": units[axis["name"]]} if axis["name"] in units else axis for axis in axes]


def checked_omero(omero: Any) -> JSONDict:
    """Return what OMERO says of the channels, if it is well formed."""
    if omero is None:
        raise KeyError("omero is None; leave it out, or say something of the channels")
    for channel in omero.get("channels", ()):
        color, window = channel.get("color", "000000"), channel.get("window")
        if not isinstance(color, str) or len(color) != 6:
            raise TypeError(f"the color of a channel is six hexadecimal digits, not {color!r}")
        if window is None:
            continue
        if not isinstance(window, Mapping):
            raise TypeError(f"the window of a channel is an object, not {window!r}")
        for key in ("min", "max", "start", "end"):
            if key not in window:
                raise KeyError(f"the window of a channel has no {key!r}: {dict(window)}")
            if not isinstance(window[key], int | float):
                raise TypeError(f"{key!r} of the window of a channel is a number, not {window[key]!r}")
    return dict(omero)


def name_of(group: zarr.Group) -> str:
    """Return what a group is called that is given no name: the last part of its path."""
    return Location.parse(group).name


def _check_datasets(datasets: Any, ndim: int, fmt: Format) -> None:
    if not isinstance(datasets, list | tuple) or not datasets:
        raise ArgumentError(f"an image has at least one level; datasets is {datasets!r}")
    for dataset in datasets:
        if not isinstance(dataset, Mapping) or not dataset.get("path"):
            raise ArgumentError(f"a dataset is an object with a path, not {dataset!r}")
    given = [dataset.get("coordinateTransformations") for dataset in datasets]
    fmt.validate_coordinate_transformations(ndim, len(datasets), [item for item in given if item is not None])
