"""Every hook has a page that says what its docstring says, and a test of its example."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from omezarr import hookspecs
from omezarr.hookspecs import EXTENSION_AXES

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs/reference/hooks"
HOOKS = {axis.hook: axis for axis in EXTENSION_AXES.values()}


def test_every_hook_belongs_to_an_extension_axis_and_has_a_page():
    specified = {name for name in vars(hookspecs) if name.startswith("omezarr_")}
    assert specified == set(HOOKS)
    assert {page.stem for page in PAGES.glob("*.md")} - {"index"} == specified


def test_the_index_lists_every_page():
    index = (PAGES / "index.md").read_text()
    assert [hook for hook in HOOKS if f"\n{hook}\n" not in index] == []


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_says_what_the_docstring_says(hook):
    page = (PAGES / f"{hook}.md").read_text()
    docstring = inspect.getdoc(getattr(hookspecs, hook)) or ""
    words = docstring.partition("\nReturns\n")[0].split()
    assert " ".join(words) in " ".join(page.split())
    assert page.startswith(f"# {hook}\n")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_shows_the_signature(hook):
    page = (PAGES / f"{hook}.md").read_text()
    assert f"def {hook}{inspect.signature(getattr(hookspecs, hook))}".replace("'", "") in page


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_shows_the_example_of_the_docstring(hook):
    page = (PAGES / f"{hook}.md").read_text()
    docstring = inspect.getdoc(getattr(hookspecs, hook)) or ""
    lines = [line[4:] for line in docstring.splitlines() if re.match(r"(>>>|\.\.\.)( |$)", line)]
    assert "\n".join(lines) in page


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_shows_an_entry_point_of_the_extension_axis(hook):
    page = (PAGES / f"{hook}.md").read_text()
    assert re.search(rf'\[project\.entry-points\.omezarr\]\n"{HOOKS[hook].prefix}\.\S+" = "', page)
    assert f"``{HOOKS[hook].prefix}." in page


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_every_hook_is_tested(hook):
    assert f"\ndef test_{hook}(" in (ROOT / "tests/hookspecs/test_examples.py").read_text()
