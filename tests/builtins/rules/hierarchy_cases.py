"""Cases that the attributes as a whole, or what lies around the document, decide."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.builtins.rules.case import FIELD, FIELD_AXES, IMAGE, LABEL, LAYOUT, Case, c, step
from tests.builtins.rules.documents import AXES, SHAPES
from tests.builtins.rules.edits import add, at, double, drop, lose, place, put, raw, take
from tests.builtins.rules.hierarchies import XML, array

ATTRIBUTES: list[Case] = [
    c("", "ome.present", put("well", {"images": [{"path": "0"}]}), drop("ome")),
    c("", "ome.form", put("ome", [])),
    c("", "ome.alone", put("well", {})),
    c("", "ome.scene", put("ome/coordinateSystems", []), since="0.6"),
    c("", "ome.version.present", drop("ome/version")),
    c("", "ome.version.form", put("ome/version", 0.5)),
    c("", "ome.version.value", put("ome/version", "0.7")),
    c("", "ome.version.final", put("ome/version", "0.6.dev4")),
    c("labels", "labels.version.present", drop("ome/version")),
]
"""Cases that edit the attributes as a whole: of a well, unless they name another key."""


def _other_format(version: str) -> dict[str, Any]:
    other = array("0.4" if version >= "0.5" else "0.5", SHAPES[2])
    return other if version >= "0.5" else {**other, "dimension_names": None}


WHOLE: list[Case] = [
    c(IMAGE, "arrays.exist", lose("2")),
    c(IMAGE, "arrays.metadata", raw("2", put("shape", "large"))),
    c(IMAGE, "arrays.zarr_format", place("2", _other_format), until="0.1", also=("arrays.separator",)),
    c(IMAGE, "arrays.zarr_format", place("2", _other_format), since="0.2", until="0.4"),
    c(
        IMAGE,
        "arrays.zarr_format",
        place("2", _other_format),
        since="0.5",
        until="0.5",
        also=("arrays.dimension_names.present",),
    ),
    c(IMAGE, "arrays.zarr_format", place("2", _other_format), since="0.6"),
    c("", "hierarchy.versions", raw("cells", put("ome/version", "0.4")), also=("ome.version.value",), root="labels"),
    c(IMAGE, "arrays.dimensions", raw("2", put("shape", [1, 2, 4, 2]))),
    c(IMAGE, "arrays.order", raw("2", put("shape", [1, 2, 5, 2, 2]))),
    c(IMAGE, "arrays.dtype.same", raw("2", put("data_type", "uint8"))),
    c(IMAGE, "arrays.dimension_names.present", raw("2", drop("dimension_names"))),
    c(IMAGE, "arrays.dimension_names", raw("2", put("dimension_names/0", "time"))),
    c(IMAGE, "arrays._ARRAY_DIMENSIONS", raw("", put("_ARRAY_DIMENSIONS", ["x"]))),
    c(IMAGE, "arrays._ARRAY_DIMENSIONS.present", raw("", drop("_ARRAY_DIMENSIONS"))),
    c(IMAGE, "arrays.separator", raw("2", put("dimension_separator", "/")), until="0.1"),
    c(IMAGE, "arrays.separator", raw("2", put("dimension_separator", ".")), since="0.2"),
    c(
        IMAGE,
        "image.transformations.labels.exist",
        at("", put(step("identity", "output"), {"name": "elsewhere", "path": "labels/cells"})),
    ),
    c(IMAGE, "arrays.scale", raw("0", put("shape", [1, 2, 4, 8, 800])), lose("labels")),
    c(IMAGE, "omero.channels.count", at("", double("omero/channels"))),
    c(IMAGE, "labels.group", lose("labels"), place("labels", lambda version: array(version, [1], "uint8", ["x"]))),
    c(IMAGE, "labels.present", at("labels", drop("labels"))),
    *(
        case
        for key in (IMAGE, "scene")
        for case in (
            c(key, "transformations.stored.exist", lose("coordinateTransformations/affine")),
            c(key, "transformations.stored.shape", raw("coordinateTransformations/rotation", put("shape", [5, 6]))),
            c(
                key,
                "transformations.field.axis",
                at(FIELD, put(f"{FIELD_AXES}/0/type", "coordinate")),
            ),
            c(
                key,
                "transformations.field.dimensions",
                at(FIELD, drop(f"{FIELD_AXES}/1")),
                raw(f"{FIELD}/0", put("shape", [3, 4, 4]), put("dimension_names", ["v", "y", "x"])),
            ),
            c(key, "transformations.field.length", raw(f"{FIELD}/0", put("shape", [2, 4, 4, 4]))),
            c(key, "transformations.field.discrete", at(FIELD, drop(f"{FIELD_AXES}/0/discrete"))),
        )
    ),
    c(
        IMAGE,
        "transformations.dimensions.below",
        at(
            "labels/cells",
            add("{systems}", {"name": "plane", "axes": deepcopy(AXES[3:])}),
            put(
                "{steps}",
                [
                    {
                        "type": "projectAxis",
                        "droppedInputs": [0, 1, 2],
                        "input": {"name": "physical"},
                        "output": {"name": "plane"},
                    }
                ],
            ),
        ),
        at("", put(step("identity", "input"), {"path": "labels/cells", "name": "plane"})),
        at("", put(step("identity", "output"), {"name": "physical"})),
    ),
    c(
        "scene",
        "transformations.dimensions.below",
        at(
            "",
            add(
                "{steps}",
                {
                    "type": "scale",
                    "scale": [1, 1],
                    "input": {"path": "image", "name": "physical"},
                    "output": {"path": "image", "name": "physical"},
                },
            ),
        ),
    ),
    c(LABEL, "image-label.present", at("cells", drop("image-label")), root="labels"),
    c("labels", "labels.exist", lose("cells")),
    c("labels", "labels.images", at("cells", drop("multiscales"), drop("image-label"))),
    c("labels", "labels.levels", at("labels/cells", drop("multiscales/0/datasets/2")), root=IMAGE),
    c("labels", "labels.shapes", raw("labels/cells/0", put("shape", [1, 2, 4, 8, 7])), root=IMAGE),
    c("labels", "labels.intermediate", raw("more", put("note", "nuclei"))),
    c("labels", "labels.listed", at("", drop("labels/0"))),
    c(LABEL, "image-label.dtype", *(raw(str(level), put("data_type", "float32")) for level in range(3)), since="0.5"),
    c(LABEL, "image-label.dtype", *(raw(str(level), put("dtype", "|b1")) for level in range(3)), until="0.4"),
    c(LABEL, "image-label.source.exists", at("labels/cells", put("image-label/source/image", "../")), root=IMAGE),
    c("plate", "plate.wells.exist", lose("B/2")),
    c("plate", "plate.wells.metadata", at("B/2", drop("well"))),
    c("plate", "plate.rows.groups", take("B")),
    c("plate", "plate.groups.listed", place("A/2", {})),
    c("plate", "plate.wells.acquisitions.present", at("B/2", drop("well/images/0/acquisition"))),
    c("plate", "plate.wells.acquisitions.known", at("B/2", put("well/images/0/acquisition", 7))),
    c("plate", "plate.field_count.enough", at("", put("plate/field_count", 1))),
    c("well", "well.images.exist", lose("1")),
    c("well", "well.images.metadata", at("1", drop("multiscales"), drop("omero"))),
    c(LAYOUT, "bioformats2raw.images.exist", lose("1")),
    c(LAYOUT, "bioformats2raw.images.metadata", at("1", drop("multiscales"), drop("omero"))),
    c(
        LAYOUT,
        "bioformats2raw.images.numbered",
        lose("OME"),
        place("OME/METADATA.ome.xml", XML),
        lambda tree, _, __: tree.update({"7": tree["1"], **{f"7/{level}": tree[f"1/{level}"] for level in range(3)}}),
    ),
    c(LAYOUT, "bioformats2raw.ome_xml.present", lose("OME/METADATA.ome.xml")),
    c(LAYOUT, "bioformats2raw.ome_xml.form", place("OME/METADATA.ome.xml", b"<OME>")),
    c(
        LAYOUT,
        "bioformats2raw.ome_xml.metadata_only",
        place("OME/METADATA.ome.xml", b"<OME><Image/><Image><Pixels><TiffData/></Pixels></Image></OME>"),
    ),
    c(LAYOUT, "bioformats2raw.ome_xml.images", place("OME/METADATA.ome.xml", b"<OME><Image/></OME>")),
    c(LAYOUT, "bioformats2raw.plate.series", at("", put(LAYOUT, 3)), place("OME/METADATA.ome.xml", XML), root="plate"),
    c("scene", "scene.images.exist", lose("image")),
    c("scene", "scene.images.systems", at("", put(step("identity", "input/name"), "elsewhere"))),
]
"""Cases that what lies around the document decides."""
