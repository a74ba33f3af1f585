"""A node type from outside works in every version, those from outside too, without a line changed elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import LocationNotFoundError, MetadataError
from omezarr.model import GroupMetadata
from omezarr.testing import NodeTypeSuite, isolated_registry
from omezarr.writing.attributes import compose_attributes
from tests.third_party import node_table
from tests.third_party.node_table import Table

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


def test_an_installed_distribution_provides_it_to_the_command_line(
    tmp_path: Path, registry: Registry, installed: Installed
) -> None:
    text = Path(node_table.__file__).read_text()
    installed.add("ngff-table", {"nodes.table": "ngff_table"}, {"ngff_table": text})
    folder = make_table(tmp_path / "table.zarr", "0.5", registry)
    omezarr.write_image(folder / "image", np.ones((4, 4), "uint8"), axes="yx", registry=registry)
    shown = installed.run("info", "--json", str(folder))
    assert shown.returncode == 0, shown.stderr
    assert '"table"' in shown.stdout
