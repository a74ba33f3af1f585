"""What marks hooks and their implementations as those of omezarr."""

from __future__ import annotations

import pluggy

PROJECT = "omezarr"
"""The name of the pluggy project and of the entry-point group."""

API_VERSION = "1.0"
"""The version of what plugins rely on: the hooks, `omezarr.abc`, the model and the content.

The second number grows with what is added, the first one when something that plugins use no longer works as it did.
"""

HEAVY = frozenset({"dask", "distributed", "fsspec", "numcodecs", "numpy", "scipy", "skimage", "tifffile", "zarr"})
"""Packages that no module of a plugin imports before one of its functions is called."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
