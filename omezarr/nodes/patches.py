"""Patches that cover a level, each read when it is asked for, or a few ahead while one goes through them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from attrs import frozen

from omezarr.errors import ArgumentError
from omezarr.settings import Settings
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy.typing as npt

    from omezarr.arrays.chunk_cache import ChunkCache
    from omezarr.nodes.level import Level

    Region = tuple[slice, ...]


@frozen(eq=False)
class Patch:
    """A part of a level.

    Parameters
    ----------
    index : tuple of int and slice
        Where it is: what `Level.read` takes.
    pixels : array
        In the axis order of the image, without the axes on which the index is a number.
    """

    index: tuple[int | slice, ...]
    pixels: npt.NDArray[Any]


def patch_sizes(
    shape: Sequence[int] | Mapping[str, int],
    overlap: int | Sequence[int] | Mapping[str, int],
    names: Sequence[str],
    region: Region,
) -> tuple[tuple[int | None, ...], tuple[int, ...]]:
    """Return how long patches are along each axis, None for one sample without an axis, and what neighbours share.

    Parameters
    ----------
    shape : sequence or mapping of int
        Along the last axes, or by name.
    overlap : int, sequence or mapping of int
    names : sequence of str
        Of the axes.
    region : tuple of slice
        One for each axis.

    Raises
    ------
    ArgumentError
        If they do not fit the axes.

    Examples
    --------
    >>> patch_sizes((1, 8), 2, "zyx", (slice(0, 9), slice(0, 9), slice(0, 9)))
    ((None, 1, 8), (0, 0, 2))
    """
    count = len(region)
    lengths = _by_axis(shape, names, count, "the shape of a patch")
    if isinstance(overlap, int):
        shared = [overlap if length is not None and length > 1 else 0 for length in lengths]
    else:
        shared = [value or 0 for value in _by_axis(overlap, names, count, "the overlap of patches")]
    for length, common in zip(lengths, shared, strict=True):
        if length is not None and length < 1:
            raise ArgumentError(f"a patch has at least one sample along each of its axes, not {length}")
        if not 0 <= common < (length or 1):
            raise ArgumentError(f"patches of a length of {length or 1} cannot share {common} samples with the next one")
    return tuple(lengths), tuple(shared)


def _by_axis(given: Sequence[int] | Mapping[str, int], names: Sequence[str], count: int, what: str) -> list[int | None]:
    if isinstance(given, Mapping):
        unknown = next((name for name in given if name not in names), None)
        if unknown is not None:
            raise ArgumentError(f"{what} names an axis {unknown!r}; there are: {', '.join(names)}")
        if len(names) != count:
            raise ArgumentError(f"the metadata names {len(names)} axes of an array of {count}; give {what} by numbers")
        return [given.get(name) for name in names]
    if not 0 < len(given) <= count:
        raise ArgumentError(f"{what} has 1 to {count} numbers, one for each of the last axes, not {tuple(given)}")
    return [*[None] * (count - len(given)), *given]


class Patches(Sequence[Patch]):
    """The patches that cover a region of a level, in C order of their places.

    A sequence: one at a number is read when it is asked for, so that a data loader can take them in any order, from any
    thread, and in worker processes, to which this can be sent. Iterating reads a few ahead, in as many threads as
    may be used, and holds no more than those in memory.

    Parameters
    ----------
    level : Level
    region : tuple of slice
    sizes : tuple of (int or None)
        The length of patches along each axis; None for one sample, without the axis.
    shared : tuple of int
        What neighbours share.
    whole : bool
        Whether patches at the far border are moved inwards; where the region is shorter than a patch, it is all of it.
    ahead : int, optional
        How many are read before they are asked for. Default: one a thread.
    cache : ChunkCache, optional
        Chunks that several patches need are then decoded once, as far as it reaches.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> image = np.arange(100, dtype="uint8").reshape(10, 10)
    >>> level = omezarr.write_image("memory://doc-cover/image.ome.zarr", image, axes="yx").levels[0]
    >>> patches = level.patches((4, 4), overlap=1)
    >>> len(patches), patches[-1].index, patches[-1].pixels.shape
    (9, (slice(6, 10, None), slice(6, 10, None)), (4, 4))
    """

    def __init__(
        self,
        level: Level,
        region: Region,
        sizes: tuple[int | None, ...],
        shared: tuple[int, ...],
        *,
        whole: bool = True,
        ahead: int | None = None,
        cache: ChunkCache | None = None,
    ) -> None:
        if ahead is not None and ahead < 0:
            raise ArgumentError(f"{ahead} patches cannot be read ahead; give 0 or more")
        self.level = level
        self._region, self._sizes, self._whole, self._ahead, self._cache = region, sizes, whole, ahead, cache
        self._steps = tuple((size or 1) - common for size, common in zip(sizes, shared, strict=True))
        self._counts = tuple(
            0 if part.stop <= part.start else 1 + max(0, -(-(part.stop - part.start - (size or 1)) // step))
            for part, size, step in zip(region, sizes, self._steps, strict=True)
        )

    def __repr__(self) -> str:
        return f"<Patches {len(self)} of level {self.level.path!r}>"

    def __len__(self) -> int:
        return math.prod(self._counts)

    @overload
    def __getitem__(self, number: int) -> Patch: ...
    @overload
    def __getitem__(self, number: slice) -> list[Patch]: ...
    def __getitem__(self, number: int | slice) -> Patch | list[Patch]:
        """Read the patch of a number, or those of several."""
        if isinstance(number, slice):
            return list(self._read_ahead(range(*number.indices(len(self)))))
        return self._read(number, None)

    def __iter__(self) -> Iterator[Patch]:
        """Read all patches, one after the other."""
        return self._read_ahead(range(len(self)))

    def index(self, number: int) -> tuple[int | slice, ...]:  # type: ignore[override]  # no one looks for a patch by equality
        """Return where the patch of a number is, without reading it.

        Raises
        ------
        IndexError
            If there are not so many.
        """
        if not -len(self) <= number < len(self):
            raise IndexError(f"there are {len(self)} patches, and none of number {number}")
        rest = number % len(self)
        found: list[int | slice] = []
        for axis in range(len(self._counts) - 1, -1, -1):
            rest, place = divmod(rest, self._counts[axis])
            part, size = self._region[axis], self._sizes[axis]
            start = part.start + place * self._steps[axis]
            if size is None:
                found.append(start)
                continue
            stop = min(start + size, part.stop)
            found.append(slice(max(part.start, stop - size) if self._whole else start, stop))
        return tuple(reversed(found))

    def _read(self, number: int, threads: int | None) -> Patch:
        index = self.index(number)
        return Patch(index, self.level.read(index, threads=threads, cache=self._cache))

    def _read_ahead(self, numbers: range) -> Iterator[Patch]:
        threads = Settings.from_environment().threads
        ahead = threads if self._ahead is None else self._ahead
        if ahead == 0 or len(numbers) < 2:
            yield from (self._read(number, threads) for number in numbers)
            return
        workers = min(ahead, threads)
        pool = ThreadPool(workers, thread_name_prefix="omezarr-patches")
        try:
            waiting: deque[Future[Patch]] = deque()
            for number in numbers:
                waiting.append(pool.submit(self._read, number, max(1, threads // workers)))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
