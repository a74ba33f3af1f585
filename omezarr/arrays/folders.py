"""Folders on a local disk, which others make and remove at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ATTEMPTS = 1000
"""How often something is tried that fails only if somebody else removes an empty folder at that very moment."""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, if they are not there.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    OSError
        If that is not possible: a file is in its place, or the system refuses.
    """
    for attempt in range(ATTEMPTS):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileNotFoundError, FileExistsError):
            # Somebody removed the folder, or one above it, after it was made or found.
            if attempt == ATTEMPTS - 1 or folder.is_file():
                raise
        else:
            return


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders in this order, up to the first that has something in it or cannot be removed.

    Parameters
    ----------
    folders : iterable of pathlib.Path
        Each inside the next one. One that is gone already does not stop this.
    """
    for folder in folders:
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return
