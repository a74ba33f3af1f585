"""What one node of a hierarchy says, as the importer of OME-Zarr takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.abc.plan import INCOMPLETE_KEY
from omezarr.errors import MetadataError, SourceError
from omezarr.model import UNSET, conventional_axes
from omezarr.model.content import LevelContent
from omezarr_builtins.importers._axes import parse_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.model import JSON, Axis, GroupMetadata
    from omezarr.nodes.level import Level
    from omezarr.nodes.node import Node


def readable(node: Node) -> Node:
    """Return a node, refused if it is of a version that is not known: it cannot be told what would be left out."""
    if node.unknown_version is not None:
        cure = "of convert, that is --importer-option format=VERSION"
        raise SourceError(f"{node.location}: {node.notices[0]} ({cure})")
    return node


def renamed_axes(axes: Sequence[Axis], given: object, shape: tuple[int, ...], what: str) -> tuple[Axis, ...]:
    """Return the axes that a user names in place of those of an image, with the units that fit them."""
    return tuple(
        evolve(new, unit=old.unit) if old.type in (new.type, None, UNSET) else new
        for new, old in zip(conventional_axes(parse_axes(given, shape, what)), axes, strict=True)
    )


def metadata_of(node: Node) -> GroupMetadata:
    """Return all that a group says, but for the mark of one that is unfinished."""

    def clean(values: Mapping[str, JSON]) -> dict[str, JSON]:
        return {key: value for key, value in values.items() if key != INCOMPLETE_KEY}

    metadata = node.metadata
    return evolve(metadata, unclaimed=clean(metadata.unclaimed), foreign=clean(metadata.foreign))


def level_content(node: Node, level: Level) -> LevelContent:
    """Return a level as it is stored."""
    from omezarr.arrays.codecs import common_codec, has_checksums
    from omezarr.arrays.sources import as_source

    array = level.array
    pixels = as_source(array)
    axes = node.axes
    if len(pixels.shape) != len(axes):
        raise MetadataError(f"it has {len(pixels.shape)} dimensions, but there are {len(axes)} axes")
    stored = node.hierarchy.node(f"{node.path}/{level.path}".strip("/"))
    codec = None if stored is None else common_codec(stored.metadata)
    attributes: Mapping[str, JSON] = {} if stored is None else stored.attributes
    own = {} if node.format is None else node.format.array_metadata([axis.name for axis in axes])[0]
    image = node.image
    datasets = image.multiscales[0].datasets if image is not None else ()
    return LevelContent(
        pixels=pixels,
        scale=level.scale,
        translation=level.translation,
        chunks=level.chunks,
        shards=level.shards,
        codec=None if codec is None else {"id": codec.name, **codec.options},
        checksums=stored is not None and has_checksums(stored.metadata),
        attributes={key: value for key, value in attributes.items() if key not in own},
        extra=next((dataset.extra for dataset in datasets if dataset.path == level.path), {}),
    )


def said_geometry(
    level: LevelContent, axes: tuple[Axis, ...]
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Return scale and translation; None for those that say nothing."""
    measured = any(axis.unit for axis in axes) or any(value != 1 for value in level.scale)
    return level.scale if measured else None, level.translation if any(level.translation) else None


def integer(value: object) -> int | None:
    """Return a value if it is an integer, and no bool."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
