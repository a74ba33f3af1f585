"""Carrying out plans: the steps in their order, from the first lock to the commit.

A new hierarchy says that it is incomplete until the last write; an existing one is replaced only when the new one is
complete. What fails before the first unit is written leaves nothing behind; after that, the target can be resumed.
"""

from __future__ import annotations

import platform
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Protocol

from omezarr.abc.plan import JOURNAL_PREFIX, CreateGroup, EditAttributes, WriteLevels
from omezarr.arrays.documents import Documents
from omezarr.arrays.locks import locked
from omezarr.arrays.stored import array_metadata
from omezarr.arrays.targets import target_of
from omezarr.engine.journal import Journal
from omezarr.engine.levels import LevelsWriter, Resources
from omezarr.engine.memory import DEFAULT_BYTES
from omezarr.engine.progress import Tally
from omezarr.engine.replacement import Site
from omezarr.engine.steps import StepRunner
from omezarr.errors import ArgumentError, OMEZarrError, SourceError, WriteError
from omezarr.settings import Settings

if TYPE_CHECKING:
    from omezarr.abc import OpenedStore
    from omezarr.abc.plan import Plan, ProgressCallback
    from omezarr.location import Location
    from omezarr.model import JSON


DISTANT_THREADS = 16
"""How many threads write to or read from a server where nobody says: they mostly wait."""


class StoreOpener(Protocol):
    """Opens the store of a location; what `execute` reaches stores through."""

    def __call__(self, location: Location, *, write: bool) -> OpenedStore:
        """Open a location, for writing where asked."""


def execute(
    plan: Plan,
    *,
    open_store: StoreOpener,
    memory: int | None = None,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    scheduler: Any = None,
    resume: bool = False,
) -> None:
    """Carry out a plan.

    Parameters
    ----------
    plan : Plan
    open_store : callable
        Opens locations: ``open_store(location, write=True)`` returns an `OpenedStore`.
    memory : int, optional
        Bytes that writing may take of its own. Default: ``OMEZARR_MEMORY``, else 1 GiB.
    threads : int, optional
        Default: ``OMEZARR_THREADS``, else the cores that this process may use; at least 16 where a server is written
        to or read from.
    progress : callable, optional
        Is given a `Progress` after each unit, by one thread at a time.
    scheduler : dask.distributed.Client or str, optional
        Runs the work on a cluster: a client, the address of a scheduler, or ``"local:N"`` for N processes here.
    resume : bool
        Whether to go on with an earlier attempt at the same plan, if there is one.

    Raises
    ------
    TargetExistsError
        If a new hierarchy would take the place of anything that may not be overwritten.
    IncompleteError
        If an unfinished hierarchy is there and `resume` was not asked for.
    LockedError
        If somebody else is writing there.
    MemoryBoundError
        If the work does not fit in the memory that was allowed; nothing has been written then.
    ArgumentError
        If an earlier attempt cannot be resumed because source, options or software have changed.
    SourceError, WriteError, UnsupportedError
        If the source cannot be read, the target not be written.
    """
    from omezarr.engine.clusters import client_of

    settings = Settings.from_environment()
    bound = next((size for size in (memory, settings.memory) if size is not None), DEFAULT_BYTES)
    count = settings.threads if threads is None else threads
    opened = target_of(open_store(plan.target, write=True))
    if threads is None and (opened.distant or any(s.source.distant for s in plan.steps if isinstance(s, WriteLevels))):
        count = max(count, DISTANT_THREADS)
    if count < 1:
        raise ArgumentError(f"{count} threads can do nothing; give at least 1")
    with client_of(scheduler) as client:
        resources = Resources(memory=bound, threads=count, client=client)
        site = Site(opened, plan, resume=resume)
        site.check()
        writers = {
            number: LevelsWriter(step, number, site.target, resources)
            for number, step in enumerate(plan.steps)
            if isinstance(step, WriteLevels)
        }
        tally = Tally(
            sum(writer.units for writer in writers.values()),
            sum(writer.nbytes for writer in writers.values()),
            progress,
        )
        prefix = prefix_of(plan)
        site.target.scratch = prefix
        alone = plan.create or writers
        with site.prepared(), locked(site.wanted, f"{prefix}.lock") if alone else nullcontext():
            journal = Journal(site.target, prefix)
            runner = StepRunner(site.target, plan, writers, journal=journal, tally=tally, open_store=open_store)
            _run(plan, site, runner, journal)


def _run(plan: Plan, site: Site, runner: StepRunner, journal: Journal) -> None:
    site.check()
    if not (plan.create or runner.has_pixels):
        runner.run()
        return
    if site.committed:
        journal.remove()
        site.replace()
        return
    try:
        facts = {} if site.target.transient else _facts(plan)
        if site.resuming and journal.exists():
            journal.resume(facts)
        else:
            site.clear_attempt()
            journal.start(facts)
        site.mark()
        runner.run()
        for step in plan.steps:
            if isinstance(step, WriteLevels):
                step.source.check_unchanged()
        site.finish(runner.final_attributes)
        if plan.create and plan.consolidate:
            Documents(site.target, plan.zarr_format).consolidate()
        journal.remove()
        site.replace()
    except BaseException as error:
        if site.resuming or not runner.is_traceless:
            _advise(error, site)
            raise
        with suppress(OMEZarrError):
            runner.undo()
            site.undo()
            journal.remove()
        raise


def _advise(error: BaseException, site: Site) -> None:
    """Put the way to go on into the message of an error."""
    if isinstance(error, WriteError | SourceError) and error.args:
        error.args = (f"{error.args[0]}; {site.advice}", *error.args[1:])
    else:
        error.add_note(site.advice)


def _facts(plan: Plan) -> dict[str, JSON]:
    """Return what must be the same for a plan to be resumed."""
    import numcodecs
    import numpy as np

    from omezarr._version import __version__

    facts: dict[str, JSON] = {
        "the version of omezarr": __version__,
        "the version of numcodecs": numcodecs.__version__,
        "the version of numpy": np.__version__,
        "the processor": platform.machine(),
        "the zarr format": str(plan.zarr_format),
    }
    for number, step in enumerate(plan.steps):
        if isinstance(step, WriteLevels):
            name = step.arrays[0].path or str(number)
            facts[f"the source of {name!r}"] = step.source.identity
            for spec in step.arrays:
                facts[f"the array {spec.path!r}"] = {**array_metadata(spec), "write_empty": spec.write_empty}
            facts[f"the scaling method of {name!r}"] = f"{step.method.name} {step.method.version}"
            facts[f"the factors of {name!r}"] = [list(factors) for factors in step.factors]
        elif isinstance(step, CreateGroup):
            facts[f"the new group {step.path!r}"] = dict(step.attributes)
        elif isinstance(step, EditAttributes):
            known = step.known if callable(step.attributes) else step.attributes
            facts[f"the metadata of {repr(step.path) if step.path else 'the root'}"] = dict(known or {})
    return facts


def prefix_of(plan: Plan) -> str:
    """Return where the journal lies: one place for a whole hierarchy, another for each image that is added to one."""
    first = next((step.arrays[0].path for step in plan.steps if isinstance(step, WriteLevels)), "")
    name = "plan" if plan.create else "plan-" + first.rpartition("/")[0].replace("/", "-")
    return f"{JOURNAL_PREFIX}/{name}"
