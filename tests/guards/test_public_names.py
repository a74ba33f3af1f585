"""The public interface is what was recorded, so that nothing of it changes unnoticed."""

from __future__ import annotations

import re
from pathlib import Path

import omezarr
from omezarr.hookspecs import API_VERSION
from tests.guards.public_names import MODULES, RECORD, recorded

PAGE = Path(__file__).parents[2] / "docs/reference/stability.md"


def test_the_public_interface_is_what_was_recorded():
    now, then = recorded().splitlines(), RECORD.read_text(encoding="utf-8").splitlines()
    told = "if that was meant, record it: python -m tests.guards.public_names, and say it in CHANGELOG.md"
    assert ([line for line in then if line not in now], [line for line in now if line not in then]) == ([], []), told


def test_what_is_recorded_says_more_than_names():
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    assert "omezarr.open(location, *, node_type=, format=, storage_options=, registry=)" in lines
    assert {re.sub(r"\(.*", "", line) for line in lines} >= {f"omezarr.{name}" for name in omezarr.__all__}


def test_the_page_names_what_is_public_and_the_version_of_the_interface():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in MODULES if f"`{name}`" not in text] == []
    assert f"`{API_VERSION}`" in text
