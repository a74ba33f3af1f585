"""The objects that the metadata of a hierarchy names: all that is known of one in a store that cannot list."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from omezarr.abc.copying import ChunkGrid
from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.errors import UnsupportedError
from omezarr.hierarchy import Hierarchy
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.nodes.survey import joined, survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr.hierarchy import ZarrNode
    from omezarr.location import Location
    from omezarr.plugins.registry import Registry


def named_objects(
    place: Location, root_keys: tuple[str, ...], registry: Registry
) -> tuple[tuple[str, ...], tuple[ChunkGrid, ...]]:
    """Return the keys of what the metadata of a hierarchy names, and the chunks that its arrays can have.

    Parameters
    ----------
    place : Location
    root_keys : tuple of str
        The metadata objects of the root, which are there.
    registry : Registry

    Raises
    ------
    UnsupportedError
        If the chunks of an array follow no rule that is known, or a group is of a version that is not known.
    MetadataError, StorageError
    """
    hierarchy = Hierarchy(*_opened(place, registry))
    root = hierarchy.node()
    if root is not None and root.kind == "array":
        return root_keys, _grids(place, {"": root})
    found = survey(open_node(place, registry=registry))
    keys = set(found.files)
    for path, node in (*found.arrays.items(), *((path, group.zarr_node) for path, group in found.groups.items())):
        if path:
            keys.update(joined(path, name) for name in _documents(node))
    return (*root_keys, *sorted(keys)), _grids(place, found.arrays)


def _opened(place: Location, registry: Registry) -> tuple[Any, str]:
    opened = open_store(place, registry.storage_schemes)
    return opened.store, opened.path


def _documents(node: ZarrNode) -> Iterable[str]:
    if node.zarr_format == 3:
        return ("zarr.json",)
    return (".zarray", ".zattrs") if node.kind == "array" else (".zgroup", ".zattrs", ".zmetadata")


def _grids(place: Location, arrays: Mapping[str, ZarrNode]) -> tuple[ChunkGrid, ...]:
    return tuple(_grid(place, path, node) for path, node in arrays.items())


def _grid(place: Location, path: str, node: ZarrNode) -> ChunkGrid:
    """Return the chunks that an array can have.

    Raises
    ------
    UnsupportedError
        If they follow no rule that is known.
    """
    keys = ChunkKeys.of(node)
    shape, unit = _sizes(node.metadata.get("shape")), _sizes(_unit(node))
    if keys is None or shape is None or unit is None or len(shape) != len(unit) or 0 in unit:
        raise UnsupportedError(
            f"the chunks of the array {path!r} in {place} follow no rule that is known, and nothing can be listed; "
            "copy it from where its files are"
        )
    counts = tuple(-(-length // size) for length, size in zip(shape, unit, strict=True))
    return ChunkGrid(path=path, style=keys.style, separator=keys.separator, counts=counts, nbytes=math.prod(unit) * 8)


def _sizes(value: object) -> list[int] | None:
    """Return sizes if they are such."""
    if isinstance(value, list) and all(isinstance(size, int) and size >= 0 for size in value):
        return value
    return None


def _unit(node: ZarrNode) -> Any:
    """Return what one stored object of an array covers."""
    if node.zarr_format == 2:
        return node.metadata.get("chunks")
    grid: Any = node.metadata.get("chunk_grid")
    if not isinstance(grid, dict) or grid.get("name") != "regular":
        return None
    configuration = grid.get("configuration")
    return configuration.get("chunk_shape") if isinstance(configuration, dict) else None
