"""Verdicts on documents as a runner of conformance tests asks for them: one file, the command, one JSON object."""

import json

import pytest

from omezarr.cli import run
from tests.conformance.hierarchies import axes, system, write_json


@pytest.fixture
def verdict(tmp_path, capsys):
    """Return a function that has the command judge a document in a file, without looking at anything else."""

    def call(document, *options):
        file = tmp_path / "case.json"
        write_json(file, document)
        code = run(["validate", "--shallow", "--json", "--exit-zero", *options, str(file)])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        answer = json.loads(printed.out)
        assert isinstance(answer["message"], str)
        assert len(answer["message"].splitlines()) == 1
        return answer

    return call


def ome(version=None, /, **values):
    return {"ome": values if version is None else {"version": version, **values}}


def scale(*numbers, **more):
    return {"type": "scale", "scale": numbers, **more}


def typed(*levels, names="yx", **more):
    """Return an image of 0.4 or 0.5; levels are lists of transformations."""
    datasets = [{"path": str(path), "coordinateTransformations": level} for path, level in enumerate(levels)]
    return {"axes": axes(names), "datasets": datasets, **more}


def mapped(*levels, systems=None, **more):
    """Return an image of 0.6; levels are transformations without their ends."""
    systems = systems or [system("physical")]
    datasets = [
        {
            "path": str(path),
            "coordinateTransformations": [
                {**level, "input": {"path": str(path)}, "output": {"name": systems[0]["name"]}}
            ],
        }
        for path, level in enumerate(levels)
    ]
    return {"coordinateSystems": systems, "datasets": datasets, **more}


def between(source, target, **step):
    """Return a transformation between systems: names, or pairs of a path and a name."""
    ends = [{"name": end} if isinstance(end, str) else {"path": end[0], "name": end[1]} for end in (source, target)]
    return {**step, "input": ends[0], "output": ends[1]}


PLATE = {
    "rows": [{"name": "A"}],
    "columns": [{"name": "1"}],
    "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}],
}
OLD_PLATE = {**PLATE, "wells": [{"path": "A/1"}]}
LABEL = {"colors": [{"label-value": 1}]}
FLAT = typed([scale(1, 1)])
NEW = mapped(scale(1, 1))
VECTORS = {"name": "d", "type": "displacement", "discrete": True}
ARRAY = system("array", "ab", "array")
FIELD = {"type": "displacements", "path": "coordinateTransformations/field"}

VALID = {
    "0.1 or 0.2 without a version": ({"multiscales": [{"datasets": [{"path": "0"}]}]}, "0.2"),
    "0.2": ({"multiscales": [{"version": "0.2", "datasets": [{"path": "0"}]}]}, "0.2"),
    "0.2 with details of any form": (
        {"multiscales": [{"version": "0.2", "datasets": [{"path": "0"}], "metadata": {"method": 1}}]},
        "0.2",
    ),
    "0.3 by its axes": ({"multiscales": [{"axes": ["z", "y", "x"], "datasets": [{"path": "0"}]}]}, "0.3"),
    "0.4 by its axes": ({"multiscales": [FLAT]}, "0.4"),
    "0.4 with display settings of 0.3": (
        {"multiscales": [{**FLAT, "version": "0.4"}], "omero": {"version": "0.3", "channels": []}},
        "0.4",
    ),
    "0.4 with keys of others": (
        {"multiscales": [FLAT], "_creator": {}, "spatialdata_attrs": {"version": "0.2"}},
        "0.4",
    ),
    "0.4 plate by its wells": ({"plate": PLATE}, "0.4"),
    "0.3 plate": ({"plate": {**OLD_PLATE, "version": "0.3"}}, "0.3"),
    "0.4 label without levels": ({"image-label": {"version": "0.4", **LABEL}}, "0.4"),
    "0.4 list of labels": ({"labels": []}, "0.4"),
    "0.4 collection": ({"bioformats2raw.layout": 3}, "0.4"),
    "0.4 collection that is a plate": ({"bioformats2raw.layout": 3, "plate": PLATE}, "0.4"),
    "0.4 series": ({"series": ["0", "b/1"]}, "0.4"),
    "0.5": (ome("0.5", multiscales=[FLAT]), "0.5"),
    "0.5 with two images": (ome("0.5", multiscales=[FLAT, {**FLAT, "name": "other"}]), "0.5"),
    "0.5 label": (ome("0.5", multiscales=[FLAT], **{"image-label": LABEL}), "0.5"),
    "0.5 plate without a version of its own": (ome("0.5", plate=PLATE), "0.5"),
    "0.5 beside the keys of 0.4": ({"multiscales": [FLAT], **ome("0.5", multiscales=[FLAT])}, "0.5"),
    "0.5 with an axis without a type": (
        ome("0.5", multiscales=[{**typed([scale(1, 1, 1)]), "axes": [{"name": "a"}, *axes("yx")]}]),
        "0.5",
    ),
    "0.5 with an axis without a type before three of space": (
        ome("0.5", multiscales=[{**typed([scale(1, 1, 1, 1)]), "axes": [{"name": "a"}, *axes("zyx")]}]),
        "0.5",
    ),
    "0.5 as a zarr.json": (
        {"zarr_format": 3, "node_type": "group", "attributes": ome("0.5", labels=["cells"])},
        "0.5",
    ),
    "0.5 as attributes": ({"attributes": ome("0.5", labels=["cells"])}, "0.5"),
    "0.6": (ome("0.6", multiscales=[NEW]), "0.6"),
    "0.6 with a description of the case": (
        {**ome("0.6", multiscales=[NEW]), "_conformance": {"description": ""}},
        "0.6",
    ),
    "0.6 release candidate": (ome("0.6rc0", multiscales=[NEW]), "0.6"),
    "0.6 draft": (ome("0.6.dev4", multiscales=[NEW]), "0.6"),
    "0.6 identity": (ome("0.6", multiscales=[mapped({"type": "identity"})]), "0.6"),
    "0.6 with axes of an array": (
        ome(
            "0.6",
            multiscales=[
                mapped(
                    {"type": "identity"},
                    systems=[ARRAY, system("physical")],
                    coordinateTransformations=[between("array", "physical", type="mapAxis", mapAxis=[1, 0])],
                )
            ],
        ),
        "0.6",
    ),
    "0.6 that refers to its labels": (
        ome(
            "0.6",
            multiscales=[
                mapped(
                    scale(1, 1),
                    coordinateTransformations=[between(("labels/cells", "physical"), "physical", type="identity")],
                )
            ],
        ),
        "0.6",
    ),
    "0.6 field with the vectors before space": (
        ome("0.6", multiscales=[mapped(scale(1, 1, 1), systems=[{"name": "field", "axes": [VECTORS, *axes("yx")]}])]),
        "0.6",
    ),
    "0.6 well with special characters": (ome("0.6", well={"images": [{"path": "field_1-2.b"}]}), "0.6"),
    "0.6 scene without systems of its own": (
        ome(
            "0.6",
            scene={
                "coordinateTransformations": [
                    between(
                        ("a", "physical"),
                        ("b", "physical"),
                        type="bijection",
                        forward={"type": "sequence", "transformations": [FIELD, scale(2, 2)]},
                        inverse={"type": "sequence", "transformations": [scale(0.5, 0.5), {**FIELD, "name": ""}]},
                    )
                ]
            },
        ),
        "0.6",
    ),
    "0.6 scene whose paths are null": (
        ome(
            "0.6",
            scene={
                "coordinateSystems": [system("a"), system("b")],
                "coordinateTransformations": [between((None, "a"), (None, "b"), **scale(1, 1))],
            },
        ),
        "0.6",
    ),
}


@pytest.mark.parametrize("name", VALID)
def test_valid_documents_are_of_the_version_that_they_name_or_look_like(name, verdict):
    document, version = VALID[name]
    answer = verdict(document)
    assert (answer["valid"], answer["version"]) == (True, version), answer["message"]


INVALID = {
    "nothing": ({}, "document.kind"),
    "no object": ([], "json.form"),
    "ome without content": (ome("0.5"), "document.kind"),
    "display settings alone": (ome("0.5", omero={"channels": []}), "document.kind"),
    "0.4 with a number as version": ({"multiscales": [{**FLAT, "version": 0.4}]}, "multiscales.version.form"),
    "0.4 that says 0.3": ({"multiscales": [{**FLAT, "version": "0.3"}]}, "axes.names.form"),
    "0.4 that says 0.2": ({"multiscales": [{**FLAT, "version": "0.2"}]}, "multiscales.version.fits"),
    "0.4 that says 0.5": ({"multiscales": [{**FLAT, "version": "0.5"}]}, "multiscales.version.value"),
    "0.4 in zarr format 3": (
        {"zarr_format": 3, "node_type": "group", "attributes": {"multiscales": [FLAT]}},
        "ome.present",
    ),
    "0.5 without a version": (ome(multiscales=[FLAT]), "ome.version.present"),
    "0.5 with a number as version": (ome(0.5, multiscales=[FLAT]), "ome.version.form"),
    "0.5 that says 0.4": (ome("0.4", multiscales=[FLAT]), "ome.version.value"),
    "0.5 that says 0.6": (ome("0.6", multiscales=[FLAT]), "coordinateSystems.present"),
    "0.6 that says 0.5": (ome("0.5", multiscales=[NEW]), "axes.present"),
    "a version that does not exist": (ome("0.7", multiscales=[NEW]), "document.version"),
    "a good image with a bad plate": (ome("0.5", multiscales=[FLAT], plate={}), "plate.rows.present"),
    "a good image after a bad one": (ome("0.5", multiscales=[{**FLAT, "axes": []}, FLAT]), "axes.count"),
    "channels last": (ome("0.5", multiscales=[typed([scale(1, 1, 1)], names="yxc")]), "axes.types.order"),
    "five axes and one more": (ome("0.5", multiscales=[typed([scale(*[1] * 6)], names="tczzyx")]), "axes.count"),
    "a level that is the group": (
        ome("0.5", multiscales=[{**FLAT, "datasets": [{"path": ".", "coordinateTransformations": [scale(1, 1)]}]}]),
        "multiscales.datasets.path.relative",
    ),
    "0.3 in another order": (
        {"multiscales": [{"version": "0.3", "axes": ["x", "y"], "datasets": [{"path": "0"}]}]},
        "axes.order",
    ),
    "0.2 acquisition with a fraction": (
        {"plate": {**OLD_PLATE, "version": "0.2", "acquisitions": [{"id": 1.5}]}},
        "plate.acquisitions.id.form",
    ),
    "a well in another column": (
        {"plate": {**PLATE, "columns": [{"name": "2"}, {"name": "1"}]}},
        "plate.wells.place",
    ),
    "layout 2": ({"bioformats2raw.layout": 2}, "bioformats2raw.value"),
    "layout true": (ome("0.5", **{"bioformats2raw.layout": True}), "bioformats2raw.value"),
    "0.6 with systems apart": (
        ome("0.6", multiscales=[mapped(scale(1, 1), systems=[system("physical"), system("world")])]),
        "coordinateSystems.connected",
    ),
    "0.6 with a sequence of one": (
        ome("0.6", multiscales=[mapped({"type": "sequence", "transformations": [scale(1, 1)]})]),
        "levels.sequence.members",
    ),
    "0.6 draft of a scene without its key": (
        ome(
            "0.6.dev3",
            coordinateSystems=[system("world")],
            coordinateTransformations=[between(("a", "physical"), "world", type="identity")],
        ),
        "ome.scene",
    ),
    "0.6 scene with ends that are names": (
        ome("0.6", scene={"coordinateTransformations": [{"type": "identity", "input": "a", "output": "b"}]}),
        "transformations.ends.form",
    ),
    "0.6 scene with a field of vectors of another kind": (
        ome("0.6", scene={"coordinateTransformations": [between(("a", "b"), ("c", "d"), type="displacement")]}),
        "transformations.type.value",
    ),
    "0.6 well that leads up": (ome("0.6", well={"images": [{"path": ".."}]}), "well.images.path.value"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_documents_say_what_is_wrong(name, verdict):
    document, rule = INVALID[name]
    answer = verdict(document)
    assert not answer["valid"]
    assert rule in {problem["rule"] for problem in answer["problems"] if problem["severity"] == "error"}


@pytest.mark.parametrize(
    "document", [ome("0.5", plate=PLATE), {"image-label": {"version": "0.4"}}, {"labels": ["a", "a"]}]
)
def test_what_should_be_is_asked_for_on_request(document, verdict):
    assert verdict(document)["valid"]
    assert not verdict(document, "--strict")["valid"]


def test_the_message_names_the_place_what_was_found_and_what_is_expected(verdict):
    message = verdict(ome("0.5", multiscales=[{**FLAT, "datasets": [{"path": 0}]}]))["message"]
    assert "multiscales[0].datasets[0]" in message
    assert "expected" in message


def test_the_message_prefers_what_is_wrong_to_that_nothing_was_recognised(verdict):
    document = {"zarr_format": 3, "node_type": "group", "attributes": {"multiscales": [FLAT]}}
    assert "the key 'ome'" in verdict(document)["message"]


@pytest.mark.parametrize("name", ["attributes", "attributes.txt", ".zattrs"])
def test_the_name_of_a_file_does_not_matter(name, tmp_path, capsys):
    write_json(tmp_path / name, {"labels": ["cells"]})
    assert run(["validate", "--shallow", "--json", str(tmp_path / name)]) == 0
    assert json.loads(capsys.readouterr().out)["valid"]


def test_other_files_are_no_documents(tmp_path, capsys):
    file = tmp_path / "pixels.bin"
    file.write_bytes(b"\x00\x01{}")
    assert run(["validate", "--shallow", "--json", str(file)]) == 1
    assert not json.loads(capsys.readouterr().out)["valid"]
