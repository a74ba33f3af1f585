"""Writing the levels of one image: from the schedule to the last unit."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from omezarr.arrays.geometry import full_region
from omezarr.arrays.stored import StoredArray, write_array_metadata
from omezarr.engine.clusters import ClusterExecutor
from omezarr.engine.executors import Assembly, LocalExecutor, Recorder
from omezarr.engine.journal import FinishedNodes
from omezarr.engine.memory import bands, box_region, schedule
from omezarr.engine.methods import dtype_refusal
from omezarr.engine.tasks import PyramidWork
from omezarr.engine.units import Tree, TreeNode
from omezarr.engine.windows import WindowRun
from omezarr.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omezarr.abc import PixelSource
    from omezarr.abc.plan import WriteLevels
    from omezarr.arrays.targets import Target
    from omezarr.engine.journal import Journal
    from omezarr.engine.memory import Schedule
    from omezarr.engine.progress import ProgressCounter


@frozen(kw_only=True)
class Resources:
    """What writing may use.

    Parameters
    ----------
    memory : int
        Bytes of its own.
    threads : int
    client : dask.distributed.Client, optional
        Runs the tasks; None: threads of this process.
    """

    memory: int
    threads: int
    client: Any = None


def check_levels(step: WriteLevels) -> None:
    """Refuse levels that cannot be written, before anything is.

    Raises
    ------
    ArgumentError, UnsupportedError
    """
    first = step.arrays[0]
    if tuple(step.source.shape) != tuple(first.shape):
        raise ArgumentError(f"{first.path!r} has shape {first.shape}, but its source has {step.source.shape}")
    for spec in step.arrays:
        if np.dtype(spec.dtype) != step.source.dtype.newbyteorder("="):
            raise ArgumentError(f"{spec.path!r} is of {spec.dtype}, but its source of {step.source.dtype}")
    if len(step.arrays) > 1:
        reason = dtype_refusal(step.method, step.source.dtype)
        if reason is not None:
            raise UnsupportedError(f"the scaling method {step.method.name!r} refuses {step.source.dtype}: {reason}")


class LevelsWriter:
    """Carries out one `WriteLevels` step.

    Parameters
    ----------
    step : WriteLevels
    number : int
        Of the step in its plan, for the journal.
    target : Target
    resources : Resources
    """

    def __init__(self, step: WriteLevels, number: int, target: Target, resources: Resources) -> None:
        check_levels(step)
        self.step = step
        self.number = number
        self.target = target
        self.resources = resources
        self.arrays = tuple(StoredArray(spec, target) for spec in step.arrays)
        self.schedule: Schedule = schedule(
            step.source,
            self.arrays,
            step.factors,
            step.method,
            bound=resources.memory,
            threads=resources.threads,
        )

    @property
    def units(self) -> int:
        """How many units are written."""
        return sum(spec.units for spec in self.step.arrays[self.step.keep_first :])

    @property
    def nbytes(self) -> int:
        """How many bytes those hold, not encoded."""
        itemsize = self.step.source.dtype.itemsize
        return sum(
            int(np.prod(spec.shape, dtype=object)) * itemsize for spec in self.step.arrays[self.step.keep_first :]
        )

    def write(self, journal: Journal, tally: ProgressCounter) -> None:
        """Write all units that the journal does not name."""
        step = self.step
        for spec in step.arrays[step.keep_first :]:
            write_array_metadata(self.target, spec)
        itemsize = step.source.dtype.itemsize
        tree = self.schedule.tree
        part = f"{self.number}-{self.schedule.mode.replace(' ', '-')}"
        if tree.levels > 1 or not step.keep_first:
            self._one_pass(
                tree, Recorder(FinishedNodes(journal, part, tree, itemsize), tally, tree, itemsize, step.keep_first)
            )
        for level in range(tree.levels, len(self.arrays)):
            array, factors = self.arrays[level], step.factors[level - 1]
            single = Tree.of([array.spec.shape], [], [array.spec.unit])
            recorder = Recorder(FinishedNodes(journal, f"{part}-{level}", single, itemsize), tally, single, itemsize)
            run = WindowRun(single, self.arrays[level - 1], array, factors, step.method)
            executor_of(self.resources, self.schedule.threads).run_windows(run, recorder)
        step.source.check_unchanged()

    def _one_pass(self, tree: Tree, recorder: Recorder) -> None:
        step = self.step
        pyramid = PyramidWork(
            tree, self.arrays[: tree.levels], step.method, self.schedule.cell, keep_first=step.keep_first
        )
        assembly = Assembly(pyramid, step.source.dtype.newbyteorder("="), recorder)
        executor = executor_of(self.resources, self.schedule.threads)
        for source, nodes in self._bands(pyramid, recorder):
            executor.run_tree(pyramid, source, nodes, assembly, recorder)

    def _bands(self, pyramid: PyramidWork, recorder: Recorder) -> Iterator[tuple[PixelSource, Iterable[TreeNode]]]:
        """Yield groups of nodes, each with a source from which they are read at little cost."""
        source, band, tree = self.step.source, self.schedule.band, pyramid.tree
        if band is None:
            yield source, standing(pyramid, source, recorder)
            return
        level, _ = band
        for box in bands(tree, band):
            nodes = [
                TreeNode(level, place) for place in itertools.product(*(range(part.start, part.stop) for part in box))
            ]
            if all(map(recorder.covers, nodes)):
                yield source, [node for node in nodes if recorder.notes.is_done(node)]
            else:
                spare = self.resources.memory - self.schedule.peak
                near = source.near(box_region(tree, level, box), self.schedule.threads, spare)
                yield near, [node for node in nodes if recorder.notes.is_done(node) or not recorder.covers(node)]


FEW_NODES = 4096
"""So many nodes are looked at one by one."""


def standing(pyramid: PyramidWork, source: PixelSource, recorder: Recorder) -> Iterator[TreeNode]:
    """Yield the uppermost nodes; large parts of the image for which nothing is stored are passed over as a whole.

    Parameters
    ----------
    pyramid : PyramidWork
    source : PixelSource
    recorder : Recorder
        Counts what is passed over.
    """
    tree, level = pyramid.tree, pyramid.tree.levels - 1
    if tree.count(level) <= FEW_NODES:
        yield from tree.nodes(level)
        return
    waiting = [full_region(tree.grid(level))]
    while waiting:
        box = waiting.pop()
        first, last = (TreeNode(level, place) for place in zip(*((p.start, p.stop - 1) for p in box), strict=True))
        if first == last:
            yield first
        elif pyramid.constant(source, box_region(tree, level, box)) is not None:
            recorder.passed(first, last)
        else:
            axis = max(range(len(box)), key=lambda axis: box[axis].stop - box[axis].start)
            middle = (box[axis].start + box[axis].stop) // 2
            halves = slice(middle, box[axis].stop), slice(box[axis].start, middle)
            waiting += [(*box[:axis], half, *box[axis + 1 :]) for half in halves]


def executor_of(resources: Resources, threads: int) -> LocalExecutor | ClusterExecutor:
    """Return what runs the tasks."""
    return LocalExecutor(threads) if resources.client is None else ClusterExecutor(resources.client)
