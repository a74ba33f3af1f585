"""Reads regions of a TIFF series: only the tiles and strips that a region touches are read and decoded.

Rows that are stored as they are, are read in part; what has to be decoded whole and is used in part is kept for the
next region, within a bound. Several threads may read at once.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from omezarr.abc import PixelSource
from omezarr.errors import SourceError
from omezarr_builtins.importers._inflation import check_inflated
from omezarr_builtins.importers._segments import KeptSegments, declared_size, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from omezarr.files import ByteFile
    from omezarr_builtins.importers._segments import SegmentPart
    from omezarr_builtins.importers._tiff_pages import PageLayout

    Region = tuple[slice, ...]
    Pixels = npt.NDArray[Any]

KEPT_BYTES = 32 * 1024 * 1024
"""How much of decoded segments is kept; one that is larger is kept alone."""

ROW_BYTES = 4 * 1024 * 1024
"""How much is read at once where rows are stored as they are."""

LONG_ROW_BYTES = 64 * 1024
"""Of longer rows, a narrow part is read by itself; shorter ones are read whole, several at once."""

MARGIN = 2
"""How many times as many pixels as a tile or its page a compressed image may claim: bombs claim far more."""

CHUNK_BYTES = 1024 * 1024
"""How many rows, in bytes, count as the unit of reading where any number of them can be read."""


class TiffSource(PixelSource):
    """The pixels of one series of a TIFF file, in the order of its axes.

    Parameters
    ----------
    layout : PageLayout
    files : sequence of ByteFile
        In the order of the layout.
    name : str
        For messages.
    reopen : tuple of (callable, arguments)
        How the same source is made in another process.
    """

    def __init__(
        self,
        layout: PageLayout,
        files: Sequence[ByteFile],
        name: str,
        reopen: tuple[Callable[..., TiffSource], tuple[Any, ...]],
    ) -> None:
        import numpy as np

        self.layout = layout
        self.files = tuple(files)
        self.name = name
        self.shape = layout.shape
        self.dtype = np.dtype(layout.dtype)
        self.chunks = self._chunks()
        self.portable = all(file.portable for file in self.files)
        self.distant = any(file.distant for file in self.files)
        self._reopen, self._arguments = reopen
        self._kept = KeptSegments(KEPT_BYTES)
        self._largest = int(layout.counts.max(initial=0))
        self._identity: str | None = None

    def __reduce__(self) -> tuple[Callable[..., TiffSource], tuple[Any, ...]]:
        return self._reopen, (*self._arguments, self.identity)

    @property
    def identity(self) -> str:  # type: ignore[override]  # reads the beginning of each file, so only on demand
        """Size, time and header of each file, and what of them is read."""
        if self._identity is None:
            import hashlib

            table = hashlib.sha256(self.layout.offsets.tobytes()).hexdigest()[:16]
            files = "; ".join(file.identity for file in self.files)
            if len(self.files) > 1:
                files = f"{len(self.files)} files {hashlib.sha256(files.encode()).hexdigest()[:16]}"
            self._identity = f"tiff {files}, {self.dtype.str} {self.shape}, segments {table}"
        return self._identity

    def read(self, region: Region) -> Pixels:
        """Read and decode the segments of a region."""
        import numpy as np

        lengths = tuple(part.stop - part.start for part in region)
        result = np.empty(lengths, self.dtype)
        if not result.size:
            return result
        frame_region, inner = region[: self.layout.frame_axes], self._page_region(region)
        pages = self._page_numbers(frame_region)
        view = result.reshape(len(pages), *(part.stop - part.start for part in inner))
        read_page = self._read_rows if self.layout.raw else self._read_segments
        for page, target in zip(pages, view, strict=True):
            read_page(page, inner, target)
        return result

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, and of one segment while it is decoded."""
        if self.layout.raw:
            row = math.prod(self.layout.page[3:]) * self.layout.stored.itemsize
            return super().cost(region) + max(min(ROW_BYTES, self._largest), row)
        return super().cost(region) + self._largest + 2 * self.layout.segment_bytes

    def check_unchanged(self) -> None:
        """Look at the files."""
        for file in self.files:
            file.check_unchanged()

    def close(self) -> None:
        """Close the files and forget what was kept."""
        self._kept.clear()
        for file in self.files:
            file.close()

    def _chunks(self) -> tuple[int, ...]:
        layout = self.layout
        segment = [min(length, whole) for length, whole in zip(layout.segment, layout.page, strict=True)]
        if layout.raw:
            row = math.prod(layout.page[3:]) * layout.stored.itemsize
            segment[2] = min(layout.page[2], max(1, CHUNK_BYTES // row))
            segment[:2] = [1, 1]
        inner = tuple(1 if dimension < 0 else segment[dimension] for dimension in layout.page_axes)
        return (1,) * layout.frame_axes + inner

    def _page_region(self, region: Region) -> Region:
        """Return the part of each of the five dimensions of a page."""
        inner = [slice(0, 1)] * 5
        for dimension, part in zip(self.layout.page_axes, region[self.layout.frame_axes :], strict=True):
            if dimension >= 0:
                inner[dimension] = part
        return tuple(inner)

    def _page_numbers(self, frame_region: Region) -> list[int]:
        numbers = [0]
        for part, length in zip(frame_region, self.shape, strict=False):
            numbers = [number * length + index for number in numbers for index in range(part.start, part.stop)]
        return numbers

    def _read_rows(self, page: int, region: Region, target: Pixels) -> None:
        """Read rows that are stored as they are."""
        layout = self.layout
        for piece in pieces(region, layout.page, layout.segment):
            part = target[piece.target]
            offset = int(layout.offsets[page, piece.number])
            if not offset:
                part[...] = layout.nodata
                continue
            planes, depths, rows, columns, samples = piece.source
            for plane, depth in itertools.product(range(planes.start, planes.stop), range(depths.start, depths.stop)):
                above = (plane * layout.segment[1] + depth) * layout.segment[2]
                behind = slice(above + rows.start, above + rows.stop)
                self._copy_rows(
                    page, offset, (behind, columns, samples), part[plane - planes.start, depth - depths.start]
                )

    def _copy_rows(self, page: int, offset: int, region: tuple[slice, slice, slice], target: Pixels) -> None:
        """Copy columns of rows that lie one behind the other from an offset on."""
        import numpy as np

        rows, columns, samples = region
        width, depth = self.layout.page[3:]
        stored = self.layout.stored
        pixel = depth * stored.itemsize
        file = self.files[self.layout.files[page]]
        span, step = slice(0, width), max(1, ROW_BYTES // (width * pixel))
        if width * pixel > LONG_ROW_BYTES and 4 * (columns.stop - columns.start) < width:
            span, step = columns, 1
        length = span.stop - span.start
        cut = slice(columns.start - span.start, columns.stop - span.start)
        for first in range(rows.start, rows.stop, step):
            last = min(first + step, rows.stop)
            content = file.exactly(offset + (first * width + span.start) * pixel, (last - first) * length * pixel)
            pixels = np.frombuffer(content, stored).reshape(last - first, length, depth)
            target[first - rows.start : last - rows.start] = pixels[:, cut, samples]

    def _read_segments(self, page: int, region: Region, target: Pixels) -> None:
        """Read and decode segments; keep those of which only a part is wanted."""
        layout = self.layout
        wanted = list(pieces(region, layout.page, layout.segment))
        for position, piece in enumerate(wanted):
            if not layout.counts[page, piece.number]:
                target[piece.target] = layout.nodata
                continue
            key = (page, piece.number)
            if piece.whole:
                kept = self._kept.find(key)
                pixels = self._decode(key) if kept is None else kept
            else:
                pixels = self._kept.get(key, self._decode, self._following(page, wanted[position:]))
            source = piece.source[1:]
            if any(cut.stop > length for cut, length in zip(source, pixels.shape, strict=True)):
                raise SourceError(f"{self._where(*key)} decodes to the shape {pixels.shape}, less than was declared")
            if any(length > whole for length, whole in zip(pixels.shape, layout.segment[1:], strict=True)):
                raise SourceError(f"{self._where(*key)} decodes to the shape {pixels.shape}, more than was declared")
            target[piece.target] = pixels[source]

    def _following(self, page: int, wanted: Sequence[SegmentPart]) -> Iterator[tuple[int, int]]:
        """Yield what will be wanted behind the first of some pieces: the others, and the same of the next pages."""
        places = [(page, piece.number) for piece in wanted[1:] if not piece.whole]
        places += [(later, wanted[0].number) for later in range(page + 1, min(page + 3, len(self.layout.counts)))]
        return (place for place in places if self.layout.counts[place])

    def _decode(self, key: tuple[int, int]) -> Pixels:
        layout = self.layout
        page, number = key
        offset, count = int(layout.offsets[page, number]), int(layout.counts[page, number])
        content = self.files[layout.files[page]].exactly(offset, count)
        if layout.guard is not None:
            check_inflated(content, layout.guard, layout.segment_bytes, self._where(page, number))
        rows, columns = declared_size(content)
        if rows * columns > MARGIN * max(math.prod(layout.page[2:4]), math.prod(layout.segment[2:4])):
            where = self._where(page, number)
            raise SourceError(f"{where} claims to hold {rows} x {columns} pixels, more than its page")
        try:
            pixels: Pixels
            pixels, _, _ = layout.decode(content, number, jpegtables=layout.tables.get(page), jpegheader=layout.header)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise SourceError(f"{self._where(page, number)} cannot be decoded: {reason}") from error
        return pixels if layout.transform is None else layout.transform(pixels)

    def _where(self, page: int, number: int) -> str:
        kind = "strip" if self.layout.segment[3] == self.layout.page[3] else "tile"
        return f"{kind} {number} of page {page} of {self.name}"
