"""Kill every command and function that writes before each change of files, make the same call again, and compare.

Run as ``python benchmarks/kills.py FOLDER [--every N] [WORK ...]``: all moments, or each Nth. The folder is emptied. A
call runs in a forked process that ends itself, without any clean-up, when the interpreter is about to open a file for
writing, to make, move, link or remove one. All files and folders must then be those of a call that nobody killed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import omezarr
from omezarr.cli import run
from omezarr.plugins.registry import default_registry
from omezarr.writing import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.truncate", "shutil.rmtree"}
KILLED = 9
PIXELS = np.random.default_rng(6).integers(0, 900, (2, 40, 40)).astype("uint16")
CELLS = (PIXELS[:1] // 100).astype("uint8")
WELLS = {"A/1": PIXELS, "B/2": PIXELS}
AGAIN = RunOptions(resume=True, threads=1)
RUN = ("--resume", "--threads", "1")
SMALL: dict[str, Any] = {"axes": "cyx", "chunks": (1, 32, 32)}


def command(*words: object) -> None:
    code = run([str(word) for word in words])
    if code:
        raise SystemExit(f"exit code {code} of {words}")


def source(folder: Path) -> None:
    np.save(folder / "a.npy", PIXELS)


def image(folder: Path) -> None:
    omezarr.write_image(folder / "a.zarr", PIXELS, **SMALL, levels=1, labels={"old": CELLS})


def old_image(folder: Path) -> None:
    omezarr.write_image(folder / "a.zarr", PIXELS, **SMALL, levels=2, format="0.4", labels={"old": CELLS})


def consolidated_image(folder: Path) -> None:
    omezarr.write_image(
        folder / "a.zarr", PIXELS, **SMALL, levels=2, labels={"old": CELLS, "others": CELLS}, consolidated=True
    )


def both(folder: Path) -> None:
    source(folder)
    omezarr.write_image(folder / "a.zarr", PIXELS + np.uint16(1), **SMALL, levels=1)


def broken(folder: Path) -> None:
    old_image(folder)
    path = folder / "a.zarr/.zattrs"
    path.write_text(path.read_text().replace('"version": "0.4",', "").replace('"micrometer"', '"um"'))


def plate(folder: Path) -> None:
    omezarr.write_plate(folder / "p.zarr", {"A/1": PIXELS}, columns=["1", "2"], **SMALL, levels=1)


def nothing(folder: Path) -> None:
    pass


def convert(*words: str) -> Callable[[Path], None]:
    return lambda folder: command("convert", folder / "a.npy", folder / "a.zarr", "--axes", "cyx", *words, *RUN)


def acquire(folder: Path) -> None:
    with omezarr.create_writer(
        folder / "m.zarr", shape=(None, 40, 40), dtype="uint16", axes="tyx", chunks=(2, 32, 32), levels=2, run=AGAIN
    ) as writer:
        cells = writer.add_labels("cells", "uint8")
        for t, frame in enumerate(PIXELS):
            writer.write(frame, t=t)
            cells.write((frame // 100).astype("uint8"), t=t)


WORKS: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
    "convert": (source, convert("--chunks", "1,16,16")),
    "convert, shards, consolidated": (source, convert("--chunks", "1,8,8", "--shards", "1,32,32", "--consolidated")),
    "convert, 0.4, consolidated": (source, convert("--chunks", "1,32,32", "--format", "0.4", "--consolidated")),
    "convert, overwriting": (both, convert("--chunks", "1,32,32", "--overwrite")),
    "create": (nothing, lambda folder: command("create", folder / "p.zarr", "--sample", "coins", *RUN)),
    "scale in place": (image, lambda folder: command("scale", folder / "a.zarr", "--in-place", "--levels", "3", *RUN)),
    "upgrade in place": (old_image, lambda folder: command("upgrade", folder / "a.zarr", "--to", "0.5")),
    "downgrade in place": (
        image, lambda folder: command("upgrade", folder / "a.zarr", "--to", "0.4", "--allow-lossy")
    ),
    "upgrade to a target": (
        old_image, lambda folder: command("upgrade", folder / "a.zarr", folder / "b.zarr", "--to", "0.6", *RUN)
    ),
    "validate --fix": (broken, lambda folder: command("validate", folder / "a.zarr", "--fix")),
    "edit": (image, lambda folder: command("edit", folder / "a.zarr", "--name", "other", "--channel", "0:label=DAPI")),
    "edit of an image and its labels": (
        consolidated_image,
        lambda folder: command("edit", folder / "a.zarr", "--scale", "0.5", "--translation", "y=3,x=4"),
    ),
    "edit of labels, consolidated above": (
        consolidated_image, lambda folder: command("edit", folder / "a.zarr/labels/old", "--label-color", "1=FF0000")
    ),
    "scale in place, consolidated": (
        consolidated_image,
        lambda folder: command("scale", folder / "a.zarr", "--in-place", "--levels", "3", *RUN),
    ),
    "upgrade in place, consolidated": (
        consolidated_image, lambda folder: command("upgrade", folder / "a.zarr", "--to", "0.6")
    ),
    "write_image": (
        nothing, lambda folder: omezarr.write_image(folder / "a.zarr", PIXELS, **SMALL, labels={"x": CELLS}, run=AGAIN)
    ),
    "write_labels": (image, lambda folder: omezarr.write_labels(folder / "a.zarr", CELLS, "new", run=AGAIN)),
    "write_plate": (
        nothing, lambda folder: omezarr.write_plate(folder / "p.zarr", WELLS, **SMALL, run=AGAIN)
    ),
    "write_field": (
        plate, lambda folder: omezarr.write_field(folder / "p.zarr", "A/2", PIXELS, field="0", **SMALL, run=AGAIN)
    ),
    "create_writer": (nothing, acquire),
}  # fmt: skip


def changes_a_file(event: str, given: tuple[Any, ...], below: str) -> bool:
    if event == "open":
        path, _, flags = given
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return False
        return isinstance(path, str | Path) and str(path).startswith(below)
    return event in CHANGES


def outcome(work: Callable[[Path], None], folder: Path, limit: int) -> int:
    """Call in a process that dies before a change of files, and return how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = [limit]

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if changes_a_file(event, given, str(folder)):
            if left[0] == 0:
                os._exit(KILLED)
            left[0] -= 1

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        warnings.simplefilter("ignore")
        sys.addaudithook(hook)
        work(folder)
        if limit < 0:
            (folder.parent / "modules").write_text("\n".join(sys.modules))
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return all files below a folder, and None for each folder."""
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


def campaign(name: str, root: Path, every: int) -> tuple[int, list[str]]:
    """Kill one work at its moments; return how often, and what was wrong afterwards."""
    prepare, work = WORKS[name]
    base, folder = root / "base", root / "work"
    for path in (base, folder):
        shutil.rmtree(path, ignore_errors=True)
    base.mkdir(parents=True)
    wrong = []
    if outcome(prepare, base, -1):
        return 0, [f"{name}: cannot be prepared"]
    shutil.copytree(base, folder)
    if outcome(work, folder, -1):
        return 0, [f"{name}: fails though nobody kills it"]
    for module in (root / "modules").read_text().split():
        with contextlib.suppress(Exception):  # so that not every call has to
            importlib.import_module(module)
    expected, moment, ended = contents(folder), 0, KILLED
    kills = 0
    while ended == KILLED:
        shutil.rmtree(folder)
        shutil.copytree(base, folder)
        ended = outcome(work, folder, moment)
        kills += ended == KILLED
        again = outcome(work, folder, -1)
        found = contents(folder)
        if ended not in (0, KILLED) or again:
            wrong.append(f"{name}, change {moment}: ends with {ended}, then with {again}")
        elif found != expected:
            differing = sorted(key for key in {*found, *expected} if found.get(key, 0) != expected.get(key, 0))
            wrong.append(f"{name}, change {moment}: differs in {', '.join(differing[:4])}")
        moment += every
    return kills, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("works", nargs="*", default=list(WORKS))
    parser.add_argument("--every", type=int, default=1)
    words = parser.parse_args()
    default_registry()  # so that not every call looks for plugins
    total, wrong, start = 0, [], time.monotonic()
    print("| call | kills | not as if nobody had killed it |\n|---|---|---|")
    for name in words.works:
        kills, found = campaign(name, words.folder.resolve(), words.every)
        print(f"| {name} | {kills} | {len(found)} |", flush=True)
        print("\n".join(found), end="\n" * bool(found), file=sys.stderr, flush=True)
        total, wrong = total + kills, wrong + found
    print(f"| all | {total} | {len(wrong)} |")
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
