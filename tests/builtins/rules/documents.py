"""Complete documents of every version and kind: nothing about them is a problem, nothing that should be is missing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")

AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]

SHAPES = ([1, 2, 4, 8, 8], [1, 2, 4, 4, 4], [1, 2, 4, 2, 2])


def wrapped(version: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return attributes with a document in the place where its version keeps it."""
    return {"ome": {"version": version, **values}} if version >= "0.5" else values


def own_version(version: str) -> dict[str, Any]:
    """Return the version as objects of documents up to 0.4 name it."""
    return {"version": version} if version <= "0.4" else {}


def omero(channels: int = 2) -> dict[str, Any]:
    channel = {
        "color": "FF0000",
        "window": {"min": 0, "max": 255, "start": 0, "end": 200.5},
        "label": "DNA",
        "family": "linear",
        "active": True,
    }
    return {"channels": [deepcopy(channel) for _ in range(channels)]}


def image(version: str) -> dict[str, Any]:
    """Return a document of an image with three levels."""
    entry: dict[str, Any] = {
        **own_version(version),
        "name": "image",
        "type": "mean",
        "metadata": {"method": "mean", "version": "1"},
        "datasets": [{"path": str(level)} for level in range(3)],
    }
    if version == "0.3":
        entry["axes"] = ["t", "c", "z", "y", "x"]
    if version in ("0.4", "0.5"):
        entry["axes"] = deepcopy(AXES)
        for level, dataset in enumerate(entry["datasets"]):
            factor = 2**level
            dataset["coordinateTransformations"] = [
                {"type": "scale", "scale": [1, 1, 1, factor, factor]},
                {"type": "translation", "translation": [0, 0, 0, 0.5, 0.5]},
            ]
        entry["coordinateTransformations"] = [{"type": "scale", "scale": [0.1, 1, 1, 1, 1]}]
    if version >= "0.6":
        entry["coordinateSystems"] = [
            {"name": "physical", "axes": [{**axis, "discrete": False, "longName": "axis"} for axis in deepcopy(AXES)]},
            {"name": "world", "axes": deepcopy(AXES)},
        ]
        for level, dataset in enumerate(entry["datasets"]):
            dataset["coordinateTransformations"] = [
                {**_level_step(level), "input": {"path": str(level)}, "output": {"name": "physical"}, "name": "level"}
            ]
        ends = {"input": {"name": "physical"}, "output": {"name": "world"}}
        entry["coordinateTransformations"] = [{**deepcopy(step), **deepcopy(ends)} for step in steps(5)]
    return {"multiscales": [entry], "omero": omero()}


def _level_step(level: int) -> dict[str, Any]:
    scale = {"type": "scale", "scale": [1, 1, 1, 2**level, 2**level]}
    translation = {"type": "translation", "translation": [0, 0, 0, 0.5, 0.5]}
    return [{"type": "identity"}, scale, {"type": "sequence", "transformations": [scale, translation]}][level]


def steps(axes: int) -> list[dict[str, Any]]:
    """Return transformations of all types, between systems of so many axes, in the order of `STEP`."""
    unit = [[float(row == column) for column in range(axes)] for row in range(axes)]
    affine = [[*row, 0] for row in unit]
    return [
        {"type": "identity", "name": "identity"},
        {"type": "mapAxis", "name": "mapAxis", "mapAxis": list(range(axes))[::-1]},
        {"type": "projectAxis", "name": "projectAxis", "droppedInputs": [0], "createdOutputs": [axes - 1]},
        {"type": "scale", "name": "scale", "scale": [2] * axes},
        {"type": "translation", "name": "translation", "translation": [-1.5] * axes},
        {"type": "affine", "name": "affine", "affine": affine},
        {"type": "rotation", "name": "rotation", "rotation": unit},
        {
            "type": "sequence",
            "name": "sequence",
            "transformations": [
                {"type": "scale", "scale": [2] * axes},
                {"type": "byDimension", "transformations": [_dimension([0]), _dimension(list(range(1, axes)))]},
            ],
        },
        {
            "type": "byDimension",
            "name": "byDimension",
            "transformations": [_dimension([0]), _dimension(list(range(1, axes)))],
        },
        {"type": "bijection", "name": "bijection", "forward": {"type": "identity"}, "inverse": {"type": "identity"}},
        {"type": "byDimension", "name": "field", "transformations": [_dimension([0, 1]), _field([2, 3, 4])]},
        {"type": "affine", "name": "stored affine", "path": "coordinateTransformations/affine"},
        {"type": "rotation", "name": "stored rotation", "path": "coordinateTransformations/rotation"},
    ]


STEP = (
    *("identity", "mapAxis", "projectAxis", "scale", "translation", "affine", "rotation", "sequence"),
    *("byDimension", "bijection", "field", "stored affine", "stored rotation"),
)
"""The names of the transformations of `steps`, in their order."""


def _dimension(axes: list[int]) -> dict[str, Any]:
    return {"inputAxes": axes, "outputAxes": axes, "transformation": {"type": "scale", "scale": [1] * len(axes)}}


def _field(axes: list[int]) -> dict[str, Any]:
    field = {"type": "displacements", "path": "coordinateTransformations/field", "interpolation": "linear"}
    return {"inputAxes": axes, "outputAxes": axes, "transformation": field}


def label(version: str) -> dict[str, Any]:
    """Return a document of a label image."""
    values: dict[str, Any] = {
        **({"version": version} if version <= "0.5" else {}),
        "colors": [{"label-value": 1, "rgba": [255, 0, 0, 128]}, {"label-value": 2}],
        "source": {"image": "../../"},
    }
    if version >= "0.2":
        values["properties"] = [{"label-value": 1, "area": 12.5}, {"label-value": 2}]
    document = image(version)
    del document["omero"]
    if version >= "0.6":
        entry = document["multiscales"][0]
        del entry["coordinateTransformations"], entry["coordinateSystems"][1]
    return {**document, "image-label": values}


def plate(version: str) -> dict[str, Any]:
    """Return a document of a plate with two wells."""
    wells: list[dict[str, Any]] = [{"path": "A/1"}, {"path": "B/2"}]
    if version >= "0.4":
        for index, entry in enumerate(wells):
            entry |= {"rowIndex": index, "columnIndex": index}
    acquisition = {"id": 0, "name": "first", "maximumfieldcount": 2, "description": "d", "starttime": 1, "endtime": 2}
    return {
        "plate": {
            **({"version": version} if version <= "0.5" else {}),
            "name": "plate",
            "field_count": 2,
            "rows": [{"name": "A"}, {"name": "B"}],
            "columns": [{"name": "1"}, {"name": "2"}],
            "wells": wells,
            "acquisitions": [acquisition, {"id": 1, "name": "second", "maximumfieldcount": 1}],
        }
    }


def well(version: str) -> dict[str, Any]:
    """Return a document of a well with two fields."""
    named = {"version": version} if version <= "0.5" else {}
    return {"well": {**named, "images": [{"path": "0", "acquisition": 0}, {"path": "1", "acquisition": 1}]}}


def labels(_: str) -> dict[str, Any]:
    return {"labels": ["cells", "more/nuclei"]}


def collection(_: str) -> dict[str, Any]:
    return {"bioformats2raw.layout": 3}


def series(_: str) -> dict[str, Any]:
    return {"series": ["0", "1"]}


def scene(_: str) -> dict[str, Any]:
    """Return a document of a scene with one image."""
    ends = {"input": {"path": "image", "name": "physical"}, "output": {"name": "common"}}
    return {
        "scene": {
            "coordinateSystems": [{"name": "common", "axes": deepcopy(AXES)}],
            "coordinateTransformations": [{**deepcopy(step), **deepcopy(ends)} for step in steps(5)],
        }
    }


KINDS = {
    "multiscales": image,
    "labels": labels,
    "image-label": label,
    "plate": plate,
    "well": well,
    "bioformats2raw.layout": collection,
    "series": series,
    "scene": scene,
}
"""The document of each NGFF key."""
