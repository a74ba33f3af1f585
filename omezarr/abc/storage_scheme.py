"""The interface of ways to reach stores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from attrs import frozen

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
    ...         return Claim(10, "it starts with scratch:") if location.protocol == "scratch" else None
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
    """An opened store and the path inside it that a location means."""

    store: Store
    path: str = ""


@runtime_checkable
class ConditionalStore(Protocol):
    """What a zarr store has beside its own methods if it can change an object on condition.

    Then two processes never write to one place at once; in other stores that is nearly so. A version is any text that
    becomes another whenever the object changes, such as an ETag.
    """

    async def get_version(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its version; None if it is not there."""

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        """Store an object if it has this version, or is not there if that is None.

        Returns
        -------
        str or None
            The new version; None if the object was another, and is left as it was.

        Raises
        ------
        UnsupportedError
            If the server does not know conditions.
        """

    async def delete_version(self, key: str, version: str) -> None:
        """Remove an object if it has this version."""
