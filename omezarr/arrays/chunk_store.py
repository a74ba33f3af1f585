"""A store as one reads chunks from it: what is refused, while the metadata is not, is not there.

Buckets with public objects and no public list answer 403 for what does not exist. Whoever lost their rights must not
get zeros instead of pixels, so the metadata of the array is asked for again before a refusal is taken for that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from zarr.storage import WrapperStore

from omezarr.errors import AccessDeniedError

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest, Store
    from zarr.core.buffer import Buffer, BufferPrototype

TRUSTED_SECONDS = 10.0
"""How long it is believed that the metadata can be read."""


class ChunkStore(WrapperStore[Any]):
    """The chunks of one array.

    Parameters
    ----------
    store : zarr.abc.store.Store
    document : str
        The key of the array's metadata.
    """

    def __init__(self, store: Store, document: str) -> None:
        super().__init__(store)
        self._document = document
        self._readable_until = 0.0

    def _with_store(self, store: Store) -> ChunkStore:
        return ChunkStore(store, self._document)

    def __str__(self) -> str:
        return str(self._store)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Return an object, or part of it; None if it is not there, or refused though the metadata is not."""
        try:
            return await self._store.get(key, prototype, byte_range)  # type: ignore[no-any-return]  # any store
        except AccessDeniedError:
            if not await self._may_read(prototype):
                raise
            return None

    async def _may_read(self, prototype: BufferPrototype) -> bool:
        if time.monotonic() < self._readable_until:
            return True
        try:
            found = await self._store.get(self._document, prototype)
        except AccessDeniedError:
            return False
        if found is not None:
            self._readable_until = time.monotonic() + TRUSTED_SECONDS
        return found is not None
