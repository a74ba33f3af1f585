"""Regions are named by axes, channels and physical units, whatever the order of axes and the version."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, OMEZarrError, StorageError, UnsupportedError
from omezarr.model import Axis, LevelGeometry
from omezarr.nodes.regions import array_index

ALL = slice(None)
PIXELS = np.arange(2 * 3 * 8 * 10, dtype="uint16").reshape(2, 3, 8, 10)
MICROMETERS = [Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer")]


@pytest.fixture(scope="module")
def cells() -> omezarr.Node:
    return omezarr.write_image(
        "memory://regions/cells.ome.zarr",
        PIXELS,
        axes="czyx",
        scale=(1, 2, 0.5, 0.25),
        translation=(0, 10, 0, 5),
        units={"z": "micrometer", "y": "micrometer", "x": "micrometer"},
        channels=["DAPI", "GFP"],
        chunks=(1, 1, 4, 4),
        levels=2,
    )


def place(scale: float = 0.5, start: float = 0.0) -> LevelGeometry:
    return LevelGeometry((scale, scale), (start, start))


@pytest.mark.parametrize(
    ("region", "index"),
    [
        ({}, (ALL, ALL)),
        ({"x": 3}, (ALL, 3)),
        ({"x": (2, 5), "y": -1}, (-1, slice(2, 5))),
        ({"y": slice(4, None)}, (slice(4, None), ALL)),
        ({"y": (None, 3)}, (slice(None, 3), ALL)),
    ],
    ids=repr,
)
def test_axes_that_are_not_named_are_whole(region: dict[str, Any], index: Any) -> None:
    assert array_index(region, MICROMETERS, (8, 8)) == index


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((1, 2), slice(2, 4)),  # centres at 1.0 and 1.5
        ((1.1, 2.1), slice(3, 5)),
        ((0.3 / 0.1 * 0.5, 2), slice(3, 4)),  # 1.5 to a digit
        ((-5, 1), slice(0, 2)),
        ((3, 100), slice(6, 8)),
        ((2, 1), slice(4, 4)),
        ((None, 1), slice(0, 2)),
        (slice(3, None), slice(6, 8)),
        (0.0, 0),
        (0.74, 1),
        (0.76, 2),
        (-0.25, 0),
        (3.7, 7),
    ],
    ids=repr,
)
def test_places_are_those_of_samples(wanted: Any, found: Any) -> None:
    index = array_index({"x": wanted}, MICROMETERS, (8, 8), unit="micrometer", geometry=place)
    assert index == (ALL, found)


def test_neighbouring_stretches_share_no_sample_and_miss_none() -> None:
    ends = [0, 0.6, 1.0, 1.9, 2.55, 4]
    pieces = [
        array_index({"x": pair}, MICROMETERS, (8, 8), unit="um", geometry=lambda: place(0.3, 0.1))[1]
        for pair in itertools.pairwise(ends)
    ]
    assert [number for piece in pieces for number in range(piece.start, piece.stop)] == list(range(8))


@pytest.mark.parametrize(("unit", "factor"), [("nanometer", 1000), ("mm", 0.001), ("um", 1), ("micrometre", 1)])
def test_units_are_turned_into_those_of_the_axis(unit: str, factor: float) -> None:
    index = array_index({"x": (1 * factor, 2 * factor)}, MICROMETERS, (8, 8), unit=unit, geometry=place)
    assert index == (ALL, slice(2, 4))


def test_times_are_turned_as_lengths_are_and_other_axes_stay_in_samples() -> None:
    axes = [Axis("t", "time", "second"), Axis("x", "space", "micrometer")]
    region = {"t": (1000, 2000), "x": (1, 3)}
    assert array_index(region, axes, (8, 8), unit="millisecond", geometry=place) == (slice(2, 4), slice(1, 3))
    assert array_index({"t": 1, "x": 2.0}, axes, (8, 8), unit="um", geometry=place) == (1, 4)


def test_axes_without_a_type_have_that_of_their_name() -> None:
    axes = [Axis("c"), Axis("x", unit="micrometer")]
    assert array_index({"c": "b", "x": 1.0}, axes, (2, 8), ["a", "b"], unit="um", geometry=place) == (1, 2)


@pytest.mark.parametrize(
    ("region", "unit", "message"),
    [
        ({"q": 1}, None, "there is no axis 'q'; there are: y, x"),
        ({"x": "GFP"}, None, "the axis 'x' takes an index or a slice; 'GFP' can only name a channel"),
        ({"x": 1.5}, None, "places in physical units need unit="),
        ({"x": True}, None, "not True"),
        ({"x": (1, 2, 3)}, None, r"not \(1, 2, 3\)"),
        ({"x": (1, 2)}, "parsnip", "'parsnip' is no unit of length or time"),
        ({"x": 4.0}, "um", r"4.0 um is outside of the axis 'x': -0.25 to 3.75 um"),
        ({"x": float("nan")}, "um", "nan is no place along the axis 'x'"),
        ({"x": ("a", "b")}, "um", "'a' is no place"),
        ({"x": slice(0, 4, 2)}, "um", "and no step"),
        ({"x": (1, 2)}, "inch", "the axis 'x' is in micrometer, which inch cannot be turned into; give pixels"),
        (3, "um", "a region in um names its axes"),
    ],
    ids=repr,
)
def test_what_fits_no_axis_is_refused(region: Any, unit: str | None, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        array_index(region, MICROMETERS, (8, 8), unit=unit, geometry=place)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([Axis("x", "space")], "the axis 'x' is without a unit"),
        ([*MICROMETERS, Axis("z")], "names 3 axes of an array of 1"),
    ],
)
def test_metadata_that_does_not_tell_is_refused(axes: list[Axis], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        array_index({"x": 1.0}, axes, (8,), unit="um", geometry=place)


def test_a_scale_of_nothing_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"has the scale 0.0, so nothing is found"):
        array_index({"x": 1.0}, MICROMETERS, (8, 8), unit="um", geometry=lambda: place(0.0))


def test_channels_are_found_by_name() -> None:
    axes = [Axis("c", "channel"), *MICROMETERS]
    assert array_index({"c": "b"}, axes, (3, 8, 8), ["a", "b", None]) == (1, ALL, ALL)
    with pytest.raises(ArgumentError, match="there is no channel 'q'; there are: a, b"):
        array_index({"c": "q"}, axes, (3, 8, 8), ["a", "b", None])
    with pytest.raises(ArgumentError, match="several channels are called 'a'"):
        array_index({"c": "a"}, axes, (3, 8, 8), ["a", "a"])
    with pytest.raises(ArgumentError, match="there are: none with a name"):
        array_index({"c": "a"}, axes, (3, 8, 8))


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_regions_are_those_of_every_version(version: str) -> None:
    path = f"memory://regions/{version}.zarr"
    image = PIXELS[None]
    node = omezarr.write_image(
        path, image, axes="tczyx", format=version, channels=["DAPI", "GFP"], chunks=(1, 1, 1, 4, 4)
    )
    assert np.array_equal(node.levels[0][{"c": "GFP", "z": 1, "x": slice(2, 7)}], image[:, 1, 1, :, 2:7])
    assert np.array_equal(node.crop(t=0, c="DAPI", y=(3, 8)), image[0, 0, :, 3:8])


@pytest.mark.parametrize("axes", ["xyz", "zyx", "zxy", "tcyx", "cyx"])
def test_regions_follow_any_order_of_axes(axes: str) -> None:
    image = np.arange(4 * 5 * 6 * 7, dtype="uint16").reshape(4, 5, 6, 7)[4 - len(axes) :]
    image = image if len(axes) == 4 else image[0]
    node = omezarr.write_image(f"memory://regions/{axes}.zarr", image, axes=axes, levels=1)
    region = {"x": (1, 4), "y": 2}
    index = tuple(slice(*region[name]) if name == "x" else 2 if name == "y" else ALL for name in axes)
    assert np.array_equal(node.crop(**region), image[index])


def test_crops_in_micrometers_are_those_of_the_level(cells: omezarr.Node) -> None:
    assert np.array_equal(cells.crop(c="GFP", x=(5, 6), unit="micrometer"), PIXELS[1, :, :, 0:4])
    assert np.array_equal(cells.crop(z=12000, y=(1000, 2000), unit="nanometer"), PIXELS[:, 1, 2:4])
    lower = cells.levels[1]
    assert lower.translation[-1] == 5.125
    assert np.array_equal(cells.crop(level=1, x=(5.5, 6.7), unit="um"), lower.read()[..., 1:4])


def test_a_region_is_put_where_it_is_wanted(cells: omezarr.Node) -> None:
    level = cells.levels[0]
    batch = np.zeros((2, 3, 8, 4), "float32")
    given = level.read({"c": 1, "x": (1, 5)}, out=batch[1])
    assert np.shares_memory(given, batch)
    assert np.array_equal(batch[1], PIXELS[1, :, :, 1:5])
    assert not batch[0].any()
    turned = np.zeros((4, 8), "uint16").T
    assert np.array_equal(level.read((0, 0, ALL, slice(0, 4)), out=turned), PIXELS[0, 0, :, :4])
    assert turned[7, 3] == PIXELS[0, 0, 7, 3]
    one = np.zeros((), "uint16")
    level.read((1, 2, 3, 4), out=one)
    assert one == PIXELS[1, 2, 3, 4]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.zeros((8, 9), "uint16"), r"has the shape \(8, 10\), and the array for it \(8, 9\)"),
        (np.zeros((8, 10), "bool"), "pixels of uint16 cannot be put into an array of bool"),
        (np.broadcast_to(np.uint16(0), (8, 10)), "is read-only"),
        ([[0] * 10] * 8, "not into list"),
    ],
    ids=["shape", "dtype", "read-only", "list"],
)
def test_an_array_that_does_not_take_the_pixels_is_refused(cells: omezarr.Node, out: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        cells.crop(c=0, z=0, out=out)


def test_what_has_no_such_pixels_says_so(cells: omezarr.Node) -> None:
    with pytest.raises(ArgumentError, match="there is no level 2; there are 0 to 1"):
        cells.crop(level=2)
    plate = omezarr.write_plate("memory://regions/plate.zarr", {"A/1": np.zeros((8, 8), "uint8")})
    for ask in (plate.crop, plate.planes, lambda: plate.patches((2, 2))):
        with pytest.raises(UnsupportedError, match="is no image, so it has no pixels"):
            ask()
    with pytest.raises(TypeError, match="not iterable"):
        iter(cells.levels[0])  # type: ignore[call-overload]


def test_a_damaged_chunk_is_named(tmp_path: Any) -> None:
    node = omezarr.write_image(tmp_path / "a.zarr", PIXELS[0, 0], axes="yx", chunks=(4, 4), levels=1)
    next((tmp_path / "a.zarr/0/c/1").glob("1")).write_bytes(b"no chunk")
    cache = omezarr.ChunkCache("1 MiB")
    for options in ({}, {"cache": cache}):
        with pytest.raises(StorageError, match=r"0/c/1/1 in .* cannot be decoded"):
            node.levels[0].read(**options)
    assert (len(cache), cache.nbytes) == (0, 0)
    assert issubclass(StorageError, OMEZarrError)
    assert np.array_equal(node.crop(y=(0, 4), cache=cache), PIXELS[0, 0, :4])
