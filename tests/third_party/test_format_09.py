"""A format version from outside needs no line changed elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import UnsupportedError
from omezarr.model import Axis
from omezarr.testing import FormatVersionSuite, isolated_registry
from tests.third_party import format_09

if TYPE_CHECKING:
    from omezarr.abc import FormatVersion
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

AXES = (
    Axis("x", "space", "micrometer", extra={"orientation": {"type": "anatomical", "value": "left-to-right"}}),
    Axis("angle", "angle", "degree"),
    Axis("phase", "phase"),
    Axis("y", "space", "micrometer"),
    Axis("t", "time", "second"),
    Axis("c", "channel"),
)
PIXELS = np.arange(8 * 2 * 3 * 8 * 2 * 2, dtype="uint16").reshape(8, 2, 3, 8, 2, 2)


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(format_09)


class TestContract(FormatVersionSuite):
    @pytest.fixture
    def version(self) -> FormatVersion:
        return format_09.V09()

    @pytest.fixture(params=["labels", "image", "plate"])
    def attributes(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        axes = [{"name": "x", "type": "space", "orientation": {"value": "left-to-right"}}, {"name": "q"}]
        ends = {"input": {"path": "0"}, "output": {"name": "physical"}}
        level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2, 3], **ends}]}
        systems = [{"name": "physical", "axes": axes}]
        documents: dict[str, Any] = {
            "labels": {"labels": ["cells"]},
            "image": {"multiscales": [{"datasets": [level], "coordinateSystems": systems}]},
            "plate": {"plate": {"rows": [], "columns": [], "wells": []}},
        }
        return {"ome": {"version": "0.9.dev2", **documents[request.param]}}


def test_it_is_ordered_as_a_version(registry: Registry) -> None:
    assert list(registry.formats)[-2:] == ["0.6", "0.9.dev2"]
    assert registry.failures == ()


def test_axes_of_any_number_order_and_type_are_written_and_read(tmp_path: Path, registry: Registry) -> None:
    target = tmp_path / "image.ome.zarr"
    omezarr.write_image(
        target, PIXELS, axes=AXES, scale={"x": 0.5, "y": 0.5, "t": 2.0}, format="0.9.dev2", levels=2, registry=registry
    )
    node = omezarr.open(target, registry=registry)
    assert (node.version, node.version_inferred, node.key) == ("0.9.dev2", False, "multiscales")
    assert node.axes == AXES
    assert [level.shape for level in node.levels] == [(8, 2, 3, 8, 2, 2), (4, 2, 3, 4, 2, 2)]
    assert np.array_equal(node.levels[0].array[:], PIXELS)
    assert node.levels[1].scale == (1.0, 1.0, 1.0, 1.0, 2.0, 1.0)


def test_the_document_on_disk_is_that_of_the_version(tmp_path: Path, registry: Registry) -> None:
    omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format="0.9.dev2", registry=registry)
    ome = json.loads((tmp_path / "i.zarr" / "zarr.json").read_text())["attributes"]["ome"]
    assert ome["version"] == "0.9.dev2"
    axes = ome["multiscales"][0]["coordinateSystems"][0]["axes"]
    assert axes[0]["orientation"] == {"type": "anatomical", "value": "left-to-right"}


def test_without_the_plugin_such_an_image_is_not_taken_for_another_version(tmp_path: Path, registry: Registry) -> None:
    target = tmp_path / "image.ome.zarr"
    omezarr.write_image(target, PIXELS, axes=AXES, format="0.9.dev2", registry=registry)
    assert omezarr.open(target, registry=isolated_registry()).version is None


def test_older_versions_refuse_its_axes(tmp_path: Path, registry: Registry) -> None:
    for version in ("0.3", "0.4", "0.5", "0.6"):
        with pytest.raises(UnsupportedError, match="2 to 5 axes"):
            omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format=version, registry=registry)
    assert list(tmp_path.iterdir()) == []


def test_an_image_of_0_5_is_upgraded_to_it_and_back(tmp_path: Path, registry: Registry) -> None:
    pixels = np.arange(64, dtype="uint8").reshape(8, 8)
    labels = {"cells": pixels // 20}
    omezarr.write_image(tmp_path / "old", pixels, axes="yx", scale=0.5, labels=labels, format="0.5", registry=registry)
    omezarr.upgrade(tmp_path / "old", tmp_path / "new", to="0.9.dev2", registry=registry)
    node = omezarr.open(tmp_path / "new", registry=registry)
    assert (node.version, node.levels[0].scale) == ("0.9.dev2", (0.5, 0.5))
    assert node.labels["cells"].version == "0.9.dev2"
    omezarr.upgrade(tmp_path / "new", tmp_path / "again", to="0.5", registry=registry)
    again = omezarr.open(tmp_path / "again", registry=registry)
    assert again.attributes == omezarr.open(tmp_path / "old", registry=registry).attributes
    assert np.array_equal(again.labels["cells"].levels[0].array[:], labels["cells"])


def test_an_installed_distribution_provides_it_to_the_command_line(
    tmp_path: Path, registry: Registry, installed: Installed
) -> None:
    text = Path(format_09.__file__).read_text()
    installed.add("ngff-preview", {"formats.0.9": "ngff_preview"}, {"ngff_preview": text})
    omezarr.write_image(tmp_path / "i.zarr", PIXELS, axes=AXES, format="0.9.dev2", registry=registry)
    shown = installed.run("info", "--json", str(tmp_path / "i.zarr"))
    assert shown.returncode == 0, shown.stderr
    assert '"0.9.dev2"' in shown.stdout
    source = tmp_path / "pixels.npy"
    np.save(source, PIXELS[..., 0, 0, 0, 0])
    made = installed.run("convert", str(source), str(tmp_path / "made.zarr"), "--format", "0.9.dev2", "--axes", "qx")
    assert made.returncode == 0, made.stderr
    assert [axis.name for axis in omezarr.open(tmp_path / "made.zarr", registry=registry).axes] == ["q", "x"]
