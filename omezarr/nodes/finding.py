"""Finding: every OME-Zarr below a folder or a prefix of a bucket, each described in one row."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc import Hint
from omezarr.errors import OMEZarrError, UnsupportedError
from omezarr.hierarchy import CONCURRENT_REQUESTS, Hierarchy, run
from omezarr.location import Location
from omezarr.nodes.node import Node
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.registry import registry_in_use
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarr.abc.store import Store

    from omezarr.abc import OpenedStore
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry

CONTAINERS = (".zip", ".ozx")
"""Files of these endings can hold a hierarchy."""

CONCURRENT_FOLDERS = 16
"""So many folders are looked into at once; each takes three requests."""


@frozen(kw_only=True)
class Found:
    """One OME-Zarr: what it is, and what its first image looks like.

    Parameters
    ----------
    path : str
        Relative to where the search began; empty for that place itself.
    location : str
        Where it is.
    kind : str
        The NGFF key of what it is, for example "multiscales" or "plate"; empty where it cannot be read.
    version, name : str
    images : int
        How many groups it names below itself: wells of a plate, images of a collection; 1 for an image.
    axes : str
        The names of the axes of the first image.
    shape : tuple of int
        Of the largest level of the first image.
    dtype : str
    levels : int
    pixel_size : tuple of float
        Along each axis, in the unit of the axis; empty where it is no plain scale.
    units : tuple of str
        One for each axis; empty texts where there is none.
    channels, labels : tuple of str
        Their names.
    size : int or None
        In bytes, as stored; None where it was not asked for.
    error : str
        Why it, or a part of it, cannot be read.
    """

    path: str
    location: str
    kind: str = ""
    version: str = ""
    name: str = ""
    images: int = 0
    axes: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    levels: int = 0
    pixel_size: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    size: int | None = None
    error: str = ""


def find(
    location: LocationLike,
    *,
    sizes: bool = True,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Iterator[Found]:
    """Yield every OME-Zarr below a place, in the order of paths; nothing is written.

    What lies inside of an image, a plate or a collection belongs to it and is not listed by itself.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        A folder, or a prefix of a bucket; wherever what is there can be listed.
    sizes : bool
        Whether to add up how many bytes are stored, which lists every object.
    storage_options, registry
        As for `omezarr.open`.

    Raises
    ------
    UnsupportedError
        If the place cannot be listed, as over HTTP.
    LocationNotFoundError, StorageError
        If it cannot be reached.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> for name in ("a", "b"):
    ...     _ = omezarr.write_image(f"memory://found/{name}.ome.zarr", np.zeros((4, 4), "uint8"), axes="yx")
    >>> [(found.path, found.shape) for found in omezarr.find("memory://found")]
    [('a.ome.zarr', (4, 4)), ('b.ome.zarr', (4, 4))]
    """
    registry = registry or registry_in_use()
    place = Location.parse(location, storage_options)
    opened = open_store(place, registry.storage_schemes)
    search = _Search(opened, place, registry, sizes=sizes)
    return search.below("", search.peek(""))


class _Search:
    def __init__(self, opened: OpenedStore, place: Location, registry: Registry, *, sizes: bool) -> None:
        self._opened = opened
        self._place = place
        self._registry = registry
        self._sizes = sizes
        self._seen: set[str] = set()

    def peek(self, path: str) -> Hierarchy:
        """Return the hierarchy at a path, its root asked for; neighbours may be of different zarr formats."""
        hierarchy = Hierarchy(self._opened.store, f"{self._opened.path}/{path}".strip("/"))
        hierarchy.prefetch([""])
        return hierarchy

    def below(self, path: str, hierarchy: Hierarchy) -> Iterator[Found]:
        """Yield what is at a path, or else what is below it."""
        try:
            node = hierarchy.node()
        except OMEZarrError as error:
            yield Found(path=path, location=str(self._at(path)), error=str(error))
            return
        if node is not None and node.kind == "array":
            return
        found = None if node is None else self._described(path, hierarchy)
        if found is not None:
            yield found
            return
        places = [f"{path}/{name}".strip("/") for name in self._names(path, hierarchy)]
        folders = [place for place in places if not place.lower().endswith(CONTAINERS)]
        with ThreadPool(CONCURRENT_FOLDERS) as pool:
            peeked = dict(zip(folders, pool.map(self.peek, folders), strict=True))
        for place in places:
            yield from self.below(place, peeked.pop(place)) if place in peeked else self._contained(place)

    def _names(self, path: str, hierarchy: Hierarchy) -> list[str]:
        """Return the folders and containers directly below a path; a folder that was met already has none."""
        names = hierarchy.names()
        if names is None:
            raise UnsupportedError(f"{self._at(path)} cannot be listed; search where it is stored, or in a copy")
        folder = self._folder(path)
        if folder is not None:
            real = os.path.realpath(folder)
            if real in self._seen:  # a link that leads back
                return []
            self._seen.add(real)
            names = tuple(name for name in names if name.lower().endswith(CONTAINERS) or Path(folder, name).is_dir())
        return [name for name in names if not name.startswith(".") and "\\" not in name]

    def _folder(self, path: str) -> str | None:
        return str(Path(self._place.url, path)) if self._place.protocol == "local" else None

    def _at(self, path: str) -> Location:
        return self._place.below(path) if path else self._place

    def _described(self, path: str, hierarchy: Hierarchy) -> Found | None:
        """Return the row of a group; None for one without OME metadata."""
        where = self._at(path)
        try:
            node = Node(hierarchy, "", self._registry, where, hint=Hint(path=path or where.name))
            if node.key is None:
                return None
            return described(node, path, self._size(path))
        except OMEZarrError as error:
            return Found(path=path, location=str(where), error=str(error), size=self._size(path))

    def _contained(self, path: str) -> Iterator[Found]:
        """Yield the row of a container, if it holds an OME-Zarr or its name says that it should."""
        where = self._at(path)
        try:
            node = open_node(where, registry=self._registry)
            if node.key is not None:
                yield described(node, path, self._size(path))
        except OMEZarrError as error:
            if path.lower().endswith(".ozx"):
                yield Found(path=path, location=str(where), error=str(error))

    def _size(self, path: str) -> int | None:
        if not self._sizes:
            return None
        folder = self._folder(path)
        key = f"{self._opened.path}/{path}".strip("/")
        return run(_stored(self._opened.store, key)) if folder is None else _on_disk(folder)


def described(node: Node, path: str, size: int | None) -> Found:
    """Return the row of a node.

    Parameters
    ----------
    node : Node
    path : str
        Relative to where the search began.
    size : int or None
    """
    first, error = node, ""
    try:
        while first.multiscale is None and len(first.children):
            first = next(iter(first.children.values()))
        levels = first.levels
        shape, dtype = (levels[0].shape, str(levels[0].dtype)) if levels else ((), "")
        labels = tuple(first.labels)
        geometry = levels[0].geometry if levels else None
    except OMEZarrError as problem:
        error, levels, shape, dtype, labels, geometry = str(problem), (), (), "", (), None
    return Found(
        path=path,
        location=str(node.location),
        kind=node.key or "",
        version=node.version or "",
        name=node.name,
        images=1 if node.multiscale is not None else len([name for name in node.children if name != "labels"]),
        axes="".join(axis.name for axis in first.axes),
        shape=shape,
        dtype=dtype,
        levels=len(levels),
        pixel_size=() if geometry is None else geometry.scale,
        units=tuple(axis.unit if isinstance(axis.unit, str) else "" for axis in first.axes),
        channels=tuple(str(channel.label) if channel.label else "" for channel in first.channels),
        labels=labels,
        size=size,
        error=error,
    )


def _on_disk(path: str) -> int:
    """Return how many bytes the files at a path hold; links are not followed."""
    if not Path(path).is_dir():
        return Path(path).stat().st_size
    total, folders = 0, [path]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


async def _stored(store: Store, prefix: str) -> int:
    """Return how many bytes a store keeps below a prefix; what vanishes meanwhile counts as nothing."""
    limit = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def size(key: str) -> int:
        async with limit:
            try:
                return await store.getsize(key)
            except FileNotFoundError:
                return 0

    keys = [key async for key in store.list_prefix(f"{prefix}/" if prefix else "")] or [prefix]
    return sum(await asyncio.gather(*map(size, keys)))
