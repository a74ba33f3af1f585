"""Regions of pixels that wait for threads to write them, so that whoever brings them need not wait.

Pixels are copied into memory that is used again. Regions that share samples are written in the order in which they
came. What could not be written is kept, and tried again.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from omezarr.arrays.geometry import Region


@define(eq=False)
class _Waiting:
    """A region that is to be written, with its pixels where they are copies."""

    region: Region
    memory: npt.NDArray[np.uint8] | None
    pixels: npt.NDArray[Any]


class WriteQueue:
    """Writes regions in threads, from copies of their pixels.

    Parameters
    ----------
    write : callable
        Writes a region from its pixels; called from several threads, but not for regions that share samples.
    memory : int
        Bytes of copies at most. Pixels that take more are written before `put` returns.
    threads : int

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros(4, "uint8")
    >>> queue = WriteQueue(image.__setitem__, memory=100, threads=2)
    >>> queue.put((slice(1, 3),), np.array([7, 8], "uint8"))
    >>> with queue.held():
    ...     image.tolist()
    [0, 7, 8, 0]
    >>> queue.close()
    """

    def __init__(self, write: Callable[[Region, npt.NDArray[Any]], None], *, memory: int, threads: int) -> None:
        self._write = write
        self._memory = memory
        self._pool = ThreadPool(threads, thread_name_prefix="omezarr-write")
        self._changed = threading.Condition()
        self._under_way: list[_Waiting] = []
        self._failed: list[_Waiting] = []
        self._error: BaseException | None = None
        self._free: list[npt.NDArray[np.uint8]] = []
        self._copied = 0
        self._holders = 0

    def put(self, region: Region, pixels: npt.NDArray[Any]) -> None:
        """Have a region written; waits while there is no room.

        Parameters
        ----------
        region : tuple of slice
        pixels : array
            May be changed as soon as this returns.

        Raises
        ------
        Exception
            What writing an earlier region raised, which will be tried again; then nothing of this one is taken.
        """
        size = pixels.nbytes
        copies = size <= self._memory
        with self._changed:
            self._raise_error()
            self._try_failed_again()
            while not self._is_free_for(region, size if copies else 0):
                self._changed.wait()
                self._raise_error()
                self._try_failed_again()
            memory = self._taken(size) if copies else None
            waiting = _Waiting(region, memory, pixels)
            self._under_way.append(waiting)
        if memory is None:
            try:
                self._write(region, pixels)
            finally:
                self._leave(waiting)
            return
        try:
            waiting.pixels = memory[:size].view(pixels.dtype).reshape(pixels.shape)
            np.copyto(waiting.pixels, pixels)
            self._pool.submit(self._run, waiting)
        except BaseException:
            self._leave(waiting)
            raise

    @contextmanager
    def held(self) -> Iterator[None]:
        """Write all that waits, then let nothing be written until the end of the block.

        Raises
        ------
        Exception
            What writing raised; what was not written is kept.
        """
        with self._changed:
            self._error = None
            self._try_failed_again()
            self._holders += 1
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._under_way)
                self._raise_error()
            yield
        finally:
            with self._changed:
                self._holders -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End the threads; what waits is still written."""
        self._pool.shutdown()

    def _run(self, waiting: _Waiting) -> None:
        try:
            if self._error is None:
                self._write(waiting.region, waiting.pixels)
                self._leave(waiting)
                return
        except BaseException as error:  # noqa: BLE001  # raised by the next call
            with self._changed:
                self._error = self._error or error
        with self._changed:
            self._under_way.remove(waiting)
            self._failed.append(waiting)
            self._changed.notify_all()

    def _leave(self, waiting: _Waiting) -> None:
        with self._changed:
            self._under_way.remove(waiting)
            if waiting.memory is not None:
                self._copied -= waiting.pixels.nbytes
                if self._copied + sum(one.nbytes for one in (*self._free, waiting.memory)) <= self._memory:
                    self._free.append(waiting.memory)
            self._changed.notify_all()

    def _is_free_for(self, region: Region, size: int) -> bool:
        return (
            not self._holders
            and self._copied + size <= self._memory
            and not any(_share(region, waiting.region) for waiting in self._under_way)
        )

    def _taken(self, size: int) -> npt.NDArray[np.uint8]:
        """Return memory of at least this size: what was used last, which is the warmest."""
        self._copied += size
        while self._free:
            memory = self._free.pop()
            if size <= memory.nbytes <= 2 * size:
                return memory
        return np.empty(size, np.uint8)

    def _try_failed_again(self) -> None:
        if self._holders:
            return
        failed, self._failed = self._failed, []
        for waiting in failed:
            self._under_way.append(waiting)
            self._pool.submit(self._run, waiting)

    def _raise_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error


def _share(one: Region, other: Region) -> bool:
    """Say whether two regions share samples."""
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))
