"""The axes of an image.

Examples
--------
>>> Axes("cyx").to_list()[0]
{'name': 'c', 'type': 'channel'}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr import registry_in_use
from omezarr.errors import ArgumentError
from omezarr.model import CONVENTIONAL_TYPES, UNSET, Axis
from omezarr_compat.format import CurrentFormat, Format

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KNOWN_AXES", "Axes"]

KNOWN_AXES = {name: CONVENTIONAL_TYPES[name] for name in "xyzct"}
"""The type that each conventional name stands for."""


class Axes:
    """The axes of an image, checked against a version.

    Parameters
    ----------
    axes : list of str or of dict, or None
        Names, or objects with a name and a type. None: the five of versions 0.1 and 0.2.
    fmt : Format

    Raises
    ------
    ArgumentError
        If the version does not allow them; it is a ValueError.
    """

    def __init__(self, axes: Iterable[str | dict[str, Any]] | None, fmt: Format | None = None) -> None:
        self.fmt = fmt or CurrentFormat()
        if axes is None and self.fmt.version not in ("0.1", "0.2"):
            raise ArgumentError(f"version {self.fmt.version} has no axes of its own; give them")
        self.axes = [_as_object(axis) for axis in ("tczyx" if axes is None else axes)]
        self.validate()

    def validate(self) -> None:
        """Raise an ArgumentError if the version does not allow the axes."""
        if self.fmt.version in ("0.1", "0.2"):
            return
        named = tuple(
            Axis(axis["name"], axis.get("type", UNSET)) if "name" in axis else _nameless(axis) for axis in self.axes
        )
        refusal = registry_in_use().formats[self.fmt.version].check_axes(named)
        if refusal is not None:
            raise ArgumentError(refusal)

    def to_list(self, fmt: Format | None = None) -> list[Any]:
        """Return the axes as a version writes them: names in 0.3, else objects."""
        if (fmt or CurrentFormat()).version == "0.3":
            return [axis["name"] for axis in self.axes]
        return self.axes


def _as_object(axis: str | dict[str, Any]) -> dict[str, Any]:
    if not isinstance(axis, str):
        return axis
    return {"name": axis, "type": KNOWN_AXES[axis]} if axis in KNOWN_AXES else {"name": axis}


def _nameless(axis: dict[str, Any]) -> Axis:
    raise ArgumentError(f"the axis {axis!r} has no name")
