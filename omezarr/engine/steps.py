"""Carrying out the steps of a plan that are not pixels, and calling those that are."""

from __future__ import annotations

import copy
import math
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from omezarr.abc.copying import CopyObjects
from omezarr.abc.plan import (
    JOURNAL_PREFIX,
    CreateArrays,
    CreateGroup,
    DeleteKeys,
    EditAttributes,
    Measured,
    MergeIntoList,
    TransferObjects,
    WriteLevels,
    WriteObject,
)
from omezarr.arrays.documents import Documents
from omezarr.arrays.locks import locked
from omezarr.arrays.objects import remove, transfer
from omezarr.arrays.stored import write_array_metadata
from omezarr.arrays.targets import target_of
from omezarr.engine.merging import merge_into
from omezarr.engine.replacement import is_marker, marker
from omezarr.errors import MetadataError, WriteError
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc.plan import Plan, Step
    from omezarr.arrays.geometry import Region, Shape
    from omezarr.arrays.targets import Target
    from omezarr.engine.copying import ObjectsCopier
    from omezarr.engine.journal import Journal
    from omezarr.engine.levels import LevelsWriter
    from omezarr.engine.opener import StoreOpener
    from omezarr.engine.progress import ProgressCounter
    from omezarr.location import Location
    from omezarr.model import JSON

EDIT_WAIT_SECONDS = 60.0
"""How long an edit waits for that of another process."""


class StepRunner:
    """Carries out the steps of one plan, each of which may have been done before.

    Parameters
    ----------
    target : Target
    plan : Plan
    writers : mapping
        Number of step to what writes its levels.
    copiers : mapping
        Number of step to what copies its objects.
    threads : int
        How many copy.
    journal : Journal
    tally : ProgressCounter
    open_store : callable
    """

    def __init__(
        self,
        target: Target,
        plan: Plan,
        writers: Mapping[int, LevelsWriter],
        *,
        copiers: Mapping[int, ObjectsCopier],
        threads: int,
        journal: Journal,
        tally: ProgressCounter,
        open_store: StoreOpener,
    ) -> None:
        self._plan = plan
        self._target = target
        self._documents = Documents(target, plan.zarr_format)
        self._writers = writers
        self._copiers = copiers
        self._threads = threads
        self._journal = journal
        self._tally = tally
        self._open_store = open_store
        self._sources: dict[Location, Target] = {}
        self._smallest: dict[str, LevelsWriter] = {}
        self._pending: dict[str, dict[str, JSON]] = {"": {}} if plan.create else {}
        self._created: list[str] = []
        self._last_levels = {_group_of(writer): number for number, writer in writers.items()}
        self._last_edit = {
            checked_path(step.path): number
            for number, step in enumerate(plan.steps)
            if isinstance(step, EditAttributes)
        }

    @property
    def final_attributes(self) -> dict[str, JSON]:
        """The attributes that the root of a new hierarchy gets when all is done."""
        return self._pending.get("", {})

    @property
    def has_pixels(self) -> bool:
        """Whether pixels are to be written."""
        return bool(self._writers)

    @property
    def is_traceless(self) -> bool:
        """Whether pixels or objects are to be written and none has been yet, so that all can be undone."""
        return bool(self._writers or self._copiers) and self._tally.written == 0

    def run(self) -> None:
        """Carry out all steps."""
        consolidated = not self._plan.create and self._documents.drop_consolidated()
        number = 0
        for phase in self._plan.phases:
            self._tally.say(phase.name)
            for step in phase.steps:
                self._run(number, step)
                number += 1
        if consolidated:
            self._documents.restore_consolidated()

    def check_copies(self) -> None:
        """Raise if what was copied has changed meanwhile."""
        for copier in self._copiers.values():
            copier.check_unchanged()

    def undo(self) -> None:
        """Remove the groups that were made; for plans that wrote no unit."""
        for path in reversed(self._created):
            self._target.clear(path)

    def _run(self, number: int, step: Step) -> None:
        if isinstance(step, CreateGroup):
            self._create_group(number, checked_path(step.path), step.attributes)
        elif isinstance(step, WriteLevels):
            self._write_levels(number)
        elif isinstance(step, CreateArrays):
            for spec in step.arrays:
                write_array_metadata(self._target, spec)
        elif isinstance(step, WriteObject):
            self._target.put(checked_path(step.key), step.content)
        elif isinstance(step, EditAttributes):
            self._edit(step)
        elif isinstance(step, MergeIntoList):
            self._merge(step)
        elif isinstance(step, CopyObjects):
            self._copiers[number].write(self._target, self._tally, self._threads)
        elif isinstance(step, TransferObjects):
            self._transfer(step)
        elif isinstance(step, DeleteKeys):
            remove(self._target, step.keys)

    def _create_group(self, number: int, path: str, attributes: Mapping[str, JSON]) -> None:
        if path in self._pending:
            self._pending[path] = dict(attributes)
            return
        existing = self._documents.attributes(path)
        if existing is not None and not is_marker(existing):
            return
        if existing is None:
            self._created.append(path)
        if self._target.rewritable and self._later_levels(number, path):
            self._pending[path] = dict(attributes)
            self._documents.write_group(path, marker())
        else:
            self._documents.write_group(path, attributes)

    def _later_levels(self, number: int, path: str) -> bool:
        """Return whether an image in this group is still to be written."""
        return self._last_levels.get(path, -1) > number

    def _write_levels(self, number: int) -> None:
        writer = self._writers[number]
        writer.write(self._journal, self._tally)
        group = _group_of(writer)
        self._smallest[group] = writer
        if group and not self._later_levels(number, group) and not self._edited_later(number, group):
            attributes = self._pending.pop(group, None)
            if attributes is not None:
                self._documents.write_attributes(group, attributes)

    def _edited_later(self, number: int, path: str) -> bool:
        return self._last_edit.get(path, -1) > number

    def _edit(self, step: EditAttributes) -> None:
        path = checked_path(step.path)
        given = step.attributes
        new = dict(given(Measured(smallest_level=self._smallest_level)) if callable(given) else given)
        if path == "" and self._plan.create:
            self._pending[path] = new
            return
        with self._locked():
            if step.expected is not None:
                found = self._documents.attributes(path)
                if found not in (dict(step.expected), new) and not (found is not None and is_marker(found)):
                    raise WriteError(
                        f"the attributes of {path or 'the root'} in {self._target} have changed since they were read; "
                        "look at them and try again"
                    )
            self._documents.write_attributes(path, new)
        self._pending.pop(path, None)

    def _merge(self, step: MergeIntoList) -> None:
        path = checked_path(step.path)
        if path in self._pending:
            merge_into(self._pending[path], step, self._documents.attributes)
            return
        with self._locked():
            attributes = self._documents.attributes(path)
            is_new = step.created is not None and (attributes is None or is_marker(attributes))
            if is_new:
                attributes = copy.deepcopy(dict(step.created or {}))
            if attributes is None:
                raise MetadataError(f"there is no group at {path!r} in {self._target}")
            before = repr(attributes)
            merge_into(attributes, step, self._documents.attributes)
            if is_new:
                self._documents.write_group(path, attributes)
            elif repr(attributes) != before:
                self._documents.write_attributes(path, attributes)

    def _locked(self) -> Any:
        if self._plan.create:
            return nullcontext()  # nobody edits what is not complete, and the lock of the plan is held
        return locked(self._target, f"{JOURNAL_PREFIX}/edit.lock", wait=EDIT_WAIT_SECONDS)

    def _transfer(self, step: TransferObjects) -> None:
        source = self._target
        if step.source is not None:
            if step.source not in self._sources:
                self._sources[step.source] = target_of(self._open_store(step.source, write=False))
            source = self._sources[step.source]
        transfer(source, self._target, step.pairs, sparse=step.sparse)

    def _smallest_level(self, path: str) -> object:
        """Read the smallest level of an image that this plan has written, or the middle of it where it is large."""
        from omezarr.engine.windows import reader_of

        group = checked_path(path)
        writer = self._smallest.get(group)
        if writer is None:
            raise MetadataError(f"this plan has written no image at {path!r}, so its smallest level is not known")
        last = writer.arrays[-1]
        region = middle(last.spec.shape, MEASURED_BYTES // writer.step.source.dtype.itemsize)
        return reader_of(last).read(region, writer.resources.threads)


MEASURED_BYTES = 64 * 1024 * 1024
"""How much of a smallest level is measured, so that an image of a single level is not read as a whole."""


def middle(shape: Shape, samples: int) -> Region:
    """Return the middle of a shape, with so many samples at most; the longest axes are cut first.

    Examples
    --------
    >>> middle((3, 100, 50), 3000)
    (slice(0, 3, None), slice(37, 62, None), slice(12, 37, None))
    """
    lengths = list(shape)
    while math.prod(lengths) > samples and max(lengths) > 1:
        lengths[lengths.index(max(lengths))] //= 2
    starts = [(size - length) // 2 for size, length in zip(shape, lengths, strict=True)]
    return tuple(slice(start, start + length) for start, length in zip(starts, lengths, strict=True))


def _group_of(writer: LevelsWriter) -> str:
    return writer.step.arrays[0].path.rpartition("/")[0]
