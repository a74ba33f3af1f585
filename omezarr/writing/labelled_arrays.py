"""What arrays with named dimensions say of themselves: those of xarray, and others of the same form.

Looked for are `dims`, `coords` and `name`; nothing is imported for it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from omezarr.errors import OMEZarrWarning
from omezarr.model import Channel
from omezarr.units import named_unit

if TYPE_CHECKING:
    from omezarr.model import Axis
    from omezarr.model.content import ImageContent

EVEN = 1e-3
"""By how much of a step coordinates may stray and still be evenly spaced: more than rounding, less than a pixel."""


@frozen
class Described:
    """An array with named dimensions.

    Parameters
    ----------
    pixels : array
        Without what is said of it.
    axes : tuple of str
        The names of its dimensions; those that are conventional but for their case in lower case.
    coordinates : tuple
        What stands along each dimension; None where nothing does.
    name : str or None
    """

    pixels: Any
    axes: tuple[str, ...]
    coordinates: tuple[Any, ...]
    name: str | None

    def added_to(self, content: ImageContent) -> ImageContent:
        """Return an image with what the array says wherever it says nothing itself."""
        if len(content.axes) != len(self.coordinates):
            return content
        scale, translation, axes = [], [], []
        channels = content.channels
        for axis, coordinate in zip(content.axes, self.coordinates, strict=True):
            names = _texts(coordinate)
            if names is not None and axis.type == "channel":
                channels = channels or tuple(Channel(label=name) for name in names)
            step, start = (1.0, 0.0) if names is not None else _spacing(axis, coordinate)
            scale.append(step)
            translation.append(start)
            axes.append(_with_unit(axis, coordinate))
        return evolve(
            content,
            name=content.name or self.name,
            axes=tuple(axes),
            channels=channels,
            scale=content.scale or (tuple(scale) if any(step != 1 for step in scale) else None),
            translation=content.translation or (tuple(translation) if any(translation) else None),
        )


def described(array: Any) -> Described | None:
    """Return an array with named dimensions apart from what it says; None for one that says nothing."""
    names, coordinates = getattr(array, "dims", None), getattr(array, "coords", None)
    named = isinstance(names, tuple) and all(isinstance(name, str) for name in names)
    if not named or coordinates is None or not hasattr(array, "data"):
        return None
    name = getattr(array, "name", None)
    return Described(
        pixels=array.data,
        axes=tuple(key.lower() if key in tuple("TCZYX") else key for key in names or ()),
        coordinates=tuple(coordinates.get(key) for key in names or ()),
        name=name if isinstance(name, str) and name else None,
    )


def _texts(coordinate: Any) -> list[str] | None:
    """Return the texts that stand along a dimension; None if something else does."""
    values = [] if coordinate is None else coordinate.values.tolist()
    return values if values and all(isinstance(value, str) for value in values) else None


def _spacing(axis: Axis, coordinate: Any) -> tuple[float, float]:
    """Return the step and the start of coordinates that are evenly spaced; others are left out with a notice."""
    import numpy as np

    if coordinate is None:
        return 1.0, 0.0
    values = coordinate.values
    if values.dtype.kind in "iuf" and values.ndim == 1 and values.size and np.isfinite(values).all():
        steps = np.diff(values.astype(float))
        step = float(steps.mean()) if steps.size else 1.0
        if step > 0 and (abs(steps - step) <= EVEN * step).all():
            # The mean of many steps has lost some digits: what a step of few digits would give as well, it was.
            return float(f"{step:.9g}"), float(values[0])
    warnings.warn(
        f"the coordinates along {axis.name} are not evenly spaced numbers that rise; left out",
        OMEZarrWarning,
        stacklevel=2,
    )
    return 1.0, 0.0


def _with_unit(axis: Axis, coordinate: Any) -> Axis:
    """Return an axis with the unit that its coordinates name, as CF names it, where the axis has none."""
    said = getattr(coordinate, "attrs", {})
    unit = said.get("units", said.get("unit"))
    known = isinstance(unit, str) and named_unit(unit, axis.type) is not None
    return evolve(axis, unit=unit) if known and not axis.unit else axis
