"""Compare omezarr with other writers: ``python benchmarks/compare.py --python PYTHON [--work A] [--codec fast]``.

All writers run in alternation, each in a process of its own, with the same codec, chunks and levels; pixels of every
output are checked. ``--python`` is the interpreter of an environment that has omezarr, ome-zarr and ngff-zarr; without
it, one is made in the work folder. Prints a table with medians, their spread, and ratios to omezarr.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np
from inputs import WORKS, volume

HERE = Path(__file__).parent
NAMES = ("omezarr", "floor", "ome-zarr", "ngff-zarr", "zarr-python")


def environment(folder: Path) -> str:
    """Make an environment with omezarr of this checkout and its peers."""
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        packages = ["ome-zarr==0.21.0", "ngff-zarr[dask-image]==0.50.0"]
        subprocess.run([python, "-m", "pip", "install", "-q", str(HERE.parent), *packages], check=True)
    return str(python)


def measured(python: str, name: str, source: Path, output: Path, codec: str) -> dict[str, float]:
    """Run a writer and return what it took."""
    shutil.rmtree(output, ignore_errors=True)
    start = time.perf_counter()
    command = [python, str(HERE / "writers.py"), name, str(source), str(output), codec]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    files = [path for path in output.rglob("*") if path.is_file()]
    return {**result, "process": wall, "bytes": sum(path.stat().st_size for path in files), "files": len(files)}


def check(name: str, source: Path, output: Path) -> None:
    """Stop if the pixels are not what they should be."""
    import zarr

    if name == "floor":
        return
    pixels = np.load(source, mmap_mode="r")
    group = zarr.open_group(output, mode="r")
    paths = [str(level) for level in range(5)]
    if "ome" in group.attrs:
        paths = [dataset["path"] for dataset in group.attrs["ome"]["multiscales"][0]["datasets"]]
    rng = np.random.default_rng(0)
    for _ in range(5):
        c, z, y, x = (int(rng.integers(0, n - w + 1)) for n, w in zip(pixels.shape, (1, 1, 64, 64), strict=True))
        y, x = y // 2 * 2, x // 2 * 2
        block = pixels[c, z, y : y + 64, x : x + 64]
        if not (np.asarray(group[paths[0]][c, z, y : y + 64, x : x + 64]) == block).all():
            raise SystemExit(f"{name}: pixels of the first level differ")
        mean = block.reshape(32, 2, 32, 2).mean(axis=(1, 3))
        found = np.asarray(group[paths[1]][c, z, y // 2 : y // 2 + 32, x // 2 : x // 2 + 32])
        if abs(found - mean).max() > 1:
            raise SystemExit(f"{name}: pixels of the second level are no means")


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """Return the results as a Markdown table."""
    base = statistics.median(run["write"] for run in results["omezarr"])
    lines = [
        "| writer | write, s (min to max) | ratio | CPU, s | process, s | own memory, MiB | output, MB | files |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        low, high = min(run["write"] for run in runs), max(run["write"] for run in runs)
        cells = [
            name,
            f"{medians['write']:.2f} ({low:.2f} to {high:.2f})",
            f"{medians['write'] / base:.2f}",
            f"{medians['cpu']:.1f}",
            f"{medians['process']:.2f}",
            f"{medians['own'] / 2**20:.0f}",
            f"{medians['bytes'] / 1e6:.0f}",
            f"{medians['files']:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="interpreter of an environment that has all writers")
    parser.add_argument("--folder", type=Path, default=Path("benchmark-work"), help="where inputs and outputs go")
    parser.add_argument("--work", choices=sorted(WORKS), default="A")
    parser.add_argument("--codec", choices=["fast", "slow"], default="fast")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--writers", nargs="+", default=list(NAMES), choices=NAMES)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    python = given.python or environment(given.folder / "environment")
    source = given.folder / f"{given.work}.npy"
    if not source.exists():
        volume(source, WORKS[given.work])
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in given.writers}
    if given.work != "A":
        results.pop("floor", None)  # its loops want shapes that are multiples of everything
    for number in range(given.runs):
        for name, runs in results.items():
            output = given.folder / "output.zarr"
            runs.append(measured(python, name, source, output, given.codec))
            if number == 0:
                check(name, source, output)
            print(number, name, {key: round(value, 2) for key, value in runs[-1].items()}, file=sys.stderr)
            shutil.rmtree(output, ignore_errors=True)
    (given.folder / f"{given.work}-{given.codec}.json").write_text(json.dumps(results, indent=1))
    print(table(results))


if __name__ == "__main__":
    main()
