"""The command ``omezarr transform``, from the command line to what it prints."""

import io
import json

import numpy as np
import pytest
import zarr

from omezarr.cli import run


def system(name, axes="yx"):
    return {"name": name, "axes": [{"name": axis, "type": "space"} for axis in axes]}


def write_scene(path, *transformations, systems=None, version="0.6"):
    systems = systems or [system("input"), system("output")]
    document = {
        "version": version,
        "scene": {"coordinateSystems": systems, "coordinateTransformations": transformations},
    }
    return zarr.create_group(path, attributes={"ome": document})


def between(source, target, **transformation):
    return {"input": {"name": source}, "output": {"name": target}, **transformation}


SCALE = between("input", "output", type="scale", scale=[2, 4])


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.ome.zarr"
    write_scene(path, SCALE)
    return str(path)


@pytest.fixture
def coordinates(capsys):
    def call(*arguments):
        code = run(["transform", "--json", *map(str, arguments)])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out)["coordinates"]

    return call


@pytest.fixture
def refusal(capsys):
    def call(*arguments):
        code = run(["transform", *map(str, arguments)])
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "Traceback" not in printed.err
        return code, printed.err

    return call


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("input", "elsewhere", "[[1, 2]]"), "no coordinate system 'elsewhere'; there are: 'input', 'output'"),
        (("elsewhere", "output", "[[1, 2]]"), "no coordinate system 'elsewhere'"),
        (("input", "output", "[[1, 2, 3]]"), "the points have 3 coordinates, but the transformation from 'input'"),
        (("input", "output", "[[1e308, 1e308]]"), "beyond the range of numbers"),
    ],
)
def test_a_request_that_makes_no_sense_ends_with_one_line_and_exit_code_1(scene, refusal, words, reason):
    code, message = refusal(scene, *words)

    assert code == 1
    assert reason in message
    assert message.count("\n") == 1


def test_a_direction_that_nothing_leads_in_is_refused_with_the_reason(tmp_path, refusal):
    write_scene(tmp_path / "scene.zarr", between("input", "output", type="affine", affine=[[1, 2, 3], [2, 4, 6]]))

    code, message = refusal(tmp_path / "scene.zarr", "output", "input", "[[1, 2]]")

    assert code == 1
    assert "no transformation leads from 'output' to 'input': the affine is not invertible: its matrix" in message


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ("[[1, 2]", "not valid JSON"),
        ("[[1, NaN]]", "NaN is no coordinate"),
        ("[1, 2]", "list of lists of numbers"),
        ("[[true, 1]]", "list of lists of numbers"),
        ('[["1", 1]]', "list of lists of numbers"),
        ("[" * 5000, "not valid JSON"),
        ("missing.csv", "neither JSON nor a file"),
    ],
)
def test_points_that_cannot_be_understood_are_a_usage_error(scene, refusal, points, reason):
    code, message = refusal(scene, "input", "output", points)

    assert code == 2
    assert reason in " ".join(message.split())


def test_a_place_without_anything_is_an_error(tmp_path, refusal):
    code, message = refusal(tmp_path / "missing.zarr", "input", "output", "[[1, 2]]")

    assert code == 1
    assert "missing.zarr" in message


def test_json_is_the_only_thing_that_is_printed(scene, coordinates):
    assert coordinates(scene, "input", "output", "[[1, 2], [0.5, -1]]") == [[2.0, 8.0], [1.0, -4.0]]
    assert coordinates(scene, "output", "input", "[[2, 8]]") == [[1.0, 2.0]]
    assert coordinates(scene, "output", "input", "[]") == []


def test_the_text_form_can_be_read_again(scene, capsys, monkeypatch):
    assert run(["transform", scene, "input", "output", "[[1, 2], [3, 4]]"]) == 0
    text = capsys.readouterr().out
    assert text == "y,x\n2.0,8.0\n6.0,16.0\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    assert run(["transform", scene, "output", "input", "-"]) == 0

    assert capsys.readouterr().out == "y,x\n1.0,2.0\n3.0,4.0\n"


class TestFiles:
    @pytest.mark.parametrize(
        "text",
        [
            "1,2\n3,4\n",
            "\ufeff1, 2\r\n\r\n3, 4\r\n",
            "y,x\n1,2\n3,4\n",
            "x,name,y\n2,a,1\n4,b,3\n",
            "[[1, 2], [3, 4]]",
        ],
        ids=["numbers alone", "with a mark and empty lines", "with a heading", "columns in another order", "JSON"],
    )
    def test_points_come_from_a_file(self, tmp_path, scene, coordinates, text):
        (tmp_path / "points.csv").write_text(text, encoding="utf-8")

        assert coordinates(scene, "input", "output", tmp_path / "points.csv") == [[2.0, 8.0], [6.0, 16.0]]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("a,b\n1,2\n", "has the columns a, b; the coordinate system has the axes y, x"),
            ("y,x\n1\n", "point 1 is '1', not numbers"),
            ("1,2\n1,two\n", "point 2 is '1,two', not numbers"),
            ("1,nan\n", "point 1 is '1,nan', not numbers"),
        ],
    )
    def test_a_file_with_anything_else_is_refused(self, tmp_path, scene, refusal, text, reason):
        (tmp_path / "points.csv").write_text(text, encoding="utf-8")

        code, message = refusal(scene, "input", "output", tmp_path / "points.csv")

        assert code == 2
        assert reason in " ".join(message.split())


class TestDocuments:
    """What is read from documents as they are on disk, those of drafts included."""

    @pytest.mark.parametrize("version", ["0.6", "0.6.dev3"])
    def test_drafts_name_systems_by_strings_and_axes_with_underscores(self, tmp_path, coordinates, version):
        parts = [
            {"transformation": {"type": "scale", "scale": [3]}, "input_axes": [1], "output_axes": [0]},
            {"transformation": {"type": "scale", "scale": [5]}, "input_axes": [0], "output_axes": [1]},
        ]
        draft = {"type": "byDimension", "input": "input", "output": "output", "transformations": parts}
        write_scene(tmp_path / "scene.zarr", draft, version=version)

        assert coordinates(tmp_path / "scene.zarr", "input", "output", "[[1, 10]]") == [[30.0, 5.0]]

    def test_what_is_read_in_spite_of_its_syntax_is_noted_beside_the_result(self, tmp_path, capsys):
        draft = {"type": "identity", "input": "input", "output": "output"}
        write_scene(tmp_path / "scene.zarr", draft, version="0.6.dev3")

        assert run(["transform", "--json", str(tmp_path / "scene.zarr"), "input", "output", "[[1, 2]]"]) == 0

        printed = capsys.readouterr()
        assert json.loads(printed.out) == {"coordinates": [[1.0, 2.0]]}
        assert "Note: an input is the text 'input'" in printed.err

    def test_a_matrix_stands_in_an_array(self, tmp_path, coordinates):
        root = write_scene(tmp_path / "scene.zarr", between("input", "output", type="affine", path="maps/affine"))
        root.create_array("maps/affine", data=np.array([[0, 1, 5], [1, 0, 6]], "float32"))

        assert coordinates(tmp_path / "scene.zarr", "input", "output", "[[1, 2]]") == [[7.0, 7.0]]
        assert coordinates(tmp_path / "scene.zarr", "output", "input", "[[7, 7]]") == [[1.0, 2.0]]

    def test_a_field_stands_in_a_multiscale_group(self, tmp_path, coordinates):
        root = write_scene(tmp_path / "scene.zarr", between("input", "output", type="displacements", path="maps/field"))
        axes = [{"name": "d", "type": "displacement", "discrete": True}, *system("", "yx")["axes"]]
        placement = between("", "physical", type="scale", scale=[1, 2, 2]) | {"input": {"path": "s0"}}
        multiscale = {
            "coordinateSystems": [{"name": "physical", "axes": axes}],
            "datasets": [{"path": "s0", "coordinateTransformations": [placement]}],
        }
        root.create_group("maps/field", attributes={"ome": {"version": "0.6", "multiscales": [multiscale]}})
        root.create_array("maps/field/s0", data=np.array([[[1, 0.5]], [[2, 1.2]]]).reshape(2, 2, 1))

        assert coordinates(tmp_path / "scene.zarr", "input", "output", "[[1, 0]]") == [[1.75, 1.6]]

    def test_a_draft_field_stands_in_an_array(self, tmp_path, coordinates):
        systems = [system("input", "i"), system("output", "x")]
        field = between("input", "output", type="coordinates", path="field", interpolation="linear")
        root = write_scene(tmp_path / "scene.zarr", field, systems=systems)
        axes = [{"name": "i", "type": "space"}, {"name": "c", "type": "coordinate"}]
        inner = {
            "coordinateSystems": [{"name": "field", "axes": axes}],
            "coordinateTransformations": [{"type": "identity", "output": {"name": "field"}}],
        }
        root.create_array("field", data=np.arange(5.0)[:, None] ** 2, attributes={"ome": inner})

        assert coordinates(tmp_path / "scene.zarr", "input", "output", "[[1.5], [4]]") == [[2.5], [16.0]]

    def test_images_of_a_scene_are_reached_through_their_own_documents(self, tmp_path, coordinates):
        to_world = {
            "type": "translation",
            "translation": [0, 100],
            "input": {"path": "tile", "name": "physical"},
            "output": {"name": "world"},
        }
        root = write_scene(tmp_path / "scene.zarr", to_world, systems=[system("world")])
        level = {"type": "scale", "scale": [0.5, 0.5], "input": {"path": "0"}, "output": {"name": "physical"}}
        multiscale = {
            "coordinateSystems": [system("physical")],
            "datasets": [{"path": "0", "coordinateTransformations": [level]}],
        }
        root.create_group("tile", attributes={"ome": {"version": "0.6", "multiscales": [multiscale]}})

        assert coordinates(tmp_path / "scene.zarr", "tile/0", "world", "[[2, 2]]") == [[1.0, 101.0]]
        assert coordinates(tmp_path / "scene.zarr", "world", "tile#physical", "[[1, 101]]") == [[1.0, 1.0]]

    def test_older_versions_have_one_system_named_physical(self, tmp_path, coordinates):
        steps = [{"type": "scale", "scale": [2, 2]}, {"type": "translation", "translation": [1, 1]}]
        multiscale = {
            "version": "0.4",
            "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}],
            "datasets": [{"path": "0", "coordinateTransformations": steps}],
            "coordinateTransformations": [{"type": "scale", "scale": [10, 1]}],
        }
        zarr.create_group(tmp_path / "image.zarr", zarr_format=2, attributes={"multiscales": [multiscale]})

        assert coordinates(tmp_path / "image.zarr", "0", "physical", "[[1, 1]]") == [[30.0, 3.0]]

    def test_the_first_versions_tell_scales_by_the_shapes_of_their_levels(self, tmp_path, coordinates):
        multiscale = {"version": "0.1", "datasets": [{"path": "0"}, {"path": "1"}]}
        root = zarr.create_group(tmp_path / "image.zarr", zarr_format=2, attributes={"multiscales": [multiscale]})
        root.create_array("0", shape=(1, 1, 1, 65, 64), dtype="u1")
        root.create_array("1", shape=(1, 1, 1, 33, 16), dtype="u1")

        assert coordinates(tmp_path / "image.zarr", "1", "0", "[[0, 0, 0, 1, 1]]") == [[0.0, 0.0, 0.0, 2.0, 4.0]]
