"""Reading a whole level and random planes: ``python benchmarks/reading.py IMAGE.zarr [--runs 5]``.

Compares omezarr's reader with zarr-python's pipeline of the same environment, in alternation, and checks that both
give the same pixels. Run it in environments with different versions of zarr.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from omezarr.engine.geometry import full_region
from omezarr.engine.reading import ArrayReader
from omezarr.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", help="a local image whose levels are 0, 1, ... in c, z, y, x")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    array: Any = zarr.open_group(given.image, mode="r")["0"]
    reader, threads = ArrayReader(array), available_cores()
    rng = np.random.default_rng(0)
    last = [max(1, n - 256) for n in array.shape[2:]]
    planes = [
        (slice(c, c + 1), slice(z, z + 1), slice(y, y + 256), slice(x, x + 256))
        for c, z, y, x in zip(*(rng.integers(0, n, 100) for n in (array.shape[0], array.shape[1], *last)), strict=True)
    ]
    work: dict[str, Callable[[], Any]] = {
        "omezarr, whole level": lambda: reader.read(full_region(array.shape), threads),
        "zarr-python, whole level": lambda: array[...],
        "omezarr, 100 planes": lambda: [reader.read(plane, threads) for plane in planes],
        "zarr-python, 100 planes": lambda: [array[plane] for plane in planes],
    }
    if not all((reader.read(plane, threads) == array[plane]).all() for plane in planes):
        raise SystemExit("omezarr reads other pixels than zarr-python")
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(given.runs):
        for name, run in work.items():
            times[name].append(seconds(run))
    print(f"zarr {zarr.__version__}, {threads} threads")
    print("| reader | median, s | min to max, s | GB/s |")
    print("|---|---|---|---|")
    for name, found in times.items():
        median = statistics.median(found)
        speed = f"{array.nbytes / median / 1e9:.2f}" if "whole" in name else ""
        print(f"| {name} | {median:.2f} | {min(found):.2f} to {max(found):.2f} | {speed} |")


if __name__ == "__main__":
    main()
