"""The exporter of ``.npy`` files: the pixels of one image as numpy stores them, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, Exporter
from omezarr.hookspecs import hookimpl
from omezarr_builtins.exporters._writing import REGION_BYTES, one_image, permutation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ExportRun, PixelSource
    from omezarr.location import Location
    from omezarr.model.content import Content


class NumpyFile(Exporter):
    """Export the pixels of one image to a ``.npy`` file, which `numpy.load` reads, memory-mapped too."""

    name = "npy"
    suffixes = (".npy",)
    options = {"axes": "the order of the dimensions in the file, for example zyx"}  # noqa: RUF012

    def claim(self, location: Location) -> Claim | None:
        """Claim names that end in .npy."""
        return Claim(Claim.NAME, "its name ends in .npy") if location.name.lower().endswith(self.suffixes) else None

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse everything but one image, and axes that it does not have."""
        self._pixels(content, options)

    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Write the pixels block by block, in chunks of the source."""
        import numpy as np

        from omezarr.arrays.streams import blocks_within, read_ahead
        from omezarr.engine.progress import ProgressCounter

        pixels = self._pixels(content, options)
        dtype = pixels.dtype.newbyteorder("=")
        np.lib.format.open_memmap(location.url, "w+", dtype, pixels.shape).flush()
        limit = min(REGION_BYTES, run.memory // (2 * run.threads))
        regions = list(blocks_within(pixels, limit))
        tally = ProgressCounter(len(regions), pixels.dtype.itemsize * int(np.prod(pixels.shape)), run.progress)
        for region, block in read_ahead(pixels, regions, run.threads, run.memory):
            # Mapped anew for each block: what has been written would count as memory of the process as long as it is.
            np.lib.format.open_memmap(location.url, "r+")[region] = block
            tally.add(1, block.nbytes)

    def _pixels(self, content: Content, options: Mapping[str, Any]) -> PixelSource:
        from omezarr.arrays import reordered

        image = one_image(content, self)
        names = [axis.name for axis in image.axes]
        return reordered(image.pixels, permutation(options.get("axes"), names, "the image"))


@hookimpl
def omezarr_exporters() -> tuple[Exporter, ...]:
    """Give the exporter to omezarr."""
    return (NumpyFile(),)
