"""Writing planes to TIFF files as they are read: in tiles, with smaller levels made on the way, in bounded memory.

tifffile writes; this decides in which regions the source is read, so that each of its chunks is decoded once where
memory allows it.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253 - imported only by what writes

from omezarr.abc import PixelSource
from omezarr.arrays.streams import read_ahead
from omezarr_builtins.exporters._writing import REGION_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import tifffile

    from omezarr.abc import ExportRun, ScalingMethod
    from omezarr.engine.progress import ProgressCounter

    Pixels = npt.NDArray[Any]
    Region = tuple[slice, ...]

CLASSIC_BYTES = 2**32 - 2**26
"""How much a TIFF that is no BigTIFF holds, with room for what describes the pixels."""

TILE_TABLE_BYTES = 16
"""What a tile takes beside its pixels: offset and size."""

PLANE_BYTES = 1024
"""What a plane takes beside its pixels, and more."""


def tile_for(shape: Sequence[int], size: int) -> tuple[int, int]:
    """Return a tile that is not larger than the plane needs; its sides are multiples of 16, as TIFF wants it."""
    height, width = (min(size, -(-length // 16) * 16) for length in shape[-2:])
    return height, width


def level_count(shape: Sequence[int], size: int) -> int:
    """Return how many levels there are until the larger side of a plane fits one tile."""
    longest = max(shape[-2:])
    return 1 + max(0, math.ceil(math.log2(longest / size))) if longest > size else 1


def needs_bigtiff(shapes: Sequence[Sequence[int]], itemsize: int, tile: int) -> bool:
    """Say whether levels could be too much for a classic TIFF."""
    total = 0
    for shape in shapes:
        height, width = tile_for(shape, tile)
        tiles = -(-shape[-2] // height) * -(-shape[-1] // width)
        planes = math.prod(shape[:-2])
        total += planes * (PLANE_BYTES + tiles * (TILE_TABLE_BYTES + height * width * itemsize))
    return total > CLASSIC_BYTES


def write_levels(
    writer: tifffile.TiffWriter,
    pixels: PixelSource,
    levels: int,
    tile: int,
    *,
    method: ScalingMethod | None,
    run: ExportRun,
    tally: ProgressCounter,
    scratch: Path,
    **arguments: Any,
) -> None:
    """Write an image in tiles, its smaller levels as SubIFDs.

    Parameters
    ----------
    writer : tifffile.TiffWriter
    pixels : PixelSource
        With y and x as its last axes.
    levels : int
        Each level is half of the one before along y and x.
    tile : int
        The largest side of a tile.
    method : ScalingMethod or None
        One that needs nothing around a block; not used for one level.
    run : ExportRun
    tally : ProgressCounter
    scratch : Path
        A folder for levels that are not written yet; nothing stays there.
    **arguments
        For `tifffile.TiffWriter.write`; ``description`` is for the first level alone.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".levels.") as folder:
        for level in range(levels):
            below = None
            if level + 1 < levels:
                shape = (*pixels.shape[:-2], -(-pixels.shape[-2] // 2), -(-pixels.shape[-1] // 2))
                below = Spool(Path(folder, str(level + 1)), shape, pixels.dtype)
            sides = tile_for(pixels.shape, tile)
            given = dict(arguments)
            if level:
                given |= {"description": None, "subfiletype": 1, "software": False}
            elif levels > 1:
                given["subifds"] = levels - 1
            source = pixels if below is None or method is None else Halved(pixels, below, method)
            writer.write(
                tiles(source, sides, run, tally),
                shape=pixels.shape,
                dtype=written_dtype(pixels.dtype),
                tile=sides,
                photometric="minisblack",
                metadata=None,
                maxworkers=run.threads,
                **given,
            )
            if isinstance(pixels, Spool):
                pixels.path.unlink()
            if below is not None:
                pixels = below


def written_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type that pixels have in a file: bool becomes uint8."""
    return np.dtype("uint8") if dtype.kind == "b" else dtype.newbyteorder("=")


def tiles(pixels: PixelSource, sides: tuple[int, int], run: ExportRun, tally: ProgressCounter) -> Iterator[Pixels]:
    """Yield the tiles of all planes in order, those at the borders as small as they are."""
    height, width = sides
    for plane in _parts_of_planes(pixels, height, run, tally):
        for top in range(0, plane.shape[0], height):
            for left in range(0, plane.shape[1], width):
                yield plane[top : top + height, left : left + width]


def planes(pixels: PixelSource, run: ExportRun, tally: ProgressCounter) -> Iterator[Pixels]:
    """Yield whole planes in order."""
    return _parts_of_planes(pixels, None, run, tally)


def _parts_of_planes(
    pixels: PixelSource, height: int | None, run: ExportRun, tally: ProgressCounter
) -> Iterator[Pixels]:
    for _, block in read_ahead(pixels, plane_regions(pixels, height, run), run.threads, run.memory // 2):
        whole = block.astype(written_dtype(block.dtype), copy=False)
        yield from whole.reshape(-1, *whole.shape[-2:])
        tally.add(0, block.nbytes)


def plane_regions(pixels: PixelSource, height: int | None, run: ExportRun) -> Iterator[Region]:
    """Yield the regions to read so that planes come in order.

    Where chunks are several planes deep, as many are read together if memory allows it, since each would be decoded
    for every plane otherwise. Large planes are read in rows of tiles.

    Parameters
    ----------
    pixels : PixelSource
    height : int or None
        Of a tile, an even number; None: whole planes are wanted.
    run : ExportRun
    """
    shape = pixels.shape
    plane = shape[-2] * shape[-1] * pixels.dtype.itemsize
    room = max(1, run.memory // (4 * run.threads))
    together = 1
    if len(shape) > 2:
        deep = min(pixels.chunks[-3], shape[-3])
        together = deep if deep * plane <= room else 1
        together = min(shape[-3], together * max(1, min(REGION_BYTES, room) // max(1, together * plane)))
    rows = shape[-2]
    if height is not None and together == 1 and plane > REGION_BYTES:
        step = max(height, pixels.chunks[-2] // height * height)
        row = shape[-1] * pixels.dtype.itemsize
        rows = max(1, min(REGION_BYTES, room) // (step * row)) * step
    for index in np.ndindex(*shape[:-3]):
        outer = tuple(slice(number, number + 1) for number in index)
        for start in range(0, shape[-3], together) if len(shape) > 2 else (None,):
            inner = () if start is None else (slice(start, min(start + together, shape[-3])),)
            for top in range(0, shape[-2], rows):
                yield (*outer, *inner, slice(top, min(top + rows, shape[-2])), slice(0, shape[-1]))


class Spool(PixelSource):
    """Pixels in a scratch file, mapped anew for each region so that they do not stay in memory."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.path = path
        self.shape = shape
        self.dtype = dtype.newbyteorder("=")
        self.chunks = (*(1 for _ in shape[:-1]), shape[-1])
        self.identity = str(path)
        np.memmap(path, self.dtype, "w+", shape=shape)

    def write(self, region: Region, block: Pixels) -> None:
        """Write pixels of a region."""
        np.memmap(self.path, self.dtype, "r+", shape=self.shape)[region] = block

    def read(self, region: Region) -> Pixels:
        """Read pixels of a region."""
        return np.array(np.memmap(self.path, self.dtype, "r", shape=self.shape)[region])


class Halved(PixelSource):
    """Pixels of which half as many along y and x are put aside whenever they are read."""

    def __init__(self, source: PixelSource, below: Spool, method: ScalingMethod) -> None:
        self.source = source
        self.shape = source.shape
        self.chunks = source.chunks
        self.dtype = source.dtype
        self.identity = ""
        self._below = below
        self._method = method

    def read(self, region: Region) -> Pixels:
        """Read a region that begins at even places, and write what it is below."""
        block = self.source.read(region)
        factors = (*(1 for _ in self.shape[:-2]), 2, 2)
        made = self._method.reduce(block, factors, tuple(slice(0, length) for length in block.shape))
        halves = (slice(part.start // 2, -(-part.stop // 2)) for part in region[-2:])
        self._below.write((*region[:-2], *halves), made)
        return block

    def cost(self, region: Region) -> int:
        """Return the cost of the source, and what reducing takes."""
        return 2 * self.source.cost(region)
