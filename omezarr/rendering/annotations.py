"""What is written onto pictures: scale bars and names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from omezarr.rendering.images import Picture

BAR_SHARE = 0.25
"""The longest part of a picture's width that a scale bar takes."""

SYMBOLS = {
    "angstrom": "A",
    "attometer": "am",
    "centimeter": "cm",
    "decimeter": "dm",
    "femtometer": "fm",
    "foot": "ft",
    "inch": "in",
    "kilometer": "km",
    "meter": "m",
    "micrometer": "um",
    "millimeter": "mm",
    "nanometer": "nm",
    "picometer": "pm",
}
"""The symbols of units of length as NGFF spells them, in letters that every font has; others stay as they are."""


def bar_length(spacing: float, width: int) -> float:
    """Return a round length, 1, 2 or 5 times a power of ten, that fits a picture.

    Parameters
    ----------
    spacing : float
        What one pixel measures.
    width : int
        Of the picture, in pixels.

    Examples
    --------
    >>> bar_length(0.65, 512)
    50.0
    """
    longest = spacing * width * BAR_SHARE
    power = 10.0 ** math.floor(math.log10(longest))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= longest * (1 + 1e-9))


def with_scale_bar(picture: Picture) -> PillowImage:
    """Return a picture with a scale bar in its lower right corner.

    The bar is white in a black frame, so that it is seen on everything. Without a unit the length stands alone; a
    picture without a spacing gets none.
    """
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture.pixels)
    spacing = picture.spacing
    if spacing is None or not 0 < spacing < math.inf:
        return image
    height, width = picture.pixels.shape[:2]
    length = bar_length(spacing, width)
    pixels = max(1, round(length / spacing))
    thick, margin = max(2, height // 100), max(3, min(height, width) // 40)
    unit = SYMBOLS.get(str(picture.unit), picture.unit)
    text = f"{length:g} {unit}" if unit else f"{length:g}"
    right, bottom = width - margin - 1, height - margin - 1
    draw = ImageDraw.Draw(image)
    draw.rectangle((right - pixels, bottom - thick, right + 1, bottom + 1), fill=(0, 0, 0))
    draw.rectangle((right - pixels + 1, bottom - thick + 1, right, bottom), fill=(255, 255, 255))
    font = ImageFont.load_default(max(8, height // 24))
    place = (right - pixels / 2, bottom - thick - 2)
    draw.text(place, text, (255, 255, 255), font, anchor="md", stroke_width=1, stroke_fill=(0, 0, 0))
    return image


def written(pixels: Any, texts: list[tuple[float, float, str, str]], size: int) -> Any:
    """Return a picture with words on it.

    Parameters
    ----------
    pixels : array of uint8
        Of shape (height, width, 3).
    texts : list of (float, float, str, str)
        Across, down, the anchor as Pillow names it, and the words.
    size : int
        Of the letters, in pixels.
    """
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for across, down, anchor, text in texts:
        draw.text((across, down), text, (220, 222, 228), font, anchor=anchor)
    return np.asarray(image)
