"""Writes some wells of a plate, as one of several processes that write it at once.

Run as ``python -m tests.writing.plate_job PLATE WELL... [--stop-at FIELD] [--resume]``: at that field it says so, in
the middle of its pixels, and waits to be killed.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

import omezarr
from omezarr.abc import PixelSource

ROWS, COLUMNS = 2, 3
FIELDS = {"A/1": 2, "A/2": 1, "A/3": 3, "B/1": 2, "B/3": 1}
"""How many fields each well has; B/2 was not imaged."""


class Pixels(PixelSource):
    """Pixels that are computed from the path of their field and their place."""

    def __init__(self, path: str, *, stop: bool) -> None:
        self.shape = (2, 40 + 8 * (len(path) % 2), 48)
        self.dtype = np.dtype("uint16")
        self.chunks = (1, 16, 16)
        self.identity = path
        self.seed = sum(path.encode())
        self.stop = stop
        self.reads = 0

    def read(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        self.reads += 1
        if self.stop and self.reads > 3:
            sys.stdout.write("in the middle\n")
            sys.stdout.flush()
            time.sleep(600)
        c, y, x = np.ogrid[region]
        return (self.seed * 31 + c * 9973 + y * 331 + x * 17).astype("uint16")

    def cost(self, region: tuple[slice, ...]) -> int:
        return 0


def write(path: str, wells: list[str], *, stop_at: str = "", resume: bool = False) -> None:
    writer = omezarr.create_plate(
        path, rows=ROWS, columns=COLUMNS, name="screen", acquisitions=[{"id": 0}, {"id": 1}],
        axes="cyx", scale=0.5, channels=["DAPI", "GFP"], chunks=(1, 16, 16), levels=2,
        run={"resume": resume, "threads": 1},
    )  # fmt: skip
    for well in wells:
        for number in range(FIELDS[well]):
            place = f"{well}/{number}"
            labels = {"nuclei": np.full((40, 48), number + 1, "uint8")} if place == "A/3/1" else None
            pixels: Any = Pixels(place if labels is None else "A/3/1+", stop=place == stop_at)
            if labels is not None:
                pixels.shape = (2, 40, 48)
            writer.write_field(place, pixels, acquisition=number % 2, translation=(0, 0, number * 24.0), labels=labels)


if __name__ == "__main__":
    words = sys.argv[2:]
    stop = words[words.index("--stop-at") + 1] if "--stop-at" in words else ""
    write(sys.argv[1], [word for word in words if word in FIELDS], stop_at=stop, resume="--resume" in words)
