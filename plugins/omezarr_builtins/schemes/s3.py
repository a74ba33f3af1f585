"""Object stores that speak S3."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import AccessDeniedError, ArgumentError, MissingDependencyError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.location import Location, StorageOptions

CONNECT_SECONDS = 10.0
SILENT_SECONDS = 30.0


class S3(StorageScheme):
    """``s3://BUCKET/PATH``.

    Credentials are those given, else those that the environment, the user's configuration or the machine has. Where
    there are none, reading is anonymous, as public buckets want it, and writing is refused. With an `endpoint` the
    machine is not asked, for its credentials are for Amazon's.
    """

    name = "s3"
    options = frozenset(
        {
            "endpoint",
            "anonymous",
            "key",
            "secret",
            "token",
            "region",
            "profile",
            "retries",
            "timeout",
            "backend",
        }
    )

    def claim(self, location: Location) -> Claim | None:
        """Claim ``s3://`` and ``s3a://`` URLs."""
        if location.store is None and location.protocol in ("s3", "s3a"):
            return Claim(Claim.NAME, f"its URL starts with {location.protocol}://")
        return None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Prepare a store; nothing is asked of the server yet."""
        try:
            from s3fs import S3FileSystem
        except ImportError as error:
            raise MissingDependencyError(f"opening {location} needs s3fs: pip install 'omezarr[s3]'") from error
        from omezarr_builtins.schemes.attempts import Attempts
        from omezarr_builtins.schemes.fsspec_store import FileSystemTraits
        from omezarr_builtins.schemes.s3_store import S3Store

        options = location.options
        path = location.url.partition("://")[2].strip("/")
        if not path:
            raise ArgumentError(f"{location} names no bucket: s3://BUCKET/PATH")
        anonymous, advice = _identity(options)
        if write and anonymous and options.anonymous is None:
            raise AccessDeniedError(f"writing to {location} needs credentials: {advice}")
        attempts = Attempts.of(options)
        fs = S3FileSystem(**_arguments(options, attempts.timeout, anonymous=anonymous))
        fs.retries = 1
        manners = FileSystemTraits(attempts=attempts, place=str(location), advice=advice)
        store = S3Store(fs, path=path, read_only=not write, manners=manners)
        return OpenedStore(store=store, traits=StoreTraits(conditional=True))


def _identity(options: StorageOptions) -> tuple[bool, str]:
    """Return whether requests are anonymous, and what helps if they are denied."""
    given = [name for name in ("key", "secret", "token", "profile") if getattr(options, name) is not None]
    if options.anonymous and given:
        raise ArgumentError(f"anonymous and {', '.join(given)} exclude each other; give one or the other")
    if (options.key is None) != (options.secret is None):
        raise ArgumentError("of key and secret only one is given; they go together")
    give = "give key and secret, or a profile"
    if options.anonymous:
        return True, f"the request was anonymous; {give} instead"
    if given:
        return False, "check the credentials that were given"
    if options.anonymous is False or _has_credentials(ask_machine=options.endpoint is None):
        return False, f"your own credentials were used; {give} of others, or anonymous=true for public data"
    return True, f"no credentials were found, so that the request was anonymous; {give}"


@cache
def _has_credentials(*, ask_machine: bool) -> bool:
    """Say whether credentials are to be found; asking the machine takes seconds where it has none."""
    from botocore.session import Session  # type: ignore[import-untyped]

    session = Session()
    if not ask_machine or session.get_config_variable("endpoint_url"):
        session.get_component("credential_provider").remove("iam-role")
    found: bool = session.get_credentials() is not None
    return found


def _arguments(options: StorageOptions, timeout: float, *, anonymous: bool) -> dict[str, Any]:
    """Translate the options for s3fs. Retries are the store's; one request is made for an object, without a HEAD."""
    backend = {name: dict(value) if isinstance(value, dict) else value for name, value in options.backend.items()}
    config = {
        "connect_timeout": min(timeout, CONNECT_SECONDS),
        "read_timeout": min(timeout, SILENT_SECONDS),
        "retries": {"total_max_attempts": 1},
        "max_pool_connections": 64,
        **backend.pop("config_kwargs", {}),
    }
    client = {**({} if options.region is None else {"region_name": options.region}), **backend.pop("client_kwargs", {})}
    translated = {
        "anon": anonymous,
        "endpoint_url": options.endpoint,
        "key": options.key,
        "secret": options.secret,
        "token": options.token,
        "profile": options.profile,
        "config_kwargs": config,
        "client_kwargs": client,
        "asynchronous": True,
        "max_concurrency": 1,
        "use_listings_cache": False,
    }
    return {**{name: value for name, value in translated.items() if value is not None}, **backend}


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (S3(),)
