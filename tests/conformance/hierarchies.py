"""Small hierarchies on disk, written as plain JSON: nothing of omezarr takes part in making what it is judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def axes(names: str, kind: str | None = None) -> list[dict[str, Any]]:
    """Return axes with the types that their names suggest, or all of one kind."""
    return [{"name": name, "type": kind or TYPES[name]} for name in names]


def system(name: str, names: str = "yx", kind: str | None = None) -> dict[str, Any]:
    """Return a coordinate system."""
    return {"name": name, "axes": axes(names, kind)}


def write_group(path: Path, ome: dict[str, Any] | None = None, version: str = "0.6") -> None:
    """Write a group of zarr format 3."""
    attributes = {} if ome is None else {"ome": {"version": version, **ome}}
    write_json(path / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes})


def write_old_group(path: Path, attributes: dict[str, Any] | None = None) -> None:
    """Write a group of zarr format 2."""
    write_json(path / ".zgroup", {"zarr_format": 2})
    if attributes is not None:
        write_json(path / ".zattrs", attributes)


def write_array(path: Path, values: Any, attributes: dict[str, Any] | None = None) -> None:
    """Write an array of zarr format 3, in one chunk without compression."""
    values = np.asarray(values, dtype="<f8")
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": values.shape,
        "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": values.shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "fill_value": 0.0,
        "attributes": attributes or {},
    }
    write_json(path / "zarr.json", document)
    chunk = path.joinpath("c", *["0"] * values.ndim)
    chunk.parent.mkdir(parents=True, exist_ok=True)
    chunk.write_bytes(values.tobytes())


def write_image(path: Path, scale: tuple[float, ...], version: str = "0.6", **more: Any) -> None:
    """Write an image of 0.6 with two levels, each axis halved, without pixels."""
    names, levels = "zyx"[-len(scale) :], []
    for level in range(2):
        step = {"type": "scale", "scale": [number * 2**level for number in scale]}
        ends = {"input": {"path": str(level)}, "output": {"name": "physical"}}
        levels.append({"path": str(level), "coordinateTransformations": [{**step, **ends}]})
        write_array(path / str(level), np.zeros([8 >> level] * len(scale)))
    systems = [system("physical", names), *more.pop("systems", ())]
    write_group(path, {"multiscales": [{"coordinateSystems": systems, "datasets": levels, **more}]}, version)


def write_field(path: Path, vectors: Any, kind: str, scale: float = 1.0, *, last: bool = False) -> None:
    """Write a field of vectors over y and x as 0.6 keeps it, with the axis of the vectors first or last."""
    vectors = np.asarray(vectors)
    vector_axis = {"name": "d", "type": kind, "discrete": True}
    here = [*axes("yx"), vector_axis] if last else [vector_axis, *axes("yx")]
    numbers = [scale, scale, 1] if last else [1, scale, scale]
    step = {"type": "scale", "scale": numbers, "input": {"path": "0"}, "output": {"name": "physical"}}
    image = {
        "coordinateSystems": [{"name": "physical", "axes": here}],
        "datasets": [{"path": "0", "coordinateTransformations": [step]}],
    }
    write_group(path, {"multiscales": [image]})
    write_array(path / "0", np.moveaxis(vectors, 0, -1) if last else vectors)


def write_json(file: Path, document: Any) -> None:
    """Write a document, with the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document), encoding="utf-8")
