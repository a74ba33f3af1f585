"""Whether a plan may write where it wants to, and how the new takes the place of the old.

On a local disk a hierarchy that is to be overwritten stays until the new one beside it is complete. In other stores
nothing can be moved, so the old one goes first.
"""

from __future__ import annotations

import shutil
import warnings
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.abc.plan import INCOMPLETE_KEY, JOURNAL_PREFIX, CreateArrays
from omezarr.arrays.documents import Documents
from omezarr.arrays.folders import make_folder, remove_empty
from omezarr.arrays.locks import locked
from omezarr.arrays.targets import LocalTarget, Target
from omezarr.engine.comparison import is_carried_out
from omezarr.engine.journal import Journal, facts_of
from omezarr.errors import IncompleteError, LockedError, MetadataError, OMEZarrWarning, TargetExistsError, WriteError
from omezarr.hierarchy import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.abc.plan import Plan
    from omezarr.engine.opener import StoreOpener
    from omezarr.model import JSON


_WAYS_ON = (
    "resuming to go on (--resume, RunOptions(resume=True)), or with overwriting to start anew "
    "(--overwrite, overwrite=True)"
)


class State(Enum):
    """What is at a target."""

    EMPTY = "nothing"
    UNFINISHED = "an unfinished hierarchy"
    COMMITTED = "a complete hierarchy whose journal is still there"
    COMPLETE = "a zarr hierarchy"
    OTHER = "something else"


class PlanTarget:
    """Where a plan is carried out.

    Parameters
    ----------
    opened : Target
        Where the plan wants its hierarchy.
    plan : Plan
    resume : bool
    open_store : callable
        Opens the sources of objects, to compare them with what is there.

    Attributes
    ----------
    target : Target
        Where it is written: beside an existing hierarchy that will be replaced.
    resuming : bool
        Whether an earlier attempt was found that is continued.
    committed : bool
        Whether that attempt was complete but for its last clean-up.
    """

    def __init__(self, opened: Target, plan: Plan, *, resume: bool, open_store: StoreOpener) -> None:
        self.wanted = opened
        self.plan = plan
        self.resume = resume
        self.resuming = False
        self.committed = False
        self._found_same = False
        self._open_store = open_store
        self.target = opened
        self._made: list[Path] = []
        if isinstance(opened, LocalTarget):
            _mend(opened.root)
            if plan.create and plan.overwrite and state_of(opened) in (State.COMPLETE, State.COMMITTED):
                self.target = LocalTarget(_beside(opened.root, "new"))

    @property
    def advice(self) -> str:
        """How to go on after a failure."""
        if self.target.sealed:
            return f"nothing is at {self.wanted}: a single file cannot be resumed, so write it anew, or a folder first"
        if self.target.transient:
            return f"what was written to {self.wanted} is unfinished and cannot be resumed; write it anew"
        return f"{self.wanted} is unfinished: run the same again with {_WAYS_ON}"

    def check(self) -> None:
        """Refuse to write where something is that must stay.

        Raises
        ------
        TargetExistsError, IncompleteError
        """
        if not self.plan.create:
            self.resuming = self.resume
            if isinstance(self.target, LocalTarget) and state_of(self.target) is State.COMMITTED:
                with suppress(LockedError), locked(self.target, f"{JOURNAL_PREFIX}/plan.lock"):
                    self.target.clear(f"{JOURNAL_PREFIX}/plan")
            return
        found = state_of(self.wanted)
        if found is State.OTHER:
            raise TargetExistsError(f"{self.wanted} holds something that is no zarr hierarchy; choose another target")
        if self.target is self.wanted and (self.resume or not self.plan.overwrite) and self._is_done(found):
            self.committed = self.resuming = True
            return
        if found in (State.COMPLETE, State.COMMITTED) and not self.plan.overwrite:
            begun = "; to go on with it, resume (--resume, RunOptions(resume=True))" if self._grows else ""
            raise TargetExistsError(
                f"{self.wanted} exists already; overwrite it or choose another target (--overwrite, overwrite=True)"
                f"{begun}"
            )
        unfinished = found is State.UNFINISHED
        if self.target is not self.wanted:
            beside = state_of(self.target)
            self.committed = self.resume and beside in (State.COMPLETE, State.COMMITTED)
            unfinished = beside is State.UNFINISHED or self.committed
        elif unfinished and not (self.resume or self.plan.overwrite):
            raise IncompleteError(f"{self.wanted} is unfinished: run with {_WAYS_ON}")
        self.resuming = self.resume and unfinished

    def _is_done(self, found: State) -> bool:
        """Return whether a complete hierarchy is what the plan would make; pixels are compared once."""
        if found is State.COMMITTED and Journal(self.wanted, f"{JOURNAL_PREFIX}/plan").is_of(facts_of(self.plan)):
            return True
        if found in (State.COMPLETE, State.COMMITTED) and not self._found_same and (self.resume or not self._grows):
            self._found_same = is_carried_out(self.plan, self.wanted, self._open_store)
        return self._found_same

    @property
    def _grows(self) -> bool:
        """Whether pixels are written by whoever comes later, so that the same plan again is not the same work."""
        return any(isinstance(step, CreateArrays) for step in self.plan.steps)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Make the folder of the target; it is removed afterwards if nothing is in it."""
        if isinstance(self.target, LocalTarget):
            root = self.target.root
            missing = [folder for folder in (root, *root.parents) if not folder.exists()]
            try:
                make_folder(root)
            except OSError as error:
                raise WriteError(f"could not make the folder {root}: {error.strerror or error}") from error
            self._made = missing
        try:
            yield
        finally:
            if isinstance(self.target, LocalTarget):
                remove_empty([Path(self.target.root, self.target.scratch), Path(self.target.root, JOURNAL_PREFIX)])
            remove_empty(self._made)

    def clear_attempt(self) -> None:
        """Remove what is to go before a new hierarchy is begun."""
        if self.plan.create:
            if self.resume and self.target.sealed:
                warnings.warn(
                    f"{self.wanted} is one file, of which nothing can be resumed: all of it is written",
                    OMEZarrWarning,
                    4,
                )
            self.target.begin()
        if self.plan.create and self.target.rewritable:
            _clear(self.target)

    def mark(self) -> None:
        """Make the root group, saying that the hierarchy is incomplete."""
        if self.plan.create and self.target.rewritable:
            Documents(self.target, self.plan.zarr_format).write_group("", marker())

    def undo(self) -> None:
        """Remove all that a plan which wrote no unit has left."""
        self.target.abandon()
        if self.plan.create and self.target.rewritable:
            _clear(self.target)

    def finish(self, attributes: Mapping[str, JSON]) -> None:
        """Write the root of a new hierarchy: the commit."""
        if self.plan.root:
            _write_root(self.target, {document.key: document.content for document in self.plan.root})
        elif self.plan.create:
            Documents(self.target, self.plan.zarr_format).write_group("", attributes)

    def replace(self) -> None:
        """Put the new hierarchy in the place of the old one."""
        if self.target is self.wanted:
            return
        assert isinstance(self.wanted, LocalTarget)
        assert isinstance(self.target, LocalTarget)
        old = _beside(self.wanted.root, "old")
        try:
            if old.exists():
                shutil.rmtree(old)
            self.wanted.root.rename(old)
            self.target.root.rename(self.wanted.root)
            _remove_folder(old)
        except OSError as error:
            raise WriteError(
                f"{self.target} is complete, but could not take the place of {self.wanted}: {error.strerror or error}"
            ) from error


def _write_root(target: Target, documents: Mapping[str, bytes]) -> None:
    """Store the documents of a root as they are; the one in which the marker stands goes last."""
    last = "zarr.json" if "zarr.json" in documents else ".zattrs"
    for key, content in documents.items():
        if key != last:
            target.put(key, content)
    if last == ".zattrs" and ".zgroup" not in documents:
        target.delete(".zgroup")
    if last in documents:
        target.put(last, documents[last])
    else:
        target.delete(last)


def marker() -> dict[str, JSON]:
    """Return the attributes of a group that is not complete."""
    return {INCOMPLETE_KEY: {"incomplete": {"advice": "resume writing, or remove this hierarchy"}}}


def is_marker(attributes: Mapping[str, JSON]) -> bool:
    """Return whether attributes say that a group is not complete."""
    own = attributes.get(INCOMPLETE_KEY)
    return isinstance(own, dict) and "incomplete" in own


def state_of(target: Target) -> State:
    """Return what is at a target."""
    begun = not target.transient and target.get(f"{JOURNAL_PREFIX}/plan/plan.json") is not None
    for name in ("zarr.json", ".zgroup", ".zarray"):
        content = target.get(name)
        if content is None:
            continue
        attributes: object = None
        try:
            if name == "zarr.json":
                document = parse_json(content, name)
                attributes = document.get("attributes") if isinstance(document, dict) else None
            else:
                attributes = parse_json(target.get(".zattrs") or b"{}", ".zattrs")
        except MetadataError:
            return State.COMPLETE
        if isinstance(attributes, dict) and is_marker(attributes):
            return State.UNFINISHED
        if not begun and not attributes and name != ".zarray" and b'"array"' not in content and _is_bare(target, name):
            return State.EMPTY
        return State.COMMITTED if begun else State.COMPLETE
    if begun:
        return State.UNFINISHED
    return State.EMPTY if target.is_empty() else State.OTHER


def _is_bare(target: Target, root: str) -> bool:
    """Return whether nothing is beside the document of a root; not where the store cannot tell."""
    keys = target.names("") if target.rewritable else []
    return root in keys and all(key in _BARE or key.startswith(JOURNAL_PREFIX) for key in keys)


_BARE = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zmetadata"})


def _clear(target: Target) -> None:
    """Remove everything but the lock."""
    if not isinstance(target, LocalTarget):
        for key in target.names(""):
            if not key.endswith(".lock"):
                target.delete(key)
        return
    for entry in target.root.iterdir():
        if entry.name != JOURNAL_PREFIX:
            target.clear(entry.name)
    for entry in Path(target.root, JOURNAL_PREFIX).glob("*"):
        if not entry.name.endswith(".lock"):
            target.clear(f"{JOURNAL_PREFIX}/{entry.name}")


def _beside(root: Path, word: str) -> Path:
    return root.with_name(f".{root.name}.omezarr-{word}")


def _mend(root: Path) -> None:
    """Finish a replacement that was interrupted between its two moves."""
    old, new = _beside(root, "old"), _beside(root, "new")
    if not old.exists():
        return
    if root.exists():  # only the last clean-up of a replacement is missing
        _remove_folder(old)
        return
    if new.exists() and state_of(LocalTarget(new)) is State.COMPLETE:
        new.rename(root)
        shutil.rmtree(old)
    else:
        old.rename(root)


def _remove_folder(folder: Path) -> None:
    """Remove a folder, which another process may be removing as well."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
