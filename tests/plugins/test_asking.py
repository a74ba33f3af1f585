"""A plugin that fails when it is asked breaks nothing but itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.abc import Claim, FormatVersion, Hint, Importer, NodeType, OpenedStore, StorageScheme
from omezarr.errors import PluginError, SourceError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.location import Location
from omezarr.model import Document
from omezarr.nodes.detection import detect_format, detect_node_types
from omezarr.nodes.opening import open_store
from omezarr.plugins.asking import ask_all
from omezarr.testing import isolated_registry
from omezarr.writing.conversion import choose_importer

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = {"ome": {"version": "0.5", "labels": ["cells"]}}


class BrokenFormat(FormatVersion):
    version = "0.8"
    zarr_format = 3

    def claim(self, attributes: Any, zarr_format: int, hint: Hint) -> Claim | None:
        raise ValueError("it broke")

    def named_version(self, attributes: Any) -> str | None:
        raise ValueError("it broke")

    def unwrap(self, attributes: Any) -> Document:
        return Document(values=attributes)

    def wrap(self, document: Document) -> dict[str, Any]:
        return dict(document.values)


class BrokenKind(NodeType):
    key = "broken"
    model = dict

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        raise ValueError("it broke")


class BrokenScheme(StorageScheme):
    name = "broken"

    def claim(self, location: Location) -> Claim | None:
        raise ValueError("it broke")

    def open(self, location: Location, *, write: bool, resolve: Any) -> OpenedStore:
        raise NotImplementedError


class BrokenImporter(Importer):
    name = "broken"
    suffixes = (".broken",)
    content: Any = None

    def claim(self, location: Location) -> Claim | None:
        raise ValueError("it broke")

    def load(self, location: Location, options: Any) -> Any:
        return self.content


class Plugin:
    @hookimpl
    def omezarr_formats(self) -> Any:
        return [BrokenFormat()]

    @hookimpl
    def omezarr_node_types(self) -> Any:
        return [BrokenKind()]

    @hookimpl
    def omezarr_storage_schemes(self) -> Any:
        return [BrokenScheme()]

    @hookimpl
    def omezarr_importers(self) -> Any:
        return [BrokenImporter()]


def failures(registry: Any) -> list[str]:
    return [str(failure) for failure in registry.failures]


def test_a_format_that_fails_leaves_the_others() -> None:
    registry = isolated_registry(Plugin())
    for _ in range(2):
        found = detect_format(DOCUMENT, 3, Hint(), registry)
        assert found is not None
        assert found.version.version == "0.5"
    assert failures(registry) == ["given:0: omezarr_formats, claim of '0.8' failed: ValueError: it broke"]


def test_the_version_of_a_format_that_fails_is_named() -> None:
    from zarr.storage import MemoryStore

    store = MemoryStore()
    import zarr

    zarr.create_group(store, attributes={"ome": {"version": "0.8", "labels": ["cells"]}}, zarr_format=3)
    node = omezarr.open(store, registry=isolated_registry(Plugin()))
    assert node.unknown_version == "0.8"
    assert "its plugin failed" in node.notices[0]
    assert "given:0: omezarr_formats, claim of '0.8' failed" in node.notices[0]


def test_a_node_type_that_fails_leaves_the_others() -> None:
    registry = isolated_registry(Plugin())
    found = detect_node_types(Document(values={"labels": ["cells"]}), Hint(), registry)
    assert [node_type.key for node_type in found] == ["labels"]
    assert failures(registry) == ["given:0: omezarr_node_types, claim of 'broken' failed: ValueError: it broke"]


def test_validation_asks_the_others_too() -> None:
    registry = isolated_registry(Plugin())
    report = omezarr.validate(DOCUMENT, registry=registry)
    assert (report.version, report.valid) == ("0.5", True)
    assert len(failures(registry)) == 2


def test_a_scheme_that_fails_leaves_the_others_and_is_named_where_none_knows_the_location() -> None:
    registry = isolated_registry(Plugin())
    assert open_store(Location.parse("memory://asking/a"), registry.storage_schemes, write=True).path == "a"
    only = isolated_registry(Plugin(), distributions=())
    said = r"Plugins that failed: given:0: omezarr_storage_schemes, claim of 'broken' failed: ValueError: it broke"
    with pytest.raises(UnsupportedError, match=said):
        open_store(Location.parse("memory://asking/a"), only.storage_schemes)
    with pytest.raises(UnsupportedError, match=r"Plugins that failed: mine: claim of 'mine' failed"):
        open_store(Location.parse("memory://asking/a"), {"mine": BrokenScheme()})


def test_an_importer_that_fails_leaves_the_others_and_is_named_where_none_reads_the_file(tmp_path: Path) -> None:
    registry = isolated_registry(Plugin())
    np.save(tmp_path / "image.npy", np.zeros((4, 4), "uint8"))
    assert choose_importer(Location.parse(tmp_path / "image.npy"), registry).name != "broken"
    (tmp_path / "image.broken").write_bytes(b"unheard of")
    said = r"Plugins that failed: given:0: omezarr_importers, claim of 'broken' failed: ValueError: it broke"
    with pytest.raises(SourceError, match=said):
        choose_importer(Location.parse(tmp_path / "image.broken"), registry)


@pytest.mark.parametrize(("returned", "named"), [(None, "None"), (5, "an instance of int")])
def test_an_importer_that_returns_no_content_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, returned: Any, named: str
) -> None:
    monkeypatch.setattr(BrokenImporter, "content", returned)
    (tmp_path / "image.broken").write_bytes(b"")
    with pytest.raises(PluginError, match=rf"the importer 'broken' returned {named} for .*image\.broken"):
        omezarr.convert(
            tmp_path / "image.broken", tmp_path / "t.zarr", importer="broken", registry=isolated_registry(Plugin())
        )
    assert not (tmp_path / "t.zarr").exists()


@pytest.mark.parametrize("answer", [True, 10, "yes"])
def test_an_answer_that_is_no_claim_is_a_failure(answer: Any) -> None:
    asked = ask_all({"mine": BrokenScheme()}, "claim", lambda _: answer)
    assert asked.claims == ()
    assert f"it returned an instance of {type(answer).__name__}, not a Claim" in str(asked.failures[0])


def test_a_certainty_that_does_not_exist_is_a_failure() -> None:
    class Sure(BrokenFormat):
        def claim(self, attributes: Any, zarr_format: int, hint: Hint) -> Claim | None:
            return Claim(50, "it is sure")

    class Formats:
        @hookimpl
        def omezarr_formats(self) -> Any:
            return [Sure()]

    registry = isolated_registry(Formats())
    found = detect_format(DOCUMENT, 3, Hint(), registry)
    assert found is not None
    assert found.version.version == "0.5"
    assert "it claims with 50, which is no Certainty" in failures(registry)[0]


def test_an_importer_that_fails_is_named_with_the_way_to_do_without_it(tmp_path: Path) -> None:
    class Failing(BrokenImporter):
        def load(self, location: Location, options: Any) -> Any:
            raise KeyError("width")

    class Importers:
        @hookimpl
        def omezarr_importers(self) -> Any:
            return [Failing()]

    registry = isolated_registry(Importers())
    (tmp_path / "image.broken").write_bytes(b"")
    said = r"given:0: omezarr_importers, load of 'broken' failed: KeyError: 'width'; .* -p no:given:0"
    with pytest.raises(PluginError, match=said):
        omezarr.convert(tmp_path / "image.broken", tmp_path / "t.zarr", importer="broken", registry=registry)
    assert len(failures(registry)) == 1


class LabKind(BrokenKind):
    key = "lab"
    told: Any = None

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        return Claim(1, "it has the key") if "lab" in document.values else None

    def structure(self, values: Any, converter: Any) -> Any:
        return values["lab"]

    def configure(self, converter: Any) -> None:
        raise ValueError("it broke")

    def references(self, value: Any) -> Any:
        raise ValueError("it broke")

    def rules(self, version: str) -> Any:
        if self.told is None:
            raise ValueError("it broke")
        return self.told


class LabPlugin:
    @hookimpl
    def omezarr_node_types(self) -> Any:
        return [LabKind()]


@pytest.mark.parametrize("told", [None, 5, ["no rule"]])
def test_a_kind_that_cannot_tell_its_rules_leaves_those_of_others(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LabKind, "told", told)
    registry = isolated_registry(LabPlugin())
    report = omezarr.validate({"ome": {"version": "0.5", "lab": 1, "labels": "cells"}}, registry=registry)
    found = [(problem.rule, problem.provider) for problem in report]
    assert found.count(("rule.failed", "given:0")) == 1
    assert any(rule.startswith("labels.") for rule, _ in found)
    assert any("rules of 'lab' failed" in said for said in failures(registry))


def test_a_kind_that_fails_leaves_groups_of_other_kinds_as_they_are(tmp_path: Path) -> None:
    registry = isolated_registry(LabPlugin())
    node = omezarr.write_image(tmp_path / "i.zarr", np.zeros((8, 8), "uint8"), axes="yx", levels=1, registry=registry)
    assert node.levels[0].shape == (8, 8)
    assert "configure of 'lab' failed: ValueError: it broke" in failures(registry)[0]


def test_a_kind_that_cannot_say_what_it_refers_to_is_named() -> None:
    from zarr import create_group
    from zarr.storage import MemoryStore

    store = MemoryStore()
    create_group(store, attributes={"ome": {"version": "0.5", "lab": 1}}, zarr_format=3)
    node = omezarr.open(store, registry=isolated_registry(LabPlugin()))
    with pytest.raises(PluginError, match=r"given:0: omezarr_node_types, references of 'lab' failed: ValueError"):
        _ = node.children
