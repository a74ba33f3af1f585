"""Repairing: from what a user asks for to a plan, and carrying it out."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from omezarr.abc.plan import JOURNAL_PREFIX, DeleteKeys, EditAttributes, WriteObject
from omezarr.abc.rules import Depth
from omezarr.arrays.locks import CHANGE_LOCK, locked, sweep_at
from omezarr.arrays.targets import LocalTarget, target_of
from omezarr.checking.repair.consolidation import holders_above, outermost_holder
from omezarr.checking.repair.mending import as_in, mended
from omezarr.checking.repair.overlay import Overlay, is_unfinished
from omezarr.checking.repair.steps import repair_plan
from omezarr.checking.validation import check_ignored, depth_of, is_ignored, judgement, validate
from omezarr.checking.validation.consolidation import outdated
from omezarr.checking.validation.faults import ZARR_CONSOLIDATED
from omezarr.checking.validation.subject import subject_of
from omezarr.engine.execution import prefix_of
from omezarr.errors import (
    AccessDeniedError,
    ArgumentError,
    IncompleteError,
    OMEZarrError,
    StorageError,
    UnsupportedError,
    WriteError,
)
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import registry_in_use
from omezarr.writing.images import run_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from omezarr.abc import FormatVersion
    from omezarr.abc.plan import Plan
    from omezarr.arrays.targets import Target
    from omezarr.checking.repair.overlay import Change
    from omezarr.checking.validation import Report
    from omezarr.checking.validation.subject import Subject
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry


@frozen(kw_only=True)
class Repair:
    """A repair that can be carried out.

    Parameters
    ----------
    location : Location
        What is repaired.
    changes : tuple of Change
        All that will be different in the metadata of groups and arrays, in the order of the rules that it mends.
    consolidated : mapping
        Path of each group whose consolidated metadata is not kept as it is, to "rewrite" or "remove".
    plan : Plan or None
        None: there is nothing to mend.
    """

    location: Location
    changes: tuple[Change, ...] = ()
    consolidated: Mapping[str, Literal["rewrite", "remove"]] = field(factory=dict)
    plan: Plan | None = None
    _judge: Callable[[], Report] = field(repr=False, eq=False)

    def outlook(self) -> Report:
        """Return what validation would find after the repair; what has no single answer is still in it."""
        return self._judge()


def repair(
    target: LocationLike,
    *,
    format: str | FormatVersion | None = None,  # noqa: A002 - the word of `validate`
    depth: Depth | Literal["document", "hierarchy", "data"] = Depth.HIERARCHY,
    strict: bool = False,
    ignore: Collection[str] = (),
    registry: Registry | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> Report:
    """Mend what has one right answer in an OME-Zarr, in place, and validate it again.

    Parameters
    ----------
    target : str, path, Location, zarr store or zarr group
        The root of the hierarchy.
    format, depth, strict, ignore, registry, storage_options
        As for `omezarr.validate`. Rules that are ignored mend nothing; at the depth of documents, only the root is
        looked at.

    Returns
    -------
    Report
        What is left, having no single answer.

    Raises
    ------
    UnsupportedError, AccessDeniedError
        If the place cannot be changed; nothing has been written then.
    IncompleteError
        If writing or upgrading it was never finished.
    WriteError
        If it failed midway; run it again to complete it.
    LocationNotFoundError, StorageError, ArgumentError, UnknownNameError
        As for `omezarr.validate`.

    Notes
    -----
    Each document is replaced as a whole, so that the hierarchy opens at every moment.

    Examples
    --------
    >>> import zarr
    >>> store = zarr.storage.MemoryStore()
    >>> well = {"images": [{"path": "0"}], "version": 0.4}
    >>> _ = zarr.create_group(store, zarr_format=2, attributes={"well": well})
    >>> report = repair(store)
    >>> zarr.open_group(store).attrs["well"]["version"]
    '0.4'
    """
    registry = registry or registry_in_use()
    if format is not None:
        format, registry = registry.holding("formats", format)  # noqa: A001 - as above
    options: dict[str, Any] = {"format": format, "depth": depth, "strict": strict, "ignore": ignore}
    carry_out(plan_repair(target, **options, registry=registry, storage_options=storage_options), registry)
    return validate(target, **options, registry=registry, storage_options=storage_options)


def plan_repair(
    target: LocationLike,
    *,
    format: str | None = None,  # noqa: A002 - as above
    depth: Depth | Literal["document", "hierarchy", "data"] = Depth.HIERARCHY,
    strict: bool = False,
    ignore: Collection[str] = (),
    registry: Registry | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> Repair:
    """Return what a repair would change, without writing anything; the parameters are those of `repair`.

    Raises
    ------
    IncompleteError
        If writing or upgrading it was never finished.
    LocationNotFoundError, StorageError, ArgumentError, UnknownNameError
        As for `omezarr.validate`.
    """
    registry = registry or registry_in_use()
    check_ignored(ignore, registry)
    if format is not None:
        format = registry.formats[format].version  # noqa: A001 - refuses what is unknown
    depth = depth_of(depth)
    subject = subject_of(target, registry, storage_options)
    if not subject.stored:
        raise ArgumentError(f"{subject.name} is a document alone; name the folder of the group to have it mended")
    place = Location.parse(target, storage_options)
    judge = partial(judgement, registry=registry, format=format, depth=depth, strict=strict, ignore=ignore)
    if subject.hierarchy is None or subject.node is None:
        return Repair(location=place, judge=partial(judge, subject))
    if is_unfinished(subject.node):
        raise IncompleteError(f"{place} is unfinished: what wrote or upgraded it has to be run again before a repair")
    overlay, shallow = Overlay(subject.hierarchy), min(depth, Depth.HIERARCHY)
    with registry.in_use():
        found = mended(subject, overlay, registry, format=format, depth=shallow, ignore=ignore)
    stale: set[str] = set()
    if depth > Depth.DOCUMENT and not is_ignored(ZARR_CONSOLIDATED.id, ignore):
        stale = {problem.node for problem in outdated(subject.hierarchy, found.places)}
    return repair_of(subject, place, found.overlay, changes=found.changes, stale=stale, registry=registry, judge=judge)


def repair_of(
    subject: Subject,
    place: Location,
    overlay: Overlay,
    *,
    changes: tuple[Change, ...],
    stale: Collection[str],
    registry: Registry,
    judge: Callable[[Subject], Report],
) -> Repair:
    """Return what makes a stored hierarchy what an overlay of it says, consolidated metadata looked after.

    Parameters
    ----------
    subject : Subject
        As it is stored.
    place : Location
        Where that is.
    overlay : Overlay
        As it is to be.
    changes : tuple of Change
        What these differ in.
    stale : collection of str
        Groups whose consolidated metadata is out of date already.
    registry : Registry
    judge : callable
        Validates a subject.
    """
    consolidated: dict[str, Literal["rewrite", "remove"]] = {}
    plan = None
    if subject.hierarchy is not None and subject.node is not None and (changes or stale):
        root, prefix = outermost_holder(place, registry)
        touched = holders_above(subject.hierarchy, overlay.changed, subject.node.zarr_format)
        # The executor drops that of the root of a plan before all else, and writes it anew at the end.
        dropped = {*stale, *(touched if prefix else touched - {""})}
        consolidated = {path: "remove" if path or prefix else "rewrite" for path in sorted(dropped)}
        plan = repair_plan(root, prefix, overlay, dropped)
    after = overlay.without_consolidated() if plan is not None else overlay
    return Repair(
        location=place,
        changes=changes,
        consolidated=consolidated,
        plan=plan,
        judge=partial(judge, as_in(subject, after)),
    )


def carry_out(repair: Repair, registry: Registry | None = None) -> None:
    """Carry out a repair; nothing is done where nothing has to be.

    Parameters
    ----------
    repair : Repair
    registry : Registry, optional

    Raises
    ------
    UnsupportedError, AccessDeniedError
        If the place cannot be changed; nothing has been written then.
    LockedError
        If somebody else changes the same hierarchy.
    WriteError
        If it failed midway.
    """
    registry = registry or registry_in_use()
    if repair.plan is not None:
        change(repair.location, repair.plan, registry)
        return
    with suppress(OMEZarrError):  # a place that cannot be written to needs nothing
        root, _ = outermost_holder(repair.location, registry)
        sweep_at(open_store(root, registry.storage_schemes, write=True))


def change(location: Location, plan: Plan, registry: Registry) -> None:
    """Carry out a plan that changes what is at a location; nobody else may change it meanwhile.

    Raises
    ------
    UnsupportedError, AccessDeniedError, LockedError, WriteError
        As for `carry_out`.
    """
    target = _writable(plan, registry)
    try:
        with locked(target, CHANGE_LOCK):
            run_plan(plan, registry)
            if isinstance(target, LocalTarget):
                target.clear(prefix_of(plan))  # files that an interruption left half-written
    except (WriteError, StorageError) as error:
        raise WriteError(
            f"{error}; the change of {location} is not complete, though all of it opens: run the same again"
        ) from error


def _writable(plan: Plan, registry: Registry) -> Target:
    """Return where a plan is carried out, if that can be changed."""
    cure = "copy it to where it can be changed, and change the copy"
    try:
        opened = open_store(plan.target, registry.storage_schemes, write=True)
    except UnsupportedError as error:
        raise UnsupportedError(f"{error}; {cure}") from error
    if opened.store.read_only or not opened.traits.rewritable:
        raise UnsupportedError(f"in {plan.target}, nothing can be replaced; {cure}")
    target = target_of(opened)
    if isinstance(target, LocalTarget):
        for folder in _folders(plan):
            if not os.access(Path(target.root, folder), os.W_OK | os.X_OK):
                raise AccessDeniedError(
                    f"may not write to {Path(target.root, folder)}; check its permissions, or {cure}"
                )
    return target


def _folders(plan: Plan) -> list[str]:
    """Return the folders that a plan writes to, that of the root first."""
    folders = [""]
    for step in plan.steps:
        if isinstance(step, EditAttributes):
            folders.append(step.path)
        elif isinstance(step, WriteObject):
            folders.append(_parent(step.key))
        elif isinstance(step, DeleteKeys):
            folders += map(_parent, step.keys)
    return list(dict.fromkeys(folders))


def _parent(key: str) -> str:
    """Return the folder of an object, or that of the hierarchy of which the engine keeps it."""
    parts = key.split("/")
    return "/".join(parts[: parts.index(JOURNAL_PREFIX) if JOURNAL_PREFIX in parts else -1])
