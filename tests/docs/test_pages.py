"""Every page that shows commands or Python is run as it stands, in an empty folder."""

from __future__ import annotations

import pytest

from tests.docs.pages import ROOT, blocks_of, run_page

PAGES = sorted(
    page
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    if any(block.language in ("console", "pycon") for block in blocks_of(page))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_does_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    to_the_letter = page.name == "first-image.md"  # what a newcomer types is typed here too
    assert run_page(page, tmp_path, to_the_letter=to_the_letter) > 0


def test_the_tutorial_is_among_them():
    assert ROOT / "docs/tutorial/first-image.md" in PAGES


def test_a_page_that_shows_something_else_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\ntwo\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md:2: echo one"):
        run_page(page, tmp_path)
    page.write_text("```pycon\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match="Expected"):
        run_page(page, tmp_path)
    page.write_text("```console\n$ false\n```\n")
    with pytest.raises(AssertionError):
        run_page(page, tmp_path)


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")), ids=lambda page: page.name)
def test_python_in_pages_is_a_session_that_can_be_run(page):
    """A block in the language "python" would be shown without being run."""
    assert [block.line for block in blocks_of(page) if block.language in ("python", "py", "bash")] == []
