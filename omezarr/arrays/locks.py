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
from omezarr.arrays.documents import restore_noted
from omezarr.arrays.file_locks import try_lock, unlink_and_close
from omezarr.arrays.folders import make_folder
from omezarr.arrays.leases import leased
from omezarr.arrays.leftovers import sweep
from omezarr.arrays.targets import LocalTarget, StoreTarget, Target, target_of
from omezarr.errors import LockedError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc import OpenedStore

CHANGE_LOCK = f"{JOURNAL_PREFIX}/upgrade.lock"
"""The key of the lock of whoever changes what is there already: upgrade and repair exclude each other."""


@contextmanager
def locked(target: Target, name: str, *, wait: float = 0.0, lease: float | None = None) -> Iterator[None]:
    """Hold a lock while the block runs.

    Parameters
    ----------
    target : Target
    name : str
        The key of the lock.
    wait : float
        How many seconds to wait for another holder.
    lease : float, optional
        How many seconds a lease holds without being renewed, where there is one.

    Raises
    ------
    LockedError
        If somebody else holds it, or has come to hold a lease while the block ran.
    WriteError
        If nothing can be written there.
    """
    if isinstance(target, LocalTarget):
        with _file_lock(Path(target.root, name), wait) as left:
            sweep(target.root, died=left)
            yield
    elif isinstance(target, StoreTarget) and not target.transient:
        with leased(target, name, wait, lease):
            yield
    else:
        yield


@contextmanager
def _file_lock(path: Path, wait: float) -> Iterator[bool]:
    """Hold a lock; what is yielded says whether a process died that held it."""
    try:
        descriptor, left = _acquired(path, wait)
    except LockedError:
        raise
    except OSError as error:
        raise WriteError(f"could not write to {path.parent.parent}: {error.strerror or error}") from error
    try:
        yield left
    finally:
        unlink_and_close(path, descriptor)


def _acquired(path: Path, wait: float) -> tuple[int, bool]:
    """Return the descriptor of a locked file, and whether the file was there though nobody held it."""
    deadline = time.monotonic() + wait
    while True:
        make_folder(path.parent)
        try:
            descriptor, left = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), False
        except FileNotFoundError:
            continue
        except FileExistsError:
            try:
                descriptor, left = os.open(path, os.O_RDWR), True
            except FileNotFoundError:
                continue
        if try_lock(descriptor):
            try:
                same = os.fstat(descriptor).st_ino == path.stat().st_ino
            except FileNotFoundError:
                same = False
            if same:
                return descriptor, left
            os.close(descriptor)
            continue
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise LockedError(f"another process is writing to {path.parent.parent}; wait until it is done")
        time.sleep(0.05)


def sweep_at(opened: OpenedStore) -> None:
    """Make up for what dead processes left in a hierarchy in which nothing else is to be done.

    Consolidated metadata that they dropped comes again; on a local disk, their files go.
    """
    target = target_of(opened)
    restore_noted(target)
    if isinstance(target, LocalTarget):
        sweep(target.root)
