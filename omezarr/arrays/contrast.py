"""Between which values a channel is shown, measured from its pixels."""

from __future__ import annotations

from typing import Any

from omezarr.model import Window

PERCENTILES = (1.0, 99.8)
"""Between which values of the smallest level a channel is shown at first."""

_PIECE = 2**16
"""How many samples are counted at once: few enough to stay in the cache of the processor."""


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
    if values.size == 1:  # that of a plan, before there are pixels
        return _opened(*(values.item() for _ in range(4)))
    if is_countable(values.dtype):
        return window_of_counts(counts_of(values), values.dtype)
    low, high = values.min().item(), values.max().item()
    start, end = (np.percentile(values, percentile, method="nearest").item() for percentile in PERCENTILES)
    return _opened(low, high, start, end)


def is_countable(dtype: Any) -> bool:
    """Say whether samples of a dtype have so few values that they are counted instead of sorted."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


def counts_of(values: Any) -> Any:
    """Return how often each value of a countable dtype is there, from the least value of the dtype on.

    Examples
    --------
    >>> import numpy as np
    >>> counts_of(np.array([-128, 3, 3], dtype="int8"))[[0, 128 + 3]].tolist()
    [1, 2]
    """
    import numpy as np

    least = int(np.iinfo(values.dtype).min)
    counts = np.zeros(2 ** (8 * values.dtype.itemsize), dtype=np.int64)
    flat = values.reshape(-1)
    for first in range(0, flat.size, _PIECE):
        piece = flat[first : first + _PIECE]
        found = np.bincount(piece.astype(np.int64) - least if least else piece)
        counts[: found.size] += found
    return counts


def window_of_counts(counts: Any, dtype: Any) -> Window:
    """Return the window of pixels that were counted by `counts_of`; at least one must have been."""
    import numpy as np

    least = int(np.iinfo(dtype).min)
    present = counts.nonzero()[0]
    places = np.around((counts.sum() - 1) * np.true_divide(PERCENTILES, 100)).astype(np.int64)
    shown = np.searchsorted(counts.cumsum(), places, side="right")
    low, high, start, end = (int(value) + least for value in (present[0], present[-1], *shown))
    return _opened(low, high, start, end)


def _opened(low: Any, high: Any, start: Any, end: Any) -> Window:
    """Return a window whose ends differ."""
    if low == high:
        high = low + 1
    if start == end:
        start, end = low, high
    return Window(min=low, max=high, start=start, end=end)
