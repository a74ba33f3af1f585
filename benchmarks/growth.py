"""How time and memory grow with the number of chunks: ``python benchmarks/growth.py FOLDER``.

Makes images of more and more tiny chunks, so that what is counted is the chunks and not the pixels, and does each work
on them in a process of its own: planning, writing, going on after an interruption at three quarters, validating,
copying, upgrading in place. Prints a table of seconds, and of memory beside what the process had before. With
``--shards``, a thousand chunks lie in each object. Linux only; run it with the Python that omezarr is installed for.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CHUNK = 16
IN_SHARD = 32
WORKS = ("plan", "write", "resume", "validate", "copy", "upgrade")


class InterruptedHereError(Exception):
    """Raised by progress to stop a conversion."""


def memory(field: str) -> int:
    """Return a line of the status of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{field}:")).split()[1])


def make_source(path: Path, chunks: int) -> None:
    """Write an array of so many chunks, of which no two are the same."""
    import numpy as np

    side = CHUNK * math.isqrt(chunks)
    pixels = np.lib.format.open_memmap(path, "w+", dtype="uint8", shape=(side, side))
    tile = np.random.default_rng(0).integers(0, 255, (CHUNK, side), dtype="uint8")
    for row in range(0, side, CHUNK):
        pixels[row : row + CHUNK] = np.roll(tile, row // CHUNK, axis=1)
    pixels.flush()


def keywords(*, sharded: bool, version: str = "0.5") -> dict[str, Any]:
    """Return how images are written."""
    side = CHUNK * IN_SHARD
    shards = {"shards": (side, side)} if sharded else {}
    return {"axes": "yx", "chunks": (CHUNK, CHUNK), "levels": 2, "format": version, "overwrite": True, **shards}


def work(name: str, folder: Path, *, sharded: bool) -> dict[str, float]:
    """Do one work, and return what it took."""
    import omezarr
    import omezarr.checking.validation
    import omezarr.engine
    import omezarr.upgrading
    import omezarr.writing.conversion
    from omezarr.writing import RunOptions

    source, target, old = folder / "source.npy", folder / "image.ome.zarr", folder / "old.ome.zarr"
    given = keywords(sharded=sharded)
    reached = 0
    first: list[float] = []

    def stop(progress: Any) -> None:
        nonlocal reached
        if progress.units_done >= progress.units_total * 3 / 4:
            reached = progress.units_done
            raise InterruptedHereError

    def note(progress: Any) -> None:
        if progress.units_done > reached and not first:
            first.append(time.perf_counter())

    if name == "resume":
        shutil.rmtree(folder / "begun.ome.zarr", ignore_errors=True)
        try:
            omezarr.convert(source, folder / "begun.ome.zarr", run=RunOptions(progress=stop), **given)
        except InterruptedHereError:
            given["overwrite"] = False
    if name == "upgrade":
        omezarr.convert(source, old, **keywords(sharded=False, version="0.4"))
    before, start, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
    if name == "plan":
        omezarr.writing.conversion.prepare_conversion(source, target, **given)
    elif name == "write":
        omezarr.convert(source, target, **given)
    elif name == "resume":
        omezarr.convert(source, folder / "begun.ome.zarr", run=RunOptions(progress=note, resume=True), **given)
    elif name == "validate":
        assert not omezarr.validate(target).errors
    elif name == "copy":
        omezarr.copy(target, folder / "copy.ome.zarr", overwrite=True)
    elif name == "upgrade":
        omezarr.upgrade(old, to="0.5")
    took = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    if first:
        took["first"] = first[0] - start
    return {**took, "own": max(0, memory("VmHWM") - before)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="numbers of chunks")
    parser.add_argument("--works", nargs="+", choices=WORKS, default=WORKS)
    parser.add_argument("--shards", action="store_true", help="1024 chunks in each object; there is no upgrade then")
    parser.add_argument("--one", choices=WORKS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(work(given.one, given.folder, sharded=given.shards)))
        return
    works = [name for name in given.works if name != "upgrade" or not given.shards]
    print("| chunks | " + " | ".join(f"{name}, s (MiB)" for name in works) + " |")
    print("|---" * (len(works) + 1) + "|")
    for size in given.sizes:
        folder = given.folder / f"growth-{size}"
        folder.mkdir(parents=True, exist_ok=True)
        make_source(folder / "source.npy", size)
        cells = []
        for name in works:
            command = [sys.executable, __file__, str(folder), "--one", name, *["--shards"] * given.shards]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            took = json.loads(done.stdout.splitlines()[-1])
            begun = f", first new unit {took['first']:.2f}" if "first" in took else ""
            cells.append(f"{took['seconds']:.2f} ({took['own'] / 2**20:.0f}){begun}")
        print(f"| {size:,} | " + " | ".join(cells) + " |", flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
