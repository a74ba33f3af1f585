"""Where the pixels of a TIFF series are: a table of segments, made once, without any pixel being read.

A series is a row of pages of the same kind; a page is a grid of segments (tiles or strips), seen here as five
dimensions: separate planes, depth, rows, columns, samples. Making the table finds out whether the file can hold what
it declares, so that a truncated or absurd file is refused before anything is written.

Source: TIFF 6.0; pages, series and decoders come from tifffile.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from omezarr.errors import MissingDependencyError, SourceError
from omezarr_builtins.importers._inflation import unbounded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt
    from tifffile import TiffFrame, TiffPage, TiffPageSeries

    Five = tuple[int, int, int, int, int]

RAW_BITS = (8, 16, 32, 64, 128)
"""Bits per sample that need no unpacking."""

MAX_INFLATION = 100_000
"""No codec below packs constant pixels tighter than this; a segment that declares more is a lie."""

_GENERAL_CODECS = frozenset({5, 8, 32773, 32946, 34925, 34926, 50000, 50013})
"""LZW, Deflate, PackBits, LZMA and Zstandard, which know nothing of images."""


@frozen(kw_only=True, eq=False)
class PageLayout:
    """How the pixels of one series are stored.

    Parameters
    ----------
    shape : tuple of int
        Of the series; the first `frame_axes` axes count pages.
    frame_axes : int
    page : tuple of five int
        Planes, depth, rows, columns, samples of a page.
    page_axes : tuple of int
        For each axis of the series after the frame axes: which of the five it is; -1 for an axis of length 1.
    segment : tuple of five int
        The same for one tile or strip.
    dtype, stored : numpy.dtype
        Of the pixels as they are read, and as they are stored.
    raw : bool
        Whether rows are stored as they are, so that any part of a strip can be read.
    offsets, counts : arrays of int64, pages x segments
        0 and 0 for segments that are not there.
    files : array of int32
        For each page the number of the file that it is in.
    tables : dict
        Page number to JPEG tables.
    header : bytes or None
        JPEG header of all segments.
    decode : callable
        Bytes, segment number, JPEG tables and header to pixels, position and shape.
    transform : callable or None
        Applied to decoded pixels.
    guard : str or None
        How to find out what a segment unpacks to before it is decoded, where the decoder has no bound.
    nodata : number
        The value of segments that are not there.
    """

    shape: tuple[int, ...]
    frame_axes: int
    page: Five
    page_axes: tuple[int, ...]
    segment: Five
    dtype: np.dtype[Any]
    stored: np.dtype[Any]
    raw: bool
    offsets: npt.NDArray[np.int64] = field(repr=False)
    counts: npt.NDArray[np.int64] = field(repr=False)
    files: npt.NDArray[np.int32] = field(repr=False)
    tables: dict[int, bytes] = field(repr=False)
    header: bytes | None = field(repr=False)
    decode: Callable[..., Any] = field(repr=False)
    transform: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] | None
    guard: str | None
    nodata: float

    @property
    def grid(self) -> Five:
        """How many segments there are along each of the five dimensions; samples are never split."""
        return _grid(self.page, self.segment)

    @property
    def segment_bytes(self) -> int:
        """The size of a decoded segment."""
        return math.prod(self.segment) * self.stored.itemsize

    @property
    def missing_pages(self) -> int:
        """How many pages have no segment at all."""
        return int((self.counts.max(axis=1) == 0).sum())


def describe_series(series: TiffPageSeries, name: str) -> tuple[PageLayout, tuple[str, ...]]:
    """Return the layout of a series, and the paths of the files that its pages are in.

    Parameters
    ----------
    series : tifffile.TiffPageSeries
        Its file is open.
    name : str
        Of the file, for messages.

    Raises
    ------
    SourceError
        If the file cannot hold what it declares, or it cannot be decoded.
    MissingDependencyError
        If decoding needs imagecodecs and it is not installed.
    """
    keyframe = series.keyframe
    if keyframe.dtype is None or not keyframe.size or not math.prod(series.shape):
        bits = keyframe.bitspersample
        raise SourceError(f"{name} has no pixels that can be read ({bits} bits per sample, shape {series.shape})")
    decode = _decoder(keyframe, name)
    frame_axes, page_axes = _match(series.shape, keyframe, name)
    frames = math.prod(series.shape[:frame_axes])
    contiguous = None if series.is_multifile else series.dataoffset
    raw = series.transform is None and _is_raw(keyframe)
    segment = _segment_shape(keyframe)
    paths: tuple[str, ...]
    tables: dict[int, bytes] = {}
    if contiguous is not None and raw:
        offsets, counts = _contiguous(contiguous, keyframe.nbytes, frames)
        files, paths = _zeros(frames), (_path(keyframe),)
        segment = keyframe.shaped
    else:
        pages = _pages(series, frames, name)
        files, paths = _files(pages)
        _check_alike(pages, keyframe, name)
        offsets, counts = _segments(pages, keyframe, name)
        tables = {number: page.jpegtables for number, page in enumerate(pages) if page and page.jpegtables}
    layout = PageLayout(
        shape=tuple(series.shape),
        frame_axes=frame_axes,
        page=keyframe.shaped,
        page_axes=page_axes,
        segment=segment,
        dtype=series.dtype,
        stored=keyframe.dtype.newbyteorder(keyframe.parent.byteorder) if raw else keyframe.dtype,
        raw=raw,
        offsets=offsets,
        counts=counts,
        files=files,
        tables=tables,
        header=keyframe.jpegheader,
        decode=decode,
        transform=series.transform,
        guard=unbounded(int(keyframe.compression)),
        nodata=keyframe.nodata,
    )
    if raw:
        _take_rows(layout, name)
    else:
        _check_inflation(layout, keyframe, name)
    return layout, paths


def check_extent(layout: PageLayout, sizes: Sequence[int], names: Sequence[str]) -> None:
    """Refuse a layout that reaches beyond the ends of its files.

    Parameters
    ----------
    layout : PageLayout
    sizes, names : sequences
        Of the files, in the order of the layout.

    Raises
    ------
    SourceError
    """
    import numpy as np

    ends = np.where(layout.counts > 0, layout.offsets + layout.counts, 0).max(axis=1)
    for number, (size, name) in enumerate(zip(sizes, names, strict=True)):
        end = int(ends[layout.files == number].max(initial=0))
        if end > size or int(layout.offsets.min(initial=0)) < 0:
            raise SourceError(
                f"{name} is truncated: it has {size} bytes, but its pixels reach to byte {end}; get a complete copy"
            )


def _decoder(keyframe: TiffPage, name: str) -> Callable[..., Any]:
    decode: Callable[..., Any] = keyframe.decode
    try:
        decode(None, 0)
    except (ValueError, NotImplementedError) as error:
        compression = getattr(keyframe.compression, "name", keyframe.compression)
        if "imagecodecs" in str(error):
            raise MissingDependencyError(
                f"{name} is compressed with {compression}, which needs the package imagecodecs; "
                "install it with: pip install 'omezarr[imagecodecs]'"
            ) from error
        raise SourceError(f"{name} cannot be decoded (compression {compression}): {error}") from error
    return decode


def _is_raw(keyframe: TiffPage) -> bool:
    """Say whether strips hold rows of whole samples as they are, but for the byte order."""
    return bool(
        (not keyframe.is_tiled or keyframe.is_contiguous)
        and keyframe.compression == 1
        and keyframe.predictor == 1
        and keyframe.fillorder == 1
        and keyframe.sampleformat != 5
        and keyframe.bitspersample in RAW_BITS
        and not keyframe.is_subsampled
    )


def _segment_shape(keyframe: TiffPage) -> Five:
    _, _, _, columns, samples = keyframe.shaped
    if keyframe.is_tiled:
        return 1, keyframe.tiledepth, keyframe.tilelength, keyframe.tilewidth, samples
    return 1, 1, keyframe.rowsperstrip, columns, samples


def _grid(page: Five, segment: Five) -> Five:
    planes, depth, rows, columns, _ = (-(-length // step) for length, step in zip(page, segment, strict=True))
    return planes, depth, rows, columns, 1


def _match(shape: tuple[int, ...], keyframe: TiffPage, name: str) -> tuple[int, tuple[int, ...]]:
    """Return how many axes of a series count pages, and which dimension of a page each other one is."""
    first = len(shape)
    while math.prod(shape[first:]) < keyframe.size and first > 0:
        first -= 1
    inner = shape[first:]
    long = [number for number, length in enumerate(keyframe.shaped) if length > 1]
    if [length for length in inner if length > 1] != [keyframe.shaped[number] for number in long]:
        raise SourceError(
            f"{name} declares the shape {shape}, which its pages of shape {keyframe.shape} do not make up"
        )
    dimensions = iter(long)
    return first, tuple(next(dimensions) if length > 1 else -1 for length in inner)


def _contiguous(start: int, page_bytes: int, frames: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the table of pages that lie one behind the other, each a single segment."""
    import numpy as np

    offsets = np.int64(start) + np.arange(frames, dtype=np.int64) * page_bytes
    return offsets[:, None], np.full((frames, 1), page_bytes, np.int64)


def _pages(series: TiffPageSeries, frames: int, name: str) -> list[TiffPage | TiffFrame | None]:
    pages: list[TiffPage | TiffFrame | None] = list(series)
    if len(pages) != frames:
        raise SourceError(f"{name} declares {frames} pages for the shape {series.shape}, but has {len(pages)}")
    return pages


def _zeros(count: int) -> npt.NDArray[np.int32]:
    import numpy as np

    return np.zeros(count, np.int32)


def _path(page: TiffPage | TiffFrame) -> str:
    return str(page.parent.filehandle.path)


def _files(pages: Sequence[TiffPage | TiffFrame | None]) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    files = _zeros(len(pages))
    numbers: dict[str, int] = {}
    for index, page in enumerate(pages):
        if page is not None:
            files[index] = numbers.setdefault(_path(page), len(numbers))
    return files, tuple(numbers)


def _segments(
    pages: Sequence[TiffPage | TiffFrame | None], keyframe: TiffPage, name: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    import numpy as np

    count = math.prod(_grid(keyframe.shaped, _segment_shape(keyframe)))
    shape = (len(pages), count)
    if len(keyframe.dataoffsets) != count and not keyframe.is_philips:
        raise SourceError(f"{name} declares {count} tiles or strips a page, but has {len(keyframe.dataoffsets)}")
    offsets, counts = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for number, page in enumerate(pages):
        if page is not None:
            here = min(len(page.dataoffsets), len(page.databytecounts), count)
            if here != count and not keyframe.is_philips:
                raise SourceError(f"{name} lists {here} tiles or strips for page {number}, but needs {count}")
            offsets[number, :here] = page.dataoffsets[:here]
            counts[number, :here] = page.databytecounts[:here]
    counts[offsets == 0] = 0
    offsets[counts == 0] = 0
    return offsets, counts


def _check_alike(pages: Sequence[TiffPage | TiffFrame | None], keyframe: TiffPage, name: str) -> None:
    """Refuse files that store their part of a series in different ways."""
    others = {id(page.keyframe): page.keyframe for page in pages if page is not None and page.keyframe is not None}
    for other in others.values():
        if (other.hash, other.parent.byteorder) != (keyframe.hash, keyframe.parent.byteorder):
            raise SourceError(f"{name} belongs to files that store pixels in different ways; convert them one by one")


def _take_rows(layout: PageLayout, name: str) -> None:
    """Note for each segment the bytes that its rows take, whatever the file says; refuse what is too short for them."""
    import numpy as np

    rows = np.minimum(layout.segment[2], layout.page[2] - np.arange(layout.grid[2]) * layout.segment[2])
    row_bytes = math.prod(layout.segment[3:]) * layout.stored.itemsize
    needed = np.tile(rows * math.prod(layout.segment[:2]) * row_bytes, layout.offsets.shape[1] // layout.grid[2])
    there = layout.counts > 0
    if (there & (layout.counts < needed)).any():
        raise SourceError(f"{name} stores fewer bytes in a strip than its rows take; it is damaged")
    np.copyto(layout.counts, needed, where=there)


def _check_inflation(layout: PageLayout, keyframe: TiffPage, name: str) -> None:
    """Refuse segments that declare more pixels than their bytes could ever decode to."""
    filled = layout.counts[layout.counts > 0]
    if not filled.size:
        return
    bits: object = keyframe.bitspersample
    if keyframe.compression == 1:
        least = math.prod(layout.segment) * bits // 8 if isinstance(bits, int) and keyframe.is_tiled else 0
    elif int(keyframe.compression) in _GENERAL_CODECS:
        least = layout.segment_bytes // MAX_INFLATION
    else:
        return
    if int(filled.max()) < least:
        raise SourceError(
            f"{name} declares tiles or strips of {layout.segment_bytes} bytes, but stores at most "
            f"{int(filled.max())} bytes for one; it is damaged or made to mislead"
        )
