"""Decoded chunks that are kept for whoever looks at the same place again, such as a viewer that pans."""

from __future__ import annotations

import math
from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.arrays.geometry import cells, region_shape, shifted
from omezarr.settings import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from omezarr.arrays.geometry import Region, Shape
    from omezarr.arrays.reading import ArrayReader

    Pixels = npt.NDArray[Any]
    Key = tuple[ArrayReader, Shape]


class ChunkCache:
    """The chunks that were read last, decoded, of any levels of any images; for any number of threads.

    A region whose chunks would take more than half of the memory is read beside the cache.

    Parameters
    ----------
    memory : int or str
        What the chunks may take, for example ``"256 MiB"``.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> node = omezarr.write_image("memory://doc-cache/a.ome.zarr", np.arange(64, dtype="uint8").reshape(8, 8))
    >>> cache = omezarr.ChunkCache("16 MiB")
    >>> node.levels[0].read((2, slice(0, 3)), cache=cache)
    array([16, 17, 18], dtype=uint8)
    >>> cache.nbytes
    64
    """

    def __init__(self, memory: int | str = "256 MiB") -> None:
        self.memory = parse_bytes(memory)
        self._chunks: OrderedDict[Key, Pixels] = OrderedDict()
        self._awaited: dict[Key, Future[Pixels | None]] = {}
        self._nbytes = 0
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return ChunkCache, (self.memory,)

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def nbytes(self) -> int:
        """What the chunks take at present."""
        return self._nbytes

    def clear(self) -> None:
        """Forget all chunks."""
        with self._lock:
            self._chunks.clear()
            self._nbytes = 0

    def read(self, reader: ArrayReader, region: Region, threads: int = 1, out: Pixels | None = None) -> Pixels:
        """Return the pixels of a region, of kept chunks where they are kept; see `ArrayReader.read`.

        A chunk that several threads want at once is read by one of them.
        """
        aligned = _aligned(region, reader.chunk, reader.array.shape)
        if math.prod(region_shape(aligned)) * reader.dtype.itemsize > self.memory // 2:
            return reader.read(region, threads, out)
        pixels = np.empty(region_shape(region), reader.dtype) if out is None else out
        if pixels.size == 0:
            return pixels
        wanted = list(cells(region, reader.chunk))
        found, awaited, missing = self._sought(reader, [index for index, _ in wanted])
        if missing:
            found |= self._fetched(reader, missing, threads)
        for index, future in awaited.items():
            chunk = future.result()
            if chunk is None:  # whoever was reading it failed, which may be no concern of this thread
                return reader.read(region, threads, pixels)
            found[index] = chunk
        start = [part.start for part in region]
        for index, part in wanted:
            corner = [i * length for i, length in zip(index, reader.chunk, strict=True)]
            place: Any = (*shifted(part, start), ...)
            pixels[place] = found[index][shifted(part, corner)]
        return pixels

    def _sought(
        self, reader: ArrayReader, indices: Iterable[Shape]
    ) -> tuple[dict[Shape, Pixels], dict[Shape, Future[Pixels | None]], list[Shape]]:
        """Return which chunks are kept, which another thread is reading, and which this one is to read."""
        found: dict[Shape, Pixels] = {}
        awaited: dict[Shape, Future[Pixels | None]] = {}
        missing: list[Shape] = []
        with self._lock:
            for index in indices:
                key = (reader, index)
                if key in self._chunks:
                    self._chunks.move_to_end(key)
                    found[index] = self._chunks[key]
                elif key in self._awaited:
                    awaited[index] = self._awaited[key]
                else:
                    self._awaited[key] = Future()
                    missing.append(index)
        return found, awaited, missing

    def _fetched(self, reader: ArrayReader, missing: list[Shape], threads: int) -> dict[Shape, Pixels]:
        """Read chunks, the box around them at once, and keep them."""
        found: dict[Shape, Pixels] = {}
        wanted = set(missing)
        try:
            box = tuple(slice(min(numbers), max(numbers) + 1) for numbers in zip(*missing, strict=True))
            steps = zip(box, reader.chunk, reader.array.shape, strict=True)
            region = tuple(slice(part.start * n, min(part.stop * n, size)) for part, n, size in steps)
            pixels = reader.read(region, threads)
            start = [part.start for part in region]
            for index, part in cells(region, reader.chunk):
                if index in wanted:
                    place: Any = (*shifted(part, start), ...)
                    found[index] = pixels[place].copy()
        finally:
            self._settle(reader, missing, found)
        return found

    def _settle(self, reader: ArrayReader, indices: Iterable[Shape], found: dict[Shape, Pixels]) -> None:
        with self._lock:
            futures = {index: self._awaited.pop((reader, index)) for index in indices}
            for index, chunk in found.items():
                chunk.flags.writeable = False
                self._chunks[reader, index] = chunk
                self._nbytes += chunk.nbytes
            while self._nbytes > self.memory:
                self._nbytes -= self._chunks.popitem(last=False)[1].nbytes
        for index, future in futures.items():
            future.set_result(found.get(index))


def _aligned(region: Region, chunk: Shape, shape: Shape) -> Region:
    """Return the region of the chunks that a region touches."""
    parts = zip(region, chunk, shape, strict=True)
    return tuple(slice(p.start // n * n, min(-(-p.stop // n) * n, size)) for p, n, size in parts)
