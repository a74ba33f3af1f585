"""The samples are what they say, the same at every call, and need no network."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from omezarr.model.content import ImageContent, PlateContent
from omezarr.plugins.registry import default_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from omezarr.abc import PixelSource

NAMES = ["astronaut", "coins", "plate", "timeseries"]


def images(name: str) -> Iterator[ImageContent]:
    content = default_registry().samples[name].load()
    if isinstance(content, PlateContent):
        yield from (image for fields in content.wells.values() for image in fields.values())
    else:
        assert isinstance(content, ImageContent)
        yield content


def everything(source: PixelSource) -> npt.NDArray[Any]:
    return source.read(tuple(slice(0, length) for length in source.shape))


def checksum(name: str) -> str:
    digest = hashlib.sha256()
    for image in images(name):
        for source in [image.pixels, *(label.pixels for label in image.labels.values())]:
            digest.update(np.ascontiguousarray(everything(source)).tobytes())
    return digest.hexdigest()


def sample(name: str) -> ImageContent:
    return next(images(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_the_same_at_every_call(name: str) -> None:
    assert checksum(name) == checksum(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_one_axis_a_dimension_and_one_entry_a_channel(name: str) -> None:
    for image in images(name):
        axes = [axis.name for axis in image.axes]
        assert len(axes) == len(image.pixels.shape)
        count = image.pixels.shape[axes.index("c")] if "c" in axes else 1
        assert len(image.channels or ()) == count
        assert image.scale is None or len(image.scale) == len(axes)


@pytest.mark.parametrize("name", NAMES)
def test_every_label_value_has_a_colour_of_its_own(name: str) -> None:
    for image in images(name):
        for label in image.labels.values():
            values = set(np.unique(everything(label.pixels)).tolist()) - {0}
            assert label.metadata is not None
            colors = label.metadata.colors or ()
            assert {color.label_value for color in colors} == values
            assert len({color.rgba for color in colors}) == len(values)


def test_all_samples_are_made_without_a_network() -> None:
    program = (
        "import socket\n"
        "def refuse(*_): raise RuntimeError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from omezarr.plugins.registry import default_registry\n"
        f"for name in {NAMES}: default_registry().samples[name].load()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_coins_is_the_cropped_photograph_with_its_segmentation() -> None:
    image = sample("coins")
    labels = everything(image.labels["coins"].pixels)
    assert (image.pixels.shape, image.pixels.dtype.name) == ((203, 284), "uint8")
    assert (labels.shape, labels.dtype.name, labels.max()) == ((203, 284), "int32", 8)
    assert min(np.bincount(labels.ravel())) > 20
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    assert not border.any()


def test_astronaut_is_tiled_twice_and_has_two_circles() -> None:
    image = sample("astronaut")
    pixels, labels = everything(image.pixels), everything(image.labels["astronaut_labels"].pixels)
    assert (pixels.shape, pixels.dtype.name) == ((3, 1024, 1024), "uint8")
    assert np.array_equal(pixels[:, :512, :512], pixels[:, 512:, 512:])
    assert [channel.label for channel in image.channels or ()] == ["Red", "Green", "Blue"]
    assert (labels.shape, labels.dtype.name) == ((1024, 1024), "int8")
    assert [labels[250, 250], labels[325, 325], labels[100, 100]] == [1, 2, 0]
    rows, columns = np.nonzero(labels == 2)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (251, 399, 251, 399)


def test_timeseries_has_five_dimensions_sizes_units_and_something_that_moves() -> None:
    image = sample("timeseries")
    pixels = everything(image.pixels)
    assert [axis.name for axis in image.axes] == ["t", "c", "z", "y", "x"]
    assert [axis.unit for axis in image.axes if axis.unit] == ["second", "micrometer", "micrometer", "micrometer"]
    assert image.scale == (2.5, 1.0, 0.9, 0.3, 0.3)
    assert [channel.label for channel in image.channels or ()] == ["Cells", "Spots"]
    assert (pixels[0] != pixels[-1]).any()
    assert pixels.max() < 65535


def test_plate_has_eight_places_and_seven_wells() -> None:
    plate = default_registry().samples["plate"].load()
    assert isinstance(plate, PlateContent)
    assert (plate.rows, plate.columns) == (("A", "B"), ("1", "2", "3", "4"))
    assert set(plate.wells) == {"A/1", "A/2", "A/3", "A/4", "B/1", "B/2", "B/4"}
    assert {len(fields) for fields in plate.wells.values()} == {1, 2}
    assert all("nuclei" in image.labels for fields in plate.wells.values() for image in fields.values())
