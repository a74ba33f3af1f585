"""Sources of pixels: arrays in memory, on disk, in stores, and computations.

Responsible for reading regions and for telling what that costs; not for files of other kinds, which importers bring.

Examples
--------
>>> source = as_source(np.arange(6).reshape(2, 3))
>>> source.read((slice(1, 2), slice(0, 3)))
array([[3, 4, 5]])
"""

from __future__ import annotations

import math
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from omezarr.abc import PixelSource
from omezarr.arrays.dask_sources import DaskSource
from omezarr.arrays.declared import as_declared, unmasked
from omezarr.arrays.file_source import mapped_source
from omezarr.arrays.geometry import text_of
from omezarr.errors import ArgumentError, OMEZarrError, OMEZarrWarning, SourceError
from omezarr.hierarchy import run
from omezarr.model import UNSET, Unset
from omezarr.stores import StoreTraits

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.arrays.presence import Presence
    from omezarr.arrays.reading import ArrayReader

    Region = tuple[slice, ...]


def as_source(array: Any) -> PixelSource:
    """Return a source that reads from an array.

    Parameters
    ----------
    array : PixelSource, numpy array, memory map, zarr array or dask array
        Anything else that has a shape and a dtype and answers to slices is read one region at a time. What a mask
        hides is read as 0, or NaN where there is NaN, and a warning says so.

    Raises
    ------
    ArgumentError
        If it is none of these.

    Examples
    --------
    >>> as_source(np.zeros((4, 5), "uint8")).shape
    (4, 5)
    """
    if isinstance(array, PixelSource):
        return array
    if isinstance(getattr(array, "_meta", array), np.ma.MaskedArray):
        hidden = int(np.ma.getmaskarray(array).sum()) if isinstance(array, np.ndarray) else None
        if hidden != 0:
            warnings.warn(_masked_notice(array.dtype, hidden), OMEZarrWarning, stacklevel=2)
        array = unmasked(array) if isinstance(array, np.ndarray) else array
    if isinstance(array, np.memmap) and array.filename is not None:
        return mapped_source(array)
    if isinstance(array, np.ndarray | np.generic):
        return ArraySource(np.asarray(array))
    if isinstance(array, zarr.Array):
        return ZarrSource(array)
    if hasattr(array, "__dask_graph__") and hasattr(array, "numblocks"):
        return DaskSource(array)
    if hasattr(array, "shape") and hasattr(array, "dtype") and hasattr(array, "__getitem__"):
        return DuckSource(array)
    raise ArgumentError(f"{type(array).__name__} holds no pixels; give a numpy, zarr or dask array")


def _masked_notice(dtype: np.dtype[Any], hidden: int | None) -> str:
    fill = "NaN" if dtype.kind in "fc" else "0"
    what = "what its mask hides is" if hidden is None else f"{hidden} pixels that its mask hides are"
    return f"a mask cannot be stored: {what} written as {fill}; give array.filled(value) for another value"


class ArraySource(PixelSource):
    """Pixels in memory."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.chunks = array.shape
        self._identity: str | None = None

    @property
    def identity(self) -> str:  # type: ignore[override]  # costs a pass over the pixels, so only on demand
        """The checksum of all pixels."""
        if self._identity is None:
            import google_crc32c

            checksum = 0
            rows = [self.array] if self.array.flags.c_contiguous else np.atleast_2d(self.array)  # no copy of the whole
            for row in rows:
                checksum = google_crc32c.extend(checksum, np.ascontiguousarray(row).reshape(-1).view("u1"))
            self._identity = f"numpy {self.dtype.str} {self.shape} crc32c {checksum:08x}"
        return self._identity

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Return a view; nothing is copied."""
        return self.array[region]

    def cost(self, region: Region) -> int:
        """Return 0: the pixels are there already."""
        return 0


class ZarrSource(PixelSource):
    """Pixels of a zarr array."""

    def __init__(self, array: zarr.Array[Any]) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self._identity: str | None = None
        self._reader: ArrayReader | None = None
        self._presence: Presence | Unset | None = UNSET
        traits = StoreTraits.of(array.store)
        self.portable, self.distant = traits.picklable, traits.distant
        pieces = (array.shards if self.distant else None) or array.chunks  # what one request gives is best read at once
        self.chunks = tuple(min(c, s) for c, s in zip(pieces, array.shape, strict=True))

    @property
    def identity(self) -> str:  # type: ignore[override]  # asks the store, so only on demand
        """The metadata of the array and where it is."""
        if self._identity is None:
            import hashlib
            import json

            text = json.dumps(self.array.metadata.to_dict(), default=str, sort_keys=True)
            self._identity = f"zarr {self.array.store_path} {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        return self._identity

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Decode the chunks of a region."""
        if self._reader is None:
            from omezarr.arrays.reading import ArrayReader

            self._reader = ArrayReader(self.array)
        try:
            return self._reader.read(region)
        except OMEZarrError as error:
            raise SourceError(str(error)) from error

    def cost(self, region: Region) -> int:
        """Return the bytes of the region, encoded too where it comes from afar, and of a chunk while it is decoded."""
        chunk = math.prod(self.array.chunks) * self.dtype.itemsize
        return super().cost(region) * (1 + self.distant) + 2 * chunk

    def constant(self, region: Region) -> Any | None:
        """Return the fill value where nothing is stored."""
        if self._presence is UNSET:
            from omezarr.arrays.presence import Presence

            self._presence = Presence.of(self.array)
        if not self._presence or self._presence.may_hold(region):
            return None
        return self._presence.fill.item()

    def check_unchanged(self) -> None:
        """Look at the metadata again: chunks that are gone would be taken for empty ones."""
        from zarr.core.array import AsyncArray

        try:
            check = getattr(self.array.store, "check_unchanged", None)
            if check is not None:
                run(check())
            now = run(AsyncArray.open(self.array.store_path, self.array.metadata.zarr_format))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise SourceError(f"{self.array.store_path} went away while it was read: {reason}") from error
        if _of_pixels(now) != _of_pixels(self.array):
            raise SourceError(f"{self.array.store_path} was changed while it was read: its metadata is another")

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is found out again where the source is used next."""
        return {**self.__dict__, "_reader": None, "_presence": UNSET}


class DuckSource(PixelSource):
    """Pixels of anything that answers to slices; one region at a time, for it may not bear more."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape = tuple(int(length) for length in array.shape)
        self.dtype = np.dtype(array.dtype)
        chunks = getattr(array, "chunks", None)
        plain = isinstance(chunks, tuple) and len(chunks) == len(self.shape) and all(isinstance(c, int) for c in chunks)
        self.chunks = chunks if plain and chunks is not None else self.shape
        self.identity = (
            f"{type(array).__module__}.{type(array).__qualname__} {self.dtype.str} {self.shape} at {id(array)}"
        )
        self._lock = threading.Lock()

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Slice the array."""
        try:
            with self._lock:
                pixels = unmasked(self.array[region])
        except Exception as error:
            raise SourceError(f"could not read {text_of(region)} of {type(self.array).__name__}: {error}") from error
        return as_declared(pixels, self, region, f"the {type(self.array).__name__}")


def _of_pixels(array: Any) -> str:
    """Return what the metadata of an array says of its pixels: names of dimensions may be given while it is read."""
    said = array.metadata.to_dict()
    return repr(sorted((key, value) for key, value in said.items() if key not in ("attributes", "dimension_names")))
