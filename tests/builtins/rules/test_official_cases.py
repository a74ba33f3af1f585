"""The official cases of 0.4 and 0.5: what is published as valid is valid, what is published as invalid is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omezarr.checking.validation import validate

CASES = Path(__file__).parents[4] / "shared" / "spec" / "cases"

MISTAKEN = "0.4-image_suite-valid/mismatch_axes_units.json"
"""A scale of two numbers for three axes, which the suite of 0.5 mends to three: invalid here in both versions."""

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the official cases are not at hand")


def suites() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*/tests/*.json")):
        for case in json.loads(file.read_text())["tests"]:
            name = f"{file.parts[-3]}-{file.stem}-{case['formerly']}"
            found.append(pytest.param(case["data"], case["valid"] and name != MISTAKEN, "strict" in file.stem, id=name))
    return found


def examples() -> list[Any]:
    files = [file for file in sorted(CASES.glob("*/examples/*/*.json")) if not file.name.startswith(".")]
    return [pytest.param(file, id="-".join(file.parts[-4:])) for file in files]


@pytest.mark.parametrize(("document", "valid", "strict"), suites())
def test_the_verdict_is_that_of_the_suite(document: dict[str, Any], valid: bool, strict: bool) -> None:
    assert validate(document, strict=strict).valid is valid


@pytest.mark.parametrize("file", examples())
def test_examples_are_valid_although_some_have_comments(file: Path) -> None:
    report = validate(file, strict="strict" in str(file))
    assert report.valid
    assert report.version == file.parts[-4]


def test_there_are_as_many_cases_as_were_published() -> None:
    assert len(suites()) == 178
    assert len(examples()) == 20
