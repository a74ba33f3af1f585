"""Portable grey maps (.pgm), read and written: planes of 8 or 16 bits behind a header of text."""

from __future__ import annotations

import re

from omezarr.abc import Claim, Exporter, Importer
from omezarr.errors import LocationNotFoundError, SourceError, UnsupportedError
from omezarr.hookspecs import hookimpl

HEADER = re.compile(rb"P5\s+(\d{1,6})\s+(\d{1,6})\s+(\d{1,5})\s")


class GreyMapImporter(Importer):
    """Reads one plane."""

    name = "pgm"
    suffixes = (".pgm",)

    def claim(self, location):
        """Claim names that end in .pgm."""
        return Claim(20, "its name ends in .pgm") if location.name.endswith(".pgm") else None

    def load(self, location, options):
        """Read the file, and refuse one that does not hold what its header says."""
        from pathlib import Path

        import numpy as np

        from omezarr.arrays import as_source
        from omezarr.model import conventional_axes
        from omezarr.model.content import ImageContent

        try:
            content = Path(location.url).read_bytes()
        except OSError as error:
            raise LocationNotFoundError(f"{location} cannot be read: {error.strerror}") from error
        header = HEADER.match(content)
        if header is None:
            raise SourceError(f"{location} is no grey map: it does not begin with P5, its width, height and maximum")
        width, height, most = map(int, header.groups())
        dtype = np.dtype(">u2") if most > 255 else np.dtype("u1")
        pixels = content[header.end() :]
        if len(pixels) != width * height * dtype.itemsize:
            raise SourceError(f"{location} says that it is {width} x {height} pixels, and holds {len(pixels)} bytes")
        plane = np.frombuffer(pixels, dtype).reshape(height, width).astype(dtype.newbyteorder("="))
        return ImageContent(pixels=as_source(plane), axes=conventional_axes("yx"))


class GreyMapExporter(Exporter):
    """Writes one plane, some rows at a time."""

    name = "pgm"
    suffixes = (".pgm",)

    def claim(self, location):
        """Claim names that end in .pgm."""
        return Claim(20, "its name ends in .pgm") if location.name.endswith(".pgm") else None

    def check(self, content, options):
        """Refuse what is not a plane of 8 or 16 bits."""
        pixels = getattr(content, "pixels", None)
        if pixels is None or pixels.dtype.name not in ("uint8", "uint16") or max((1, *pixels.shape[:-2])) > 1:
            raise UnsupportedError("a grey map is one plane of uint8 or uint16; choose one with --region")

    def save(self, content, location, options, run):
        """Write the header and the rows."""
        from pathlib import Path

        source = content.pixels
        height, width = source.shape[-2:]
        first = tuple(slice(0, 1) for _ in source.shape[:-2])
        rows = max(1, run.memory // (width * source.dtype.itemsize))
        with Path(location.url).open("xb") as file:
            file.write(f"P5\n{width} {height}\n{255 if source.dtype.itemsize == 1 else 65535}\n".encode())
            for top in range(0, height, rows):
                pixels = source.read((*first, slice(top, min(top + rows, height)), slice(0, width)))
                file.write(pixels.astype(source.dtype.newbyteorder(">")).tobytes())


@hookimpl
def omezarr_importers():
    """Give the importer to omezarr."""
    return [GreyMapImporter()]


@hookimpl
def omezarr_exporters():
    """Give the exporter to omezarr."""
    return [GreyMapExporter()]
