"""The floor: the same chunks encoded, averaged, copied and written as files by as many threads, and nothing else."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np


def write_floor(pixels: Any, output: str, codec: tuple[str, int, str], chunks: tuple[int, ...], levels: int) -> None:
    """Write all chunks of a pyramid with factor 2 in y and x; shapes must be multiples of everything."""
    threads = len(os.sched_getaffinity(0))
    shuffle = ("noshuffle", "shuffle", "bitshuffle").index(codec[2])
    _, depth, height, width = chunks
    tall, wide = pixels.shape[2], pixels.shape[3]
    top = 2 ** (levels - 1)
    slabs = [(c, z) for c in range(pixels.shape[0]) for z in range(0, pixels.shape[1], depth)]
    tiles = [(y, x) for y in range(0, tall, height * top // 2) for x in range(0, wide, width * top // 2)]
    work = [(*slab, *tile) for slab in slabs for tile in tiles]

    def store(blosc: Any, level: int, place: tuple[int, ...], block: Any) -> None:
        folder = f"{output}/{level}/c/{place[0]}/{place[1]}/{place[2]}"
        Path(folder).mkdir(parents=True, exist_ok=True)
        with Path(folder, str(place[3])).open("wb", buffering=0) as file:
            file.write(blosc.encode(block))

    def run(mine: list[tuple[int, ...]]) -> None:
        blosc = numcodecs.Blosc(codec[0], codec[1], shuffle)
        for c, z, y0, x0 in mine:
            level = np.asarray(
                pixels[c : c + 1, z : z + depth, y0 : y0 + height * top // 2, x0 : x0 + width * top // 2]
            )
            for number in range(levels):
                smaller = np.empty((*level.shape[:2], level.shape[2] // 2, level.shape[3] // 2), level.dtype)
                for y in range(0, level.shape[2], height):
                    for x in range(0, level.shape[3], width):
                        block = np.ascontiguousarray(level[:, :, y : y + height, x : x + width])
                        place = (c, z // depth, ((y0 >> number) + y) // height, ((x0 >> number) + x) // width)
                        store(blosc, number, place, block)
                        for plane in range(block.shape[1]):
                            rows = block[0, plane].astype("uint32")
                            rows = rows[0::2] + rows[1::2]
                            mean = (rows[:, 0::2] + rows[:, 1::2] + 2) >> 2
                            smaller[0, plane, y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = mean
                level = smaller

    parts = [work[number::threads] for number in range(threads)]
    running = [threading.Thread(target=run, args=(part,)) for part in parts]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


if __name__ == "__main__":
    write_floor(np.load(sys.argv[1], mmap_mode="r"), sys.argv[2], ("zstd", 1, "bitshuffle"), (1, 16, 256, 256), 5)
