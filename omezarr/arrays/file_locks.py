"""Locks on files, which the operating system lets go of when a process dies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from omezarr.arrays.folders import remove_empty

if TYPE_CHECKING:
    from pathlib import Path


def try_lock(descriptor: int) -> bool:
    """Lock an open file unless somebody else holds it; return whether it was locked."""
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


def unlink_and_close(path: Path, descriptor: int) -> None:
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
