"""The pixels of TIFF files of all kinds are those that tifffile reads, whatever region is asked for."""

from __future__ import annotations

import pickle
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omezarr.errors import SourceError
from omezarr_builtins.importers._segments import KeptSegments, pieces
from tests.builtins.importers.importing import CountingFile, everything, load

if TYPE_CHECKING:
    from pathlib import Path

STACK = (2, 5, 45, 70)
KINDS: dict[str, dict[str, Any]] = {
    "one strip": {},
    "strips": {"rowsperstrip": 7},
    "tiles": {"tile": (16, 32)},
    "BigTIFF": {"bigtiff": True},
    "big endian": {"byteorder": ">"},
    "big endian tiles": {"byteorder": ">", "tile": (32, 16)},
    "scattered pages": {"contiguous": False, "rowsperstrip": 10},
    "deflate": {"compression": "zlib"},
    "deflate strips": {"compression": "zlib", "rowsperstrip": 4},
    "deflate tiles with predictor": {"compression": "zlib", "predictor": True, "tile": (16, 16)},
    "big endian deflate with predictor": {"compression": "zlib", "predictor": True, "byteorder": ">"},
    "lzw": {"compression": "lzw", "rowsperstrip": 9},
    "zstd tiles": {"compression": "zstd", "tile": (32, 32)},
    "packbits": {"compression": "packbits"},
}
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]


def random(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(1)
    return generator.integers(0, 100, shape).astype(dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_equal_those_of_tifffile_for_each_way_of_storing(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random(STACK), metadata={"axes": "CZYX"}, **KINDS[kind])
    image = load(path).image
    assert np.array_equal(everything(image.pixels), tifffile.imread(path))
    assert image.pixels.dtype == np.dtype("uint16")
    assert everything(image.pixels).dtype.isnative


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"byteorder": ">", "compression": "zlib"}], ids=["raw", "deflate"])
def test_pixels_equal_those_of_tifffile_for_each_dtype(dtype: str, options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((30, 41), dtype), **options)
    pixels = everything(load(path).image.pixels)
    assert pixels.dtype == np.dtype(dtype)
    assert np.array_equal(pixels, tifffile.imread(path))


@pytest.mark.parametrize("compressed", [False, True])
def test_one_bit_pixels_become_booleans(compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    mask = random((21, 37), "uint8") > 50
    tifffile.imwrite(path, mask, photometric="minisblack", compression="zlib" if compressed else None)
    pixels = everything(load(path).image.pixels)
    assert pixels.dtype == np.dtype(bool)
    assert np.array_equal(pixels, mask)


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"compression": "zlib", "rowsperstrip": 6}])
def test_samples_are_right_in_either_planar_configuration(
    planarconfig: str, options: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    colors = random((3, 33, 47), "uint8")
    stored = colors if planarconfig == "separate" else np.moveaxis(colors, 0, -1)
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planarconfig, **options)
    image = load(path).image
    assert np.array_equal(everything(image.pixels), colors)


def test_jpeg_compressed_colours_are_those_that_tifffile_decodes(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    colors = random((64, 64, 3), "uint8")
    tifffile.imwrite(path, colors, photometric="ycbcr", compression="jpeg", tile=(32, 32))
    assert np.array_equal(everything(load(path).image.pixels), np.moveaxis(tifffile.imread(path), -1, 0))


def test_volumetric_tiles_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    volume = random((20, 40, 50))
    tifffile.imwrite(path, volume, tile=(8, 16, 16), compression="zlib", metadata={"axes": "ZYX"}, volumetric=True)
    pixels = load(path).image.pixels
    assert pixels.chunks == (8, 16, 16)
    assert np.array_equal(everything(pixels), volume)


def test_a_hyperstack_whose_pages_were_cut_off_by_imagej_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    stack = random((3, 2, 40, 50))
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "ZCYX"}, truncate=True)
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 1
    assert np.array_equal(everything(load(path).image.pixels), np.moveaxis(stack, 1, 0))


def test_tiles_that_were_never_written_are_zero(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tiles = [b"" if number % 2 else zlib.compress(bytes([number + 1] * 256)) for number in range(6)]
    tifffile.imwrite(path, iter(tiles), shape=(32, 48), dtype="uint8", tile=(16, 16), compression="zlib")
    pixels = everything(load(path).image.pixels)
    assert pixels[0, 0] == 1
    assert not pixels[:16, 16:32].any()
    assert np.array_equal(everything(load(path).image.pixels), tifffile.imread(path))


def regions(shape: tuple[int, ...]) -> st.SearchStrategy[tuple[slice, ...]]:
    def part(length: int) -> st.SearchStrategy[slice]:
        pair = st.tuples(st.integers(0, length - 1), st.integers(1, length))
        return pair.map(lambda found: slice(found[0], max(found[0] + 1, min(length, found[0] + found[1]))))

    return st.tuples(*(part(length) for length in shape))


@pytest.mark.parametrize(
    "kind", ["one strip", "scattered pages", "tiles", "deflate strips", "big endian deflate with predictor"]
)
@settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(region=regions(STACK))
def test_any_region_equals_the_same_part_of_the_whole(
    kind: str, region: tuple[slice, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"regions {kind}.tif"
    if not path.exists():
        tifffile.imwrite(path, random(STACK), metadata={"axes": "CZYX"}, **KINDS[kind])
    assert np.array_equal(load(path).image.pixels.read(region), random(STACK)[region])


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(region=regions((2 * 3, 20, 25)))
def test_any_region_of_channels_with_samples_equals_the_same_part_of_the_whole(
    planarconfig: str, region: tuple[slice, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"samples {planarconfig}.tif"
    colors = random((2, 3, 20, 25), "uint8")
    if not path.exists():
        axes = "CSYX" if planarconfig == "separate" else "CYXS"
        stored = colors if planarconfig == "separate" else np.moveaxis(colors, 1, -1)
        tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planarconfig, metadata={"axes": axes})
    assert np.array_equal(load(path).image.pixels.read(region), colors.reshape(6, 20, 25)[region])


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ({}, 10 * 10 * 2 * 200),
        ({"tile": (64, 64)}, 64 * 64 * 2),
        ({"tile": (64, 64), "compression": "zlib"}, 64 * 64 * 2 + 100),
        ({"rowsperstrip": 16, "compression": "zlib"}, 16 * 2000 * 2 + 100),
        ({"rowsperstrip": 16, "contiguous": False}, 10 * 2000 * 2),
    ],
    ids=["one strip", "tiles", "deflate tiles", "deflate strips", "strips"],
)
def test_reading_a_region_reads_only_the_tiles_or_strips_under_it(
    options: dict[str, Any], most: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    stack = np.random.default_rng(0).integers(0, 2**16, (5, 640, 2000), dtype="uint16")
    tifffile.imwrite(path, stack, metadata={"axes": "ZYX"}, **options)
    pixels: Any = load(path).image.pixels
    counter = CountingFile(pixels.files[0])
    pixels.files = (counter,)
    region = (slice(2, 3), slice(66, 76), slice(130, 140))
    assert np.array_equal(pixels.read(region), stack[region])
    assert 0 < counter.bytes_read <= most


def test_a_narrow_part_of_long_rows_is_read_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    wide = np.random.default_rng(0).integers(0, 2**16, (8, 100_000), dtype="uint16")
    tifffile.imwrite(path, wide)
    pixels: Any = load(path).image.pixels
    counter = CountingFile(pixels.files[0])
    pixels.files = (counter,)
    region = (slice(2, 6), slice(50_000, 50_100))
    assert np.array_equal(pixels.read(region), wide[region])
    assert counter.bytes_read == 4 * 100 * 2


def test_a_strip_is_decoded_once_while_neighbouring_regions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    stack = random((200, 400))
    tifffile.imwrite(path, stack, compression="zlib", rowsperstrip=50)
    pixels: Any = load(path).image.pixels
    counter = CountingFile(pixels.files[0])
    pixels.files = (counter,)
    for start in range(0, 400, 40):
        part = (slice(0, 200), slice(start, start + 40))
        assert np.array_equal(pixels.read(part), stack[part])
    assert len(counter.reads) == 4


def test_several_threads_read_the_same_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    stack = random((6, 128, 160))
    tifffile.imwrite(path, stack, compression="zlib", rowsperstrip=16, metadata={"axes": "ZYX"})
    pixels = load(path).image.pixels
    parts = [(slice(z, z + 1), slice(0, 128), slice(x, x + 20)) for x in range(0, 160, 20) for z in range(6)]
    with ThreadPoolExecutor(8) as pool:
        for part, found in zip(parts, pool.map(pixels.read, parts), strict=True):
            assert np.array_equal(found, stack[part])


def test_a_source_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    stack = random((2, 5, 20, 30))
    tifffile.imwrite(path, stack, metadata={"axes": "ZCYX"}, compression="zlib")
    pixels = load(path).image.pixels
    copy = pickle.loads(pickle.dumps(pixels))
    assert np.array_equal(everything(copy), np.moveaxis(stack, 1, 0))
    assert copy.identity == pixels.identity


def test_a_source_that_arrives_after_its_file_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((20, 30)))
    sent = pickle.dumps(load(path).image.pixels)
    tifffile.imwrite(path, random((20, 30)) + 1)
    with pytest.raises(SourceError, match="has changed since it was opened"):
        pickle.loads(sent)


def test_the_identity_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((20, 30)))
    before = load(path).image.pixels.identity
    assert load(path).image.pixels.identity == before
    tifffile.imwrite(path, random((20, 30)) + 1)
    assert load(path).image.pixels.identity != before


def test_reading_goes_on_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((20, 30)))
    pixels = load(path).image.pixels
    pixels.close()
    assert np.array_equal(everything(pixels), random((20, 30)))


@pytest.mark.parametrize(
    ("options", "chunks"),
    [
        ({}, (1, 45, 70)),
        ({"tile": (16, 32)}, (1, 16, 32)),
        ({"compression": "zlib", "rowsperstrip": 5}, (1, 5, 70)),
    ],
    ids=["rows", "tiles", "strips"],
)
def test_chunks_are_the_natural_unit_of_one_page(
    options: dict[str, Any], chunks: tuple[int, ...], tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((5, 45, 70)), metadata={"axes": "ZYX"}, **options)
    assert load(path).image.pixels.chunks == chunks


def test_rows_of_a_large_uncompressed_page_are_read_a_mebibyte_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, shape=(4096, 4096), dtype="uint16")
    assert load(path).image.pixels.chunks == (128, 4096)


def test_the_cost_of_a_region_tells_what_decoding_its_segments_takes(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((1000, 1000)), compression="zlib", rowsperstrip=1000)
    raw = tmp_path / "raw.tif"
    tifffile.imwrite(raw, random((1000, 1000)))
    small = (slice(0, 10), slice(0, 10))
    assert load(path).image.pixels.cost(small) >= 2 * 1000 * 1000 * 2
    assert load(raw).image.pixels.cost(small) <= 200 + 1000 * 1000 * 2


def test_a_page_that_is_one_large_compressed_strip_is_announced_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((6000, 6000), "uint16"), compression="zlib", rowsperstrip=6000)
    notices = load(path).notices
    assert any("compressed in pieces of 69 MiB" in notice for notice in notices)


def test_a_segment_that_does_not_decode_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random((64, 64)), compression="zlib", rowsperstrip=16)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages.first.dataoffsets[2]
    content = bytearray(path.read_bytes())
    content[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(content)
    pixels = load(path).image.pixels
    assert pixels.read((slice(0, 16), slice(0, 64))).shape == (16, 64)
    with pytest.raises(SourceError, match=r"strip 2 of page 0 of a\.tif cannot be decoded"):
        everything(pixels)


def test_pieces_cover_a_region_exactly_once() -> None:
    page, segment, region = (7, 11), (3, 4), (slice(1, 7), slice(2, 11))
    covered = np.zeros((6, 9), int)
    for piece in pieces(region, page, segment):
        covered[piece.target] += 1
    assert (covered == 1).all()


def test_kept_segments_stay_within_their_bound() -> None:
    kept = KeptSegments(100)
    for number in range(5):
        kept.get((0, number), lambda _: np.zeros(40, "uint8"))
    assert [number for number in range(5) if kept.find((0, number)) is not None] == [3, 4]


def test_a_segment_that_fails_to_decode_is_tried_again() -> None:
    kept = KeptSegments(100)

    def fail(_: Any) -> Any:
        raise SourceError("broken")

    with pytest.raises(SourceError):
        kept.get((0, 0), fail)
    assert kept.get((0, 0), lambda _: np.zeros(4, "uint8")).size == 4


class TestWaiting:
    """A thread that would wait for a segment decodes the next one meanwhile."""

    def during(self, limit: int, following: list[tuple[int, int]], *, broken: bool = False) -> list[tuple[int, int]]:
        """Return what is decoded while another thread is at the second segment, in order; the first is kept."""
        kept, begun, go_on = KeptSegments(limit), threading.Event(), threading.Event()
        decoded: list[tuple[int, int]] = []

        def decode(key: tuple[int, int]) -> Any:
            decoded.append(key)
            if key == (0, 1):
                begun.set()
                assert go_on.wait(30)
            if key == (0, 2):
                go_on.set()
                if broken:
                    raise SourceError("broken")
            return np.zeros(10, "uint8")

        kept.get((0, 0), decode)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(kept.get, (0, 1), decode)
            assert begun.wait(30)
            second = pool.submit(kept.get, (0, 1), decode, following)
            if limit < 30 or not following:
                go_on.set()
            assert first.result(30) is second.result(30)
        return decoded

    def test_the_next_is_decoded_meanwhile(self) -> None:
        assert self.during(100, [(0, 0), (0, 1), (0, 2), (0, 3)]) == [(0, 0), (0, 1), (0, 2)]

    def test_nothing_is_where_there_is_no_room(self) -> None:
        assert self.during(25, [(0, 2)]) == [(0, 0), (0, 1)]

    def test_nothing_is_where_nothing_follows(self) -> None:
        assert self.during(100, []) == [(0, 0), (0, 1)]

    def test_what_cannot_be_decoded_meanwhile_does_not_disturb(self) -> None:
        assert self.during(100, [(0, 2)], broken=True) == [(0, 0), (0, 1), (0, 2)]
