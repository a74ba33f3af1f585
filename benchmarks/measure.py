"""One contestant doing one work, in a process of its own; prints what it took as JSON.

    python measure.py MODULE TASK GIVEN OUTPUT OPTIONS

Time is counted after the imports, with what is given open; of reading, the second time in the process. Own memory is
the peak of anonymous memory less what the same process had then; Linux only.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def anonymous() -> int:
    """Return the anonymous memory of this process in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])


def described(result: Any) -> str:
    """Return something short that is the same for the same result: of pixels, a digest."""
    import numpy as np

    if result is None or isinstance(result, str | int):
        return str(result)
    digest = hashlib.sha256()
    for pixels in result if isinstance(result, list) else [result]:
        found = np.ascontiguousarray(pixels)
        digest.update(f"{found.dtype.name} {found.shape}".encode())
        digest.update(found.view("u1"))
    return digest.hexdigest()


def main() -> None:
    module, task, given, output, options = sys.argv[1:]
    run = getattr(import_module(module), task)(given, output, json.loads(options))
    before, peak, done = anonymous(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, anonymous())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    if task.startswith("read"):
        run()  # On virtual machines, the first touch of memory costs many times as much as the reading into it.
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = max(peak, anonymous())
    done.set()
    watcher.join()
    returned = described(result) if task.startswith(("read", "first", "open")) else ""
    print(json.dumps({"work": wall, "cpu": cpu, "own": max(0, peak - before), "returned": returned}))


if __name__ == "__main__":
    main()
