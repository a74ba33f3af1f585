"""Which objects of an array are stored: listed where that can be done, so that what is claimed and empty costs nothing.

Examples
--------
>>> import zarr
>>> array = zarr.create_array({}, shape=(1000, 1000), chunks=(2, 2), dtype="u1")
>>> array[6:8, 2:4] = 1
>>> found = Presence.of(array)
>>> found.stored, found.may_hold((slice(0, 6), slice(0, 1000))), found.may_hold((slice(0, 7), slice(0, 3)))
([(3, 1)], False, True)
"""

from __future__ import annotations

import itertools
import math
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.errors import StorageError, UnsupportedError
from omezarr.hierarchy import run
from omezarr.stores import StoreTraits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt
    import zarr

    from omezarr.arrays.geometry import Region, Shape

FEW = 1024
"""Arrays of no more objects than this are not listed: each is asked for."""

LARGE_UNIT = 64 * 1024 * 1024
"""What an object may decode to without it being looked for first, in bytes."""

MOST_LISTED = 250_000
"""More objects than this are not kept in memory: then each that the array can have is asked for."""

MOST_ASKED = 100_000_000
"""Where nothing can be listed, arrays that claim more objects than this are not looked through: it would take days."""

_NUMBER = re.compile(r"\d+")


class Presence:
    """Which objects of an array are stored.

    Parameters
    ----------
    unit : tuple of int
        What one object covers.
    shape : tuple of int
        Of the array.
    fill : array
        One sample of what is not stored, of as many dimensions as the array.
    stored : list of tuple of int
        The places of the stored objects in the grid of units, in C order.
    """

    def __init__(self, unit: Shape, shape: Shape, fill: npt.NDArray[Any], stored: list[Shape]) -> None:
        self.unit = unit
        self.shape = shape
        self.fill = fill
        self.stored = stored
        self._coarse: dict[int, set[Shape]] = {0: set(stored)}

    @classmethod
    def of(cls, array: zarr.Array[Any]) -> Presence | None:
        """List the objects of an array; None where each that it can have is better asked for.

        Raises
        ------
        UnsupportedError
            If they cannot be listed, and are too many to be asked for.
        StorageError
            If a folder cannot be listed.
        """
        unit = tuple(max(1, step) for step in array.shards or array.chunks)
        count = count_units(array)
        if count <= FEW and math.prod(unit) * array.dtype.itemsize <= LARGE_UNIT:
            return None
        traits = StoreTraits.of(array.store)
        keys: Iterable[str] | None
        if traits.folder is not None:
            keys = _files(traits.folder / array.path)
        else:
            keys = run(_keys(array)) if traits.listable else None
        if keys is None:
            if count > MOST_ASKED:
                raise UnsupportedError(
                    f"{array.store_path} claims {count} objects, and its store does not list which of them there are; "
                    "take a part of it, or a copy on a disk"
                )
            return None
        stored = []
        for key in keys:
            index = _index_of(array, key)
            if index is not None:
                stored.append(index)
            if len(stored) > MOST_LISTED:
                return None
        value = 0 if array.fill_value is None else array.fill_value
        fill = np.full((1,) * array.ndim, value, np.dtype(array.dtype).newbyteorder("="))
        return cls(unit, array.shape, fill, sorted(stored))

    def cells(self) -> Iterator[tuple[Shape, Region]]:
        """Yield the place and the region of each stored object."""
        return self.cells_of(self.unit)

    def cells_of(self, steps: Shape) -> Iterator[tuple[Shape, Region]]:
        """Yield the place and the region of each cell of a coarser grid in which something is stored, in C order.

        Parameters
        ----------
        steps : tuple of int
            What a cell covers: whole units.
        """
        held = self.stored
        if steps != self.unit:
            held = sorted(
                {
                    tuple(i * unit // step for i, unit, step in zip(place, self.unit, steps, strict=True))
                    for place in held
                }
            )
        for place in held:
            parts = zip(place, steps, self.shape, strict=True)
            yield place, tuple(slice(i * step, min((i + 1) * step, size)) for i, step, size in parts)

    def may_hold(self, region: Region) -> bool:
        """Say whether anything is stored in a region; where not, all of it is the fill value."""
        box = [(part.start // step, -(-part.stop // step)) for part, step in zip(region, self.unit, strict=True)]
        if not self.stored or any(start >= stop for start, stop in box):
            return False
        bits = max(((stop - start - 1).bit_length() for start, stop in box), default=0)
        waiting = [(bits, place) for place in self._near(bits, box)]
        while waiting:
            bits, place = waiting.pop()
            ends = [(part << bits, (part + 1) << bits) for part in place]
            if all(start <= low and high <= stop for (low, high), (start, stop) in zip(ends, box, strict=True)):
                return True
            common = [(max(low, start), min(high, stop)) for (low, high), (start, stop) in zip(ends, box, strict=True)]
            waiting += [(bits - 1, inner) for inner in self._near(bits - 1, common)]
        return False

    def _near(self, bits: int, box: list[tuple[int, int]]) -> list[Shape]:
        """Return the places of a coarser grid that a box touches, and in which something is stored."""
        places = self._at(bits)
        sides = (range(start >> bits, ((stop - 1) >> bits) + 1) for start, stop in box)
        return [place for place in itertools.product(*sides) if place in places]

    def _at(self, bits: int) -> set[Shape]:
        """Return the stored places in a grid that is coarser by a power of two."""
        if bits not in self._coarse:
            self._coarse[bits] = {tuple(part >> bits for part in place) for place in self.stored}
        return self._coarse[bits]


def count_units(array: zarr.Array[Any]) -> int:
    """Return how many objects an array can have."""
    unit = array.shards or array.chunks
    return math.prod(-(-size // max(1, step)) for size, step in zip(array.shape, unit, strict=True))


def _files(folder: Path) -> Iterator[str]:
    """Yield the keys of files below a folder whose names can be those of chunks."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(folder / inside) as entries:
                for entry in entries:
                    if not entry.name.startswith("c") and not entry.name[0].isdecimal():
                        continue
                    if entry.is_dir():
                        waiting.append(f"{inside}{entry.name}/")
                    else:
                        yield f"{inside}{entry.name}"
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise StorageError(f"could not list {folder / inside}: {error.strerror}") from error


async def _keys(array: zarr.Array[Any]) -> list[str] | None:
    """Return the keys below an array; None where the store refuses to list them."""
    prefix = f"{array.path}/" if array.path else ""
    found = []
    try:
        async for key in array.store.list_prefix(prefix):
            found.append(key.removeprefix(prefix))
            if len(found) > 2 * MOST_LISTED:
                break
    except Exception:  # noqa: BLE001 - a bucket may be read by all and listed by none, and each store says so otherwise
        return None
    return found


def _index_of(array: zarr.Array[Any], key: str) -> Shape | None:
    """Return the place of the object that has a key; None if no object of the array has it."""
    index = tuple(map(int, _NUMBER.findall(key))) if len(key) < 1000 else ()
    if len(index) != array.ndim:
        return None
    unit = array.shards or array.chunks
    inside = all(i * max(1, step) < size for i, step, size in zip(index, unit, array.shape, strict=True))
    return index if inside and array.metadata.encode_chunk_key(index) == key else None
