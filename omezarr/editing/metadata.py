"""Editing what an image, a plate or everything below it says of itself: names, places, channels, colours of labels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from attrs import evolve, fields_dict

from omezarr.checking.repair import Repair, carry_out
from omezarr.editing.interrupted import complete_interrupted, is_interrupted, noted
from omezarr.editing.label_images import is_label, label_images
from omezarr.editing.operation import plan_edit
from omezarr.editing.placing import Move, following, moves_of, placed
from omezarr.editing.plates import arranged, with_objects
from omezarr.editing.rendering_settings import described, recolored, shown
from omezarr.editing.request import MetadataEdit
from omezarr.errors import ArgumentError, OMEZarrWarning
from omezarr.location import Location
from omezarr.model import GroupMetadata, Image, ImageLabel, Omero, Plate
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.asking import calling
from omezarr.plugins.registry import registry_in_use
from omezarr.writing.attributes import refuse_losses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import JSON
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry


def edit(
    target: LocationLike,
    *,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **changes: Any,
) -> Node:
    """Change what an OME-Zarr says of itself, in place and without touching pixels, and open it.

    Of a plate, a well or a collection, what is said of images is changed in all images below it.

    Parameters
    ----------
    target : str, path, Location, zarr store or zarr group
        An image, a label image, a plate, a well or a collection.
    storage_options, registry
        As for `omezarr.open`.
    **changes
        The fields of `omezarr.editing.MetadataEdit`.

    Raises
    ------
    ArgumentError
        If something is not there that is to be changed, or the result would not be valid; nothing has been written.
    LossyError
        If the NGFF version has no place for it.
    UnsupportedError, AccessDeniedError
        If the place cannot be changed.
    WriteError
        If it failed midway; run it again to complete it.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> _ = omezarr.write_image("memory://edited.ome.zarr", np.zeros((64, 64), "uint8"), axes="yx", levels=2)
    >>> node = omezarr.edit("memory://edited.ome.zarr", scale=0.5, units="micrometer", channels=["DAPI"])
    >>> node.levels[1].scale, node.channels[0].label
    ((1.0, 1.0), 'DAPI')
    """
    registry = registry or registry_in_use()
    complete_interrupted(Location.parse(target, storage_options), registry)
    carry_out(plan_metadata_edit(target, storage_options=storage_options, registry=registry, **changes), registry)
    return open_node(target, storage_options=storage_options, registry=registry)


def plan_metadata_edit(
    target: LocationLike,
    *,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **changes: Any,
) -> Repair:
    """Return what `edit` would change, without writing anything; the parameters are the same."""
    known = fields_dict(MetadataEdit)
    unknown = next((name for name in changes if name not in known), None)
    if unknown is not None:
        raise ArgumentError(f"{unknown!r} cannot be edited; known: {', '.join(known)}")
    wanted = MetadataEdit(**changes)
    root = open_node(target, storage_options=storage_options, registry=registry)
    arrangement = arranged(root, wanted.remove, wanted.rename)
    edited = _edited(root, wanted)
    for path, facet in arrangement.facets().items():
        node = root.child(path) if path else root
        now = edited.get(path, node.metadata)
        (key,) = (key for key, old in now.facets.items() if isinstance(old, type(facet)))
        plate = now.facets[key]
        new = evolve(plate, **arrangement.of_plate) if isinstance(plate, Plate) else facet
        edited[path] = evolve(now, facets={**now.facets, key: new})
    documents = {path: _values(root.child(path) if path else root, new) for path, new in edited.items()}
    gone: list[str] = []
    for node in _images(root) if wanted.remove_labels else ():
        holder, document = _without_labels(node, wanted.remove_labels)
        documents[holder.path] = document
        gone += [f"{holder.path}/{name}" for name in wanted.remove_labels]
    if is_interrupted(root.location, root.registry):
        warnings.warn(
            OMEZarrWarning(f"an edit of {root.location} was interrupted; it is completed before another one"),
            stacklevel=2,
        )
    repair = plan_edit(root, documents, "edit")
    if wanted.places:
        repair = noted(root.location, repair)
    gone += arrangement.gone
    return with_objects(root, repair, gone, arrangement.moved) if gone else repair


def _edited(root: Node, wanted: MetadataEdit) -> dict[str, GroupMetadata]:
    """Return the metadata of each group that is said to be different, by its path."""
    found: dict[str, GroupMetadata] = {}
    for node in _images(root) if wanted.of_images else ():
        found[node.path], moves = _edited_image(node, wanted)
        for item in label_images(node) if moves and not is_label(node) else ():
            found[item.node.path], _ = _edited_image(item.node, following(item.node, node, moves, wanted))
    if wanted.name is not None or wanted.acquisitions is not None:
        found[root.path] = _edited_root(root, found.get(root.path, root.metadata), wanted)
    if wanted.label_colors or wanted.label_properties:
        labels = list(label_images(root))
        if not labels:
            raise ArgumentError(f"{root.location} has no labels whose colours and properties could be changed")
        for item in labels:
            known = found.get(item.node.path, item.node.metadata)
            value = known.facets.get("image-label")
            new = recolored(value if isinstance(value, ImageLabel) else ImageLabel(), wanted.label_colors or {})
            new = described(new, wanted.label_properties or {})
            found[item.node.path] = evolve(known, facets={**known.facets, "image-label": new})
    return found


def _images(node: Node) -> Iterator[Node]:
    """Yield the images of a node: itself, or all below it; label images only where they were opened themselves."""
    if node.multiscale is not None:
        yield node
        return
    below = [child for path, child in node.children.items() if path != "labels"]
    if not below:
        raise ArgumentError(f"{node.location} holds no image")
    for child in below:
        yield from _images(child)


def _values(node: Node, metadata: GroupMetadata) -> dict[str, JSON]:
    """Return the document of a group with other facets; what the facets do not cover stays as it is."""
    version = node.format
    if version is None:
        raise ArgumentError(f"{node.location} is a plain zarr group without OME metadata")
    refuse_losses(metadata, version, node.registry, str(node.location))
    values = dict(node.document.values)
    converter = node.registry.converter(version)
    for node_type in node.node_types:
        if node_type.key in metadata.facets:
            with calling(node.registry.node_types, node_type.key, "unstructure"):
                values.update(node_type.unstructure(metadata.facets[node_type.key], converter))
    return values


def _edited_image(node: Node, wanted: MetadataEdit) -> tuple[GroupMetadata, dict[str, Move]]:
    """Return the metadata of an image, and how its axes were moved; empty where they were not."""
    key, image = next((key, facet) for key, facet in node.facets.items() if isinstance(facet, Image))
    multiscale, moves = image.multiscales[0], {}
    if wanted.places:
        multiscale = placed(node, multiscale, wanted)
        moves = moves_of(node, multiscale)
    omero = shown(node, image.omero or Omero(), wanted) if wanted.shows else image.omero
    new = evolve(image, multiscales=(multiscale, *image.multiscales[1:]), omero=omero)
    return evolve(node.metadata, facets={**node.facets, key: new}), moves


def _edited_root(root: Node, metadata: GroupMetadata, wanted: MetadataEdit) -> GroupMetadata:
    """Return the metadata of what was opened, with another name or other names of its acquisitions."""
    for key, facet in metadata.facets.items():
        if isinstance(facet, Image) and wanted.acquisitions is None:
            named = evolve(facet.multiscales[0], name=wanted.name)
            omero = evolve(facet.omero, name=wanted.name) if facet.omero and facet.omero.name else facet.omero
            new: Any = evolve(facet, multiscales=(named, *facet.multiscales[1:]), omero=omero)
            return evolve(metadata, facets={**metadata.facets, key: new})
        if isinstance(facet, Plate):
            new = facet if wanted.name is None else evolve(facet, name=wanted.name)
            new = evolve(new, acquisitions=_acquisitions(root, facet, wanted.acquisitions or {}))
            return evolve(metadata, facets={**metadata.facets, key: new})
    what = "acquisitions" if wanted.acquisitions is not None else "name"
    raise ArgumentError(f"{root.location} is a {root.key}, which has no {what}")


def _acquisitions(root: Node, plate: Plate, names: Mapping[int, str]) -> Any:
    there = [item.id for item in plate.acquisitions or ()]
    unknown = [key for key in names if key not in there]
    if unknown:
        raise ArgumentError(
            f"{root.location} has no acquisition {unknown[0]}; it has: {', '.join(map(str, there)) or 'none'}"
        )
    return (
        tuple(
            evolve(item, name=names[item.id]) if isinstance(item.id, int) and item.id in names else item
            for item in plate.acquisitions or ()
        )
        or plate.acquisitions
    )


def _without_labels(image: Node, names: Collection[str]) -> tuple[Node, dict[str, JSON]]:
    """Return the group of an image's labels, and its document without some of them."""
    there = image.labels
    missing = [name for name in names if name not in there]
    if missing:
        raise ArgumentError(f"{image.location} has no labels {missing[0]!r}; it has: {', '.join(there) or 'none'}")
    holder = image.children["labels"]
    listed = holder.document.values.get("labels")
    left: list[JSON] = [name for name in listed if name not in names] if isinstance(listed, list) else []
    return holder, {**holder.document.values, "labels": left}
