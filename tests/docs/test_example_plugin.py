"""The example of a plugin is built and installed as any other, and its own tests pass."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT
from tests.fixtures.distributions import Installed

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "docs/examples/omezarr-example"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The example, installed by pip into a folder of its own."""
    folder: Path = tmp_path_factory.mktemp("example")
    source = shutil.copytree(EXAMPLE, folder / "source")
    words = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder / "site")]
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "install", *words, str(source)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return Installed(folder / "site")


def test_it_is_listed_beside_the_built_in_plugins(example):
    rows = [row for row in json.loads(example.run("plugins", "--json").stdout) if row["distribution"] != "omezarr"]
    assert [(row["extension_axis"], row["name"], row["plugin"], row["status"]) for row in rows] == [
        ("scaling_methods", "centre", "omezarr-example:scaling.centre", "loaded"),
        ("commands", "histogram", "omezarr-example:commands.histogram", "loaded"),
    ]


def test_its_parts_are_used_like_built_in_ones(example, tmp_path):
    path = str(tmp_path / "coins.ome.zarr")
    assert example.run("create", path, "--scaling", "centre", "--label-scaling", "centre").returncode == 0
    ran = example.run("histogram", path, "--bins", "2")
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == 2
    assert "Example: omezarr histogram" in example.run("histogram", "--help").stdout


def test_its_own_tests_pass(example, tmp_path):
    tests = shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(tests)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(example.folder), "PYTEST_ADDOPTS": ""},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout
