"""Validation as a whole: what it takes, how far it looks, what it asks of stores, and what it reports."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from attrs import frozen

import omezarr
from omezarr.abc import Certainty, Claim, FormatVersion, Hint, NodeType
from omezarr.abc.rules import Depth, Finding, Rule, Severity
from omezarr.checking.validation import FAULTS, all_rules, validate
from omezarr.errors import ArgumentError, LocationNotFoundError, UnknownNameError
from omezarr.hookspecs import hookimpl
from omezarr.model import Document
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.registry import Registry
from omezarr.testing import isolated_registry
from omezarr.testing.stores import CountingStore
from tests.builtins.rules.documents import KINDS, wrapped
from tests.builtins.rules.hierarchies import TREES, collection_tree, image_tree, plate_tree, stored, well_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from zarr.storage import MemoryStore

    from omezarr.checking.validation import Report


def rules(report: Report) -> list[str]:
    return [problem.rule for problem in report]


def without(store: MemoryStore, *keys: str) -> MemoryStore:
    for key in keys:
        del store._store_dict[key]
    return store


def with_object(store: MemoryStore, key: str, content: bytes) -> MemoryStore:
    from zarr.core.buffer import cpu

    store._store_dict[key] = cpu.Buffer.from_bytes(content)
    return store


class TestWhatCannotBeValidated:
    def test_a_place_where_nothing_is_raises(self, tmp_path: Path) -> None:
        with pytest.raises(LocationNotFoundError):
            validate(tmp_path / "missing.zarr")

    def test_an_unknown_version_raises(self) -> None:
        with pytest.raises(UnknownNameError, match=r"0\.7"):
            validate({}, format="0.7")

    def test_a_rule_to_be_ignored_that_does_not_exist_raises_with_near_ones(self) -> None:
        with pytest.raises(UnknownNameError, match=r"'axes\.order'"):
            validate({}, ignore=["axis.order"])

    def test_pixels_of_a_document_raise(self) -> None:
        with pytest.raises(ArgumentError, match="without pixels"):
            validate({}, depth="data")

    def test_an_unknown_depth_raises(self) -> None:
        with pytest.raises(ArgumentError, match="'hierarchy'"):
            validate({}, depth="deep")  # type: ignore[arg-type]

    def test_a_folder_without_metadata_is_no_group(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("hello")
        report = validate(tmp_path)
        assert rules(report) == ["zarr.group"]
        assert "notes.txt" in report.message
        assert report.version is None

    def test_an_array_is_no_group(self, tmp_path: Path) -> None:
        import zarr

        zarr.create_array(tmp_path / "array.zarr", shape=(2,), dtype="u1")
        assert rules(validate(tmp_path / "array.zarr")) == ["zarr.group"]

    def test_malformed_metadata_of_the_root_is_a_problem(self) -> None:
        store = with_object(stored({"": {"ome": {}}}), "zarr.json", b'{"node_type": "gr')
        assert rules(validate(store)) == ["zarr.metadata"]

    @pytest.mark.parametrize("attributes", [{}, {"note": 1}, {"ome": {"version": "0.5"}}, {"omero": {"channels": []}}])
    def test_attributes_of_no_known_kind_are_a_problem(self, attributes: dict[str, Any]) -> None:
        assert rules(validate(attributes)) == ["document.kind"]

    def test_a_kind_that_the_version_does_not_have_is_a_problem(self) -> None:
        assert rules(validate(KINDS["scene"]("0.6"), format="0.4")) == ["document.kind"]

    def test_a_hierarchy_that_was_never_finished_is_a_problem(self) -> None:
        store = stored({"": {"omezarr": {"incomplete": {}}, "ome": {}}})
        assert rules(validate(store)) == ["hierarchy.complete", "ome.version.present"]

    def test_no_format_at_all_is_a_problem(self) -> None:
        assert rules(validate({}, registry=Registry(PluginManager(found=())))) == ["document.kind"]


class Ruleless(FormatVersion):
    version = "0.8"
    zarr_format = 3

    def claim(self, attributes: Mapping[str, Any], zarr_format: int, hint: Hint) -> Claim | None:
        return Claim(Certainty.EXPLICIT, "it says so") if attributes["ome"]["version"] == "0.8" else None

    def unwrap(self, attributes: Mapping[str, Any]) -> Document:
        return Document(values={key: value for key, value in attributes["ome"].items() if key != "version"})

    def wrap(self, document: Document) -> dict[str, Any]:
        return {"ome": {"version": "0.8", **document.values}}


class TestVersions:
    @pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
    def test_the_version_that_is_named_is_applied(self, version: str) -> None:
        report = validate(wrapped(version, KINDS["multiscales"](version)))
        assert (report.version, report.inferred, report.valid) == (version, False, True)

    @pytest.mark.parametrize(("version", "expected"), [("0.1", "0.2"), ("0.3", "0.3"), ("0.4", "0.4")])
    def test_without_a_name_the_newest_version_that_fits_is_applied(self, version: str, expected: str) -> None:
        document = KINDS["multiscales"](version)
        del document["multiscales"][0]["version"]
        report = validate(document)
        assert (report.version, report.inferred, report.valid) == (expected, True, True)

    def test_a_version_that_nobody_knows_is_an_error(self) -> None:
        report = validate(wrapped("0.7", KINDS["well"]("0.6")))
        assert report.version is None
        assert rules(report) == ["document.version"]
        assert "version 0.7 is not known (0.1 to 0.6, 0.9.dev1, 0.9.dev2 are)" in report.problems[0].found
        assert "0.6'" not in report.message

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_a_child_of_a_version_that_nobody_knows_is_judged_by_no_other(self, version: str) -> None:
        child = wrapped("0.7", {**KINDS["image-label"](version), **KINDS["multiscales"](version), "well": 5})
        report = validate(stored({"": wrapped(version, {"labels": ["cells"]}), "cells": child}))
        assert [problem.rule for problem in report if problem.node == "cells"] == ["document.version"]

    def test_a_version_that_nobody_has_rules_for_says_so(self) -> None:
        class Plugin:
            @hookimpl
            def omezarr_formats(self) -> Any:
                return [Ruleless()]

        registry = isolated_registry(Plugin())
        report = validate(wrapped("0.8", KINDS["well"]("0.6")), registry=registry)
        assert (report.version, report.valid, rules(report)) == ("0.8", True, ["document.rules"])
        assert "document.rules" not in rules(validate(wrapped("0.6", KINDS["well"]("0.6")), registry=registry))
        assert report.problems[0].found.startswith("no rules made for version 0.8")

    def test_the_release_candidate_is_the_release(self) -> None:
        assert list(validate(wrapped("0.6rc0", KINDS["multiscales"]("0.6")))) == []

    def test_a_draft_is_a_warning_and_in_strict_validation_an_error(self) -> None:
        document = wrapped("0.6.dev4", KINDS["multiscales"]("0.6"))
        assert validate(document).valid
        assert rules(validate(document)) == ["ome.version.final"]
        assert not validate(document, strict=True).valid

    def test_a_draft_may_name_systems_by_strings(self) -> None:
        values = KINDS["multiscales"]("0.6")
        image = values["multiscales"][0]
        for level in image["datasets"]:
            step = level["coordinateTransformations"][0]
            step |= {"input": step["input"]["path"], "output": step["output"]["name"]}
        for step in image["coordinateTransformations"]:
            step |= {"input": step["input"]["name"], "output": step["output"]["name"]}
            for item in step.get("transformations", []):
                if "inputAxes" in item:
                    item |= {"input_axes": item.pop("inputAxes"), "output_axes": item.pop("outputAxes")}
        assert rules(validate(wrapped("0.6.dev3", values))) == ["ome.version.final"]
        assert not validate(wrapped("0.6", values)).valid

    def test_a_number_is_understood_and_an_error(self) -> None:
        document = KINDS["well"]("0.4")
        document["well"]["version"] = 0.4
        assert rules(validate(document)) == ["well.version.form"]

    def test_two_versions_in_one_document_are_an_error(self) -> None:
        document = KINDS["multiscales"]("0.4")
        document["multiscales"].append({**document["multiscales"][0], "version": "0.3"})
        assert "document.version" in rules(validate(document))

    def test_a_child_is_judged_by_its_own_version(self) -> None:
        tree = TREES["well"]("0.5")
        tree["1"]["ome"]["version"] = "0.6"
        found = {(problem.node, problem.rule) for problem in validate(stored(tree))}
        assert ("", "hierarchy.versions") in found
        assert ("1", "coordinateSystems.present") in found


class TestFiles:
    def test_the_content_of_zarr_json_is_its_attributes(self, tmp_path: Path) -> None:
        attributes = wrapped("0.5", KINDS["well"]("0.5"))
        file = tmp_path / "zarr.json"
        file.write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}))
        report = validate(str(file))
        assert (report.valid, report.depth, report.target) == (True, Depth.DOCUMENT, str(file))

    @pytest.mark.parametrize("name", [".zattrs", "attributes.json"])
    def test_a_file_of_attributes_is_validated(self, name: str, tmp_path: Path) -> None:
        file = tmp_path / name
        file.write_text(json.dumps(KINDS["well"]("0.4")))
        assert validate(file).valid

    def test_the_metadata_of_an_array_is_no_group(self, tmp_path: Path) -> None:
        file = tmp_path / "zarr.json"
        file.write_text(json.dumps({"zarr_format": 3, "node_type": "array", "attributes": {}}))
        assert rules(validate(file)) == ["zarr.group"]

    def test_comments_are_a_warning(self, tmp_path: Path) -> None:
        file = tmp_path / "example.json"
        file.write_text('{"series": ["a//b", /* first */ "1"] // all\n}')
        report = validate(file)
        assert (report.valid, rules(report)) == (True, ["json.comments"])


class TestHierarchies:
    def test_a_malformed_child_does_not_keep_its_siblings_from_being_looked_at(self) -> None:
        tree = plate_tree("0.5")
        tree["B/2/0"]["ome"]["multiscales"][0]["axes"][0]["name"] = "x"
        store = with_object(stored(tree), "A/1/0/zarr.json", b'{"zarr_format": 3, "node_type": "gro')
        found = [(problem.node, problem.rule) for problem in validate(store)]
        assert ("A/1/0", "zarr.metadata") in found
        assert ("B/2/0", "axes.names.unique") in found

    def test_a_malformed_document_is_followed_as_far_as_it_can_be_understood(self) -> None:
        tree = plate_tree("0.4")
        tree[""]["plate"]["wells"][0] = {"path": 1}
        tree["B/2"]["well"]["images"].append("x")
        tree["B/2/0"]["multiscales"][0]["name"] = 1
        found = [(problem.node, problem.rule) for problem in validate(stored(tree))]
        assert ("B/2", "well.images.entries.form") in found
        assert ("B/2/0", "multiscales.name.form") in found

    def test_a_shallow_look_sees_the_document_alone(self) -> None:
        store = stored({"": plate_tree("0.5")[""]})
        assert list(validate(store, depth="document")) == []
        assert not validate(store).valid

    def test_groups_that_refer_to_ever_more_groups_are_not_followed_without_end(self) -> None:
        tree: dict[str, Any] = {}
        path = ""
        for _ in range(40):
            tree[path] = wrapped("0.5", {"bioformats2raw.layout": 3})
            tree[f"{path}/OME".lstrip("/")] = wrapped("0.5", {"series": ["0"]})
            path = f"{path}/0".lstrip("/")
        report = validate(stored(tree))
        assert "hierarchy.depth" in rules(report)
        assert report.groups < 40

    @pytest.mark.parametrize(
        "path", ["../outside", "/outside", "a/../../outside", "http://host/outside", "a\\b", "a\0b"]
    )
    def test_paths_that_lead_outside_are_not_followed(self, path: str) -> None:
        tree = TREES["labels"]("0.5")
        tree[""]["ome"]["labels"].append(path)
        store = CountingStore(stored(tree))
        assert "labels.paths.relative" in rules(validate(store))
        assert not [key for key in store.reads if "outside" in key]

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_images_of_a_collection_without_series_are_counted_by_the_ome_xml(self, version: str) -> None:
        tree = collection_tree(version)
        del tree["OME"]
        assert list(validate(stored(tree))) == []
        del tree["OME/METADATA.ome.xml"]
        report = validate(stored(tree))
        assert rules(report) == ["bioformats2raw.ome_xml.present"]
        assert report.groups == 3

    @pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
    def test_what_is_written_is_valid(self, version: str) -> None:
        import numpy as np

        pixels = np.arange(2 * 3 * 9 * 10, dtype="u2").reshape(1, 2, 3, 9, 10)
        place = f"memory://validated-{version}.zarr"
        omezarr.write_image(place, pixels, axes="tczyx", format=version, name="image", overwrite=True)
        omezarr.write_labels(place, (pixels % 5).astype("u1")[:, :1], "cells")
        report = validate(place, depth=Depth.DATA)
        assert report.errors == ()
        assert report.groups == 3


class TestRequests:
    @pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
    @pytest.mark.parametrize("make", [image_tree, plate_tree, collection_tree, well_tree])
    def test_each_object_is_asked_for_once_and_each_folder_listed_once(self, make: Any, version: str) -> None:
        store = CountingStore(stored(make(version)))
        assert validate(store, format=version).valid
        assert len(set(store.reads)) == len(store.reads) > 0
        assert len(set(store.lists)) == len(store.lists)

    def test_no_pixel_is_read_unless_asked_for(self) -> None:
        store = CountingStore(stored(image_tree("0.5")))
        validate(store)
        assert not [key for key in store.reads if "/c/" in key]
        validate(store, depth="data")
        assert [key for key in store.reads if "/c/" in key]

    def test_a_plate_on_a_server_costs_one_request_for_each_document(self, http_server: Any) -> None:
        for key, buffer in stored(plate_tree("0.5"))._store_dict.items():
            file = http_server.root / "plate.zarr" / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(buffer.to_bytes())
        assert validate(f"{http_server.url}/plate.zarr").valid
        counts = Counter((method, path) for method, path, _ in http_server.requests)
        assert set(counts.values()) == {1}


class TestReports:
    def test_all_problems_are_told_with_their_places(self) -> None:
        document = KINDS["multiscales"]("0.5")
        document["multiscales"][0]["axes"][3]["type"] = 5
        del document["multiscales"][0]["datasets"][1]["path"]
        report = validate(wrapped("0.5", document))
        places = {problem.rule: problem.path for problem in report}
        assert places["axes.type.form"] == ("multiscales", 0, "axes", 3, "type")
        assert places["multiscales.datasets.path.present"] == ("multiscales", 0, "datasets", 1)
        assert "; multiscales[0].datasets[1]: multiscales.datasets.path.present: " in report.message

    def test_errors_and_warnings_are_counted_apart(self) -> None:
        document = KINDS["well"]("0.4")
        del document["well"]["version"]
        document["well"]["images"][0]["path"] = "a-b"
        report = validate(document)
        assert (len(report), len(report.errors), len(report.warnings)) == (2, 1, 1)
        assert report.counts == {"error": 1, "warning": 1}
        assert report.message.startswith("not valid NGFF 0.4, 1 error, 1 warning; well.images[0].path: ")
        assert len(list(report)) == 2

    def test_everything_can_be_written_as_json(self) -> None:
        store = with_object(stored(plate_tree("0.5")), "A/1/0/zarr.json", b"\xff")
        report = validate(store)
        read = json.loads(json.dumps(report.as_dict()))
        assert read["valid"] is report.valid is False
        assert read["errors"] == len(report.errors)
        assert read["depth"] == "hierarchy"
        assert {problem["severity"] for problem in read["problems"]} <= {"error", "warning"}

    def test_a_broken_should_is_an_error_in_strict_validation_unless_it_is_disputed(self) -> None:
        document = KINDS["plate"]("0.5")
        for key in ("name", "field_count", "version"):
            del document["plate"][key]
        ordinary, strict = (validate(wrapped("0.5", document), strict=strict) for strict in (False, True))
        assert ordinary.valid
        assert [problem.rule for problem in strict.errors] == ["plate.name.present"]
        assert {problem.rule for problem in strict.warnings} == {"plate.field_count.present", "plate.version.present"}

    @pytest.mark.parametrize("pattern", ["well.version.present", "well.version.*", "*"])
    def test_ignored_rules_are_not_told(self, pattern: str) -> None:
        document = KINDS["well"]("0.4")
        del document["well"]["version"]
        assert len(validate(document)) == 1
        assert list(validate(document, ignore=[pattern])) == []

    def test_faults_can_be_ignored(self) -> None:
        assert validate({}, ignore=["document.kind"]).valid

    def test_the_facade_has_it(self) -> None:
        assert omezarr.validate(KINDS["well"]("0.4")).valid


@frozen(kw_only=True)
class Note:
    """The model of a node type of somebody else."""

    text: str
    extra: Mapping[str, Any] = {}


class NoteNode(NodeType):
    key = "note"
    model = Note

    def rules(self, version: str) -> Iterable[Rule]:
        def check(context: Any) -> Iterable[Finding]:
            if context.values["note"].get("text") == "":
                yield Finding(path=("note", "text"), found="nothing", expected="a text")

        def broken(context: Any) -> Iterable[Finding]:
            raise RuntimeError("out of order")

        yield Rule(id="note.text", severity=Severity.ERROR, section="notes", check=check)
        if version == "0.4":
            yield Rule(id="note.broken", severity=Severity.WARNING, section="notes", check=broken)


class OtherFormat(FormatVersion):
    version: ClassVar[str] = "0.9"
    zarr_format = 3

    def claim(self, attributes: Mapping[str, Any], zarr_format: int, hint: Hint) -> Claim | None:
        return Claim(Certainty.EXPLICIT, "it has the key 'other'") if "other" in attributes else None

    def unwrap(self, attributes: Mapping[str, Any]) -> Document:
        return Document(values=attributes["other"], version="0.9")

    def wrap(self, document: Document) -> dict[str, Any]:
        return {"other": dict(document.values)}


class Plugin:
    @hookimpl
    def omezarr_formats(self) -> list[FormatVersion]:
        return [OtherFormat()]

    @hookimpl
    def omezarr_node_types(self) -> list[NodeType]:
        return [NoteNode()]


class TestPlugins:
    @pytest.fixture
    def registry(self) -> Registry:
        registry = Registry()
        registry.register(Plugin(), "other")
        return registry

    def test_rules_of_a_node_type_apply_in_every_version(self, registry: Registry) -> None:
        report = validate(wrapped("0.5", {"note": {"text": ""}}), registry=registry)
        assert rules(report) == ["note.text"]

    def test_a_format_without_rules_takes_those_of_the_node_types(self, registry: Registry) -> None:
        report = validate({"other": {"note": {"text": ""}}}, registry=registry, format="0.9")
        assert (report.version, rules(report)) == ("0.9", ["document.rules", "note.text"])
        assert "well.form" in rules(validate({"other": {"well": 1}}, registry=registry, format="0.9"))

    def test_a_rule_that_fails_is_told_and_the_others_are_applied(self, registry: Registry) -> None:
        report = validate({"note": {"text": ""}}, registry=registry, format="0.4")
        assert rules(report) == ["note.text", "rule.failed"]
        assert "note.broken" in report.problems[1].expected
        assert "out of order" in report.problems[1].found

    def test_its_rules_are_listed(self, registry: Registry) -> None:
        listed = {(version, key, rule.id) for version, key, rule in all_rules(registry)}
        assert ("0.5", "note", "note.text") in listed
        assert ("0.9", "note", "note.text") in listed


def test_faults_have_ids_of_their_own() -> None:
    ids = [fault.id for fault in FAULTS]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {rule.id for _, _, rule in all_rules()}
