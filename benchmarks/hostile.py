"""Give every reading command input that claims more than is there, and measure what each costs.

Run as ``python benchmarks/hostile.py FOLDER [--verbose] [INPUT ...]``, with parts of the names of inputs, default: all.
The folder is emptied. Each command runs in a forked process, so that the seconds are those of its own work, without
the start of Python; with its greatest memory and its exit code they make a cell. It is marked where it was over the
bounds, did not end, ended in a traceback, or said more than some screens of text.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import shutil
import signal
import sys
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hostile_inputs import INPUTS

import omezarr
from omezarr.cli import run
from omezarr.errors import OMEZarrError
from omezarr.plugins.registry import default_registry

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS, MEBIBYTES = 2.0, 300
WORKED_AT_MOST, ENDED_AFTER = 8, 60
"""Seconds of work, and those on the clock; then a command is ended."""

MOST_MEMORY = 8 * 1024**3
MOST_TEXT = 20_000
NEEDED = ("zarr", "dask.array", "tifffile", "omezarr.writing", "omezarr.upgrading", "omezarr.checking.validation")


def opened(path: str, _: str) -> int:
    try:
        for level in omezarr.open(path).levels:
            print(level.shape, level.dtype, level.read(tuple(slice(0, 1) for _ in level.shape)))
    except OMEZarrError as error:
        print("Error:", " ".join(str(error).split()))
        return 1
    return 0


COMMANDS: dict[str, Callable[[str, str], int]] = {
    "info": lambda path, _: run(["info", path]),
    "info --stats": lambda path, _: run(["info", path, "--stats"]),
    "validate": lambda path, _: run(["validate", path]),
    "validate --data": lambda path, _: run(["validate", path, "--data"]),
    "convert": lambda path, target: run(["convert", path, target]),
    "upgrade": lambda path, target: run(["upgrade", path, target, "--to", "0.6"]),
    "open": opened,
}


def measured(work: Callable[[], int], said: Path) -> tuple[float, float, int]:
    """Call in a process of its own; return its seconds of work, the most memory it had in MiB, and its exit code."""
    child = os.fork()
    if not child:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (WORKED_AT_MOST, WORKED_AT_MOST))
            out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            code = work()
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
            traceback.print_exc()
            code = 99
        os._exit(code)
    clock = threading.Timer(ENDED_AFTER, os.kill, (child, signal.SIGKILL))
    clock.start()
    _, status, used = os.wait4(child, 0)
    clock.cancel()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def faults(seconds: float, memory: float, code: int, said: str) -> list[str]:
    """Return what is wrong with how a command ended."""
    if code in (-signal.SIGKILL, -signal.SIGXCPU):
        return ["does not end"]
    found = []
    if seconds > SECONDS:
        found.append("slow")
    if memory > MEBIBYTES:
        found.append("large")
    if "Traceback (most recent" in said or code not in (0, 1, 2) or "-vv before the command" in said:
        found.append("traceback")
    if len(said) > MOST_TEXT:
        found.append("long")
    return found


def made(root: Path, name: str) -> str:
    """Make an input in a process of its own, for a child counts the memory of its parent as its own."""

    def make() -> int:
        (root / "path").write_text(str(INPUTS[name](root)))
        return 0

    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    child = os.fork()
    if not child:
        os._exit(make())
    os.waitpid(child, 0)
    return (root / "path").read_text()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("inputs", nargs="*", metavar="INPUT")
    parser.add_argument("--command", action="append", choices=list(COMMANDS), dest="commands")
    parser.add_argument("--verbose", action="store_true", help="Show what each command says, too.")
    words = parser.parse_intermixed_args()
    for module in NEEDED:
        importlib.import_module(module)
    default_registry()
    root, wrong = words.folder.resolve(), 0
    commands = words.commands or list(COMMANDS)
    print(f"| input | {' | '.join(commands)} |\n|---{'|---' * len(commands)}|", flush=True)
    for name in INPUTS:
        if words.inputs and not any(part in name for part in words.inputs):
            continue
        path, target, cells = made(root, name), root / "target.ome.zarr", []
        for command in commands:
            shutil.rmtree(target, ignore_errors=True)
            seconds, memory, code = measured(partial(COMMANDS[command], path, str(target)), root / "said")
            with (root / "said").open(errors="replace") as stream:
                said = stream.read(2 * MOST_TEXT)
            found = faults(seconds, memory, code, said)
            wrong += bool(found)
            cells.append(f"{seconds:.1f} s {memory:.0f} MiB {code}{f' **{chr(44).join(found)}**' if found else ''}")
            if words.verbose:
                shown = said if len(said) < 900 else f"{said[:600]} ... {said[-200:]}"
                print(f"{name}, {command}: {shown}", file=sys.stderr, flush=True)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    shutil.rmtree(root, ignore_errors=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
