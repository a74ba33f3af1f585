"""Pictures of images equal those computed from numpy alone."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore, MemoryStore

import omezarr
from omezarr.errors import ArgumentError, MetadataError, OMEZarrWarning, StorageError, UnsupportedError
from omezarr.hierarchy import run
from omezarr.rendering import PictureRequest, render, sampling
from omezarr.rendering.colours import MISSING_COLOURS, palette_colour
from omezarr.rendering.sampling import Budget
from tests.rendering.reference import block_means, composed, plane_of, write_levels

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SIZES = {"t": 2, "c": 3, "z": 4, "y": 6, "x": 8}
ORDERS = ["yx", "xy", "cyx", "yxc", "xyc", "zyx", "zyxc", "tczyx", "xyzct", "ctzxy", "tyx"]


def numbers(axes: str, dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    shape = tuple(SIZES[name] for name in axes)
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if dtype.startswith("complex"):
        return (random.normal(50, 20, shape) + 1j * random.normal(0, 20, shape)).astype(dtype)
    return random.integers(1, 100, shape).astype(dtype)


def image(pixels: np.ndarray | list[np.ndarray], axes: str, **options: object) -> omezarr.Node:
    store = MemoryStore()
    write_levels(store, pixels if isinstance(pixels, list) else [pixels], axes, **options)
    return omezarr.open(store)


@pytest.mark.parametrize("axes", ORDERS)
def test_every_order_of_axes_is_drawn_with_y_down_and_x_to_the_right(axes):
    pixels = numbers(axes)
    at = {name: 1 for name in "tz" if name in axes}
    planes = plane_of(pixels, axes, at)
    request = PictureRequest(size=8, at=at, windows=((1, 99),) * len(planes))
    colours = [RED, GREEN, BLUE] if "c" in axes else [WHITE]
    expected = composed(planes, [(1, 99)] * len(planes), colours)
    np.testing.assert_array_equal(render(image(pixels, axes), request).pixels, expected)


@pytest.mark.parametrize(
    "dtype",
    ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64"]
    + ["complex64", "complex128", ">u2", ">f4"],
)
def test_every_type_of_numbers_is_drawn(dtype):
    pixels = numbers("yx", dtype)
    window = (0.0, 1.0) if dtype == "bool" else (10.0, 80.0)
    drawn = render(image(pixels, "yx", version="0.4"), PictureRequest(size=8, windows=(window,))).pixels
    np.testing.assert_array_equal(drawn, composed(pixels[None], [window], [WHITE]))


@pytest.mark.parametrize(("projection", "along"), [("max", "z"), ("max", "t"), ("mean", "z"), ("mean", "t")])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_projections_are_those_of_numpy(projection, along, dtype):
    pixels = numbers("tczyx", dtype)
    other = {"z": "t", "t": "z"}[along]
    planes = plane_of(pixels, "tczyx", {other: 1}, (projection, along))
    windows = ((5, 90),) * 3
    request = PictureRequest(size=8, at={other: 1}, projection=projection, along=along, windows=windows)
    expected = composed(planes, list(windows), [RED, GREEN, BLUE])
    np.testing.assert_array_equal(render(image(pixels, "tczyx"), request).pixels, expected)


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_every_version_and_level_is_drawn(version, level):
    levels = [np.random.default_rng(1).integers(0, 99, (1, 1, 1, 24 >> n, 32 >> n)).astype("uint8") for n in range(3)]
    request = PictureRequest(size=32 >> level, level=level, windows=((0, 99),))
    picture = render(image(levels, "tczyx", version=version), request)
    assert picture.level == level
    np.testing.assert_array_equal(picture.pixels, composed(levels[level][0, 0], [(0, 99)], [WHITE]))


def test_the_smallest_level_that_is_large_enough_is_read():
    levels = [np.zeros((64 >> n, 64 >> n), "uint8") for n in range(3)]
    node = image(levels, "yx")
    assert [render(node, PictureRequest(size=size)).level for size in (8, 16, 17, 32, 33, 64, 500)] == [
        2,
        2,
        1,
        1,
        0,
        0,
        0,
    ]


def test_what_is_too_large_becomes_means_of_blocks():
    pixels = numbers("yx")
    means = block_means(pixels.astype(float), 3, 4)
    drawn = render(image(pixels, "yx"), PictureRequest(size=4, windows=((0, 100),))).pixels
    np.testing.assert_array_equal(drawn, composed(means[None], [(0, 100)], [WHITE]))


def test_what_is_too_small_is_repeated():
    pixels = numbers("yx")
    drawn = render(image(pixels, "yx"), PictureRequest(size=24, windows=((0, 100),))).pixels
    small = composed(pixels[None], [(0, 100)], [WHITE])
    np.testing.assert_array_equal(drawn, small.repeat(3, axis=0).repeat(3, axis=1))


def test_pixels_that_are_not_square_are_drawn_in_proportion():
    node = image(np.zeros((10, 10), "uint8"), "yx", scale={"y": 3.0, "x": 1.0})
    assert render(node, PictureRequest(size=90)).pixels.shape == (90, 30, 3)


def test_a_sample_of_the_largest_level_is_found_on_the_others():
    levels = [np.arange(8, dtype="uint8")[:, None, None] * np.ones((8, 4, 4), "uint8")]
    levels.append(levels[0][::2, ::2, ::2])
    request = PictureRequest(size=2, at={"z": 5}, windows=((0, 255),))
    assert render(image(levels, "zyx"), request).pixels[0, 0, 0] == 4


def test_a_region_is_cut_out_on_whatever_level():
    pixels = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
    node = image([pixels, pixels[::2, ::2]], "yx")
    request = PictureRequest(size=16, region=(8, 16, 32, 16), windows=((0, 4096),))
    picture = render(node, request)
    assert picture.level == 1
    np.testing.assert_array_equal(picture.pixels, composed(pixels[None, 8:40:2, 16:32:2], [(0, 4096)], [WHITE]))


def test_channels_are_drawn_as_the_metadata_says():
    pixels = numbers("cyx")
    channels = [
        {"label": "first", "color": "FF8000", "window": {"start": 10, "end": 60, "min": 0, "max": 99}},
        {"label": "second", "color": "0080FF", "window": {"start": 99, "end": 0, "min": 0, "max": 99}},
        {"label": "third", "color": "FFFFFF", "window": {"start": 0, "end": 9}, "active": False},
    ]
    node = image(pixels, "cyx", omero={"channels": channels})
    expected = composed(pixels[:2], [(10, 60), (99, 0)], [(255, 128, 0), (0, 128, 255)])
    np.testing.assert_array_equal(render(node, PictureRequest(size=8)).pixels, expected)
    third = render(node, PictureRequest(size=8, channels=("third",), colors=("00FF00",), windows=((0, 99),))).pixels
    np.testing.assert_array_equal(third, composed(pixels[2:], [(0, 99)], [GREEN]))


def test_without_a_window_percentiles_are_drawn():
    pixels = np.arange(1000, dtype="uint16").reshape(20, 50)
    drawn = render(image(pixels, "yx"), PictureRequest(size=50)).pixels
    low, high = np.percentile(pixels, [1.0, 99.8], method="nearest")
    np.testing.assert_array_equal(drawn, composed(pixels[None], [(low, high)], [WHITE]))


def test_three_channels_of_bytes_without_settings_are_a_colour_picture():
    pixels = np.random.default_rng(3).integers(0, 256, (6, 8, 3)).astype("uint8")
    np.testing.assert_array_equal(render(image(pixels, "yxc"), PictureRequest(size=8)).pixels, pixels)


def test_not_a_number_adds_nothing_and_infinities_end_the_window():
    pixels = np.array([[np.nan, 0.0, 1.0], [np.inf, -np.inf, 0.5]], "float32")
    drawn = render(image(pixels, "yx"), PictureRequest(size=3, windows=((0, 1),))).pixels[..., 0]
    np.testing.assert_array_equal(drawn, [[0, 0, 255], [255, 0, 128]])
    means = render(image(pixels[:, :2], "yx"), PictureRequest(size=1, windows=((-1, 1),), region=(0, 0, 1, 2)))
    assert means.pixels[0, 0, 0] == 128
    assert render(image(np.full((2, 2), np.nan), "yx"), PictureRequest(size=2)).pixels.max() == 0


def labelled(**more: object) -> tuple[omezarr.Node, np.ndarray, np.ndarray]:
    pixels = numbers("yx")
    labels = np.zeros((6, 8), "int32")
    labels[1:5, 1:4], labels[2:4, 5:7] = 7, 9
    store = MemoryStore()
    write_levels(store, [pixels], "yx")
    group = zarr.create_group(store, path="labels", zarr_format=3)
    group.attrs.update({"ome": {"version": "0.5", "labels": ["cells"]}})
    write_levels(store, [labels], "yx", path="labels/cells", **{"image-label": more})
    return omezarr.open(store), pixels, labels


def over(picture: np.ndarray, where: np.ndarray, colour: tuple[int, ...], share: float) -> np.ndarray:
    mixed = np.floor(picture * (1 - share) + np.array(colour[:3]) * share + 0.5).astype(np.uint8)
    return np.where(where[..., None], mixed, picture)


def test_labels_are_laid_over_with_their_own_colours_or_those_of_the_palette():
    node, pixels, labels = labelled(colors=[{"label-value": 7, "rgba": [255, 0, 0, 128]}])
    request = PictureRequest(size=8, windows=((0, 100),), labels=True, opacity=0.5)
    expected = composed(pixels[None], [(0, 100)], [WHITE])
    expected = over(expected, labels == 7, RED, 128 * 0.5 / 255)
    expected = over(expected, labels == 9, palette_colour(9), 0.5)
    np.testing.assert_array_equal(render(node, request).pixels, expected)


def test_labels_are_outlined():
    node, pixels, labels = labelled()
    request = PictureRequest(size=8, windows=((0, 100),), labels=("cells",), outline=True, opacity=1.0)
    inside = np.zeros((6, 8), bool)
    inside[2:4, 2:3] = True  # the middle of the 4 x 3 object; the other one is all border
    expected = composed(pixels[None], [(0, 100)], [WHITE])
    expected = over(expected, (labels == 7) & ~inside, palette_colour(7), 1.0)
    expected = over(expected, labels == 9, palette_colour(9), 1.0)
    np.testing.assert_array_equal(render(node, request).pixels, expected)


def test_a_label_image_alone_is_drawn_in_the_colours_of_its_labels():
    node, _, labels = labelled()
    drawn = render(node.labels["cells"], PictureRequest(size=8)).pixels
    assert {tuple(colour) for colour in drawn[labels == 7]} == {palette_colour(7)[:3]}
    assert drawn[labels == 0].max() == 0


def test_missing_chunks_are_drawn_as_such_and_empty_ones_are_not(tmp_path):
    pixels = np.ones((16, 16), "uint8")
    pixels[:8, 8:] = 0
    write_levels(LocalStore(tmp_path), [pixels], "yx", chunks=(8, 8))
    chunk = tmp_path / "0/c/0/1"
    stored = np.zeros((8, 8), "uint8")
    zarr.create_array(LocalStore(tmp_path / "other"), data=stored, config={"write_empty_chunks": True})
    chunk.write_bytes((tmp_path / "other/c/0/0").read_bytes())
    (tmp_path / "0/c/1/0").unlink()
    picture = render(omezarr.open(tmp_path), PictureRequest(size=16, windows=((0, 1),)))
    assert {tuple(colour) for row in picture.pixels[8:, :8] for colour in row} == set(MISSING_COLOURS)
    assert picture.pixels[:8, 8:].max() == 0
    assert picture.pixels[:8, :8].min() == 255
    assert any("missing" in note for note in picture.notes)


def test_chunks_that_look_empty_are_asked_for_together(monkeypatch):
    pixels = np.zeros((20, 20), "uint8")
    pixels[:, 10:] = 9
    node, asked = image(pixels, "yx", chunks=(1, 1)), []
    monkeypatch.setattr(sampling, "run", lambda work: asked.append(work) or run(work))
    picture = render(node, PictureRequest(size=20, windows=((0, 9),))).pixels
    assert len(asked) == 1
    assert {tuple(colour) for row in picture[:, :9] for colour in row} == set(MISSING_COLOURS)
    assert picture[:, 11:].min() == 255


def test_a_broken_chunk_does_not_hide_its_neighbours(tmp_path):
    write_levels(LocalStore(tmp_path), [np.full((16, 16), 5, "uint8")], "yx", chunks=(8, 8))
    (tmp_path / "0/c/0/0").write_bytes(b"this is no chunk")
    picture = render(omezarr.open(tmp_path), PictureRequest(size=16, windows=((0, 5),)))
    assert picture.pixels[8:].min() == picture.pixels[:8, 8:].min() == 255
    assert tuple(picture.pixels[0, 0]) in MISSING_COLOURS
    assert any("0/c/0/0" in note for note in picture.notes)
    for name in ("0/1", "1/0", "1/1"):
        (tmp_path / f"0/c/{name}").write_bytes(b"nor is this")
    with pytest.raises(StorageError, match="cannot be decoded"):
        render(omezarr.open(tmp_path))


def test_without_a_small_level_some_chunks_stand_for_their_neighbours_and_it_is_said(tmp_path):
    pixels = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
    write_levels(LocalStore(tmp_path), [pixels], "yx", chunks=(8, 8))
    node = omezarr.open(tmp_path)
    picture = render(node, PictureRequest(size=16, windows=((0, 4096),)), Budget(chunks=4))
    kept = np.r_[16:24, 48:56]  # the third and the seventh of eight chunks, each for four
    expected = composed(pixels[np.ix_(kept, kept)][None], [(0, 4096)], [WHITE])
    np.testing.assert_array_equal(picture.pixels, expected)
    assert any("stand for their neighbours" in note for note in picture.notes)


def test_a_picture_of_a_terabyte_reads_a_small_level_or_few_chunks(tmp_path):
    group = zarr.create_group(LocalStore(tmp_path), zarr_format=3)
    group.create_array("0", shape=(1_000_000, 1_000_000), chunks=(512, 512), dtype="uint16")
    group.attrs.update({"ome": {"version": "0.5", "multiscales": [{"datasets": [{"path": "0"}]}]}})
    tracemalloc.start()
    try:
        picture = render(omezarr.open(tmp_path), PictureRequest(size=64))
        assert tracemalloc.get_traced_memory()[1] < 256 * 2**20
    finally:
        tracemalloc.stop()
    assert picture.pixels.shape == (64, 64, 3)
    assert any("every chunk of it is missing" in note for note in picture.notes)


def test_a_chunk_that_would_take_all_memory_is_refused(tmp_path):
    group = zarr.create_group(LocalStore(tmp_path), zarr_format=3)
    group.create_array("0", shape=(10**6, 10**6), chunks=(10**5, 10**5), dtype="uint8")
    group.attrs.update({"ome": {"version": "0.5", "multiscales": [{"datasets": [{"path": "0"}]}]}})
    with pytest.raises(UnsupportedError, match="smaller chunks"):
        render(omezarr.open(tmp_path))


def test_a_level_that_is_missing_is_passed_over(tmp_path):
    levels = [np.full((16, 16), 5, "uint8"), np.full((8, 8), 5, "uint8")]
    write_levels(LocalStore(tmp_path), levels, "yx")
    (tmp_path / "1/zarr.json").unlink()
    picture = render(omezarr.open(tmp_path), PictureRequest(size=4))
    assert picture.level == 0
    assert any("level '1' cannot be drawn" in note for note in picture.notes)
    (tmp_path / "0/zarr.json").unlink()
    with pytest.raises(MetadataError, match="no level that can be read"):
        render(omezarr.open(tmp_path))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 0}, "from 1 to"),
        ({"size": 10**6}, "from 1 to"),
        ({"opacity": 2.0}, "opacity"),
        ({"projection": "sum"}, "max or mean"),
        ({"colors": ("blue",)}, "six hexadecimal digits"),
        ({"windows": ((1, 1),)}, "window"),
        ({"windows": ((0, float("nan")),)}, "window"),
        ({"windows": ((0, 1),)}, "1 windows are given for 3 channels"),
        ({"colors": ("FF0000",)}, "1 colours are given for 3 channels"),
        ({"channels": ("DAPI",)}, "no channel 'DAPI'"),
        ({"at": {"z": 4}}, "z goes from 0 to 3"),
        ({"at": {"t": 0}}, "no axis 't'"),
        ({"at": {"y": 0}}, "no axis 'y'"),
        ({"projection": "max", "along": "t"}, "no axis 't' to project"),
        ({"level": 1}, "no level 1"),
        ({"region": (0, 0, 0, 5)}, "region"),
        ({"region": (6, 0, 1, 1)}, "region"),
        ({"labels": ("cells",)}, "no labels 'cells'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(ArgumentError, match=said):
        render(image(numbers("czyx"), "czyx"), PictureRequest(**options))


def test_what_is_no_image_is_refused():
    with pytest.raises(UnsupportedError, match="no image"):
        render(omezarr.open(zarr.create_group(MemoryStore(), zarr_format=3)))
    with pytest.raises(UnsupportedError, match="two axes"):
        render(image(np.zeros((3, 4), "uint8"), "cx"))


def test_a_node_has_a_thumbnail_that_says_what_it_does_not_show(tmp_path):
    write_levels(LocalStore(tmp_path), [np.zeros((16, 32), "uint8")], "yx")  # empty chunks are not written
    with pytest.warns(OMEZarrWarning, match="missing"):
        thumbnail = omezarr.open(tmp_path).thumbnail(size=64)
    assert (thumbnail.size, thumbnail.mode) == ((64, 32), "RGB")
    with pytest.raises(ArgumentError, match="no option 'colour'"):
        omezarr.open(tmp_path).thumbnail(colour="red")


def test_a_scale_bar_is_of_a_round_length():
    node = image(np.full((100, 200), 9, "uint8"), "yx", scale={"y": 0.5, "x": 0.5})
    plain = np.asarray(node.thumbnail(size=200, windows=((10, 20),)))
    assert plain.max() == 0
    drawn = np.asarray(node.thumbnail(size=200, windows=((10, 20),), scale_bar=True))
    longest = max(np.count_nonzero(row == 255) for row in drawn[-8:, :, 0])
    assert longest == 40  # 20 units of half a unit each, the largest round length below a quarter of the width
