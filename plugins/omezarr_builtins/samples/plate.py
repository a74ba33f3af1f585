"""A synthetic plate of 8 wells, one of which was not imaged, with one or two fields a well and segmented nuclei."""

from __future__ import annotations

from attrs import evolve

from omezarr.abc import SampleData
from omezarr.hookspecs import hookimpl
from omezarr.model import Channel, conventional_axes
from omezarr.model.content import ImageContent, LabelContent, PlateContent
from omezarr_builtins.samples._drawing import Blob, Dice, describe_labels, draw_blobs

_ROWS, _COLUMNS = ("A", "B"), ("1", "2", "3", "4")
_MISSING = "B/3"
_SHAPE = (192, 256)
_PIXEL = 0.65


class EightWells(SampleData):
    """A plate of rows A and B and columns 1 to 4; B/3 is missing, wells of row A have two fields, others one.

    Each field has two channels of 192 x 256 pixels, and the label image "nuclei".
    """

    name = "plate"
    description = "a synthetic 8-well plate with labels; one well is missing"

    def load(self) -> PlateContent:
        """Describe the plate."""
        wells: dict[str, dict[str, ImageContent]] = {}
        for row in _ROWS:
            for column in _COLUMNS:
                fields = 2 if row == "A" else 1
                if f"{row}/{column}" != _MISSING:
                    wells[f"{row}/{column}"] = {
                        str(field): _field(f"{row}{column}, field {field}", seed=100 * (len(wells) + 1) + field)
                        for field in range(fields)
                    }
        return PlateContent(rows=_ROWS, columns=_COLUMNS, wells=wells, name="8-well plate")


def _field(name: str, seed: int) -> ImageContent:
    """Return a field with nuclei, the more the higher the seed, each in a wider and dimmer cell."""
    import numpy as np

    from omezarr.arrays.sources import as_source

    dice = Dice(seed)
    nuclei = [
        Blob((dice.between(10, 182), dice.between(10, 246)), dice.between(6, 10), dice.between(1500, 4000))
        for _ in range(8 + seed // 50)
    ]
    cells = [evolve(blob, radius=2 * blob.radius + 2, peak=blob.peak // 4) for blob in nuclei]
    nuclear, labels = draw_blobs(_SHAPE, nuclei, background=120)
    cellular, _ = draw_blobs(_SHAPE, cells, background=90)
    axes = tuple(
        axis if axis.type == "channel" else evolve(axis, unit="micrometer") for axis in conventional_axes("cyx")
    )
    return ImageContent(
        pixels=as_source(np.stack([nuclear, cellular])),
        axes=axes,
        name=name,
        scale=(1.0, _PIXEL, _PIXEL),
        channels=(Channel(label="Nuclei", color="0000FF"), Channel(label="Cytoplasm", color="00FF00")),
        labels={"nuclei": LabelContent(pixels=as_source(labels), metadata=describe_labels(labels))},
    )


@hookimpl
def omezarr_samples() -> tuple[SampleData, ...]:
    """Give the sample to omezarr."""
    return (EightWells(),)
