"""Between which values a channel is shown, measured from its pixels."""

from __future__ import annotations

from typing import Any

from omezarr.model import Window

PERCENTILES = (1.0, 99.8)
"""Between which values of the smallest level a channel is shown at first."""


def window_of(pixels: Any) -> Window:
    """Return the window of the pixels of one channel.

    Parameters
    ----------
    pixels : array
        Of any shape and numeric dtype; NaN and infinities are left out, complex numbers count by their magnitude.

    Returns
    -------
    Window
        Whole numbers for integer and bool pixels. An image of one value gets a window of width 1, since viewers
        divide by it.

    Examples
    --------
    >>> import numpy as np
    >>> window_of(np.array([[0, 10], [20, 1000]], dtype="uint16")).max
    1000
    """
    import numpy as np

    values = np.asarray(pixels)
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if values.dtype.kind == "c":
        values = np.abs(values)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)].astype(np.float64)
    if values.size == 0:
        return Window(min=0, max=1, start=0, end=1)
    low, high = values.min().item(), values.max().item()
    start, end = (np.percentile(values, percentile, method="nearest").item() for percentile in PERCENTILES)
    if low == high:
        high = low + 1
    if start == end:
        start, end = low, high
    return Window(min=low, max=high, start=start, end=end)
