"""From the nodes of a hierarchy to content, and to messages about what is not carried over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve

from omezarr.errors import LocationNotFoundError, OMEZarrError, SourceError
from omezarr.model import ImageLabel, Scene, Well
from omezarr.model.content import (
    CollectionContent,
    ImageContent,
    LabelContent,
    LevelContent,
    PlateContent,
    SceneContent,
)
from omezarr_builtins.importers._omezarr_nodes import (
    integer,
    level_content,
    metadata_of,
    readable,
    renamed_axes,
    said_geometry,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from omezarr.model import Axis, Channel, GroupMetadata
    from omezarr.model.content import Content
    from omezarr.nodes.node import Node

    T = TypeVar("T")

OME = "OME"
"""The group of a collection or plate that holds its OME-XML."""

OME_XML = "OME/METADATA.ome.xml"


class Reader:
    """Turns nodes into content, and collects what is left out.

    Parameters
    ----------
    labels : set of str, optional
        The names of the label images to take. Default: all.
    axes : optional
        What a user says of the axes of images, in place of what they say.

    Attributes
    ----------
    messages : list of str
        What is missing, malformed or not carried over, and where.
    names : set of str
        The names of all label images that were met.
    """

    def __init__(self, labels: Collection[str] | None = None, axes: object = None) -> None:
        self._labels = labels
        self._given = axes
        self.messages: list[str] = []
        self.names: set[str] = set()

    def content(self, node: Node) -> Content:
        """Return what a node holds.

        Raises
        ------
        SourceError
            If that is no image and no group of images.
        """
        readable(node)
        if node.key == "plate":
            return self._plate(node)
        if node.key == "bioformats2raw.layout":
            return self._collection(node)
        if node.key == "scene":
            return self._scene(node)
        if node.image is not None:
            return self._image(node, with_ome_xml=True)
        what = f"of the type {node.key!r}" if node.key else "a zarr group without OME metadata"
        below = ", ".join(list(node.children)[:5])
        inner = f"; give one of those below it: {below}" if below else ""
        notices = "".join(f". {notice}" for notice in node.notices)
        raise SourceError(f"{node.location} is {what}, not an image, plate or collection of images{inner}{notices}")

    def _image(self, node: Node, *, with_ome_xml: bool = False, acquisition: int | None = None) -> ImageContent:
        levels = self._levels(node)
        axes = node.axes
        scale, translation = said_geometry(levels[0], axes)
        self._say_notices(node)
        groups = {"": metadata_of(node)}
        labels = self._labels_of(node, axes, groups)
        if self._given is not None:
            given = renamed_axes(axes, self._given, levels[0].pixels.shape, str(node.location))
            labels = {
                name: evolve(label, axes=given) if label.axes == axes else label for name, label in labels.items()
            }
            axes = given
        ome_xml = node.hierarchy.read(OME_XML) if with_ome_xml else None
        self._say_what_else(node, {"labels", *((OME,) if ome_xml is not None else ())})
        multiscale = node.multiscale
        return ImageContent(
            pixels=levels[0].pixels,
            axes=axes,
            name=multiscale.name if multiscale is not None and isinstance(multiscale.name, str) else node.location.name,
            scale=scale,
            translation=translation,
            channels=self._channels(node, levels[0].pixels.shape),
            labels=labels,
            ome_xml=ome_xml,
            acquisition=acquisition,
            levels=levels,
            groups=groups,
        )

    def _levels(self, node: Node) -> tuple[LevelContent, ...]:
        """Return the levels that can be read and belong together, at least one."""
        image = node.image
        if image is not None and len(image.multiscales) > 1:
            others = ", ".join(str(item.name or index) for index, item in enumerate(image.multiscales[1:], 1))
            self.messages.append(
                f"{node.location} holds {len(image.multiscales)} images in one group; only the first is carried over, "
                f"left out: {others}"
            )
        found: list[LevelContent] = []
        faults = []
        for level in node.levels:
            try:
                content = level_content(node, level)
            except OMEZarrError as error:
                faults.append(f"the level {level.path!r} of {node.location} cannot be read: {error}")
                continue
            if found and content.pixels.dtype != found[0].pixels.dtype:
                faults.append(f"the level {level.path!r} of {node.location} has another dtype than those before it")
                continue
            found.append(content)
        if not found:
            raise SourceError(faults[0] if faults else f"{node.location} has no resolution level")
        self.messages += [f"{fault}; left out" for fault in faults]
        return tuple(found)

    def _channels(self, node: Node, shape: tuple[int, ...]) -> tuple[Channel, ...] | None:
        from omezarr.writing.channels import channel_axis_of

        position = channel_axis_of(node.axes)
        count = 1 if position is None else shape[position]
        if node.channels and len(node.channels) != count:
            self.messages.append(f"{node.location} describes {len(node.channels)} channels but has {count}; left out")
            return None
        return node.channels or None

    def _labels_of(
        self, node: Node, axes: tuple[Axis, ...], groups: dict[str, GroupMetadata]
    ) -> dict[str, LabelContent]:
        """Return the label images of an image, and enter what their group says."""
        try:
            images = node.labels
            self.names.update(images)
            wanted = [name for name in images if self._labels is None or name in self._labels]
            if images and not wanted:
                return {}
            group = node.children.get("labels")
            if group is not None:
                readable(group)
                groups["labels"] = metadata_of(group)
                self._say_notices(group)
        except OMEZarrError as error:
            self.messages.append(f"the labels of {node.location} cannot be read: {error}; left out")
            return {}
        found = {}
        for name in wanted:
            content = self._tried(partial(self._label, images, name, axes), f"the label image {name!r}", node)
            if content is not None:
                found[name] = content
        if group is not None and images is not node.children:
            self._say_between(group, wanted)
            self._say_what_else(group, {name.partition("/")[0] for name in images})
        return found

    def _say_between(self, group: Node, names: Iterable[str]) -> None:
        """Name attributes of groups between that of all labels and nested label images, which may have none."""
        for path in dict.fromkeys(name.rpartition("/")[0] for name in names if "/" in name):
            between = group.hierarchy.node(f"{group.path}/{path}".strip("/"))
            if between is not None and between.attributes:
                keys = ", ".join(between.attributes)
                self.messages.append(f"{group.location.below(path)} has attributes that are not carried over: {keys}")

    def _label(self, images: Mapping[str, Node], name: str, axes: tuple[Axis, ...]) -> LabelContent:
        """Return a label image as integers: with the axes of its image where its own are among them."""
        from omezarr.arrays.integers import as_integers
        from omezarr.writing.fitting import in_axes

        node = readable(images[name])
        levels = self._levels(node)
        pixels = as_integers(levels[0].pixels)
        if pixels is not levels[0].pixels:
            if len(levels) > 1 and pixels.dtype.kind != "b":
                self.messages.append(
                    f"the label image {node.location} becomes {pixels.dtype}; its levels are made anew"
                )
            else:
                self.messages.append(f"the label image {node.location} becomes {pixels.dtype}")
            levels = (evolve(levels[0], pixels=pixels),)
        self._say_what_else(node, set())
        self._say_notices(node)
        scale, translation = said_geometry(levels[0], node.axes)
        facet = node.facets.get("image-label")
        label = LabelContent(
            pixels=pixels,
            metadata=facet if isinstance(facet, ImageLabel) else None,
            axes=node.axes,
            scale=scale,
            translation=translation,
            levels=levels,
            groups={"": metadata_of(node)},
        )
        own, wanted = [axis.name for axis in node.axes], [axis.name for axis in axes]
        return in_axes(label, node.axes, axes) if own == [name for name in wanted if name in own] else label

    def _plate(self, node: Node) -> PlateContent:
        plate = node.value
        self._say_notices(node)
        rows, columns = [row.name for row in plate.rows], [column.name for column in plate.columns]
        groups = {"": metadata_of(node)}
        wells: dict[str, dict[str, ImageContent]] = {}
        for path, well in self._present(node).items():
            value = self._tried(partial(getattr, well, "value"), f"the well {path!r}", node)
            if not isinstance(value, Well):
                self.messages.append(f"{well.location} has no metadata of a well that can be read; left out")
                continue
            name = self._well_name(node, path, rows, columns)
            fields = {} if name is None else self._fields(well)
            if name is None or not fields:
                self.messages.append(f"the well {path!r} of {node.location} has no field that can be read; left out")
                continue
            wells[name] = fields
            groups[name] = metadata_of(well)
        if not wells:
            raise SourceError(f"{node.location} has no well with an image that can be read")
        ome_xml = node.hierarchy.read(OME_XML)
        for path in dict.fromkeys([*(name.partition("/")[0] for name in wells), *((OME,) if ome_xml else ())]):
            self._enter_group(node, path, groups)
        known = {*rows, *(well.partition("/")[0] for well in node.children), *((OME,) if ome_xml else ())}
        self._say_what_else(node, known)
        return PlateContent(
            rows=tuple(rows),
            columns=tuple(columns),
            wells=wells,
            name=plate.name if isinstance(plate.name, str) else None,
            acquisitions=plate.acquisitions or (),
            ome_xml=ome_xml,
            groups=groups,
        )

    def _well_name(self, node: Node, path: str, rows: list[str], columns: list[str]) -> str | None:
        """Return the row and column of a well; those that the plate does not name are added to it."""
        row, _, column = path.partition("/")
        if not row or not column or "/" in column:
            return None
        if row not in rows and column in rows and row in columns:
            self.messages.append(
                f"{node.location} names the column of the well {path!r} first; it becomes {column}/{row}"
            )
            return f"{column}/{row}"
        for name, names, word in ((row, rows, "row"), (column, columns, "column")):
            if name not in names:
                self.messages.append(f"{node.location} has no {word} {name!r}, but a well in it; the {word} is added")
                names.append(name)
        return path

    def _fields(self, well: Node) -> dict[str, ImageContent]:
        acquisitions = {image.path: image.acquisition for image in well.value.images}
        self._say_notices(well)
        fields = {}
        for name, field in self._present(well).items():
            made = self._tried(
                partial(self._image, field, acquisition=integer(acquisitions.get(name))),
                f"the field {name!r}",
                well,
            )
            if made is not None:
                fields[name] = made
        self._say_what_else(well, set(well.children))
        return fields

    def _collection(self, node: Node) -> CollectionContent:
        ome_xml = node.hierarchy.read(OME_XML)
        groups = {"": metadata_of(node)}
        self._enter_group(node, OME, groups)
        content = CollectionContent(images=self._images(node), ome_xml=ome_xml, groups=groups)
        self._say_what_else(node, {*node.children, OME})
        return content

    def _scene(self, node: Node) -> SceneContent:
        scene = node.value
        assert isinstance(scene, Scene)
        self._say_what_else(node, set(node.children))
        return SceneContent(
            images=self._images(node),
            coordinate_transformations=scene.coordinate_transformations,
            coordinate_systems=scene.coordinate_systems or (),
            groups={"": metadata_of(node)},
        )

    def _images(self, node: Node) -> dict[str, ImageContent]:
        images = {}
        for name, child in self._present(node).items():
            made = self._tried(partial(self._image, child), f"the image {name!r}", node)
            if made is not None:
                images[name] = made
        return images

    def _present(self, parent: Node) -> dict[str, Node]:
        """Open the children that are there; a missing or malformed one does not keep its siblings away."""
        children = parent.children
        children.prefetch()
        found = {}
        for name in children:
            child = self._tried(partial(_child, children, name), repr(name), parent)
            if child is not None:
                found[name] = child
        return found

    def _tried(self, make: Callable[[], T], what: str, parent: Node) -> T | None:
        """Return what a call makes; None, with a message, where a part of the hierarchy is broken."""
        try:
            return make()
        except LocationNotFoundError:
            self.messages.append(f"{parent.location} names {what}, which is not there; left out")
        except OMEZarrError as error:
            self.messages.append(f"{parent.location} names {what}, which cannot be read: {error}; left out")
        return None

    def _enter_group(self, node: Node, path: str, groups: dict[str, GroupMetadata]) -> None:
        """Enter what a group that has no content of its own says."""
        try:
            groups[path] = metadata_of(node.child(path))
        except OMEZarrError:
            return  # such a group need not be there

    def _say_notices(self, node: Node) -> None:
        """Name what is off the specification but was understood."""
        self.messages += [f"{node.location}: {notice}" for notice in node.notices]

    def _say_what_else(self, node: Node, known: Collection[str]) -> None:
        """Name what lies in a group besides its documents and what is carried over, where that can be listed."""
        levels = {level.path.partition("/")[0] for level in node.levels}
        image = node.image
        for multiscale in image.multiscales if image is not None else ():
            levels |= {dataset.path.strip("/").partition("/")[0] for dataset in multiscale.datasets}
        others = [
            name
            for name in node.hierarchy.names(node.path) or ()
            if name not in known and name not in levels and not name.startswith(".") and name not in _OWN_FILES
        ]
        if others:
            self.messages.append(f"{node.location} holds more, which is not carried over: {', '.join(others)}")


_OWN_FILES = ("zarr.json", "__MACOSX")
"""Files beside the groups and arrays that are no content; those that begin with a dot are not either."""


def _child(children: Mapping[str, Node], name: str) -> Node:
    return readable(children[name])
