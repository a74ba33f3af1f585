"""Compare omezarr with other libraries: ``python benchmarks/compare.py``.

Makes an environment for each contestant and the inputs, runs all contestants of each work in alternation, each in a
process of its own, checks what they return and write, and prints tables: medians, least and greatest, and ratios to
omezarr. Needs nothing but Python 3.11 or newer, Linux, 16 GB of disk, and a machine that does nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from environments import CONTESTANTS, made, versions
from servers import CountingServer, serving
from works import INPUTS, WORKS, WRITTEN, Work

HERE = Path(__file__).parent

FAR_SECONDS = 0.02
"""What an answer takes from a server that is far away: a usual way to the next data centre and back."""


class Arena:
    """Where contestants meet: environments, inputs, outputs.

    Parameters
    ----------
    folder : pathlib.Path
    python : str
        The interpreter that environments are made with.
    """

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self._python = python
        self._programs: dict[str, Path] = {}

    def programs(self, name: str) -> Path:
        """Return the folder with the programs of a contestant."""
        contestant = CONTESTANTS[name]
        if contestant.environment not in self._programs:
            where = self.folder / "environments"
            self._programs[contestant.environment] = made(contestant, where, self._python)
        return self._programs[contestant.environment]

    def given(self, work: Work, server: CountingServer | None) -> str:
        """Return what is given to the contestants, made if it is not there."""
        if work.given in INPUTS:
            path = self.folder / work.given
            if not path.exists():
                kind, sizes = INPUTS[work.given]
                self._script("inputs.py", kind, str(path), *map(str, sizes))
            return str(path)
        name = work.given.removesuffix("-http").removesuffix("-far")
        if name not in WRITTEN:
            return work.given
        path = self.folder / f"{name}.ome.zarr"
        if not path.exists():
            task, pixels, options = WRITTEN[name]
            writing = Work(name, "", "", task, pixels, ("omezarr",), options)
            self.run("omezarr", writing, self.given(writing, None), path)
        return f"{server.url}/{path.name}" if server else str(path)

    def run(self, name: str, work: Work, given: str, output: Path) -> dict[str, Any]:
        """Have a contestant do a work; return what it took."""
        programs = self.programs(name)
        if work.task == "command":
            program, *arguments = work.options[name]
            command = [programs / program, *arguments, *filter(None, [given])]
        else:
            contestant = CONTESTANTS[name]
            task = [work.task, given, output, json.dumps({**work.options, **contestant.options})]
            command = [programs / "python", HERE / "measure.py", contestant.module, *task]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
        seconds = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(f"{name} failed at {work.name}:\n{done.stderr[-3000:]}")
        said = {"cpu": float("nan")} if work.task == "command" else json.loads(done.stdout.splitlines()[-1])
        files = [path for path in output.rglob("*") if path.is_file()] if output.exists() else []
        return {**said, "process": seconds, "bytes": sum(path.stat().st_size for path in files), "files": len(files)}

    def check(self, work: Work, given: str, output: Path) -> None:
        """Stop if what was written is not what it should be."""
        if work.method:
            self._script("checks.py", given, str(output), str(work.options["levels"]), work.method)

    def _script(self, *command: str) -> None:
        subprocess.run([self.programs("omezarr") / "python", HERE / command[0], *command[1:]], check=True)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OMEZARR", "DASK"))}


def compare(arena: Arena, work: Work, runs: int) -> dict[str, list[dict[str, Any]]]:
    """Run all contestants of a work in alternation; a first round warms up and is checked, but not counted."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in work.contestants}
    output = arena.folder / "output.ome.zarr"
    returned = set()
    with serving(arena.folder, FAR_SECONDS if work.given.endswith("-far-http") else 0) as server:
        given = arena.given(work, server if work.given.endswith("-http") else None)
        for number in range(min(runs, work.runs) + 1):
            for name, counted in results.items():
                shutil.rmtree(output, ignore_errors=True)
                asked = server.asked
                run = arena.run(name, work, given, output)
                run["requests"] = server.asked - asked
                print(f"{work.name}, {number}, {name}: {_line(run)}", file=sys.stderr)
                if number:
                    counted.append(run)
                elif not name.startswith("floor"):
                    arena.check(work, given, output)
                returned.add(run.get("returned", ""))
    shutil.rmtree(output, ignore_errors=True)
    if len(returned) != 1:
        raise SystemExit(f"{work.name}: not everybody returned the same, or not always: {returned}")
    return results


def _line(run: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value:.4g}" for key, value in run.items() if isinstance(value, int | float))


def table(work: Work, results: dict[str, list[dict[str, Any]]]) -> str:
    """Return the results of a work in Markdown."""
    columns = {"seconds": "median, s (least to greatest)", "ratio": "ratio", "cpu": "CPU, s"}
    if work.task != "command":
        columns |= {"own": "own memory, MiB"}
    if work.task in ("write", "convert", "generate", "divide", "write_plate"):
        columns |= {"bytes": "output, MB", "files": "files"}
    if work.given.endswith("-http"):
        columns |= {"requests": "requests"}
    if work.task == "command":
        del columns["cpu"]
    base = statistics.median(run[work.decides] for run in results["omezarr"])
    lines = [f"| | {' | '.join(columns.values())} |", "|---" * (len(columns) + 1) + "|"]
    for name, runs in results.items():
        times = [run[work.decides] for run in runs]
        medians = {
            key: statistics.median(run[key] for run in runs) for key, value in runs[0].items() if key != "returned"
        }
        median = statistics.median(times)
        cells = {
            "seconds": f"{median:.2f} ({min(times):.2f} to {max(times):.2f})",
            "ratio": f"{median / base:.2f}",
            "cpu": f"{medians['cpu']:.2f}",
            "own": f"{medians.get('own', 0) / 2**20:.0f}",
            "bytes": f"{medians['bytes'] / 1e6:.1f}",
            "files": f"{medians['files']:.0f}",
            "requests": f"{medians['requests']:.0f}",
        }
        lines.append(f"| {name} | {' | '.join(cells[key] for key in columns)} |")
    count = len(results["omezarr"])
    return f"## {work.title}\n{work.about} n = {count}.\n\n" + "\n".join(lines)


def heading(arena: Arena, works: list[Work]) -> str:
    """Return when, where and with what this was measured."""
    processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    machine = f"{len(os.sched_getaffinity(0))} cores of {processor.partition(':')[2].strip()}, {memory:.0f} GiB"
    lines = [f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d}: {machine}.", ""]
    names = {CONTESTANTS[name].environment: name.partition(",")[0] for work in works for name in work.contestants}
    lines += [f"- {name}: {versions(arena.programs(name))}" for name in names.values()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-work"), help="where inputs and outputs go")
    parser.add_argument("--python", default=sys.executable, help="the interpreter for all environments")
    parser.add_argument("--works", nargs="+", choices=[work.name for work in WORKS], help="not all, but these")
    parser.add_argument("--runs", type=int, default=5, help="runs of each contestant that count")
    parser.add_argument("--report", type=Path, help="a file for the tables")
    given = parser.parse_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    arena = Arena(folder, given.python)
    works = [work for work in WORKS if given.works is None or work.name in given.works]
    parts = [heading(arena, works)]
    for work in works:
        results = compare(arena, work, given.runs)
        (folder / f"{work.name}.json").write_text(json.dumps(results, indent=1))
        parts.append(table(work, results))
        print(parts[-1], flush=True)
    if given.report:
        given.report.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
