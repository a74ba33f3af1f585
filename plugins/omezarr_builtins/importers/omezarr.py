"""The importer of OME-Zarr: an image, a plate, a collection or a scene of any version, with its labels, as a source.

Carried over is all that the groups and arrays of a hierarchy say and hold: levels as they are, labels whether they are
listed or not, unknown keys and attributes. What cannot be carried over is named in a notice, and so is what is missing
or malformed; nothing of that keeps its siblings away.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, Importer
from omezarr.errors import ArgumentError, OMEZarrWarning
from omezarr.files import looking_at
from omezarr.hookspecs import hookimpl
from omezarr_builtins.importers._files import local_path
from omezarr_builtins.importers._options import check_options
from omezarr_builtins.importers.array import load_zarr_array, open_hierarchy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.location import Location
    from omezarr.model.content import Content

_DOCUMENTS = ("zarr.json", ".zgroup", ".zattrs")


class OMEZarr(Importer):
    """Import images, plates and collections that are OME-Zarr already."""

    name = "omezarr"
    suffixes = (".zarr", ".ozx", ".zip")
    options = {  # noqa: RUF012 - the interface declares it
        "axes": "the meaning of the dimensions, one letter each, of a bare zarr array or in place of what images say",
        "format": "the NGFF version to read the source as, whatever it says",
        "labels": "which label images: no for none, or names with commas between them; default all",
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim zarr groups that can be looked at, names that end as theirs do, and weakly every other URL."""
        if location.store is not None:
            return Claim(Claim.KIND, "it is an opened zarr store")
        path = local_path(location)
        if path is not None and path.is_dir():
            with looking_at(path):
                if any((path / name).is_file() for name in _DOCUMENTS):
                    return Claim(Claim.KIND, "it is a folder with metadata of zarr")
        if location.name.lower().endswith(self.suffixes):
            return Claim(Claim.NAME, "its name ends as that of a zarr hierarchy")
        return None if location.protocol == "local" else Claim(Claim.FALLBACK, "a URL can be that of a zarr hierarchy")

    def load(self, location: Location, options: Mapping[str, Any]) -> Content:
        """Describe what a group holds; a bare array as the importer of arrays does."""
        import omezarr
        from omezarr_builtins.importers._omezarr_content import Reader

        check_options(self, options)
        axes = options.get("axes")
        hierarchy = open_hierarchy(location)
        root = hierarchy.node()
        if root is not None and root.kind == "array":
            return load_zarr_array(hierarchy, location, axes)
        wanted = options.get("labels")
        if isinstance(wanted, str):
            wanted = () if wanted == "no" else tuple(name.strip("/ ") for name in wanted.split(","))
        reader = Reader(wanted if wanted is None else frozenset(wanted), axes)
        try:
            content = reader.content(omezarr.open(location, format=options.get("format")))
        finally:
            for message in dict.fromkeys(reader.messages):
                warnings.warn(OMEZarrWarning(message), stacklevel=2)
        unknown = sorted(set(wanted or ()) - reader.names)
        if unknown:
            known = ", ".join(sorted(reader.names)) or "none"
            raise ArgumentError(f"{location} has no label image {unknown[0]!r}; it has: {known}")
        return content


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (OMEZarr(),)
