"""Whole hierarchies of every version and kind as plain values, and how they are put into a store in memory."""

from __future__ import annotations

import json
from copy import deepcopy
from math import prod
from typing import TYPE_CHECKING, Any

from tests.builtins.rules.documents import (
    AXES,
    SHAPES,
    collection,
    image,
    label,
    labels,
    plate,
    scene,
    series,
    well,
    wrapped,
)

if TYPE_CHECKING:
    from zarr.storage import MemoryStore

XML = b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image/><Image><Pixels><MetadataOnly/></Pixels></Image></OME>'

Tree = dict[str, Any]
"""Path to the attributes of a group, to an array as `array` makes it, or to bytes."""


def array(version: str, shape: list[int], dtype: str = "uint16", names: list[str] | None = None) -> dict[str, Any]:
    """Return the metadata of an array as one chunk without compression."""
    if version >= "0.5":
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(shape),
            "data_type": dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [max(1, size) for size in shape]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "attributes": {},
            "dimension_names": names if names is not None else [axis["name"] for axis in AXES][-len(shape) :],
        }
    short = {"uint16": "<u2", "uint8": "|u1", "float32": "<f4", "bool": "|b1"}[dtype]
    return {
        "zarr_format": 2,
        "shape": list(shape),
        "chunks": [max(1, size) for size in shape],
        "dtype": short,
        "compressor": None,
        "fill_value": 0,
        "order": "C",
        "filters": None,
        "dimension_separator": "." if version == "0.1" else "/",
    }


def levels(version: str, dtype: str = "uint16", below: str = "") -> Tree:
    return {f"{below}{index}": array(version, shape, dtype) for index, shape in enumerate(SHAPES)}


def _below(prefix: str, tree: Tree) -> Tree:
    return {f"{prefix}/{path}".rstrip("/"): node for path, node in tree.items()}


def image_tree(version: str) -> Tree:
    """Return an image with labels, and in 0.6 with stored transformations."""
    attributes = wrapped(version, image(version))
    if version == "0.3":
        attributes["_ARRAY_DIMENSIONS"] = ["t", "c", "z", "y", "x"]
    tree = {"": attributes, **levels(version), **_below("labels", labels_tree(version))}
    if version >= "0.6":
        tree |= parameters(version)
    return tree


def plain_image_tree(version: str) -> Tree:
    """Return an image alone."""
    tree = {"": image_tree(version)[""], **levels(version)}
    if version >= "0.6":
        values = tree[""]["ome"]
        del values["multiscales"][0]["coordinateTransformations"], values["multiscales"][0]["coordinateSystems"][1]
    return tree


def parameters(version: str) -> Tree:
    """Return the stored matrices and the field that the transformations of 0.6 name."""
    field = image(version)["multiscales"][0]
    axes = [{"name": "v", "type": "displacement", "discrete": True}, *deepcopy(AXES[2:])]
    field["coordinateSystems"] = [{"name": "physical", "axes": axes}]
    field["datasets"] = field["datasets"][:1]
    del field["coordinateTransformations"]
    folder = "coordinateTransformations"
    return {
        folder: {},
        f"{folder}/affine": array(version, [5, 6], "float64", ["r", "c"]),
        f"{folder}/rotation": array(version, [5, 5], "float64", ["r", "c"]),
        f"{folder}/field": wrapped(version, {"multiscales": [field]}),
        f"{folder}/field/0": array(version, [3, 4, 4, 4], "float32", ["v", "z", "y", "x"]),
    }


def label_tree(version: str) -> Tree:
    attributes = wrapped(version, label(version))
    if version == "0.3":
        attributes["_ARRAY_DIMENSIONS"] = ["t", "c", "z", "y", "x"]
    attributes.get("ome", attributes)["image-label"]["source"]["image"] = "../../"
    return {"": attributes, **levels(version, "uint8")}


def labels_tree(version: str) -> Tree:
    nested = label_tree(version)
    nested[""].get("ome", nested[""])["image-label"]["source"]["image"] = "../../../"
    return {
        "": wrapped(version, labels(version)),
        **_below("cells", label_tree(version)),
        "more": {},
        **_below("more/nuclei", nested),
    }


def well_tree(version: str) -> Tree:
    fields = {**_below("0", plain_image_tree(version)), **_below("1", plain_image_tree(version))}
    return {"": wrapped(version, well(version)), **fields}


def plate_tree(version: str) -> Tree:
    wells = {**_below("A/1", well_tree(version)), **_below("B/2", well_tree(version))}
    return {"": wrapped(version, plate(version)), "A": {}, "B": {}, **wells}


def collection_tree(version: str) -> Tree:
    """Return two images in the layout of bioformats2raw."""
    images = {**_below("0", plain_image_tree(version)), **_below("1", plain_image_tree(version))}
    own = {"OME": wrapped(version, series(version)), "OME/METADATA.ome.xml": XML}
    return {"": wrapped(version, collection(version)), **own, **images}


def scene_tree(version: str) -> Tree:
    return {"": wrapped(version, scene(version)), **_below("image", plain_image_tree(version)), **parameters(version)}


TREES = {
    "multiscales": image_tree,
    "labels": labels_tree,
    "image-label": label_tree,
    "plate": plate_tree,
    "well": well_tree,
    "bioformats2raw.layout": collection_tree,
    "scene": scene_tree,
}
"""The hierarchy of each NGFF key that has one."""


def chunk_key(version: str, path: str, dimensions: int = 5) -> str:
    """Return where the only chunk of an array is."""
    parts = ["0"] * dimensions
    return (
        f"{path}/c/{'/'.join(parts)}"
        if version >= "0.5"
        else f"{path}/{('.' if version == '0.1' else '/').join(parts)}"
    )


def with_chunks(tree: Tree) -> Tree:
    """Return a hierarchy in which all arrays hold zeros."""
    filled = dict(tree)
    for path, node in tree.items():
        if isinstance(node, dict) and "shape" in node:
            version = "0.5" if "node_type" in node else "0.1" if node["dimension_separator"] == "." else "0.4"
            kind = node.get("data_type") or node["dtype"]
            size = {"uint16": 2, "<u2": 2, "float32": 4, "float64": 8}.get(kind, 1)
            filled[chunk_key(version, path, len(node["shape"]))] = bytes(size * prod(node["shape"]))
    return filled


def stored(tree: Tree) -> MemoryStore:
    """Return a store that holds a hierarchy; the kind of its root decides between the zarr formats."""
    from zarr.core.buffer import cpu
    from zarr.storage import MemoryStore

    objects: dict[str, bytes] = {}
    is_new = "ome" in tree[""]
    for path, node in tree.items():
        prefix = f"{path}/" if path else ""
        if isinstance(node, bytes):
            objects[path] = node
        elif "node_type" in node:
            objects[f"{prefix}zarr.json"] = json.dumps(node).encode()
        elif node.get("zarr_format") == 2 and "shape" in node:
            attributes = node.get("attributes")
            objects[f"{prefix}.zarray"] = json.dumps({k: v for k, v in node.items() if k != "attributes"}).encode()
            if attributes:
                objects[f"{prefix}.zattrs"] = json.dumps(attributes).encode()
        elif is_new:
            document = {"zarr_format": 3, "node_type": "group", "attributes": node}
            objects[f"{prefix}zarr.json"] = json.dumps(document).encode()
        else:
            objects[f"{prefix}.zgroup"] = b'{"zarr_format": 2}'
            objects[f"{prefix}.zattrs"] = json.dumps(node).encode()
    return MemoryStore({key: cpu.Buffer.from_bytes(value) for key, value in objects.items()})
