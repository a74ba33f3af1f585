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
    from omezarr.acquisition import create_writer, open_writer
    from omezarr.conversion import convert
    from omezarr.location import Location, StorageOptions
    from omezarr.node import Node
    from omezarr.planning import WriteOptions
    from omezarr.plates import write_field, write_plate
    from omezarr.read import open  # noqa: A004 - the word that users expect
    from omezarr.registry import Registry, default_registry
    from omezarr.repairing import repair
    from omezarr.rescale import add_levels
    from omezarr.scenes import write_scene
    from omezarr.transform import resample
    from omezarr.upgrading import upgrade
    from omezarr.validation import Report, validate
    from omezarr.write import RunOptions, write_image, write_labels, write_multiscale

_HOMES = {
    "add_levels": "omezarr.rescale",
    "create_writer": "omezarr.acquisition",
    "open_writer": "omezarr.acquisition",
    "Location": "omezarr.location",
    "Node": "omezarr.node",
    "Registry": "omezarr.registry",
    "Report": "omezarr.validation",
    "RunOptions": "omezarr.write",
    "StorageOptions": "omezarr.location",
    "WriteOptions": "omezarr.planning",
    "convert": "omezarr.conversion",
    "default_registry": "omezarr.registry",
    "open": "omezarr.read",
    "repair": "omezarr.repairing",
    "resample": "omezarr.transform",
    "upgrade": "omezarr.upgrading",
    "validate": "omezarr.validation",
    "write_image": "omezarr.write",
    "write_labels": "omezarr.write",
    "write_multiscale": "omezarr.write",
    "write_field": "omezarr.plates",
    "write_plate": "omezarr.plates",
    "write_scene": "omezarr.scenes",
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
    "default_registry",
    "open",
    "open_writer",
    "repair",
    "resample",
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
