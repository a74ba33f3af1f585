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
    version = "0.9"
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
    assert failures(registry) == ["given:0: omezarr_formats, claim of '0.9' failed: ValueError: it broke"]


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
