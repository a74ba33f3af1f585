"""How much memory of its own converting large TIFF files takes.

Makes a tiled and a many-page TIFF of the given size, converts each in a process of its own, and prints the peak of
anonymous memory above that after the imports, with the time. Linux only: anonymous memory is read from ``/proc``.

    python benchmarks/tiff_memory.py --gib 2
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import tifffile


def anonymous_kib() -> int:
    """Return the anonymous memory of this process in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise RuntimeError("this system does not say how much anonymous memory a process has")


def make_tiled(path: Path, gib: float) -> None:
    """Write one page of 256 x 256 tiles."""
    rows = int(gib * 2**30 / (2 * 32768)) // 256 * 256
    rng = np.random.default_rng(0)

    def tiles() -> object:
        for _ in range((rows // 256) * (32768 // 256)):
            yield rng.integers(0, 4000, (256, 256), dtype="uint16")

    tifffile.imwrite(path, tiles(), shape=(rows, 32768), dtype="uint16", tile=(256, 256), bigtiff=True)


def make_pages(path: Path, gib: float) -> None:
    """Write many pages of 1024 x 1024, in strips."""
    count = int(gib * 2**30 / (2 * 1024 * 1024))
    rng = np.random.default_rng(0)
    pages = (rng.integers(0, 4000, (1024, 1024), dtype="uint16") for _ in range(count))
    options = {"metadata": {"axes": "ZYX"}, "photometric": "minisblack", "rowsperstrip": 64, "bigtiff": True}
    tifffile.imwrite(path, pages, shape=(count, 1024, 1024), dtype="uint16", **options)


def convert(source: Path, target: Path) -> None:
    """Convert one file, watching the memory, and print what was seen."""
    import omezarr
    import omezarr.conversion
    import omezarr.engine

    registry = omezarr.default_registry()
    _ = [list(registry.axis(name)) for name in ("importers", "scaling_methods", "formats", "node_types")]
    import skimage.transform  # noqa: F401

    baseline = peak = anonymous_kib()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, anonymous_kib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    omezarr.convert(source, target)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    size = source.stat().st_size / 2**30
    print(f"{source.name}: {size:.2f} GiB in {seconds:.1f} s, own memory {(peak - baseline) / 1024:.0f} MiB")


def main() -> None:
    """Make the files and convert each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=2.0, help="size of each file in GiB")
    parser.add_argument("--convert", nargs=2, metavar=("SOURCE", "TARGET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.convert:
        convert(*map(Path, arguments.convert))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, make in [("tiled.tif", make_tiled), ("pages.tif", make_pages)]:
            source = Path(folder, name)
            make(source, arguments.gib)
            target = Path(folder, f"{name}.ome.zarr")
            subprocess.run([sys.executable, __file__, "--convert", str(source), str(target)], check=True)
            source.unlink()


if __name__ == "__main__":
    main()
