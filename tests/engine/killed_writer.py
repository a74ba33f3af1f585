"""Writes a pyramid, in a process of its own that tests kill.

Run as ``python -m tests.engine.killed_writer TARGET MODE [resume] [overwrite] [slow] [stuck]``; prints how often cells
of the source were read.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from omezarr.abc import PixelSource
from omezarr.abc.plan import CreateGroup
from omezarr.engine import execute, journal
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.scaling.local_mean import LocalMean
from tests.engine.pyramids import levels_of, open_store, plan_of

SHAPE = (2, 8, 320, 320)
CHUNKS = (1, 4, 32, 32)
FACTORS = [(1, 1, 2, 2), (1, 2, 2, 2), (1, 1, 2, 2)]


class Generated(PixelSource):
    """Pixels that are computed from their place, so that no file has to be made; counts its reads, may get stuck."""

    def __init__(self, seconds: float, *, stuck: bool) -> None:
        self.shape = SHAPE
        self.dtype = np.dtype("uint16")
        self.chunks = SHAPE
        self.identity = "generated"
        self.seconds = seconds
        self.stuck = stuck
        self.reads = 0

    def read(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        self.reads += 1
        time.sleep(60 if self.stuck and self.reads > 100 else self.seconds)
        grids = np.ogrid[region]
        return sum(grid * factor for grid, factor in zip(grids, (9973, 331, 17, 3), strict=True)).astype("uint16")  # type: ignore[union-attr]

    def cost(self, region: tuple[slice, ...]) -> int:
        return 0


def main() -> None:
    target, mode, *words = sys.argv[1:]
    journal.NOTED_BYTES = 64 * 1024  # many notes for a small image
    source = Generated(0.004 if "slow" in words else 0.0, stuck="stuck" in words)
    method = Gaussian() if mode == "windows" else LocalMean()
    shards = (1, 8, 64, 64) if mode == "shards" else None
    step = levels_of(source, FACTORS, chunks=CHUNKS, shards=shards, method=method, path="A/1/0")
    plan = plan_of(Path(target), CreateGroup(path="A/1/0", attributes={"ome": {"field": 0}}), step,
                   overwrite="overwrite" in words)  # fmt: skip
    sys.stdout.write("started\n")
    sys.stdout.flush()
    execute(plan, open_store=open_store, resume="resume" in words, threads=2)
    sys.stdout.write(f"{source.reads}\n")


if __name__ == "__main__":
    main()
