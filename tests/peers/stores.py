"""Hierarchies of every format version and node type, written by omezarr for other software to read.

The manifest says what each of them holds, as data that the readers of the peers compare with; see `readers.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

import omezarr
from omezarr.arrays.sources import as_source
from omezarr.model import (
    CoordinateSystem,
    SystemReference,
    Translation,
    conventional_axes,
)
from omezarr.model.content import CollectionContent

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.nodes.node import Node

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
DRAFT = "0.9.dev1"
AXES = "tczyx"
SCALE = (1.0, 1.0, 2.0, 0.5, 0.5)
SHAPE = (2, 2, 3, 65, 66)


def write_stores(folder: Path) -> Path:
    """Write all hierarchies below a folder, and the manifest; return the manifest's path."""
    entries: list[dict[str, Any]] = []
    for version in VERSIONS:
        geometry = {} if version < "0.4" else {"scale": SCALE, "units": "micrometer"}
        _write_image(folder, version, geometry, entries)
        _write_plate(folder, version, geometry, entries)
        if version >= "0.4":
            _write_collection(folder, version, entries)
        if version >= "0.6":
            _write_scene(folder, version, entries)
    _write_image(folder, DRAFT, {"scale": SCALE, "units": "micrometer"}, entries)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(entries, indent=1))
    return manifest


def pixels(seed: int) -> np.ndarray:
    """Return an image of `SHAPE`, another one for each seed."""
    return np.random.default_rng(seed).integers(0, 5000, SHAPE).astype("uint16")


def label_pixels() -> np.ndarray:
    """Return a label image of `SHAPE`."""
    return (pixels(1) // 1000).astype("uint8")


def _write_image(folder: Path, version: str, geometry: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    path = folder / version / "image"
    node = omezarr.write_image(
        path,
        pixels(1),
        axes=AXES,
        channels=["nuclei", "membranes"],
        labels={"cells": label_pixels()},
        format=version,
        levels=2,
        **geometry,
    )
    entries.append({"version": version, "node": "image", "path": str(path), **_facts(folder, node, pixels(1))})
    entries.append({"version": version, "node": "labels", "path": f"{path}/labels", "names": ["cells"]})
    label = node.labels["cells"]
    facts = _facts(folder, label, label_pixels())
    entries.append({"version": version, "node": "image-label", "path": f"{path}/labels/cells", **facts})


def _write_plate(folder: Path, version: str, geometry: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    path = folder / version / "plate"
    wells = {"A/1": {"0": pixels(2)}, "B/2": {"0": pixels(3), "1": pixels(4)}}
    node = omezarr.write_plate(
        path, wells, rows=("A", "B"), columns=("1", "2"), axes=AXES, format=version, levels=2, **geometry
    )
    field = _facts(folder, node.child("A/1/0"), pixels(2))
    entries.append({"version": version, "node": "plate", "path": str(path), "names": list(wells), **field})
    entries.append({"version": version, "node": "well", "path": f"{path}/A/1", "names": ["0"], **field})


def _write_collection(folder: Path, version: str, entries: list[dict[str, Any]]) -> None:
    from omezarr.model.content import ImageContent
    from omezarr.writing.images import write_content
    from omezarr.writing.options import WriteOptions

    path = folder / version / "collection"
    images = {
        str(index): ImageContent(pixels=as_source(pixels(5 + index)), axes=conventional_axes(AXES))
        for index in range(2)
    }
    node = write_content(path, CollectionContent(images=images), WriteOptions(format=version, levels=2))
    facts = _facts(folder, node.child("0"), pixels(5))
    entries.append({"version": version, "node": "bioformats2raw", "path": str(path), "names": ["0", "1"], **facts})


def _write_scene(folder: Path, version: str, entries: list[dict[str, Any]]) -> None:
    path = folder / version / "scene"
    world = CoordinateSystem("world", conventional_axes("yx"))
    steps = tuple(
        Translation(
            translation=(0.0, 100.0 * index),
            input=SystemReference("physical", name),
            output=SystemReference("world"),
        )
        for index, name in enumerate(("left", "right"))
    )
    images = {name: pixels(9)[0, 0, 0] for name in ("left", "right")}
    omezarr.write_scene(path, images, steps, systems=[world], axes="yx", scale=0.5, format=version, levels=2)
    entries.append({"version": version, "node": "scene", "path": str(path), "names": ["left", "right"]})


def _facts(folder: Path, node: Node, full: np.ndarray) -> dict[str, Any]:
    """Return what a reader should find: pixels of each level, axes, and the scale where the version writes it."""
    levels = []
    for level in node.levels:
        values = full if level.index == 0 else level.read()
        name = f"pixels-{len(list(folder.glob('pixels-*')))}.npy"
        np.save(folder / name, values)
        levels.append(str(folder / name))
    facts: dict[str, Any] = {"levels": levels, "axes": [axis.name for axis in node.axes]}
    if (node.version or "") >= "0.4":
        facts["scale"] = list(node.levels[0].scale)
    return facts
