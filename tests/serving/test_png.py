"""Pictures as PNG are what any decoder makes of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from omezarr.serving.png import png


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (64, 48), (512, 512)])
def test_a_picture_is_decoded_as_it_was(size, samples):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, samples)).astype("uint8")
    for picture in (pixels, pixels[::-1, ::-1], np.zeros_like(pixels)):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png(picture)))), picture)


def test_what_becomes_no_smaller_is_stored_and_the_rest_compressed():
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype("uint8")
    assert noise.size < len(png(noise)) < noise.size + 1024
    assert len(png(noise // 255)) < noise.size / 10
