"""What stores that can only be read have in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn

from zarr.abc.store import Store  # noqa: TID253 - imported when such a store is opened

from omezarr.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype


class ReadOnlyStore(Store):
    """A store that refuses to change; subclasses read.

    Attributes
    ----------
    remedy : str
        What to do instead of writing, for messages.
    """

    supports_writes = False
    supports_deletes = False
    supports_partial_writes = False  # abstract in earlier versions of zarr
    remedy = "write elsewhere"

    def __init__(self) -> None:
        super().__init__(read_only=True)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return several objects or parts of them."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse to write."""
        self._refuse()

    async def set_partial_values(self, key_start_values: Any) -> None:
        """Refuse to write."""
        self._refuse()

    async def delete(self, key: str) -> None:
        """Refuse to delete."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise StorageError(f"{self} can only be read; {self.remedy}")
