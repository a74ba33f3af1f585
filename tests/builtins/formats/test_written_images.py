"""An image says the same in every version it is written in."""

from __future__ import annotations

import numpy as np
import pytest

import omezarr
from omezarr.errors import LossyError
from tests.builtins.formats.codec import VERSIONS

PIXELS = np.arange(2 * 16 * 16, dtype="uint16").reshape(1, 2, 1, 16, 16)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("method", "shift"), [("local_mean", 0.5), ("nearest", 0.0), ("gaussian", 0.5)])
def test_lower_levels_sit_where_their_method_puts_them(version: str, method: str, shift: float) -> None:
    location = f"memory://written-{version}-{method}/image.zarr"
    node = omezarr.write_image(location, PIXELS, axes="tczyx", format=version, method=method, levels=2)
    assert node.version == version
    assert node.levels[1].scale == (1, 1, 1, 2, 2)
    assert node.levels[1].translation == (0, 0, 0, shift, shift)


@pytest.mark.parametrize("version", VERSIONS)
def test_axes_and_channels_are_the_same_in_every_version(version: str) -> None:
    location = f"memory://channels-{version}/image.zarr"
    node = omezarr.write_image(location, PIXELS, axes="tczyx", channels=["DAPI", "GFP"], format=version, levels=1)
    assert [(axis.name, axis.type) for axis in node.axes] == [
        ("t", "time"),
        ("c", "channel"),
        ("z", "space"),
        ("y", "space"),
        ("x", "space"),
    ]
    assert [channel.label for channel in node.channels] == ["DAPI", "GFP"]
    assert node.notices == ()


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_pixel_sizes_are_refused_where_they_would_be_lost(version: str) -> None:
    location = f"memory://lossy-{version}/image.zarr"
    with pytest.raises(LossyError, match=r"the pixel sizes: .*y 0\.5, x 0\.5") as caught:
        omezarr.write_image(location, PIXELS, axes="tczyx", scale=0.5, format=version)
    assert "the units" not in str(caught.value)
    node = omezarr.write_image(location, PIXELS, axes="tczyx", scale=0.5, format=version, allow_lossy=True)
    assert node.levels[0].scale == (1,) * 5
