"""Who may write: one process at a time for each target.

On a local disk the operating system holds the lock and lets go of it when the process dies. Elsewhere it is a lease:
an object with an owner and a time, renewed while writing goes on, free for the taking when it has run out. Where the
store can create an object only if there is none, a lease is exclusive; else it is the best that can be done.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.folders import make_folder, remove_empty
from omezarr.arrays.targets import LocalTarget, StoreTarget, Target
from omezarr.errors import LockedError
from omezarr.hierarchy import run

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGE_LOCK = f"{JOURNAL_PREFIX}/upgrade.lock"
"""The key of the lock of whoever changes what is there already: upgrade and repair exclude each other."""

LEASE_SECONDS = 60.0
"""How long a lease holds without being renewed."""


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
        If somebody else holds it.
    """
    if isinstance(target, LocalTarget):
        with _file_lock(Path(target.root, name), wait):
            yield
    elif isinstance(target, StoreTarget) and not target.transient:
        with _lease(target, name, wait):
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


@contextmanager
def _lease(target: StoreTarget, name: str, wait: float) -> Iterator[None]:
    owner = f"{socket.gethostname()} process {os.getpid()} {uuid.uuid4().hex[:8]}"
    deadline = time.monotonic() + wait
    while not _take(target, name, owner):
        if time.monotonic() >= deadline:
            holder, _ = _holder(target, name)
            raise LockedError(
                f"{holder or 'another process'} is writing to {target}; if it is dead, wait for {LEASE_SECONDS:.0f} s"
            )
        time.sleep(0.5)
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE_SECONDS / 3):
            target.put(name, _content(owner))

    thread = threading.Thread(target=renew, name="omezarr-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        target.delete(name)


def _take(target: StoreTarget, name: str, owner: str) -> bool:
    from zarr.core.buffer import default_buffer_prototype

    holder, expires = _holder(target, name)
    if holder is not None and expires > time.time():
        return False
    if holder is not None:
        target.delete(name)
    store, path = target.store()
    key = f"{path}/{name}".strip("/")
    content = default_buffer_prototype().buffer.from_bytes(_content(owner))
    run(store.set_if_not_exists(key, content))
    return _holder(target, name)[0] == owner


def _content(owner: str) -> bytes:
    return json.dumps({"owner": owner, "expires": time.time() + LEASE_SECONDS}).encode()


def _holder(target: StoreTarget, name: str) -> tuple[str | None, float]:
    content = target.get(name)
    if content is None:
        return None, 0.0
    try:
        found = json.loads(content)
        return str(found["owner"]), float(found["expires"])
    except (ValueError, KeyError, TypeError):
        return "an unknown process", 0.0
