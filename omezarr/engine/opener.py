"""How the engine reaches stores: whoever has a plan carried out brings what opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from omezarr.abc import OpenedStore
    from omezarr.location import Location


class StoreOpener(Protocol):
    """Opens the store of a location; what `execute` reaches stores through."""

    def __call__(self, location: Location, *, write: bool) -> OpenedStore:
        """Open a location, for writing where asked."""
