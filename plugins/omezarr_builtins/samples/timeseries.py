"""A small synthetic time series of a volume in two channels: drifting cells and the bright spots inside them."""

from __future__ import annotations

from attrs import evolve

from omezarr.abc import SampleData
from omezarr.hookspecs import hookimpl
from omezarr.model import Channel, conventional_axes
from omezarr.model.content import ImageContent
from omezarr_builtins.samples._drawing import Blob, Dice, draw_blobs

_SHAPE = (5, 2, 8, 160, 192)
_SCALE = (2.5, 1.0, 0.9, 0.3, 0.3)
_STRETCH = (3, 1, 1)
"""A pixel is three times as long in z as in y and x."""

_UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
_CELLS = 9


class TimeSeries(SampleData):
    """An image of 5 x 2 x 8 x 160 x 192 pixels in t, c, z, y and x, with pixel sizes and a time step."""

    name = "timeseries"
    description = "a synthetic 5-D time series with two channels, 16 bit, with pixel sizes"

    def load(self) -> ImageContent:
        """Describe the image."""
        import numpy as np

        from omezarr.arrays.sources import as_source

        pixels = np.empty(_SHAPE, np.uint16)
        for time in range(_SHAPE[0]):
            cells, spots = _scene(time)
            pixels[time, 0], _ = draw_blobs(_SHAPE[2:], cells, stretch=_STRETCH, background=100)
            pixels[time, 1], _ = draw_blobs(_SHAPE[2:], spots, stretch=_STRETCH, background=60)
        axes = tuple(
            evolve(axis, unit=_UNITS[axis.name]) if axis.name in _UNITS else axis for axis in conventional_axes("tczyx")
        )
        return ImageContent(
            pixels=as_source(pixels),
            axes=axes,
            name="timeseries",
            scale=_SCALE,
            channels=(Channel(label="Cells", color="00FF00"), Channel(label="Spots", color="FF00FF")),
        )


def _scene(time: int) -> tuple[list[Blob], list[Blob]]:
    """Return the cells and spots at a point in time; each cell drifts on its own straight way."""
    dice = Dice(20)
    cells, spots = [], []
    for _ in range(_CELLS):
        z, y, x = dice.between(1, 6), dice.between(20, 140), dice.between(20, 172)
        drift_y, drift_x = dice.between(-5, 5), dice.between(-5, 5)
        radius = dice.between(10, 18)
        centre = (z, y + time * drift_y, x + time * drift_x)
        cells.append(Blob(centre, radius, dice.between(600, 1800)))
        for _ in range(3):
            offset_y, offset_x = dice.between(-6, 6), dice.between(-6, 6)
            spots.append(Blob((z, centre[1] + offset_y, centre[2] + offset_x), 4, dice.between(1500, 4000)))
    return cells, spots


@hookimpl
def omezarr_samples() -> tuple[SampleData, ...]:
    """Give the sample to omezarr."""
    return (TimeSeries(),)
