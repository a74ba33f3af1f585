"""Locations of zarr groups.

Examples
--------
>>> from tempfile import mkdtemp
>>> location = parse_url(f"{mkdtemp()}/image.zarr", mode="w")
>>> location.exists(), location.basename()
(True, 'image.zarr')
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import zarr
from zarr.storage import FsspecStore, LocalStore

from omezarr import Location, registry_in_use
from omezarr.errors import ArgumentError
from omezarr.nodes.opening import open_store
from omezarr_compat.format import CurrentFormat, Format, detect_format

if TYPE_CHECKING:
    import dask.array as da
    from zarr.abc.store import Store

    from omezarr_compat.types import JSONDict

__all__ = ["ZarrLocation", "parse_url"]

LOGGER = logging.getLogger("ome_zarr.io")


class ZarrLocation:
    """A place where a zarr group is, or may be made.

    Parameters
    ----------
    path : str, path or zarr store
    mode : str
        "r" to read; "w" makes a group where there is none, and leaves one that is there as it is.
    fmt : Format
        The version of a group that is made, and of one that does not say its own.
    """

    def __init__(self, path: str | os.PathLike[str] | Store, mode: str = "r", fmt: Format | None = None) -> None:
        self._mode = mode
        self._fmt = fmt or CurrentFormat()
        self._store: Store
        if isinstance(path, LocalStore):
            self._path, self._store = str(path.root), path
        elif isinstance(path, FsspecStore):
            self._path, self._store = path.path, path
        elif isinstance(path, str | os.PathLike):
            self._path = path if isinstance(path, str) else str(Path(path).resolve())
            self._store = store_of(self._path, mode)
        else:
            raise TypeError(f"a location is a path, a URL, or a local or fsspec store, not {type(path).__name__}")
        self.zgroup: JSONDict = {}
        self.zarray: JSONDict = {}
        self._exists = self._look()
        detected = detect_format(self.zgroup, self._fmt)
        if detected != self._fmt:
            LOGGER.info("%s is of version %s, not %s", self._path, detected.version, self._fmt.version)
            self._fmt = detected

    def _look(self) -> bool:
        """Read what is there, or make a group; return whether there is one."""
        try:
            group = zarr.open_group(self._store, mode="r")
        except (FileNotFoundError, ValueError):
            if self._mode != "w":
                return False
            zarr.create_group(self._store, zarr_format=self._fmt.zarr_format)
            return True
        attributes = group.attrs.asdict()
        ome = attributes.get("ome")
        self.zgroup = ome if isinstance(ome, dict) else attributes
        return True

    def exists(self) -> bool:
        """Return whether a group is there."""
        return self._exists

    @property
    def fmt(self) -> Format:
        """The version."""
        return self._fmt

    @property
    def mode(self) -> str:
        """As it was given."""
        return self._mode

    @property
    def version(self) -> str:
        """The number of the version."""
        return self._fmt.version

    @property
    def path(self) -> str:
        """As it was given."""
        return self._path

    @property
    def store(self) -> Store:
        """The zarr store, whose root is the group."""
        return self._store

    @property
    def root_attrs(self) -> JSONDict:
        """The OME document of the group."""
        return dict(self.zgroup)

    def load(self, subpath: str = "") -> da.Array:
        """Return an array below the group, lazily.

        Raises
        ------
        ValueError
            If there is none.
        """
        import dask.array as da

        try:
            found: da.Array = da.from_zarr(zarr.open_array(self._store, path=subpath, mode="r"))  # type: ignore[no-untyped-call]
        except FileNotFoundError as error:
            raise ArgumentError(f"there is no array at {self.subpath(subpath)}") from error
        return found

    def basename(self) -> str:
        """Return the last part of the path."""
        return self._path.rstrip("/").rpartition("/")[2]

    def create(self, path: str) -> ZarrLocation:
        """Return a location below this one."""
        return type(self)(self.subpath(path), mode=self._mode, fmt=self._fmt)

    def parts(self) -> list[str]:
        """Return the parts of the path."""
        return list(Path(self._path).parts) if self._is_local else self._path.split("/")

    def subpath(self, subpath: str = "") -> str:
        """Return the path or URL of what is below the group."""
        if self._is_local:
            return str(Path(self._path, subpath).resolve())
        scheme, mark, rest = self._path.partition("://")
        kept: list[str] = []
        for part in f"{rest if mark else scheme}/{subpath}".split("/"):
            if part == "..":
                kept = kept[:-1]
            elif part not in ("", "."):
                kept.append(part)
        return f"{scheme}{mark}{'/'.join(kept)}" if mark else "/".join(kept)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._store, LocalStore)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZarrLocation) and self.subpath() == other.subpath()

    def __hash__(self) -> int:
        return hash(self.subpath())

    def __repr__(self) -> str:
        return f"{self.subpath()}{' [zgroup]' if self.zgroup else ''}"


def parse_url(path: str | os.PathLike[str], mode: str = "r", fmt: Format | None = None) -> ZarrLocation | None:
    """Return a location; None where nothing is there to read.

    Parameters
    ----------
    path, mode, fmt
        As for `ZarrLocation`.
    """
    location = ZarrLocation(path, mode=mode, fmt=fmt)
    return None if mode.startswith("r") and not location.exists() else location


def store_of(path: str, mode: str) -> Store:
    """Return a zarr store whose root is the place that a path or URL names."""
    location, read_only = Location.parse(path), mode == "r"
    if location.protocol == "local":
        return LocalStore(location.url, read_only=read_only)
    opened = open_store(location, registry_in_use().storage_schemes, write=not read_only)
    if not opened.path:
        return opened.store
    return FsspecStore.from_url(path, read_only=read_only)
