"""Writing images, labels and their documents into zarr groups.

Examples
--------
>>> import numpy as np, zarr
>>> group = zarr.create_group(zarr.storage.MemoryStore(), zarr_format=3)
>>> write_image(np.zeros((256, 256), "uint8"), group, axes="yx")
[]
>>> [dataset["path"] for dataset in get_metadata(group)["multiscales"][0]["datasets"]]
['0', '1', '2', '3', '4']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr_compat._documents import (
    _get_valid_axes,
    add_metadata,
    check_format,
    check_group_fmt,
    get_metadata,
    write_label_metadata,
    write_multiscales_metadata,
)
from omezarr_compat._pixels import Picture, _retuple, write_picture
from omezarr_compat._plates import write_plate_metadata, write_well_metadata
from omezarr_compat.scale import Scaler, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import zarr

    from omezarr_compat.format import Format, Transformations
    from omezarr_compat.types import JSONDict

    AxesType = str | list[str] | list[dict[str, str]] | None
    StorageOptions = JSONDict | list[JSONDict] | None
    ScaleFactors = Sequence[int | Mapping[str, int]]

__all__ = [
    "_get_valid_axes",
    "_retuple",
    "add_metadata",
    "check_format",
    "check_group_fmt",
    "get_metadata",
    "write_image",
    "write_label_metadata",
    "write_labels",
    "write_multiscale",
    "write_multiscale_labels",
    "write_multiscales_metadata",
    "write_plate_metadata",
    "write_well_metadata",
]


def write_image(
    image: Any,
    group: zarr.Group | str,
    scaler: Scaler | None = Scaler(),  # noqa: B008 - it has no state
    chunks: tuple[int, ...] | int | None = None,
    fmt: Format | None = None,
    axes: AxesType = None,
    coordinate_transformations: Transformations | None = None,
    storage_options: StorageOptions = None,
    compute: bool | None = True,
    *,
    scale_factors: ScaleFactors | None = None,
    method: str | None = None,
    scale: Mapping[str, float] | None = None,
    axes_units: Mapping[str, str] | None = None,
    **metadata: Any,
) -> list[Any]:
    """Write an image with lower levels into a group.

    Parameters
    ----------
    image : array
        From numpy or dask.
    group : zarr.Group or str
        Made where it is a path that holds nothing.
    scaler : Scaler, optional
        Makes the lower levels; None: there are none.
    chunks : tuple or int, optional
        Those of the last axes, or of all.
    fmt : Format, optional
        Default: 0.5, or 0.4 in a group of zarr format 2.
    axes : str, list of str or list of dict, optional
        Not needed for two or five dimensions.
    coordinate_transformations : list of list of dict, optional
        For each level; kept as they are. Default: what follows from the scaler.
    storage_options : dict or list of dict, optional
        "chunks", "shards", "compressor", for all levels or for each.
    compute : bool
        False: nothing is written yet.
    scale_factors, method, scale, axes_units
        As later versions of ome-zarr-py have them: how many times smaller each lower level is than the first, a number
        or by axis; "resize", "nearest", "local_mean" or "zoom"; pixel sizes and units by axis. The first two take the
        place of `scaler`.
    **metadata
        `name`, and `metadata` with "omero" in it, as for `write_multiscales_metadata`.

    Returns
    -------
    list
        Empty; where nothing is written yet, a delayed object that writes.
    """
    group, fmt = check_group_fmt(group, fmt)
    picture = Picture(
        [image],
        group,
        fmt,
        axes,
        coordinate_transformations,
        storage_options,
        chunks,
        metadata,
        scale=scale,
        axes_units=axes_units,
    )
    return write_picture(picture, _maker(picture, scaler, scale_factors, method, "resize"), compute=bool(compute))


def write_multiscale(
    pyramid: Sequence[Any],
    group: zarr.Group | str,
    chunks: tuple[int, ...] | int | None = None,
    fmt: Format | None = None,
    axes: AxesType = None,
    coordinate_transformations: Transformations | None = None,
    storage_options: StorageOptions = None,
    name: str | None = None,
    compute: bool | None = True,
    *,
    scale: Mapping[str, float] | None = None,
    axes_units: Mapping[str, str] | None = None,
    **metadata: Any,
) -> list[Any]:
    """Write an image whose levels are given into a group.

    Parameters
    ----------
    pyramid : sequence of array
        The largest first.
    group, chunks, fmt, axes, coordinate_transformations, storage_options, compute
        As for `write_image`.
    name : str, optional
    scale, axes_units, **metadata
        As for `write_image`.

    Returns
    -------
    list
        As for `write_image`.
    """
    group, fmt = check_group_fmt(group, fmt)
    said = {**metadata, "name": name}
    picture = Picture(
        list(pyramid),
        group,
        fmt,
        axes,
        coordinate_transformations,
        storage_options,
        chunks,
        said,
        scale=scale,
        axes_units=axes_units,
    )
    return write_picture(picture, None, compute=bool(compute))


def write_labels(
    labels: Any,
    group: zarr.Group | str,
    name: str,
    scaler: Scaler | None = Scaler(order=0),  # noqa: B008 - it has no state
    chunks: tuple[int, ...] | int | None = None,
    fmt: Format | None = None,
    axes: AxesType = None,
    coordinate_transformations: Transformations | None = None,
    storage_options: StorageOptions = None,
    label_metadata: JSONDict | None = None,
    compute: bool | None = True,
    *,
    scale_factors: ScaleFactors | None = None,
    method: str | None = None,
    scale: Mapping[str, float] | None = None,
    axes_units: Mapping[str, str] | None = None,
    **metadata: Any,
) -> list[Any]:
    """Write a label image with lower levels, to "labels/name" below the group of its image.

    Parameters
    ----------
    labels : array
        Integers.
    group : zarr.Group or str
        Of the image.
    name : str
    scaler : Scaler, optional
        One that makes no new values; None: there are no lower levels.
    chunks, fmt, axes, coordinate_transformations, storage_options, compute
        As for `write_image`.
    label_metadata : dict, optional
        "colors" and "properties", as for `write_label_metadata`.
    scale_factors, method, scale, axes_units, **metadata
        As for `write_image`.

    Returns
    -------
    list
        As for `write_image`.
    """
    group, fmt = check_group_fmt(group, fmt)
    picture = Picture(
        [labels],
        group,
        fmt,
        axes,
        coordinate_transformations,
        storage_options,
        chunks,
        metadata,
        name,
        label_metadata,
        scale,
        axes_units,
    )
    return write_picture(picture, _maker(picture, scaler, scale_factors, method, "nearest"), compute=bool(compute))


def write_multiscale_labels(
    pyramid: Sequence[Any],
    group: zarr.Group | str,
    name: str,
    chunks: tuple[int, ...] | int | None = None,
    fmt: Format | None = None,
    axes: AxesType = None,
    coordinate_transformations: Transformations | None = None,
    storage_options: StorageOptions = None,
    label_metadata: JSONDict | None = None,
    compute: bool | None = True,
    *,
    scale: Mapping[str, float] | None = None,
    axes_units: Mapping[str, str] | None = None,
    **metadata: Any,
) -> list[Any]:
    """Write a label image whose levels are given, to "labels/name" below the group of its image.

    Parameters
    ----------
    pyramid : sequence of array
        The largest first.
    group, name, chunks, fmt, axes, coordinate_transformations, storage_options, label_metadata, compute
        As for `write_labels`.
    scale, axes_units, **metadata
        As for `write_image`.

    Returns
    -------
    list
        As for `write_image`.
    """
    group, fmt = check_group_fmt(group, fmt)
    picture = Picture(
        list(pyramid),
        group,
        fmt,
        axes,
        coordinate_transformations,
        storage_options,
        chunks,
        metadata,
        name,
        label_metadata,
        scale,
        axes_units,
    )
    return write_picture(picture, None, compute=bool(compute))


def _maker(
    picture: Picture, scaler: Scaler | None, scale_factors: ScaleFactors | None, method: str | None, usual: str
) -> Scaler | Steps | None:
    """Return what makes the lower levels: what later versions say, where it is given."""
    if scale_factors is None and method is None:
        return scaler
    names = [axis if isinstance(axis, str) else axis["name"] for axis in picture.axes]
    return Steps.to((2, 4, 8, 16) if scale_factors is None else scale_factors, method or usual, names)
