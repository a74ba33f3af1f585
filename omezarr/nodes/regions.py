"""Regions of a level as people name them: by axis, channels by their names, places in physical units.

Pure: turns what is asked for into an index of an array, in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError
from omezarr.model.axes import CONVENTIONAL_TYPES
from omezarr.units import named_unit, value_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from omezarr.model import Axis, LevelGeometry

_KINDS = ("space", "time")

_DIGITS = 6  # of a sample: what a place may be off for the digits of binary fractions


def array_index(
    region: Any,
    axes: Sequence[Axis],
    shape: Sequence[int],
    channels: Sequence[str | None] = (),
    *,
    unit: str | None = None,
    geometry: Callable[[], LevelGeometry] | None = None,
) -> Any:
    """Return a region as one would index an array.

    Parameters
    ----------
    region : index, or mapping of str to int, float, str, slice or pair
        The latter by axis name; axes that are not named are taken whole.
    axes : sequence of Axis
        One for each axis of the array, as far as the metadata names them.
    shape : sequence of int
    channels : sequence of (str or None)
        The names of the channels.
    unit : str, optional
        In which places along axes of its kind (length or time) are given. Default: pixels.
    geometry : callable, optional
        Returns where the samples are, where there is a unit.

    Raises
    ------
    ArgumentError
        If there is no such axis or channel, the unit is none of an axis, or a place is outside.

    Examples
    --------
    >>> from omezarr.model import Axis, LevelGeometry
    >>> axes = [Axis("c", "channel"), Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer")]
    >>> array_index({"c": "GFP", "x": (2, 5)}, axes, (2, 8, 8), ["DAPI", "GFP"])
    (1, slice(None, None, None), slice(2, 5, None))
    >>> place = lambda: LevelGeometry((1, 0.5, 0.5), (0, 0.25, 0.25))
    >>> array_index({"y": 1.3, "x": (1000, 2000)}, axes, (2, 8, 8), unit="nm", geometry=place)
    (slice(None, None, None), 0, slice(2, 4, None))
    """
    if not isinstance(region, Mapping):
        if unit is not None:
            raise ArgumentError(f"a region in {unit} names its axes, for example {{'x': (0, 10)}}, not {region!r}")
        return region
    names = [axis.name for axis in axes]
    if len(names) != len(shape):
        raise ArgumentError(f"the metadata names {len(names)} axes of an array of {len(shape)}; index it by numbers")
    unknown = next((name for name in region if name not in names), None)
    if unknown is not None:
        raise ArgumentError(f"there is no axis {unknown!r}; there are: {', '.join(names)}")
    physical = None if unit is None else _kind_of(unit)
    found: list[int | slice] = []
    for number, axis in enumerate(axes):
        wanted = region.get(axis.name, slice(None))
        if isinstance(wanted, tuple) and len(wanted) == 2:
            wanted = slice(*wanted)
        if unit is not None and axis.name in region and _type_of(axis) == physical and geometry is not None:
            place = geometry()
            scale, start = place.scale[number], place.translation[number]
            found.append(_in_pixels(wanted, axis, unit, (scale, start, shape[number])))
        else:
            found.append(_in_samples(wanted, axis, channels))
    return tuple(found)


def _type_of(axis: Axis) -> str | None:
    return axis.type if isinstance(axis.type, str) else CONVENTIONAL_TYPES.get(axis.name)


def _kind_of(unit: str) -> str:
    kind = next((kind for kind in _KINDS if named_unit(unit, kind) is not None), None)
    if kind is None:
        raise ArgumentError(f"{unit!r} is no unit of length or time that OME-Zarr names, such as micrometer or second")
    return kind


def _in_samples(wanted: Any, axis: Axis, channels: Sequence[str | None]) -> int | slice:
    if isinstance(wanted, str):
        if _type_of(axis) != "channel":
            raise ArgumentError(f"the axis {axis.name!r} takes an index or a slice; {wanted!r} can only name a channel")
        places = [place for place, name in enumerate(channels) if name == wanted]
        if len(places) != 1:
            known = ", ".join(str(name) for name in channels if name is not None) or "none with a name"
            said = f"several channels are called {wanted!r}" if places else f"there is no channel {wanted!r}"
            raise ArgumentError(f"{said}; there are: {known}")
        return places[0]
    if isinstance(wanted, slice) or (isinstance(wanted, Integral) and not isinstance(wanted, bool)):
        return wanted  # type: ignore[return-value]  # what is an integer can be an index
    raise ArgumentError(
        f"the axis {axis.name!r} takes an index, a slice or a start and stop in pixels, not {wanted!r}; "
        "places in physical units need unit="
    )


def _in_pixels(wanted: Any, axis: Axis, unit: str, samples: tuple[float, float, int]) -> int | slice:
    """Return the samples at a place; these are told by their distance, where the first is and how many there are."""
    own = axis.unit if isinstance(axis.unit, str) else None
    given = named_unit(unit, _type_of(axis))
    measure = None if own is None else named_unit(own, _type_of(axis))
    factor = None if given is None or measure is None else value_in(given, measure.unit)
    if given is None or measure is None or factor is None:
        said = "without a unit" if own is None else f"in {own}"
        raise ArgumentError(f"the axis {axis.name!r} is {said}, which {unit} cannot be turned into; give pixels")
    scale, start, size = samples[0] * measure.value, samples[1] * measure.value, samples[2]
    if not scale > 0:
        raise ArgumentError(f"the axis {axis.name!r} has the scale {samples[0]}, so nothing is found; give pixels")

    def place(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise ArgumentError(f"{value!r} is no place along the axis {axis.name!r}")
        return round((float(value) * factor - start) / scale, _DIGITS)

    if isinstance(wanted, slice):
        if wanted.step is not None:
            raise ArgumentError(f"a region along {axis.name!r} has a start and a stop, and no step")
        start_at = 0 if wanted.start is None else min(max(math.ceil(place(wanted.start)), 0), size)
        stop_at = size if wanted.stop is None else min(max(math.ceil(place(wanted.stop)), 0), size)
        return slice(start_at, max(start_at, stop_at))
    index = math.floor(place(wanted) + 0.5)
    if not 0 <= index < size:
        first, last = ((start + scale * end) / factor for end in (-0.5, size - 0.5))
        raise ArgumentError(f"{wanted} {unit} is outside of the axis {axis.name!r}: {first:.6g} to {last:.6g} {unit}")
    return index


def checked_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return the array that a result is to be put into.

    Raises
    ------
    ArgumentError
        If it does not fit.
    """
    import numpy as np

    if not isinstance(out, np.ndarray):
        raise ArgumentError(f"pixels are put into a numpy array, not into {type(out).__name__}")
    if out.shape != shape:
        raise ArgumentError(f"the region has the shape {shape}, and the array for it {out.shape}")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise ArgumentError(f"pixels of {dtype} cannot be put into an array of {out.dtype}")
    if not out.flags.writeable:
        raise ArgumentError("the array for the pixels is read-only")
    return out
