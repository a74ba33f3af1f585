"""What installs the package elsewhere says the same as the package itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import omezarr

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RECIPES = ROOT / "docs/packaging"

CONDA_NAMES = {"dask": "dask-core"}
"""Packages that conda calls otherwise: dask with its arrays, and without what starts clusters."""


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((RECIPES / "recipe.yaml").read_text())
    return found


def test_the_recipe_for_conda_needs_what_the_package_needs(recipe):
    wanted = {
        (CONDA_NAMES.get(one.name, one.name), str(one.specifier)) for one in map(Requirement, PROJECT["dependencies"])
    }
    wanted.add(("python", PROJECT["requires-python"]))
    assert {tuple(line.split(" ")) for line in recipe["requirements"]["run"]} == wanted
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {line.replace(" ", "") for line in recipe["requirements"]["host"][2:]} == set(build)


def test_the_recipe_for_conda_is_of_this_version(recipe):
    assert recipe["context"]["version"] == omezarr.__version__
    assert recipe["build"]["python"]["entry_points"] == [
        f"{name} = {where}" for name, where in PROJECT["scripts"].items()
    ]
    about = recipe["about"]
    assert (about["summary"], about["license"]) == (PROJECT["description"], PROJECT["license"])
    assert (RECIPES / recipe["source"]["path"]).resolve() == ROOT
    assert set(recipe["tests"][0]["python"]["imports"]) == {"omezarr", "omezarr_builtins", "omezarr_compat"}


def test_the_container_has_an_interpreter_and_extras_that_there_are():
    text = (RECIPES / "Dockerfile").read_text()
    versions = set(re.findall(r"^FROM python:([\d.]+)-slim", text, flags=re.MULTILINE))
    assert len(versions) == 1
    assert f"Programming Language :: Python :: {min(versions)}" in PROJECT["classifiers"]
    assert SpecifierSet(PROJECT["requires-python"]).contains(min(versions))
    (extras,) = re.findall(r"whl\)\[([\w,]+)\]", text)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert re.search(r'^ENTRYPOINT \["(\w+)"\]$', text, flags=re.MULTILINE)[1] in PROJECT["scripts"]
    assert re.search(r"^USER \d+$", text, flags=re.MULTILINE), "it does not run as root"


def test_every_extra_is_on_the_page_about_installing():
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/how-to/install.md").read_text(), flags=re.MULTILINE)
    assert rows == list(PROJECT["optional-dependencies"])
