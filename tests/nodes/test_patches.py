"""Patches and planes cover what they are asked to; chunks are kept, and read ahead, within bounds."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omezarr
from omezarr.errors import ArgumentError, StorageError
from omezarr.nodes.patches import Patches, patch_sizes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer

STACK = np.arange(2 * 3 * 20 * 30, dtype="uint16").reshape(2, 3, 20, 30)


@pytest.fixture(scope="module")
def node() -> omezarr.Node:
    path = "memory://patches/stack.ome.zarr"
    return omezarr.write_image(path, STACK, axes="czyx", channels=["DAPI", "GFP"], chunks=(1, 1, 8, 8), levels=2)


class Asked:
    """A level that counts how much of it is asked for at once."""

    path = "0"

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.under_way = self.most = self.read_so_far = 0

    def read(self, index: Any, **_: Any) -> Any:
        with self.lock:
            self.under_way += 1
            self.read_so_far += 1
            self.most = max(self.most, self.under_way)
        with self.lock:
            self.under_way -= 1
        return STACK[index]


@settings(deadline=None, max_examples=30)
@given(
    sizes=st.tuples(st.integers(1, 25), st.integers(1, 35)),
    shared=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    whole=st.booleans(),
    start=st.integers(0, 9),
)
def test_patches_cover_every_sample_of_the_region(
    sizes: tuple[int, int], shared: tuple[int, int], whole: bool, start: int
) -> None:
    overlap = tuple(min(common, size - 1) for common, size in zip(shared, sizes, strict=True))
    region = (slice(1, 3), slice(0, 20), slice(start, 30))
    patches = Patches(Asked(), region, *patch_sizes(sizes, overlap, "zyx", region), whole=whole)  # type: ignore[arg-type]
    seen = np.zeros((3, 20, 30), int)
    for number in range(len(patches)):
        index = patches.index(number)
        seen[index] += 1
        if whole:
            assert seen[index].shape == (min(sizes[0], 20), min(sizes[1], 30 - start))
    assert (seen[1:, :, start:] > 0).all()
    assert seen.sum() == seen[1:, :, start:].sum()
    if not whole and overlap == (0, 0):
        assert seen.max() == 1


def test_patches_hold_the_pixels_of_their_places(node: omezarr.Node) -> None:
    patches = node.patches((1, 16, 16), overlap=4)
    assert len(patches) == 2 * 3 * 2 * 3
    for patch in patches:
        assert patch.pixels.shape == (1, 16, 16)
        assert np.array_equal(patch.pixels, STACK[patch.index])
    assert patches.index(-1) == (1, slice(2, 3), slice(4, 20), slice(14, 30))
    assert [patch.index for patch in patches[1:3]] == [patches.index(1), patches.index(2)]
    cut = node.patches((16, 16), whole=False)
    assert [cut.index(number)[2:] for number in (2, 3)] == [
        (slice(16, 20), slice(0, 16)),
        (slice(16, 20), slice(16, 30)),
    ]


def test_patches_of_a_region_by_name(node: omezarr.Node) -> None:
    patches = node.patches({"z": 2, "x": 10}, region={"c": "GFP", "y": (5, 7)}, overlap={"x": 2}, level=0)
    assert [patch.index for patch in patches][:2] == [
        (1, slice(0, 2), 5, slice(0, 10)),
        (1, slice(0, 2), 5, slice(8, 18)),
    ]
    assert len(patches) == 2 * 2 * 4
    assert len(node.patches((4, 4), region={"y": (5, 5)})) == 0
    assert list(node.patches((4, 4), region={"y": (5, 5)})) == []
    lower = node.levels[1].read()
    assert all(np.array_equal(patch.pixels, lower[patch.index]) for patch in node.patches((8, 8), level=1))


@pytest.mark.parametrize("axes", ["yx", "xy", ["z", "x"], "czyx"])
def test_planes_have_the_axes_that_they_are_asked_for(node: omezarr.Node, axes: Any) -> None:
    planes = node.planes(axes)
    kept = [name in axes for name in "czyx"]
    assert len(planes) == np.prod([size for size, keep in zip(STACK.shape, kept, strict=True) if not keep], dtype=int)
    for plane in planes:
        assert plane.pixels.ndim == sum(kept)
        assert np.array_equal(plane.pixels, STACK[plane.index])


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((0, 4), {}, "has at least one sample along each of its axes, not 0"),
        ((4, 4), {"overlap": 4}, "cannot share 4 samples"),
        ((4, 4), {"overlap": (0, -1)}, "cannot share -1 samples"),
        ((4, 4), {"overlap": (0, 1, 0, 0)}, "patches of a length of 1 cannot share 1"),
        ((1, 1, 1, 1, 1), {}, "has 1 to 4 numbers"),
        ({"q": 4}, {}, "names an axis 'q'; there are: c, z, y, x"),
        ((4, 4), {"ahead": -1}, "-1 patches cannot be read ahead"),
        ((4, 4), {"region": {"c": "RFP"}}, "there is no channel 'RFP'"),
    ],
    ids=repr,
)
def test_patches_that_fit_no_axis_are_refused(node: omezarr.Node, shape: Any, options: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        node.patches(shape, **options)


def test_planes_of_no_axis_and_patches_of_no_number_are_refused(node: omezarr.Node) -> None:
    with pytest.raises(ArgumentError, match="there is no axis 'q'; there are: c, z, y, x"):
        node.planes("qx")
    patches = node.patches((10, 10))
    for number in (len(patches), -len(patches) - 1):
        with pytest.raises(IndexError, match="none of number"):
            patches[number]


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_no_more_is_read_ahead_than_was_allowed(ahead: int) -> None:
    level = Asked()
    region = (slice(0, 2), slice(0, 3), slice(0, 20), slice(0, 30))
    patches = Patches(level, region, *patch_sizes((10, 10), 0, "czyx", region), ahead=ahead)  # type: ignore[arg-type]
    for number, patch in enumerate(patches, 1):
        assert np.array_equal(patch.pixels, STACK[patch.index])
        assert level.read_so_far <= number + ahead
    assert level.read_so_far == len(patches)


def test_threads_end_with_the_loop_that_they_read_for(node: omezarr.Node) -> None:
    reading = iter(node.patches((4, 4), ahead=4))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("omezarr-patches")]


def test_what_cannot_be_read_is_raised_at_its_patch(tmp_path: Path) -> None:
    image = omezarr.write_image(tmp_path / "a.zarr", STACK[0, 0], axes="yx", chunks=(10, 10), levels=1)
    (tmp_path / "a.zarr/0/c/1/1").write_bytes(b"no chunk")
    reading = iter(image.patches((10, 10), ahead=2))
    assert [next(reading).pixels[0, 0] for _ in range(4)] == [0, 10, 20, 300]
    with pytest.raises(StorageError, match="0/c/1/1"):
        next(reading)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_patches_travel_to_other_processes(tmp_path: Path) -> None:
    image = omezarr.write_image(tmp_path / "a.zarr", STACK, axes="czyx", levels=1)
    patches = image.patches((10, 10), cache=omezarr.ChunkCache("1 MiB"))
    expected = [int(patch.pixels.sum()) for patch in patches]
    there = pickle.loads(pickle.dumps(patches))
    assert [int(patch.pixels.sum()) for patch in there] == expected
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(Summed(patches), range(len(patches))) == expected


class Summed:
    """The sum of a patch, worked out where this arrives."""

    def __init__(self, patches: Patches) -> None:
        self.patches = patches

    def __call__(self, number: int) -> int:
        return int(self.patches[number].pixels.sum())


def test_kept_chunks_are_not_asked_for_again(http_server: CountingServer) -> None:
    omezarr.write_image(http_server.root / "a.zarr", STACK, axes="czyx", chunks=(1, 3, 10, 10), levels=1)
    level = omezarr.open(f"{http_server.url}/a.zarr").levels[0]
    cache = omezarr.ChunkCache("1 MiB")
    assert np.array_equal(level.read((0, 0), cache=cache), STACK[0, 0])
    http_server.forget()
    assert np.array_equal(level.read((0, slice(1, 3), 5), cache=cache), STACK[0, 1:3, 5])
    assert http_server.requests == []
    assert np.array_equal(level.read((slice(None), 1, 15, 25), cache=cache), STACK[:, 1, 15, 25])
    assert list(http_server.counts) == ["/a.zarr/0/c/1/0/1/2"]


def test_a_cache_stays_within_its_memory_and_lets_go_of_what_was_used_last(node: omezarr.Node) -> None:
    level = node.levels[0]
    chunk = 8 * 8 * 2
    cache = omezarr.ChunkCache(4 * chunk)
    for corner in (0, 8, 0, 16, 0):
        assert np.array_equal(level.read((0, 0, slice(0, 8), corner), cache=cache), STACK[0, 0, :8, corner])
    assert cache.nbytes == 3 * chunk
    level.read((1, 0, slice(0, 16), 0), cache=cache)  # two more: the least recently used one goes
    assert (cache.nbytes, len(cache)) == (4 * chunk, 4)
    assert np.array_equal(level.read(cache=cache), STACK)  # larger than the cache, so read beside it
    assert cache.nbytes == 4 * chunk
    cache.clear()
    assert (cache.nbytes, len(cache)) == (0, 0)
    other = node.levels[1]
    assert np.array_equal(other.read((0, 0, 0, 0), cache=cache), other.read((0, 0, 0, 0)))
    assert level.read((1, 2, slice(16, 20), slice(24, 30)), cache=cache).tolist() == STACK[1, 2, 16:, 24:].tolist()


def test_what_is_kept_cannot_be_changed_through_what_was_given(node: omezarr.Node) -> None:
    level, cache = node.levels[0], omezarr.ChunkCache()
    level.read((0, 0), cache=cache)[...] = 0
    assert np.array_equal(level.read((0, 0), cache=cache), STACK[0, 0])


def test_a_chunk_that_many_threads_want_is_read_once(node: omezarr.Node) -> None:
    level, cache = node.levels[0], omezarr.ChunkCache("1 MiB")
    reads: list[Any] = []
    reader, ready = level._reader, threading.Barrier(4)

    class Counted:
        chunk, array, dtype = reader.chunk, reader.array, reader.dtype

        def read(self, region: Any, threads: int = 1, out: Any = None) -> Any:
            reads.append(region)
            return reader.read(region, threads, out)

    counted = Counted()

    def look(_: int) -> Any:
        ready.wait()
        return cache.read(counted, (slice(0, 1), slice(0, 1), slice(0, 20), slice(0, 30)))  # type: ignore[arg-type]

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(look, range(4)))
    assert all(np.array_equal(pixels, STACK[:1, :1]) for pixels in seen)
    assert len(reads) == 1
