"""From a location to its opened store, through the storage scheme with the most specific claim.

Responsible for choosing the scheme and for refusing what it cannot do; opening itself is the scheme's.

Examples
--------
>>> from omezarr.location import Location
>>> from omezarr.plugins.registry import default_registry
>>> opened = open_store(Location.parse("memory://demo/a.zarr"), default_registry().storage_schemes, write=True)
>>> opened.path
'a.zarr'
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from omezarr.abc import OpenedStore
from omezarr.errors import ArgumentError, OMEZarrError, PluginError, StorageError, UnsupportedError
from omezarr.plugins.asking import ask_all, best_claim, calling, named_missing
from omezarr.plugins.names import Contributions
from omezarr.stores import state_traits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import StorageScheme
    from omezarr.location import Location

MAX_CONTAINERS = 8
"""How many containers may lie inside each other."""


def open_store(
    location: Location,
    schemes: Contributions[StorageScheme] | Mapping[str, StorageScheme],
    *,
    write: bool = False,
) -> OpenedStore:
    """Open the store of a location.

    Parameters
    ----------
    location : Location
    schemes : mapping of str to StorageScheme
        The storage schemes to choose from; mostly ``registry.storage_schemes``.
    write : bool
        Whether the store must take writes.

    Raises
    ------
    LocationNotFoundError
        If nothing is there and reading was asked for.
    StorageError
        If the store cannot be reached.
    ArgumentError
        If a storage option is given that the scheme cannot translate.
    UnsupportedError
        If no scheme knows the location, or writing is asked for where one can only read.
    ConflictError
        If several schemes claim the location with equal right.
    MissingDependencyError
        If the scheme needs a package that is not installed.
    PluginError
        If the scheme breaks its contract.
    """
    return _open(location, schemes, write=write, depth=0)


def _open(
    location: Location,
    schemes: Contributions[StorageScheme] | Mapping[str, StorageScheme],
    *,
    write: bool,
    depth: int,
) -> OpenedStore:
    if depth > MAX_CONTAINERS:
        raise UnsupportedError(f"{location} lies in more than {MAX_CONTAINERS} containers inside each other; refused")
    scheme = _choose(location, schemes)
    _check_options(location, scheme)
    if write and not scheme.writable:
        able = ", ".join(sorted(other.name for other in _known(schemes) if other.writable))
        raise UnsupportedError(
            f"{location} can only be read: storage scheme {scheme.name!r} does not write; these do: {able}"
        )

    def resolve(inner: Location) -> OpenedStore:
        return _open(inner, schemes, write=False, depth=depth + 1)

    try:
        with calling(schemes, scheme.name, "open"):
            opened = scheme.open(location, write=write, resolve=resolve)
    except OMEZarrError:
        raise
    except OSError as error:
        raise StorageError(f"could not open {location}: {error}") from error
    if not isinstance(opened, OpenedStore):
        raise PluginError(f"the storage scheme {scheme.name!r} returned {type(opened).__name__}, not an OpenedStore")
    try:
        state_traits(opened.store, opened.traits)
    except PluginError as error:
        raise PluginError(f"the storage scheme {scheme.name!r} breaks its contract: {error}") from error
    return opened


def _known(schemes: Contributions[StorageScheme] | Mapping[str, StorageScheme]) -> list[StorageScheme]:
    """Return all schemes, those of contested names too."""
    if isinstance(schemes, Contributions):
        return [item.value for item in schemes.all]
    return list(schemes.values())


def _choose(location: Location, schemes: Contributions[StorageScheme] | Mapping[str, StorageScheme]) -> StorageScheme:
    asked = ask_all(schemes, "claim", lambda scheme: scheme.claim(location), contested=True)
    chosen = best_claim(
        f"the location {location}", [(provider, claim, scheme) for provider, scheme, claim in asked.claims]
    )
    if chosen is not None:
        return chosen
    known = sorted(scheme.name for scheme in _known(schemes))
    near = get_close_matches(location.protocol, known, n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    raise UnsupportedError(
        f"no storage scheme knows {location.protocol!r}, as in {location}{hint} known: {', '.join(known) or 'none'}"
        f"{named_missing(schemes, asked.failures)}"
    )


def _check_options(location: Location, scheme: StorageScheme) -> None:
    refused = [name for name in location.options.given if name not in scheme.options]
    if refused:
        able = f"it takes {', '.join(sorted(scheme.options))}" if scheme.options else "it takes none"
        raise ArgumentError(
            f"the storage scheme {scheme.name!r}, which opens {location}, has no use for "
            f"the storage option{'s' if len(refused) > 1 else ''} {', '.join(refused)}; {able}"
        )
