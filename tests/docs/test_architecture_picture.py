"""The picture of the architecture shows what is there."""

from __future__ import annotations

import runpy
import xml.etree.ElementTree as ET

import pytest

from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def picture():
    return runpy.run_path(str(ROOT / "docs" / "architecture_picture.py"))


def test_every_folder_and_module_is_a_row(picture):
    drawn = {text.text for text in ET.fromstring(picture["draw"]()).iter("{http://www.w3.org/2000/svg}text")}
    package = ROOT / "omezarr"
    there = {path.name for path in package.iterdir() if (path / "__init__.py").is_file()}
    there |= {path.stem for path in package.glob("*.py") if not path.stem.startswith("_")}
    assert there | {"omezarr_builtins"} <= drawn


def test_arrows_lead_downwards_only(picture):
    names = picture["doors"]()
    for place, name in enumerate(names):
        below = set(names[place + 1 :])
        assert set(picture["imports_of"](name, set(names))) <= below, name


def test_arrows_that_follow_from_others_are_left_out(picture):
    edges = {"a": {"b", "c", "d"}, "b": {"c"}, "c": set(), "d": set()}
    assert picture["reduced"](edges) == {"a": {"b", "d"}, "b": {"c"}, "c": set(), "d": set()}


def test_lines_of_code_are_counted_without_docstrings_and_comments(picture, tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""What it is.\n\nMore.\n"""\n\n# why\nX = 1\n"""What X is."""\n\n\n')
    with module.open("a") as file:
        file.write('def f():\n    """Say."""\n    return X\n')
    assert picture["code_lines"](module) == 3


def test_the_kernel_stays_small(picture):
    kernel = ["errors", "settings", "location", "model", "abc", "hookspecs", "plugins"]
    lines = sum(picture["code_lines"](module) for door in kernel for module in picture["modules_of"](door))
    assert lines < 3000
