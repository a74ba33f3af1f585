"""Dask arrays as sources: one graph for each band of tasks.

Computing a dask array region by region would do again what neighbouring regions share. So the engine asks for whole
bands, each computed as one graph. What every part of the array needs (a mean over all of it, for example) is computed
once, before the first band, and kept; it is refused where it does not fit in memory.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.abc import PixelSource
from omezarr.arrays.declared import as_declared, unmasked
from omezarr.arrays.geometry import full_region, region_shape, text_of
from omezarr.arrays.views import OffsetSource
from omezarr.errors import MemoryBoundError, OMEZarrError, SourceError

if TYPE_CHECKING:
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
        self._prepared: Any = None
        self._lock = threading.Lock()

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Compute a region in the calling thread."""
        return self._compute(self.array, region, scheduler="synchronous")

    def near(self, region: Region, threads: int, memory: int) -> PixelSource:
        """Compute a region, as one graph; before the first of several, what all regions need."""
        if region == full_region(self.shape):
            array = self.array
        else:
            with self._lock:
                if self._prepared is None:
                    self._prepared = self._with_kept(threads, memory)
            array = self._prepared
        return OffsetSource(self, self._compute(array, region, scheduler="threads", num_workers=threads), region)

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, and of the blocks that it touches while they are computed."""
        block = tuple(min(chunk, length) for chunk, length in zip(self.chunks, self.shape, strict=True))
        touched = math.prod(
            min(length, -(-part.stop // size) * size - part.start // size * size)
            for part, size, length in zip(region, block, self.shape, strict=True)
        )
        return (math.prod(region_shape(region)) + touched) * self.dtype.itemsize

    def _with_kept(self, threads: int, memory: int) -> Any:
        """Return the same array with what all of it needs already computed."""
        import dask
        import dask.array as da

        graph = dict(self.array.__dask_graph__())
        outputs = _flat(self.array.__dask_keys__())
        keys = common_keys(graph, outputs)
        if not keys:
            return self.array
        values = self._guarded(lambda: dask.threaded.get(graph, keys, num_workers=threads), "what all of it needs")
        size = sum(getattr(value, "nbytes", 0) for value in values)
        if size > memory:
            raise MemoryBoundError(
                f"every part of the dask array needs the same {-(-size // 2**20)} MiB of results, more than"
                f" the {memory // 2**20} MiB left for them; allow more, or compute them beforehand and store them"
            )
        rebuild: Any = da.Array
        return rebuild(
            {**graph, **dict(zip(keys, values, strict=True))}, self.array.name, self.array.chunks, self.array.dtype
        )

    def _compute(self, array: Any, region: Region, **options: Any) -> npt.NDArray[Any]:
        pixels = unmasked(self._guarded(lambda: array[region].compute(**options), text_of(region)))
        return as_declared(pixels, self, region, "the dask array")

    def _guarded(self, work: Any, what: str) -> Any:
        try:
            return work()
        except (OMEZarrError, MemoryError):
            raise
        except Exception as error:
            raise SourceError(f"computing {what} of the dask array failed: {type(error).__name__}: {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock."""
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make a lock."""
        self.__dict__.update(state)
        self._lock = threading.Lock()


def common_keys(graph: dict[Any, Any], outputs: list[Any]) -> list[Any]:
    """Return the keys of the results that all parts of an array need directly.

    Parameters
    ----------
    graph : dict
        Of dask tasks.
    outputs : list
        The keys of the blocks of the array, in order.

    Returns
    -------
    list
        Keys that every group of blocks depends on, through tasks that not every group depends on. What they are made
        from themselves is not among them.
    """
    from dask.core import get_dependencies

    needs = {key: get_dependencies(graph, key) for key in graph}
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
