"""Running tasks on the workers of a dask.distributed cluster.

Tasks are subtrees of the pyramid, never chunks. What they hand up is put together in this process.
"""

from __future__ import annotations

import itertools
import logging
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from omezarr.arrays.views import OffsetSource
from omezarr.errors import ArgumentError, MissingDependencyError, UnsupportedError
from omezarr.plugins.registry import registry_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from omezarr.abc import PixelSource
    from omezarr.engine.executors import Assembly, Recorder
    from omezarr.engine.tasks import LevelPart, PyramidWork
    from omezarr.engine.units import Tree, TreeNode
    from omezarr.engine.windows import WindowRun
    from omezarr.plugins.registry import Registry

TASKS_PER_THREAD = 4
"""Into how many tasks for each thread of the cluster the work is cut, at least, where it is large enough."""

_QUIET = {
    "dashboard_address": "127.0.0.1:0",
    "scheduler_kwargs": {"dashboard": False},
    "silence_logs": logging.CRITICAL,
}
"""A dashboard at any free port: where none is named, distributed takes 8787, and warns where somebody else has it.

Workers log an error where their scheduler ends while they greet it; what fails in a task reaches the caller anyway.
"""

BATCH_BYTES = 32 * 1024**2
"""Units that are made from windows are handed out in batches of about this size."""


@contextmanager
def client_of(scheduler: Any) -> Iterator[Any]:
    """Connect to what a user names as scheduler.

    Parameters
    ----------
    scheduler : None, "threads", dask.distributed.Client or str
        None and "threads": no cluster. A string: the address of a scheduler, or ``"local:N"`` for N processes here.

    Yields
    ------
    Client or None

    Raises
    ------
    ArgumentError
        If it names no scheduler.
    MissingDependencyError
        If dask.distributed is not installed.
    """
    if scheduler is None or scheduler == "threads":
        yield None
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingDependencyError(
            "running on a cluster needs dask.distributed; install omezarr[distributed]"
        ) from error
    connect: Any = Client
    start: Any = LocalCluster
    if isinstance(scheduler, Client):
        yield scheduler
        return
    if not isinstance(scheduler, str) or ":" not in scheduler:
        raise ArgumentError(
            f"{scheduler!r} is no scheduler; give a client, an address such as tcp://host:8786, or local:N"
        )
    if not scheduler.startswith("local:"):
        with connect(scheduler, set_as_default=False) as client:
            yield client
        return
    number = scheduler.removeprefix("local:")
    if not number.isdecimal() or int(number) < 1:
        raise ArgumentError(f"{scheduler!r}: write the number of processes behind local:, for example local:4")
    with (
        start(n_workers=int(number), threads_per_worker=1, **_QUIET) as cluster,
        connect(cluster, set_as_default=False) as client,
    ):
        yield client


class ClusterExecutor:
    """Runs subtrees on the workers of a cluster.

    Parameters
    ----------
    client : dask.distributed.Client

    Raises
    ------
    UnsupportedError
        If a plugin that a program has added cannot be sent to workers.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._registry = registry_in_use()
        try:
            _pickled(self._registry)
        except Exception as error:
            raise UnsupportedError(
                f"the plugins of this call cannot be sent to workers of a cluster: {type(error).__name__}: {error}; "
                "put those that a program has added into a module that is installed there"
            ) from error
        self._threads = max(1, sum(client.nthreads().values()))

    def run_tree(
        self,
        pyramid: PyramidWork,
        source: PixelSource,
        nodes: Iterable[TreeNode],
        assembly: Assembly,
        recorder: Recorder,
    ) -> None:
        """Do all the work on nodes and below them, a subtree a task."""
        if not pyramid.arrays[0].target.picklable:
            raise UnsupportedError(
                f"workers of a cluster cannot reach {pyramid.arrays[0].target}; write to a disk or a server they share"
            )
        tree = pyramid.tree
        floor = self._task_level(tree)

        def submitted() -> Iterator[tuple[TreeNode, Any]]:
            for node in nodes:
                for item in recorder.work_below(node, min(floor, node.level)):
                    if recorder.notes.is_done(item):
                        recorder.restored(item)
                        assembly.deliver(item, pyramid.restored(item))
                        continue
                    near = shipped(source, tree.region_below(item, item.level))
                    yield item, self._client.submit(_subtree, self._registry, pyramid, item, near, pure=False)

        def take(node: TreeNode, piece: LevelPart | None) -> None:
            recorder.finished(node, below=True)
            assembly.deliver(node, piece)

        self._collect(submitted(), take)

    def run_windows(self, run: WindowRun, recorder: Recorder) -> None:
        """Write all units of a level from the level before, a batch of units a task."""
        size = max(1, BATCH_BYTES // (math.prod(run.array.spec.unit) * 8))
        nodes = (node for node in run.tree.nodes(0) if not _counted_as_restored(node, recorder))

        def submitted() -> Iterator[tuple[list[TreeNode], Any]]:
            while batch := list(itertools.islice(nodes, size)):
                yield batch, self._client.submit(_write_windows, self._registry, run, batch, pure=False)

        def take(batch: list[TreeNode], _: Any) -> None:
            for node in batch:
                recorder.finished(node)

        self._collect(submitted(), take)

    def _collect(self, submitted: Iterator[tuple[Any, Any]], take: Callable[[Any, Any], None]) -> None:
        """Keep a bounded number of tasks in flight; after a failure, wait for those that run, then raise it."""
        import distributed

        def wait(futures: list[Any], when: str) -> Any:
            with self._client.as_current():
                return distributed.wait(futures, return_when=when)  # type: ignore[no-untyped-call]

        flying: dict[Any, Any] = {}
        try:
            while True:
                room = 2 * self._threads - len(flying)
                flying.update({future: item for item, future in itertools.islice(submitted, room)})
                if not flying:
                    return
                for future in wait(list(flying), "FIRST_COMPLETED").done:
                    take(flying.pop(future), future.result())
        except BaseException:
            wait(list(flying), "ALL_COMPLETED")
            raise

    def _task_level(self, tree: Tree) -> int:
        """Return the highest level that has tasks for all threads."""
        wanted = TASKS_PER_THREAD * self._threads
        return next((level for level in range(tree.levels - 1, 0, -1) if tree.count(level) >= wanted), 0)


def shipped(source: PixelSource, region: tuple[slice, ...]) -> PixelSource | bytes:
    """Return a source to be sent to a worker: the region alone where it would take its pixels along.

    Others are pickled already, so that they are opened with the plugins of the call.
    """
    if not source.portable:
        return OffsetSource(source, source.read(region), region)
    return _pickled(source)


def _pickled(value: object) -> bytes:
    """Return what distributed makes of a value, which takes along what is defined in a notebook."""
    from distributed.protocol import pickle

    dumps: Any = pickle.dumps
    pickled: bytes = dumps(value)
    return pickled


def _counted_as_restored(node: TreeNode, recorder: Recorder) -> bool:
    if not recorder.notes.is_done(node):
        return False
    recorder.restored(node)
    return True


def _subtree(registry: Registry, pyramid: PyramidWork, node: TreeNode, sent: PixelSource | bytes) -> LevelPart | None:
    from distributed.protocol import pickle

    loads: Any = pickle.loads
    with registry.in_use():
        return pyramid.subtree(node, loads(sent) if isinstance(sent, bytes) else sent)


def _write_windows(registry: Registry, run: WindowRun, nodes: list[TreeNode]) -> None:
    with registry.in_use():
        run.write(nodes)
