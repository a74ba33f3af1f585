"""Images in several resolutions, and how to display them.

Source: OME-NGFF "multiscales" (all versions), "omero" (all versions, never a requirement).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from omezarr.model._base import JSON, UNSET, Unset, extra
from omezarr.model.axes import Axis, CoordinateSystem
from omezarr.model.transformations import Transformation


@frozen
class Dataset:
    """One level of a multiscale image.

    Parameters
    ----------
    path : str
        The array, relative to the group.
    coordinate_transformations : tuple of Transformation or UNSET
        From the array to the intrinsic coordinate system. In the version-neutral form this is one transformation: a
        scale, an identity, or a sequence of a scale and a translation. More than one, or none, is kept as it was found.
    """

    path: str
    coordinate_transformations: tuple[Transformation, ...] | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Multiscale:
    """One entry of ``multiscales``.

    Parameters
    ----------
    datasets : tuple of Dataset
        The levels, largest first.
    coordinate_systems : tuple of CoordinateSystem or UNSET
        For versions before 0.6 at most one, named `CONVENTIONAL_SYSTEM`; unset where the document names no axes.
    coordinate_transformations : tuple of Transformation or UNSET
        Applied after those of the datasets: to another coordinate system (0.6), or in place (0.4, 0.5: then its
        `input` and `output` are unset).
    name : str, None or UNSET
    type : JSON or UNSET
        The method that made the levels.
    metadata : JSON or UNSET
        Details of that method.
    version : str, None or UNSET
        The version that the entry itself names (up to 0.4).
    """

    datasets: tuple[Dataset, ...]
    coordinate_systems: tuple[CoordinateSystem, ...] | Unset = UNSET
    coordinate_transformations: tuple[Transformation, ...] | Unset = UNSET
    name: JSON | Unset = UNSET
    type: JSON | Unset = UNSET
    metadata: JSON | Unset = UNSET
    version: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()

    @property
    def intrinsic_system(self) -> CoordinateSystem | None:
        """The coordinate system that the levels are mapped into; None where the document names no axes.

        Source: OME-NGFF 0.6 "multiscales": the output of the datasets' transformations, not the first system of the
        list.
        """
        systems = {system.name: system for system in self.coordinate_systems or ()}
        for dataset in self.datasets:
            for transformation in dataset.coordinate_transformations or ():
                if transformation.output and transformation.output.name in systems:
                    return systems[str(transformation.output.name)]
        return next(iter(systems.values()), None)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the intrinsic coordinate system, in array order; empty where the document names none."""
        system = self.intrinsic_system
        return () if system is None else system.axes


@frozen
class Window:
    """The contrast limits of a channel: displayed from `start` to `end`, possible from `min` to `max`."""

    min: JSON | Unset = UNSET
    max: JSON | Unset = UNSET
    start: JSON | Unset = UNSET
    end: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen
class Channel:
    """How one channel is displayed.

    Parameters
    ----------
    label : JSON or UNSET
        Usually a string; integers occur.
    color : JSON or UNSET
        Six hexadecimal digits, RGB.
    window : Window or UNSET
    active : JSON or UNSET
        Whether a viewer shows the channel at first.
    """

    label: JSON | Unset = UNSET
    color: JSON | Unset = UNSET
    window: Window | Unset = UNSET
    active: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class Omero:
    """The key ``omero``: display settings of an image.

    Parameters
    ----------
    channels : tuple of Channel or UNSET
        One for each sample of the channel axis.
    """

    channels: tuple[Channel, ...] | Unset = UNSET
    name: JSON | Unset = UNSET
    version: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen
class Image:
    """What a group with ``multiscales`` says: its images, the first the default one, and their display settings."""

    multiscales: tuple[Multiscale, ...]
    omero: Omero | None | Unset = UNSET
