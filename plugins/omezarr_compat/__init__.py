"""The public names of ome-zarr-py 0.13, on top of omezarr.

A script written for ome-zarr-py runs with ``import omezarr_compat; omezarr_compat.install()`` above its imports, or
with `omezarr_compat` in place of `ome_zarr` in them. Nothing is scaled, compressed or stored here: omezarr does that.
Where the result differs from that of ome-zarr-py, the how-to "Come from ome-zarr-py" says so, and why.

::

    import omezarr_compat

    omezarr_compat.install()
    from ome_zarr.writer import write_image
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING

from omezarr.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["install"]

_NAME = "ome_zarr"


def install() -> None:
    """Make ``import ome_zarr`` find the modules of this package, where ome-zarr-py is not installed.

    Raises
    ------
    ConflictError
        If ome-zarr-py is installed: one name cannot mean both.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    if _NAME in sys.modules or importlib.util.find_spec(_NAME) is not None:
        raise ConflictError("ome-zarr-py is installed; remove it (pip uninstall ome-zarr), or import omezarr_compat")
    sys.meta_path.insert(0, _Finder())  # before the one that would find the files below the package once more


class _Finder(MetaPathFinder):
    """Finds the modules of `ome_zarr`: those of this package."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, dot, rest = name.partition(".")
        own = f"{__name__}{dot}{rest}"
        if package != _NAME or importlib.util.find_spec(own) is None:
            return None
        return importlib.util.spec_from_loader(name, _Loader(own), is_package=not dot)


class _Loader(Loader):
    """Gives a module of this package under its other name."""

    def __init__(self, own: str) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module, imported."""
        module = importlib.import_module(self._own)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it was."""
        module.__spec__ = self._spec
