"""What formats fill in: version strings, what arrays tell, what newer versions want otherwise."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from omezarr.abc import ArrayFacts
from omezarr.model import (
    UNSET,
    Axis,
    CoordinateSystem,
    Dataset,
    Document,
    GroupMetadata,
    Image,
    ImageLabel,
    LabelColor,
    Multiscale,
    Omero,
    Scale,
    Sequence,
    Translation,
    conventional_axes,
)
from tests.builtins.formats.codec import FORMATS, VERSIONS, read, written

ROOT, NAMESPACE = ("0.1", "0.2", "0.3", "0.4"), ("0.5", "0.6")


def completed(attributes: dict[str, Any], source: str, target: str, **shapes: tuple[int, ...]) -> dict[str, Any]:
    """Return attributes of a version as they are in another one, given the shapes of the arrays s0, s1, ..."""
    facts = {path: ArrayFacts(path=path, shape=shape, dtype="uint8") for path, shape in shapes.items()}
    return written(FORMATS[target].complete(read(attributes, source), facts), target)


def in_version(values: dict[str, Any], version: str) -> dict[str, Any]:
    return values if version in ROOT else {"ome": {"version": version, **values}}


def multiscale(**keys: Any) -> dict[str, Any]:
    return {"multiscales": [{"datasets": [{"path": "s0"}], **keys}]}


def levels_of(attributes: dict[str, Any]) -> list[Any]:
    document = attributes.get("ome", attributes)
    return [dataset.get("coordinateTransformations") for dataset in document["multiscales"][0]["datasets"]]


class TestVersions:
    @pytest.mark.parametrize("source", VERSIONS)
    @pytest.mark.parametrize("target", ROOT)
    def test_up_to_0_4_each_object_names_the_version(self, source: str, target: str) -> None:
        values = {**multiscale(), "omero": {"channels": []}, "image-label": {}, "well": {"images": []}}
        values["plate"] = {"rows": [], "columns": [], "wells": []}
        result = completed(in_version(values, source), source, target)
        named = [result["multiscales"][0], *(result[key] for key in ("omero", "image-label", "well", "plate"))]
        assert [item["version"] for item in named] == [target] * 5
        assert "ome" not in result
        assert "version" not in result

    @pytest.mark.parametrize("source", VERSIONS)
    @pytest.mark.parametrize("target", NAMESPACE)
    def test_from_0_5_on_ome_names_it_and_in_0_5_plates_wells_and_labels_too(self, source: str, target: str) -> None:
        objects = {**multiscale(version="0.1"), "omero": {"version": "0.5-dev"}, "image-label": {"version": "0.4"}}
        objects |= {"well": {"images": [], "version": "0.4"}}
        objects["plate"] = {"rows": [], "columns": [], "wells": [], "version": "0.4"}
        result = completed(in_version(objects, source), source, target)["ome"]
        assert result["version"] == target
        assert all("version" not in item for item in (result["multiscales"][0], result["omero"]))
        for key in ("image-label", "plate", "well"):
            assert result[key].get("version") == ("0.5" if target == "0.5" else None)

    @pytest.mark.parametrize("named", ["0.6rc0", "0.6.dev3", 0.6])
    def test_0_6_is_written_as_exactly_that(self, named: Any) -> None:
        attributes = {"ome": {"version": named, "labels": []}}
        assert completed(attributes, "0.6", "0.6") == {"ome": {"version": "0.6", "labels": []}}

    def test_a_version_that_was_a_number_becomes_a_text(self) -> None:
        result = completed(multiscale(version=0.4, axes=[{"name": "y"}, {"name": "x"}]), "0.4", "0.4")
        assert result["multiscales"][0]["version"] == "0.4"

    @pytest.mark.parametrize("version", NAMESPACE)
    def test_a_missing_version_is_filled_in(self, version: str) -> None:
        assert completed({"ome": {"labels": []}}, version, version) == {"ome": {"version": version, "labels": []}}
        null = {"ome": {"labels": [], "version": None}}
        assert completed(null, version, version) == {"ome": {"version": version, "labels": []}}

    @pytest.mark.parametrize("version", VERSIONS)
    def test_metadata_made_by_a_program_gets_its_version(self, version: str) -> None:
        axes = (CoordinateSystem("physical", conventional_axes("tczyx")),)
        image = Image((Multiscale(datasets=(Dataset("0", (Scale(scale=(1.0,) * 5),)),), coordinate_systems=axes),))
        metadata = GroupMetadata(facets={"multiscales": image})
        document = written(FORMATS[version].complete(metadata, {}), version)
        zarr_format = FORMATS[version].zarr_format
        from omezarr.abc import Certainty, Hint

        claim = FORMATS[version].claim(document, zarr_format, Hint())
        assert claim is not None
        assert claim.specificity == Certainty.EXPLICIT


class TestAttributesOfOthers:
    def test_they_move_out_of_the_document_from_0_4_to_0_5(self) -> None:
        result = completed({"labels": [], "note": 1}, "0.4", "0.5")
        assert result == {"ome": {"version": "0.5", "labels": []}, "note": 1}

    def test_unknown_keys_of_the_document_stay_in_it_from_0_5_to_0_6(self) -> None:
        attributes = {"ome": {"version": "0.5", "labels": [], "new": 1}, "note": 2}
        expected = {"ome": {"version": "0.6", "labels": [], "new": 1}, "note": 2}
        assert completed(attributes, "0.5", "0.6") == expected

    def test_all_stand_side_by_side_from_0_5_to_0_4(self) -> None:
        attributes = {"ome": {"version": "0.5", "labels": [], "new": 1}, "note": 2}
        assert completed(attributes, "0.5", "0.4") == {"labels": [], "new": 1, "note": 2}

    def test_one_that_would_hide_a_key_of_the_document_is_a_loss(self) -> None:
        metadata = read({"ome": {"version": "0.5", "labels": []}, "labels": "mine"}, "0.5")
        assert FORMATS["0.4"].losses(metadata) == ["the attribute 'labels' beside the key 'labels' of the document"]
        assert FORMATS["0.5"].losses(metadata) == []

    def test_one_that_is_called_ome_is_a_loss_from_0_5_on(self) -> None:
        metadata = read({"labels": [], "ome": 1}, "0.4")
        assert FORMATS["0.5"].losses(metadata) == ["the attribute 'ome', which is no OME-Zarr document"]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_wrapping_undoes_unwrapping(self, version: str) -> None:
        attributes = in_version({"labels": [], "note": None}, version) | {"other": [1]}
        assert FORMATS[version].wrap(FORMATS[version].unwrap(attributes)) == attributes

    def test_a_document_keeps_its_version_first(self) -> None:
        document = Document(values={"labels": []}, version="0.5")
        assert list(FORMATS["0.5"].wrap(document)["ome"]) == ["version", "labels"]  # type: ignore[arg-type]


class TestAxes:
    @pytest.mark.parametrize("source", ["0.1", "0.2"])
    def test_the_unwritten_axes_of_old_images_are_written_later(self, source: str) -> None:
        assert completed(multiscale(), source, "0.3")["multiscales"][0]["axes"] == ["t", "c", "z", "y", "x"]
        typed = completed(multiscale(), source, "0.4")["multiscales"][0]["axes"]
        assert [axis["type"] for axis in typed] == ["time", "channel", "space", "space", "space"]
        assert not any("unit" in axis for axis in typed)

    @pytest.mark.parametrize("target", ["0.1", "0.2"])
    def test_they_are_not_written_in_old_versions(self, target: str) -> None:
        result = completed(multiscale(axes=["t", "c", "z", "y", "x"]), "0.3", target)
        assert "axes" not in result["multiscales"][0]

    @pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
    @pytest.mark.parametrize(
        ("facts", "names"),
        [
            ({"dimension_names": ("c", "y", "x")}, ["c", "y", "x"]),
            ({"attributes": {"_ARRAY_DIMENSIONS": ["c", "y", "x"]}}, ["c", "y", "x"]),
            ({"dimension_names": (None, "y", "x")}, None),
            ({"dimension_names": ("y", "x")}, None),
            ({"attributes": {"_ARRAY_DIMENSIONS": 3}}, None),
            ({}, None),
        ],
    )
    def test_missing_axes_are_taken_from_the_arrays(
        self, version: str, facts: dict[str, Any], names: list[str] | None
    ) -> None:
        metadata = read(in_version(multiscale(), version), version)
        arrays = {"s0": ArrayFacts(path="s0", shape=(3, 8, 8), dtype="uint8", **facts)}
        image = FORMATS[version].complete(metadata, arrays).facets["multiscales"]
        assert isinstance(image, Image)
        found = [axis.name for axis in image.multiscales[0].axes]
        assert found == (names or [])

    def test_missing_axes_of_five_dimensions_are_the_conventional_ones(self) -> None:
        result = completed(multiscale(), "0.4", "0.4", s0=(1, 2, 3, 4, 5))
        assert [axis["name"] for axis in result["multiscales"][0]["axes"]] == list("tczyx")

    def test_0_6_takes_over_what_older_documents_say_in_its_words(self) -> None:
        axes = [{"name": "y", "discrete": True, "longName": 5}, {"name": "x", "longName": "width"}]
        metadata = read(multiscale(axes=axes), "0.4")
        image = FORMATS["0.6"].complete(metadata, {}).facets["multiscales"]
        assert isinstance(image, Image)
        assert image.multiscales[0].axes == (Axis("y", discrete=True), Axis("x", long_name="width"))
        assert FORMATS["0.6"].losses(metadata) == ["further keys of the axes that the version uses otherwise: longName"]


SCALE = {"type": "scale", "scale": [2.0, 0.5]}
SHIFT = {"type": "translation", "translation": [1.0, -1.0]}
YX = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]


def positioned(*steps: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {
        "multiscales": [{"axes": YX, "datasets": [{"path": "s0", "coordinateTransformations": list(steps)}], **keys}]
    }


def mapped(*steps: dict[str, Any], name: str = "physical", **keys: Any) -> dict[str, Any]:
    levels = [{"path": "s0", "coordinateTransformations": list(steps)}]
    systems = [{"name": name, "axes": YX}]
    return {"ome": {"version": "0.6", "multiscales": [{"coordinateSystems": systems, "datasets": levels, **keys}]}}


ENDS = {"input": {"path": "s0"}, "output": {"name": "physical"}}


class TestLevels:
    @pytest.mark.parametrize("source", ["0.1", "0.2", "0.3"])
    @pytest.mark.parametrize("target", ["0.4", "0.5", "0.6"])
    def test_levels_without_scale_get_the_one_that_the_arrays_tell(self, source: str, target: str) -> None:
        keys = {"axes": list("tczyx")} if source == "0.3" else {}
        paths = [{"path": f"s{level}"} for level in range(3)]
        attributes = {"multiscales": [{"datasets": paths, **keys}]}
        shapes = {"s0": (1, 2, 9, 65, 100), "s1": (1, 2, 9, 33, 50), "s2": (1, 2, 9, 16, 33)}
        levels = levels_of(completed(attributes, source, target, **shapes))
        assert [steps[0]["type"] for steps in levels] == ["scale"] * 3
        assert [steps[0]["scale"] for steps in levels] == [[1, 1, 1, 1, 1], [1, 1, 1, 2, 2], [1, 1, 1, 4, 100 / 33]]

    @pytest.mark.parametrize("method", ["local_mean", "gaussian"])
    def test_methods_that_centre_their_samples_get_the_shift_too(self, method: str) -> None:
        attributes = {
            "multiscales": [{"datasets": [{"path": "s0"}, {"path": "s1"}], "axes": ["y", "x"], "type": method}]
        }
        first, second = levels_of(completed(attributes, "0.3", "0.4", s0=(8, 9), s1=(4, 3)))
        assert first == [{"type": "scale", "scale": [1, 1]}]
        assert second == [{"type": "scale", "scale": [2, 3]}, {"type": "translation", "translation": [0.5, 1.0]}]

    def test_a_missing_level_does_not_take_the_others_with_it(self) -> None:
        paths = [{"path": f"s{level}"} for level in range(3)]
        attributes = {"multiscales": [{"datasets": paths, "axes": ["y", "x"]}]}
        levels = levels_of(completed(attributes, "0.3", "0.4", s0=(8, 8), s2=(2, 2)))
        assert levels == [[{"type": "scale", "scale": [1, 1]}], None, [{"type": "scale", "scale": [4, 4]}]]

    def test_arrays_with_other_dimensions_than_the_axes_tell_nothing(self) -> None:
        attributes = {"multiscales": [{"datasets": [{"path": "s0"}], "axes": ["y", "x"]}]}
        assert levels_of(completed(attributes, "0.3", "0.4", s0=(3, 8, 8))) == [None]

    @pytest.mark.parametrize("target", ["0.1", "0.2", "0.3"])
    def test_before_0_4_levels_have_no_transformations(self, target: str) -> None:
        result = completed(positioned(SCALE, SHIFT, coordinateTransformations=[SCALE]), "0.4", target)
        assert levels_of(result) == [None]
        assert "coordinateTransformations" not in result["multiscales"][0]

    @pytest.mark.parametrize("steps", [[SCALE], [SCALE, SHIFT]])
    def test_0_4_and_0_5_have_the_same_transformations(self, steps: list[dict[str, Any]]) -> None:
        assert levels_of(completed(positioned(*steps), "0.4", "0.5")) == [steps]

    def test_0_6_says_where_a_scale_leads(self) -> None:
        assert completed(positioned(SCALE), "0.4", "0.6") == mapped({**SCALE, **ENDS})

    def test_0_6_has_a_sequence_for_scale_and_translation(self) -> None:
        sequence = {"type": "sequence", "transformations": [SCALE, SHIFT], **ENDS}
        assert completed(positioned(SCALE, SHIFT), "0.4", "0.6") == mapped(sequence)

    def test_before_0_6_neither_ends_nor_sequences_are_written(self) -> None:
        sequence = {"type": "sequence", "transformations": [SCALE, SHIFT], **ENDS}
        assert levels_of(completed(mapped(sequence), "0.6", "0.5")) == [[SCALE, SHIFT]]
        assert levels_of(completed(mapped({**SCALE, **ENDS}), "0.6", "0.5")) == [[SCALE]]

    def test_before_0_6_an_identity_is_a_scale_of_one(self) -> None:
        levels = levels_of(completed(mapped({"type": "identity", **ENDS}), "0.6", "0.5"))
        assert levels == [[{"type": "scale", "scale": [1, 1]}]]

    def test_before_0_6_a_sequence_in_the_other_order_is_turned_round(self) -> None:
        sequence = {"type": "sequence", "transformations": [SHIFT, SCALE], **ENDS}
        levels = levels_of(completed(mapped(sequence), "0.6", "0.5"))
        assert levels == [[SCALE, {"type": "translation", "translation": [2.0, -0.5]}]]

    def test_what_applies_after_the_levels_becomes_part_of_them_in_0_6(self) -> None:
        outer = [{"type": "scale", "scale": [10, 10]}, {"type": "translation", "translation": [3, 0]}]
        result = completed(positioned(SCALE, SHIFT, coordinateTransformations=outer), "0.4", "0.6")
        image = result["ome"]["multiscales"][0]
        assert "coordinateTransformations" not in image
        steps = image["datasets"][0]["coordinateTransformations"][0]["transformations"]
        assert [steps[0]["scale"], steps[1]["translation"]] == [[20, 5], [13, -10]]

    def test_what_cannot_become_part_of_the_levels_stays(self) -> None:
        outer = [{"type": "scale", "path": "factors"}]
        result = completed(positioned(SCALE, coordinateTransformations=outer), "0.4", "0.6")
        assert result["ome"]["multiscales"][0]["coordinateTransformations"] == outer

    def test_the_input_of_a_level_is_the_level(self) -> None:
        wrong = {**SCALE, "input": {"path": "other"}, "output": {"name": "physical"}}
        assert completed(mapped(wrong), "0.6", "0.6") == mapped({**SCALE, **ENDS})

    def test_the_intrinsic_system_is_that_of_the_levels_not_the_first(self) -> None:
        world = {"name": "world", "axes": [{"name": "a"}, {"name": "b"}]}
        attributes = mapped({**SCALE, **ENDS})
        attributes["ome"]["multiscales"][0]["coordinateSystems"].insert(0, world)
        result = completed(attributes, "0.6", "0.5")
        assert [axis["name"] for axis in result["ome"]["multiscales"][0]["axes"]] == ["y", "x"]

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_scales_for_time_and_channels_are_kept(self, version: str) -> None:
        axes = [{"name": "t", "type": "time"}, *YX]
        step = {"type": "scale", "scale": [0.1, 1, 1]}
        level = {"path": "s0", "coordinateTransformations": [step]}
        attributes = in_version({"multiscales": [{"axes": axes, "datasets": [level]}]}, version)
        assert levels_of(completed(attributes, version, "0.6"))[0][0]["scale"] == [0.1, 1, 1]

    def test_binary_vectors_stay_where_they_are_understood(self) -> None:
        step = {"type": "scale", "path": "factors"}
        assert levels_of(completed(positioned(step), "0.4", "0.5")) == [[step]]


class TestPlates:
    PLATE: ClassVar[dict[str, Any]] = {
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}, {"name": "03"}],
        "wells": [{"path": "B/03"}, {"path": "A/1"}, {"path": "C/1"}],
    }

    @pytest.mark.parametrize("target", ["0.4", "0.5", "0.6"])
    def test_wells_get_the_indices_that_their_paths_tell(self, target: str) -> None:
        result = completed({"plate": self.PLATE}, "0.3", target)
        wells = result.get("ome", result)["plate"]["wells"]
        assert wells == [
            {"path": "B/03", "rowIndex": 1, "columnIndex": 2},
            {"path": "A/1", "rowIndex": 0, "columnIndex": 0},
            {"path": "C/1", "columnIndex": 0},
        ]

    def test_indices_that_are_there_stay(self) -> None:
        plate = {**self.PLATE, "wells": [{"path": "A/1", "rowIndex": 1}]}
        wells = completed({"plate": plate}, "0.4", "0.4")["plate"]["wells"]
        assert wells == [{"path": "A/1", "rowIndex": 1, "columnIndex": 0}]

    @pytest.mark.parametrize("target", ["0.1", "0.2", "0.3"])
    def test_before_0_4_wells_have_no_indices(self, target: str) -> None:
        plate = {**self.PLATE, "wells": [{"path": "B/2", "rowIndex": 1, "columnIndex": 1}]}
        assert completed({"plate": plate}, "0.4", target)["plate"]["wells"] == [{"path": "B/2"}]

    @pytest.mark.parametrize("target", ["0.4", "0.5", "0.6"])
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"id": "7"}, {"id": 7}),
            ({"id": 1.0}, {"id": 1}),
            ({"id": "first"}, {"id": "first"}),
            ({"id": 0, "maximumfieldcount": "4"}, {"id": 0, "maximumfieldcount": 4}),
            ({"id": 0, "startime": "1343731272000"}, {"id": 0, "starttime": 1343731272000}),
            ({"id": 0, "starttime": 12, "endtime": "13"}, {"id": 0, "starttime": 12, "endtime": 13}),
            ({"id": 0, "startime": "soon"}, {"id": 0, "starttime": "soon"}),
        ],
        ids=str,
    )
    def test_acquisitions_get_numbers(self, target: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        result = completed({"plate": {**self.PLATE, "acquisitions": [before]}}, "0.3", target)
        assert result.get("ome", result)["plate"]["acquisitions"] == [after]

    def test_a_misspelt_start_time_is_mended_from_0_4_on(self) -> None:
        result = completed({"plate": {**self.PLATE, "acquisitions": [{"id": 0, "startime": "5"}]}}, "0.4", "0.4")
        assert result["plate"]["acquisitions"] == [{"id": 0, "starttime": 5}]

    @pytest.mark.parametrize("target", ["0.1", "0.2", "0.3"])
    def test_before_0_4_the_start_time_is_a_text_under_its_misspelt_key(self, target: str) -> None:
        plate = {**self.PLATE, "acquisitions": [{"id": 0, "starttime": 5, "endtime": 6}]}
        result = completed({"plate": plate}, "0.4", target)
        assert result["plate"]["acquisitions"] == [{"id": 0, "startime": "5", "endtime": 6}]

    def test_fields_name_their_acquisition_by_its_number(self) -> None:
        well = {"images": [{"path": "0", "acquisition": "7"}, {"path": "1"}]}
        result = completed({"well": well}, "0.3", "0.4")["well"]["images"]
        assert result == [{"path": "0", "acquisition": 7}, {"path": "1"}]


class TestLabels:
    COLORS = (LabelColor(1, (1, 1, 1, 1)), LabelColor(2, (2, 2, 2, 2)), LabelColor(1.0, (3, 3, 3, 3)))

    @pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
    def test_the_last_colour_of_a_label_counts(self, version: str) -> None:
        metadata = GroupMetadata(facets={"image-label": ImageLabel(colors=self.COLORS)})
        facet = FORMATS[version].complete(metadata, {}).facets["image-label"]
        assert isinstance(facet, ImageLabel)
        assert facet.colors == self.COLORS[1:]

    def test_neighbouring_large_labels_stay_apart(self) -> None:
        colors = (LabelColor(2**64 - 1), LabelColor(2**64 - 2), LabelColor(2**53), LabelColor(2**53 + 1))
        metadata = GroupMetadata(facets={"image-label": ImageLabel(colors=colors)})
        facet = FORMATS["0.6"].complete(metadata, {}).facets["image-label"]
        assert isinstance(facet, ImageLabel)
        assert facet.colors == colors

    def test_0_1_has_no_properties(self) -> None:
        label = {"properties": [{"label-value": 1}], "colors": [{"label-value": 1}]}
        metadata = read({"image-label": label}, "0.2")
        assert written(FORMATS["0.1"].complete(metadata, {}), "0.1") == {
            "image-label": {"colors": [{"label-value": 1}], "version": "0.1"}
        }
        assert FORMATS["0.1"].losses(metadata) == ["the properties of the labels"]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_what_was_unset_stays_unset(self, version: str) -> None:
        image = Image((Multiscale(datasets=()),), Omero())
        metadata = GroupMetadata(facets={"multiscales": image, "image-label": ImageLabel()})
        facets = FORMATS[version].complete(metadata, {}).facets
        label, image = facets["image-label"], facets["multiscales"]  # type: ignore[assignment]
        assert isinstance(label, ImageLabel)
        assert isinstance(image.omero, Omero)
        assert (label.colors, label.properties, label.source, image.omero.channels) == (UNSET,) * 4


def test_facets_of_other_plugins_are_left_alone() -> None:
    table = object()
    metadata = GroupMetadata(facets={"table": table})
    assert all(version.complete(metadata, {}).facets == {"table": table} for version in FORMATS.values())


def test_the_neutral_form_of_a_level_is_one_transformation() -> None:
    image = read(positioned(SCALE, SHIFT), "0.4").facets["multiscales"]
    assert isinstance(image, Image)
    steps = (Scale(scale=(2.0, 0.5)), Translation(translation=(1.0, -1.0)))
    assert image.multiscales[0].datasets[0].coordinate_transformations == (Sequence(transformations=steps),)
