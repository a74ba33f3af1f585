"""What is to be written, without where or how: images with labels, plates, collections.

Importers and samples return it; `omezarr.writing.images` turns it into a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.model import (
        JSON,
        Acquisition,
        Axis,
        Channel,
        CoordinateSystem,
        GroupMetadata,
        ImageLabel,
        Transformation,
    )
    from omezarr.model.pixels import PixelSource


@frozen(kw_only=True)
class LevelContent:
    """One resolution level as a source has it: its pixels, where they sit, and how they are stored.

    Parameters
    ----------
    pixels : PixelSource
    scale, translation : tuple of float
        Size of a pixel and position of the first one, along each axis, in its unit.
    chunks : tuple of int, optional
    shards : tuple of int, optional
    codec : mapping, optional
        The compressor in the words of numcodecs, for example ``{"id": "zstd", "level": 3}``; an ``id`` of "none" for
        none at all. None: one that cannot be kept.
    attributes : mapping
        Of the array, but for those that its version writes there itself.
    extra : mapping
        Unknown keys of its entry in ``datasets``.
    """

    pixels: PixelSource
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    chunks: tuple[int, ...] | None = None
    shards: tuple[int, ...] | None = None
    codec: Mapping[str, JSON] | None = None
    attributes: Mapping[str, JSON] = field(factory=dict)
    extra: Mapping[str, JSON] = field(factory=dict)


@frozen(kw_only=True)
class LabelContent:
    """A label image.

    Parameters
    ----------
    pixels : PixelSource
        Integers; axes as in the image, unless it brings its own.
    metadata : ImageLabel, optional
        Colours and properties.
    axes : tuple of Axis, optional
        Of a label image that has a grid of its own, such as one of half the resolution: then `scale` and `translation`
        are its own too, and it is left out with a notice where it cannot be written. None: all are those of the image.
    scale, translation : tuple of float, optional
    levels : tuple of LevelContent
        As for `ImageContent`.
    groups : mapping
        As for `ImageContent`.
    """

    pixels: PixelSource
    metadata: ImageLabel | None = None
    axes: tuple[Axis, ...] | None = None
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None
    levels: tuple[LevelContent, ...] = ()
    groups: Mapping[str, GroupMetadata] = field(factory=dict)


@frozen(kw_only=True)
class ImageContent:
    """An image: its pixels at full resolution, and its other levels where it has some.

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
    levels : tuple of LevelContent
        All levels as the source has them, the first with the pixels of the image. They are kept unless the options say
        otherwise; where there are none they are made.
    groups : mapping
        What the source's groups say besides, by path relative to this one: "" for its own, "labels" for that of its
        labels. What is known of content itself takes precedence.
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
    levels: tuple[LevelContent, ...] = ()
    groups: Mapping[str, GroupMetadata] = field(factory=dict)


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
    ome_xml : bytes, optional
        Written to ``OME/METADATA.ome.xml`` as it is.
    groups : mapping
        What the source's groups say besides, as for `ImageContent`: "", "A" and "A/1" for the plate, a row, a well.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    wells: Mapping[str, Mapping[str, ImageContent]]
    name: str | None = None
    acquisitions: tuple[Acquisition, ...] = ()
    ome_xml: bytes | None = None
    groups: Mapping[str, GroupMetadata] = field(factory=dict)


@frozen(kw_only=True)
class CollectionContent:
    """Images that belong together, written in the bioformats2raw layout (0.4 on).

    Parameters
    ----------
    images : mapping
        Group name ("0", "1", ...) to image, in the order of the OME-XML.
    ome_xml : bytes, optional
        Written to ``OME/METADATA.ome.xml`` as it is.
    groups : mapping
        What the source's groups say besides, as for `ImageContent`: "" and "OME".
    """

    images: Mapping[str, ImageContent]
    ome_xml: bytes | None = None
    groups: Mapping[str, GroupMetadata] = field(factory=dict)


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
    groups : mapping
        What the source's group says besides, as for `ImageContent`: "".
    """

    images: Mapping[str, ImageContent]
    coordinate_transformations: tuple[Transformation, ...]
    coordinate_systems: tuple[CoordinateSystem, ...] = ()
    groups: Mapping[str, GroupMetadata] = field(factory=dict)


Content: TypeAlias = ImageContent | PlateContent | CollectionContent | SceneContent
