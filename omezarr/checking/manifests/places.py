"""Where the manifest of a hierarchy is: in its root, beside it, or where the user says."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from omezarr.arrays.chunks import bytes_of
from omezarr.arrays.digests import MANIFEST, objects_below, pieces
from omezarr.arrays.targets import target_of
from omezarr.checking.manifests.text import manifest_lines, parse_manifest
from omezarr.errors import ArgumentError, LocationNotFoundError, UnsupportedError, WriteError
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.stores import SealedStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry


@frozen
class Holder:
    """A place where a manifest is, or may be.

    Parameters
    ----------
    folder : Location
    name : str
    registry : Registry
    """

    folder: Location
    name: str
    registry: Registry = field(repr=False)

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"

    def entries(self) -> dict[str, bytes] | None:
        """Return the digests by key; None if there is no manifest.

        Raises
        ------
        MetadataError, StorageError
            If it is malformed, or cannot be read.
        """
        try:
            opened = open_store(self.folder, self.registry.storage_schemes)
        except LocationNotFoundError:
            return None
        parts = (bytes(bytes_of(piece)) for piece in pieces(objects_below(opened), self.name))
        first = next(parts, None)
        return None if first is None else parse_manifest(chain([first], parts), str(self))

    def write(self, digests: Mapping[str, bytes]) -> None:
        """Store a manifest, whole or not at all."""
        target = target_of(open_store(self.folder, self.registry.storage_schemes, write=True))
        try:
            target.put(self.name, "".join(manifest_lines(digests)).encode())
        except WriteError as error:
            raise WriteError(f"{error}; manifest=PLACE (--manifest) keeps it elsewhere") from error
        finally:
            target.tidy()


@frozen
class FoundManifest:
    """A manifest that is there.

    Parameters
    ----------
    holder : Holder
    entries : mapping
        Key to digest.
    """

    holder: Holder
    entries: Mapping[str, bytes]


def find_manifest(
    place: Location,
    registry: Registry,
    *,
    manifest: LocationLike | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> FoundManifest | None:
    """Return the manifest of a hierarchy: the one that is named, else the one in it, else the one beside it."""
    named = None if manifest is None else _holder_at(manifest, storage_options, registry)
    for holder in _usual_holders(place, registry) if named is None else [named]:
        entries = holder.entries()
        if entries is not None:
            return FoundManifest(holder, entries)
    return None


def holder_to_write(
    place: Location,
    manifest: LocationLike | None,
    storage_options: Mapping[str, Any] | StorageOptions | None,
    registry: Registry,
) -> Holder:
    """Return where a manifest is to be written: where the caller says, else in the hierarchy, else beside it.

    Raises
    ------
    UnsupportedError
        If nothing can be written to either.
    ArgumentError
        If what the caller says is no place of a file.
    """
    if manifest is not None:
        return _holder_at(manifest, storage_options, registry)
    for holder in _usual_holders(place, registry):
        with suppress(UnsupportedError):
            if not isinstance(open_store(holder.folder, registry.storage_schemes, write=True).store, SealedStore):
                return holder
    raise UnsupportedError(f"nothing can be written to {place}; name a place for the manifest: manifest= (--manifest)")


def _holder_at(
    manifest: LocationLike, storage_options: Mapping[str, Any] | StorageOptions | None, registry: Registry
) -> Holder:
    location = Location.parse(manifest)
    if location.protocol != "local" and storage_options is not None:
        location = Location.parse(manifest, storage_options)
    if location.parent is None or not location.name:
        raise ArgumentError(f"{location} is no place of a file; name one for the manifest")
    return Holder(location.parent, location.name, registry)


def _usual_holders(place: Location, registry: Registry) -> list[Holder]:
    beside = [] if place.parent is None else [Holder(place.parent, f"{place.name}.{MANIFEST}", registry)]
    return [Holder(place, MANIFEST, registry), *beside]
