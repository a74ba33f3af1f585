"""Storage schemes from outside: all objects of a vault lie in one file, as in a database or an archive of a lab.

``vault://NAME/PATH`` changes objects on condition and ``drawer://NAME/PATH`` does not; each states so. The files lie in
the folder that the environment variable VAULTS names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import ArgumentError, LocationNotFoundError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.location import Location


class Drawer(StorageScheme):
    """A file of objects that anybody replaces."""

    name = "drawer"
    traits = StoreTraits(distant=False)

    def claim(self, location: Location) -> Claim | None:
        """Claim the protocol of this name."""
        return Claim(10, f"its URL starts with {self.name}://") if location.protocol == self.name else None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Open the file."""
        from .store import DrawerStore, VaultStore  # noqa: TID252 - installed under another name

        name, _, path = location.url.partition("://")[2].partition("/")
        if not name:
            raise ArgumentError(f"{location} names no {self.name}: {self.name}://NAME/PATH")
        made = VaultStore if self.traits.conditional else DrawerStore
        store = made(str(Path(os.environ["VAULTS"], f"{name}.{self.name}")), read_only=not write)
        path = path.strip("/")
        if not write and not store.names(f"{path}/" if path else ""):
            raise LocationNotFoundError(f"there is nothing at {location}")
        return OpenedStore(store=store, path=path, traits=self.traits)


class Vault(Drawer):
    """A file of objects, each of which is replaced only by those who know its version."""

    name = "vault"
    traits = StoreTraits(distant=False, conditional=True)


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the schemes to omezarr."""
    return (Drawer(), Vault())
