"""What arrays of others give, held against what they declared beforehand: masks, dtypes and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.arrays.geometry import region_shape, text_of
from omezarr.errors import SourceError

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import PixelSource
    from omezarr.arrays.geometry import Region


def unmasked(pixels: Any) -> npt.NDArray[Any]:
    """Return an array with what a mask hides as 0, or as NaN where the dtype has it."""
    if not isinstance(pixels, np.ma.MaskedArray):
        return np.asarray(pixels)
    return np.asarray(pixels.filled(np.nan if pixels.dtype.kind in "fc" else 0))


def as_declared(pixels: npt.NDArray[Any], source: PixelSource, region: Region, name: str) -> npt.NDArray[Any]:
    """Return the pixels of a region if they are of the dtype and shape that the array told beforehand.

    Parameters
    ----------
    pixels : array
    source : PixelSource
        Has the dtype that was told.
    region : tuple of slice
    name : str
        Of the array, for the message.

    Raises
    ------
    SourceError
        If they differ.
    """
    wanted = region_shape(region)
    if pixels.shape != wanted or pixels.dtype != source.dtype:
        gives, cure = f"{pixels.dtype} {pixels.shape}", f"for example with astype({str(source.dtype)!r})"
        raise SourceError(
            f"{name} tells {source.dtype} {wanted} for {text_of(region)}, but gives {gives}; make it tell its true "
            f"dtype and shape, or convert its blocks, {cure}"
        )
    return pixels
