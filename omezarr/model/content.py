"""What is to be written, without where or how: images with labels, plates, collections.

Importers and samples return it; `omezarr.writing.images` turns it into a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.model import Acquisition, Axis, Channel, CoordinateSystem, ImageLabel, Transformation
    from omezarr.model.pixels import PixelSource


@frozen(kw_only=True)
class LabelContent:
    """A label image.

    Parameters
    ----------
    pixels : PixelSource
        Integers; axes as in the image.
    metadata : ImageLabel, optional
        Colours and properties.
    """

    pixels: PixelSource
    metadata: ImageLabel | None = None


@frozen(kw_only=True)
class ImageContent:
    """An image at full resolution.

    Parameters
    ----------
    pixels : PixelSource
    axes : tuple of Axis
        One for each dimension of the pixels, in their order.
    name : str, optional
    scale, translation : tuple of float, optional
        Size of a pixel and position of the first one, along each axis, in its unit. None: not known.
    channels : tuple of Channel, optional
        One for each sample of the channel axis; windows that are unset are measured while writing.
    labels : mapping
        Name to label image.
    ome_xml : bytes, optional
        Written to ``OME/METADATA.ome.xml`` below the image as it is.
    acquisition : int, optional
        The id of the acquisition of the plate that this field of a well belongs to.
    """

    pixels: PixelSource
    axes: tuple[Axis, ...]
    name: str | None = None
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None
    channels: tuple[Channel, ...] | None = None
    labels: Mapping[str, LabelContent] = field(factory=dict)
    ome_xml: bytes | None = None
    acquisition: int | None = None


@frozen(kw_only=True)
class PlateContent:
    """A multi-well plate.

    Parameters
    ----------
    rows, columns : tuple of str
        The names of all rows and columns of the physical plate.
    wells : mapping
        "row/column" to the well's fields; wells that were not imaged are absent.
    name : str, optional
    acquisitions : tuple of Acquisition
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    wells: Mapping[str, Mapping[str, ImageContent]]
    name: str | None = None
    acquisitions: tuple[Acquisition, ...] = ()


@frozen(kw_only=True)
class CollectionContent:
    """Images that belong together, written in the bioformats2raw layout (0.4 on).

    Parameters
    ----------
    images : mapping
        Group name ("0", "1", ...) to image, in the order of the OME-XML.
    ome_xml : bytes, optional
        Written to ``OME/METADATA.ome.xml`` as it is.
    """

    images: Mapping[str, ImageContent]
    ome_xml: bytes | None = None


@frozen(kw_only=True)
class SceneContent:
    """Images placed in common coordinate systems (0.6 on).

    Parameters
    ----------
    images : mapping
        Group name to image.
    coordinate_transformations : tuple of Transformation
        Between systems of the scene, and of its images by their group names as paths.
    coordinate_systems : tuple of CoordinateSystem
        Those of the scene itself; the first is the one to display.
    """

    images: Mapping[str, ImageContent]
    coordinate_transformations: tuple[Transformation, ...]
    coordinate_systems: tuple[CoordinateSystem, ...] = ()


Content: TypeAlias = ImageContent | PlateContent | CollectionContent | SceneContent
