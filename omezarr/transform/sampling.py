"""Pixels at positions between the samples of an array, reading no more of it than the positions need.

The sample at index 0 covers positions from -0.5 up to 0.5, so an axis of n samples covers -0.5 up to n - 0.5; what lies
beyond is not in the image. Source: OME-NGFF 0.6 "Coordinate convention".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omezarr.transform.maps import Points
    from omezarr.transform.resolver import ArrayLike

    Indices = npt.NDArray[np.intp]

_LARGEST_BOX = 2**23
"""Samples that are read at once; positions that are spread further are looked up in parts."""


@frozen(kw_only=True, eq=False)
class Sampler:
    """Looks pixels up in an array.

    Parameters
    ----------
    array : ArrayLike
        Anything that is read by slices: a zarr, numpy or dask array.
    linear : bool
        Whether to interpolate between samples; else the nearest one is taken.
    discrete : tuple of bool
        For each axis, whether positions between its samples have no meaning, so that the nearest sample is taken along
        it in any case.
    fill : scalar
        The pixel where there is no image.
    """

    array: ArrayLike
    linear: bool
    discrete: tuple[bool, ...]
    fill: Any

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the pixels that come out: that of the array, in the byte order of the machine."""
        import numpy as np

        return np.dtype(self.array.dtype).newbyteorder("=")

    def __call__(self, positions: Points) -> npt.NDArray[Any]:
        """Return the pixel at each position.

        Parameters
        ----------
        positions : array of shape (points, axes)
            Indices into the array, not necessarily whole ones.

        Returns
        -------
        array of shape (points,)
        """
        import numpy as np

        pixels = np.full(len(positions), self.fill, dtype=self.dtype)
        inside = np.all((positions >= -0.5) & (positions < np.array(self.array.shape) - 0.5), axis=1)
        if inside.any():
            pixels[inside] = self._looked_up(positions[inside])
        return pixels

    def _looked_up(self, positions: Points) -> npt.NDArray[Any]:
        import numpy as np

        last = np.array(self.array.shape) - 1
        whole = np.floor(positions + 0.5).astype(np.intp)
        positions = np.where(self._nearest_axes(), whole, np.clip(positions, 0.0, last))
        start = np.floor(positions.min(axis=0)).astype(np.intp)
        stop = np.minimum(np.ceil(positions.max(axis=0)).astype(np.intp), last) + 1
        if math.prod((stop - start).tolist()) > _LARGEST_BOX and len(positions) > 1:
            half = len(positions) // 2
            return np.concatenate([self._looked_up(positions[:half]), self._looked_up(positions[half:])])
        box = self._read(start, stop)
        if not self.linear:
            nearest: npt.NDArray[Any] = box[tuple((whole - start).T)]
            return nearest
        return self._interpolated(box, positions - start)

    def _nearest_axes(self) -> npt.NDArray[np.bool_]:
        import numpy as np

        return np.array([not self.linear or discrete for discrete in self.discrete], dtype=bool)

    def _interpolated(self, box: npt.NDArray[Any], positions: Points) -> npt.NDArray[Any]:
        """Interpolate along the continuous axes, separately for each place along the discrete ones."""
        import numpy as np

        discrete = self._nearest_axes()
        if not discrete.any():
            return _linear(box, positions)
        order = [*np.flatnonzero(discrete), *np.flatnonzero(~discrete)]
        box = box.transpose(order)
        places, members = np.unique(positions[:, discrete].astype(np.intp), axis=0, return_inverse=True)
        pixels = np.empty(len(positions), dtype=box.dtype)
        for number, place in enumerate(places):
            chosen = members.reshape(-1) == number
            pixels[chosen] = _linear(box[tuple(place)], positions[chosen][:, ~discrete])
        return pixels

    def _read(self, start: Indices, stop: Indices) -> npt.NDArray[Any]:
        import numpy as np

        region = tuple(slice(int(first), int(end)) for first, end in zip(start, stop, strict=True))
        values = self.array[region]
        if hasattr(values, "compute"):  # a dask array, inside a task of another
            values = values.compute(scheduler="synchronous")
        return np.asarray(values, dtype=self.dtype)


def _linear(box: npt.NDArray[Any], positions: Points) -> npt.NDArray[Any]:
    """Return what lies between samples; whole numbers are rounded, halves up."""
    import numpy as np
    from scipy.ndimage import map_coordinates

    if box.ndim == 0:
        return np.full(len(positions), box)
    values = box.astype(np.float32) if box.dtype == np.float16 else box
    kind = np.complex128 if box.dtype.kind == "c" else np.float64
    result = map_coordinates(values, positions.T, output=kind, order=1, mode="nearest", prefilter=False)
    if box.dtype.kind in "iu":
        result = np.floor(result + 0.5)
    return result.astype(box.dtype)
