"""What checksums cost: one image written and read in turns with and without them.

    python benchmarks/checksum_costs.py FOLDER [PAIRS]

Prints the medians of CPU time and, for each pair of neighbouring runs, the median of how much longer one with checksums
takes. CPU time of all threads counts, as it depends little on what else the machine does.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

import omezarr

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = (8, 1024, 1024)
CODECS = ["blosc:cname=zstd,clevel=1,shuffle=bitshuffle", "zstd:level=1", "gzip:level=5", "none"]
LAYOUTS: dict[str, dict[str, Any]] = {"chunks": {}, "shards": {"shards": (8, 512, 512)}}


def camera() -> np.ndarray[Any, Any]:
    """Return spots over the noise of a camera."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    plane = 400 * np.exp(-40 * ((y - 0.5) ** 2 + (x - 0.5) ** 2)) + 100
    return random.poisson(np.broadcast_to(plane, SHAPE)).astype("uint16")


def timed(work: Callable[[], object]) -> float:
    """Return the CPU time of a call in seconds."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def seconds(place: Path, pixels: np.ndarray[Any, Any], **options: Any) -> dict[str, float]:
    """Return what writing an image anew takes, and reading it."""
    shutil.rmtree(place, ignore_errors=True)
    write = timed(lambda: omezarr.write_image(place, pixels, axes="zyx", levels=1, **options))
    level = omezarr.open(place).levels[0]
    return {"write": write, "read": timed(level.read)}


def main() -> None:
    """Print one line for each codec and layout."""
    folder, pairs = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 9
    pixels = camera()
    print(f"{pixels.nbytes / 2**20:.0f} MiB of uint16, {pairs} pairs; CPU seconds, medians")
    print(
        "| codec | layout | write | with | more | read | with | more |\n|---|---|---|---|---|---|---|---|", flush=True
    )
    for codec in CODECS:
        for name, layout in LAYOUTS.items():
            took: dict[bool, list[dict[str, float]]] = {False: [], True: []}
            for pair in range(pairs + 1):
                for checksums in (False, True) if pair % 2 else (True, False):
                    place = folder / f"{checksums}.ome.zarr"
                    took[checksums].append(seconds(place, pixels, codec=codec, checksums=checksums, **layout))
            cells = []
            for task in ("write", "read"):  # the first pair warms up
                without, having = ([run[task] for run in took[key][1:]] for key in (False, True))
                more = median(b / a for a, b in zip(without, having, strict=True)) - 1
                cells += [f"{median(without):.3f}", f"{median(having):.3f}", f"{more:+.1%}"]
            print(f"| {codec.partition(':')[0]} | {name} | {' | '.join(cells)} |", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
