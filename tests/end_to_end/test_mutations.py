"""Mutated documents and files raise nothing but errors of omezarr; each case can be made again from its number."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FOR_EVER = float("inf")


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = import_module("fuzz")
    monkeypatch.setattr(module, "SLOW", FOR_EVER)
    return module


@pytest.mark.parametrize(("kind", "count"), [("document", 200), ("file", 100)])
def test_nothing_but_errors_of_omezarr_is_raised(fuzz: Any, kind: str, count: int) -> None:
    done, _, wrong = fuzz.campaign(kind, range(count), fuzz.bases(), FOR_EVER)
    assert wrong == []
    assert done == count


def test_a_case_is_made_of_its_number_and_changes_something(fuzz: Any) -> None:
    trees = fuzz.bases()
    for change in (fuzz.with_document, fuzz.with_file):
        made = [change(trees[0], fuzz.random.Random(str(number))) for number in range(30)]
        assert made == [change(trees[0], fuzz.random.Random(str(number))) for number in range(30)]
        assert sum(tree != trees[0] for tree in made) > 20


def test_what_goes_wrong_is_told_with_the_number_of_the_case(fuzz: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz, "used", fail)
    done, _, wrong = fuzz.campaign("document", range(7, 9), fuzz.bases(), FOR_EVER)
    assert done == 2
    assert wrong[0].startswith("document 7: ")
    assert "ZeroDivisionError" in wrong[0]
