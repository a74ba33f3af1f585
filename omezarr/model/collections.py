"""Groups of images that belong together: bioformats2raw layout, its series, and scenes.

Source: OME-NGFF 0.4 on "bioformats2raw.layout", "OME"; 0.6 "scene".
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from omezarr.model._base import JSON, UNSET, Unset, extra
from omezarr.model.axes import CoordinateSystem
from omezarr.model.transformations import Transformation


@frozen
class Bioformats2Raw:
    """The key ``bioformats2raw.layout``: 3 is the only layout that the specification knows."""

    layout: int


@frozen
class Series:
    """The key ``series`` of the group ``OME``: paths of the images, in the order of the OME-XML."""

    paths: tuple[str, ...]


@frozen(kw_only=True)
class Scene:
    """The key ``scene``: images in common coordinate systems (0.6)."""

    coordinate_transformations: tuple[Transformation, ...]
    coordinate_systems: tuple[CoordinateSystem, ...] | Unset = UNSET
    extra: Mapping[str, JSON] = extra()
