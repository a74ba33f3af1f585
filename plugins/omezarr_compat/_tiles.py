"""Images side by side in one lazy array, none of which is looked at before its pixels are wanted."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from omezarr_compat.io import ZarrLocation

LOGGER = logging.getLogger("ome_zarr.reader")


class Tile:
    """One image, as dask wants an array; 0 where it is not there, or not like the others.

    Parameters
    ----------
    zarr_location : ZarrLocation
        What the path starts from.
    path : callable
        Returns the path of the array when it is wanted.
    shape : tuple of int
    dtype : numpy.dtype
    """

    def __init__(
        self, zarr_location: ZarrLocation, path: Callable[[], str], shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self._location = zarr_location
        self._path = path
        self._array: zarr.Array[Any] | None = None
        self._looked = False
        self._lock = threading.Lock()

    def __getitem__(self, region: Any) -> npt.NDArray[Any]:
        array = self._found()
        if array is None:
            return np.array(np.broadcast_to(np.zeros((), self.dtype), self.shape)[region])
        return np.asarray(array[region])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_array": None, "_looked": False, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def _found(self) -> zarr.Array[Any] | None:
        with self._lock:
            if not self._looked:
                self._array = self._look()
                self._looked = True
            return self._array

    def _look(self) -> zarr.Array[Any] | None:
        path = self._path()
        try:
            array = zarr.open_array(self._location.store, path=path, mode="r")
        except (FileNotFoundError, ValueError):
            LOGGER.warning("there is no array at %s; shown as 0", self._location.subpath(path))
            return None
        if array.shape != self.shape or array.dtype != self.dtype:
            LOGGER.warning(
                "%s is %s of shape %s, not %s of shape %s like the first; shown as 0",
                self._location.subpath(path),
                array.dtype,
                array.shape,
                self.dtype,
                self.shape,
            )
            return None
        return array
