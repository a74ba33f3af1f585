"""The importer of OME-Zarr: an image, a plate or a collection of any version, with its labels, as a source.

Carried over is what `omezarr.model.content` can hold: pixels of the full resolution, axes, units, pixel sizes,
channels, labels with their colours and properties, wells and acquisitions, OME-XML. What is missing on disk, and
attributes that no node type knows, are left out with a notice.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc import Claim, Importer
from omezarr.errors import LocationNotFoundError, MetadataError, OMEZarrWarning, SourceError
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, ImageLabel, conventional_axes
from omezarr.model.content import CollectionContent, ImageContent, LabelContent, PlateContent
from omezarr_builtins.importers._axes import parse_axes
from omezarr_builtins.importers._files import local_path
from omezarr_builtins.importers._options import check_options
from omezarr_builtins.importers.array import load_zarr_array, open_hierarchy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import PixelSource
    from omezarr.location import Location
    from omezarr.model import Axis
    from omezarr.model.content import Content
    from omezarr.nodes.level import Level
    from omezarr.nodes.node import Node

_DOCUMENTS = ("zarr.json", ".zgroup", ".zattrs")
_OME_XML = "OME/METADATA.ome.xml"


class OMEZarr(Importer):
    """Import images, plates and collections that are OME-Zarr already."""

    name = "omezarr"
    suffixes = (".zarr", ".ozx", ".zip")
    options = {  # noqa: RUF012 - the interface declares it
        "axes": "the meaning of the dimensions, one letter each, of a bare zarr array or in place of what images say",
        "format": "the NGFF version to read the source as, whatever it says",
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim zarr groups that can be looked at, names that end as theirs do, and weakly every other URL."""
        if location.store is not None:
            return Claim(15, "it is an opened zarr store")
        path = local_path(location)
        if path is not None and path.is_dir() and any((path / name).is_file() for name in _DOCUMENTS):
            return Claim(15, "it is a folder with metadata of zarr")
        if location.name.lower().endswith(self.suffixes):
            return Claim(10, "its name ends as that of a zarr hierarchy")
        return None if location.protocol == "local" else Claim(1, "a URL can be that of a zarr hierarchy")

    def load(self, location: Location, options: Mapping[str, Any]) -> Content:
        """Describe what a group holds; a bare array as the importer of arrays does."""
        import omezarr

        check_options(self, options)
        axes = options.get("axes")
        hierarchy = open_hierarchy(location)
        root = hierarchy.node()
        if root is not None and root.kind == "array":
            return load_zarr_array(hierarchy, location, axes)
        reader = _Reader(axes)
        content = reader.content(omezarr.open(location, format=options.get("format")))
        for message in dict.fromkeys(reader.messages):
            warnings.warn(OMEZarrWarning(message), stacklevel=2)
        return content


class _Reader:
    """Turns nodes into content, and collects what is left out."""

    def __init__(self, axes: object = None) -> None:
        self.messages: list[str] = []
        self._given = axes

    def content(self, node: Node) -> Content:
        _known(node)
        if node.key == "plate":
            return self._plate(node)
        if node.key == "bioformats2raw.layout":
            return self._collection(node)
        if node.image is not None:
            return self._image(node, with_ome_xml=True)
        below = ", ".join(list(node.children)[:5])
        raise SourceError(
            f"{node.location} is {f'of the type {node.key!r}' if node.key else 'a zarr group without OME metadata'}, "
            f"not an image, plate or collection of images" + (f"; give one of those below it: {below}" if below else "")
        )

    def _image(self, node: Node, *, with_ome_xml: bool = False, acquisition: int | None = None) -> ImageContent:
        self._notice_foreign(node)
        level = _first_level(node)
        axes = node.axes
        pixels = _pixels(level, axes)
        scale, translation = _geometry(level, axes)
        if "labels" in node.children:
            _known(node.children["labels"])
        labels = {}
        for name, label in self._present(node.labels, node).items():
            labels[name] = _label(label, axes)
        multiscale = node.multiscale
        return ImageContent(
            pixels=pixels,
            axes=axes if self._given is None else _renamed(axes, self._given, pixels.shape, str(node.location)),
            name=multiscale.name if multiscale is not None and isinstance(multiscale.name, str) else node.location.name,
            scale=scale,
            translation=translation,
            channels=self._channels(node, pixels),
            labels=labels,
            ome_xml=node.hierarchy.read(_OME_XML) if with_ome_xml else None,
            acquisition=acquisition,
        )

    def _channels(self, node: Node, pixels: PixelSource) -> Any:
        names = [axis.name for axis in node.axes]
        count = pixels.shape[names.index("c")] if "c" in names else 1
        if node.channels and len(node.channels) != count:
            self.messages.append(f"{node.location} describes {len(node.channels)} channels but has {count}; left out")
            return None
        return node.channels or None

    def _plate(self, node: Node) -> PlateContent:
        self._notice_foreign(node)
        plate = node.value
        wells: dict[str, dict[str, ImageContent]] = {}
        for path, well in self._present(node.children, node).items():
            acquisitions = {image.path: image.acquisition for image in well.value.images}
            wells[path] = {
                name: self._image(field, acquisition=_integer(acquisitions.get(name)))
                for name, field in self._present(well.children, well).items()
            }
        return PlateContent(
            rows=tuple(row.name for row in plate.rows),
            columns=tuple(column.name for column in plate.columns),
            wells=wells,
            name=plate.name if isinstance(plate.name, str) else None,
            acquisitions=plate.acquisitions or (),
        )

    def _collection(self, node: Node) -> CollectionContent:
        self._notice_foreign(node)
        images = self._present(node.children, node)
        return CollectionContent(
            images={name: self._image(image) for name, image in images.items() if image.image is not None},
            ome_xml=node.hierarchy.read(_OME_XML),
        )

    def _present(self, children: Mapping[str, Node], parent: Node) -> dict[str, Node]:
        """Open the children that are there; a missing one does not keep its siblings away."""
        prefetch = getattr(children, "prefetch", None)
        if prefetch is not None:
            prefetch()
        found = {}
        for name in children:
            try:
                found[name] = _known(children[name])
            except LocationNotFoundError:
                self.messages.append(f"{parent.location} names {name!r}, which is not there; left out")
        return found

    def _notice_foreign(self, node: Node) -> None:
        metadata = node.metadata
        unknown = [*metadata.unclaimed, *metadata.foreign]
        if unknown:
            self.messages.append(f"{node.location} has attributes that are not carried over: {', '.join(unknown)}")


def _renamed(axes: Sequence[Axis], given: object, shape: tuple[int, ...], what: str) -> tuple[Axis, ...]:
    """Return the axes that a user names in place of those of an image, with the units that fit them."""
    return tuple(
        evolve(new, unit=old.unit) if old.type in (new.type, None, UNSET) else new
        for new, old in zip(conventional_axes(parse_axes(given, shape, what)), axes, strict=True)
    )


def _known(node: Node) -> Node:
    """Return a node, refused if it is of a version that is not known: it cannot be told what would be left out."""
    if node.unknown_version is not None:
        cure = "of convert, that is --importer-option format=VERSION"
        raise SourceError(f"{node.location}: {node.notices[0]} ({cure})")
    return node


def _first_level(node: Node) -> Level:
    if not node.levels:
        raise SourceError(f"{node.location} has no resolution level")
    return node.levels[0]


def _pixels(level: Level, axes: Sequence[Axis]) -> PixelSource:
    from omezarr.arrays.sources import as_source

    source = as_source(level.array)
    if len(source.shape) != len(axes):
        raise MetadataError(f"level {level.path!r} has {len(source.shape)} dimensions, but there are {len(axes)} axes")
    return source


def _geometry(level: Level, axes: Sequence[Axis]) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Return scale and translation; None for those that say nothing."""
    scale, translation = level.scale, level.translation
    measured = any(axis.unit for axis in axes) or any(value != 1 for value in scale)
    return scale if measured else None, translation if any(translation) else None


def _label(node: Node, axes: Sequence[Axis]) -> LabelContent:
    """Return a label image with the axes of the image."""
    from omezarr.arrays.sources import expanded

    own = [axis.name for axis in node.axes]
    wanted = [axis.name for axis in axes]
    pixels = _pixels(_first_level(node), node.axes)
    if own != [name for name in wanted if name in own]:
        raise SourceError(f"{node.location} has the axes {own}, which are not among those of its image, {wanted}")
    shape = [pixels.shape[own.index(name)] if name in own else 1 for name in wanted]
    metadata = node.facets.get("image-label")
    return LabelContent(pixels=expanded(pixels, shape), metadata=metadata if isinstance(metadata, ImageLabel) else None)


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (OMEZarr(),)
