"""Verdicts on whole hierarchies on disk, complete ones and those that lack or contradict something."""

import json
import shutil

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

XML = "<OME><Image/><Image/></OME>"


@pytest.fixture
def verdict(tmp_path, capsys):
    """Return a function that has the command judge the hierarchy at the temporary path."""

    def call():
        code = run(["validate", "--json", str(tmp_path)])
        answer = json.loads(capsys.readouterr().out)
        assert code == (0 if answer["valid"] else 1)
        return answer["valid"], {problem["rule"] for problem in answer["problems"]}

    return call


def write_pixels(path, shape, names=None, data_type="uint8", version="0.5"):
    """Write the metadata of an array without pixels."""
    if version < "0.5":
        kinds = {"uint8": "|u1", "uint16": "<u2", "float32": "<f4", "bool": "|b1"}
        document = {"zarr_format": 2, "shape": shape, "chunks": shape, "dtype": kinds[data_type], "order": "C"}
        rest = {"compressor": None, "filters": None, "fill_value": 0, "dimension_separator": "/"}
        write_json(path / ".zarray", {**document, **rest})
        return
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "fill_value": 0,
        "attributes": {},
    }
    write_json(path / "zarr.json", document if names is None else {**document, "dimension_names": names})


def write(path, version, values):
    if version < "0.5":
        write_old_group(path, values)
    else:
        write_group(path, values or None, version)


def image(path, version, data_type="uint8", levels=2, **more):
    """Write an image of 0.4 or 0.5 with two axes."""
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [{"type": "scale", "scale": [2**level, 2**level]}],
        }
        for level in range(levels)
    ]
    write(path, version, {"multiscales": [{"axes": axes("yx"), "datasets": datasets}], **more})
    for level in range(levels):
        write_pixels(path / str(level), [8 >> level] * 2, ["y", "x"], data_type, version)


def labelled(path, version, **more):
    image(path, version)
    write(path / "labels", version, {"labels": ["cells"]})
    image(path / "labels" / "cells", version, **{"image-label": {"source": {"image": "../../"}}, **more})


def plate(path, version, acquisitions=()):
    named = {"acquisitions": [{"id": number} for number in acquisitions]} if acquisitions else {}
    wells = [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/1", "rowIndex": 1, "columnIndex": 0}]
    lines = {"rows": [{"name": "A"}, {"name": "B"}], "columns": [{"name": "1"}]}
    write(path, version, {"plate": {**lines, "wells": wells, **named}})
    for well in wells:
        write((path / well["path"]).parent, version, {})
        fields = [{"path": "0", **({"acquisition": acquisitions[0]} if acquisitions else {})}]
        write(path / well["path"], version, {"well": {"images": fields}})
        image(path / well["path"] / "0", version)


def collection(path, version, series=("0", "1"), xml=XML):
    write(path, version, {"bioformats2raw.layout": 3})
    write(path / "OME", version, {"series": list(series)} if series else {})
    if xml:
        (path / "OME" / "METADATA.ome.xml").write_text(xml)
    for name in series or ("0", "1"):
        image(path / name, version)


BOTH = pytest.mark.parametrize("version", ["0.4", "0.5"])


@BOTH
@pytest.mark.parametrize("make", [image, labelled, plate, collection])
def test_complete_hierarchies_are_valid(make, version, tmp_path, verdict):
    make(tmp_path, version)
    assert verdict()[0]


@BOTH
@pytest.mark.parametrize(
    ("make", "lost", "rule"),
    [
        (image, "1", "arrays.exist"),
        (labelled, "labels/cells", "labels.exist"),
        (labelled, "labels/cells/0", "arrays.exist"),
        (plate, "B/1", "plate.wells.exist"),
        (plate, "B", "plate.wells.exist"),
        (plate, "A/1/0", "well.images.exist"),
        (plate, "A/1/0/1", "arrays.exist"),
        (collection, "1", "bioformats2raw.images.exist"),
        (collection, "1/0", "arrays.exist"),
    ],
)
def test_what_is_listed_must_be_there(make, lost, rule, version, tmp_path, verdict):  # noqa: PLR0917 - a table
    make(tmp_path, version)
    shutil.rmtree(tmp_path / lost)
    valid, rules = verdict()
    assert not valid
    assert rule in rules


@BOTH
def test_a_row_that_is_no_group_of_its_own_is_only_told(version, tmp_path, verdict):
    plate(tmp_path, version)
    (tmp_path / "A" / ("zarr.json" if version == "0.5" else ".zgroup")).unlink()
    valid, rules = verdict()
    assert valid
    assert "plate.rows.groups" in rules


@BOTH
@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"levels": 1}, "labels.levels"),
        ({"levels": 3}, "labels.levels"),
        ({"data_type": "float32"}, "image-label.dtype"),
        ({"data_type": "bool"}, "image-label.dtype"),
    ],
)
def test_labels_are_integers_in_as_many_levels_as_the_image(more, rule, version, tmp_path, verdict):
    labelled(tmp_path, version, **more)
    valid, rules = verdict()
    assert not valid
    assert rule in rules


@BOTH
@pytest.mark.parametrize(
    ("acquisitions", "fields", "valid"),
    [
        ((0,), [{"path": "0"}], True),
        ((0, 1), [{"path": "0"}], False),
        ((0, 1), [{"path": "0", "acquisition": 1}], True),
        ((0, 1), [{"path": "0", "acquisition": 2}], False),
    ],
)
def test_fields_name_their_acquisition_where_there_are_several(acquisitions, fields, valid, version, tmp_path, verdict):  # noqa: PLR0917 - a table
    plate(tmp_path, version, acquisitions)
    write(tmp_path / "A" / "1", version, {"well": {"images": fields}})
    assert verdict()[0] is valid


@BOTH
@pytest.mark.parametrize(
    ("series", "xml", "rule"),
    [
        ((), "", None),
        ((), XML, None),
        (("0", "deep/1"), XML, None),
        (("0", "1"), XML.replace("<Image/>", "", 1), "bioformats2raw.ome_xml.images"),
        (("0", "1"), "<html/>", "bioformats2raw.ome_xml.form"),
        (("0", "1"), XML.replace("<Image/>", "<Image><BinData/></Image>"), "bioformats2raw.ome_xml.metadata_only"),
    ],
)
def test_collections_agree_with_their_ome_xml(series, xml, rule, version, tmp_path, verdict):  # noqa: PLR0917 - a table
    collection(tmp_path, version, series, xml)
    if "deep/1" in series:
        write(tmp_path / "deep", version, {})
    valid, rules = verdict()
    assert valid is (rule is None)
    assert rule is None or rule in rules


@BOTH
def test_levels_have_as_many_dimensions_as_axes(version, tmp_path, verdict):
    image(tmp_path, version)
    write_pixels(tmp_path / "1", [1, 4, 4], ["c", "y", "x"], version=version)
    valid, rules = verdict()
    assert not valid
    assert "arrays.dimensions" in rules


@BOTH
def test_levels_get_smaller(version, tmp_path, verdict):
    image(tmp_path, version)
    write_pixels(tmp_path / "1", [16, 16], ["y", "x"], version=version)
    valid, rules = verdict()
    assert not valid
    assert "arrays.order" in rules


@pytest.mark.parametrize("names", [None, [None, None], ["x", "y"]])
def test_dimensions_are_named_as_axes_in_0_5(names, tmp_path, verdict):
    image(tmp_path, "0.5")
    write_pixels(tmp_path / "1", [4, 4], names)
    assert not verdict()[0]


@pytest.mark.parametrize("names", [None, ["x", "y"]])
def test_names_of_dimensions_are_free_in_0_6(names, tmp_path, verdict):
    write_image(tmp_path, (1, 1))
    for level in range(2):
        write_pixels(tmp_path / str(level), [8 >> level] * 2, names)
    assert verdict()[0]


def test_levels_may_differ_in_their_type_before_0_6(tmp_path, verdict):
    image(tmp_path, "0.5")
    write_pixels(tmp_path / "1", [4, 4], ["y", "x"], "uint16")
    assert verdict()[0]
    write_image(tmp_path, (1, 1))
    write_pixels(tmp_path / "1", [4, 4], ["y", "x"], "uint16")
    assert not verdict()[0]


@pytest.mark.parametrize("child", ["labels", "labels/cells"])
def test_all_groups_are_of_one_version(child, tmp_path, verdict):
    labelled(tmp_path, "0.5")
    file = tmp_path / child / "zarr.json"
    file.write_text(file.read_text().replace('"0.5"', '"0.6"'))
    valid, rules = verdict()
    assert not valid
    assert "hierarchy.versions" in rules


def test_lists_of_labels_without_a_version_are_published_and_only_told(tmp_path, verdict):
    labelled(tmp_path, "0.5")
    document = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"labels": ["cells"]}}}
    write_json(tmp_path / "labels" / "zarr.json", document)
    assert verdict()[0]


class TestScenes:
    """Images that a scene puts together."""

    @pytest.fixture(autouse=True)
    def scene(self, tmp_path):
        steps = [
            {"type": "affine", "path": "coordinateTransformations/matrix"},
            {"type": "displacements", "path": "coordinateTransformations/field"},
        ]
        ends = [{"input": {"path": name, "name": "physical"}, "output": {"name": "world"}} for name in ("a", "b")]
        transformations = [{**step, **end} for step, end in zip(steps, ends, strict=True)]
        write_group(
            tmp_path, {"scene": {"coordinateSystems": [system("world")], "coordinateTransformations": transformations}}
        )
        for name in ("a", "b"):
            write_image(tmp_path / name, (1, 1))
        write_group(tmp_path / "coordinateTransformations")
        write_array(tmp_path / "coordinateTransformations" / "matrix", [[1, 0, 0], [0, 1, 0]])
        write_field(tmp_path / "coordinateTransformations" / "field", [[[0, 0], [0, 0]]] * 2, "displacement")

    def test_a_complete_scene_is_valid(self, verdict):
        assert verdict()[0]

    @pytest.mark.parametrize(
        ("lost", "rule"),
        [
            ("a", "scene.images.exist"),
            ("coordinateTransformations/matrix", "transformations.stored.exist"),
            ("coordinateTransformations/field", "transformations.stored.exist"),
        ],
    )
    def test_what_a_path_names_must_be_there(self, lost, rule, tmp_path, verdict):
        shutil.rmtree(tmp_path / lost)
        valid, rules = verdict()
        assert not valid
        assert rule in rules

    def test_images_have_the_systems_that_the_scene_names(self, tmp_path, verdict):
        write_image(tmp_path / "a", (1, 1), systems=[system("world")])
        file = tmp_path / "a" / "zarr.json"
        file.write_text(file.read_text().replace("physical", "pixels"))
        valid, rules = verdict()
        assert not valid
        assert "scene.images.systems" in rules

    def test_a_stored_matrix_fits(self, tmp_path, verdict):
        write_array(tmp_path / "coordinateTransformations" / "matrix", [[1, 0], [0, 1]])
        valid, rules = verdict()
        assert not valid
        assert "transformations.stored.shape" in rules

    def test_the_vectors_of_a_field_fit(self, tmp_path, verdict):
        write_field(tmp_path / "coordinateTransformations" / "field", [[[0, 0], [0, 0]]] * 3, "displacement")
        valid, rules = verdict()
        assert not valid
        assert "transformations.field.length" in rules

    def test_drafts_keep_a_field_in_an_array(self, tmp_path, verdict):
        for file in (tmp_path / name / "zarr.json" for name in ("", "a", "b")):
            file.write_text(file.read_text().replace('"version": "0.6"', '"version": "0.6.dev3"'))
        shutil.rmtree(tmp_path / "coordinateTransformations" / "field")
        write_array(tmp_path / "coordinateTransformations" / "field", [[[0, 0], [0, 0]]] * 2)
        assert verdict()[0]
