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
    from omezarr.checking.repair import repair
    from omezarr.checking.validation import Report, validate
    from omezarr.editing import csv_to_labels, edit, labels_to_csv
    from omezarr.location import Location, StorageOptions
    from omezarr.nodes.finding import find
    from omezarr.nodes.node import Node
    from omezarr.nodes.reading import open  # noqa: A004 - the word that users expect
    from omezarr.plugins.registry import Registry, default_registry
    from omezarr.rendering import html, render, thumbnail
    from omezarr.transform import resample
    from omezarr.upgrading import upgrade
    from omezarr.writing import RunOptions, WriteOptions
    from omezarr.writing.acquisition import create_writer, open_writer
    from omezarr.writing.conversion import convert
    from omezarr.writing.images import write_image, write_labels, write_multiscale
    from omezarr.writing.levels import add_levels
    from omezarr.writing.plates import write_field, write_plate
    from omezarr.writing.scenes import write_scene

_HOMES = {
    "add_levels": "omezarr.writing.levels",
    "create_writer": "omezarr.writing.acquisition",
    "open_writer": "omezarr.writing.acquisition",
    "Location": "omezarr.location",
    "Node": "omezarr.nodes.node",
    "Registry": "omezarr.plugins.registry",
    "Report": "omezarr.checking.validation",
    "RunOptions": "omezarr.writing",
    "StorageOptions": "omezarr.location",
    "WriteOptions": "omezarr.writing",
    "convert": "omezarr.writing.conversion",
    "csv_to_labels": "omezarr.editing",
    "default_registry": "omezarr.plugins.registry",
    "edit": "omezarr.editing",
    "find": "omezarr.nodes.finding",
    "labels_to_csv": "omezarr.editing",
    "html": "omezarr.rendering",
    "open": "omezarr.nodes.reading",
    "render": "omezarr.rendering",
    "repair": "omezarr.checking.repair",
    "resample": "omezarr.transform",
    "thumbnail": "omezarr.rendering",
    "upgrade": "omezarr.upgrading",
    "validate": "omezarr.checking.validation",
    "write_image": "omezarr.writing.images",
    "write_labels": "omezarr.writing.images",
    "write_multiscale": "omezarr.writing.images",
    "write_field": "omezarr.writing.plates",
    "write_plate": "omezarr.writing.plates",
    "write_scene": "omezarr.writing.scenes",
}

__all__ = [
    "Location",
    "Node",
    "Registry",
    "Report",
    "RunOptions",
    "StorageOptions",
    "WriteOptions",
    "__version__",
    "add_levels",
    "convert",
    "create_writer",
    "csv_to_labels",
    "default_registry",
    "edit",
    "find",
    "html",
    "labels_to_csv",
    "open",
    "open_writer",
    "render",
    "repair",
    "resample",
    "thumbnail",
    "upgrade",
    "validate",
    "write_field",
    "write_image",
    "write_labels",
    "write_multiscale",
    "write_plate",
    "write_scene",
]


def __getattr__(name: str) -> Any:
    """Import what the façade offers when it is first asked for, so that importing omezarr itself is light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'omezarr' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
