"""A version that nobody knows is named wherever it is met, and never read as another one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.cli import run
from omezarr.errors import OMEZarrWarning, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.nodes.detection import unknown_version
from omezarr.testing import isolated_registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAID = r"version 0\.7 is not known \(0\.1 to 0\.6, .* are\)"
PIXELS = np.arange(32 * 32, dtype="uint16").reshape(32, 32)


def renamed(path: Path, version: str = "0.7") -> Path:
    """Let the metadata of a group name another version."""
    file = path / "zarr.json" if (path / "zarr.json").exists() else path / ".zattrs"
    document: Any = json.loads(file.read_text())
    if file.name == "zarr.json":
        document["attributes"]["ome"]["version"] = version
        document.pop("consolidated_metadata", None)
    else:
        document["multiscales"][0]["version"] = version
    file.write_text(json.dumps(document))
    return path


@pytest.fixture(params=["0.4", "0.5", "0.6"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "image.zarr"
    omezarr.write_image(path, PIXELS, axes="yx", format=request.param, levels=1)
    return renamed(path)


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_opening_gives_a_node_without_type_that_names_the_version(image: Path) -> None:
    node = omezarr.open(image)
    assert (node.key, node.version, node.unknown_version) == (None, None, "0.7")
    assert "version 0.7 is not known (0.1 to 0.6, 0.9.dev1, 0.9.dev2 are)" in node.notices[0]
    assert "--format VERSION, format=VERSION" in node.notices[0]


@pytest.mark.parametrize(
    "words",
    [
        lambda source, _: ["info", source],
        lambda source, _: ["validate", source],
        lambda source, target: ["convert", source, target],
        lambda source, _: ["upgrade", source, "--to", "0.6"],
        lambda source, target: ["upgrade", source, target, "--to", "0.6"],
    ],
    ids=["info", "validate", "convert", "upgrade", "upgrade into a target"],
)
def test_commands_name_the_version_and_fail(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture, words: Callable[[str, str], list[str]]
) -> None:
    before = files(image)
    assert run(words(str(image), str(tmp_path / "target.zarr"))) == 1
    said = capsys.readouterr()
    assert "version 0.7 is not known (0.1 to 0.6, 0.9.dev1, 0.9.dev2 are)" in " ".join((said.out + said.err).split())
    assert files(image) == before
    assert not (tmp_path / "target.zarr").exists()


def test_a_version_that_is_asked_for_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    omezarr.write_image(tmp_path / "image.zarr", PIXELS, axes="yx", format="0.4", levels=1)
    image = str(renamed(tmp_path / "image.zarr"))
    assert omezarr.open(image, format="0.4").key == "multiscales"
    assert run(["info", image, "--format", "0.4"]) == 0
    assert run(["convert", image, str(tmp_path / "target.zarr"), "--importer-option", "format=0.4"]) == 0
    assert (omezarr.open(tmp_path / "target.zarr").levels[0].read() == PIXELS).all()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_child_of_an_unknown_version_is_named(tmp_path: Path, version: str, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "image.zarr"
    cells = np.ones((32, 32), "uint8")
    omezarr.write_image(path, PIXELS, axes="yx", format=version, labels={"cells": cells}, levels=1)
    renamed(path / "labels/cells")
    before = files(path)
    with pytest.raises(UnsupportedError, match=SAID):
        omezarr.upgrade(path, to="0.6")
    with pytest.warns(OMEZarrWarning, match=SAID):
        copy = omezarr.convert(path, tmp_path / "target.zarr")
    assert list(copy.labels) == []
    assert files(path) == before
    assert run(["info", str(path)]) == 1
    assert run(["validate", str(path)]) == 1
    assert capsys.readouterr().out.count("version 0.7 is not known") >= 2
    assert omezarr.open(path, format=version).labels["cells"].version == version


@pytest.mark.parametrize("version", ["0.6rc0", "0.6.dev4", "0.6dev1", "0.5-dev-spatialdata"])
def test_previews_of_known_versions_are_known(version: str) -> None:
    assert unknown_version({"ome": {"version": version}}, isolated_registry()) is None


@pytest.mark.parametrize("attributes", [{}, {"other": {"version": "7"}}, {"ome": 5}, {"multiscales": [{}]}])
def test_attributes_that_name_no_version_name_no_unknown_one(attributes: dict[str, Any]) -> None:
    assert unknown_version(attributes, isolated_registry()) is None


def test_format_plugins_that_failed_are_named(image: Path) -> None:
    class Broken:
        @hookimpl
        def omezarr_formats(self) -> Any:
            raise ValueError("no such table")

    node = omezarr.open(image, registry=isolated_registry(Broken()))
    assert "Plugins that failed: given:0: omezarr_formats failed: ValueError: no such table" in node.notices[0]
