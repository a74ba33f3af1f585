"""A node type from outside lies below images and keeps its keys in the attributes themselves, in every version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import MetadataError
from omezarr.testing import NodeTypeSuite, isolated_registry
from tests.third_party import node_regions
from tests.third_party.node_regions import Regions, RegionsContent

if TYPE_CHECKING:
    from omezarr.abc import NodeType
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

BOXES = {"nucleus": (0.0, 0.0, 2.0, 3.0)}


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(node_regions)


class TestContract(NodeTypeSuite):
    @pytest.fixture
    def node_type(self) -> NodeType:
        return node_regions.RegionsNode()

    @pytest.fixture
    def values(self) -> dict[str, Any]:
        return {"regions": {"boxes": {"nucleus": [0, 0, 2, 3]}, "by": "hand"}}


def with_regions(folder: Path, version: str, registry: Registry, boxes: Any = None) -> Path:
    """Write an image with regions below it."""
    pixels = np.ones((1, 1, 2, 8, 8), "uint8")
    omezarr.write_image(folder, pixels, axes="tczyx", format=version, levels=1, registry=registry)
    omezarr.write_content(folder / "regions", RegionsContent(boxes or BOXES), format=version, registry=registry)
    return folder


def attributes_of(folder: Path) -> dict[str, Any]:
    if (folder / "zarr.json").exists():
        return json.loads((folder / "zarr.json").read_text())["attributes"]
    return json.loads((folder / ".zattrs").read_text())


@pytest.mark.parametrize("version", ["0.1", "0.4", "0.5", "0.6", "0.9.dev2"])
def test_it_is_found_below_an_image_and_its_key_is_a_plain_attribute(
    version: str, tmp_path: Path, registry: Registry
) -> None:
    folder = with_regions(tmp_path / "a.zarr", version, registry)
    assert attributes_of(folder / "regions")["regions"] == {"boxes": {"nucleus": [0.0, 0.0, 2.0, 3.0]}}
    image = omezarr.open(folder, registry=registry)
    assert list(image.children) == ["regions"]
    below = image.children["regions"]
    assert (below.key, below.version, below.value) == ("regions", image.version, Regions(boxes=BOXES))
    assert omezarr.validate(folder, registry=registry, format=version).valid


def test_a_group_that_has_nothing_but_the_key_is_read(tmp_path: Path, registry: Registry) -> None:
    folder = with_regions(tmp_path / "a.zarr", "0.5", registry)
    attributes = {"regions": {"boxes": {"a": [1, 2]}}, "others": 5}
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    (folder / "regions/zarr.json").write_text(json.dumps(document))
    below = omezarr.open(folder, registry=registry).children["regions"]
    assert below.value.boxes == {"a": (1.0, 2.0)}
    assert below.metadata.foreign == {"others": 5}
    alone = omezarr.open(folder / "regions", registry=registry)
    assert (alone.key, alone.version) == ("regions", "0.5")


def test_its_rules_are_applied_below_an_image(tmp_path: Path, registry: Registry) -> None:
    folder = with_regions(tmp_path / "a.zarr", "0.5", registry)
    document = json.loads((folder / "regions/zarr.json").read_text())
    document["attributes"]["regions"]["boxes"]["nucleus"] = [1, 2, 3]
    (folder / "regions/zarr.json").write_text(json.dumps(document))
    broken = [problem.rule for problem in omezarr.validate(folder, registry=registry).errors]
    assert [rule.endswith("regions.corners") for rule in broken] == [True]
    with pytest.raises(MetadataError, match="3 numbers would not be valid NGFF"):
        with_regions(tmp_path / "b.zarr", "0.5", registry, {"odd": (1.0, 2.0, 3.0)})
    assert not (tmp_path / "b.zarr/regions").exists()


@pytest.mark.parametrize(("old", "new"), [("0.4", "0.5"), ("0.5", "0.4"), ("0.5", "0.6")])
def test_an_upgrade_takes_it_along(old: str, new: str, tmp_path: Path, registry: Registry) -> None:
    folder = with_regions(tmp_path / "old.zarr", old, registry)
    copied = omezarr.upgrade(folder, tmp_path / "new.zarr", to=new, registry=registry)
    assert copied.children["regions"].value == Regions(boxes=BOXES)
    assert attributes_of(tmp_path / "new.zarr/regions")["regions"] == {"boxes": {"nucleus": [0.0, 0.0, 2.0, 3.0]}}
    upgraded = omezarr.upgrade(folder, to=new, registry=registry)
    assert (upgraded.children["regions"].version, upgraded.children["regions"].value) == (new, Regions(boxes=BOXES))


def test_without_the_plugin_nothing_is_lost(tmp_path: Path, registry: Registry) -> None:
    folder = with_regions(tmp_path / "old.zarr", "0.4", registry)
    plain = isolated_registry()
    assert list(omezarr.open(folder, registry=plain).children) == []
    omezarr.upgrade(folder, tmp_path / "new.zarr", to="0.5", registry=plain)
    assert omezarr.open(tmp_path / "new.zarr", registry=registry).children["regions"].value == Regions(boxes=BOXES)


def test_an_installed_distribution_shows_it(tmp_path: Path, registry: Registry, installed: Installed) -> None:
    text = Path(node_regions.__file__).read_text()
    installed.add("ngff-regions", {"nodes.regions": "ngff_regions"}, {"ngff_regions": text})
    shown = installed.run("info", str(with_regions(tmp_path / "a.zarr", "0.5", registry)))
    assert shown.returncode == 0, shown.stderr
    assert "regions" in shown.stdout
