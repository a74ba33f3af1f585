"""Whether a plan has been carried out before: what it would write is compared with what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.abc.copying import CopyObjects
from omezarr.abc.plan import (
    JOURNAL_PREFIX,
    CreateArrays,
    CreateGroup,
    EditAttributes,
    TransferObjects,
    WriteLevels,
    WriteObject,
)
from omezarr.arrays.documents import Documents
from omezarr.arrays.geometry import cells, full_region
from omezarr.arrays.stored import StoredArray
from omezarr.arrays.targets import LocalTarget, target_of
from omezarr.engine.copying import is_copied
from omezarr.engine.journal import differences
from omezarr.engine.windows import reader_of
from omezarr.errors import OMEZarrError

if TYPE_CHECKING:
    from omezarr.abc.plan import ArraySpec, Plan, Step
    from omezarr.arrays.targets import Target
    from omezarr.engine.opener import StoreOpener


def is_carried_out(plan: Plan, target: Target, open_store: StoreOpener) -> bool:
    """Return whether all groups and arrays of a new hierarchy are there as a plan would make them.

    What is measured, the windows of channels, may be anything. Of the pixels, the largest level is compared, since the
    others follow from it: this reads all of the source and all of that level, and stops at the first difference.

    Parameters
    ----------
    plan : Plan
    target : Target
        Holds a complete hierarchy.
    open_store : callable
        Opens the sources of objects that are copied.
    """
    documents = Documents(target, plan.zarr_format)
    steps = sorted(plan.steps, key=lambda step: isinstance(step, WriteLevels))  # documents are compared sooner
    if any(target.get(document.key) != document.content for document in plan.root):
        return False
    return all(_is_there(step, target, documents, open_store) for step in steps)


def died_complete(plan: Plan, open_store: StoreOpener) -> bool:
    """Return whether a process died after it had completed a new hierarchy, but before its last clean-up.

    Pixels are compared only where a process has left something.

    Parameters
    ----------
    plan : Plan
    open_store : callable
    """
    target = target_of(open_store(plan.target, write=True))
    return _is_untidy(target) and is_carried_out(plan, target, open_store)


def _is_untidy(target: Target) -> bool:
    """Return whether the engine keeps something in a target: it is at work there, or has died."""
    if isinstance(target, LocalTarget):
        return Path(target.root, JOURNAL_PREFIX).is_dir()
    return not target.transient and bool(target.names(JOURNAL_PREFIX))


def _is_there(step: Step, target: Target, documents: Documents, open_store: StoreOpener) -> bool:
    if isinstance(step, WriteObject):
        return target.get(step.key) == step.content
    if isinstance(step, TransferObjects):
        source = target if step.source is None else target_of(open_store(step.source, write=False))
        return all(target.get(new) == source.get(old) for old, new in step.pairs)
    if isinstance(step, CopyObjects):
        return is_copied(step, target, open_store)
    if isinstance(step, WriteLevels):
        return _holds(step, target)
    if isinstance(step, CreateArrays):
        return all(_is_begun(spec, target) for spec in step.arrays)
    if isinstance(step, CreateGroup):
        return documents.attributes(step.path) is not None
    if isinstance(step, EditAttributes):
        planned = step.known if callable(step.attributes) else step.attributes
        changes = differences(documents.attributes(step.path), dict(planned or {}))
        return all("window" in where.split(".") for where, _, _ in changes)
    return False


def _is_begun(spec: ArraySpec, target: Target) -> bool:
    """Return whether an array without pixels is there; it may have grown along one axis since."""
    wanted = StoredArray(spec, target).metadata
    try:
        found = StoredArray.existing(spec, target).metadata
    except OMEZarrError:
        return False
    shape = found.get("shape")
    if not isinstance(shape, list) or len(shape) != len(spec.shape):
        return False
    differing = sum(size != planned for size, planned in zip(shape, spec.shape, strict=True))
    return differing <= 1 and {**found, "shape": None} == {**wanted, "shape": None}


def _holds(step: WriteLevels, target: Target) -> bool:
    planned = [StoredArray(spec, target) for spec in step.arrays]
    try:
        found = [StoredArray.existing(spec, target) for spec in step.arrays]
        if any(there.metadata != wanted.metadata for there, wanted in zip(found, planned, strict=True)):
            return False
        first = step.arrays[0]
        reader = reader_of(found[0])
    except OMEZarrError:
        return False
    return all(
        step.source.read(region).astype(first.dtype, copy=False).tobytes() == reader.read(region, 1).tobytes()
        for _, region in cells(full_region(first.shape), first.unit)
    )
