"""Web servers, for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import ArgumentError, MissingDependencyError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.location import Location


class HTTP(StorageScheme):
    """``http://`` and ``https://`` URLs, presigned ones too.

    Each object is one request. Nothing is ever listed, so that any server of files will do. Of the storage options,
    `token` is sent as a bearer token, `headers` as they are, and `backend` goes to each request of aiohttp.
    """

    name = "http"
    options = frozenset({"token", "headers", "timeout", "retries", "backend"})
    writable = False

    def claim(self, location: Location) -> Claim | None:
        """Claim web addresses."""
        if location.store is None and location.protocol in ("http", "https"):
            return Claim(Claim.NAME, f"its URL starts with {location.protocol}://")
        return None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Prepare a store; nothing is asked of the server yet."""
        try:
            from omezarr_builtins.schemes.http_store import HTTPStore
        except ImportError as error:
            if error.name not in ("aiohttp", "yarl"):
                raise
            raise MissingDependencyError(f"reading {location} needs aiohttp: pip install 'omezarr[http]'") from error
        from omezarr_builtins.schemes.attempts import Attempts

        options = location.options
        headers = dict(options.headers)
        if options.token is not None:
            if any(name.lower() == "authorization" for name in headers):
                raise ArgumentError("both a token and headers.Authorization are given; give one of them")
            headers["Authorization"] = f"Bearer {options.token}"
        url, _, query = location.url.partition("?")
        return OpenedStore(
            store=HTTPStore(url, query, headers=headers, attempts=Attempts.of(options), request=options.backend),
            traits=StoreTraits(listable=False, rewritable=False),
        )


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (HTTP(),)
