"""A backend of xarray: images as labelled arrays, with coordinates from scale and translation, and units.

`xarray.open_dataset(path, engine="omezarr")` gives one level of an image, `xarray.open_datatree` all images and levels
below a place. A level is a variable ``image``, of labels ``labels``, with the names of the image's axes as dimensions.
Along an axis of space or time stand the positions of the samples, with the attribute ``units``; along the channels
their labels, where each has one. Pixels are read when they are asked for, and ``chunks={}`` makes dask arrays of them
in blocks of whole chunks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

import omezarr
from omezarr.errors import NotOMEZarrError, UnknownNameError
from omezarr_builtins.doors.images import images_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr import Level, Node

SUFFIXES = (".ome.zarr", ".ozx")
"""What is surely OME-Zarr by its name; other names are opened with ``engine="omezarr"``."""


class LevelArray(BackendArray):
    """The pixels of a level, read when they are indexed.

    Parameters
    ----------
    level : Level
    """

    def __init__(self, level: Level) -> None:
        self.level = level
        self.shape = level.shape
        self.dtype = level.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """Return the pixels that an indexer of xarray asks for."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> Any:
        region: list[slice | int] = []
        kept: list[slice] = []
        for part, size in zip(key, self.shape, strict=True):
            if isinstance(part, slice):
                first, last, step = part.indices(size)
                chosen = range(first, last, step)
                low, high = (min(chosen), max(chosen) + 1) if chosen else (0, 0)
                region.append(slice(low, high))
                # One read takes all from the first sample to the last; steps, backwards too, are made in memory.
                kept.append(slice(None, None, step))
            else:
                region.append(int(part))
        return self.level.read(tuple(region))[tuple(kept)]


class OMEZarrBackend(BackendEntrypoint):
    """Opens OME-Zarr of every version, wherever `omezarr.open` finds it."""

    description: ClassVar[str] = "OME-Zarr images of every version, with physical coordinates"
    open_dataset_parameters: ClassVar[tuple[str, ...] | None] = (
        "filename_or_obj", "drop_variables", "level", "path", "storage_options",
    )  # fmt: skip
    supports_groups: ClassVar[bool] = True

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Say whether something is surely OME-Zarr, by its name alone."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        return os.fspath(filename_or_obj).rstrip("/").endswith(SUFFIXES)

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        level: int = 0,
        path: str = "",
        storage_options: Mapping[str, Any] | None = None,
    ) -> xr.Dataset:
        """Return one level of an image.

        Parameters
        ----------
        filename_or_obj : str, path or zarr store
            Anything that `omezarr.open` takes.
        drop_variables : str or iterable of str, optional
        level : int
            0 is the full resolution, -1 the smallest.
        path : str
            Of an image below, such as ``"A/1/0"`` or ``"labels/nuclei"``.
        storage_options : mapping, optional

        Raises
        ------
        NotOMEZarrError
            If there is no image at this place.
        UnknownNameError
            If the image has no such level.
        """
        node = omezarr.open(filename_or_obj, storage_options=storage_options)
        for name in (path,) if path else ():
            node = node[name]
        if not node.levels:
            inside = [name for name, _ in images_below(node)]
            advice = f'; open an image below with path="{inside[0]}", or all with open_datatree' if inside else ""
            raise NotOMEZarrError(f"{node.location} is no image{advice}")
        count = len(node.levels)
        if not -count <= level < count:
            raise UnknownNameError(f"{node.location} has levels 0 to {count - 1}, not {level}")
        return _without(_dataset(node, node.levels[level]), drop_variables)

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> dict[str, xr.Dataset]:
        """Return all levels of all images below a place, by path; what cannot be opened is left out with a warning."""
        node = omezarr.open(filename_or_obj, storage_options=storage_options)
        groups = {"/": xr.Dataset(attrs=_attributes(node))}
        for path, image in images_below(node):
            for level in image.levels:
                groups[f"/{path}/{level.index}".replace("//", "/")] = _without(_dataset(image, level), drop_variables)
        if len(groups) == 1:
            raise NotOMEZarrError(f"{node.location} holds no image")
        return groups

    def open_datatree(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> xr.DataTree:
        """Return the same as a tree."""
        groups = self.open_groups_as_dict(
            filename_or_obj, drop_variables=drop_variables, storage_options=storage_options
        )
        return xr.DataTree.from_dict(groups)


def _dataset(node: Node, level: Level) -> xr.Dataset:
    """Return a level as a dataset."""
    names = tuple(axis.name for axis in node.axes)
    if len(names) != len(level.shape):
        names = tuple(f"dim_{number}" for number in range(len(level.shape)))
    labels = "image-label" in node.facets
    variable = xr.Variable(names, indexing.LazilyIndexedArray(LevelArray(level)), _attributes(node))
    stored = level.shards or level.chunks
    variable.encoding["preferred_chunks"] = dict(zip(names, stored, strict=True))
    return xr.Dataset({"labels" if labels else "image": variable}, coords=_coordinates(node, level, names))


def _coordinates(node: Node, level: Level, names: tuple[str, ...]) -> dict[str, xr.Variable]:
    """Return what stands along each axis, as far as the metadata says."""
    found = {}
    geometry = level.geometry
    channels = [channel.label for channel in node.channels]
    for index, axis in enumerate(node.axes if len(node.axes) == len(names) else ()):
        size = level.shape[index]
        if axis.type == "channel":
            if len(channels) == size and all(isinstance(label, str) for label in channels):
                found[axis.name] = xr.Variable((axis.name,), np.array(channels, dtype=object))
        elif geometry is not None:
            positions = np.arange(size) * geometry.scale[index] + geometry.translation[index]
            attributes = {"units": axis.unit} if axis.unit else {}
            found[axis.name] = xr.Variable((axis.name,), positions, attributes)
    return found


def _attributes(node: Node) -> dict[str, Any]:
    """Return what is said of a node as a whole."""
    said = {"ome_zarr_version": node.version, "ome_zarr_node_type": node.key}
    name = node.multiscale.name if node.multiscale is not None else None
    return {key: value for key, value in {**said, "name": name}.items() if isinstance(value, str)}


def _without(dataset: xr.Dataset, names: str | Iterable[str] | None) -> xr.Dataset:
    """Return a dataset without some of its variables."""
    dropped = [names] if isinstance(names, str) else list(names or ())
    return dataset.drop_vars(dropped, errors="ignore")
