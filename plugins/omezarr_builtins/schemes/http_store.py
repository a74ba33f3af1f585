"""A zarr store over HTTP: one GET for each object or part of one, and nothing else.

Responsible for ranges, for retries, and for telling what is missing from what is denied or broken. It never lists:
servers have no common way to do it.
"""

from __future__ import annotations

import atexit
import http
import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import quote

import aiohttp
import yarl
from zarr.abc.store import (  # noqa: TID253 - imported when a URL is opened
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    SuffixByteRequest,
)
from zarr.core.buffer import default_buffer_prototype  # noqa: TID253 - as above

from omezarr.errors import AccessDeniedError, ArgumentError, StorageError
from omezarr.hierarchy import MAX_DOCUMENT_BYTES, run
from omezarr.location import without_secrets
from omezarr_builtins.schemes.read_only import ReadOnlyStore

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping

    from zarr.core.buffer import Buffer, BufferPrototype

    from omezarr_builtins.schemes.attempts import Attempts

CONNECT_SECONDS = 10.0
SILENT_SECONDS = 30.0
_WHOLE_INSTEAD_OF_PART = 16 * 1024 * 1024
_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

_sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _BadStatusError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.status = answer.status
        wait = answer.headers.get("Retry-After", "")
        self.retry_after = float(wait) if wait.isdecimal() else None


class HTTPStore(ReadOnlyStore):
    """The objects below a URL.

    Parameters
    ----------
    url : str
        Without its query.
    query : str
        Sent with every request, as presigned URLs need it.
    headers : mapping of str to str
    attempts : Attempts
    request : mapping
        Further arguments for every request of aiohttp.

    Raises
    ------
    ArgumentError
        If the URL is none.
    """

    supports_listing = False

    def __init__(
        self, url: str, query: str, *, headers: Mapping[str, str], attempts: Attempts, request: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.url = quote(url, safe="%/:=&~+!$,;'@()*[]")
        try:
            valid = bool(yarl.URL(self.url, encoded=True).host) and yarl.URL(self.url, encoded=True).port is not None
        except ValueError:
            valid = False
        if not valid:
            raise ArgumentError(f"{without_secrets(url)} is no valid URL; write https://HOST/PATH")
        self.query = query
        self.headers = {"Accept-Encoding": "identity", **headers}
        self.attempts = attempts
        self.request = dict(request)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HTTPStore) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return without_secrets(self.url)

    def __repr__(self) -> str:
        return f"HTTPStore({str(self)!r})"

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return an object, or part of it; None if it is not there."""
        part = _range_header(byte_range)
        if part == "":
            body: bytes | None = b""
        else:
            answer = await self._answer(key, part)
            if answer is not None and _is_page(answer):
                place = without_secrets(f"{self.url}/{key}")
                raise StorageError(
                    f"{place} answered with an HTML page instead of what is stored; check the address, and whether the "
                    "server wants a login"
                )
            body = None if answer is None else self._checked_part(answer, key, byte_range)
        return None if body is None else (prototype or default_buffer_prototype()).buffer.from_bytes(body)

    def _checked_part(self, answer: Answer, key: str, byte_range: ByteRequest | None) -> bytes:
        """Return the part that was asked for, if it is the one that the server says it sent."""
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT and found is not None:
            first, last, size = (int(number) for number in found.groups())
            wanted = _span(byte_range, size)
            if (first, last + 1) != wanted or len(answer.body) != wanted[1] - wanted[0]:
                place = without_secrets(f"{self.url}/{key}")
                raise StorageError(
                    f"{place} answered with {len(answer.body)} bytes as {first} to {last} of {size} where "
                    f"{wanted[0]} to {wanted[1] - 1} were asked for; its server cannot be relied on"
                )
        return _part(answer, byte_range)

    async def exists(self, key: str) -> bool:
        """Say whether there is an object."""
        return await self._answer(key, "bytes=0-0") is not None

    async def getsize(self, key: str) -> int:
        """Return the size of an object, asking for its first byte: presigned URLs allow no HEAD."""
        answer = await self._answer(key, "bytes=0-0")
        if answer is None:
            raise FileNotFoundError(key)
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        if total.isdecimal():
            return int(total)
        return int(answer.headers.get("Content-Length", len(answer.body)))

    async def list(self) -> AsyncIterator[str]:
        """Refuse to list."""
        self._refuse_to_list()
        yield ""

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse to list."""
        self._refuse_to_list()
        yield ""

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse to list."""
        self._refuse_to_list()
        yield ""

    def _refuse_to_list(self) -> NoReturn:
        raise StorageError(f"{self} cannot be listed: HTTP has no common way to do it")

    async def _answer(self, key: str, part: str | None) -> Answer | None:
        """Ask for a key; None if it is not there."""
        url = f"{self.url}/{quote(key)}" if key else self.url
        place = without_secrets(url)
        address = yarl.URL(f"{url}?{self.query}" if self.query else url, encoded=True)

        async def once() -> Answer:
            answer = await self._ask(address, place, part, limited=key.rpartition("/")[2] in _DOCUMENTS)
            if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in (408, 425, 429):
                raise _BadStatusError(answer)
            return answer

        try:
            answer = await self.attempts.run(once)
        except _BadStatusError as error:
            raise StorageError(f"{place} answered {_words(error.status)}; try again later") from error
        except TimeoutError as error:
            raise StorageError(
                f"{place} did not answer in time; a longer one can be set, as timeout=SECONDS"
            ) from error
        except TypeError as error:
            raise ArgumentError(f"aiohttp refuses the backend options {', '.join(self.request)}: {error}") from error
        except StorageError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise StorageError(f"could not get {place}: {str(error) or type(error).__name__}") from error
        return self._judged(answer, place, key)

    async def _ask(self, address: yarl.URL, place: str, part: str | None, *, limited: bool) -> Answer:
        total = self.attempts.timeout
        patience = aiohttp.ClientTimeout(
            total=total, sock_connect=min(total, CONNECT_SECONDS), sock_read=min(total, SILENT_SECONDS)
        )
        headers = self.headers if part is None else {**self.headers, "Range": part}
        async with _session().get(address, headers=headers, timeout=patience, **self.request) as response:
            size = response.content_length or 0
            if part is not None and response.status == http.HTTPStatus.OK and size > _WHOLE_INSTEAD_OF_PART:
                if part == "bytes=0-0":
                    return Answer(response.status, response.headers, b"")
                raise StorageError(
                    f"the server of {place} does not send parts of files, and this one has {size} "
                    "bytes; download it first"
                )
            body = await (_document(response, place) if limited else response.read())
            return Answer(response.status, response.headers, body)

    def _judged(self, answer: Answer, place: str, key: str) -> Answer | None:
        match answer.status:
            case 200 | 206:
                # Some servers send a page of theirs instead of "not found".
                return None if key.rpartition("/")[2] in _DOCUMENTS and _is_page(answer) else answer
            case 404 | 410:
                return None
            case 416:
                return answer._replace(body=b"")
            case 401:
                raise StorageError(f"{place} asks who you are (401): give a token or headers.Authorization")
            case 403:
                raise AccessDeniedError(
                    f"{place} may not be read (403): give a token or headers, or check whether a signed URL has expired"
                )
        raise StorageError(f"{place} answered {_words(answer.status)}")


async def _document(response: aiohttp.ClientResponse, place: str) -> bytes:
    """Read a body that might have no end."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MAX_DOCUMENT_BYTES:
            raise StorageError(f"{place} is larger than metadata ever is; refused")
        parts.append(part)
    return b"".join(parts)


def _is_page(answer: Answer) -> bool:
    """Return whether an answer is a page for people."""
    kind = answer.headers.get("Content-Type", "")
    return answer.status == http.HTTPStatus.OK and kind.startswith("text/html") and answer.body.lstrip()[:1] == b"<"


def _range_header(byte_range: ByteRequest | None) -> str | None:
    """Return the value of the Range header; empty where nothing needs to be asked."""
    match byte_range:
        case None:
            return None
        case RangeByteRequest(start, end):
            return f"bytes={start}-{end - 1}" if end > start else ""
        case OffsetByteRequest(offset):
            return f"bytes={offset}-"
        case SuffixByteRequest(suffix):
            return f"bytes=-{suffix}" if suffix else ""
    raise TypeError(f"unknown kind of byte range: {byte_range!r}")


def _span(byte_range: ByteRequest | None, size: int) -> tuple[int, int]:
    """Return which bytes of an object of a size are asked for."""
    match byte_range:
        case RangeByteRequest(start, end):
            return start, min(end, size)
        case OffsetByteRequest(offset):
            return offset, size
        case SuffixByteRequest(suffix):
            return max(0, size - suffix), size
    return 0, size


def _part(answer: Answer, byte_range: ByteRequest | None) -> bytes:
    """Take the part out of an answer; servers may send the whole instead."""
    if answer.status != http.HTTPStatus.OK:
        return answer.body
    match byte_range:
        case RangeByteRequest(start, end):
            return answer.body[start:end]
        case OffsetByteRequest(offset):
            return answer.body[offset:]
        case SuffixByteRequest(suffix):
            return answer.body[-suffix:]
    return answer.body


def _words(status: int) -> str:
    try:
        return f"{status} ({http.HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def _session() -> aiohttp.ClientSession:
    """Return the session of the running event loop; there is one for all stores, as connections are worth keeping."""
    import asyncio

    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        if not _sessions:
            atexit.register(_close_sessions)
        session = _sessions[loop] = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=True)
    return session


def _close_sessions() -> None:
    """Close the sessions before zarr ends its event loop."""

    async def close() -> None:
        import asyncio

        session = _sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    run(close())
