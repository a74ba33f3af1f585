"""What processes left behind on a local disk that died while they wrote.

These are locks that nobody holds, files that were not yet moved to their places, and folders with nothing in them. What
a living process needs may be taken for left behind where it runs on another computer: it makes it again.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.file_locks import try_lock, unlink_and_close
from omezarr.arrays.folders import remove_empty

RUN = secrets.token_hex(4)
"""Tells this process from one of the same number before it, as it is in containers."""

STALE_SECONDS = 86400.0
"""After so long, an unfinished file is that of a dead process, though there is a process of that number: files are
written within seconds."""


PARTIAL = re.compile(r".+\.[0-9a-f]{32}\.partial")
"""What zarr-python calls the consolidated metadata of a root before it is moved to its place."""


def sweep(root: Path, *, died: bool = False) -> None:
    """Remove what dead processes left in a hierarchy.

    The hierarchy is walked for empty folders only where there are other signs of a death.

    Parameters
    ----------
    root : pathlib.Path
    died : bool
        Whether one is known to have died here.
    """
    own = Path(root, JOURNAL_PREFIX)
    with suppress(OSError):  # what cannot be removed now is in nobody's way
        for lock in own.glob("*.lock"):
            died |= _release(lock)
        for part in own.rglob("*.part"):
            if _is_dead(part):
                part.unlink(missing_ok=True)
                died = True
    if died:
        for path in root.glob("*.partial"):
            if PARTIAL.fullmatch(path.name):
                path.unlink(missing_ok=True)
        for folder, _, _ in os.walk(root, topdown=False):
            if folder != str(root):
                with suppress(OSError):
                    Path(folder).rmdir()
    remove_empty([own])


def _release(lock: Path) -> bool:
    """Remove the file of a lock that nobody holds, and return whether it was one."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    if not try_lock(descriptor):
        os.close(descriptor)
        return False
    unlink_and_close(lock, descriptor)
    return True


def _is_dead(part: Path) -> bool:
    """Return whether nobody will go on with an unfinished file."""
    number, _, rest = part.name.partition("-")
    if not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return not rest.startswith(RUN)
    if os.name != "nt":  # where this would end the process
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            pass
    return time.time() - part.stat().st_mtime > STALE_SECONDS
