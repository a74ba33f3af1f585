"""A store on S3, which knows the versions of its objects and changes them on condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import LocationNotFoundError, StorageError, UnsupportedError
from omezarr_builtins.schemes.fsspec_store import PatientStore, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_REFUSED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")
_UNKNOWN = ("NotImplemented", "501")


class S3Store(PatientStore):
    """The objects below a path of a bucket; see `omezarr.abc.ConditionalStore`."""

    async def get_version(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its ETag; None if it is not there."""

        async def request() -> tuple[bytes, str]:
            answer = await self._ask("get_object", key)
            async with answer["Body"] as body:
                return await body.read(), answer["ETag"]

        try:
            return await self._do(key, request)
        except LocationNotFoundError:
            raise
        except FileNotFoundError:
            return None

    async def set_version(self, key: str, content: bytes, version: str | None) -> str | None:
        """Store an object if it still has that ETag, or is not there if None; return the new one, None if refused."""
        self._check_writable()
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        answer = await self._unless_refused(key, lambda: self._ask("put_object", key, Body=content, **condition))
        return None if answer is None else str(answer["ETag"])

    async def delete_version(self, key: str, version: str) -> None:
        """Remove an object if it still has that ETag."""
        self._check_writable()
        await self._unless_refused(key, lambda: self._ask("delete_object", key, IfMatch=version))

    async def _ask(self, method: str, key: str, **arguments: Any) -> Any:
        bucket, name, _ = self.fs.split_path(self._path(key))
        return await self.fs._call_s3(method, Bucket=bucket, Key=name, **arguments)  # noqa: SLF001 - no public one waits

    async def _unless_refused(self, key: str, request: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        try:
            return await self._do(key, request)
        except LocationNotFoundError:
            raise
        except (FileExistsError, FileNotFoundError):
            return None
        except StorageError as error:
            code = code_of(error.__cause__)
            if code in _REFUSED:
                return None
            if code in _UNKNOWN:
                raise UnsupportedError(f"{self} does not change objects on condition: {error}") from error
            raise
