"""Folders on local disks."""

from __future__ import annotations

import stat
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.abc import Claim, OpenedStore, StorageScheme, StoreTraits
from omezarr.errors import LocationNotFoundError, NotOMEZarrError, StorageError, TargetExistsError
from omezarr.files import looking_at
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.location import Location

_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")


class Local(StorageScheme):
    """Paths, ``file://`` URLs and `pathlib` paths.

    Opening for writing creates nothing; the folder appears with the first object in it.
    """

    name = "local"

    def claim(self, location: Location) -> Claim | None:
        """Claim local paths."""
        return Claim(Claim.NAME, "it is a local path") if location.protocol == "local" else None

    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Open a folder."""
        from zarr.storage import LocalStore

        path = Path(location.url)
        with looking_at(path):
            (_check_target if write else _check_source)(path)
        store = LocalStore(path, read_only=not write)
        # zarr would create the folder when the store is first used, even to find out that nothing is there.
        store._is_open = True  # noqa: SLF001
        return OpenedStore(store=store, traits=StoreTraits(folder=path, distant=False))


def _check_source(path: Path) -> None:
    if path.is_dir():
        return
    if path.name in _DOCUMENTS and path.exists():
        raise NotOMEZarrError(f"{path} is the metadata of a zarr node; give the folder that it lies in, {path.parent}")
    if path.exists():
        raise NotOMEZarrError(f"{path} is a file, not a zarr folder; an image file has to be converted first")
    hint = "; check the spelling"
    if path.parent.is_dir():
        near = get_close_matches(path.name, sorted(entry.name for entry in path.parent.iterdir()), n=1)
        hint = f"; did you mean {path.parent / near[0]}?" if near else hint
    raise LocationNotFoundError(f"{path} does not exist{hint}")


def _check_target(path: Path) -> None:
    if path.is_file():
        raise TargetExistsError(f"{path} is a file; it is not overwritten by a zarr folder, choose another path")
    for ancestor in path.parents:
        try:
            mode = ancestor.stat().st_mode  # asked once: others make and remove folders meanwhile
        except PermissionError:
            raise
        except OSError:
            continue
        if stat.S_ISDIR(mode):
            return
        raise StorageError(f"{path} cannot be created, because {ancestor} is a file; choose another path")


@hookimpl
def omezarr_storage_schemes() -> tuple[StorageScheme, ...]:
    """Give the scheme to omezarr."""
    return (Local(),)
