"""How often a request to a server is tried, and how long it may take."""

from __future__ import annotations

import asyncio
import errno
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omezarr.location import StorageOptions

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_PATIENCE = 60.0
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_ERRNO = frozenset(
    {errno.EBUSY, errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT, getattr(errno, "EREMOTEIO", -1)}
)
_PASSING_NAMES = frozenset(
    {
        "ClientConnectionError",
        "ClientPayloadError",
        "ContentLengthError",
        "HTTPClientError",
        "IncompleteRead",
        "ResponseParserError",
    }
)
_LASTING_NAMES = frozenset({"ClientSSLError", "ClientConnectorCertificateError", "SSLError", "InvalidURL"})


@frozen(kw_only=True)
class Attempts:
    """The patience that is shown to a server.

    Parameters
    ----------
    retries : int
        How often a request is repeated after a failure that may pass: the connection broke, no answer came in time, the
        server is busy or has an error of its own. The pauses double from 0.2 s on; after a minute no new one begins.
    timeout : float
        Seconds for each request as a whole.
    """

    retries: int = 4
    timeout: float = 300.0

    @classmethod
    def of(cls, options: StorageOptions) -> Attempts:
        """Return what storage options ask for."""
        return cls(
            retries=cls().retries if options.retries is None else options.retries,
            timeout=cls().timeout if options.timeout is None else options.timeout,
        )

    async def run(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request until it succeeds or fails for good; raises the last failure."""
        begin = monotonic()
        for number in range(self.retries + 1):
            try:
                async with asyncio.timeout(self.timeout):
                    return await request()
            except Exception as error:
                if number == self.retries or monotonic() - begin > _PATIENCE or not may_pass(error):
                    raise
                pause: float = getattr(error, "retry_after", None) or _FIRST_PAUSE * 2**number
            await asyncio.sleep(min(pause, _LONGEST_PAUSE))
        raise AssertionError("unreachable")


def may_pass(error: BaseException) -> bool:
    """Say whether a failure may pass by itself."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _LASTING_NAMES:
        return False
    if getattr(error, "status", None) in _PASSING_STATUS or names & _PASSING_NAMES:
        return True
    return isinstance(error, TimeoutError | ConnectionError) or getattr(error, "errno", None) in _PASSING_ERRNO
