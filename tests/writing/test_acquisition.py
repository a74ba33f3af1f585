"""Images that are written while they are acquired."""

import threading
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zarr.codecs import BytesCodec, Crc32cCodec, TransposeCodec, ZstdCodec
from zarr.storage import MemoryStore

import omezarr
from omezarr.errors import ArgumentError, LockedError, TargetExistsError, UnsupportedError, WriteError
from omezarr.testing.stores import CountingStore
from omezarr.writing import RunOptions
from omezarr.writing.acquisition import create_writer, open_writer
from omezarr.writing.images import write_image
from omezarr.writing.plates import write_plate

MOVIE = np.random.default_rng(4).integers(0, 4000, (6, 2, 40, 50)).astype("uint16")


def test_a_movie_written_frame_by_frame_is_the_movie_written_at_once(tmp_path: Path) -> None:
    options = {"axes": "tcyx", "scale": 0.5, "channels": ["a", "b"], "chunks": (2, 1, 16, 16), "levels": 3, "name": "m"}
    expected = write_image(tmp_path / "once.zarr", MOVIE, **options)
    with create_writer(tmp_path / "run.zarr", shape=(None, 2, 40, 50), dtype="uint16", **options) as writer:
        for t, c in [(3, 1), (0, 0), (5, 1), (0, 1), (1, 0), (5, 0), (1, 1), (2, 0), (4, 1), (2, 1), (3, 0), (4, 0)]:
            writer.write(MOVIE[t, c], t=t, c=c)
    node = omezarr.open(tmp_path / "run.zarr")
    assert node.metadata == expected.metadata
    for level, wanted in zip(node.levels, expected.levels, strict=True):
        np.testing.assert_array_equal(level.read(), wanted.read())
    assert not (tmp_path / "run.zarr" / ".omezarr").exists()


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_the_image_can_be_opened_at_every_moment(tmp_path: Path, version: str) -> None:
    path = tmp_path / "run.zarr"
    writer = create_writer(path, shape=(None, 1, 1, 32, 32), dtype="uint8", format=version, levels=2)
    assert [level.shape for level in omezarr.open(path).levels] == [(0, 1, 1, 32, 32), (0, 1, 1, 16, 16)]
    writer.write(np.full((32, 32), 7, dtype="uint8"), t=2, c=0, z=0)
    assert omezarr.open(path).levels[0].shape == (3, 1, 1, 32, 32)
    writer.update()
    level = omezarr.open(path).levels[1].read()
    assert (level[2] == 7).all()
    assert (level[:2] == 0).all()
    writer.close()
    assert omezarr.open(path).channels[0].window.max == 7 or version == "0.1"


def test_frames_are_appended(tmp_path: Path) -> None:
    with create_writer(tmp_path / "run.zarr", shape=(None, 2, 40, 50), dtype="uint16", axes="tcyx") as writer:
        writer.append(MOVIE[0])
        writer.append(MOVIE[1:4])
        writer.append(MOVIE[4:])
    np.testing.assert_array_equal(omezarr.open(tmp_path / "run.zarr").levels[0].read(), MOVIE)


def test_several_threads_write_at_once(tmp_path: Path) -> None:
    options = {"axes": "tcyx", "chunks": (6, 2, 40, 50), "levels": 2}
    with create_writer(tmp_path / "run.zarr", shape=MOVIE.shape, dtype="uint16", **options) as writer:

        def work(c: int, half: int) -> None:
            for t in range(len(MOVIE)):
                rows = slice(half * 20, half * 20 + 20)
                writer.write(MOVIE[t, c, rows], t=t, c=c, y=rows)

        threads = [threading.Thread(target=work, args=(c, half)) for c in range(2) for half in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expected = write_image(tmp_path / "once.zarr", MOVIE, **options)
    for level, wanted in zip(omezarr.open(tmp_path / "run.zarr").levels, expected.levels, strict=True):
        np.testing.assert_array_equal(level.read(), wanted.read())


def test_labels_are_written_with_the_image(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    with create_writer(path, shape=(None, 1, 40, 50), dtype="uint16", axes="tcyx", levels=2) as writer:
        labels = writer.add_labels("cells", "uint32")
        for t in range(2):
            writer.write(MOVIE[t, :1], t=t)
            labels.write(np.full((40, 50), t + 1, dtype="uint32"), t=t, c=0)
    node = omezarr.open(path).labels["cells"]
    assert node.key == "image-label"
    assert [level.shape for level in node.levels] == [(2, 1, 40, 50), (2, 1, 20, 25)]
    assert (node.levels[1].read() == np.array([1, 2]).reshape(2, 1, 1, 1)).all()


@settings(deadline=None, max_examples=20, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_regions_in_any_order_and_little_memory_give_the_same_image(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    shape = tuple(data.draw(st.integers(1, 24)) for _ in range(2))
    chunks = tuple(data.draw(st.integers(1, size)) for size in shape)
    method = data.draw(st.sampled_from(["nearest", "local_mean", "gaussian"]))
    image = np.zeros(shape, dtype="float32")
    path = tmp_path_factory.mktemp("regions")
    options = {"axes": "yx", "chunks": chunks, "levels": 3, "method": method}
    memory = RunOptions(memory=data.draw(st.sampled_from([1, 500, 10**6])), threads=2)
    with create_writer(path / "run.zarr", shape=shape, dtype="float32", run=memory, **options) as writer:
        for number in range(data.draw(st.integers(1, 6))):
            y, x = (sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size)))) for size in shape)
            block = np.full((y[1] - y[0], x[1] - x[0]), number + 1.0, dtype="float32")
            image[slice(*y), slice(*x)] = block
            writer.write(block, y=slice(*y), x=slice(*x))
            if data.draw(st.booleans()):
                writer.update()
    expected = write_image(path / "once.zarr", image, **options)
    for level, wanted in zip(omezarr.open(path / "run.zarr").levels, expected.levels, strict=True):
        np.testing.assert_array_equal(level.read(), wanted.read())


def test_an_image_that_is_there_is_edited(tmp_path: Path) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, MOVIE[0], axes="cyx", chunks=(1, 16, 16), levels=3)
    with open_writer(path) as writer:
        writer.write(np.zeros((10, 10), dtype="uint16"), c=1, y=slice(5, 15), x=slice(30, 40))
    edited = MOVIE[0].copy()
    edited[1, 5:15, 30:40] = 0
    expected = write_image(tmp_path / "e.zarr", edited, axes="cyx", chunks=(1, 16, 16), levels=3)
    for level, wanted in zip(omezarr.open(path).levels, expected.levels, strict=True):
        np.testing.assert_array_equal(level.read(), wanted.read())


ENCODINGS = {
    "column order": {"zarr_format": 2, "order": "F"},
    "filters": {"zarr_format": 2, "filters": [numcodecs.Delta(dtype="u2")]},
    "big-endian 2": {"zarr_format": 2, "dtype": ">u2"},
    "big-endian 3": {"zarr_format": 3, "serializer": BytesCodec(endian="big")},
    "transposed": {"zarr_format": 3, "filters": [TransposeCodec(order=(2, 1, 0))]},
    "checksum": {"zarr_format": 3, "compressors": [ZstdCodec(), Crc32cCodec()]},
    "transposed shards": {"zarr_format": 3, "shards": (2, 32, 32), "filters": [TransposeCodec(order=(2, 0, 1))]},
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_an_image_that_is_there_keeps_its_own_encoding(tmp_path: Path, encoding: dict[str, Any]) -> None:
    path = tmp_path / "i.zarr"
    version = "0.4" if encoding["zarr_format"] == 2 else "0.5"
    movie = MOVIE[:, 0]
    node = write_image(path, movie[:3], axes="tyx", chunks=(2, 16, 16), levels=2, format=version)
    for level in node.levels:
        pixels = level.read()
        chosen = {
            "dtype": "uint16",
            "dimension_names": getattr(level.array.metadata, "dimension_names", None),
            **encoding,
        }
        array = zarr.create_array(path / level.path, shape=level.shape, chunks=(2, 16, 16), overwrite=True, **chosen)
        array[...] = pixels
    before = {level.path: level.array.metadata for level in omezarr.open(path).levels}
    with open_writer(path, grows="t") as writer:
        writer.write(movie[5, 5:15, 10:20], t=0, y=slice(5, 15), x=slice(10, 20))
        writer.append(movie[3:5].astype(">u2"))
    expected = movie[:5].copy()
    expected[0, 5:15, 10:20] = movie[5, 5:15, 10:20]
    wanted = write_image(tmp_path / "e.zarr", expected, axes="tyx", levels=2, format=version)
    for level, once in zip(omezarr.open(path).levels, wanted.levels, strict=True):
        np.testing.assert_array_equal(level.array[...], once.read())
        assert level.array.metadata == evolve_shape(before[level.path], level.shape)


def evolve_shape(metadata: Any, shape: tuple[int, ...]) -> Any:
    return type(metadata).from_dict({**metadata.to_dict(), "shape": shape})


class FullStore(MemoryStore):
    """A store that has no room for a while."""

    full = False

    async def set(self, key: str, value: Any, byte_range: Any = None) -> None:
        if self.full:
            raise OSError("no room")
        await super().set(key, value)


@pytest.mark.parametrize("failing", ["a part", "the lower levels", "growing"])
def test_after_a_failure_of_the_store_writing_goes_on_where_it_was(failing: str) -> None:
    store = FullStore()
    movie = MOVIE[:, 0]
    with create_writer(store, shape=(None, 40, 50), dtype="uint16", axes="tyx", chunks=(4, 16, 16), levels=3) as writer:
        for t, frame in enumerate(movie):
            store.full = failing == "growing"
            if store.full:
                with pytest.raises(WriteError, match="no room"):
                    writer.write(frame, t=t)
                store.full = False
            writer.write(frame, t=t)
            with writer._regions._queue.held():  # so that nothing of it fails later
                pass
            if failing == "the lower levels":
                writer._regions._store_all_waiting()  # so that only these are left to be written
        store.full = True
        with pytest.raises(WriteError, match="no room"):
            writer.update()
        store.full = False
    expected = write_image(MemoryStore(), movie, axes="tyx", levels=3)
    for level, wanted in zip(omezarr.open(store).levels, expected.levels, strict=True):
        np.testing.assert_array_equal(level.read(), wanted.read())


def test_lower_levels_of_whole_frames_are_made_without_reading_any_back(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    options = {"axes": "tyx", "chunks": (2, 16, 16), "levels": 3}
    with create_writer(store, shape=(None, 40, 50), dtype="uint16", **options) as writer:
        for frame in MOVIE[:, 0]:
            writer.append(frame)
        with monkeypatch.context() as patch:
            patch.setattr("omezarr.engine.region_writer.reduced_window", None)
            writer.update()
    expected = write_image(MemoryStore(), MOVIE[:, 0], **options)
    for level, wanted in zip(omezarr.open(store).levels, expected.levels, strict=True):
        np.testing.assert_array_equal(level.read(), wanted.read())


def test_what_the_store_refused_is_said_by_the_next_call_and_written_then() -> None:
    store = FullStore()
    with create_writer(store, shape=(3, 8, 8), dtype="uint16", axes="tyx", levels=1) as writer:
        store.full = True
        writer.write(np.full((8, 8), 1, "uint16"), t=0)
        with pytest.raises(WriteError, match="no room"):
            writer.update()
        store.full = False
        writer.write(np.full((8, 8), 2, "uint16"), t=1)
    assert omezarr.open(store).levels[0].read()[:, 0, 0].tolist() == [1, 2, 0]


def test_chunks_along_the_axis_that_grows_are_written_once() -> None:
    store = CountingStore(MemoryStore())
    with create_writer(store, shape=(None, 8, 8), dtype="uint16", axes="tyx", chunks=(5, 8, 8), levels=1) as writer:
        for frame in np.arange(1, 13, dtype="uint16"):
            writer.append(np.full((8, 8), frame))
    chunks = [key for key in store.writes if key.startswith("0/c/")]
    assert sorted(chunks) == ["0/c/0/0/0", "0/c/1/0/0", "0/c/2/0/0"]
    assert (omezarr.open(store).levels[0].read()[:, 0, 0] == np.arange(1, 13)).all()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    with pytest.raises(ArgumentError, match="only one axis can grow"):
        create_writer(path, shape=(None, None, 8, 8), dtype="uint8", axes="tcyx")
    with pytest.raises(ArgumentError, match="factors must be 1"):
        create_writer(path, shape=(None, 8), dtype="uint8", axes="yx", factors=[(2, 2)])
    assert not list(tmp_path.iterdir())
    with create_writer(path, shape=(4, 8, 8), dtype="uint8", axes="tyx", overwrite=True) as writer:
        frame = np.zeros((8, 8), dtype="uint8")
        for bad in [
            lambda: writer.write(frame, t=4),
            lambda: writer.write(frame, t=-1),
            lambda: writer.write(frame, q=0),
            lambda: writer.write(frame[1:], t=0),
            lambda: writer.write(frame.astype("uint16"), t=0),
            lambda: writer.write(frame, t=0, y=slice(0, 8, 2)),
            lambda: writer.append(frame),
        ]:
            with pytest.raises(ArgumentError):
                bad()
        with pytest.raises(LockedError):
            open_writer(path)
    with pytest.raises(ArgumentError, match="closed"):
        writer.write(frame, t=0)
    with pytest.raises(TargetExistsError):
        create_writer(path, shape=(4, 8, 8), dtype="uint8", axes="tyx")
    with pytest.raises(ArgumentError, match="no axis 'z'"):
        open_writer(path, grows="z")
    omezarr.write_plate(tmp_path / "p.zarr", {"A/1": frame})
    with pytest.raises(UnsupportedError, match="no image"):
        open_writer(tmp_path / "p.zarr")


@pytest.mark.parametrize("place", [1.0, None, "1"])
def test_what_is_no_place_is_refused_and_whole_numbers_of_any_kind_are_taken(place: Any) -> None:
    with create_writer(MemoryStore(), shape=(None, 8, 8), dtype="uint8", axes="tyx") as writer:
        with pytest.raises(ArgumentError, match="is no place; give an index or a slice"):
            writer.write(np.zeros((8, 8), dtype="uint8"), t=place)
        for t in np.arange(3):
            writer.write(np.full((8, 8), t, dtype="uint8"), t=t)
        assert writer.shape == (3, 8, 8)


@pytest.mark.parametrize("run", [{"scheduler": "local:2"}, {"progress": print}, {"threads": 0}])
def test_what_means_nothing_for_a_writer_is_refused_before_anything_is_written(
    tmp_path: Path, run: dict[str, Any]
) -> None:
    with pytest.raises(ArgumentError, match=f"{next(iter(run))} "):
        create_writer(tmp_path / "run.zarr", shape=(8, 8), dtype="uint8", axes="yx", run=RunOptions(**run))
    assert not list(tmp_path.iterdir())
    write_image(tmp_path / "i.zarr", MOVIE[0, 0], axes="yx")
    with pytest.raises(ArgumentError, match=f"{next(iter(run))} "):
        open_writer(tmp_path / "i.zarr", run=RunOptions(**run))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_consolidated_metadata_grows_with_the_image(tmp_path: Path, version: str) -> None:
    path = tmp_path / "run.zarr"
    with create_writer(
        path, shape=(None, 8, 8), dtype="uint8", axes="tyx", format=version, consolidated=True
    ) as writer:
        writer.append(np.ones((8, 8), dtype="uint8"))
        assert omezarr.open(path).levels[0].shape == (1, 8, 8)
        writer.add_labels("cells").write(np.ones((8, 8), dtype="uint32"), t=0)
    with open_writer(path, grows="t") as writer:
        writer.append(np.ones((2, 8, 8), dtype="uint8"))
    group = zarr.open_consolidated(path, mode="r")
    assert isinstance(group["0"], zarr.Array)
    assert (group["0"].shape, group["labels/cells/0"].shape) == ((3, 8, 8), (1, 8, 8))


def test_shards_along_the_axis_that_grows_are_those_asked_for(tmp_path: Path) -> None:
    options: dict[str, Any] = {"shape": (None, 8, 8), "dtype": "uint8", "axes": "tyx", "chunks": (2, 8, 8)}
    with pytest.raises(ArgumentError, match="along t, a shard of 3 is no multiple of a chunk of 2"):
        create_writer(tmp_path / "run.zarr", shards=(3, 8, 8), **options)
    assert not list(tmp_path.iterdir())
    with create_writer(tmp_path / "run.zarr", shards=(4, 8, 8), **options) as writer:
        for frame in range(5):
            writer.append(np.full((8, 8), frame, dtype="uint8"))
    array = omezarr.open(tmp_path / "run.zarr").levels[0].array
    assert (array.chunks, array.shards) == ((2, 8, 8), (4, 8, 8))
    assert (array[:, 0, 0] == np.arange(5)).all()


def test_what_is_no_dtype_is_refused() -> None:
    with pytest.raises(ArgumentError, match="'uint17' is no dtype"):
        create_writer(MemoryStore(), shape=(8, 8), dtype="uint17", axes="yx")


def field_writer(path: Path, **options: Any) -> Any:
    return create_writer(path, shape=(None, 16, 16), dtype="uint8", axes="tyx", levels=1, **options)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_field_of_a_plate_is_listed(tmp_path: Path, version: str) -> None:
    path = tmp_path / "p.zarr"
    write_plate(path, {"A/1": np.zeros((16, 16), "uint8")}, columns=["1", "2"], format=version, levels=1)
    for place in ("A/1/1", "A/2/0"):
        with field_writer(path / place) as writer:
            writer.append(np.full((16, 16), 7, "uint8"))
    plate = omezarr.open(path)
    assert [list(plate.children[well].children) for well in ("A/1", "A/2")] == [["0", "1"], ["0"]]
    assert plate.facets["plate"].field_count == 2
    assert (plate.children["A/2"].children["0"].levels[0].read() == 7).all()
    assert omezarr.open(path / "A/2/0").version == version
    assert omezarr.validate(path).problems == ()


def test_what_is_no_field_of_the_plate_around_it_is_listed_nowhere_and_another_version_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.zarr"
    write_plate(path, {"A/1": np.zeros((16, 16), "uint8")}, levels=1)
    before = omezarr.open(path).attributes
    field_writer(path / "B/9/0").close()
    assert omezarr.open(path).attributes == before
    with pytest.raises(ArgumentError, match="so are its fields"):
        field_writer(path / "A/1/1", format="0.4")
    assert not (path / "A/1/1").exists()
