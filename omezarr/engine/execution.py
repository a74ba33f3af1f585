"""Carrying out plans: the steps in their order, from the first lock to the commit.

A new hierarchy says that it is incomplete until the last write; an existing one is replaced only when the new one is
complete. What fails before the first unit is written leaves nothing behind; after that, the target can be resumed.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from omezarr.abc.copying import CopyObjects
from omezarr.abc.plan import JOURNAL_PREFIX, WriteLevels
from omezarr.arrays.documents import Documents, restore_noted
from omezarr.arrays.locks import locked
from omezarr.arrays.targets import target_of
from omezarr.engine.copying import ObjectsCopier
from omezarr.engine.journal import Journal, facts_of
from omezarr.engine.levels import LevelsWriter, Resources
from omezarr.engine.memory import DEFAULT_BYTES
from omezarr.engine.progress import ProgressCounter
from omezarr.engine.replacement import PlanTarget
from omezarr.engine.steps import StepRunner
from omezarr.errors import ArgumentError, OMEZarrError, SourceError, UnsupportedError, WriteError
from omezarr.settings import Settings, parse_lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.abc.plan import Plan, ProgressCallback
    from omezarr.engine.opener import StoreOpener


DISTANT_THREADS = 16
"""How many threads write to or read from a server where nobody says: they mostly wait."""


def execute(
    plan: Plan,
    *,
    open_store: StoreOpener,
    memory: int | None = None,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    scheduler: Any = None,
    resume: bool = False,
    lease: float | None = None,
    committed: Callable[[], None] | None = None,
) -> bool:
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
    lease : float, optional
        Seconds after which others may write there if this process dies, in stores that are no local disk. Default:
        ``OMEZARR_LEASE``, else a minute.
    committed : callable, optional
        What belongs to a new hierarchy elsewhere, such as its entry in a list: called when it is complete, before
        that is forgotten, so that the same plan makes up for it where a process died in between.

    Returns
    -------
    bool
        Whether anything was left to do: not where an earlier attempt at the same plan has completed it.

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
    copiers = {
        number: ObjectsCopier(step, open_store, bound)
        for number, step in enumerate(plan.steps)
        if isinstance(step, CopyObjects)
    }
    distant = [step.source.distant for step in plan.steps if isinstance(step, WriteLevels)]
    distant += [copier.distant for copier in copiers.values()]
    if threads is None and (opened.distant or any(distant)):
        count = max(count, DISTANT_THREADS)
    if lease is not None:
        lease = parse_lease(lease, "the lease")
    if count < 1:
        raise ArgumentError(f"{count} threads can do nothing; give at least 1")
    if opened.sealed and not plan.create:
        raise UnsupportedError(
            f"{plan.target} is one file, which is written whole: nothing can be added or changed in it; copy it to a "
            "folder with omezarr copy, change that, and copy it back"
        )
    with client_of(scheduler) as client:
        resources = Resources(memory=bound, threads=count, client=client)
        site = PlanTarget(opened, plan, resume=resume, open_store=open_store)
        site.check()
        writers = {
            number: LevelsWriter(step, number, site.target, resources)
            for number, step in enumerate(plan.steps)
            if isinstance(step, WriteLevels)
        }
        tally = ProgressCounter(
            sum(writer.units for writer in writers.values()) + sum(c.step.objects for c in copiers.values()),
            sum(writer.nbytes for writer in writers.values()) + sum(c.step.nbytes for c in copiers.values()),
            progress,
        )
        prefix = prefix_of(plan)
        site.target.scratch = prefix
        alone = plan.create or writers or not plan.phases
        with site.prepared(), locked(site.wanted, f"{prefix}.lock", lease=lease) if alone else nullcontext():
            journal = Journal(site.target, prefix)
            runner = StepRunner(
                site.target,
                plan,
                writers,
                copiers=copiers,
                threads=count,
                journal=journal,
                tally=tally,
                open_store=open_store,
            )
            return _run(plan, site, runner, journal, committed or (lambda: None))


def _run(plan: Plan, site: PlanTarget, runner: StepRunner, journal: Journal, committed: Callable[[], None]) -> bool:
    site.check()
    if not plan.phases:
        restore_noted(site.target)
        journal.remove()
        return False
    if not (plan.create or runner.has_pixels):
        runner.run()
        return True
    documents = Documents(site.target, plan.zarr_format)
    if site.committed:
        if plan.consolidate and not documents.is_consolidated():
            documents.consolidate()
        committed()
        journal.remove()
        site.replace()
        return False
    try:
        facts = {} if site.target.transient else facts_of(plan)
        fewer = not plan.create and journal.is_mostly_done(facts) and not journal.is_of(facts)
        if site.resuming and journal.exists() and not fewer:
            journal.resume(facts)
        else:
            site.clear_attempt()
            journal.start(facts)
        site.mark()
        runner.run()
        for step in plan.steps:
            if isinstance(step, WriteLevels):
                step.source.check_unchanged()
        runner.check_copies()
        site.finish(runner.final_attributes)
        if plan.create and plan.consolidate:
            documents.consolidate()
        site.target.seal()
        committed()
        journal.remove()
        site.replace()
    except BaseException as error:
        site.target.abandon()
        if site.resuming or not runner.is_traceless:
            _advise(error, site)
            raise
        with suppress(OMEZarrError):
            runner.undo()
            site.undo()
            journal.remove()
        raise
    return True


def _advise(error: BaseException, site: PlanTarget) -> None:
    """Put the way to go on into the message of an error."""
    if isinstance(error, WriteError | SourceError) and error.args:
        error.args = (f"{error.args[0]}; {site.advice}", *error.args[1:])
    else:
        error.add_note(site.advice)


def prefix_of(plan: Plan) -> str:
    """Return where the journal lies: one place for a whole hierarchy, another for each image that is added to one."""
    first = next((step.arrays[0].path for step in plan.steps if isinstance(step, WriteLevels)), "")
    name = "plan" if plan.create else "plan-" + first.rpartition("/")[0].replace("/", "-")
    return f"{JOURNAL_PREFIX}/{name}"
