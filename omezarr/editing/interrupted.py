"""Edits of several documents at once: a note of all of them, by which one that died between two is completed.

What is said of labels depends on what their image said before; once the image is changed, that is known from the note
alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from omezarr.abc.plan import JOURNAL_PREFIX, DeleteKeys, EditAttributes, Phase, Plan, WriteObject
from omezarr.arrays.documents import Documents
from omezarr.arrays.locks import CHANGE_LOCK, locked
from omezarr.arrays.targets import target_of
from omezarr.checking.repair.consolidation import outermost_holder
from omezarr.nodes.opening import open_store
from omezarr.writing.images import run_plan

if TYPE_CHECKING:
    from omezarr.checking.repair import Repair
    from omezarr.location import Location
    from omezarr.plugins.registry import Registry

EDIT_KEY = f"{JOURNAL_PREFIX}/edit.json"
"""The key of the note, in what is edited."""


def noted(location: Location, repair: Repair) -> Repair:
    """Return an edit that is noted before anything of it is written, where it is one of several documents.

    Parameters
    ----------
    location : Location
        What is edited.
    repair : Repair
        The edit, maybe of a hierarchy that this lies in.
    """
    plan = repair.plan
    edits = [] if plan is None else [step for step in plan.steps if isinstance(step, EditAttributes)]
    if plan is None or len(edits) < 2:
        return repair
    prefix = str(location)[len(str(plan.target)) :].strip("/\\").replace("\\", "/")
    steps = [
        {"path": step.path.removeprefix(prefix).strip("/"), "before": step.expected, "after": step.attributes}
        for step in edits
    ]
    key = f"{prefix}/{EDIT_KEY}".strip("/")
    begin = Phase(name="note", steps=(WriteObject(key=key, content=json.dumps(steps, default=dict).encode()),))
    end = Phase(name="note", steps=(DeleteKeys(keys=(key,)),))
    return evolve(repair, plan=evolve(plan, phases=(begin, *plan.phases, end)))


def is_interrupted(location: Location, registry: Registry) -> bool:
    """Return whether an edit of several documents at a location was begun and is not complete."""
    return target_of(open_store(location, registry.storage_schemes)).get(EDIT_KEY) is not None


def complete_interrupted(location: Location, registry: Registry) -> None:
    """Complete an edit of several documents that died midway; what was changed since stays as it is.

    `omezarr.edit` does so by itself. Nothing is done where no edit was interrupted.

    Parameters
    ----------
    location : Location
        What was edited.
    registry : Registry

    Raises
    ------
    LockedError
        If it is not dead.
    UnsupportedError, WriteError
        If the place cannot be changed.
    """
    if not is_interrupted(location, registry):
        return
    root, prefix = outermost_holder(location, registry)
    target = target_of(open_store(root, registry.storage_schemes, write=True))
    with locked(target, CHANGE_LOCK):
        key = f"{prefix}/{EDIT_KEY}".strip("/")
        note: list[dict[str, Any]] = json.loads(target.get(key) or b"[]")
        zarr_format: Literal[2, 3] = 3 if target.get(f"{prefix}/zarr.json".strip("/")) is not None else 2
        documents = Documents(target, zarr_format)
        places = [(f"{prefix}/{item['path']}".strip("/"), item) for item in note]
        edits = tuple(
            EditAttributes(path=path, attributes=item["after"], expected=item["before"])
            for path, item in places
            if documents.attributes(path) == item["before"]
        )
        phases = (Phase(name="edit", steps=edits), Phase(name="note", steps=(DeleteKeys(keys=(key,)),)))
        run_plan(Plan(target=root, zarr_format=zarr_format, phases=phases, create=False), registry)
