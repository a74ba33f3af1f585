"""Small hierarchies of each kind in each version, with things of others in them, and what must stay of them."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import MemoryStore

import omezarr
from omezarr.arrays import as_source
from omezarr.errors import LocationNotFoundError
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.model import Acquisition, ImageLabel, LabelColor, LabelProperty, conventional_axes
from omezarr.model.content import CollectionContent, ImageContent, LabelContent, PlateContent
from omezarr.writing import WriteOptions
from omezarr.writing.images import write_content

if TYPE_CHECKING:
    from omezarr.nodes.node import Node

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
KINDS = ("image", "plate", "collection", "scene")
PIXELS = np.random.default_rng(5).integers(1, 60000, (1, 2, 1, 7, 6)).astype("uint16")
LABELS = np.random.default_rng(6).integers(1, 9, (1, 1, 1, 7, 6)).astype("int32")
OME_XML = b'<?xml version="1.0"?><OME><Image ID="Image:0"/><Image ID="Image:1"/></OME>'

Objects = dict[str, bytes]


def zarr_format_of(version: str) -> int:
    return 2 if version < "0.5" else 3


def image(version: str, *, labels: bool = True, levels: int = 2) -> ImageContent:
    """Describe an image that the version can express in full."""
    metadata = ImageLabel(
        colors=(LabelColor(1, (255, 0, 0, 255)),), properties=(LabelProperty(1, extra={"kind": "cell"}),)
    )
    if version == "0.1":
        metadata = ImageLabel(colors=metadata.colors)
    named = {"cells": LabelContent(pixels=as_source(LABELS), metadata=metadata)}
    axes = conventional_axes("tczyx")
    return ImageContent(
        pixels=as_source(PIXELS),
        axes=axes,
        name="an image",
        scale=(1.0, 1.0, 2.0, 0.5, 0.5) if version >= "0.4" else None,
        labels=named if labels else {},
    )


@cache
def objects_of(kind: str, version: str, levels: int = 2) -> Objects:
    """Return a hierarchy as its objects by key.

    Parameters
    ----------
    kind : str
        One of `KINDS`; collections exist from 0.4 on, scenes from 0.6 on.
    version : str
    levels : int
    """
    store = MemoryStore()
    options = WriteOptions(format=version, levels=levels, chunks=(1, 1, 1, 4, 4))
    if kind == "plate":
        plate = PlateContent(
            rows=("A", "B"),
            columns=("1", "2"),
            wells={"A/1": {"0": image(version)}, "B/2": {"0": image(version, labels=False)}},
            name="a plate",
            acquisitions=(Acquisition(id=0, name="first", maximum_field_count=1),),
        )
        write_content(Location.parse(store), plate, options)
    elif kind == "collection":
        images = {"0": image(version), "1": image(version, labels=False)}
        write_content(Location.parse(store), CollectionContent(images=images, ome_xml=OME_XML), options)
    elif kind == "scene":
        write_scene(store, version, options)
    else:
        write_content(Location.parse(store), image(version), options)
    add_foreign(store, zarr_format_of(version))
    return objects_in(store)


def write_scene(store: MemoryStore, version: str, options: WriteOptions) -> None:
    names = ("left", "right")
    for name in names:
        write_content(Location.parse(store).below(name), image(version, labels=False), options)
    step = {
        "type": "translation",
        "translation": [0, 0, 0, 0, 3],
        "input": {"path": "left", "name": "physical"},
        "output": {"path": "right", "name": "physical"},
    }
    zarr.create_group(store, attributes={"ome": {"version": version, "scene": {"coordinateTransformations": [step]}}})


def add_foreign(store: MemoryStore, zarr_format: int) -> None:
    """Put a group, an array, attributes and a file of others into a hierarchy."""
    root = zarr.open_group(store, mode="r+", zarr_format=zarr_format)
    root.attrs["mine"] = {"kept": [1, 2.5, "µ"]}
    group = root.create_group("extra/tables", attributes={"made by": "somebody"})
    names = {"dimension_names": ["row", "column"]} if zarr_format == 3 else {}
    array = group.create_array("values", shape=(3, 4), chunks=(2, 2), dtype="float32", **names)
    if zarr_format == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = ["row", "column"]
    array.attrs["unit"] = "mm"
    array[:] = np.arange(12).reshape(3, 4)
    put(store, {"extra/notes.txt": b"read me"})


def objects_in(store: Any) -> Objects:
    """Return all objects of a store."""

    async def read() -> Objects:
        keys = sorted([key async for key in store.list()])
        found = [await store.get(key, default_buffer_prototype()) for key in keys]
        return {key: buffer.to_bytes() for key, buffer in zip(keys, found, strict=True)}

    return run(read())


def store_of(objects: Objects) -> MemoryStore:
    """Return a new store with these objects."""
    store = MemoryStore()
    put(store, objects)
    return store


def put(store: Any, objects: Objects) -> None:
    make = default_buffer_prototype().buffer.from_bytes

    async def write() -> None:
        for key, content in objects.items():
            await store.set(key, make(content))

    run(write())


def document(objects: Objects, key: str) -> Any:
    return json.loads(objects[key])


def groups_of(root: Node) -> dict[str, Node]:
    """Return all groups that metadata leads to, by path."""
    found: dict[str, Node] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        if node.path not in found:
            found[node.path] = node
            for path in node.children:
                try:
                    pending.append(node.children[path])
                except LocationNotFoundError:
                    continue
    return found


def pixels_of(node: Node) -> list[np.ndarray]:
    """Return the pixels of all levels of a group."""
    return [level.read() for level in node.levels]


def opened(objects_or_store: Any) -> Node:
    store = store_of(objects_or_store) if isinstance(objects_or_store, dict) else objects_or_store
    return omezarr.open(store)


@cache
def expected(kind: str, version: str, levels: int = 2) -> dict[str, list[np.ndarray]]:
    """Return the pixels of each group of a hierarchy."""
    return {path: pixels_of(node) for path, node in groups_of(opened(objects_of(kind, version, levels))).items()}


def assert_pixels(store: Any, wanted: dict[str, list[np.ndarray]]) -> None:
    """Assert that each group opens with its pixels, seen from the root and opened by itself."""
    groups = groups_of(omezarr.open(store))
    place = Location.parse(store)
    for path, levels in wanted.items():
        for node in (groups.get(path), omezarr.open(place.below(path)) if path else None):
            if node is not None:
                for found, level in zip(pixels_of(node), levels, strict=True):
                    np.testing.assert_array_equal(found, level)
