"""A zarr store over a file system of fsspec, with patience and with errors that say what to do."""

from __future__ import annotations

import asyncio
import atexit
import inspect
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from weakref import WeakSet, WeakValueDictionary

from attrs import field, frozen
from zarr.abc.store import RangeByteRequest, SuffixByteRequest  # noqa: TID253 - imported when a URL is opened
from zarr.storage import FsspecStore  # noqa: TID253 - as above

from omezarr.errors import AccessDeniedError, LocationNotFoundError, OMEZarrError, StorageError
from omezarr.hierarchy import run
from omezarr_builtins.schemes.attempts import Attempts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

T = TypeVar("T")

_MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_used: WeakSet[Any] = WeakSet()
_DENIED_NAMES = frozenset({"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"})


@frozen(kw_only=True)
class FileSystemTraits:
    """How a file system is to be treated.

    Parameters
    ----------
    attempts : Attempts
    lists : bool
        Whether its listings can be trusted.
    parallel : {"all", "keys", "none"}
        What it does at once: anything; anything with different objects; nothing.
    place : str
        What it is, for messages.
    advice : str
        What helps where access is denied.
    """

    attempts: Attempts = field(factory=Attempts)
    lists: bool = True
    parallel: Literal["all", "keys", "none"] = "all"
    place: str = "the store"
    advice: str = "check your rights and credentials"


class PatientStore(FsspecStore):
    """The objects below a path of an asynchronous file system.

    Parameters
    ----------
    fs : fsspec.asyn.AsyncFileSystem
    path : str
    read_only : bool
    manners : FileSystemTraits
    """

    def __init__(self, fs: Any, *, path: str, read_only: bool, manners: FileSystemTraits) -> None:
        super().__init__(fs, read_only=read_only, path=path, allowed_exceptions=())
        self.manners = manners
        self.supports_listing = manners.lists
        _used.add(fs)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_locks"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _used.add(self.fs)
        self._locks = WeakValueDictionary()

    def __str__(self) -> str:
        return self.manners.place

    def with_read_only(self, read_only: bool = False) -> PatientStore:
        """Return the same store, for reading only or not."""
        return type(self)(self.fs, path=self.path, read_only=read_only, manners=self.manners)

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return an object, or part of it; None if it is not there."""
        from zarr.core.buffer import default_buffer_prototype

        wanted = prototype or default_buffer_prototype()
        asked = byte_range
        try:
            if isinstance(byte_range, SuffixByteRequest) and self.manners.parallel != "all":
                # What is not asynchronous often cannot count from the end.
                size = await self.getsize(key)
                asked = RangeByteRequest(max(0, size - byte_range.suffix), size)
            return await self._do(key, lambda: super(PatientStore, self).get(key, wanted, asked))
        except LocationNotFoundError:
            raise
        except _MISSING:
            return None

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return several objects or parts of them."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def set(self, key: str, value: Buffer, byte_range: tuple[int, int] | None = None) -> None:
        """Store an object."""
        await self._put(key, lambda: super(PatientStore, self).set(key, value, byte_range))

    async def _put(self, key: str, request: Callable[[], Awaitable[T]]) -> None:
        try:
            await self._do(key, request)
        except LocationNotFoundError:
            raise
        except FileNotFoundError:
            # File systems with real folders want them first.
            folder = self._path(key).rpartition("/")[0]
            await self._do(key, lambda: self.fs._makedirs(folder, exist_ok=True))  # noqa: SLF001
            await self._do(key, request)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Store an object unless there is one, in one step where the file system can."""
        self._check_writable()
        content = value.to_bytes()
        try:
            await self._put(key, lambda: self.fs._pipe_file(self._path(key), content, mode="create"))  # noqa: SLF001
        except FileExistsError:
            return
        except (TypeError, NotImplementedError):
            await super().set_if_not_exists(key, value)
        except StorageError as error:
            if code_of(error.__cause__) not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise

    async def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        await self._do(key, lambda: super(PatientStore, self).delete(key))

    async def delete_dir(self, prefix: str) -> None:
        """Delete what is below a prefix, if anything is."""
        self._check_writable()
        try:
            await self._do(prefix, lambda: self.fs._rm(self._path(prefix), recursive=True))  # noqa: SLF001
        except LocationNotFoundError:
            raise
        except _MISSING:
            return

    async def exists(self, key: str) -> bool:
        """Say whether there is an object."""
        return await self._do(key, lambda: super(PatientStore, self).exists(key))

    async def getsize(self, key: str) -> int:
        """Return the size of an object."""
        return await self._do(key, lambda: super(PatientStore, self).getsize(key))

    async def list(self) -> AsyncIterator[str]:
        """List all keys."""
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List the keys that start with a prefix."""
        folder = prefix.rpartition("/")[0]
        for name in await self._names(folder, lambda path: self.fs._find(path, withdirs=False, detail=False)):  # noqa: SLF001
            if name.startswith(prefix):
                yield name

    async def list_sizes(self, prefix: str) -> Sequence[tuple[str, int | None, str]]:
        """List keys with the sizes and versions that the listing tells."""
        folder = prefix.rpartition("/")[0]
        told: dict[str, Any] = {}

        async def listing(path: str) -> Iterable[str]:
            told.update(await self.fs._find(path, withdirs=False, detail=True))  # noqa: SLF001
            return told

        await self._names(folder, listing)
        root = self.path.strip("/")
        found = []
        for name, about in told.items():
            key = name.strip("/").removeprefix(root).strip("/")
            if key.startswith(prefix) and about.get("type", "file") == "file":
                version = next((about[word] for word in ("ETag", "etag", "LastModified", "mtime") if word in about), "")
                found.append((key, about.get("size"), str(version)))
        return found

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List what is directly below a folder."""
        folder = prefix.strip("/")
        for name in await self._names(folder, lambda path: self.fs._ls(path, detail=False)):  # noqa: SLF001
            if name != folder:
                yield name.rpartition("/")[2]

    async def _names(self, folder: str, listing: Callable[[str], Awaitable[Iterable[str]]]) -> Sequence[str]:
        if not self.supports_listing:
            raise StorageError(f"{self} cannot be listed: its protocol has no dependable way to do it")
        root = self.path.strip("/")

        async def listed() -> Iterable[str]:
            self.fs.invalidate_cache()
            return await listing(self._path(folder))

        try:
            found = await self._do(folder, listed)
        except LocationNotFoundError:
            raise
        except _MISSING:
            return []
        names = (name.strip("/").removeprefix(root).strip("/") for name in found)
        return [name for name in names if name]

    def _path(self, key: str) -> str:
        return f"{self.path.rstrip('/')}/{key}".rstrip("/")

    def _turn(self, key: str) -> AbstractAsyncContextManager[Any]:
        if self.manners.parallel == "all":
            return nullcontext()
        return self._locks.setdefault(key if self.manners.parallel == "keys" else "", asyncio.Lock())

    async def _do(self, key: str, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request, in turn and with patience; raise what tells the user more than the library does."""
        try:
            async with self._turn(key):
                return await self.manners.attempts.run(request)
        except FileNotFoundError as error:
            if code_of(error) == "NoSuchBucket":
                raise LocationNotFoundError(
                    f"the bucket of {self} does not exist; check its name and the endpoint"
                ) from error
            raise
        except (OMEZarrError, IsADirectoryError, NotADirectoryError, FileExistsError, TypeError, NotImplementedError):
            raise
        except Exception as error:
            raise self._explained(key, error) from error

    def _explained(self, key: str, error: Exception) -> StorageError:
        where = f"{self} at {key!r}" if key else str(self)
        names = {kind.__name__ for kind in type(error).__mro__}
        said = str(error) or type(error).__name__
        if isinstance(error, PermissionError) or getattr(error, "status", 0) in (401, 403) or names & _DENIED_NAMES:
            return AccessDeniedError(f"access to {where} was denied ({said.strip('. ')}); {self.manners.advice}")
        if isinstance(error, TimeoutError):
            return StorageError(f"{where} did not answer in time; a longer one can be set, as timeout=SECONDS")
        return StorageError(f"{where} failed: {said}")


def code_of(error: BaseException | None) -> str | None:
    """Return the code with which an S3 server explained an error."""
    for link in (error, getattr(error, "__cause__", None)):
        response = getattr(link, "response", None)
        if isinstance(response, dict):
            code = response.get("Error", {}).get("Code")
            return None if code is None else str(code)
    return None


def asynchronous(fs: Any) -> Any:
    """Return an asynchronous file system for any file system."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

    if not isinstance(fs, AsyncFileSystem):
        return AsyncFileSystemWrapper(fs, asynchronous=True)
    if fs.asynchronous:
        return fs
    return type(fs)(*fs.storage_args, **{**fs.storage_options, "asynchronous": True})


@atexit.register
def _close_sessions() -> None:
    """Close the connections of asynchronous file systems, which nobody else does, before zarr ends its event loop."""

    async def close() -> None:
        for fs in _used:
            session = getattr(fs, "_s3", None) or getattr(fs, "_session", None)
            closing = getattr(session, "close", None)
            if closing is not None and inspect.isawaitable(waiting := closing()):
                await waiting

    run(close())
