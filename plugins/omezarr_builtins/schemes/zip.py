"""Zip files that hold a hierarchy, ``.zip`` and ``.ozx``: read wherever parts can be read, written on local disks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import fields_dict

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import LocationNotFoundError, NotOMEZarrError, TargetExistsError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.location import Location, StorageOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr_builtins.schemes.zip_store import ZipRangeStore

_SUFFIXES = (".zip", ".ozx")
_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


class Zip(StorageScheme):
    """A zip file, and what is in it: ``plate.ozx``, ``plate.ozx/A/1``, ``s3://bucket/image.ozx``.

    The file is read in parts through the scheme of the place where it lies; storage options are for that scheme. A zip
    file that holds nothing but one folder, which is a zarr group, is taken as that group.

    On a local disk a new file is written whole: entries stored, metadata first. What is in a file stays as it is.
    """

    name = "zip"
    options = frozenset(fields_dict(StorageOptions))

    def claim(self, location: Location) -> Claim | None:
        """Claim locations with a part that ends in .zip or .ozx."""
        if location.store is not None or _split(location) is None:
            return None
        return Claim(Claim.INSIDE, "a part of it ends in .zip or .ozx")

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Open the store in which the file lies, and read the directory of the file."""
        from omezarr.hierarchy import run
        from omezarr_builtins.schemes.zip_store import ZipRangeStore

        split = _split(location)
        if split is None:
            raise LocationNotFoundError(f"no part of {location} is a zip file")
        folder, container, path = split
        if write:
            return _opened_for_writing(container, path)
        holder = resolve(folder)
        store = ZipRangeStore(holder.store, f"{holder.path}/{container.name}".lstrip("/"), str(container))
        if not path.startswith(root := run(_root(store))):
            path = f"{root}/{path}".rstrip("/")
        if path and not run(store.holds(path)):
            raise LocationNotFoundError(f"there is nothing at {path!r} in {container}")
        traits = StoreTraits(distant=holder.traits.distant, picklable=holder.traits.picklable, rewritable=False)
        return OpenedStore(store=store, path=path, traits=traits)


def _split(location: Location) -> tuple[Location, Location, str] | None:
    """Return the folder of the innermost zip file, the file, and the path in it; None if there is none."""
    text = unquote(location.url).lower()
    if not any(suffix in text for suffix in _SUFFIXES):  # most have none; taking them apart takes far longer
        return None
    inside: list[str] = []
    here: Location = location
    while (folder := here.parent) is not None:
        if here.name.lower().endswith(_SUFFIXES):
            return folder, here, "/".join(reversed(inside))
        inside.append(here.name)
        here = folder
    return None


def _opened_for_writing(container: Location, path: str) -> OpenedStore:
    """Return the store for a new file on a local disk.

    Raises
    ------
    UnsupportedError, TargetExistsError
    """
    from zarr.storage import LocalStore

    from omezarr.hierarchy import run
    from omezarr_builtins.schemes.zip_store import ZipRangeStore
    from omezarr_builtins.schemes.zip_target import ZipTargetStore

    if path:
        raise UnsupportedError(
            f"{container} is one file, which is written whole: nothing can be added or changed in it; copy it to a "
            "folder with omezarr copy, change that, and copy it back"
        )
    parent = container.parent
    if container.protocol != "local" or (parent is not None and _split(parent) is not None):
        raise UnsupportedError(
            f"zip files are written on local disks, and not inside of others; write {container.name} there, then copy "
            f"the file to {parent}"
        )
    file = Path(container.url)
    if file.is_dir():
        raise TargetExistsError(f"{file} is a folder; choose another name for a zip file")
    before = None
    if file.exists():
        before = ZipRangeStore(LocalStore(file.parent, read_only=True), file.name, str(file))
        try:
            run(before.members())
        except NotOMEZarrError as error:
            raise TargetExistsError(f"{file} is there and is no zip file; it is not overwritten") from error
    traits = StoreTraits(distant=False, picklable=False, rewritable=False)
    return OpenedStore(store=ZipTargetStore(file, before), traits=traits)


async def _root(store: ZipRangeStore) -> str:
    """Return the folder that alone is in the file, if it is a zarr node; else nothing."""
    names = [name async for name in store.list_dir("") if name != ".DS_Store"]
    if len(names) != 1:
        return ""
    within = [name async for name in store.list_dir(names[0])]
    return names[0] if any(name in _DOCUMENTS for name in within) else ""


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (Zip(),)
