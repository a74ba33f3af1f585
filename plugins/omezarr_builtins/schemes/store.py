"""Stores and groups of zarr that the caller has opened already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Claim, OpenedStore, StorageScheme
from omezarr.errors import LocationNotFoundError, StorageError, UnsupportedError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarr.abc.store import Store

    from omezarr.location import Location


class OpenStore(StorageScheme):
    """A store, group or array of zarr, used as it is."""

    name = "store"

    def claim(self, location: Location) -> Claim | None:
        """Claim opened stores, whatever they are."""
        return Claim(Claim.OPENED, "it is open already") if location.store is not None else None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Return the store itself."""
        store = location.store
        if store is None:
            raise UnsupportedError(f"{location} is no opened store")
        if write and store.read_only:
            raise UnsupportedError(f"the store of {location} was opened for reading only; open it for writing")
        _make_ready(store)
        return OpenedStore(store=store, path=location.path)


def _make_ready(store: Store) -> None:
    """Let a store do what it needs before its first use, but for folders, which would be created."""
    from zarr.storage import LocalStore

    from omezarr.hierarchy import run

    if isinstance(store, LocalStore):
        return
    try:
        run(store._ensure_open())  # noqa: SLF001 - zarr's own groups do so
    except FileNotFoundError as error:
        raise LocationNotFoundError(f"{store} does not exist") from error
    except (OSError, ValueError) as error:
        raise StorageError(f"could not open {store}: {error}") from error


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (OpenStore(),)
