"""What is asked for: one picture, in words that files, notebooks, overviews and tiles share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import Factory, frozen

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.rendering.layout import PictureSource

Colour: TypeAlias = "tuple[int, int, int]"
Window: TypeAlias = "tuple[float, float]"

MAX_SIZE = 16384
"""The longest side of a picture; a full one of that size takes 800 MB while it is drawn."""


@frozen(kw_only=True)
class PictureRequest:
    """One picture.

    Parameters
    ----------
    size : int
        Pixels along the longer side.
    level : int, optional
        Default: the smallest level that has as many samples as the picture has pixels.
    at : mapping of str to int
        Sample of the largest level along an axis that is neither drawn nor projected, by its name. Default: the middle
        of z, the first of others.
    region : (int, int, int, int), optional
        Top, left, height and width in pixels of the largest level. Default: everything.
    channels : sequence of (int or str), optional
        Which channels, by number or label. Default: those that the metadata calls active, at most
        `omezarr.rendering.colours.MAX_CHANNELS`.
    windows : sequence of (float, float), optional
        For each chosen channel, the values that are drawn black and in full colour. Default: the metadata, else
        percentiles.
    colors : sequence of str, optional
        For each chosen channel six hexadecimal digits. Default: the metadata, else in turn.
    projection : {"max", "mean"}, optional
    along : str
        The axis that is projected.
    labels : bool or sequence of str
        Which labels are laid over the image: all, none, or by name.
    outline : bool
        Whether labels are outlined, not filled.
    opacity : float
        Of labels, from 0 to 1.
    scale_bar : bool
    field : int or "all"
        For a plate, which field of each well is drawn.
    """

    size: int = 512
    level: int | None = None
    at: Mapping[str, int] = Factory(dict)
    region: tuple[int, int, int, int] | None = None
    channels: tuple[int | str, ...] | None = None
    windows: tuple[Window, ...] | None = None
    colors: tuple[str, ...] | None = None
    projection: Literal["max", "mean"] | None = None
    along: str = "z"
    labels: bool | tuple[str, ...] = False
    outline: bool = False
    opacity: float = 0.5
    scale_bar: bool = False
    field: int | Literal["all"] = 0

    def __attrs_post_init__(self) -> None:
        """Refuse what no image could satisfy."""
        if not 1 <= self.size <= MAX_SIZE:
            raise ArgumentError(f"a picture is from 1 to {MAX_SIZE} pixels large, not {self.size}")
        if not 0 <= self.opacity <= 1:
            raise ArgumentError(f"opacity goes from 0 to 1, not {self.opacity}")
        if self.projection not in (None, "max", "mean"):
            raise ArgumentError(f"a projection is max or mean, not {self.projection!r}")
        for color in self.colors or ():
            colour_of(color)
        for low, high in self.windows or ():
            if not (abs(low) < float("inf") and abs(high) < float("inf")) or low == high:
                raise ArgumentError(f"a window leads from one finite value to another, not from {low} to {high}")

    def index(self, subject: PictureSource, axis: int) -> int:
        """Return which sample of the largest level is drawn along an axis that is not.

        Raises
        ------
        ArgumentError
            If the axis has no such sample.
        """
        name, length = subject.layout.names[axis], subject.size(axis)
        wanted = self.at.get(name, length // 2 if name == "z" else 0)
        if not 0 <= wanted < length:
            raise ArgumentError(f"{name} goes from 0 to {length - 1} here, not to {wanted}")
        return wanted

    def projected(self, subject: PictureSource) -> int | None:
        """Return which axis is projected.

        Raises
        ------
        ArgumentError
            If the image has no such axis, or it is drawn.
        """
        if self.projection is None:
            return None
        names = subject.layout.names
        others = [names[axis] for axis in subject.layout.others]
        if self.along not in others:
            raise ArgumentError(
                f"{subject.node.location} has no axis {self.along!r} to project; it has {others or 'none'}"
            )
        return names.index(self.along)

    def check_axes(self, subject: PictureSource) -> None:
        """Refuse samples of axes that there are not, or that are drawn.

        Raises
        ------
        ArgumentError
        """
        others = [subject.layout.names[axis] for axis in subject.layout.others]
        for name in self.at:
            if name not in others:
                raise ArgumentError(
                    f"{subject.node.location} has no axis {name!r} to choose on; it has {others or 'none'}"
                )

    def bounds(self, subject: PictureSource) -> tuple[int, int, int, int]:
        """Return top, left, bottom and right of what is drawn, in pixels of the largest level.

        Raises
        ------
        ArgumentError
            If the region is not inside the image.
        """
        height, width = subject.size(subject.layout.vertical), subject.size(subject.layout.horizontal)
        if self.region is None:
            return 0, 0, height, width
        top, left, tall, wide = self.region
        if not (0 <= top < height and 0 <= left < width and tall > 0 and wide > 0):
            raise ArgumentError(f"the region {self.region} is not inside of {height} x {width} pixels")
        return top, left, min(height, top + tall), min(width, left + wide)


def colour_of(text: str) -> Colour:
    """Return red, green and blue of six hexadecimal digits, with or without ``#``.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> colour_of("FF8000")
    (255, 128, 0)
    """
    found = re.fullmatch(r"#?([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})", text)
    if found is None:
        raise ArgumentError(f"{text!r} is no colour; write six hexadecimal digits such as FF8000")
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def picture_size(extent: tuple[float, float], size: int) -> tuple[int, int]:
    """Return height and width of a picture whose longer side is given, in the proportion of an extent.

    Examples
    --------
    >>> picture_size((10.0, 40.0), 256)
    (64, 256)
    """
    longest = max(extent)
    height, width = (max(1, int(size * part / longest + 0.5)) for part in extent)
    return height, width
