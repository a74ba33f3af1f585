"""A portrait in three colour channels with two circles as labels, from the sample images of scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import SampleData
from omezarr.hookspecs import hookimpl
from omezarr.model import Channel, Window, conventional_axes
from omezarr.model.content import ImageContent, LabelContent
from omezarr_builtins.samples._drawing import describe_labels

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

_CHANNELS = (("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF"))

_CIRCLES = ((200, 100), (250, 150))
"""Where the square around each circle begins along y and x, and how long it is."""


class Astronaut(SampleData):
    """An image of 3 x 1024 x 1024 pixels in c, y and x, with the label image "astronaut_labels" in y and x."""

    name = "astronaut"
    description = "a portrait in three colour channels, 8 bit, with labels"

    def load(self) -> ImageContent:
        """Describe the image and its labels."""
        import numpy as np
        from skimage import data

        from omezarr.arrays.sources import as_source

        pixels = np.tile(np.moveaxis(data.astronaut(), -1, 0), (1, 2, 2))
        labels = np.zeros(pixels.shape[1:], np.int8)
        for value, (start, length) in enumerate(_CIRCLES, start=1):
            labels[start : start + length, start : start + length][_disc(length)] = value
        window = Window(min=0, max=255, start=0, end=255)
        return ImageContent(
            pixels=as_source(pixels),
            axes=conventional_axes("cyx"),
            name="astronaut",
            channels=tuple(Channel(label=label, color=color, window=window) for label, color in _CHANNELS),
            labels={"astronaut_labels": LabelContent(pixels=as_source(labels), metadata=describe_labels(labels))},
        )


def _disc(length: int) -> npt.NDArray[Any]:
    """Return which pixels of a square are closer to its centre than half its length."""
    import numpy as np

    position = np.arange(length) - length // 2
    inside: npt.NDArray[Any] = position[:, None] ** 2 + position[None, :] ** 2 < (length // 2) ** 2
    return inside


@hookimpl
def omezarr_samples() -> tuple[SampleData, ...]:
    """Give the sample to omezarr."""
    return (Astronaut(),)
