"""Zarr stores that watch, fail, wait and interleave, around any other store: how code deals with them is seen by it.

They are imported from here, since they need zarr, and importing `omezarr.testing` does not.

Examples
--------
>>> import numpy as np, omezarr
>>> from zarr.storage import MemoryStore
>>> store = CountingStore(MemoryStore())
>>> image = omezarr.write_image(store, np.ones((8, 8), "uint8"), axes="yx", levels=1)
>>> store.writes.count("0/c/0/0")
1
"""

from __future__ import annotations

import asyncio
import copy
import itertools
from typing import TYPE_CHECKING, Any, Self

from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import MemoryStore, WrapperStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping

    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

__all__ = ["CountingStore", "FailingStore", "InterleavingStore", "SlowStore", "WatchedStore"]


class WatchedStore(WrapperStore[Store]):
    """A store around another one that is told of each request before it is made; the base of those below.

    All requests come through `before`, those for many objects too, once for each object.

    Parameters
    ----------
    store : zarr.abc.store.Store
        What is wrapped.

    Examples
    --------
    >>> from zarr.storage import MemoryStore
    >>> class Noting(WatchedStore):
    ...     async def before(self, verb, key):
    ...         print(verb, key)
    >>> import zarr
    >>> group = zarr.create_group(Noting(MemoryStore()))
    get zarr.json
    set zarr.json
    """

    async def before(self, verb: str, key: str) -> None:
        """Do something before a request.

        Parameters
        ----------
        verb : {"get", "exists", "set", "delete", "list"}
        key : str
            Of an object; of a list the prefix.
        """

    async def after(self, verb: str, key: str) -> None:
        """Do something after a request, also one that failed."""

    def _with_store(self, store: Store) -> Self:
        made = copy.copy(self)  # what was noted goes along
        made._store = store  # noqa: SLF001 - it is of this class
        return made

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return an object, or a part of it."""
        await self.before("get", key)
        try:
            return await self._store.get(key, prototype or default_buffer_prototype(), byte_range)
        finally:
            await self.after("get", key)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return parts of objects."""
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def _get_many(
        self, requests: Iterable[tuple[str, BufferPrototype, ByteRequest | None]]
    ) -> AsyncGenerator[tuple[str, Buffer | None], None]:
        async for found in Store._get_many(self, requests):  # noqa: SLF001 - not that of what is wrapped
            yield found

    async def exists(self, key: str) -> bool:
        """Say whether an object is there."""
        await self.before("exists", key)
        try:
            return await self._store.exists(key)
        finally:
            await self.after("exists", key)

    async def set(self, key: str, value: Buffer) -> None:
        """Store an object."""
        await self.before("set", key)
        try:
            await self._store.set(key, value)
        finally:
            await self.after("set", key)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Store an object where there is none."""
        await self.before("set", key)
        try:
            await self._store.set_if_not_exists(key, value)
        finally:
            await self.after("set", key)

    async def _set_many(self, values: Iterable[tuple[str, Buffer]]) -> None:
        await Store._set_many(self, values)  # noqa: SLF001 - not that of what is wrapped

    async def delete(self, key: str) -> None:
        """Remove an object."""
        await self.before("delete", key)
        try:
            await self._store.delete(key)
        finally:
            await self.after("delete", key)

    async def delete_dir(self, prefix: str) -> None:
        """Remove all objects below a prefix."""
        await self.before("delete", prefix)
        try:
            await self._store.delete_dir(prefix)
        finally:
            await self.after("delete", prefix)

    async def _listed(self, prefix: str, names: AsyncIterator[str]) -> AsyncIterator[str]:
        await self.before("list", prefix)
        try:
            async for name in names:
                yield name
        finally:
            await self.after("list", prefix)

    def list(self) -> AsyncIterator[str]:
        """Yield all keys."""
        return self._listed("", self._store.list())

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield all keys that begin with a prefix."""
        return self._listed(prefix, self._store.list_prefix(prefix))

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield all names directly below a prefix."""
        return self._listed(prefix, self._store.list_dir(prefix))


class CountingStore(WatchedStore):
    """A store that notes what is asked of it, in order.

    Attributes
    ----------
    reads, writes, deletes, lists : list of str
        The keys of objects that were read or asked for, stored, removed; the prefixes that were listed.

    Examples
    --------
    >>> import zarr
    >>> from zarr.storage import MemoryStore
    >>> store = CountingStore(MemoryStore())
    >>> group = zarr.create_group(store)
    >>> store.writes
    ['zarr.json']
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reads: list[str] = []
        self.writes: list[str] = []
        self.deletes: list[str] = []
        self.lists: list[str] = []

    async def before(self, verb: str, key: str) -> None:
        """Note the request."""
        noted = {"set": self.writes, "delete": self.deletes, "list": self.lists}
        noted.get(verb, self.reads).append(key)


class FailingStore(WatchedStore):
    """A store that fails where it is told to.

    Parameters
    ----------
    store : zarr.abc.store.Store
    reads, writes : mapping of str to Exception, optional
        What is raised instead of reading or storing an object, by its key; "*" for every other object. Both are kept
        as `reads` and `writes`, and may be changed between requests.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> from zarr.storage import MemoryStore
    >>> store = FailingStore(MemoryStore(), writes={"0/c/0/0": ConnectionError("the server hung up")})
    >>> omezarr.write_image(store, np.ones((8, 8), "uint8"), axes="yx", levels=1)
    Traceback (most recent call last):
        ...
    omezarr.errors.WriteError: could not write '0/c/0/0' ... ConnectionError: the server hung up...
    """

    def __init__(
        self,
        store: Store,
        reads: Mapping[str, Exception] | None = None,
        writes: Mapping[str, Exception] | None = None,
    ) -> None:
        super().__init__(store)
        self.reads: dict[str, Exception] = dict(reads or {})
        self.writes: dict[str, Exception] = dict(writes or {})

    async def before(self, verb: str, key: str) -> None:
        """Fail, if this request is to."""
        failures = {"get": self.reads, "exists": self.reads, "set": self.writes}.get(verb, {})
        failure = failures.get(key) or failures.get("*")
        if failure is not None:
            raise failure


class SlowStore(WatchedStore):
    """A store that takes its time for each request, and knows how many waited together.

    Parameters
    ----------
    store : zarr.abc.store.Store
    seconds : float
        How long each request takes.

    Attributes
    ----------
    most : int
        The largest number of requests that were under way at once.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> from zarr.storage import MemoryStore
    >>> store = SlowStore(MemoryStore(), 0.001)
    >>> image = omezarr.write_image(store, np.ones((8, 8), "uint8"), axes="yx", levels=1)
    >>> image.levels[0].read().sum(), store.most > 0
    (np.uint64(64), True)
    """

    def __init__(self, store: Store, seconds: float = 0.002) -> None:
        super().__init__(store)
        self.seconds = seconds
        self.most = self._now = 0

    async def before(self, verb: str, key: str) -> None:
        """Wait."""
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(self.seconds)

    async def after(self, verb: str, key: str) -> None:
        """Note that one request less is under way."""
        self._now -= 1


class InterleavingStore(MemoryStore):
    """A store in memory that changes objects on condition, and lets others in between looking and storing.

    It keeps what `omezarr.abc.ConditionalStore` promises. Whoever looks first and stores then without a condition loses
    what another one has stored in between; with it as often as can be.

    Attributes
    ----------
    broken : bool
        Whether conditional requests fail, as where the network is down.

    Examples
    --------
    >>> from omezarr.hierarchy import run
    >>> store = InterleavingStore()
    >>> first = run(store.set_version("lock", b"mine", None))
    >>> run(store.set_version("lock", b"yours", None)) is None
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.versions: dict[str, str] = {}
        self._numbers = itertools.count()

    async def set(self, key: str, value: Buffer, byte_range: Any = None) -> None:
        """Store an object."""
        await super().set(key, value, byte_range)
        self.versions[key] = str(next(self._numbers))

    async def get_version(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its version."""
        await self._let_others_in()
        found = self._store_dict.get(key)
        result = None if found is None else (found.to_bytes(), self.versions.setdefault(key, "first"))
        await self._let_others_in()
        return result

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        """Store an object if it has this version."""
        await self._let_others_in()
        if self.versions.get(key) != version:
            return None
        self._store_dict[key] = default_buffer_prototype().buffer.from_bytes(content)
        self.versions[key] = str(next(self._numbers))
        return self.versions[key]

    async def delete_version(self, key: str, version: str) -> None:
        """Remove an object if it has this version."""
        await self._let_others_in()
        if self.versions.get(key) == version:
            del self._store_dict[key], self.versions[key]

    async def delete(self, key: str) -> None:
        """Remove an object."""
        await super().delete(key)
        self.versions.pop(key, None)

    async def _let_others_in(self) -> None:
        if self.broken:
            from omezarr.errors import StorageError

            raise StorageError("the network is down")
        await asyncio.sleep(0.01)
