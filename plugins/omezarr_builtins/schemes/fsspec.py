"""Every other kind of URL that fsspec knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import ArgumentError, LocationNotFoundError, MissingDependencyError, StorageError, UnsupportedError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from omezarr.location import Location


class Fsspec(StorageScheme):
    """URLs such as ``gs://``, ``az://``, ``sftp://`` or ``simplecache::https://``, for which fsspec has a file system.

    Options of the file system are given as `backend`, for example ``backend.token=anon`` for ``gs://``; those of a
    further link of a chain below its protocol, for example ``backend.s3.anon=true`` for ``simplecache::s3://``.
    """

    name = "fsspec"
    options = frozenset({"timeout", "retries", "backend"})

    def claim(self, location: Location) -> Claim | None:
        """Claim what no scheme knows better."""
        if location.store is not None or location.protocol == "local":
            return None
        from fsspec.registry import known_implementations, registry

        if location.protocol in known_implementations or location.protocol in registry:
            return Claim(Claim.FALLBACK, f"fsspec has a file system for {location.protocol!r}")
        return None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Make the file system and a store over it."""
        from fsspec.core import url_to_fs

        from omezarr_builtins.schemes.attempts import Attempts
        from omezarr_builtins.schemes.fsspec_store import FileSystemTraits, PatientStore, asynchronous

        protocols = [link.partition("://")[0].lower() for link in location.url.split("::")]
        web = not {"http", "https"}.isdisjoint(protocols)
        if web and "?" in location.url:
            raise UnsupportedError(f"{location} is signed, which does not work behind {protocols[0]}::; leave that out")
        try:
            fs, path = url_to_fs(location.url, **location.options.backend)
        except ImportError as error:
            raise MissingDependencyError(f"opening {location} needs a package: {error}") from error
        except FileNotFoundError as error:
            raise LocationNotFoundError(f"there is nothing at {location}: {error}") from error
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"{location} cannot be opened with these options: {error}") from error
        except Exception as error:
            raise StorageError(f"could not open {location}: {type(error).__name__}: {error}") from error
        manners = FileSystemTraits(
            attempts=Attempts.of(location.options),
            lists=not web,
            parallel=_parallel(fs),
            place=str(location),
            advice="options of its library are given as backend.NAME=VALUE",
        )
        store = PatientStore(asynchronous(fs), path=path, read_only=not write, manners=manners)
        return OpenedStore(store=store, traits=StoreTraits(listable=manners.lists))


def _parallel(fs: object) -> Literal["all", "keys", "none"]:
    """Say what a file system may do at once; few of those that are not asynchronous are safe with threads."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.implementations.cached import CachingFileSystem

    if isinstance(fs, AsyncFileSystem):
        return "all"
    return "keys" if isinstance(fs, CachingFileSystem) else "none"


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (Fsspec(),)
