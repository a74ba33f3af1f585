"""Read, write, convert, validate and upgrade OME-Zarr, with every part a plugin.

Examples
--------
>>> import numpy as np, omezarr
>>> image = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
>>> node = omezarr.write_image("memory://first.ome.zarr", image, axes="yx", scale=0.5, units="micrometer")
>>> omezarr.open("memory://first.ome.zarr").levels[0].scale
(0.5, 0.5)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omezarr._version import __version__

if TYPE_CHECKING:
    from omezarr.abc.plan import Codec
    from omezarr.arrays.chunk_cache import ChunkCache
    from omezarr.checking.manifests import check_manifest, write_manifest
    from omezarr.checking.repair import repair
    from omezarr.checking.validation import Report, validate
    from omezarr.editing import append_channel, csv_to_labels, edit, labels_to_csv
    from omezarr.engine.downscaling import downscale
    from omezarr.location import Location, StorageOptions
    from omezarr.model import (
        Acquisition,
        Affine,
        Axis,
        Channel,
        CoordinateSystem,
        ImageLabel,
        LabelColor,
        LabelProperty,
        Rotation,
        Scale,
        SystemReference,
        Translation,
        Window,
    )
    from omezarr.model.content import CollectionContent, ImageContent, LabelContent, PlateContent, SceneContent
    from omezarr.model.tables import Table
    from omezarr.nodes.finding import find
    from omezarr.nodes.node import Node
    from omezarr.nodes.reading import open  # noqa: A004 - the word that users expect
    from omezarr.plugins.registration import registered
    from omezarr.plugins.registry import Registry, default_registry, registry_in_use
    from omezarr.rendering import html, render, thumbnail
    from omezarr.serving import view
    from omezarr.transform import resample
    from omezarr.upgrading import upgrade
    from omezarr.writing import RunOptions, WriteOptions
    from omezarr.writing.acquisition import create_writer, open_writer
    from omezarr.writing.conversion import convert
    from omezarr.writing.copying import copy
    from omezarr.writing.existing import write_into
    from omezarr.writing.images import write_content, write_image, write_labels, write_multiscale
    from omezarr.writing.levels import add_levels
    from omezarr.writing.plate_writer import PlateWriter, create_plate
    from omezarr.writing.plates import write_field, write_plate
    from omezarr.writing.scenes import write_scene
    from omezarr.writing.tables import read_table, write_table

_HOMES = {
    name: module
    for module, names in {
        "omezarr.abc.plan": "Codec",
        "omezarr.arrays.chunk_cache": "ChunkCache",
        "omezarr.checking.manifests": "check_manifest write_manifest",
        "omezarr.checking.repair": "repair",
        "omezarr.checking.validation": "Report validate",
        "omezarr.editing": "append_channel csv_to_labels edit labels_to_csv",
        "omezarr.engine.downscaling": "downscale",
        "omezarr.location": "Location StorageOptions",
        "omezarr.model": "Acquisition Affine Axis Channel CoordinateSystem ImageLabel LabelColor "
        "LabelProperty Rotation Scale SystemReference Translation Window",
        "omezarr.model.tables": "Table",
        "omezarr.model.content": "CollectionContent ImageContent LabelContent PlateContent SceneContent",
        "omezarr.nodes.finding": "find",
        "omezarr.nodes.node": "Node",
        "omezarr.nodes.reading": "open",
        "omezarr.plugins.registry": "Registry default_registry registry_in_use",
        "omezarr.plugins.registration": "registered",
        "omezarr.rendering": "html render thumbnail",
        "omezarr.serving": "view",
        "omezarr.transform": "resample",
        "omezarr.upgrading": "upgrade",
        "omezarr.writing": "RunOptions WriteOptions",
        "omezarr.writing.acquisition": "create_writer open_writer",
        "omezarr.writing.conversion": "convert",
        "omezarr.writing.copying": "copy",
        "omezarr.writing.existing": "write_into",
        "omezarr.writing.images": "write_content write_image write_labels write_multiscale",
        "omezarr.writing.levels": "add_levels",
        "omezarr.writing.plate_writer": "PlateWriter create_plate",
        "omezarr.writing.plates": "write_field write_plate",
        "omezarr.writing.scenes": "write_scene",
        "omezarr.writing.tables": "read_table write_table",
    }.items()
    for name in names.split()
}
"""Where the façade finds what it offers."""

__all__ = [
    "Acquisition",
    "Affine",
    "Axis",
    "Channel",
    "ChunkCache",
    "Codec",
    "CollectionContent",
    "CoordinateSystem",
    "ImageContent",
    "ImageLabel",
    "LabelColor",
    "LabelContent",
    "LabelProperty",
    "Location",
    "Node",
    "PlateContent",
    "PlateWriter",
    "Registry",
    "Report",
    "Rotation",
    "RunOptions",
    "Scale",
    "SceneContent",
    "StorageOptions",
    "SystemReference",
    "Table",
    "Translation",
    "Window",
    "WriteOptions",
    "__version__",
    "add_levels",
    "append_channel",
    "check_manifest",
    "convert",
    "copy",
    "create_plate",
    "create_writer",
    "csv_to_labels",
    "default_registry",
    "downscale",
    "edit",
    "find",
    "html",
    "labels_to_csv",
    "open",
    "open_writer",
    "read_table",
    "registered",
    "registry_in_use",
    "render",
    "repair",
    "resample",
    "thumbnail",
    "upgrade",
    "validate",
    "view",
    "write_content",
    "write_field",
    "write_image",
    "write_into",
    "write_labels",
    "write_manifest",
    "write_multiscale",
    "write_plate",
    "write_scene",
    "write_table",
]


def __getattr__(name: str) -> Any:
    """Import what the façade offers when it is first asked for, so that importing omezarr itself is light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'omezarr' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
