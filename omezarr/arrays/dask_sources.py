"""Dask arrays as sources: one graph for each band of tasks.

Computing a dask array region by region would do again what neighbouring regions share. So the engine asks for whole
bands, each computed as one graph. What every part of the array needs (a mean over all of it, for example) is computed
once, before the first band, and kept; it is refused where it does not fit in memory.
"""

from __future__ import annotations

import bisect
import itertools
import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc import PixelSource
from omezarr.arrays.declared import as_declared, unmasked
from omezarr.arrays.geometry import full_region, region_shape, shifted, text_of
from omezarr.arrays.views import OffsetSource
from omezarr.errors import MemoryBoundError, OMEZarrError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    Region = tuple[slice, ...]

GROUPS = 64
"""Into how many groups the blocks of an array are put to find out what all of them need."""


class DaskSource(PixelSource):
    """Pixels that a dask graph computes."""

    banded = True

    def __init__(self, array: Any) -> None:
        if any(not float(length).is_integer() for length in array.shape):
            raise SourceError("the dask array does not know its shape; call its compute_chunk_sizes() first")
        self.array = array
        self.shape = tuple(int(length) for length in array.shape)
        self.dtype = np.dtype(array.dtype)
        self.chunks = tuple(max(sizes, default=1) for sizes in array.chunks)
        self.identity = f"dask {array.name}"
        self._around: Callable[[Region], tuple[Any, Region]] | None = None
        self._lock = threading.Lock()

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Compute a region in the calling thread."""
        return self._compute(self.array, region, region, scheduler="synchronous")

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Compute a region, as one graph; before the first of several, what all regions need."""
        array, place = self.array, region
        if region != full_region(self.shape):
            with self._lock:
                if self._around is None:
                    self._around = self._with_kept(threads, memory)
            array, place = self._around(region)
        pixels = self._compute(array, place, region, scheduler="threads", num_workers=threads)
        return OffsetSource(self, pixels, region)

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, and of the blocks that it touches while they are computed."""
        block = tuple(min(chunk, length) for chunk, length in zip(self.chunks, self.shape, strict=True))
        touched = math.prod(
            min(length, -(-part.stop // size) * size - part.start // size * size)
            for part, size, length in zip(region, block, self.shape, strict=True)
        )
        return (math.prod(region_shape(region)) + touched) * self.dtype.itemsize

    def _with_kept(self, threads: int, memory: int) -> Callable[[Region], tuple[Any, Region]]:
        """Compute what all blocks need; return what gives an array that holds a region, and its place there."""
        import dask
        from dask.core import get_dependencies

        graph = dict(self.array.__dask_graph__())
        needs = {key: get_dependencies(graph, key) for key in graph}
        keys = common_keys(graph, needs, _flat(self.array.__dask_keys__()))
        if not keys:
            return lambda region: (self.array, region)
        blocks = GraphBlocks(self.array, graph, needs)
        part = blocks.below(keys)
        values = self._guarded(lambda: dask.threaded.get(part, keys, num_workers=threads), "what all of it needs")
        size = sum(getattr(value, "nbytes", 0) for value in values)
        if size > memory:
            raise MemoryBoundError(
                f"every part of the dask array needs the same {-(-size // 2**20)} MiB of results, more than"
                f" the {memory // 2**20} MiB left for them; allow more, or compute them beforehand and store them"
            )
        graph.update(zip(keys, values, strict=True))
        needs.update({key: set() for key in keys})
        return blocks.around

    def _compute(self, array: Any, place: Region, region: Region, **options: Any) -> npt.NDArray[Any]:
        """Compute the place of an array that holds a region of this one."""
        pixels = unmasked(self._guarded(lambda: array[place].compute(**options), text_of(region)))
        return as_declared(pixels, self, region, "the dask array")

    def _guarded(self, work: Any, what: str) -> Any:
        try:
            return work()
        except (OMEZarrError, MemoryError):
            raise
        except Exception as error:
            raise SourceError(f"computing {what} of the dask array failed: {type(error).__name__}: {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock, and what is found out again."""
        return {**self.__dict__, "_lock": None, "_around": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make a lock."""
        self.__dict__.update(state)
        self._lock = threading.Lock()


class GraphBlocks:
    """The blocks of a dask array with their tasks; looking for those of a region does not grow with the array.

    Parameters
    ----------
    array : dask.array.Array
    graph : dict
        Of its tasks, as they are.
    needs : dict
        Each key of the graph, to those that it depends on.
    """

    def __init__(self, array: Any, graph: dict[Any, Any], needs: dict[Any, Any]) -> None:
        self._array = array
        self._graph = graph
        self._needs = needs
        self._ends = [list(itertools.accumulate(sizes)) for sizes in array.chunks]

    def around(self, region: Region) -> tuple[Any, Region]:
        """Return the blocks that a region touches as an array with a graph of its own, and the region in it."""
        import dask.array as da

        spans = [
            range(bisect.bisect_right(ends, part.start), bisect.bisect_left(ends, part.stop) + 1)
            for ends, part in zip(self._ends, region, strict=True)
        ]
        name = f"part-{self._array.name}"
        numbers = itertools.product(*(range(len(span)) for span in spans))
        blocks = dict(zip(numbers, itertools.product(*spans), strict=True))
        keys = {(name, *number): (self._array.name, *block) for number, block in blocks.items()}
        chunks = tuple(sizes[span.start : span.stop] for sizes, span in zip(self._array.chunks, spans, strict=True))
        begins = [ends[span.start - 1] if span.start else 0 for ends, span in zip(self._ends, spans, strict=True)]
        whole: Any = da.Array
        part = whole({**self.below(keys.values()), **keys}, name, chunks, meta=self._array)
        return part, shifted(region, begins)

    def below(self, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return the part of the graph that makes these keys."""
        found: dict[Any, Any] = {}
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found[key] = self._graph[key]
                waiting += self._needs[key]
        return found


def common_keys(graph: dict[Any, Any], needs: dict[Any, Any], outputs: list[Any]) -> list[Any]:
    """Return the keys of the results that all parts of an array need directly.

    Parameters
    ----------
    graph : dict
        Of dask tasks.
    needs : dict
        Each key of the graph, to those that it depends on.
    outputs : list
        The keys of the blocks of the array, in order.

    Returns
    -------
    list
        Keys that every group of blocks depends on, through tasks that not every group depends on. What they are made
        from themselves is not among them.
    """
    size = -(-len(outputs) // GROUPS)
    groups = -(-len(outputs) // size)
    if groups < 3:
        return []
    everything = (1 << groups) - 1
    needed_by = dict.fromkeys(graph, 0)
    direct = dict.fromkeys(graph, 0)
    for position, key in enumerate(outputs):
        needed_by[key] |= 1 << (position // size)
    for key in reversed(_sorted(needs)):
        for need in needs[key]:
            needed_by[need] |= needed_by[key]
            if needed_by[key] != everything:
                direct[need] |= needed_by[key]
    own = set(outputs)
    return [key for key, mask in direct.items() if mask == everything and key not in own and _is_work(graph[key])]


def _is_work(task: Any) -> bool:
    """Return whether something in a graph is computed, and not just there."""
    from dask import core

    is_task: Any = core.istask
    return bool(is_task(task)) or (hasattr(task, "dependencies") and type(task).__name__ not in ("DataNode", "Alias"))


def _sorted(needs: dict[Any, Any]) -> list[Any]:
    """Return keys with what they need before them."""
    from graphlib import TopologicalSorter

    return list(TopologicalSorter(needs).static_order())


def _flat(keys: Any) -> list[Any]:
    if not isinstance(keys, list):
        return [keys]
    return [key for inner in keys for key in _flat(inner)]
