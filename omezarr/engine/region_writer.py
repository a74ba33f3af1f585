"""Writing regions of an image in any order, with its lower levels kept up: for acquisition and for edits.

Pixels wait in a queue for threads that encode and store them. Whole units are written at once. Parts of a unit wait in
memory until the unit is complete, or until memory runs out or `update` is called; then the unit is stored as it is, and
read back when more of it comes.

Lower levels are made of the pixels themselves where a region consists of whole blocks of the method. Everywhere else,
and where units of them do not become complete, `update` makes them anew from what is stored.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from omezarr.arrays.contrast import counts_of, is_countable, window_of, window_of_counts
from omezarr.arrays.geometry import cells, full_region, level_shapes, reduced_region, region_shape, shifted
from omezarr.engine.methods import halo_of, reduced
from omezarr.engine.windows import reader_of, reduced_window
from omezarr.engine.write_queue import WriteQueue
from omezarr.errors import ArgumentError
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from omezarr.abc import ScalingMethod
    from omezarr.arrays.geometry import Region, Shape
    from omezarr.arrays.stored import StoredArray
    from omezarr.model import Window

LOCKS = 64
"""How many locks the units share, so that their number does not grow with the image."""

QUEUED = 1 / 3
"""What part of the memory is for pixels in the queue; the others are for units that wait to be completed."""


@define
class _Waiting:
    """A unit of which a part is known."""

    pixels: npt.NDArray[Any]
    known: npt.NDArray[np.bool_]


class RegionWriter:
    """Writes regions of the first array of a pyramid that exists, from any number of threads.

    Parameters
    ----------
    arrays : sequence of StoredArray
        The levels, all there already.
    factors : sequence of tuple of int
    method : ScalingMethod
    memory : int
        Bytes of pixels that may wait to be written, and of units that may wait to be completed.
    threads : int
    grows : int, optional
        The axis along which the arrays grow when something is written beyond their end; its factors are 1.
    """

    def __init__(
        self,
        arrays: Sequence[StoredArray],
        factors: Sequence[tuple[int, ...]],
        method: ScalingMethod,
        *,
        memory: int,
        threads: int,
        grows: int | None = None,
    ) -> None:
        self._arrays = list(arrays)
        self.factors = tuple(factors)
        self._method = method
        self.memory = memory
        self.threads = threads
        self.grows = grows
        self._queue = WriteQueue(self._write, memory=int(memory * QUEUED), threads=threads)
        self._waiting: dict[tuple[int, Shape], _Waiting] = {}
        self._dirty: list[set[Shape]] = [set() for _ in arrays]
        self._locks = [threading.Lock() for _ in range(LOCKS)]
        self._state = threading.RLock()
        self._updating = threading.Lock()

    @property
    def shape(self) -> Shape:
        """The shape of the first level, as far as it has grown."""
        return self._arrays[0].spec.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the samples."""
        return np.dtype(self._arrays[0].spec.dtype)

    def write(self, region: Region, pixels: npt.NDArray[Any]) -> None:
        """Have a region of the first level written, now or a little later.

        Parameters
        ----------
        region : tuple of slice
            With start and stop inside the shape; along the growing axis also beyond it.
        pixels : array
            Of the shape of the region and the dtype of the image; may be changed as soon as this returns.

        Raises
        ------
        ArgumentError
            If region or pixels do not fit.
        WriteError
            If the store refused this region or one before, which is kept then and tried again.
        """
        if pixels.shape != region_shape(region):
            raise ArgumentError(f"pixels of shape {pixels.shape} do not fit a region of shape {region_shape(region)}")
        if pixels.dtype.newbyteorder("=") != self.dtype:
            raise ArgumentError(f"pixels are of {pixels.dtype}, but the image of {self.dtype}; convert them")
        self._grow(region)
        self._queue.put(region, pixels)

    def append(self, pixels: npt.NDArray[Any]) -> None:
        """Write pixels behind the last ones along the growing axis.

        Parameters
        ----------
        pixels : array
            As long as the image along all other axes.
        """
        assert self.grows is not None
        axis: int = self.grows
        with self._state:
            fits = len(pixels.shape) == len(self.shape) and all(
                index == axis or length == size
                for index, (length, size) in enumerate(zip(pixels.shape, self.shape, strict=True))
            )
            if not fits:
                raise ArgumentError(f"frames of shape {pixels.shape} do not fit an image of shape {self.shape}")
            start: int = self.shape[axis]
            places = [slice(0, length) for length in pixels.shape]
            places[axis] = slice(start, start + pixels.shape[axis])
            self._grow(tuple(places))
        self.write(tuple(places), pixels)

    def update(self) -> None:
        """Store what waits, and bring the lower levels up to date with everything written so far."""
        with self._updating, self._queue.held():
            self._store_all_waiting()
            for level in range(1, len(self._arrays)):
                changed, self._dirty[level] = self._dirty[level], set()
                try:
                    self._remake(level, sorted(changed))
                except BaseException:
                    self._dirty[level] |= changed
                    raise

    def close(self) -> None:
        """End the threads; to be updated before."""
        self._queue.close()

    def store_shapes(self) -> None:
        """Store the metadata of all levels, whose lengths may differ where another writer died."""
        for array in self._arrays:
            array.store_metadata()

    def mark_stored(self) -> None:
        """Have all lower levels made anew from what is stored: another writer died before it made them."""
        for level, array in enumerate(self._arrays):
            stored = set(array.target.names(array.spec.path))
            for index, region in cells(full_region(array.spec.shape), array.spec.unit):
                if array.key(index) in stored:
                    self._mark(level + 1, region)
                    if level:
                        self._dirty[level].add(index)

    def windows(self, channels: int | None) -> list[Window]:
        """Return the window of each channel, measured on the smallest level.

        Parameters
        ----------
        channels : int or None
            The axis along which they lie; None where there is one channel.
        """
        last = self._arrays[-1]
        reader, spec = reader_of(last), last.spec

        def counted(region: Region) -> npt.NDArray[Any]:
            return counts_of(reader.read(region, 1))  # type: ignore[no-any-return]

        found = []
        for number in range(1 if channels is None else spec.shape[channels]):
            place = list(full_region(spec.shape))
            if channels is not None:
                place[channels] = slice(number, number + 1)
            if is_countable(self.dtype):
                with ThreadPool(self.threads) as pool:
                    counts = sum(pool.map(counted, (part for _, part in cells(tuple(place), spec.unit))))
                found.append(window_of_counts(counts, self.dtype))
            else:
                found.append(window_of(reader.read(tuple(place), self.threads)))
        return found

    def _lock(self, level: int, index: Shape) -> threading.Lock:
        return self._locks[hash((level, index)) % LOCKS]

    def _grow(self, region: Region) -> None:
        shape = self.shape
        if all(0 <= part.start <= part.stop <= size for part, size in zip(region, shape, strict=True)):
            return
        axis = self.grows
        outside = [index for index, (part, size) in enumerate(zip(region, shape, strict=True)) if part.stop > size]
        if axis is None or outside != [axis] or any(part.start < 0 for part in region):
            raise ArgumentError(f"the region lies outside of the image of shape {shape}")
        with self._state:
            length = max(self.shape[axis], region[axis].stop)
            grown = (*self.shape[:axis], length, *self.shape[axis + 1 :])
            shapes = level_shapes(grown, self.factors)
            resized = [array.resized(level) for array, level in zip(self._arrays, shapes, strict=True)]
            for array in resized:
                array.store_metadata()
            self._arrays = resized

    def _write(self, region: Region, pixels: npt.NDArray[Any]) -> None:
        """Write a region, and what is made of it on the lower levels as far as it is made of nothing else."""
        pixels = pixels.astype(self.dtype, copy=False)
        place = region
        try:
            for level in range(len(self._arrays)):
                start = [part.start for part in place]
                for index, part in cells(place, self._arrays[level].spec.unit):
                    with self._lock(level, index):
                        self._put(level, index, part, pixels[shifted(part, start)])
                if level + 1 < len(self._arrays):
                    if not self._is_of_whole_blocks(level, place):
                        self._mark(level + 1, place)
                        break
                    factors = self.factors[level]
                    whole, place = full_region(pixels.shape), reduced_region(place, factors)
                    pixels = reduced(self._method, pixels, factors, whole, place)
        except BaseException:
            self._mark(1, region)
            raise
        self._spill()

    def _is_of_whole_blocks(self, level: int, region: Region) -> bool:
        factors = self.factors[level]
        return not any(map(any, halo_of(self._method, factors))) and all(
            part.start < part.stop and part.start % factor == 0 and (part.stop % factor == 0 or part.stop == size)
            for part, factor, size in zip(region, factors, self._arrays[level].spec.shape, strict=True)
        )

    def _put(self, level: int, index: Shape, part: Region, block: npt.NDArray[Any]) -> None:
        array, place = self._arrays[level], (level, index)
        whole = unit_region(array, index, self.grows)
        if part == whole and place not in self._waiting:
            array.write(index, block)
            return
        waiting = self._waiting.get(place) or self._begun(level, index)
        self._waiting[place] = waiting
        inside = shifted(part, [axis.start for axis in whole])
        waiting.pixels[inside] = block
        waiting.known[inside] = True
        if waiting.known[tuple(slice(0, length) for length in region_shape(whole))].all():
            self._store_waiting(place)

    def _begun(self, level: int, index: Shape) -> _Waiting:
        """Return a unit to be changed in memory: of the first level, as it is stored."""
        array = self._arrays[level]
        pixels = np.full(array.spec.unit, array.spec.fill_value, self.dtype)
        if level == 0 and array.target.get(array.key(index)) is not None:
            stored = unit_region(array, index)
            pixels[tuple(slice(0, length) for length in region_shape(stored))] = reader_of(array).read(stored, 1)
        return _Waiting(pixels, np.zeros(array.spec.unit, dtype=bool))

    def _store_all_waiting(self) -> None:
        for level, index in list(self._waiting):
            with self._lock(level, index):
                self._store_waiting((level, index))

    def _store_waiting(self, place: tuple[int, Shape]) -> None:
        """Store a unit; if it is of a lower level and not complete, have it made anew instead."""
        waiting = self._waiting.get(place)
        if waiting is None:
            return
        level, index = place
        array = self._arrays[level]
        inside = tuple(slice(0, size) for size in region_shape(unit_region(array, index)))
        if level == 0 or waiting.known[inside].all():
            array.write(index, waiting.pixels[inside])
        else:
            with self._state:
                self._dirty[level].add(index)
        del self._waiting[place]

    def _spill(self) -> None:
        """Store the units that have waited longest while there are too many."""
        room = self.memory - int(self.memory * QUEUED)
        while True:
            units = list(self._waiting.items())  # a copy at once, since other threads go on
            if sum(waiting.pixels.nbytes + waiting.known.nbytes for _, waiting in units) <= room:
                return
            oldest, _ = units[0]
            with self._lock(*oldest):
                self._store_waiting(oldest)

    def _mark(self, level: int, region: Region) -> None:
        """Note which units of a level a changed region of the level before reaches."""
        if level >= len(self._arrays):
            return
        factors = self.factors[level - 1]
        spec = self._arrays[level].spec
        reached = []
        for part, factor, size, (low, high) in zip(
            region, factors, spec.shape, halo_of(self._method, factors), strict=True
        ):
            first = max(0, (part.start - high) // factor)
            reached.append(slice(first, min(size, -(-(part.stop + low) // factor))))
        with self._state:
            self._dirty[level].update(index for index, _ in cells(tuple(reached), spec.unit))

    def _remake(self, level: int, changed: Iterable[Shape]) -> None:
        arrays = self._arrays  # as they are now: what grows from here on is marked, and made by the next update
        array, before = arrays[level], arrays[level - 1]
        reader = reader_of(before)

        def remake(index: Shape) -> None:
            region = unit_region(array, index)
            if 0 in region_shape(region):
                return
            block = reduced_window(reader, region, before.spec.shape, self.factors[level - 1], self._method)
            array.write(index, block)
            self._mark(level + 1, region)

        with ThreadPool(self.threads) as pool:
            for _ in pool.map(remake, changed):
                pass


def unit_region(array: StoredArray, index: Shape, grows: int | None = None) -> Region:
    """Return what a unit covers, inside the shape of its array; along an axis that grows, what it has room for."""
    spec = array.spec
    parts = enumerate(zip(index, spec.unit, spec.shape, strict=True))
    return tuple(
        slice(number * step, (number + 1) * step if axis == grows else min((number + 1) * step, size))
        for axis, (number, step, size) in parts
    )
