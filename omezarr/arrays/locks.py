"""Who may write: one process at a time for each target.

On a local disk the operating system holds the lock and lets go of it when the process dies. Elsewhere it is a lease.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.folders import make_folder, remove_empty
from omezarr.arrays.leases import leased
from omezarr.arrays.targets import LocalTarget, StoreTarget, Target
from omezarr.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGE_LOCK = f"{JOURNAL_PREFIX}/upgrade.lock"
"""The key of the lock of whoever changes what is there already: upgrade and repair exclude each other."""


@contextmanager
def locked(target: Target, name: str, *, wait: float = 0.0) -> Iterator[None]:
    """Hold a lock while the block runs.

    Parameters
    ----------
    target : Target
    name : str
        The key of the lock.
    wait : float
        How many seconds to wait for another holder.

    Raises
    ------
    LockedError
        If somebody else holds it, or has come to hold a lease while the block ran.
    """
    if isinstance(target, LocalTarget):
        with _file_lock(Path(target.root, name), wait):
            yield
    elif isinstance(target, StoreTarget) and not target.transient:
        with leased(target, name, wait):
            yield
    else:
        yield


@contextmanager
def _file_lock(path: Path, wait: float) -> Iterator[None]:
    deadline = time.monotonic() + wait
    while True:
        make_folder(path.parent)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            continue
        if _try_lock(descriptor):
            try:
                same = os.fstat(descriptor).st_ino == path.stat().st_ino
            except FileNotFoundError:
                same = False
            if same:
                break
            os.close(descriptor)
            continue
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise LockedError(f"another process is writing to {path.parent.parent}; wait until it is done")
        time.sleep(0.05)
    try:
        yield
    finally:
        _unlink_and_close(path, descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlink_and_close(path: Path, descriptor: int) -> None:
    """Remove the file while it is locked, where the system allows that; a waiting process notices and starts again."""
    if os.name != "nt":
        path.unlink(missing_ok=True)
    os.close(descriptor)
    if os.name == "nt":
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            return
    remove_empty([path.parent])
