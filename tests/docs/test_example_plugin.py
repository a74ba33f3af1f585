"""The example of a plugin is built and installed as any other, and its own tests pass."""

from __future__ import annotations

import json
import os
import re
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
    assert {(row["extension_axis"], row["name"], row["plugin"], row["status"]) for row in rows} == {
        ("formats", "0.7.dev1", "omezarr-example:formats.0.7.dev1", "loaded"),
        ("node_types", "gallery", "omezarr-example:nodes.gallery", "loaded"),
        ("scaling_methods", "centre", "omezarr-example:scaling.centre", "loaded"),
        ("scaling_methods", "binomial", "omezarr-example:scaling.binomial", "loaded"),
        ("storage_schemes", "lab", "omezarr-example:schemes.lab", "loaded"),
        ("commands", "histogram", "omezarr-example:commands.histogram", "loaded"),
        ("importers", "pgm", "omezarr-example:importers.pgm", "loaded"),
        ("exporters", "pgm", "omezarr-example:exporters.pgm", "loaded"),
        ("samples", "rings", "omezarr-example:samples.rings", "loaded"),
        ("rule_sets", "example-lab", "omezarr-example:rules.example-lab", "loaded"),
        ("viewers", "lab-viewer", "omezarr-example:viewers.lab-viewer", "loaded"),
    }


BREAKAGES = {
    "a module that ends the process": "raise SystemExit(3)\n",
    "a module with a mistake": "1 / 0\n",
    "a hook that raises": "{hook}",
    "a hook that returns something else": "{other}",
    "a hook that does not exist": "{unknown}",
}


@pytest.mark.parametrize("text", BREAKAGES.values(), ids=list(BREAKAGES))
def test_broken_in_every_file_it_breaks_nothing_but_itself(example, tmp_path, text):
    site = shutil.copytree(example.folder, tmp_path / "site")
    modules = sorted((site / "omezarr_example").glob("[a-z]*.py"))
    head = "from omezarr.hookspecs import hookimpl\n"
    for module in modules:
        hooks = re.findall(r"^def (omezarr_\w+)", module.read_text(), re.MULTILINE)
        made = {
            "{hook}": head + "".join(f"@hookimpl\ndef {hook}():\n    raise KeyError('lost')\n" for hook in hooks),
            "{other}": head + "".join(f"@hookimpl\ndef {hook}():\n    return [42]\n" for hook in hooks),
            "{unknown}": head + "@hookimpl\ndef omezarr_nothing():\n    return []\n",
        }
        module.write_text(made.get(text, text))
    broken = Installed(site)
    path = str(tmp_path / "coins.ome.zarr")
    for words in (["--help"], ["create", path], ["info", path], ["validate", path], ["upgrade", path, "--to", "0.4"]):
        ran = broken.run(*words)
        assert ran.returncode == 0, (words, ran.stderr)
    rows = [row for row in json.loads(broken.run("plugins", "--json").stdout) if row["distribution"] != "omezarr"]
    assert len(rows) == 11
    assert {row["status"] for row in rows} == {"failed"}


def test_without_it_there_is_no_trace_of_it(example, tmp_path):
    path = str(tmp_path / "coins.ome.zarr")
    assert example.run("create", path, "--format", "0.7.dev1").returncode == 0
    without = Installed(tmp_path / "empty")
    assert "omezarr-example" not in without.run("plugins", "--json").stdout
    ran = without.run("info", path)
    assert ran.returncode == 1
    assert "0.7.dev1" in ran.stderr + ran.stdout
    assert "histogram" not in without.run("--help").stdout


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
