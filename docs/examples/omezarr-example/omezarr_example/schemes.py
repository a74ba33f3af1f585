"""The storage scheme ``lab``: ``lab://microscope-2/cells.ome.zarr`` is in the folder that LAB_DATA names."""

from __future__ import annotations

import os

from omezarr.abc import Claim, OpenedStore, StorageScheme
from omezarr.errors import ArgumentError, LocationNotFoundError
from omezarr.hookspecs import hookimpl


class Lab(StorageScheme):
    """Folders of a laboratory by short names, wherever they are mounted on this machine."""

    name = "lab"

    def claim(self, location):
        """Claim what begins with lab://."""
        return Claim(10, "it begins with lab://") if location.protocol == "lab" else None

    def open(self, location, *, write, resolve):
        """Open the folder; that it is a local one, omezarr sees from the store."""
        from pathlib import Path

        from zarr.storage import LocalStore

        if "LAB_DATA" not in os.environ:
            raise ArgumentError(f"{location}: set LAB_DATA to the folder where the data of the laboratory are")
        folder = Path(os.environ["LAB_DATA"], location.url.partition("://")[2])
        if not write and not folder.is_dir():
            raise LocationNotFoundError(f"{location} is not there; looked at {folder}")
        return OpenedStore(store=LocalStore(folder, read_only=not write))


@hookimpl
def omezarr_storage_schemes():
    """Give the scheme to omezarr."""
    return [Lab()]
