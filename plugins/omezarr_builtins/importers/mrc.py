"""The importer of MRC files of electron microscopy (MRC2014, CCP4), of either byte order, wherever they are.

Only the header is read at first; pixels are read where and when they are wanted, as they are stored.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc import Claim, Importer
from omezarr.errors import SourceError
from omezarr.hookspecs import hookimpl
from omezarr.model import conventional_axes
from omezarr.model.content import ImageContent
from omezarr_builtins.importers._axes import arrange, parse_axes
from omezarr_builtins.importers._files import first_bytes, open_file
from omezarr_builtins.importers._options import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.location import Location

HEADER_BYTES = 1024
"""The length of the header that every file has; a longer one of the program that wrote it can follow."""

MAGIC = b"MAP"
"""What stands in the header, at `MAGIC_AT`."""

MAGIC_AT = 208

_BYTE_ORDERS = {b"\x44\x44": "<", b"\x44\x41": "<", b"\x11\x11": ">"}
_MODES = {0: "i1", 1: "i2", 2: "f4", 4: "c8", 6: "u2", 12: "f2"}
_VOLUME_STACKS = range(401, 631)
"""The space groups of files that hold several volumes."""

_IMOD = 1146047817
"""The mark of IMOD, which says itself whether its bytes are signed."""


class MRC(Importer):
    """Import MRC files."""

    name = "mrc"
    suffixes = (".mrc", ".mrcs", ".map", ".ccp4", ".st", ".ali", ".rec")
    options = {  # noqa: RUF012 - the interface declares it
        "axes": 'the meaning of the dimensions, one letter each, for example "tyx" for the frames of a film'
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim local files with the mark of MRC in their header, and names that end in a suffix of MRC."""
        start = first_bytes(location, HEADER_BYTES)
        if start is not None and start.startswith(MAGIC, MAGIC_AT) and _byte_order(start) is not None:
            return Claim(Claim.INSIDE, "it has the header of an MRC file")
        if location.name.lower().endswith(self.suffixes) and not Path(location.url).is_dir():
            return Claim(Claim.NAME, "its name ends as that of an MRC file")
        return None

    def load(self, location: Location, options: Mapping[str, Any]) -> ImageContent:
        """Describe the image, the volume or the volumes of a file."""
        import numpy as np

        from omezarr.arrays.file_source import FileSource

        check_options(self, options)
        file = open_file(location)
        header = _Header(file.read(0, HEADER_BYTES), file.name)
        source = FileSource(
            file,
            offset=header.pixels_at,
            dtype=np.dtype(header.dtype),
            shape=header.shape,
            order="C",
            reopen=(open_file, (location,)) if file.portable else None,
        )
        axes = options.get("axes")
        letters = header.letters if axes is None else parse_axes(axes, header.shape, str(location))
        pixels, ordered = arrange(source, letters)
        sizes = header.sizes
        return ImageContent(
            pixels=pixels,
            axes=tuple(
                evolve(axis, unit="angstrom") if axis.name in sizes else axis for axis in conventional_axes(ordered)
            ),
            name=_stem(location.name),
            scale=tuple(sizes.get(letter, 1.0) for letter in ordered) if sizes else None,
        )


class _Header:
    """What the header of a file says.

    Parameters
    ----------
    content : bytes
        The beginning of the file.
    name : str
        For messages.

    Raises
    ------
    SourceError
        If it is no header of an MRC file, or says what cannot be.
    """

    def __init__(self, content: bytes, name: str) -> None:
        order = _byte_order(content)
        if not content.startswith(MAGIC, MAGIC_AT) or order is None or len(content) < HEADER_BYTES:
            raise SourceError(
                f"{name} is no MRC file: its first {HEADER_BYTES} bytes are no header of the year 2000 or later; "
                "older files become readable when the program that wrote them, or mrcfile, saves them again"
            )
        columns, rows, sections, mode = struct.unpack_from(f"{order}4i", content, 0)
        intervals = struct.unpack_from(f"{order}3i", content, 28)
        lengths = struct.unpack_from(f"{order}3f", content, 40)
        axes = struct.unpack_from(f"{order}3i", content, 64)
        group, extended = struct.unpack_from(f"{order}2i", content, 88)
        mark, flags = struct.unpack_from(f"{order}2i", content, 152)
        if mode not in _MODES:
            known = ", ".join(map(str, _MODES))
            raise SourceError(f"{name} has pixels of mode {mode}, which cannot be read; the modes {known} can")
        if min(columns, rows, sections) < 1 or extended < 0:
            raise SourceError(
                f"{name} is damaged: it declares {columns} columns, {rows} rows, {sections} sections and "
                f"{extended} bytes of a longer header"
            )
        if axes == (0, 0, 0):  # not filled in by some programs
            axes = (1, 2, 3)
        if sorted(axes) != [1, 2, 3]:
            raise SourceError(f"{name} is damaged: it calls its axes {axes}, which are to be 1, 2 and 3 in some order")
        unsigned = mode == 0 and mark == _IMOD and not flags & 1
        self.dtype = "u1" if unsigned else order + _MODES[mode]
        self.pixels_at = HEADER_BYTES + extended
        self.letters = "".join("xyz"[axis - 1] for axis in reversed(axes))
        self.shape: tuple[int, ...] = (sections, rows, columns)
        depth = intervals[axes[2] - 1]
        if group in _VOLUME_STACKS and depth > 0 and sections % depth == 0:
            self.shape = (sections // depth, depth, rows, columns)
            self.letters = f"t{self.letters}"
        elif sections == 1 and self.letters[0] == "z":
            self.shape, self.letters = self.shape[1:], self.letters[1:]
        self.sizes = {
            letter: float(f"{length / count:.6g}")  # as many digits as the numbers of the header have
            for letter, length, count in zip("xyz", lengths, intervals, strict=True)
            if count > 0 and length > 0 and math.isfinite(length)
        }


def _byte_order(header: bytes) -> str | None:
    return _BYTE_ORDERS.get(header[212:214])


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name if name.lower().endswith(MRC.suffixes) else name


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (MRC(),)
