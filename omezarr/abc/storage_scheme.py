"""The interface of ways to reach stores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from attrs import Factory, frozen

from omezarr.stores import StoreTraits

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarr.abc.store import Store

    from omezarr.abc.claims import Claim
    from omezarr.location import Location


class StorageScheme(ABC):
    """A way to reach stores: disks, memory, servers, or a container inside another store.

    Attributes
    ----------
    name : str
    options : frozenset of str
        The storage options that this scheme translates; others are refused.
    writable : bool
        Whether hierarchies can be written.

    Examples
    --------
    The smallest one:

    >>> from omezarr.abc import Claim, OpenedStore, StorageScheme
    >>> class Scratch(StorageScheme):
    ...     name = "scratch"
    ...
    ...     def claim(self, location):
    ...         return Claim(Claim.NAME, "it starts with scratch:") if location.protocol == "scratch" else None
    ...
    ...     def open(self, location, *, write, resolve):
    ...         from zarr.storage import MemoryStore
    ...
    ...         return OpenedStore(store=MemoryStore(read_only=not write))
    >>> from omezarr.location import Location
    >>> Scratch().claim(Location.parse("scratch://a")).reason
    'it starts with scratch:'
    """

    name: ClassVar[str]
    options: ClassVar[frozenset[str]] = frozenset()
    writable: ClassVar[bool] = True

    @abstractmethod
    def claim(self, location: Location) -> Claim | None:
        """Say whether a location is for this scheme, from its text alone. Containers claim higher than protocols."""

    @abstractmethod
    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Open the store of a location.

        Parameters
        ----------
        location : Location
        write : bool
            Whether the store must take writes.
        resolve : callable
            Opens another location for reading, for containers that lie in another scheme's store.

        Raises
        ------
        LocationNotFoundError, StorageError, MissingDependencyError, UnsupportedError
        """


@frozen(kw_only=True)
class OpenedStore:
    """An opened store and the path inside it that a location means.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
    traits : StoreTraits, optional
        What the store is like. Default: what its class tells, which is right for zarr's own stores; a store of any
        other class is taken for a server that other processes reach.

    Examples
    --------
    >>> from zarr.storage import MemoryStore
    >>> OpenedStore(store=MemoryStore(), path="a.zarr").traits.picklable
    False
    """

    store: Store
    path: str = ""
    traits: StoreTraits = Factory(lambda self: StoreTraits.of(self.store), takes_self=True)
