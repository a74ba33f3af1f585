"""What opened zarr stores are like: their traits, which schemes state, and what changes objects on condition.

Responsible for telling traits apart in one place; what follows from them is decided where objects are read and written.

Examples
--------
>>> from zarr.storage import MemoryStore
>>> StoreTraits.of(MemoryStore()).transient
True
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from attrs import frozen

from omezarr.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarr.abc.store import Store

_STATED = "_omezarr_traits"
"""The attribute of a store that keeps what its scheme stated: so it goes along with arrays, and to other processes."""


@frozen(kw_only=True)
class StoreTraits:
    """What a store is like; by this omezarr chooses how it reads, writes, locks and resumes.

    Parameters
    ----------
    folder : Path, optional
        The folder on a local disk in which each object is a file under its key. Then files are read and written
        directly, locks are those of the operating system, and a hierarchy is replaced by renaming. None for all others.
    transient : bool
        Whether what is stored is gone with the process: nothing is noted for resuming, and nobody else can write there.
    distant : bool
        Whether requests wait for a network: more of them are made at once, and fewer, larger ones.
    conditional : bool
        Whether objects can be changed on condition, by the methods of `ConditionalStore`: leases are certain.
    picklable : bool
        Whether the store can be sent to another process, and reaches the same objects there.
    listable : bool
        Whether listings are complete.
    rewritable : bool
        Whether objects can be replaced and removed; nothing is noted for resuming where they cannot.

    Examples
    --------
    A cache in memory before a bucket, which others cannot see:

    >>> StoreTraits(distant=False, picklable=False, transient=True).listable
    True
    """

    folder: Path | None = None
    transient: bool = False
    distant: bool = True
    conditional: bool = False
    picklable: bool = True
    listable: bool = True
    rewritable: bool = True

    @classmethod
    def of(cls, store: Store) -> StoreTraits:
        """Return what the scheme of a store has stated; of a store that a caller has opened, what zarr's classes tell.

        Of what is no class of zarr it is taken that it is distant and that other processes reach it. A wrapper is as
        near as what it wraps, but nothing goes past it.

        Parameters
        ----------
        store : zarr.abc.store.Store
        """
        stated = getattr(store, _STATED, None)
        return stated if isinstance(stated, cls) else _derived(store)


@runtime_checkable
class SealedStore(Protocol):
    """What a zarr store has beside its own methods if all of it appears at once, when it is complete, as a file does.

    Until `begin` is called, what was there before is seen; after that, what has been written. An object is written
    once, but for metadata.
    """

    def begin(self) -> None:
        """Start anew."""

    def seal(self) -> None:
        """Put what was written in the place of what was there."""

    def abandon(self) -> None:
        """Remove what was written."""


@runtime_checkable
class SizedStore(Protocol):
    """What a zarr store has beside its own methods if its lists tell sizes, which then are not asked one by one."""

    async def list_sizes(self, prefix: str) -> Sequence[tuple[str, int | None, str]]:
        """Return key, size in bytes and version of each object whose key starts with a prefix.

        The version is any text that becomes another whenever the object changes; empty where there is none.
        """


@runtime_checkable
class DirectStore(Protocol):
    """What a zarr store has beside its own methods if its objects are read at once in whatever thread asks for them."""

    def read(self, key: str, part: slice | None = None) -> bytes | None:
        """Return an object or part of it, where a negative start counts from the end; None if it is not there."""


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


def state_traits(store: Store, traits: StoreTraits) -> None:
    """Let a store carry what its scheme states, for whoever meets the store later.

    Parameters
    ----------
    store : zarr.abc.store.Store
    traits : StoreTraits

    Raises
    ------
    PluginError
        If the store cannot do what is stated, or cannot carry it.
    """
    name = type(store).__name__
    if traits.conditional and not isinstance(store, ConditionalStore):
        raise PluginError(
            f"the store {name} is stated to change objects on condition, but lacks methods of "
            "omezarr.abc.ConditionalStore; add them, or state conditional=False"
        )
    for trait, member in (("listable", "supports_listing"), ("rewritable", "supports_deletes")):
        if getattr(traits, trait) and not getattr(store, member):
            raise PluginError(f"the store {name} is stated to be {trait}, but its {member} is False; state one of both")
    try:
        setattr(store, _STATED, traits)
    except AttributeError as error:
        if traits == StoreTraits.of(store):
            return
        raise PluginError(f"the store {name} takes no attributes, so that its traits are lost; no __slots__") from error


def _derived(store: Store) -> StoreTraits:
    from zarr.storage import GpuMemoryStore, LocalStore, MemoryStore, WrapperStore, ZipStore

    able: dict[str, Any] = {
        "conditional": isinstance(store, ConditionalStore),
        "listable": store.supports_listing,
        "rewritable": store.supports_deletes,
    }
    if isinstance(store, WrapperStore):
        inner = StoreTraits.of(store._store)  # noqa: SLF001 - zarr's way to what is wrapped
        return StoreTraits(distant=inner.distant, picklable=inner.picklable, **able)
    # What is derived from a class of zarr may do more than it: nothing goes past it, and it is locked and resumed.
    if isinstance(store, LocalStore):
        return StoreTraits(folder=Path(store.root) if type(store) is LocalStore else None, distant=False, **able)
    if isinstance(store, MemoryStore):
        own = type(store) in (MemoryStore, GpuMemoryStore)
        return StoreTraits(transient=own, distant=False, picklable=False, **able)
    if isinstance(store, ZipStore):
        return StoreTraits(distant=False, picklable=store.read_only, **able)
    return StoreTraits(**able)


@frozen(kw_only=True)
class Packing:
    """How objects lie in one file.

    Parameters
    ----------
    keys : tuple of str
        In the order of its directory.
    compressed : tuple of str
        Those of them that are compressed once more.
    comment : bytes
        Of the file.
    """

    keys: tuple[str, ...]
    compressed: tuple[str, ...] = ()
    comment: bytes = b""


@runtime_checkable
class PackedStore(Protocol):
    """What a zarr store has beside its own methods if its objects lie in one file, so that validation looks at that."""

    async def packing(self) -> Packing:
        """Return how the objects lie in the file."""
