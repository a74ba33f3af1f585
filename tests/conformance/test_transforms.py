"""Points through transformations of every type, from hierarchies on disk to what the command prints."""

import json

import numpy as np
import pytest

from omezarr.cli import run
from tests.conformance.hierarchies import (
    axes,
    system,
    write_array,
    write_field,
    write_group,
    write_image,
    write_json,
    write_old_group,
)

IMPOSSIBLE = "impossible"
PARAMETERS = "coordinateTransformations"


@pytest.fixture
def transform(tmp_path, capsys):
    """Return a function that maps points of the hierarchy at the temporary path; what is impossible exits with 1."""

    def call(source, target, points):
        code = run(["transform", str(tmp_path), source, target, json.dumps(points), "--json"])
        printed = capsys.readouterr()
        if code == 0:
            return json.loads(printed.out)["coordinates"]
        assert code == 1
        assert printed.out == ""
        assert len([line for line in printed.err.splitlines() if line.startswith("Error: ")]) == 1
        return IMPOSSIBLE

    return call


def write_scene(path, transformation, systems, version="0.6"):
    ends = {"input": {"name": "in"}, "output": {"name": "out"}}
    scene = {"coordinateSystems": systems, "coordinateTransformations": [{**ends, **transformation}]}
    write_group(path, {"scene": scene}, version)


def by_axes(*parts):
    keys = ("inputAxes", "outputAxes", "transformation")
    return {"type": "byDimension", "transformations": [dict(zip(keys, part, strict=True)) for part in parts]}


def scaled(*numbers):
    return {"type": "scale", "scale": numbers}


def moved(*numbers):
    return {"type": "translation", "translation": numbers}


INLINE = {
    "identity": ({"type": "identity"}, "yx", "yx", [1, 2], [1, 2]),
    "scale": (scaled(2, 2.5), "yx", "yx", [1, 2], [2, 5]),
    "translation": (moved(7, -0.5), "yx", "yx", [1, 2], [8, 1.5]),
    "mapAxis": ({"type": "mapAxis", "mapAxis": [2, 0, 1]}, "zyx", "zyx", [1, 2, 3], [3, 1, 2]),
    "affine": ({"type": "affine", "affine": [[2, 1, 3], [0, 4, 5]]}, "yx", "yx", [1, 2], [7, 13]),
    "rotation": ({"type": "rotation", "rotation": [[0, -1], [1, 0]]}, "yx", "yx", [1, 2], [-2, 1]),
    "rotation of three decimals": (
        {"type": "rotation", "rotation": [[0.866, -0.5], [0.5, 0.866]]},
        "yx",
        "yx",
        [1, 2],
        [-0.134, 2.232],
    ),
    "sequence": (
        {"type": "sequence", "transformations": [moved(0.25, 0.5), scaled(4, 3)]},
        "yx",
        "yx",
        [1, 2],
        [5, 7.5],
    ),
    "sequence whose members have ends that are null": (
        {"type": "sequence", "transformations": [{**scaled(2, 3), "input": None, "output": None}, moved(1, 1)]},
        "yx",
        "yx",
        [1, 2],
        [3, 7],
    ),
    "byDimension": (
        by_axes(([2], [0], scaled(2)), ([0, 1], [2, 1], moved(0.5, 1.5))),
        "zyx",
        "zyx",
        [1, 2, 3],
        [6, 3.5, 1.5],
    ),
    "byDimension within a sequence": (
        {"type": "sequence", "transformations": [by_axes(([0], [0], scaled(2)), ([1], [1], moved(-10))), moved(1, 1)]},
        "yx",
        "yx",
        [1, 2],
        [3, -7],
    ),
    "creating an axis": ({"type": "projectAxis", "createdOutputs": [0]}, "yx", "zyx", [1, 2], [0, 1, 2]),
}


@pytest.mark.parametrize("name", INLINE)
def test_points_go_forth_and_back(name, tmp_path, transform):
    transformation, inputs, outputs, point, expected = INLINE[name]
    write_scene(tmp_path, transformation, [system("in", inputs), system("out", outputs)])
    assert transform("in", "out", [point])[0] == pytest.approx(expected)
    assert transform("out", "in", [expected])[0] == pytest.approx(point)


@pytest.mark.parametrize(
    "case",
    [
        ({"type": "affine", "affine": [[0, 0, 2], [1, 3, 0], [5, 1, 4]]}, "yx", "zyx", [1, 2], [2, 7, 11]),
        ({"type": "affine", "affine": [[1, 0, 0, 0], [0, 0, 1, 2]]}, "zyx", "yx", [1, 2, 3], [1, 5]),
        ({"type": "affine", "affine": [[1, 1, 0], [1, 1, 0]]}, "yx", "yx", [1, 2], [3, 3]),
        (scaled(2, 0), "yx", "yx", [1, 2], [2, 0]),
        ({"type": "projectAxis", "droppedInputs": [0]}, "zyx", "yx", [1, 2, 3], [2, 3]),
        (by_axes(([2, 1], [1, 0], moved(0.5, 1.5))), "zyx", "yx", [1, 2, 3], [3.5, 3.5]),
    ],
    ids=["to more axes", "to fewer axes", "singular", "scale of 0", "dropping an axis", "not taking an axis"],
)
def test_what_has_no_inverse_only_goes_forth(case, tmp_path, transform):
    transformation, inputs, outputs, point, expected = case
    write_scene(tmp_path, transformation, [system("in", inputs), system("out", outputs)])
    assert transform("in", "out", [point]) == [expected]
    assert transform("out", "in", [expected]) == IMPOSSIBLE


def test_a_bijection_goes_back_as_it_says(tmp_path, transform):
    bijection = {"type": "bijection", "forward": scaled(2, 2), "inverse": scaled(0.25, 0.25)}
    write_scene(tmp_path, bijection, [system("in"), system("out")])
    assert transform("in", "out", [[1, 2]]) == [[2, 4]]
    assert transform("out", "in", [[1, 2]]) == [[0.25, 0.5]]


@pytest.mark.parametrize(
    ("kind", "matrix", "expected"),
    [("affine", [[2, 1, 3], [0, 4, 5]], [7, 13]), ("rotation", [[0, -1], [1, 0]], [-2, 1])],
)
def test_matrices_are_read_from_arrays(kind, matrix, expected, tmp_path, transform):
    write_scene(tmp_path, {"type": kind, "path": f"{PARAMETERS}/matrix"}, [system("in"), system("out")])
    write_group(tmp_path / PARAMETERS)
    write_array(tmp_path / PARAMETERS / "matrix", matrix)
    assert transform("in", "out", [[1, 2]]) == [expected]
    assert transform("out", "in", [expected])[0] == pytest.approx([1, 2])


def vectors():
    """Return vectors of ten times y, and x plus 100, over 5 x 6 positions."""
    y, x = np.mgrid[0:5, 0:6]
    return np.stack([y * 10, x + 100])


@pytest.mark.parametrize("last", [False, True], ids=["vectors first", "vectors last"])
@pytest.mark.parametrize(
    "case",
    [
        ("displacements", {}, [1, 2.5], [6, 103.75]),
        ("displacements", {"interpolation": "nearest"}, [2.8, 2], [12.8, 103]),
        ("coordinates", {"interpolation": "linear"}, [1, 3], [5, 101.5]),
        ("coordinates", {"interpolation": "nearest"}, [2.8, 5.2], [10, 103]),
    ],
)
def test_fields_are_looked_up_at_their_scale(case, last, tmp_path, transform):
    kind, interpolation, point, expected = case
    field = f"{PARAMETERS}/field"
    write_scene(tmp_path, {"type": kind, "path": field, **interpolation}, [system("in"), system("out")])
    write_group(tmp_path / PARAMETERS)
    write_field(tmp_path / field, vectors(), kind.removesuffix("s"), scale=2.0, last=last)
    assert transform("in", "out", [point])[0] == pytest.approx(expected)
    assert transform("out", "in", [point]) == IMPOSSIBLE


class TestDrafts:
    """The syntax of the drafts of 0.6."""

    @pytest.mark.parametrize(
        "case",
        [
            ("0.6.dev3", {"type": "scale", "scale": [2, 3], "input": "in", "output": "out"}, [2, 6]),
            (
                "0.6.dev4",
                {
                    "type": "byDimension",
                    "transformations": [
                        {"input_axes": [1], "output_axes": [1], "transformation": scaled(2)},
                        {"input_axes": [0], "output_axes": [0], "transformation": moved(10)},
                    ],
                },
                [11, 4],
            ),
            (
                "0.6.dev2",
                {
                    "type": "byDimension",
                    "transformations": [
                        {"input_axes": ["x"], "output_axes": ["x"], **scaled(2)},
                        {"input_axes": ["y"], "output_axes": ["y"], **moved(10)},
                    ],
                },
                [11, 4],
            ),
            (
                "0.6.dev1",
                {
                    "type": "byDimension",
                    "transforms": [
                        {"input": ["x"], "output": ["x"], **scaled(2)},
                        {"input": ["y"], "output": ["y"], **moved(10)},
                    ],
                },
                [11, 4],
            ),
            ("0.6.dev1", {"type": "mapAxis", "mapAxis": {"y": "x", "x": "y"}}, [2, 1]),
            ("0.6dev2", {"type": "inverseOf", "transform": scaled(2, 4)}, [0.5, 0.5]),
            ("0.6.dev3", {"type": "inverseOf", "transformation": scaled(2, 4)}, [0.5, 0.5]),
        ],
    )
    def test_old_spellings_of_transformations_are_understood(self, case, tmp_path, transform):
        version, transformation, expected = case
        write_scene(tmp_path, transformation, [system("in"), system("out")], version)
        assert transform("in", "out", [[1, 2]]) == [expected]

    def test_a_scene_without_the_key_scene_refers_to_images_by_their_paths(self, tmp_path, transform):
        steps = [
            {**moved(0, 5), "input": "/left", "output": "world"},
            {**moved(200, 0), "input": "right", "output": "world"},
        ]
        write_group(tmp_path, {"coordinateSystems": [system("world")], "coordinateTransformations": steps}, "0.6.dev2")
        for name in ("left", "right"):
            write_image(tmp_path / name, (2, 3), "0.6.dev2")
        assert transform("left/0", "world", [[1, 1]]) == [[2, 8]]
        assert transform("left", "right", [[1, 1]]) == [[-199, 6]]

    def test_a_field_may_be_an_array_with_systems_of_its_own(self, tmp_path, transform):
        attributes = {
            "ome": {
                "coordinateSystems": [
                    {"name": "field", "axes": [*axes("yx"), {"name": "d", "type": "displacement", "discrete": True}]}
                ],
                "coordinateTransformations": [{**scaled(2, 2, 1), "input": "field", "output": "in"}],
            }
        }
        step = {"type": "displacements", "path": "field", "input": "in", "output": "out"}
        write_scene(tmp_path, step, [system("in"), system("out")], "0.6.dev1")
        write_array(tmp_path / "field", np.moveaxis(vectors(), 0, -1), attributes)
        assert transform("in", "out", [[1, 2]]) == [[6, 103]]


class TestNames:
    """How the systems of a scene and its images may be written."""

    @pytest.fixture(autouse=True)
    def scene(self, tmp_path):
        ends = {"input": {"path": "left", "name": "physical"}, "output": {"name": "world"}}
        other = {"input": {"path": "right", "name": "physical"}, "output": {"name": "world", "path": None}}
        scene = {
            "coordinateSystems": [system("world")],
            "coordinateTransformations": [{**moved(10, 20), **ends}, {**moved(0, 1), **other}],
        }
        write_group(tmp_path, {"scene": scene})
        for name in ("left", "right"):
            write_image(tmp_path / name, (2, 3))

    @pytest.mark.parametrize(
        "name",
        [
            *("left", "/left", "left/", "./left", "left#physical", "left:physical", "left/physical", "/left/physical"),
            *("/left#physical", '{"path": "left", "name": "physical"}', '{"path": "/left"}'),
        ],
    )
    def test_an_image_is_named_by_its_path_with_or_without_its_system(self, name, transform):
        assert transform(name, "world", [[1, 1]]) == [[11, 21]]
        assert transform("world", name, [[11, 21]]) == [[1, 1]]

    @pytest.mark.parametrize("name", ["left/0", "/left/0", "left#0", "left:0", "left//0"])
    def test_an_array_is_named_by_its_path(self, name, transform):
        assert transform(name, "world", [[1, 1]]) == [[12, 23]]

    @pytest.mark.parametrize("name", ["world", "/world", "#world", ":world", '{"name": "world"}'])
    def test_a_system_of_the_scene_is_named_alone(self, name, transform):
        assert transform("left/1", name, [[1, 1]]) == [[14, 26]]

    @pytest.mark.parametrize(
        "name",
        [
            "physical",
            "middle",
            "left#nowhere",
            "left:nowhere",
            "left/2",
            "world/left",
            "",
            "/",
            "{",
            '{"name": 1}',
            "..",
            "../x",
        ],
    )
    def test_a_name_of_several_or_of_nothing_is_an_error(self, name, transform):
        assert transform(name, "world", [[1, 1]]) == IMPOSSIBLE
        assert transform("world", name, [[1, 1]]) == IMPOSSIBLE


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_in_older_images_levels_lead_to_physical_coordinates(version, tmp_path, transform):
    levels = [
        {"path": "0", "coordinateTransformations": [scaled(2, 3)]},
        {"path": "1", "coordinateTransformations": [scaled(4, 6), moved(1, 1.5)]},
    ]
    image = {"axes": axes("yx"), "datasets": levels, "coordinateTransformations": [scaled(10, 10), moved(7, 7)]}
    if version == "0.4":
        write_old_group(tmp_path, {"multiscales": [{**image, "version": version}]})
    else:
        write_group(tmp_path, {"multiscales": [image]}, version)
    assert transform("0", "physical", [[1, 1]]) == [[27, 37]]
    assert transform("1", "physical", [[1, 1]]) == [[57, 82]]
    assert transform("1", "0", [[1, 1]])[0] == pytest.approx([2.5, 2.5])
    assert transform("0", "world", [[1, 1]]) == IMPOSSIBLE


def test_the_systems_of_an_image_are_connected_through_its_intrinsic_one(tmp_path, transform):
    ends = [("physical", "world"), ("rotated", "physical")]
    steps = [
        {**step, "input": {"name": start}, "output": {"name": stop}}
        for step, (start, stop) in zip(
            [
                {"type": "affine", "affine": [[1, 0, 5], [0, 1, 6]]},
                {"type": "rotation", "rotation": [[0, -1], [1, 0]]},
            ],
            ends,
            strict=True,
        )
    ]
    systems = [system("world"), system("rotated"), system("lonely")]
    write_image(tmp_path, (2, 3), systems=systems, coordinateTransformations=steps)
    assert transform("0", "world", [[1, 1]]) == [[7, 9]]
    assert transform("world", "rotated", [[1, 1]]) == [[-5, 4]]
    assert transform("1", "rotated", [[1, 1]]) == [[6, -4]]
    assert transform("0", "lonely", [[1, 1]]) == IMPOSSIBLE


def test_labels_are_reached_through_the_image(tmp_path, transform):
    ends = {"input": {"path": "labels/cells", "name": "physical"}, "output": {"name": "physical"}}
    write_image(tmp_path, (2, 3), coordinateTransformations=[{**moved(1, 1), **ends}])
    write_json(tmp_path / "labels" / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {}})
    write_image(tmp_path / "labels" / "cells", (1, 1))
    assert transform("labels/cells/0", "physical", [[1, 1]]) == [[2, 2]]
    assert transform("0", "labels/cells:physical", [[1, 1]]) == [[1, 2]]
