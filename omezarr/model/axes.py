"""Axes and coordinate systems.

Source: OME-NGFF 0.4 "axes"; 0.6 "coordinateSystems". No limit on number, order or type is enforced here: rules do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from omezarr.model._base import JSON, UNSET, Unset, extra

CONVENTIONAL_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
"""The type that each axis name of NGFF 0.1 to 0.3 stands for."""

CONVENTIONAL_SYSTEM = "physical"
"""The name given to the coordinate system of versions that do not name it."""


@frozen
class Axis:
    """One axis of an image.

    Parameters
    ----------
    name : str
        Unique in its coordinate system, for example "t", "c", "z", "y", "x".
    type : str, None or UNSET
        "time", "channel", "space" or another word.
    unit : str, None or UNSET
        A UDUNITS-2 name such as "micrometer" or "second".
    discrete : bool or UNSET
        Whether positions between the samples have no meaning (0.6).
    long_name : str or UNSET
        A description (0.6).
    extra : mapping
        Further keys, as they were.

    Examples
    --------
    >>> Axis("x", "space", "micrometer")
    Axis(name='x', type='space', unit='micrometer', discrete=UNSET, long_name=UNSET, extra={})
    """

    name: str
    type: str | None | Unset = UNSET
    unit: str | None | Unset = UNSET
    discrete: bool | Unset = UNSET
    long_name: str | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen
class CoordinateSystem:
    """A named list of axes (0.6); older versions have one, which they do not name.

    Parameters
    ----------
    name : str
        Unique in its document.
    axes : tuple of Axis
        In the order of the coordinates, which for an image is the order of the array's dimensions.
    """

    name: str
    axes: tuple[Axis, ...]
    extra: Mapping[str, JSON] = extra()


def conventional_axes(names: Iterable[str]) -> tuple[Axis, ...]:
    """Return axes with the conventional type of each name, without units.

    Parameters
    ----------
    names : iterable of str
        For example "tczyx". A name without a conventional type gets none.

    Examples
    --------
    >>> [axis.type for axis in conventional_axes("cyx")]
    ['channel', 'space', 'space']
    """
    return tuple(Axis(name, CONVENTIONAL_TYPES.get(name, UNSET)) for name in names)
