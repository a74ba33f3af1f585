"""The floor: the same chunks encoded, averaged, copied and written as files by as many threads, and nothing else.

A contestant like the others (see `contestants`); by itself: ``python benchmarks/floor.py PIXELS.npy OUTPUT``.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def write(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    """Open the pixels, and return what writes all chunks of a pyramid with factor 2 in y and x.

    Sizes must be multiples of all factors: there are no borders here.
    """
    pixels = np.load(given, mmap_mode="r")
    if any(size % 2 ** (options["levels"] - 1) for size in pixels.shape[2:]):
        raise SystemExit(f"the floor has no borders, so it cannot do {options['levels']} levels of {pixels.shape}")
    codec = (*options["codec"], options["blocksize"])
    return lambda: _write(pixels, output, codec, tuple(options["chunks"]), options["levels"])


def _write(pixels: Any, output: str, codec: Any, chunks: tuple[int, ...], levels: int) -> None:
    """Write all slabs of chunks, each with all its levels, in as many threads as there are cores."""
    threads = len(os.sched_getaffinity(0))
    _, depth, height, width = chunks
    slabs = [(c, z) for c in range(pixels.shape[0]) for z in range(0, pixels.shape[1], depth)]

    def run(mine: list[tuple[int, int]]) -> None:
        name, level, shuffle, blocksize = codec
        blosc = numcodecs.Blosc(name, level, ("noshuffle", "shuffle", "bitshuffle").index(shuffle), blocksize)
        for c, z in mine:
            region = np.asarray(pixels[c : c + 1, z : z + depth])
            for number in range(levels):
                smaller = np.empty((*region.shape[:2], region.shape[2] // 2, region.shape[3] // 2), region.dtype)
                for y in range(0, region.shape[2], height):
                    for x in range(0, region.shape[3], width):
                        block = np.ascontiguousarray(region[:, :, y : y + height, x : x + width])
                        folder = f"{output}/{number}/c/{c}/{z // depth}/{y // height}"
                        Path(folder).mkdir(parents=True, exist_ok=True)
                        with Path(folder, str(x // width)).open("wb", buffering=0) as file:
                            file.write(blosc.encode(block))
                        _average(block, smaller[:, :, y // 2 : (y + height) // 2, x // 2 : (x + width) // 2])
                region = smaller

    parts = [slabs[number::threads] for number in range(threads)]
    running = [threading.Thread(target=run, args=(part,)) for part in parts]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def _average(block: Any, target: Any) -> None:
    """Put the means of 2 x 2 samples into the target, plane by plane, in cache."""
    for plane in range(block.shape[1]):
        rows = block[0, plane].astype("uint32")
        rows = rows[0::2] + rows[1::2]
        target[0, plane] = (rows[:, 0::2] + rows[:, 1::2] + 2) >> 2


if __name__ == "__main__":
    chosen = {"codec": ("zstd", 1, "bitshuffle"), "chunks": (1, 16, 256, 256), "levels": 5, "blocksize": 0}
    write(sys.argv[1], sys.argv[2], chosen)()
