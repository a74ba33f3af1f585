"""A node type from outside works in every version, those from outside too, without a line changed elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

import omezarr
from omezarr.arrays import as_source
from omezarr.errors import ConflictError, LocationNotFoundError, MetadataError, PluginError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.model import GroupMetadata, conventional_axes
from omezarr.testing import NodeTypeSuite, isolated_registry
from omezarr.writing.attributes import compose_attributes
from tests.third_party import node_table
from tests.third_party.node_table import Table, TableContent

if TYPE_CHECKING:
    from omezarr.abc import NodeType
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.9.dev2")


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(node_table)


class TestContract(NodeTypeSuite):
    @pytest.fixture
    def node_type(self) -> NodeType:
        return node_table.TableNode()

    @pytest.fixture
    def values(self) -> dict[str, Any]:
        return {"table": {"columns": ["area"], "imagePath": "image", "rowCount": 3, "software": "x"}}


def make_table(folder: Path, version: str, registry: Registry, **keys: Any) -> Path:
    """Write a group with a table beside which an image may lie."""
    table = Table(columns=("area", "label"), image_path="image", row_count=3, extra={"software": "x"})
    format_version = registry.formats[version]
    attributes = compose_attributes(GroupMetadata(facets={"table": table}), format_version, registry) | keys
    folder.mkdir()
    if format_version.zarr_format == 2:
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(attributes))
    else:
        group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (folder / "zarr.json").write_text(json.dumps(group))
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_read_in_every_version(version: str, tmp_path: Path, registry: Registry) -> None:
    folder = make_table(tmp_path / "table.zarr", version, registry)
    node = omezarr.open(folder, format=version, registry=registry)
    assert (node.key, node.version) == ("table", version)
    assert node.value == Table(columns=("area", "label"), image_path="image", row_count=3, extra={"software": "x"})
    assert list(node.children) == ["image"]


@pytest.mark.parametrize("version", VERSIONS)
def test_its_child_is_an_image(version: str, tmp_path: Path, registry: Registry) -> None:
    folder = make_table(tmp_path / "table.zarr", version, registry)
    pixels = np.ones((1, 1, 2, 4, 4), "uint8")
    omezarr.write_image(folder / "image", pixels, axes="tczyx", format=version, registry=registry)
    image = omezarr.open(folder, format=version, registry=registry).children["image"]
    assert (image.key, image.version) == ("multiscales", version)
    assert np.array_equal(image.levels[0].array[:], pixels)


def test_a_missing_child_is_reported_where_it_is_touched(tmp_path: Path, registry: Registry) -> None:
    node = omezarr.open(make_table(tmp_path / "table.zarr", "0.5", registry), registry=registry)
    assert len(node.children) == 1
    with pytest.raises(LocationNotFoundError):
        _ = node.children["image"].key


def test_a_malformed_table_says_where(tmp_path: Path, registry: Registry) -> None:
    folder = make_table(tmp_path / "table.zarr", "0.5", registry, ome={"version": "0.5", "table": {"columns": [1]}})
    node = omezarr.open(folder, registry=registry)
    with pytest.raises(MetadataError, match=r"table\.columns\[0\]: expected a string"):
        _ = node.value


def test_without_the_plugin_the_group_is_a_plain_one(tmp_path: Path, registry: Registry) -> None:
    folder = make_table(tmp_path / "table.zarr", "0.5", registry)
    node = omezarr.open(folder, registry=isolated_registry())
    assert node.key is None
    assert node.document.values["table"] == {
        "columns": ["area", "label"],
        "imagePath": "image",
        "rowCount": 3,
        "software": "x",
    }


def content() -> TableContent:
    image = omezarr.ImageContent(pixels=as_source(np.ones((1, 1, 2, 8, 8), "uint8")), axes=conventional_axes("tczyx"))
    return TableContent(columns=("area", "label"), rows=(("1", "a"), ("2", "b")), image=image)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_written_in_every_version_as_any_other_content(version: str, tmp_path: Path, registry: Registry) -> None:
    folder = tmp_path / "table.zarr"
    omezarr.write_content(folder, content(), format=version, levels=1, registry=registry)
    node = omezarr.open(folder, format=version, registry=registry)
    assert (node.key, node.version) == ("table", version)
    assert node.value == Table(columns=("area", "label"), image_path="image", row_count=2)
    assert node.children["image"].levels[0].shape == (1, 1, 2, 8, 8)
    assert (folder / "rows.csv").read_text() == "1,a\n2,b"
    assert omezarr.validate(folder, registry=registry, format=version).valid


def test_what_its_rules_refuse_is_refused_before_anything_is_written(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(MetadataError, match=r"no column would not be valid NGFF 0\.5; it takes at least one"):
        omezarr.write_content(tmp_path / "table.zarr", evolve(content(), columns=()), registry=registry)
    assert not (tmp_path / "table.zarr").exists()


@pytest.mark.parametrize(("old", "new"), [("0.4", "0.5"), ("0.5", "0.6"), ("0.6", "0.4")])
def test_an_upgrade_copies_it_with_its_rows(old: str, new: str, tmp_path: Path, registry: Registry) -> None:
    written = omezarr.write_content(tmp_path / "old.zarr", content(), format=old, registry=registry)
    copied = omezarr.upgrade(tmp_path / "old.zarr", tmp_path / "new.zarr", to=new, registry=registry)
    assert (copied.key, copied.version, copied.value) == ("table", new, written.value)
    assert copied.children["image"].version == new
    assert (tmp_path / "new.zarr/rows.csv").read_text() == "1,a\n2,b"


def test_an_importer_that_returns_it_makes_convert_write_it(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "cells.lab").write_text("area,label\n1,a\n")
    node = omezarr.convert(tmp_path / "cells.lab", tmp_path / "table.zarr", scale=0.5, registry=registry)
    assert node is not None
    assert node.value.columns == ("area", "label")
    assert node.children["image"].levels[0].scale[-2:] == (0.5, 0.5)


def test_what_no_node_type_writes_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="no node type writes TableContent; the plugin that does is missing"):
        omezarr.write_content(tmp_path / "table.zarr", content(), registry=isolated_registry())
    assert not (tmp_path / "table.zarr").exists()


def test_two_types_of_one_content_are_a_conflict(tmp_path: Path) -> None:
    class Other(node_table.TableNode):
        key = "other-table"

    class Provider:
        @staticmethod
        @hookimpl
        def omezarr_node_types() -> list[NodeType]:
            return [Other()]

    registry = isolated_registry(node_table, Provider())
    with pytest.raises(ConflictError, match=r"'other-table'.* both write TableContent"):
        omezarr.write_content(tmp_path / "table.zarr", content(), registry=registry)


def test_a_plan_that_is_none_is_told_of(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_table.TableNode, "plan", lambda *_: ["x"])
    with pytest.raises(PluginError, match="the node type 'table' planned something that is no phase"):
        omezarr.write_content(tmp_path / "table.zarr", content(), registry=registry)


def test_an_installed_distribution_provides_it_to_the_command_line(
    tmp_path: Path, registry: Registry, installed: Installed
) -> None:
    text = Path(node_table.__file__).read_text()
    entries = {"nodes.table": "ngff_table", "importers.table": "ngff_table"}
    installed.add("ngff-table", entries, {"ngff_table": text})
    folder = make_table(tmp_path / "table.zarr", "0.5", registry)
    omezarr.write_image(folder / "image", np.ones((4, 4), "uint8"), axes="yx", registry=registry)
    shown = installed.run("info", "--json", str(folder))
    assert shown.returncode == 0, shown.stderr
    assert '"table"' in shown.stdout
    (tmp_path / "cells.lab").write_text("area,label\n1,a\n")
    converted = installed.run("convert", str(tmp_path / "cells.lab"), str(tmp_path / "cells.zarr"))
    assert converted.returncode == 0, converted.stderr
    assert json.loads((tmp_path / "cells.zarr/zarr.json").read_text())["attributes"]["ome"]["table"]["rowCount"] == 1
