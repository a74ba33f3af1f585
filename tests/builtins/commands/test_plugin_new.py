"""``omezarr plugins new`` writes packages to start from, whose own tests pass once they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from omezarr.cli import run
from omezarr.hookspecs import EXTENSION_AXES
from omezarr.testing import isolated_registry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

PREFIXES = [axis.prefix for axis in EXTENSION_AXES.values()]


def new(folder: Path, name: str, *prefixes: str) -> int:
    axes = [word for prefix in prefixes for word in ("--axis", prefix)]
    return run(["plugins", "new", name, *axes, "--folder", str(folder)], isolated_registry())


@pytest.mark.parametrize("axis", EXTENSION_AXES.values(), ids=lambda axis: axis.prefix)
def test_a_package_for_one_axis_adds_one_thing_under_its_name(tmp_path, capsys, monkeypatch, axis):
    name = f"omezarr-lone-{axis.prefix}"
    assert new(tmp_path, name, axis.prefix) == 0
    package = name.replace("-", "_")
    files = {file.relative_to(tmp_path / name).as_posix() for file in (tmp_path / name).rglob("*") if file.is_file()}
    assert files == {
        "README.md",
        "pyproject.toml",
        f"{package}/__init__.py",
        f"{package}/{axis.prefix}.py",
        "tests/test_distribution.py",
        f"tests/test_{axis.prefix}.py",
    }
    assert [line for line in capsys.readouterr().out.splitlines() if line.endswith(f"{axis.prefix}.py")]
    monkeypatch.syspath_prepend(str(tmp_path / name))
    registry = isolated_registry(import_module(f"{package}.{axis.prefix}"))
    expected = f"0.6+lone.{axis.prefix}" if axis.prefix == "formats" else f"lone-{axis.prefix}"
    assert [item.name for item in registry.axis(axis.name).all if item.provider.distribution != "omezarr"] == [expected]
    assert registry.failures == ()


def test_the_tests_of_a_package_for_all_axes_pass_once_it_is_installed(tmp_path):
    assert new(tmp_path, "omezarr-all-of-it", *PREFIXES) == 0
    source, site = tmp_path / "omezarr-all-of-it", tmp_path / "site"
    words = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site), str(source)]
    ran = subprocess.run([sys.executable, "-m", "pip", "install", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:npe2", "tests"],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": ""},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("tests/test_") == 0
    assert " passed" in ran.stdout


def test_a_folder_that_is_there_is_left_alone(tmp_path, capsys):
    (tmp_path / "omezarr-mine").mkdir()
    (tmp_path / "omezarr-mine" / "kept.txt").write_text("mine")
    assert new(tmp_path, "omezarr-mine", "scaling") == 1
    assert "is there already; nothing was written" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "omezarr-mine").iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Omezarr-Mine", "cannot be the name of a new distribution"),
        ("omezarr--mine", "cannot be the name of a new distribution"),
        ("../mine", "cannot be the name of a new distribution"),
        ("2d", "cannot be the name of a new distribution"),
        ("omezarr-class", "which Python cannot use"),
        ("omezarr-3d", "which Python cannot use"),
        ("json", "can import a package 'json' already"),
        ("omezarr", "can import a package 'omezarr' already"),
        ("omezarr-nearest", "'nearest' is among the scaling methods already, provided by omezarr:scaling.nearest"),
    ],
)
def test_a_name_that_would_not_work_is_refused_before_anything_is_written(tmp_path, capsys, name, said):
    assert new(tmp_path / "below", name, "viewers", "scaling") != 0
    assert said in capsys.readouterr().err
    assert not (tmp_path / "below").exists()


def test_an_axis_that_there_is_not_is_an_error_of_usage_that_names_those_there_are(tmp_path, capsys):
    assert new(tmp_path, "omezarr-mine", "colours") == 2
    said = capsys.readouterr().err
    assert [prefix for prefix in PREFIXES if prefix not in said] == []


def test_help_shows_an_example(capsys):
    assert run(["plugins", "new", "--help"], isolated_registry()) == 0
    assert "Example: omezarr plugins new omezarr-block-maximum --axis scaling" in capsys.readouterr().out
