"""What is to be written, without where or how: images with labels, plates, collections.

Importers and samples return it; node types turn it into the phases of a plan. A node type from outside brings a class
of its own, which derives from `Content`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Self

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


class Content:
    """What a node type can write: the base of all classes of content.

    By default it holds no images. What holds some says so by overriding both methods together, so that conversions can
    cut them, rename their axes and so on, and exporters find them.

    Examples
    --------
    >>> @frozen
    ... class TableContent(Content):
    ...     columns: tuple[str, ...]
    >>> list(TableContent(("area",)).walk_images())
    []
    """

    __slots__ = ()

    def walk_images(self) -> Iterator[tuple[str, ImageContent]]:
        """Yield the images that it holds, with their paths in it; that of a single image is empty."""
        return iter(())

    def map_images(self, change: Callable[[ImageContent], ImageContent]) -> Self:
        """Return the same with each of its images changed."""
        return self


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
    checksums : bool
        Whether a checksum follows the content of each chunk.
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
    checksums: bool = False
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
class ImageContent(Content):
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

    def walk_images(self) -> Iterator[tuple[str, ImageContent]]:
        """Yield this image."""
        yield "", self

    def map_images(self, change: Callable[[ImageContent], ImageContent]) -> ImageContent:
        """Return this image, changed."""
        return change(self)


@frozen(kw_only=True)
class LabelImageContent(Content):
    """One label image, with what it belongs to.

    Parameters
    ----------
    name : str
        Its path below the group of all labels.
    label : LabelContent
    image : ImageContent
        What was segmented, with the axes with which it is written; they and its geometry are those of the label image,
        unless that has its own.
    factors : tuple of tuple of int
        The steps between the levels of the image: a label image has as many levels as its image.
    """

    name: str
    label: LabelContent
    image: ImageContent
    factors: tuple[tuple[int, ...], ...] = ()


@frozen(kw_only=True)
class LabelsContent(Content):
    """The group of all label images of an image.

    Parameters
    ----------
    labels : mapping
        Name to label image.
    image : ImageContent
    factors : tuple of tuple of int
        As for `LabelImageContent`.
    """

    labels: Mapping[str, LabelContent]
    image: ImageContent
    factors: tuple[tuple[int, ...], ...] = ()


@frozen(kw_only=True)
class WellContent(Content):
    """A well of a plate.

    Parameters
    ----------
    fields : mapping
        Name to field of view.
    group : GroupMetadata, optional
        What the source's group says besides.
    """

    fields: Mapping[str, ImageContent]
    group: GroupMetadata | None = None

    def walk_images(self) -> Iterator[tuple[str, ImageContent]]:
        """Yield the fields."""
        yield from self.fields.items()

    def map_images(self, change: Callable[[ImageContent], ImageContent]) -> WellContent:
        """Return the well with each field changed."""
        return evolve(self, fields={name: change(image) for name, image in self.fields.items()})


@frozen(kw_only=True)
class PlateContent(Content):
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

    def walk_images(self) -> Iterator[tuple[str, ImageContent]]:
        """Yield the fields of all wells, as "A/1/0"."""
        for well, fields in self.wells.items():
            for name, image in fields.items():
                yield f"{well}/{name}", image

    def map_images(self, change: Callable[[ImageContent], ImageContent]) -> PlateContent:
        """Return the plate with each field changed."""
        wells = {well: {name: change(image) for name, image in fields.items()} for well, fields in self.wells.items()}
        return evolve(self, wells=wells)


class _GroupOfImages(Content):
    """Images side by side, at their names."""

    __slots__ = ()
    images: Mapping[str, ImageContent]

    def walk_images(self) -> Iterator[tuple[str, ImageContent]]:
        """Yield the images."""
        yield from self.images.items()

    def map_images(self, change: Callable[[ImageContent], ImageContent]) -> Self:
        """Return the same with each image changed."""
        images = {name: change(image) for name, image in self.images.items()}
        return evolve(self, images=images)  # type: ignore[misc]  # the classes that derive from it are attrs classes


@frozen(kw_only=True)
class CollectionContent(_GroupOfImages):
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
class SceneContent(_GroupOfImages):
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
