"""Plain TIFFs and hyperstacks of ImageJ are read back with what these formats can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.errors import OMEZarrWarning, UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(8).integers(0, 60000, (2, 2, 3, 40, 50)).astype("uint16")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    omezarr.write_image(
        tmp_path / "cells.zarr",
        PIXELS,
        axes="tczyx",
        scale={"t": 500, "z": 1500, "y": 200, "x": 250},
        units={"t": "millisecond", "z": "nanometer", "y": "nanometer", "x": "nanometer"},
        channels=[{"label": "a", "color": "FF8000"}, {"label": "b", "color": "0000FF"}],
    )
    return tmp_path / "cells.zarr"


@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_a_plain_tiff_keeps_pixels_axes_and_the_size_of_pixels(tmp_path: Path, image: Path, compression: str) -> None:
    omezarr.convert(image, tmp_path / "cells.tif", exporter_options={"compression": compression})
    with tifffile.TiffFile(tmp_path / "cells.tif") as tiff:
        assert (tiff.series[0].axes, tiff.is_ome, tiff.is_bigtiff) == ("TCZYX", False, False)
        np.testing.assert_array_equal(tiff.asarray(), PIXELS)
    with pytest.warns(OMEZarrWarning, match="no pixel size along z"):
        back = omezarr.convert(tmp_path / "cells.tif", tmp_path / "back.zarr")
    assert back.levels[0].scale[3:] == pytest.approx((0.2, 0.25))
    assert [axis.unit or None for axis in back.axes][3:] == ["micrometer"] * 2


def test_a_hyperstack_keeps_sizes_times_and_colours(tmp_path: Path, image: Path) -> None:
    omezarr.convert(image, tmp_path / "cells.tif", exporter="imagej")
    with tifffile.TiffFile(tmp_path / "cells.tif") as tiff:
        assert (tiff.is_imagej, tiff.series[0].axes) == (True, "TZCYX")
        assert tiff.imagej_metadata["Labels"][:4] == ["a", "b", "a", "b"]
        np.testing.assert_array_equal(tiff.asarray(), PIXELS.transpose(0, 2, 1, 3, 4))
    back = omezarr.convert(tmp_path / "cells.tif", tmp_path / "back.zarr")
    assert back.levels[0].scale == pytest.approx((0.5, 1, 1500, 200, 250))
    assert [axis.unit or None for axis in back.axes] == ["second", None, *["nanometer"] * 3]
    assert [channel.color for channel in back.channels] == ["FF8000", "0000FF"]
    np.testing.assert_array_equal(back.levels[0].read(), PIXELS)


def test_labels_of_channels_come_back_where_there_is_one_plane_each(tmp_path: Path, image: Path) -> None:
    part = {"t": (0, 1), "z": (0, 1)}
    omezarr.convert(image, tmp_path / "cells.tif", exporter="imagej", region=part)
    back = omezarr.convert(tmp_path / "cells.tif", tmp_path / "back.zarr")
    assert [channel.label for channel in back.channels] == ["a", "b"]


@pytest.mark.parametrize(
    ("dtype", "exporter", "message"),
    [
        ("float64", "imagej", "is of float64; ImageJ opens uint8, uint16, float32 alone"),
        ("uint8", "imagej", "has the axes q, y, x; ImageJ knows t, z, c, y and x"),
        ("uint8", "tiff", "has the axes z, w; a TIFF has planes of y and x"),
    ],
)
def test_what_they_do_not_have_is_refused(dtype: str, exporter: str, message: str) -> None:
    from omezarr.arrays import as_source
    from omezarr.model import Axis
    from omezarr.model.content import ImageContent

    names = message.partition("axes ")[2].partition(";")[0].split(", ") if "axes" in message else ["y", "x"]
    content = ImageContent(pixels=as_source(np.zeros((4,) * len(names), dtype)), axes=tuple(map(Axis, names)))
    with pytest.raises(UnsupportedError, match=message):
        omezarr.default_registry().exporters[exporter].check(content, {})


def test_more_than_a_hyperstack_holds_is_refused() -> None:
    import dask.array as da

    from omezarr.arrays import as_source
    from omezarr.model import conventional_axes
    from omezarr.model.content import ImageContent

    pixels = as_source(da.zeros((5, 30_000, 30_000), chunks=(1, 1000, 1000), dtype="uint8"))
    content = ImageContent(pixels=pixels, axes=conventional_axes("zyx"))
    with pytest.raises(UnsupportedError, match="more than 4 GiB, which a hyperstack cannot hold"):
        omezarr.default_registry().exporters["imagej"].check(content, {})
