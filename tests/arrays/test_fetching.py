"""How many requests reading takes over HTTP, and what is made of answers that are not what was asked for."""

from __future__ import annotations

import pickle
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

import omezarr
from omezarr.arrays.blocks import as_dask, blocks_of
from omezarr.arrays.fetching import StoredObjects, merged
from omezarr.arrays.reading import MOST_OF_SHARD, SMALL_SHARD_BYTES, ArrayReader
from omezarr.errors import StorageError
from omezarr.testing.stores import SlowStore

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    import numpy.typing as npt

    from tests.fixtures.servers import CountingServer

PIXELS = np.random.default_rng(0).integers(1, 999, (2, 1024, 1024)).astype("uint16")
"""Of which no chunk is empty."""

SHARDS = 8


@pytest.fixture
def image(http_server: CountingServer) -> str:
    """Serve an image of eight shards of 64 chunks, each larger than what is fetched whole in any case."""
    omezarr.write_image(
        http_server.root / "image.zarr",
        PIXELS,
        axes="cyx",
        chunks=(1, 64, 64),
        shards=(1, 512, 512),
        levels=1,
        format="0.5",
    )
    return f"{http_server.url}/image.zarr"


def of_shards(counts: Counter[str]) -> dict[str, int]:
    return {path: count for path, count in counts.items() if "/c/" in path}


READERS: dict[str, Callable[[Any], npt.NDArray[Any]]] = {
    "read": lambda level: level.read(),
    "one thread": lambda level: level.read(threads=1),
    "dask": lambda level: level.dask.compute(),
    "blocks": lambda level: np.concatenate([block.ravel() for block in blocks_of(level.array)]).reshape(PIXELS.shape),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_shard_that_is_read_whole_is_one_request(reader: str, image: str, http_server: CountingServer) -> None:
    level = omezarr.open(image).levels[0]
    http_server.forget()
    assert np.array_equal(READERS[reader](level), PIXELS)
    asked = of_shards(http_server.counts)
    assert len(asked) == SHARDS
    assert set(asked.values()) == {1}


def test_reading_all_takes_no_more_requests_than_zarr_does(image: str, http_server: CountingServer) -> None:
    level = omezarr.open(image).levels[0]
    http_server.forget()
    level.read()
    ours = len(http_server.requests)
    theirs = zarr.open_array(f"{image}/0", mode="r")
    http_server.forget()
    assert np.array_equal(theirs[...], PIXELS)  # type: ignore[arg-type]
    assert ours <= len(http_server.requests)


def test_part_of_a_shard_is_its_index_and_one_request_for_neighbours(image: str, http_server: CountingServer) -> None:
    level = omezarr.open(image).levels[0]
    http_server.forget()
    part = level.read((slice(0, 1), slice(0, 64), slice(0, 200)))
    assert np.array_equal(part, PIXELS[:1, :64, :200])
    assert of_shards(http_server.counts) == {"/image.zarr/0/c/0/0/0": 2}
    ranges = [headers["range"] for _, path, headers in http_server.requests if "/c/" in path]
    assert ranges[0].startswith("bytes=-")
    assert not ranges[1].startswith("bytes=-")


def test_most_of_a_shard_is_fetched_as_the_whole(image: str, http_server: CountingServer) -> None:
    level = omezarr.open(image).levels[0]
    rows = int(512 * MOST_OF_SHARD)
    http_server.forget()
    assert np.array_equal(level.read((slice(0, 1), slice(0, rows), slice(0, 512))), PIXELS[:1, :rows, :512])
    assert http_server.counts == {"/image.zarr/0/c/0/0/0": 1}


def test_the_index_of_a_shard_is_kept_with_a_dask_array(image: str, http_server: CountingServer) -> None:
    reader = ArrayReader(omezarr.open(image).levels[0].array)
    http_server.forget()
    for start in range(0, 512, 128):
        region = (slice(0, 1), slice(start, start + 64), slice(0, 64))
        assert np.array_equal(reader.read(region), PIXELS[region])
    assert of_shards(http_server.counts) == {"/image.zarr/0/c/0/0/0": 5}
    sent = pickle.loads(pickle.dumps(reader))
    assert not sent._indexes


def test_pixels_are_checked_with_one_request_a_shard(image: str, http_server: CountingServer) -> None:
    http_server.forget()
    assert omezarr.validate(image, depth="data").valid
    asked = of_shards(http_server.counts)
    assert len(asked) == SHARDS
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_copies_into_other_versions_take_one_request_a_shard(
    version: str, image: str, http_server: CountingServer, tmp_path: Any
) -> None:
    http_server.forget()
    omezarr.upgrade(image, tmp_path / "copy.zarr", to=version, allow_lossy=True)
    asked = of_shards(http_server.counts)
    assert len(asked) == SHARDS
    assert set(asked.values()) == {1}
    assert np.array_equal(omezarr.open(tmp_path / "copy.zarr").levels[0].read(), PIXELS)


def test_small_shards_come_whole_and_missing_ones_are_asked_for_once(http_server: CountingServer) -> None:
    pixels = np.zeros((128, 128), "uint16")
    pixels[:64, :64] = 7
    assert pixels.nbytes < SMALL_SHARD_BYTES
    omezarr.write_image(
        http_server.root / "small.zarr", pixels, axes="yx", chunks=(16, 16), shards=(64, 64), levels=1, format="0.5"
    )
    level = omezarr.open(f"{http_server.url}/small.zarr").levels[0]
    http_server.forget()
    assert np.array_equal(level.read((slice(0, 70), slice(0, 70))), pixels[:70, :70])
    assert http_server.counts == {f"/small.zarr/0/c/{y}/{x}": 1 for y in (0, 1) for x in (0, 1)}


class _Cut(SlowStore):
    """A slow store that gives less than is there if told so."""

    lacking = 0

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        found = await super().get(key, prototype, byte_range)
        return found if found is None or not self.lacking else found[: max(0, len(found) - self.lacking)]


def stored(**options: Any) -> tuple[zarr.Array[Any], _Cut]:
    store = _Cut(MemoryStore())
    array = zarr.create_array(store, shape=(64, 64), dtype="uint16", fill_value=0, **options)
    array[...] = PIXELS[0, :64, :64]
    store.most = 0
    return array, store


def test_requests_are_bounded_over_objects_parts_and_threads() -> None:
    from omezarr.arrays.fetching import REMOTE_REQUESTS

    array, store = stored(chunks=(4, 4), compressors=None)
    assert np.array_equal(as_dask(array).rechunk((8, 8)).compute(num_workers=4), PIXELS[0, :64, :64])
    objects = StoredObjects(store, "")
    far = [(start, start + 1) for start in range(0, 30, 2)]
    assert 1 < store.most <= REMOTE_REQUESTS
    assert [bytes(part)[0] for part in objects.fetch("c/0/0", far)] == list(PIXELS[0, :4, :4].tobytes()[:30:2])


@pytest.mark.parametrize("options", [{"chunks": (8, 8)}, {"chunks": (8, 8), "shards": (64, 64)}])
@pytest.mark.parametrize("lacking", [1, 10, 10_000])
@pytest.mark.parametrize("part", [slice(0, 64), slice(0, 9)])
def test_bodies_that_are_cut_short_are_never_pixels(options: dict[str, Any], lacking: int, part: slice) -> None:
    array, store = stored(compressors=None, **options)
    store.lacking = lacking
    with pytest.raises(StorageError, match="c/0/0"):
        ArrayReader(array).read((part, part))


def test_a_part_that_is_shorter_than_its_index_says_is_refused() -> None:
    _, store = stored(chunks=(64, 64), compressors=None)
    with pytest.raises(StorageError, match="has 8092 bytes from byte 100 on where its index names 9900"):
        list(StoredObjects(store, "").fetch("c/0/0", [(100, 10_000)]))
    with pytest.raises(StorageError, match="went away while it was read"):
        list(StoredObjects(store, "").fetch("c/9/9", [(0, 1)]))


def test_a_shard_written_anew_is_read_by_its_new_index() -> None:
    store = MemoryStore()
    pixels = PIXELS[0, :512, :512]
    made = zarr.create_array(store, shape=(512, 512), chunks=(64, 64), shards=(512, 512), dtype="uint16")
    made[...] = pixels
    reader = ArrayReader(made)
    crop = (slice(64, 128), slice(64, 128))
    assert np.array_equal(reader.read(crop), pixels[crop])
    made[...] = pixels // 7
    assert np.array_equal(reader.read(crop), pixels[crop] // 7)


def test_spans_are_merged_where_little_is_between_them() -> None:
    spans = [(0, 10), (5, 20), (60_000, 60_001), (10**9, 10**9 + 5)]
    assert merged(reversed(spans)) == [(0, 60_001), (10**9, 10**9 + 5)]
    large = 12 * 1024 * 1024
    assert merged([(0, large), (large, 2 * large)]) == [(0, large), (large, 2 * large)]
    assert merged([]) == []


class TestAnswers:
    """What servers say instead of a chunk."""

    @pytest.fixture
    def sparse(self, http_server: CountingServer) -> tuple[str, npt.NDArray[Any]]:
        pixels = np.zeros((128, 128), "uint16")
        pixels[:64, :64] = 7
        omezarr.write_image(http_server.root / "sparse.zarr", pixels, axes="yx", chunks=(64, 64), levels=1)
        return f"{http_server.url}/sparse.zarr", pixels

    @pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")
    def test_403_is_missing_for_what_only_zarr_decodes_too(
        self, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer
    ) -> None:
        url, pixels = sparse
        array = zarr.create_array(
            http_server.root / "sparse.zarr" / "0",
            shape=pixels.shape,
            chunks=(64, 64),
            dtype=pixels.dtype,
            filters=zarr.codecs.numcodecs.Delta(dtype="uint16"),
            overwrite=True,
        )
        array[...] = pixels
        http_server.missing = 403
        assert np.array_equal(omezarr.open(url).levels[0].read(), pixels)

    def test_sparse_images_of_public_buckets_are_read(
        self, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer
    ) -> None:
        url, pixels = sparse
        http_server.missing = 403
        level = omezarr.open(url).levels[0]
        assert np.array_equal(level.read(), pixels)
        assert np.array_equal(level.dask.compute(), pixels)
        assert omezarr.validate(url, depth="data").valid

    def test_whoever_lost_the_right_to_read_gets_no_zeros(
        self, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer
    ) -> None:
        level = omezarr.open(sparse[0]).levels[0]
        assert level.shape == (128, 128)
        http_server.always = 403
        with pytest.raises(StorageError, match=r"403"):
            level.read()

    def test_an_html_page_is_no_chunk(self, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer) -> None:
        level = omezarr.open(sparse[0]).levels[0]
        http_server.page = True
        with pytest.raises(StorageError, match="answered with an HTML page instead of what is stored"):
            level.read()
        report = omezarr.validate(sparse[0], depth="data")
        assert "HTML page" in report.message
        shutil.rmtree(http_server.root / "sparse.zarr" / "0" / "c")
        with pytest.raises(StorageError, match="HTML page"):
            level.dask.compute()

    @pytest.mark.parametrize("fault", ["cut", "stalled"])
    def test_bodies_that_break_off_are_asked_for_again(
        self, fault: str, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer
    ) -> None:
        level = omezarr.open(sparse[0], storage_options={"timeout": 0.5}).levels[0]
        http_server.faults = {"/sparse.zarr/0/c/0/0": [fault, fault]}
        assert np.array_equal(level.read(), sparse[1])
        assert http_server.counts["/sparse.zarr/0/c/0/0"] == 3

    @pytest.mark.parametrize("fault", ["cut", "stalled"])
    def test_bodies_that_always_break_off_are_given_up(
        self, fault: str, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer
    ) -> None:
        level = omezarr.open(sparse[0], storage_options={"timeout": 0.3, "retries": 2}).levels[0]
        http_server.faults = {"/sparse.zarr/0/c/0/0": [fault] * 100}
        with pytest.raises(StorageError, match="0/c/0/0"):
            level.read()
        assert http_server.counts["/sparse.zarr/0/c/0/0"] == 3

    @pytest.mark.parametrize("codec", ["none", "zstd", "blosc", "gzip"])
    @pytest.mark.parametrize("fault", ["short", "long"])
    def test_bodies_of_a_wrong_length_are_no_pixels(self, fault: str, codec: str, http_server: CountingServer) -> None:
        pixels = PIXELS[0, :64, :64]
        omezarr.write_image(http_server.root / "whole.zarr", pixels, axes="yx", levels=1, codec=codec)
        level = omezarr.open(f"{http_server.url}/whole.zarr").levels[0]
        http_server.faults = {"/whole.zarr/0/c/0/0": [fault]}
        if (fault, codec) == ("long", "blosc"):  # a frame of blosc names its end, so that a byte more changes nothing
            assert np.array_equal(level.read(), pixels)
        else:
            with pytest.raises(StorageError, match="0/c/0/0"):
                level.read()

    @pytest.mark.parametrize("fault", ["short", "long", "moved"])
    @pytest.mark.parametrize("broken", [["fault"], ["", "fault"]], ids=["index", "chunks"])
    def test_parts_of_shards_that_are_not_those_asked_for_are_no_pixels(
        self, broken: list[str], fault: str, http_server: CountingServer
    ) -> None:
        place = http_server.root / "parts.zarr"
        omezarr.write_image(
            place, PIXELS, axes="cyx", chunks=(1, 64, 64), shards=(1, 512, 512), levels=1, codec="none", format="0.5"
        )
        level = omezarr.open(f"{http_server.url}/parts.zarr").levels[0]
        http_server.faults = {"/parts.zarr/0/c/0/0/0": [one and fault for one in broken]}
        with pytest.raises(StorageError, match="0/c/0/0/0"):
            level.read((slice(0, 1), slice(0, 64), slice(0, 200)))

    @pytest.mark.parametrize("broken", ["cut", "short", "stalled"])
    def test_what_does_not_arrive_is_a_problem_of_the_pixels(
        self, broken: str, sparse: tuple[str, npt.NDArray[Any]], http_server: CountingServer
    ) -> None:
        http_server.faults = {"/sparse.zarr/0/c/0/0": [broken] * 100}
        report = omezarr.validate(sparse[0], depth="data", storage_options={"timeout": 0.3, "retries": 1})
        assert not report.valid
        assert [problem.rule for problem in report if problem.severity.name == "ERROR"] == ["arrays.chunks.readable"]
