"""Whole objects under other keys, and objects that go: what is done to what is stored, without looking into it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from omezarr.arrays.folders import make_folder, remove_empty
from omezarr.arrays.targets import LocalTarget
from omezarr.errors import WriteError
from omezarr.location import checked_path
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omezarr.arrays.targets import Target

T = TypeVar("T")

CONCURRENT_OBJECTS = 8
"""How many objects are copied or removed at once."""


def transfer(source: Target, target: Target, pairs: Sequence[tuple[str, str]], *, sparse: bool = False) -> None:
    """Make objects available under other keys, by hard link on one disk, else by copy.

    Parameters
    ----------
    source, target : Target
    pairs : sequence of (str, str)
        Key in the source and key in the target.
    sparse : bool
        Whether an object that is not there is removed from the target, instead of being an error.

    Raises
    ------
    WriteError
        If an object is not there, or cannot be stored.
    """

    def one(pair: tuple[str, str]) -> None:
        old, new = checked_path(pair[0]), checked_path(pair[1])
        if source is target and isinstance(target, LocalTarget) and _link(target.root / old, target.root / new):
            return
        content = source.get(old)
        if content is None and sparse:
            target.delete(new)
            return
        if content is None:
            raise WriteError(f"{old} is not there in {source}, so it cannot be copied")
        target.put(new, content)

    _each(one, pairs)


def remove(target: Target, keys: Sequence[str]) -> None:
    """Remove objects; those that are gone already are fine. Folders that are empty then go, too.

    Parameters
    ----------
    target : Target
    keys : sequence of str
    """
    checked = [checked_path(key) for key in keys]
    _each(target.delete, checked)
    if isinstance(target, LocalTarget):
        for folder in {key.rpartition("/")[0] for key in checked} - {""}:
            inner = Path(folder)
            remove_empty(target.root / part for part in (inner, *inner.parents[:-1]))


def _each(work: Callable[[T], None], items: Sequence[T]) -> None:
    """Apply a function to items, several at once; the first error ends it, after all have stopped."""
    if len(items) <= CONCURRENT_OBJECTS:
        for item in items:
            work(item)
        return
    with ThreadPool(CONCURRENT_OBJECTS, thread_name_prefix="omezarr-objects") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _link(old: Path, new: Path) -> bool:
    """Make a hard link; False where that is not possible."""
    try:
        make_folder(new.parent)
        new.unlink(missing_ok=True)
        os.link(old, new)
    except OSError:
        return False
    return True
