"""A photograph of Greek coins from Pompeii with a segmentation, from the sample images of scikit-image."""

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

_MARGIN = 50
_CLOSED = 4
_SPECKS = 20


class Coins(SampleData):
    """An image of 203 x 284 pixels in y and x, with the label image "coins"."""

    name = "coins"
    description = "coins, 2-D, 8 bit, with labels"

    def load(self) -> ImageContent:
        """Describe the image and its labels."""
        from skimage import data

        from omezarr.arrays.sources import as_source

        image = data.coins()[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
        labels = segmented(image)
        return ImageContent(
            pixels=as_source(image),
            axes=conventional_axes("yx"),
            name="coins",
            channels=(Channel(label="coins", color="FF0000", window=Window(min=0, max=255, start=0, end=255)),),
            labels={"coins": LabelContent(pixels=as_source(labels), metadata=describe_labels(labels))},
        )


def segmented(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the labels of what is brighter than Otsu's threshold, whole, and not cut off by the border."""
    import numpy as np
    from skimage.filters import threshold_otsu
    from skimage.measure import label
    from skimage.morphology import closing
    from skimage.segmentation import clear_border

    bright = closing(image > threshold_otsu(image), np.ones((_CLOSED, _CLOSED), bool))
    pieces = label(clear_border(bright), connectivity=1)
    large = np.bincount(pieces.ravel()) > _SPECKS
    large[0] = False
    return np.asarray(label(large[pieces]), dtype=np.int32)


@hookimpl
def omezarr_samples() -> tuple[SampleData, ...]:
    """Give the sample to omezarr."""
    return (Coins(),)
