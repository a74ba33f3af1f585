"""Tiles: an image cut into squares on each of its levels, as viewers ask for it while they pan and zoom.

Below the smallest level there are further ones without pixels of their own, until a single tile holds the image: what
they show is sampled, so that zooming out never reads everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from omezarr.errors import ArgumentError
from omezarr.model import ImageLabel
from omezarr.rendering.colours import Display, coloured_labels, composed, mark_missing, measured_window
from omezarr.rendering.images import as_labels, is_label, picks_of, read_labels
from omezarr.rendering.planes import nearest, read_planes, resized
from omezarr.rendering.sampling import Budget, sample_region

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from omezarr.rendering.layout import PictureSource, Scan
    from omezarr.rendering.request import PictureRequest, Window

Pixels: TypeAlias = "npt.NDArray[Any]"

TILE = 512
"""The side of a tile in pixels: large enough to be worth a request, small enough to be drawn in a blink."""

TILE_BUDGET = Budget(chunks=1024, nbytes=128 * 1024 * 1024)
"""What is read for a tile of one channel: its chunks where they are 16 pixels wide, or a projection of 64 planes."""

BINS = 128
"""How many bars a histogram has: one for two pixels of the panel that shows it."""


@frozen
class TileLevel:
    """A level of tiles.

    Parameters
    ----------
    scan : Scan
        The level of the image that it is read from.
    reduction : int
        How many samples of it, along each side, make a pixel; 1 for the levels that the image has.
    height, width : int
        In pixels.
    factors : (float, float)
        How many samples of the largest level one pixel stands for, down and to the right.
    """

    scan: Scan
    reduction: int
    height: int
    width: int
    factors: tuple[float, float]


def tile_levels(subject: PictureSource) -> tuple[TileLevel, ...]:
    """Return the levels of tiles of an image, the largest first."""
    pair = (subject.layout.vertical, subject.layout.horizontal)
    found = []
    for scan in subject.scans:
        height, width = (scan.shape[axis] for axis in pair)
        found.append(TileLevel(scan, 1, height, width, (scan.factors[pair[0]], scan.factors[pair[1]])))
    last = found[-1]
    reduction = 1
    while max(found[-1].height, found[-1].width) > TILE:
        reduction *= 2
        height, width = -(-last.height // reduction), -(-last.width // reduction)
        factors = (last.factors[0] * reduction, last.factors[1] * reduction)
        found.append(TileLevel(last.scan, reduction, height, width, factors))
    return tuple(found)


@frozen
class TilePlace:
    """One tile.

    Parameters
    ----------
    level : TileLevel
    row, column : int
    """

    level: TileLevel
    row: int
    column: int

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right in pixels of the level.

        Raises
        ------
        ArgumentError
            If the level has no such tile.
        """
        top, left = self.row * TILE, self.column * TILE
        if not (0 <= top < self.level.height and 0 <= left < self.level.width):
            raise ArgumentError(f"there is no tile {self.row}, {self.column}")
        return top, left, min(top + TILE, self.level.height), min(left + TILE, self.level.width)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        top, left, bottom, right = self.bounds
        return bottom - top, right - left

    @property
    def samples(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right in samples of the level that is read."""
        top, left, bottom, right = (end * self.level.reduction for end in self.bounds)
        return top, left, bottom, right


@frozen(eq=False)
class TilePlane:
    """The numbers of one channel in a tile, and which of them are missing."""

    pixels: Pixels
    missing: Pixels
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return int(self.pixels.nbytes + self.missing.nbytes)


def read_tile(
    subject: PictureSource, place: TilePlace, channel: int, request: PictureRequest, *, threads: int | None = None
) -> TilePlane:
    """Read one channel of a tile, its chunks in this many threads.

    Raises
    ------
    ArgumentError
        If there is no such tile.
    StorageError
        If nothing of it can be read.
    """
    scan, label = place.level.scan, is_label(subject.node)
    top, left, bottom, right = place.samples
    pair = (subject.layout.vertical, subject.layout.horizontal)
    inside = (top, left, min(bottom, scan.shape[pair[0]]), min(right, scan.shape[pair[1]]))
    planes = read_planes(
        subject,
        scan,
        [channel],
        picks_of(subject, scan, request),
        inside,
        projection="max" if label else request.projection,
        budget=evolve(TILE_BUDGET, chunks=TILE_BUDGET.chunks if place.level.reduction == 1 else 64, threads=threads),
    )
    height, width = place.size
    rows, columns = nearest(planes.pixels.shape[1], height), nearest(planes.pixels.shape[2], width)
    pixels = planes.pixels[0][rows][:, columns] if label else resized(planes.pixels[0], height, width)
    return TilePlane(pixels, planes.missing[0][rows][:, columns], planes.notes)


def compose_tile(subject: PictureSource, planes: Sequence[TilePlane], displays: Sequence[Display]) -> Pixels:
    """Return the picture of a tile: red, green and blue."""
    if is_label(subject.node):
        colours = coloured_labels(as_labels(planes[0].pixels), label_facet(subject))
        return np.where(colours[..., 3:] > 0, colours[..., :3], np.uint8(0))
    picture = composed(np.stack([plane.pixels for plane in planes]), displays)
    mark_missing(picture, np.logical_and.reduce([plane.missing for plane in planes]))
    return picture


def label_facet(subject: PictureSource) -> ImageLabel | None:
    """Return what a label image says of its values."""
    return next((facet for facet in subject.node.facets.values() if isinstance(facet, ImageLabel)), None)


def settled_displays(
    subject: PictureSource, displays: Sequence[Display], request: PictureRequest
) -> tuple[Display, ...]:
    """Return channels with windows measured on the smallest level where nothing gives them."""
    settled = []
    for display in displays:
        window = display.window
        if window is None:
            window = measured_window(*smallest_plane(subject, display.channel, request))
        settled.append(evolve(display, window=window))
    return tuple(settled)


def smallest_plane(subject: PictureSource, channel: int, request: PictureRequest) -> tuple[Pixels, Pixels]:
    """Return the pixels of one channel on the smallest level, and which are missing; a few chunks of it at most."""
    scan = subject.scans[-1]
    pair = (subject.layout.vertical, subject.layout.horizontal)
    bounds = (0, 0, scan.shape[pair[0]], scan.shape[pair[1]])
    picks = picks_of(subject, scan, request)
    planes = read_planes(
        subject, scan, [channel], picks, bounds, projection=request.projection, budget=Budget(chunks=16)
    )
    return planes.pixels[0], planes.missing[0]


@frozen
class Histogram:
    """How often values occur.

    Parameters
    ----------
    low, high : float
        The least and the greatest value.
    counts : tuple of int
        From the least to the greatest, in bars of equal width.
    window : (float, float)
        Between two percentiles: what shows the values well.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    window: Window


def histogram(subject: PictureSource, channel: int, request: PictureRequest) -> Histogram:
    """Count the values of a channel on the smallest level.

    Raises
    ------
    ArgumentError
        If there is no such channel.
    """
    if not 0 <= channel < subject.channel_count:
        raise ArgumentError(f"there is no channel {channel}; there are {subject.channel_count}")
    values, missing = smallest_plane(subject, channel, request)
    window = measured_window(values, missing)
    seen = values[~missing].astype(np.float64)
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        return Histogram(0.0, 1.0, (0,) * BINS, window)
    low, high = float(seen.min()), float(seen.max())
    counts, _ = np.histogram(seen, BINS, (low, high if high > low else low + 1.0))
    return Histogram(low, high, tuple(map(int, counts)), window)


def label_tile(
    subject: PictureSource, name: str, place: TilePlace, request: PictureRequest
) -> tuple[Pixels, ImageLabel | None]:
    """Return the values of labels in a tile of their image, and what is known of them.

    Raises
    ------
    ArgumentError
        If there is no such tile.
    """
    down, across = place.level.factors
    top, left, bottom, right = place.bounds
    pair = (subject.layout.vertical, subject.layout.horizontal)
    whole = (subject.size(pair[0]), subject.size(pair[1]))
    bounds = (
        int(top * down),
        int(left * across),
        min(whole[0], max(int(top * down) + 1, round(bottom * down))),
        min(whole[1], max(int(left * across) + 1, round(right * across))),
    )
    return read_labels(subject, name, request, bounds=bounds, size=place.size, budget=TILE_BUDGET)


def values_at(subject: PictureSource, request: PictureRequest, row: int, column: int) -> list[float | None]:
    """Return the values of all channels at a pixel of the largest level; None for NaN and what is missing.

    Raises
    ------
    ArgumentError
        If the pixel is outside.
    """
    scan, layout = subject.scans[0], subject.layout
    if not (0 <= row < subject.size(layout.vertical) and 0 <= column < subject.size(layout.horizontal)):
        raise ArgumentError(f"there is no pixel {row}, {column}")
    region = [slice(0, length) for length in scan.shape]
    for axis, part in picks_of(subject, scan, evolve(request, projection=None)).items():
        region[axis] = part
    region[layout.vertical], region[layout.horizontal] = slice(row, row + 1), slice(column, column + 1)
    sample = sample_region(scan.array, tuple(region), (), Budget())
    values = np.abs(sample.pixels) if sample.pixels.dtype.kind == "c" else sample.pixels
    pairs = zip(values.ravel().tolist(), sample.missing.ravel().tolist(), strict=True)
    return [None if gone or value != value else value for value, gone in pairs]  # noqa: PLR0124 - NaN
