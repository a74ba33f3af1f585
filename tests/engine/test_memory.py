"""What writing takes, known beforehand: the way that is chosen stays within the bound."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omezarr.abc import PixelSource, ScalingMethod
from omezarr.abc.plan import Codec
from omezarr.arrays.stored import StoredArray
from omezarr.arrays.targets import LocalTarget
from omezarr.engine.memory import Schedule, schedule
from omezarr.engine.methods import part_of, reduced
from omezarr.errors import MemoryBoundError, PluginError
from omezarr.settings import parse_bytes
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.scaling.local_mean import LocalMean
from omezarr_builtins.scaling.nearest import Nearest
from tests.engine.pyramids import levels_of, write

MIB = 2**20
CODEC = Codec("blosc", {"cname": "lz4", "clevel": 1, "shuffle": "shuffle"})


class Generated(PixelSource):
    """Any number of pixels, made when they are read."""

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...] | None = None, dtype: str = "uint16") -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.chunks = shape if chunks is None else chunks
        self.identity = "generated"

    def read(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        rows = np.arange(region[-1].start, region[-1].stop) % 251
        block = np.empty([part.stop - part.start for part in region], self.dtype)
        block[...] = rows
        return block

    def cost(self, region: tuple[slice, ...]) -> int:
        if self.chunks == self.shape:
            return super().cost(region)
        touched = 1
        for part, chunk in zip(region, self.chunks, strict=True):
            touched *= (-(-part.stop // chunk) - part.start // chunk) * chunk
        return touched * self.dtype.itemsize + super().cost(region)


def planned(source: PixelSource, factors: Any, bound: int, threads: int = 2, **options: Any) -> Schedule:
    step = levels_of(source, factors, codec=CODEC, **options)
    arrays = [StoredArray(spec, LocalTarget(Path("unused"))) for spec in step.arrays]
    return schedule(source, arrays, step.factors, step.method, bound=bound, threads=threads)


def test_the_size_of_the_image_does_not_matter() -> None:
    factors = [(1, 2, 2)] * 5
    small = planned(Generated((64, 2048, 2048)), factors, 1024 * MIB, chunks=(16, 256, 256))
    large = planned(Generated((64 * 1024, 2048, 2048)), factors, 1024 * MIB, chunks=(16, 256, 256))
    assert small.mode == large.mode == "one pass"
    assert large.peak <= small.peak * 1.2


def test_threads_are_given_up_before_the_single_pass_is() -> None:
    source, factors = Generated((64, 2048, 2048)), [(1, 2, 2)] * 3
    free = planned(source, factors, 1024 * MIB, threads=16, chunks=(16, 256, 256))
    tight = planned(source, factors, free.peak // 3, threads=16, chunks=(16, 256, 256))
    assert (free.threads, free.mode) == (16, "one pass")
    assert 1 <= tight.threads < 16
    assert tight.mode == "one pass"
    assert tight.peak <= free.peak // 3


def test_misaligned_chunks_go_level_by_level_when_one_pass_would_take_too_much() -> None:
    shapes = [(4000, 4000), (2000, 2000)]
    from attrs import evolve

    step = levels_of(Generated(shapes[0]), [(2, 2)], chunks=(250, 250))
    arrays = (step.arrays[0], evolve(step.arrays[1], chunks=(128, 128)))
    stored = [StoredArray(spec, LocalTarget(Path("unused"))) for spec in arrays]
    free = schedule(step.source, stored, step.factors, LocalMean(), bound=1024 * MIB, threads=1)
    assert free.mode == "one pass"
    tight = schedule(step.source, stored, step.factors, LocalMean(), bound=free.peak - 1, threads=1)
    assert tight.mode == "level by level"
    assert tight.peak < free.peak


def test_a_source_of_long_strips_is_read_strip_by_strip_as_long_as_memory_allows() -> None:
    source = Generated((8192, 40000), chunks=(16, 40000), dtype="uint8")
    factors = [(2, 2)] * 6
    wide = planned(source, factors, 1024 * MIB, chunks=(256, 256))
    assert wide.tree.sizes[0] == (256, 40000)
    narrow = planned(source, factors, 24 * MIB, chunks=(256, 256))
    assert narrow.tree.sizes[0] == (256, 256)
    assert narrow.peak <= 24 * MIB


def test_what_does_not_fit_is_refused_with_the_smallest_bound_that_works() -> None:
    source = Generated((64, 2048, 2048))
    with pytest.raises(MemoryBoundError, match="more than the 1 MiB allowed") as caught:
        planned(source, [(1, 2, 2)] * 3, MIB, chunks=(16, 256, 256))
    enough = parse_bytes(str(caught.value).rpartition("allow ")[2].partition(",")[0])
    assert planned(source, [(1, 2, 2)] * 3, enough, chunks=(16, 256, 256)).peak <= enough
    with pytest.raises(MemoryBoundError, match=f"allow {enough // MIB} MiB"):
        planned(source, [(1, 2, 2)] * 3, 1024, chunks=(16, 256, 256))
    with pytest.raises(MemoryBoundError, match="more than the 1 KiB allowed"):
        planned(source, [(1, 2, 2)] * 3, 1024 + 1, chunks=(16, 256, 256))


class Greedy(Nearest):
    """Makes twenty copies in float64, and says so."""

    name = "greedy"

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        return 20 * 8 * math.prod(shape) + 64 * 1024

    def reduce(
        self, window: np.ndarray[Any, Any], factors: tuple[int, ...], inner: tuple[slice, ...]
    ) -> np.ndarray[Any, Any]:
        copies = np.empty((20, *window.shape))
        copies[...] = window
        return super().reduce(copies[-1], factors, inner).astype(window.dtype)


class Insatiable(Nearest):
    """Takes the same for the smallest window."""

    name = "insatiable"

    def __init__(self, stated: Any) -> None:
        self.stated = stated

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        if isinstance(self.stated, Exception):
            raise self.stated
        return self.stated  # type: ignore[no-any-return]  # what it must not say, too


class Silent(LocalMean):
    """States nothing."""

    name = "silent"
    scratch = ScalingMethod.scratch


def test_a_method_of_which_windows_cannot_be_small_enough_is_refused_with_the_bound_that_works() -> None:
    source, factors = Generated((4, 2048, 2048)), [(1, 2, 2)] * 2
    plain = planned(source, factors, 256 * MIB, 2, chunks=(1, 256, 256), method=Nearest())
    assert (plain.threads, plain.mode) == (2, "one pass")
    with pytest.raises(MemoryBoundError, match="more than the 64 MiB allowed") as caught:
        planned(source, factors, 64 * MIB, 2, chunks=(1, 256, 256), method=Insatiable(200 * MIB))
    enough = int(str(caught.value).rpartition("allow ")[2].split(" MiB")[0])
    assert 200 < enough < 210
    found = planned(source, factors, enough * MIB, 2, chunks=(1, 256, 256), method=Insatiable(200 * MIB))
    assert (found.threads, found.peak <= enough * MIB) == (1, True)
    with pytest.raises(MemoryBoundError):
        planned(source, factors, (enough - 1) * MIB, 2, chunks=(1, 256, 256), method=Insatiable(200 * MIB))


@pytest.mark.parametrize("stated", [-1, None, 1.5, "64 MiB", KeyError("no")], ids=str)
def test_a_statement_that_is_none_names_the_method(stated: Any) -> None:
    with pytest.raises(PluginError, match=r"scratch.* of the scaling method 'insatiable'"):
        planned(Generated((64, 64)), [(2, 2)], 64 * MIB, chunks=(32, 32), method=Insatiable(stated))


@pytest.mark.parametrize("shape", [(1100, 1301), (3, 700, 901)], ids=str)
def test_windows_that_are_cut_for_a_method_give_the_same(shape: tuple[int, ...]) -> None:
    window = np.random.default_rng(5).integers(0, 2**16, shape).astype("uint16")
    factors = (1, 2, 2)[-len(shape) :]
    inner = tuple(slice(0, length) for length in shape)
    part = part_of(Silent(), shape, window.dtype, factors)
    assert part != shape
    assert part_of(LocalMean(), shape, window.dtype, factors) == shape
    np.testing.assert_array_equal(reduced(Silent(), window, factors, inner), LocalMean().reduce(window, factors, inner))


def anonymous_kibibytes() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the anonymous memory of a process")
@pytest.mark.parametrize(
    ("shape", "options", "factors", "allowed"),
    [
        ((8, 4096, 4096), {"chunks": (8, 128, 128)}, [(1, 2, 2)] * 4, 24),
        ((8, 4096, 2048), {"chunks": (8, 250, 250)}, [(1, 3, 3)] * 3, 96),
        ((2, 96, 400_000), {"chunks": (1, 96, 1024)}, [(1, 2, 2)] * 6, 24),
        ((8, 2048, 2048), {"chunks": (4, 128, 128), "shards": (8, 512, 512)}, [(1, 2, 2)] * 3, 96),
        ((4, 2048, 2048), {"chunks": (4, 128, 128), "method": Gaussian()}, [(1, 2, 2)] * 2, 32),
        ((2, 4096, 4096), {"chunks": (1, 1024, 1024), "method": Greedy()}, [(1, 2, 2)] * 2, 64),
        ((2, 4096, 4096), {"chunks": (1, 1024, 1024), "method": Silent()}, [(1, 2, 2)] * 2, 64),
    ],
    ids=["aligned", "factor 3", "long and thin", "shards", "halo", "greedy", "silent"],
)
def test_writing_stays_within_what_was_allowed(
    tmp_path: Path, shape: Any, options: Any, factors: Any, allowed: int
) -> None:
    write(tmp_path / "warm.zarr", levels_of(Generated((2, 64, 64)), [(1, 2, 2)], chunks=(2, 32, 32)))
    step = levels_of(Generated(shape), factors, codec=CODEC, **options)
    before, peak, done = anonymous_kibibytes(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, anonymous_kibibytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        write(tmp_path / "image.zarr", step, memory=allowed * MIB, threads=2)
    finally:
        done.set()
        watcher.join()
    assert (peak - before) / 1024 <= allowed
