"""What arrays with named dimensions say of themselves is written."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, OMEZarrWarning

xarray = pytest.importorskip("xarray")

PLACE = "memory://labelled.zarr"


def _stack(**changes: Any) -> Any:
    coordinates = {
        "c": ["DAPI", "GFP"],
        "y": ("y", 10 + 0.65 * np.arange(32), {"units": "um"}),
        "x": ("x", 0.65 * np.arange(40), {"units": "um"}),
    }
    coordinates.update(changes)
    pixels = np.arange(2 * 32 * 40, dtype="uint16").reshape(2, 32, 40)
    return xarray.DataArray(pixels, dims=("c", "y", "x"), coords=coordinates, name="cells")


def test_dimensions_coordinates_and_name_are_used() -> None:
    node = omezarr.write_image(PLACE, _stack(), overwrite=True)
    assert [axis.name for axis in node.axes] == ["c", "y", "x"]
    assert [axis.unit or None for axis in node.axes] == [None, "micrometer", "micrometer"]
    assert node.levels[0].scale == (1.0, 0.65, 0.65)
    assert node.levels[0].translation == (0.0, 10.0, 0.0)
    assert [channel.label for channel in node.channels] == ["DAPI", "GFP"]
    assert node.name == "cells"


def test_what_the_call_says_comes_before_what_the_array_says() -> None:
    node = omezarr.write_image(
        PLACE, _stack(), axes="zyx", name="other", scale=2.0, units="nanometer", channels="only", overwrite=True
    )
    assert [axis.unit for axis in node.axes] == ["nanometer"] * 3
    assert node.levels[0].scale == (2.0, 2.0, 2.0)
    assert (node.name, node.channels[0].label) == ("other", "only")


def test_names_in_capitals_are_the_conventional_ones() -> None:
    array = xarray.DataArray(np.zeros((3, 8, 8), "uint8"), dims=("Z", "Y", "X"))
    assert [axis.type for axis in omezarr.write_image(PLACE, array, overwrite=True).axes] == ["space"] * 3


@pytest.mark.parametrize("along_x", [np.geomspace(1, 9, 40), np.arange(40)[::-1], np.full(40, np.nan)])
def test_coordinates_that_are_no_scale_are_left_out_with_a_notice(along_x: Any) -> None:
    with pytest.warns(OMEZarrWarning, match="the coordinates along x are not evenly spaced"):
        node = omezarr.write_image(PLACE, _stack(x=along_x), overwrite=True)
    assert node.levels[0].scale[2] == 1.0


def test_lazy_pixels_stay_lazy() -> None:
    array = xarray.DataArray(da.ones((64, 64), chunks=32, dtype="uint8"), dims=("y", "x"))
    assert omezarr.write_image(PLACE, array, overwrite=True).levels[0].read().sum() == 64 * 64


def test_names_that_are_written_out_have_their_types() -> None:
    array = xarray.DataArray(np.zeros((3, 2, 8, 8), "uint8"), dims=("time", "Channel", "y", "x"))
    node = omezarr.write_image(PLACE, array, overwrite=True)
    assert [(axis.name, axis.type) for axis in node.axes[:2]] == [("time", "time"), ("Channel", "channel")]
    assert omezarr.validate(PLACE, strict=True).valid


def test_a_label_image_is_named_by_text() -> None:
    pixels = np.zeros((8, 8), "uint8")
    with pytest.raises(ArgumentError, match="1 is no name of a label image; give text, for example '1'"):
        omezarr.write_image(PLACE, pixels, labels={1: pixels}, overwrite=True)  # type: ignore[dict-item]
