"""What the tests of storage schemes have in common beside the suites of `omezarr.testing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarr.storage import LocalStore

from omezarr.abc import OpenedStore
from omezarr.hierarchy import Hierarchy
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import default_registry
from omezarr.testing import write_example
from omezarr.testing.storage_schemes import example_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

PIXELS = example_pixels()


def opened(location: Any, options: Mapping[str, Any] | None = None, *, write: bool = False) -> OpenedStore:
    """Open a location with all installed schemes."""
    return open_store(Location.parse(location, options), default_registry().storage_schemes, write=write)


def fill(store: Any, path: str = "", *, zarr_format: Any = 3) -> None:
    """Write the example of the suites to a store, or to a folder."""
    store = LocalStore(store) if isinstance(store, str) else store
    write_example(OpenedStore(store=store, path=path), zarr_format=zarr_format)


def hierarchy(store: OpenedStore) -> Hierarchy:
    """Look at what was opened."""
    return Hierarchy(store.store, store.path)
