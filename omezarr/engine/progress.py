"""How far a plan has come, told to whoever wants to know."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from omezarr.abc.plan import Progress

if TYPE_CHECKING:
    from omezarr.abc.plan import ProgressCallback


class ProgressCounter:
    """Counts units and bytes, from any thread.

    Parameters
    ----------
    units, bytes_total : int
        What there is to do.
    callback : callable, optional
        Is called after each change, never by two threads at once.
    """

    def __init__(self, units: int, bytes_total: int, callback: ProgressCallback | None) -> None:
        self.units_total = units
        self.bytes_total = bytes_total
        self.units_done = 0
        self.bytes_done = 0
        self.written = 0
        self.message = ""
        self._callback = callback
        self._lock = threading.Lock()

    def say(self, message: str) -> None:
        """Tell what is being done."""
        with self._lock:
            self.message = message
            self._tell()

    def add(self, units: int, size: int, *, written: bool = True) -> None:
        """Count units as done; ``written=False`` for those that an earlier attempt had written."""
        with self._lock:
            self.units_done += units
            self.bytes_done += size
            self.written += units if written else 0
            self._tell()

    def _tell(self) -> None:
        if self._callback is not None:
            self._callback(
                Progress(
                    units_done=self.units_done,
                    units_total=self.units_total,
                    bytes_done=self.bytes_done,
                    bytes_total=self.bytes_total,
                    message=self.message,
                )
            )
