"""Manifests: a digest of each object of a hierarchy, kept beside the objects, to find out later what became of them.

Readers and writers leave a manifest alone; it says what was stored when it was written. Its text is that of
``sha256sum``.

Examples
--------
>>> import numpy as np, omezarr
>>> node = omezarr.write_image("memory://doc-manifest/a.zarr", np.zeros((8, 8), "uint8"), axes="yx")
>>> write_manifest("memory://doc-manifest/a.zarr").objects
2
>>> check_manifest("memory://doc-manifest/a.zarr").same
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc.plan import INCOMPLETE_KEY, Progress
from omezarr.arrays.digests import MANIFEST, Digests, digests_of, stored_keys
from omezarr.checking.manifests.places import FoundManifest, Holder, find_manifest, holder_to_write
from omezarr.checking.manifests.report import ManifestReport
from omezarr.errors import (
    ArgumentError,
    IncompleteError,
    LocationNotFoundError,
    NotOMEZarrError,
    StorageError,
    TargetExistsError,
    UnsupportedError,
)
from omezarr.hierarchy import Hierarchy
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import registry_in_use
from omezarr.settings import Settings

__all__ = ["MANIFEST", "ManifestReport", "check_manifest", "compare_with", "find_manifest", "write_manifest"]

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from omezarr.abc import OpenedStore
    from omezarr.abc.plan import ProgressCallback
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry


def write_manifest(
    location: LocationLike,
    *,
    manifest: LocationLike | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> ManifestReport:
    """Write a manifest of a hierarchy: the SHA-256 of each object.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The root of the hierarchy; nobody may write there meanwhile.
    manifest : str, path or Location, optional
        Where the manifest is written. Default: ``SHA256SUMS`` in the root; for a zip file, beside it, as
        ``NAME.SHA256SUMS``.
    overwrite : bool
        Whether a manifest that is there and says something else is replaced. Then something has changed since it was
        written: look at `check_manifest` before.
    threads : int, optional
        Default: the cores that the process may use.
    progress : callable, optional
        Called with `omezarr.abc.plan.Progress`.
    storage_options : mapping or StorageOptions, optional
        How to reach the hierarchy, and the manifest where it is not on a local disk.
    registry : Registry, optional

    Returns
    -------
    ManifestReport
        How what is stored compares with the manifest that was replaced; empty where there was none.

    Raises
    ------
    TargetExistsError
        If there is a manifest that says something else.
    IncompleteError, NotOMEZarrError, LocationNotFoundError, StorageError
        If the hierarchy was never finished, is none, or cannot be read.
    UnsupportedError
        If nothing can be written there, or the store does not list what it holds.
    """
    registry = registry or registry_in_use()
    place = Location.parse(location, storage_options)
    opened = open_store(place, registry.storage_schemes)
    _check_hierarchy(place, opened)
    if not opened.store.supports_listing:
        raise UnsupportedError(
            f"{place} does not list what it holds, so no manifest can be made of it; make one where it comes from"
        )
    holder = holder_to_write(place, manifest, storage_options, registry)
    keys = _listed(place, opened, holder) or []
    digests = _digested(opened, keys, threads, progress)
    for why in digests.unreadable.values():
        raise StorageError(f"{why}; a manifest lists all objects, so none was written")
    if digests.missing:
        raise StorageError(f"{digests.missing[0]} went away meanwhile; try again once nobody writes to {place}")
    before = holder.entries()
    report = _compared(place, holder, digests.found if before is None else before, digests, keys)
    if before is not None and report.same:
        return report
    if before is not None and not overwrite:
        raise TargetExistsError(f"{report.message}. If that was meant, write it anew with overwrite=True (--overwrite)")
    holder.write(digests.found)
    return evolve(report, objects=len(digests.found))


def check_manifest(
    location: LocationLike,
    *,
    manifest: LocationLike | None = None,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> ManifestReport:
    """Compare what is stored with a manifest, object by object.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The root of the hierarchy. Over HTTP, too: the manifest tells which objects there are.
    manifest : str, path or Location, optional
        Default: the one in the root, else the one beside it.
    threads, progress, storage_options, registry
        As for `write_manifest`.

    Returns
    -------
    ManifestReport
        What is changed, missing, added or unreadable is no error, but in the report.

    Raises
    ------
    LocationNotFoundError
        If there is no manifest.
    MetadataError
        If it is malformed.
    StorageError
        If the store cannot be reached.
    """
    registry = registry or registry_in_use()
    place = Location.parse(location, storage_options)
    opened = open_store(place, registry.storage_schemes)
    found = find_manifest(place, registry, manifest=manifest, storage_options=storage_options)
    if found is None:
        where = f"at {manifest}" if manifest is not None else f"of {place}; omezarr checksum writes one"
        raise LocationNotFoundError(f"there is no manifest {where}")
    return compare_with(place, opened, found, threads=threads, progress=progress)


def compare_with(
    place: Location,
    opened: OpenedStore,
    manifest: FoundManifest,
    *,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
) -> ManifestReport:
    """Return how what is stored compares with a manifest; the parameters are those of `check_manifest`."""
    try:
        keys = _listed(place, opened, manifest.holder)
    except StorageError:  # a public bucket may give its objects, and no list of them
        keys = None
    there = manifest.entries.keys() if keys is None else manifest.entries.keys() & set(keys)
    digests = _digested(opened, sorted(there), threads, progress)
    return _compared(place, manifest.holder, manifest.entries, digests, keys)


def _compared(
    place: Location, holder: Holder, entries: Mapping[str, bytes], digests: Digests, keys: Collection[str] | None
) -> ManifestReport:
    gone = set(digests.missing) if keys is None else entries.keys() - set(keys) | set(digests.missing)
    return ManifestReport(
        target=str(place),
        manifest=str(holder),
        objects=len(entries),
        bytes=digests.bytes,
        changed=tuple(sorted(key for key, digest in digests.found.items() if entries.get(key, digest) != digest)),
        missing=tuple(sorted(gone)),
        added=None if keys is None else tuple(sorted(set(keys) - entries.keys())),
        unreadable=dict(sorted(digests.unreadable.items())),
    )


def _listed(place: Location, opened: OpenedStore, holder: Holder) -> list[str] | None:
    """Return the keys of all objects but manifests of all of them; None where the store does not list."""
    keys = stored_keys(opened)
    own = {MANIFEST, str(holder).removeprefix(f"{place}/")}
    return None if keys is None else [key for key in keys if key not in own]


def _digested(
    opened: OpenedStore, keys: Collection[str], threads: int | None, progress: ProgressCallback | None
) -> Digests:
    if threads is not None and threads < 1:
        raise ArgumentError(f"{threads} threads do nothing; give 1 or more")
    done = 0
    read = 0

    def tell(size: int) -> None:
        nonlocal done, read
        done, read = done + 1, read + size
        if progress is not None:
            progress(Progress(units_done=done, units_total=len(keys), bytes_done=read, bytes_total=0))

    return digests_of(opened, keys, threads or Settings.from_environment().threads, tell)


def _check_hierarchy(place: Location, opened: OpenedStore) -> None:
    """Refuse what is no zarr hierarchy, or was never finished."""
    node = Hierarchy(opened.store, opened.path, use_consolidated=False).node()
    if node is None:
        raise NotOMEZarrError(f"{place} is no zarr group or array, so no manifest of it is made")
    state = node.attributes.get(INCOMPLETE_KEY)
    if isinstance(state, dict) and "incomplete" in state:
        raise IncompleteError(f"writing {place} was never finished; finish it (--resume), or remove it")
