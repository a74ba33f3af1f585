"""The hooks of other file formats: what reads and what writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc import Exporter, Importer


@hookspec
def omezarr_importers() -> Iterable[Importer]:
    """Return readers of other file formats.

    An importer claims locations and describes what they hold; pixels are read when they are written. Entry points are
    named ``importers.NAME``; contributions are told apart by `Importer.name`.

    Returns
    -------
    iterable of Importer

    Examples
    --------
    >>> from pathlib import Path
    >>> from omezarr.abc import Claim, Importer
    >>> from omezarr.errors import SourceError
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> class CommaSeparated(Importer):
    ...     name = "csv"
    ...     suffixes = (".csv",)
    ...
    ...     def claim(self, location):
    ...         return Claim(Claim.NAME, "it ends in .csv") if location.name.endswith(self.suffixes) else None
    ...
    ...     def load(self, location, options):
    ...         import numpy as np
    ...         from omezarr.model.content import ImageContent
    ...         from omezarr.arrays import as_source
    ...         from omezarr.model import conventional_axes
    ...
    ...         try:
    ...             lines = Path(location.url).read_text(encoding="utf-8").split()
    ...             pixels = np.array([line.split(",") for line in lines], dtype="float32")
    ...         except (OSError, ValueError) as error:
    ...             raise SourceError(f"{location} cannot be read as a table of numbers: {error}") from error
    ...         if pixels.ndim != 2:
    ...             raise SourceError(f"{location} holds no numbers")
    ...         return ImageContent(pixels=as_source(pixels), axes=conventional_axes("yx"), name=location.name)
    >>>
    >>> @hookimpl
    ... def omezarr_importers():
    ...     return [CommaSeparated()]
    """
    return ()


@hookspec
def omezarr_exporters() -> Iterable[Exporter]:
    """Return writers of other file formats.

    An exporter claims targets and writes content to them, region by region. Entry points are named
    ``exporters.NAME``; contributions are told apart by `Exporter.name`.

    Returns
    -------
    iterable of Exporter

    Examples
    --------
    >>> from omezarr.abc import Claim, Exporter
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> class Raw(Exporter):
    ...     name = "raw"
    ...     suffixes = (".raw",)
    ...
    ...     def claim(self, location):
    ...         return Claim(Claim.NAME, "it ends in .raw") if location.name.endswith(self.suffixes) else None
    ...
    ...     def save(self, content, location, options, run):
    ...         from pathlib import Path
    ...
    ...         source = content.pixels
    ...         rest = tuple(slice(0, length) for length in source.shape[1:])
    ...         with Path(location.url).open("wb") as file:
    ...             for start in range(source.shape[0]):
    ...                 file.write(source.read((slice(start, start + 1), *rest)).tobytes())
    >>>
    >>> @hookimpl
    ... def omezarr_exporters():
    ...     return [Raw()]
    """
    return ()
