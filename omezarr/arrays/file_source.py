"""Pixels that lie in a file one behind the other, as in ``.npy`` and raw files.

They are read by position and never mapped into memory: a file that is cut short while it is mapped ends the process,
while reading it says so.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc import PixelSource
from omezarr.errors import SourceError
from omezarr.files import ReopenedFile, local_file

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from omezarr.files import ByteFile

    Region = tuple[slice, ...]

ROWS_BYTES = 4 * 1024 * 1024
"""How much is read at once where only a part of each row is wanted."""

LONG_ROW_BYTES = 64 * 1024
"""Of longer rows, a narrow part is read by itself; shorter ones are read whole, several at once."""


class FileSource(PixelSource):
    """Pixels that fill a part of a file.

    Parameters
    ----------
    file : ByteFile
    offset : int
        Where they begin, in bytes.
    dtype : numpy.dtype
    shape : tuple of int
    order : str
        "C", or "F" where the first axis varies fastest.
    reopen : tuple of (callable, arguments), optional
        How the file is opened in another process; without it, the source cannot be sent to one.

    Raises
    ------
    SourceError
        If the file is too short.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from omezarr.files import ReopenedFile, local_file
    >>> path = Path(tempfile.mkdtemp(), "raw")
    >>> path.write_bytes(bytes(range(12)))
    12
    >>> raw = FileSource(local_file(path), offset=0, dtype=np.dtype("u1"), shape=(3, 4), order="C")
    >>> raw.read((slice(1, 2), slice(2, 4)))
    array([[6, 7]], dtype=uint8)
    """

    def __init__(
        self,
        file: ByteFile,
        *,
        offset: int,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        order: str,
        reopen: tuple[Callable[..., ByteFile], tuple[Any, ...]] | None = None,
    ) -> None:
        end = offset + math.prod(shape) * dtype.itemsize
        if end > file.size:
            raise SourceError(
                f"{file.name} is truncated: it has {file.size} bytes, but its pixels reach to byte {end}; "
                "get a complete copy"
            )
        self.file = file
        self.shape = self.chunks = shape
        self.dtype = dtype
        self.portable, self.distant = reopen is not None, file.distant
        self._offset = offset
        self._order = order
        self._reopen = reopen

    def __reduce__(self) -> tuple[Callable[..., FileSource], tuple[Any, ...]]:
        place = {"offset": self._offset, "dtype": self.dtype, "shape": self.shape, "order": self._order}
        return _again, (self._reopen, place, self.identity)

    @property
    def identity(self) -> str:  # type: ignore[override]  # reads the beginning of the file, so only on demand
        """Size, time and beginning of the file, and how it is read."""
        return f"file {self.file.identity}, {self.dtype.str} {self.shape} {self._order} from {self._offset}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Read what the region needs, and check that it was there."""
        if self._order == "F":
            return self._read(self.shape[::-1], region[::-1]).transpose()
        return self._read(self.shape, region)

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, and of the rows of which only a part is wanted."""
        return super().cost(region) + ROWS_BYTES

    def check_unchanged(self) -> None:
        """Look at the file."""
        self.file.check_unchanged()

    def close(self) -> None:
        """Close the file; it is opened again when it is read again."""
        self.file.close()

    def _read(self, shape: tuple[int, ...], region: Region) -> npt.NDArray[Any]:
        lengths = tuple(part.stop - part.start for part in region)
        if not math.prod(lengths):
            return np.empty(lengths, self.dtype)
        cut = [axis for axis, (part, length) in enumerate(zip(lengths, shape, strict=True)) if part != length]
        column = cut[-1] if cut else 0  # all axes behind it are wanted whole, so its parts lie one behind the other
        inner = math.prod(shape[column + 1 :]) * self.dtype.itemsize
        width = (shape[column] * inner) if shape else inner
        start, stop = (region[column].start * inner, region[column].stop * inner) if shape else (0, inner)
        above = range(max(column - 1, 0))
        steps = [math.prod(shape[axis + 1 : column]) * width for axis in range(column)]
        rows = region[column - 1] if column else slice(0, 1)
        result = np.empty((math.prod(lengths[: max(column - 1, 0)]), rows.stop - rows.start, stop - start), np.uint8)
        places = itertools.product(*(range(region[axis].start, region[axis].stop) for axis in above))
        for target, place in zip(result, places, strict=True):
            first = self._offset + sum(index * step for index, step in zip(place, steps, strict=False))
            self._read_rows(target, first, rows, width, slice(start, stop))
        return result.reshape(-1).view(self.dtype).reshape(lengths)

    def _read_rows(self, target: npt.NDArray[Any], first: int, rows: slice, width: int, part: slice) -> None:
        """Read a part of each row of bytes."""
        span, step = slice(0, width), max(1, ROWS_BYTES // width)
        if part.stop - part.start == width:
            step = rows.stop - rows.start
        elif width > LONG_ROW_BYTES and 4 * (part.stop - part.start) < width:
            span, step = part, 1
        length = span.stop - span.start
        cut = slice(part.start - span.start, part.stop - span.start)
        for row in range(rows.start, rows.stop, step):
            last = min(row + step, rows.stop)
            content = self.file.exactly(first + row * width + span.start, (last - row - 1) * width + length)
            pixels = np.frombuffer(content, np.uint8).reshape(last - row, length)
            target[row - rows.start : last - rows.start] = pixels[:, cut]


def _again(reopen: Any, place: dict[str, Any], identity: str) -> FileSource:
    """Return the source that another process had, if the file is the same."""
    opener, arguments = reopen
    source = FileSource(opener(*arguments), reopen=reopen, **place)
    if source.identity != identity:
        raise SourceError(f"{source.file.name} has changed since it was opened")
    return source


def mapped_source(array: np.memmap[Any, Any]) -> PixelSource:
    """Return a source that reads the file of a memory map; from memory where that is a part, or may differ from it.

    Parameters
    ----------
    array : numpy.memmap
    """
    import mmap

    whole = isinstance(array.base, mmap.mmap) and array.mode == "r" and array.size
    if not whole or not (array.flags.c_contiguous or array.flags.f_contiguous):
        return MappedSource(array)
    path = Path(str(array.filename))
    return FileSource(
        local_file(path),
        offset=int(array.offset),
        dtype=array.dtype,
        shape=array.shape,
        order="C" if array.flags.c_contiguous else "F",
        reopen=(local_file, (path,)),
    )


class MappedSource(PixelSource):
    """Pixels in a part of a file that is mapped into memory; the file is looked at before each reading.

    Reading what was cut off a mapped file ends the process, whoever reads.
    """

    def __init__(self, array: np.memmap[Any, Any]) -> None:
        self.array = array.view(np.ndarray)
        self.shape = self.chunks = array.shape
        self.dtype = array.dtype
        self.file = ReopenedFile(Path(str(array.filename)))
        self.identity = f"mapped {self.file.identity}, {self.dtype.str} {self.shape} strides {self.array.strides}"

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Return a copy, made while the file is as long as it was."""
        self.file.check_length()
        return self.array[region].copy()

    def check_unchanged(self) -> None:
        """Look at the file."""
        self.file.check_unchanged()
