"""Convert where the machine, the network or the cluster gives trouble, and compare with what is written without.

Run as ``python benchmarks/troubles.py FOLDER [TROUBLE ...]``. The folder is emptied. A target that is said to be
complete must hold all files of an undisturbed one; every other outcome must be an error of one line, after which the
same call with ``--resume`` gives those files. The trouble ``disk`` mounts file systems of its own and needs root.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

import omezarr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = 30
RUNS = 5
SHARE = 0.2
SHAPE = (4, 8, 128, 128)
WORDS = ("--axes", "czyx", "--chunks", "1,4,64,64", "--levels", "3", "--threads", "4")
NOT_FORWARDED = ("connection", "transfer-encoding", "content-length", "server", "date")
FAULTS = ("503", "reset", "cut", "stalled", "short", "long")
STALLED_SECONDS = 5.0


class CampaignError(Exception):
    """What must not be."""


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return all files below a folder, and None for each folder."""
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


def convert(
    *words: object, before: Callable[[], None] | None = None, seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Call the command line in a process of its own."""
    command = [sys.executable, "-c", "from omezarr.cli import main; main()", "convert", *map(str, words)]
    started = time.monotonic()
    done = subprocess.run(command, preexec_fn=before, capture_output=True, text=True, check=False, timeout=seconds)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Note: ")]
    if done.returncode not in (0, 1) or (done.returncode and (len(lines) != 1 or not lines[0].startswith("Error: "))):
        raise CampaignError(
            f"{' '.join(command)} ended with {done.returncode} after {time.monotonic() - started:.0f} s: "
            f"{done.stderr[-600:]}"
        )
    return done


def full_disk(folder: Path) -> str:
    """Write to file systems of many sizes, enlarge those that were too small, and go on."""
    source, mounted = folder / "a.npy", folder / "disk"
    np.save(source, np.random.default_rng(1).integers(0, 4000, SHAPE).astype("uint16"))
    convert(source, folder / "whole.zarr", *WORDS)
    expected = contents(folder / "whole.zarr")
    total = sum(-(-len(content or b"") // 4096) * 4096 for content in expected.values())
    mounted.mkdir()
    full = 0
    for number in range(SIZES):
        size = 4096 * (8 + total * (number + 1) // (SIZES - 2) // 4096)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mounted], check=True)
        try:
            target = mounted / "a.zarr"
            done = convert(source, target, *WORDS)
            if done.returncode:
                full += 1
                if "no space left" not in done.stderr.lower():
                    raise CampaignError(f"a disk of {size} bytes: {done.stderr}")
                if target.exists() and convert(source, target, *WORDS).returncode != 1:
                    raise CampaignError(f"a disk of {size} bytes: going on without --resume is no error")
                subprocess.run(["mount", "-o", f"remount,size={4 * total}", mounted], check=True)
                if convert(source, target, *WORDS, "--resume").returncode:
                    raise CampaignError(f"a disk of {size} bytes: cannot be resumed")
            if contents(target) != expected:
                raise CampaignError(f"a disk of {size} bytes: other files")
        finally:
            subprocess.run(["umount", mounted], check=True)
    return (
        f"{SIZES} sizes up to {total} bytes, {full} of them too small: all errors clear, all resumed to the same bytes"
    )


def few_files(folder: Path) -> str:
    """Read and write many objects with 20 open files at most."""
    rng = np.random.default_rng(2)
    source = folder / "many"
    source.mkdir()
    for z in range(60):
        tifffile.imwrite(source / f"a_z{z:03}.tif", rng.integers(0, 4000, (128, 128)).astype("uint16"))
    omezarr.write_image(
        folder / "source.zarr", rng.integers(0, 9, SHAPE).astype("uint8"), axes="czyx", chunks=(1, 1, 32, 32)
    )
    calls = {
        "60 TIFF files": (source, "--pattern", "a_z{z}.tif", "--chunks", "1,64,64"),
        "a zarr of 1024 chunks": (folder / "source.zarr", "--chunks", "1,1,64,64"),
    }
    ended = []
    for name, (given, *words) in calls.items():
        for limit in (64, 20, 16):
            target = folder / f"{name}-{limit}.zarr"
            whole = folder / f"{name}.zarr"
            if not whole.exists():
                convert(given, whole, *words)

            def bound(limit: int = limit) -> None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

            done = convert(given, target, *words, before=bound)
            if done.returncode and convert(given, target, *words, "--resume").returncode:
                raise CampaignError(f"{name}, {limit} files: cannot be resumed")
            if contents(target) != contents(whole):
                raise CampaignError(f"{name}, {limit} files: other bytes")
            ended.append(f"{name}, {limit} files: {done.stderr.strip() if done.returncode else 'done'}")
    return "; ".join(ended)


class Troubled(ThreadingHTTPServer):
    """Stands before a server, and lets a share of all answers fail in one way or another."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, behind: str, seed: int, share: float = SHARE) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.share = behind, share
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.asked: dict[str, int] = {}
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fault(self, path: str) -> str:
        """Return what becomes of an answer."""
        with self.lock:
            self.asked[path] = self.asked.get(path, 0) + 1
            if self.random.random() >= self.share:
                return ""
            return self.random.choices(FAULTS, weights=(4, 4, 4, 1, 2, 2))[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def _forward(self) -> None:
        server = self.server
        assert isinstance(server, Troubled)
        body = self._body()
        fault = server.fault(f"{self.command} {self.path}")
        if fault == "503":
            self._answer(503, {}, b"busy")
            return
        if fault == "reset":
            self.close_connection = True
            self.connection.close()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_FORWARDED}
        request = urllib.request.Request(f"{server.behind}{self.path}", data=body, headers=headers, method=self.command)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
                status, found, content = answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            status, found, content = error.code, dict(error.headers), error.read()
        self._answer(status, found, content, fault)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length")
        return None if length is None else self.rfile.read(int(length))

    def _answer(self, status: int, headers: dict[str, str], content: bytes, fault: str = "") -> None:
        announced = {name: value for name, value in headers.items() if name.lower() not in NOT_FORWARDED}
        length = len(content) if self.command != "HEAD" else int(headers.get("Content-Length", 0))
        if fault == "short" and content:
            content, length = content[:-1], length - 1
        elif fault == "long" and content:
            content, length = content + b"x", length + 1
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in announced.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command == "HEAD":
                return
            if fault in ("cut", "stalled"):
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                if fault == "stalled":
                    assert isinstance(self.server, Troubled)
                    self.server.stopped.wait(STALLED_SECONDS)
                self.close_connection = True
                return
            self.wfile.write(content)

    do_GET = do_HEAD = _forward  # noqa: N815 - the names that http.server calls


@contextmanager
def troubled(behind: str, seed: int) -> Iterator[Troubled]:
    """Put trouble before a server."""
    server = Troubled(behind, seed)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()


@contextmanager
def files_served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder."""
    sys.path.insert(0, str(Path(__file__).parent))
    from servers import serving

    with serving(folder, 0.0) as server:
        yield server.url


def web(folder: Path) -> str:
    """Convert an image, sharded and not, from a server of which a fifth of the answers fails."""
    pixels = np.random.default_rng(3).integers(0, 4000, SHAPE).astype("uint16")
    omezarr.write_image(folder / "plain.zarr", pixels, axes="czyx", chunks=(1, 4, 64, 64), levels=3)
    omezarr.write_image(
        folder / "shards.zarr", pixels, axes="czyx", chunks=(1, 4, 32, 32), shards=(1, 8, 128, 128), levels=3
    )
    return _through(folder, folder, lambda url, name: ([f"{url}/{name}"], []), RUNS)


def _through(folder: Path, served: Path, words: Callable[[str, str], tuple[list[str], list[str]]], runs: int) -> str:
    tried, refused, most, longest = 0, 0, 0, 0.0
    for name in ("plain.zarr", "shards.zarr"):
        convert(folder / name, folder / f"whole-{name}", "--threads", "4")
        expected = contents(folder / f"whole-{name}")
        for seed in range(runs):
            target = folder / f"{seed}-{name}"
            with files_served(served) as behind, troubled(behind, seed) as server:
                sources, options = words(server.url, name)
                for attempt in range(20):
                    start = time.monotonic()
                    server.asked.clear()
                    done = convert(*sources, target, "--threads", "4", *options, *["--resume"] * bool(attempt))
                    longest = max(longest, time.monotonic() - start)
                    most = max(most, *server.asked.values())
                    tried += 1
                    refused += done.returncode
                    if not done.returncode:
                        break
                else:
                    raise CampaignError(f"{name}, seed {seed}: {done.stderr}")
            if contents(target) != expected:
                raise CampaignError(f"{name}, seed {seed}: other bytes")
    return (
        f"{tried} calls, {refused} ended in an error and were resumed; no other byte; at most {most} requests for one "
        f"object and {longest:.0f} s"
    )


def cluster(folder: Path) -> str:
    """Kill workers of a cluster while they write."""
    import distributed

    source = np.random.default_rng(5).integers(0, 4000, SHAPE).astype("uint16")
    words: dict[str, Any] = {"axes": "czyx", "chunks": (1, 4, 32, 32), "levels": 3, "name": "image"}
    omezarr.write_image(folder / "whole.zarr", source, **words)
    expected = contents(folder / "whole.zarr")
    kills = 0
    for number in range(RUNS):
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as here,
            distributed.Client(here, set_as_default=False) as client,
        ):
            killed: list[int] = []

            def progress(state: Any, client: Any = client, killed: list[int] = killed, number: int = number) -> None:
                if state.units_done > 40 * number and not killed:
                    pids = list(client.run(os.getpid).values())
                    killed.append(pids[0])
                    os.kill(pids[0], signal.SIGKILL)

            target = folder / f"{number}.zarr"
            omezarr.write_image(target, source, **words, run=omezarr.RunOptions(scheduler=client, progress=progress))
            kills += len(killed)
        if contents(target) != expected:
            raise CampaignError(f"run {number}: other bytes")
    return f"{kills} workers killed in mid-run: the same bytes each time"


TROUBLES = {"disk": full_disk, "files": few_files, "web": web, "cluster": cluster}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("troubles", nargs="*", default=list(TROUBLES))
    words = parser.parse_args()
    for name in words.troubles:
        folder = words.folder.resolve() / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        start = time.monotonic()
        print(f"{name}: {TROUBLES[name](folder)} ({time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
