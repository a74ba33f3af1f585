"""Named stores in the memory of this process."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import ArgumentError, LocationNotFoundError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarr.core.buffer import Buffer

    from omezarr.location import Location

_stores: dict[str, dict[str, Buffer]] = {}
_lock = Lock()


class Memory(StorageScheme):
    """``memory://NAME/PATH``: a store of that name, the same one in the whole process.

    Examples
    --------
    >>> from omezarr.location import Location
    >>> from omezarr.nodes.opening import open_store
    >>> schemes = {"memory": Memory()}
    >>> open_store(Location.parse("memory://bench/image.zarr"), schemes, write=True).path
    'image.zarr'
    """

    name = "memory"

    def claim(self, location: Location) -> Claim | None:
        """Claim ``memory://`` URLs."""
        return Claim(Claim.NAME, "its URL starts with memory://") if location.protocol == "memory" else None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Open a named store; writing makes a new one where none is."""
        from zarr.storage import MemoryStore

        name, _, path = location.url.partition("://")[2].partition("/")
        if not name:
            raise ArgumentError("a store in memory needs a name: memory://NAME or memory://NAME/PATH")
        with _lock:
            objects = _stores.setdefault(name, {}) if write else _stores.get(name, {})
        path = path.strip("/")
        if not write and not any(key.startswith(f"{path}/" if path else "") for key in tuple(objects)):
            raise LocationNotFoundError(f"nothing is stored at {location} in this process")
        traits = StoreTraits(transient=True, distant=False, picklable=False)
        return OpenedStore(store=MemoryStore(objects, read_only=not write), path=path, traits=traits)


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (Memory(),)
