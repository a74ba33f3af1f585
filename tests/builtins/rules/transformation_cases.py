"""Cases of coordinate systems and transformations of 0.6, in images and scenes."""

from __future__ import annotations

from tests.builtins.rules.case import BOTH, IMAGE, Case, c, step
from tests.builtins.rules.edits import add, double, drop, put, rearrange

SYSTEMS: list[Case] = [
    c(IMAGE, "coordinateSystems.present", drop("{systems}"), drop("{steps}")),
    c(IMAGE, "coordinateSystems.nonempty", put("{systems}", []), drop("{steps}"), also=("levels.output.known",)),
    c(BOTH, "coordinateSystems.form", put("{systems}", {}), since="0.6"),
    c(BOTH, "coordinateSystems.entries.form", add("{systems}", "physical")),
    c(BOTH, "coordinateSystems.name.present", add("{systems}", {"axes": []}), also=("axes.space.count", "axes.count")),
    c(BOTH, "coordinateSystems.name.form", double("{systems}", name=1)),
    c(BOTH, "coordinateSystems.names.unique", double("{systems}")),
    c(BOTH, "coordinateSystems.axes.present", double("{systems}", axes=..., name="other")),
    c(BOTH, "coordinateSystems.axes.form", double("{systems}", axes={}, name="other")),
    c(IMAGE, "coordinateSystems.connected", double("{systems}", name="lonely")),
    c(IMAGE, "image.transformations.form", put("{steps}", {}), drop("{systems}/1")),
    c(IMAGE, "image.transformations.nonempty", put("{steps}", []), drop("{systems}/1"), since="0.6"),
    c(IMAGE, "image.transformations.known", put(step("identity", "output/name"), "nowhere")),
    c(IMAGE, "image.transformations.intrinsic", put(step("identity", "input/name"), "world")),
    c(
        IMAGE,
        "image.transformations.labels",
        put(step("mapAxis", "output"), {"name": "physical", "path": "labels/cells"}),
    ),
]

LEVELS: list[Case] = [
    c(IMAGE, "transformations.count", double("{levels}/0/coordinateTransformations", name="again")),
    c(IMAGE, "levels.transformation.form", put("{levels}/0/coordinateTransformations/0", "identity")),
    c(
        IMAGE,
        "levels.transformation.type",
        put("{levels}/0/coordinateTransformations/0/type", "translation"),
        put("{levels}/0/coordinateTransformations/0/translation", [0] * 5),
    ),
    c(IMAGE, "levels.sequence.members", drop("{levels}/2/coordinateTransformations/0/transformations/1")),
    c(IMAGE, "levels.sequence.order", rearrange("{levels}/2/coordinateTransformations/0/transformations", 1, 0)),
    c(IMAGE, "levels.input.present", drop("{levels}/1/coordinateTransformations/0/input")),
    c(IMAGE, "levels.input.form", put("{levels}/1/coordinateTransformations/0/input", "1")),
    c(IMAGE, "levels.input.path", drop("{levels}/1/coordinateTransformations/0/input/path")),
    c(IMAGE, "levels.input.path.value", put("{levels}/1/coordinateTransformations/0/input/path", "0")),
    c(IMAGE, "levels.input.name.absent", put("{levels}/1/coordinateTransformations/0/input/name", "array")),
    c(
        IMAGE,
        "levels.input.name.form",
        put("{levels}/1/coordinateTransformations/0/input/name", None),
        also=("levels.input.name.absent",),
    ),
    c(IMAGE, "levels.output.present", drop("{levels}/1/coordinateTransformations/0/output")),
    c(IMAGE, "levels.output.form", put("{levels}/1/coordinateTransformations/0/output", "physical")),
    c(IMAGE, "levels.output.name", drop("{levels}/1/coordinateTransformations/0/output/name")),
    c(IMAGE, "levels.output.name.form", put("{levels}/1/coordinateTransformations/0/output/name", None)),
    c(IMAGE, "levels.output.path.absent", put("{levels}/1/coordinateTransformations/0/output/path", "0")),
    c(
        IMAGE,
        "levels.output.path.form",
        put("{levels}/1/coordinateTransformations/0/output/path", None),
        also=("levels.output.path.absent",),
    ),
    c(
        IMAGE,
        "levels.output.known",
        *(put(f"{{levels}}/{level}/coordinateTransformations/0/output/name", "nowhere") for level in range(3)),
        drop("{steps}"),
        drop("{systems}/1"),
    ),
    c(IMAGE, "levels.output.same", put("{levels}/1/coordinateTransformations/0/output/name", "world")),
]

TRANSFORMATIONS: list[Case] = [
    c(BOTH, "transformations.entries.form", add("{steps}", "identity"), since="0.6"),
    c(BOTH, "transformations.type.present", drop(step("identity", "type")), since="0.6"),
    c(BOTH, "transformations.type.value", put(step("identity", "type"), "warp"), since="0.6"),
    c(BOTH, "transformations.name.form", put(step("identity", "name"), 1)),
    c(BOTH, "transformations.names.unique", put(step("identity", "name"), "scale")),
    c(BOTH, "transformations.ends.present", drop(step("identity", "input"))),
    c(BOTH, "transformations.ends.form", put(step("identity", "input"), "physical")),
    c(BOTH, "transformations.ends.name", drop(step("identity", "input/name"))),
    c(BOTH, "transformations.ends.path", put(step("identity", "input/path"), 1)),
    c(BOTH, "transformations.dimensions", put(step("translation", "translation"), [1, 2])),
    c(BOTH, "transformations.mapAxis.form", put(step("mapAxis", "mapAxis"), [0, 1, 2, 3, 3])),
    c(
        BOTH,
        "transformations.mapAxis.permutation",
        put(step("mapAxis", "mapAxis"), [0, 1, 2, 4]),
        also=("transformations.dimensions",),
    ),
    c(
        BOTH,
        "transformations.projectAxis.form",
        drop(step("projectAxis", "droppedInputs")),
        drop(step("projectAxis", "createdOutputs")),
    ),
    c(
        IMAGE,
        "transformations.projectAxis.range",
        add("{systems}", {"name": "plane", "axes": [{"name": n, "type": "space", "unit": "meter"} for n in "yx"]}),
        put(
            step("projectAxis"),
            {
                "type": "projectAxis",
                "droppedInputs": [0, 1, 2],
                "input": {"name": "physical"},
                "output": {"name": "plane"},
            },
        ),
        add(
            "{steps}",
            {
                "type": "projectAxis",
                "droppedInputs": [2, 3, 4],
                "createdOutputs": [0, 4, 1],
                "input": {"name": "plane"},
                "output": {"name": "physical"},
            },
        ),
        also=("transformations.projectAxis.dimensions",),
    ),
    c(
        "scene",
        "transformations.projectAxis.range",
        add("{systems}", {"name": "plane", "axes": [{"name": n, "type": "space", "unit": "meter"} for n in "yx"]}),
        add(
            "{steps}",
            {
                "type": "projectAxis",
                "droppedInputs": [2],
                "createdOutputs": [0],
                "input": {"name": "plane"},
                "output": {"path": "image", "name": "physical"},
            },
        ),
    ),
    c(IMAGE, "transformations.projectAxis.dimensions", put(step("projectAxis", "createdOutputs"), [0, 1])),
    c(
        "scene",
        "transformations.projectAxis.dimensions",
        add("{systems}", {"name": "plane", "axes": [{"name": n, "type": "space", "unit": "meter"} for n in "yx"]}),
        add(
            "{steps}",
            {"type": "projectAxis", "droppedInputs": [0], "input": {"name": "common"}, "output": {"name": "plane"}},
        ),
    ),
    c(BOTH, "transformations.scale.form", put(step("scale", "scale"), [1, 1, 1, 1, "1"]), since="0.6"),
    c(BOTH, "transformations.scale.positive", put(step("scale", "scale"), [1, 1, 1, 1, 0])),
    c(BOTH, "transformations.translation.form", drop(step("translation", "translation")), since="0.6"),
    c(BOTH, "transformations.affine.form", put(step("affine", "path"), "coordinateTransformations/affine")),
    c(BOTH, "transformations.affine.rows", put(step("affine", "affine/4"), [0, 0, 0, 0, 1])),
    c(
        BOTH,
        "transformations.rotation.form",
        put(step("rotation", "rotation"), [[1]]),
        also=("transformations.dimensions",),
    ),
    c(BOTH, "transformations.rotation.orthonormal", put(step("rotation", "rotation/0/0"), -1.0)),
    c(BOTH, "transformations.sequence.form", drop(step("sequence", "transformations"))),
    c(BOTH, "transformations.sequence.nonempty", put(step("sequence", "transformations"), [])),
    c(BOTH, "transformations.bijection.form", drop(step("bijection", "inverse"))),
    c(BOTH, "transformations.byDimension.form", drop(step("byDimension", "transformations"))),
    c(BOTH, "transformations.byDimension.items", drop(step("byDimension", "transformations/1/inputAxes"))),
    c(BOTH, "transformations.byDimension.axes.form", put(step("byDimension", "transformations/0/inputAxes"), [0.5])),
    c(BOTH, "transformations.byDimension.axes.range", put(step("byDimension", "transformations/0/inputAxes"), [-1])),
    c(BOTH, "transformations.byDimension.outputs.unique", double(step("byDimension", "transformations"))),
    c(BOTH, "transformations.byDimension.outputs.complete", drop(step("byDimension", "transformations/0"))),
    c(
        BOTH,
        "transformations.byDimension.nested.complete",
        drop(step("sequence", "transformations/1/transformations/0")),
    ),
    c(BOTH, "transformations.field.path", drop(step("field", "transformations/1/transformation/path"))),
    c(
        BOTH,
        "transformations.interpolation.value",
        put(step("field", "transformations/1/transformation/interpolation"), "spline"),
    ),
    c(
        BOTH,
        "transformations.interpolation.spline",
        put(step("field", "transformations/1/transformation/interpolation"), "bspline-cubic"),
    ),
]

SCENES: list[Case] = [
    c("scene", "scene.form", put("scene", [])),
    c("scene", "scene.transformations.present", drop("{steps}"), drop("{systems}")),
    c("scene", "scene.transformations.form", put("{steps}", {})),
    c("scene", "scene.transformations.nonempty", put("{steps}", [])),
    c("scene", "scene.ends.keys", put(step("identity", "input/note"), 1)),
    c("scene", "scene.ends.path.relative", put(step("identity", "input/path"), "../image")),
    c("scene", "scene.ends.path.null", put(step("scale", "output/path"), None)),
    c("scene", "scene.ends.known", put(step("identity", "output/name"), "nowhere")),
    c("scene", "scene.connected", double("{systems}", name="lonely")),
    c("scene", "scene.parameters.place", put(step("stored affine", "path"), "affine")),
]
