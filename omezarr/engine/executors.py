"""What runs the tasks of a pyramid: threads of this process, or the workers of a dask.distributed cluster.

Both bound what is in flight, stop and drain before a failure is reported, and give bit-identical results.
"""

from __future__ import annotations

import math
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.arrays.geometry import region_shape, shifted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from omezarr.abc import PixelSource
    from omezarr.engine.journal import FinishedNodes
    from omezarr.engine.progress import ProgressCounter
    from omezarr.engine.tasks import LevelPart, PyramidWork
    from omezarr.engine.units import Tree, TreeNode
    from omezarr.engine.windows import WindowRun

    Pixels = npt.NDArray[Any]


class Recorder:
    """Takes note of what is finished, from any thread: in the journal, and for those who want to know.

    Parameters
    ----------
    notes : FinishedNodes
    tally : ProgressCounter
    tree : Tree
    itemsize : int
    keep_first : bool
        Whether the units of the first level do not count.
    """

    def __init__(
        self, notes: FinishedNodes, tally: ProgressCounter, tree: Tree, itemsize: int, keep_first: bool = False
    ) -> None:
        self.notes = notes
        self._tally = tally
        self._tree = tree
        self._itemsize = itemsize
        self._keep_first = keep_first

    def finished(self, node: TreeNode, *, below: bool = False) -> None:
        """Take note that a node is finished, together with all nodes below it where asked."""
        self.notes.finished(node)
        self._count(node, below=below, written=True)

    def restored(self, node: TreeNode) -> None:
        """Count what an earlier attempt had finished."""
        self._count(node, below=True, written=False)

    def covers(self, node: TreeNode) -> bool:
        """Return whether an earlier attempt finished a node, or one above it."""
        above: TreeNode | None = node
        while above is not None:
            if self.notes.is_done(above):
                return True
            above = self._tree.parent(above)
        return False

    def work_below(
        self, node: TreeNode, floor: int, is_simple: Callable[[TreeNode], bool] = lambda _: False
    ) -> Iterator[TreeNode]:
        """Yield the nodes of a level that are to be done below a node, and those above that are done or simple."""
        if self.notes.is_done(node) or node.level <= floor or is_simple(node):
            yield node
            return
        for child in self._tree.children(node):
            yield from self.work_below(child, floor, is_simple)

    def passed(self, node: TreeNode, last: TreeNode | None = None) -> None:
        """Count a node and all below it, or a box of them up to its last one, for which nothing is stored."""
        tree = self._tree
        for level in range(1 if self._keep_first else 0, node.level + 1):
            ends = (tree.region_below(one, node.level - level) for one in (node, last or node))
            region = [slice(low.start, high.stop) for low, high in zip(*ends, strict=True)]
            units = zip(region, tree.units[level], strict=True)
            count = math.prod(-(-part.stop // unit) - part.start // unit for part, unit in units)
            size = math.prod(part.stop - part.start for part in region) * self._itemsize
            self._tally.add(count, size, written=False)

    def _count(self, node: TreeNode, *, below: bool, written: bool) -> None:
        for level in range(0 if below else node.level, node.level + 1):
            if level or not self._keep_first:
                size = self._tree.samples_below(node, level) * self._itemsize
                self._tally.add(self._tree.unit_count(node, level), size, written=written)


def run_in_threads(workers: int, work: Callable[[threading.Event], None]) -> None:
    """Run the same function in several threads until all of them have returned.

    Parameters
    ----------
    workers : int
    work : callable
        Is given an event that tells it to return soon.

    Raises
    ------
    BaseException
        The first error of any thread, or what interrupted the wait; in either case after all threads have ended.
    """
    stop = threading.Event()
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work(stop)
        except BaseException as error:  # noqa: BLE001  # it is raised again in the caller's thread
            errors.append(error)
            stop.set()

    threads = [
        threading.Thread(target=copy_context().run, args=(guarded,), name=f"omezarr-{number}", daemon=True)
        for number in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        _join(threads)
    except BaseException:
        stop.set()
        _join(threads)
        raise
    if errors:
        raise errors[0]


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)


class Assembly:
    """The nodes above the tasks, filled piece by piece and finished when complete.

    Parameters
    ----------
    pyramid : PyramidWork
    dtype : numpy.dtype
    recorder : Recorder
    """

    def __init__(self, pyramid: PyramidWork, dtype: np.dtype[Any], recorder: Recorder) -> None:
        self._pyramid = pyramid
        self._dtype = dtype
        self._recorder = recorder
        self._lock = threading.Lock()
        self._open: dict[TreeNode, tuple[Pixels, int]] = {}

    def deliver(self, node: TreeNode, piece: LevelPart | None) -> None:
        """Take what a finished node hands up, and finish all nodes that are complete with it."""
        tree = self._pyramid.tree
        while piece is not None:
            parent = tree.parent(node)
            assert parent is not None
            region = tree.region(parent)
            with self._lock:
                if parent not in self._open:
                    self._open[parent] = (np.empty(region_shape(region), self._dtype), tree.child_count(parent))
                pixels = self._open[parent][0]
            pixels[shifted(piece.region, [part.start for part in region])] = piece.pixels
            with self._lock:
                missing = self._open[parent][1] - 1
                if missing:
                    self._open[parent] = (pixels, missing)
                    return
                del self._open[parent]
            piece = self._pyramid.finish(parent, pixels)
            self._recorder.finished(parent)
            node = parent


class LocalExecutor:
    """Runs leaves in threads of this process.

    Parameters
    ----------
    threads : int
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def run_tree(
        self,
        pyramid: PyramidWork,
        source: PixelSource,
        nodes: Iterable[TreeNode],
        assembly: Assembly,
        recorder: Recorder,
    ) -> None:
        """Do all the work on nodes and below them, leaf by leaf."""

        def is_constant(node: TreeNode) -> bool:
            return pyramid.constant_at(node, source) is not None

        items = (item for node in nodes for item in recorder.work_below(node, 0, is_constant))

        def work(node: TreeNode) -> None:
            if recorder.notes.is_done(node):
                recorder.restored(node)
                assembly.deliver(node, pyramid.restored(node))
                return
            value = pyramid.constant_at(node, source)
            if value is not None:
                recorder.passed(node)
                assembly.deliver(node, pyramid.constant_part(node, value, source.dtype))
                return
            piece = pyramid.leaf(node, source)
            recorder.finished(node)
            assembly.deliver(node, piece)

        self._each(items, work)

    def run_windows(self, run: WindowRun, recorder: Recorder) -> None:
        """Write all units of a level from the level before."""
        from omezarr.engine.windows import reader_of

        reader = reader_of(run.before)

        def work(node: TreeNode) -> None:
            if recorder.notes.is_done(node):
                recorder.restored(node)
                return
            run.write([node], reader)
            recorder.finished(node)

        self._each(run.tree.nodes(0), work)

    def _each(self, items: Iterator[TreeNode], work: Callable[[TreeNode], None]) -> None:
        lock = threading.Lock()

        def worker(stop: threading.Event) -> None:
            while not stop.is_set():
                with lock:
                    item = next(items, None)
                if item is None:
                    return
                work(item)

        run_in_threads(self.threads, worker)
