"""The sample ``rings``: a zone plate, whose rings get narrower outwards, to see what a scaling method does to them."""

from __future__ import annotations

from omezarr.abc import SampleData
from omezarr.hookspecs import hookimpl

SIDE = 512


class Rings(SampleData):
    """Rings around the centre."""

    name = "rings"
    description = "rings that get narrower outwards, to compare scaling methods"

    def load(self):
        """Compute the rings."""
        import numpy as np

        from omezarr.arrays import as_source
        from omezarr.model import Axis
        from omezarr.model.content import ImageContent

        y, x = np.ogrid[:SIDE, :SIDE]
        middle = (SIDE - 1) / 2
        rings = (
            (127.5 + 127.5 * np.cos(((x - middle) ** 2 + (y - middle) ** 2) * np.pi / (2 * SIDE)))
            .round()
            .astype("uint8")
        )
        axes = tuple(Axis(name=name, type="space", unit="micrometer") for name in "yx")
        return ImageContent(pixels=as_source(rings), axes=axes, scale=(0.5, 0.5), name="rings")


@hookimpl
def omezarr_samples():
    """Give the sample to omezarr."""
    return [Rings()]
