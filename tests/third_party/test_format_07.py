"""A format version from outside, made from a built-in one, needs no line changed elsewhere."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import omezarr
from omezarr.checking.validation import all_rules
from omezarr.serving.answers import answer
from omezarr.serving.library import Library
from omezarr.serving.studio import Studio
from omezarr.testing import FormatVersionSuite, isolated_registry
from tests.third_party import format_07

if TYPE_CHECKING:
    from omezarr.abc import FormatVersion
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

PIXELS = np.arange(64, dtype="uint8").reshape(8, 8)
DOCUMENT = "zarr.json"


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(format_07)


class TestContract(FormatVersionSuite):
    @pytest.fixture
    def version(self) -> FormatVersion:
        return format_07.V07()

    @pytest.fixture(params=["labels", "image", "plate"])
    def attributes(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        ends = {"input": {"path": "0"}, "output": {"name": "physical"}}
        level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2, 3], **ends}]}
        systems = [{"name": "physical", "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]}]
        image = {"datasets": [level], "coordinateSystems": systems, "licence": "CC0-1.0"}
        documents: dict[str, Any] = {
            "labels": {"labels": ["cells"]},
            "image": {"multiscales": [image]},
            "plate": {"plate": {"rows": [], "columns": [], "wells": []}},
        }
        return {"ome": {"version": "0.7", **documents[request.param]}}


def ome(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((path / DOCUMENT).read_text())["attributes"]["ome"]
    return document


def test_it_is_written_read_and_valid(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "image.zarr"
    labels = {"cells": PIXELS // 20}
    omezarr.write_image(path, PIXELS, axes="yx", scale=0.5, labels=labels, format="0.7", registry=registry)
    assert ome(path)["version"] == "0.7"
    assert ome(path)["multiscales"][0]["licence"] == format_07.LICENCE
    node = omezarr.open(path, registry=registry)
    assert (node.version, node.labels["cells"].version, node.levels[0].scale) == ("0.7", "0.7", (0.5, 0.5))
    report = omezarr.validate(path, registry=registry)
    assert (report.version, list(report.errors)) == ("0.7", [])
    assert "axes.unit.present" not in {problem.rule for problem in report}


def test_it_is_drawn_and_shown(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "image.zarr"
    labels = {"cells": PIXELS // 20}
    omezarr.write_image(path, PIXELS, axes="yx", labels=labels, levels=1, format="0.7", registry=registry)
    drawn = np.asarray(omezarr.open(path, registry=registry).thumbnail(size=8, windows=((0, 255),)))
    np.testing.assert_array_equal(drawn[..., 0], PIXELS)
    studio = Studio(Library(path, registry))
    told = json.loads(answer(studio, "node", "").content)
    assert (told["version"], told["size"], told["labels"]) == ("0.7", [8, 8], [{"name": "cells"}])
    tile = answer(studio, "tile", "level=0&row=0&column=0&channels=0,FFFFFF,0,255")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(tile.content))), drawn)
    found = json.loads(answer(Studio(Library(tmp_path, registry, folder=True)), "items", "").content)
    assert [(row["path"], row["version"]) for row in found] == [("image.zarr", "0.7")]


def test_its_rule_is_applied_and_that_of_the_older_version_is_not(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "image.zarr"
    omezarr.write_image(path, PIXELS, axes="yx", format="0.7", registry=registry)
    document = json.loads((path / DOCUMENT).read_text())
    del document["attributes"]["ome"]["multiscales"][0]["licence"]
    (path / DOCUMENT).write_text(json.dumps(document))
    report = omezarr.validate(path, registry=registry)
    assert [(problem.rule, problem.section) for problem in report.errors] == [
        ("multiscales.licence", "NGFF 0.7, licences")
    ]


def test_it_inherits_what_no_version_has_ended_and_replaces_rule_by_rule(registry: Registry) -> None:
    found: dict[str, dict[str, list[str]]] = {"0.6": {}, "0.7": {}}
    for version, key, rule in all_rules(registry):
        if version in found and key == "multiscales":
            found[version].setdefault(rule.id, []).append(rule.section)
    older, newer = found["0.6"], found["0.7"]
    assert newer.keys() - older.keys() == {"multiscales.licence"}
    assert older.keys() - newer.keys() == {"axes.space.order"}
    assert newer["axes.unit.present"] == ["NGFF 0.7, licences"]
    assert newer["multiscales.datasets.form"] == ["NGFF 0.7, multiscales"]


def test_images_are_upgraded_to_it_and_back(tmp_path: Path, registry: Registry) -> None:
    omezarr.write_image(tmp_path / "old", PIXELS, axes="yx", scale=0.5, format="0.4", registry=registry)
    omezarr.upgrade(tmp_path / "old", tmp_path / "new", to="0.7", registry=registry)
    assert ome(tmp_path / "new")["multiscales"][0]["licence"] == format_07.LICENCE
    assert omezarr.validate(tmp_path / "new", registry=registry).valid
    omezarr.upgrade(tmp_path / "new", tmp_path / "again", to="0.6", registry=registry)
    again = omezarr.open(tmp_path / "again", registry=registry)
    assert (again.version, again.levels[0].scale) == ("0.6", (0.5, 0.5))


def test_an_installed_distribution_provides_it_to_every_command(tmp_path: Path, installed: Installed) -> None:
    text = Path(format_07.__file__).read_text()
    installed.add("ngff-licences", {"formats.0.7": "ngff_licences"}, {"ngff_licences": text})
    source = tmp_path / "pixels.npy"
    np.save(source, PIXELS)
    target = str(tmp_path / "made.zarr")
    for words in (
        ["convert", str(source), target, "--format", "0.7", "--axes", "yx"],
        ["validate", target],
        ["upgrade", target, str(tmp_path / "older.zarr"), "--to", "0.5"],
    ):
        made = installed.run(*words)
        assert made.returncode == 0, made.stderr
    shown = installed.run("info", "--json", target)
    assert json.loads(shown.stdout)["version"] == "0.7"
