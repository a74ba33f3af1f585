"""Geometry and memory of segments: which of them a region touches, and those that are worth keeping."""

from __future__ import annotations

import itertools
import struct
import threading
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    Pixels: TypeAlias = npt.NDArray[Any]
    Region: TypeAlias = tuple[slice, ...]
    Key: TypeAlias = tuple[int, int]


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of JPEG in front of the size of an image."""


@frozen
class SegmentPart:
    """The part of a segment that a region touches.

    Parameters
    ----------
    number : int
        Of the segment, counted along the grid.
    source : tuple of slice
        The part, inside the segment.
    target : tuple of slice
        The same part, inside the region.
    whole : bool
        Whether that is all of the segment that lies inside the page.
    """

    number: int
    source: Region
    target: Region
    whole: bool


def pieces(region: Region, page: tuple[int, ...], segment: tuple[int, ...]) -> Iterator[SegmentPart]:
    """Yield the parts of segments that make up a region.

    Parameters
    ----------
    region : tuple of slice
        Inside the page.
    page, segment : tuple of int
        Their shapes. Segments are counted with the last dimension fastest; those at the end reach beyond the page.

    Examples
    --------
    >>> [piece.number for piece in pieces((slice(1, 3), slice(0, 4)), (4, 8), (2, 4))]
    [0, 2]
    """
    grid = [-(-length // step) for length, step in zip(page, segment, strict=True)]
    axes = [
        [_cut(part, index, step, length) for index in range(part.start // step, -(-part.stop // step))]
        for part, length, step in zip(region, page, segment, strict=True)
    ]
    for cuts in itertools.product(*axes):
        number = 0
        for cut, count in zip(cuts, grid, strict=True):
            number = number * count + cut.index
        yield SegmentPart(
            number,
            tuple(cut.source for cut in cuts),
            tuple(cut.target for cut in cuts),
            all(cut.whole for cut in cuts),
        )


@frozen
class _Cut:
    """A `Piece` along one dimension."""

    index: int
    source: slice
    target: slice
    whole: bool


def _cut(part: slice, index: int, step: int, length: int) -> _Cut:
    start, stop = index * step, min((index + 1) * step, length)
    first, last = max(start, part.start), min(stop, part.stop)
    return _Cut(
        index,
        slice(first - start, last - start),
        slice(first - part.start, last - part.start),
        (first, last) == (start, stop),
    )


def declared_size(content: bytes) -> tuple[int, int]:
    r"""Return the rows and columns that the header of a JPEG or PNG image claims; zeros for everything else.

    Examples
    --------
    >>> declared_size(b"\x89PNG\r\n\x1a\n" + bytes(8) + (7).to_bytes(4, "big") + (9).to_bytes(4, "big"))
    (9, 7)
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        columns, rows = struct.unpack_from(">II", content, 16)
        return rows, columns
    at = 2 if content.startswith(b"\xff\xd8") else len(content)
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, size = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            rows, columns = struct.unpack_from(">HH", content, at + 5)
            return rows, columns
        at += 2 + size
    return 0, 0


class KeptSegments:
    """Decoded segments, those used last; each is decoded by one thread while others that want it wait.

    Parameters
    ----------
    limit : int
        How many bytes are kept; a segment that is larger than that is kept alone.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._lock = threading.Lock()
        self._segments: OrderedDict[Key, Pixels] = OrderedDict()
        self._pending: dict[Key, Future[Pixels]] = {}

    def find(self, key: Key) -> Pixels | None:
        """Return a segment if it is kept."""
        with self._lock:
            if key in self._segments:
                self._segments.move_to_end(key)
            return self._segments.get(key)

    def get(self, key: Key, decode: Callable[[Key], Pixels], following: Iterable[Key] = ()) -> Pixels:
        """Return a segment, decoded if it is not kept, and keep it.

        Parameters
        ----------
        key : tuple of int
        decode : callable
        following : iterable of tuple of int
            What will be wanted soon: where another thread decodes the segment already, the first of these that is not
            kept is decoded meanwhile.
        """
        with self._lock:
            if key in self._segments:
                self._segments.move_to_end(key)
                return self._segments[key]
            pending = self._pending.get(key)
            if pending is None:
                mine = self._pending[key] = Future()
        if pending is None:
            return self._decoded(key, decode, mine)
        self._prepare(following, decode)
        return pending.result()

    def _prepare(self, following: Iterable[Key], decode: Callable[[Key], Pixels]) -> None:
        """Decode the first segment that nobody has, if all that are kept find room beside it."""
        with self._lock:
            largest = max((pixels.nbytes for pixels in self._segments.values()), default=self._limit)
            if self._size + largest * (len(self._pending) + 1) > self._limit:
                return
            key = next((one for one in following if one not in self._segments and one not in self._pending), None)
            if key is None:
                return
            mine = self._pending[key] = Future()
        with suppress(Exception):  # who wants it tries again, and says what is wrong
            self._decoded(key, decode, mine)

    def _decoded(self, key: Key, decode: Callable[[Key], Pixels], mine: Future[Pixels]) -> Pixels:
        try:
            pixels = decode(key)
        except BaseException as error:
            with self._lock:
                del self._pending[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._pending[key]
            self._segments[key] = pixels
            self._size += pixels.nbytes
            while self._size > self._limit and len(self._segments) > 1:
                self._size -= self._segments.popitem(last=False)[1].nbytes
        mine.set_result(pixels)
        return pixels

    def clear(self) -> None:
        """Forget all segments."""
        with self._lock:
            self._segments.clear()
            self._size = 0
