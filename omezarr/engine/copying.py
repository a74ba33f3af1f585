"""Copying objects as they are: several at once, within a bound of memory, and none that is there already."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import field, frozen

from omezarr.arrays.chunks import bytes_of
from omezarr.arrays.inventory import inventory_of
from omezarr.arrays.reading import in_threads
from omezarr.arrays.targets import LocalTarget
from omezarr.errors import SourceError
from omezarr.hierarchy import DOCUMENTS
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.copying import CopyObjects
    from omezarr.arrays.chunks import Buffer
    from omezarr.arrays.inventory import Entry, Inventory
    from omezarr.arrays.targets import Target
    from omezarr.engine.opener import StoreOpener
    from omezarr.engine.progress import ProgressCounter

SHOWN = 20
"""How many keys of each kind are told where two hierarchies differ."""


class ObjectsCopier:
    """Carries out one `CopyObjects`.

    Parameters
    ----------
    step : CopyObjects
    open_store : callable
    memory : int
        How many bytes of objects may be held at once; a larger object is held alone.
    """

    def __init__(self, step: CopyObjects, open_store: StoreOpener, memory: int) -> None:
        self.step = step
        self._source = source_of(step, open_store)
        self._allowance = _Allowance(memory)

    @property
    def distant(self) -> bool:
        """Whether reading waits for a network."""
        return self._source.distant

    def write(self, target: Target, tally: ProgressCounter, threads: int) -> None:
        """Copy all that is not there yet.

        Raises
        ------
        WriteError, StorageError, SourceError
        """
        there = _Present(target)

        def one(entry: Entry) -> None:
            key = checked_path(entry.key)
            if there.holds(key, entry.size):
                tally.add(1, entry.size or 0, written=False)
            else:
                tally.add(1, self._copy(entry, key, target))

        below = (entry for entry in self._source.entries() if entry.key not in DOCUMENTS)
        if not target.sealed:
            in_threads(one, below, threads)
            return
        # Where metadata stands in front, room is left for what is known of it.
        in_threads(one, (entry for entry in below if _is_document(entry)), threads)
        others = (entry for entry in self._source.entries() if entry.key not in DOCUMENTS and not _is_document(entry))
        in_threads(one, others, threads)

    def _copy(self, entry: Entry, key: str, target: Target) -> int:
        """Copy one object and return how many bytes it has."""
        file = self._source.file(entry.key)
        if file is not None:
            return target.put_file(key, file)
        with self._allowance.of(entry.most if entry.size is None else entry.size):
            content = self._source.get(entry.key)
            if content is None:
                if self._source.complete:
                    raise SourceError(f"{entry.key} went away from {self.step.source} while it was copied")
                return 0
            target.put(key, content)
            return bytes_of(content).nbytes

    def check_unchanged(self) -> None:
        """Raise if the source is not what it was when the plan was made.

        Raises
        ------
        SourceError
        """
        if self._source.complete and self._source.totals().identity != self.step.identity:
            raise SourceError(
                f"{self.step.source} has changed while it was copied; copy it anew, with overwriting (--overwrite)"
            )


def _is_document(entry: Entry) -> bool:
    return entry.key.rpartition("/")[2] in DOCUMENTS


class _Present:
    """What is at a target already: asked of a local disk file by file, else listed once."""

    def __init__(self, target: Target) -> None:
        self._root = target.root if isinstance(target, LocalTarget) else None
        listed = self._root is None and target.rewritable and not target.transient
        self._keys = frozenset(target.names("")) if listed else frozenset()

    def holds(self, key: str, size: int | None) -> bool:
        if self._root is None:
            return key in self._keys
        try:
            found = (self._root / key).stat().st_size
        except OSError:
            return False
        return size is None or size == found


class _Allowance:
    """Lets threads hold so many bytes together, and a larger piece alone."""

    def __init__(self, nbytes: int) -> None:
        self._nbytes = nbytes
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, nbytes: int) -> Iterator[None]:
        wanted = min(nbytes, self._nbytes)
        with self._changed:
            self._changed.wait_for(lambda: self._held + wanted <= self._nbytes)
            self._held += wanted
        try:
            yield
        finally:
            with self._changed:
                self._held -= wanted
                self._changed.notify_all()


@frozen(kw_only=True)
class Comparison:
    """How a copy compares with its source, byte by byte.

    Parameters
    ----------
    objects : int
        How many were compared.
    digest : str
        The SHA-256 of all keys and SHA-256 of the source, in the order of keys.
    differing, missing, extra : tuple of str
        Keys of objects that differ, that the copy lacks, and that it has alone.
    """

    objects: int
    digest: str
    differing: tuple[str, ...] = field(factory=tuple)
    missing: tuple[str, ...] = field(factory=tuple)
    extra: tuple[str, ...] = field(factory=tuple)

    @property
    def same(self) -> bool:
        """Whether there is no difference."""
        return not (self.differing or self.missing or self.extra)

    def __str__(self) -> str:
        parts = []
        for name in ("differing", "missing", "extra"):
            keys = getattr(self, name)
            if keys:
                more = ", ..." if len(keys) > SHOWN else ""
                parts.append(f"{len(keys)} {name}: {', '.join(keys[:SHOWN])}{more}")
        return "; ".join(parts) or "the same"


def compared(source: Inventory, copy: Inventory, threads: int) -> Comparison:
    """Compare checksums of all objects of two places, both read anew.

    Parameters
    ----------
    source, copy : Inventory
    threads : int

    Raises
    ------
    StorageError
    """
    import hashlib

    digests: dict[str, bytes] = {}
    differing: list[str] = []
    missing: list[str] = []
    guard = threading.Lock()

    def one(entry: Entry) -> None:
        wanted = source.digest(entry.key)
        if wanted is None and not source.complete:
            return
        found = copy.digest(checked_path(entry.key))
        with guard:
            digests[entry.key] = wanted or b""
            if found is None:
                missing.append(entry.key)
            elif found != wanted:
                differing.append(entry.key)

    in_threads(one, source.entries(), threads)
    extra = [entry.key for entry in copy.entries() if entry.key not in digests] if copy.complete else []
    whole = hashlib.sha256()
    for key in sorted(digests):
        whole.update(f"{key}\0{digests[key].hex()}\n".encode("utf-8", "surrogateescape"))
    return Comparison(
        objects=len(digests),
        digest=whole.hexdigest(),
        differing=tuple(sorted(differing)),
        missing=tuple(sorted(missing)),
        extra=tuple(sorted(extra)),
    )


def source_of(step: CopyObjects, open_store: StoreOpener) -> Inventory:
    """Return the inventory of what a step copies."""
    return inventory_of(open_store(step.source, write=False), step.keys, step.grids)


def is_copied(step: CopyObjects, target: Target, open_store: StoreOpener) -> bool:
    """Return whether all objects of a step are at a target, byte by byte; stops at the first difference."""
    source = source_of(step, open_store)
    for entry in source.entries():
        if entry.key in DOCUMENTS:
            continue
        content = source.get(entry.key)
        if (content is not None or source.complete) and not _same(content, target.get(checked_path(entry.key))):
            return False
    return True


def _same(content: Buffer | None, found: bytes | None) -> bool:
    return content is not None and found is not None and bytes_of(content) == found
