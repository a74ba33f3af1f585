"""Windows and colours of channels come from the pixels."""

import itertools
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.arrays import as_source
from omezarr.arrays.contrast import window_of
from omezarr.errors import ArgumentError
from omezarr.model import UNSET, Channel, Window, conventional_axes
from omezarr.model.colors import CHANNEL_COLORS
from omezarr.model.content import ImageContent
from omezarr.writing.channels import check_channels, measured_channels


def _image(shape: tuple[int, ...], axes: str, channels: tuple[Channel, ...] | None = None) -> ImageContent:
    pixels = as_source(np.zeros(shape, dtype="uint16"))
    return ImageContent(pixels=pixels, axes=conventional_axes(axes), channels=channels)


def test_a_wrong_number_of_channels_is_refused() -> None:
    image = _image((2, 4, 4), "cyx", (Channel(label="only one"),))
    with pytest.raises(ArgumentError, match="1 channel is described, but the image has 2"):
        check_channels(image)


def test_each_channel_has_the_window_of_its_own_pixels() -> None:
    pixels = np.stack([np.arange(100).reshape(10, 10), np.arange(100).reshape(10, 10) + 1000]).astype("uint16")
    first, second = measured_channels(_image((2, 10, 10), "cyx"), pixels)
    assert (first.window.min, first.window.max) == (0, 99)
    assert (second.window.min, second.window.max) == (1000, 1099)


def test_what_is_given_is_kept() -> None:
    given = Channel(label="DAPI", color="123456", window=Window(min=1, max=2, start=1, end=2), active=False)
    (channel,) = measured_channels(_image((4, 4), "yx", (given,)), np.ones((4, 4)))
    assert channel == given


def test_a_single_channel_is_white_and_several_differ() -> None:
    (single,) = measured_channels(_image((4, 4), "yx"), np.ones((4, 4)))
    several = measured_channels(_image((3, 4, 4), "cyx"), np.ones((3, 4, 4)))
    assert single.color == "FFFFFF"
    assert len({channel.color for channel in several}) == 3


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint64", "float32"])
def test_windows_can_be_written_as_json_and_are_not_empty(dtype: str) -> None:
    window = window_of(np.ones((4, 4), dtype=dtype))
    assert window.min < window.max
    assert window.start < window.end
    assert all(type(value) in (int, float) for value in (window.min, window.max, window.start, window.end))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", ">u2", "int16"])
def test_integers_that_are_counted_have_the_window_of_those_that_are_sorted(dtype: str) -> None:
    rng = np.random.default_rng(3)
    for size in (1, 2, 251, 501, 1001, 65_536, 70_001):
        info = np.iinfo(dtype)
        pixels = rng.integers(info.min, info.max, size, endpoint=True).astype(dtype)
        window = window_of(pixels)
        low, high = (np.percentile(pixels, share, method="nearest").item() for share in (1.0, 99.8))
        assert (window.min, window.max) == (pixels.min(), max(pixels.max(), int(pixels.min()) + 1))
        if low != high:
            assert (window.start, window.end) == (low, high)


def test_nan_and_infinity_are_left_out() -> None:
    window = window_of(np.array([np.nan, np.inf, -np.inf, 1.0, 3.0], dtype="float32"))
    assert (window.min, window.max) == (1.0, 3.0)


def test_pixels_that_are_all_nan_have_the_unit_window() -> None:
    window = window_of(np.full((2, 2), np.nan))
    assert (window.min, window.max, window.start, window.end) == (0, 1, 0, 1)


def test_large_integers_stay_exact() -> None:
    assert window_of(np.array([0, 2**64 - 1], dtype="uint64")).max == 2**64 - 1


def test_complex_pixels_have_the_window_of_their_magnitude() -> None:
    window = window_of(np.array([3 + 4j, 0, np.nan], dtype="complex64"))
    assert (window.min, window.max) == (0, 5)


@pytest.mark.parametrize(
    "given",
    [
        ["00FF00", None],
        [None, "FF0000", None],
        ["FF0000", None, "0000ff", None, "FF00FF"],
        [None] * 20,
        [*CHANNEL_COLORS, None, None],
        [CHANNEL_COLORS[0], None, CHANNEL_COLORS[1], None, *CHANNEL_COLORS[2:], None],
    ],
)
def test_neighbours_without_a_colour_never_get_the_same(given: list[Any]) -> None:
    channels = tuple(Channel(color=color or UNSET) for color in given)
    shape = (len(given), 2, 2)
    found = [str(c.color).upper() for c in measured_channels(_image(shape, "cyx", channels), np.ones(shape))]
    assert all(one != other for one, other in itertools.pairwise(found))
    assert all(was is None or is_now == was.upper() for was, is_now in zip(given, found, strict=True))


def test_a_window_without_ends_gets_those_of_the_pixels_around_what_is_shown() -> None:
    given = Channel(window=Window(start=-5, end=7))
    (channel,) = measured_channels(_image((4, 4), "yx", (given,)), np.arange(16).reshape(4, 4))
    assert channel.window == Window(min=-5, max=15, start=-5, end=7)


def test_no_pixel_is_read_again_where_all_windows_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    from omezarr.engine.steps import StepRunner

    asked: list[str] = []
    found = StepRunner._smallest_level
    monkeypatch.setattr(StepRunner, "_smallest_level", lambda self, path: asked.append(path) or found(self, path))
    whole, lacking = Window(min=0, max=9, start=1, end=5), Window(min=0, max=9, start=1)
    pixels = np.arange(8, dtype="uint8").reshape(2, 2, 2)
    for windows, reads in (((whole, whole), 0), ((whole, lacking), 1)):
        channels = [Channel(window=window) for window in windows]
        node = omezarr.write_image("memory://windows.zarr", pixels, axes="cyx", channels=channels, overwrite=True)
        assert node.channels[0].window == whole
        assert node.channels[1].window.end == (5 if reads == 0 else 7)
        assert len(asked) == reads
