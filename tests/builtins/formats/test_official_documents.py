"""The valid documents of the specification itself are read and come back equal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc import Certainty
from omezarr.model import deep_equal
from omezarr.model.structuring import tolerances
from tests.builtins.formats.codec import FORMATS, claims, read, written

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).parents[4] / "shared" / "spec" / "cases"
MISTAKEN = "0.4 image_suite valid/mismatch_axes_units.json"
"""A scale of two numbers for three axes, which the suite of 0.5 mends to three: read with a notice."""
VERSIONS = ("0.4", "0.5")

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the documents of the specification are not at hand")


def documents(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((CASES / version / "tests").glob("*_suite.json")):
        for case in json.loads(file.read_text())["tests"]:
            name = f"{version} {file.stem} {case['formerly']}"
            if case["valid"] and name != MISTAKEN:
                yield name, case["data"]
    for file in sorted((CASES / version / "examples").rglob("[!.]*.json")):
        content = json.loads(re.sub(r"(?m)(^|\s)//.*$", "", file.read_text()))
        yield f"{version} {file.parent.name} {file.stem}", content.get("attributes", content)


DOCUMENTS = [(version, name, data) for version in VERSIONS for name, data in documents(version)]


@pytest.mark.parametrize(("version", "data"), [(v, d) for v, _, d in DOCUMENTS], ids=[n for _, n, _ in DOCUMENTS])
def test_a_valid_document_comes_back_equal(version: str, data: dict[str, Any]) -> None:
    with tolerances() as notices:
        assert deep_equal(written(read(data, version), version), data)
    assert notices == []


@pytest.mark.parametrize(("version", "data"), [(v, d) for v, _, d in DOCUMENTS], ids=[n for _, n, _ in DOCUMENTS])
def test_a_valid_document_is_of_its_version(version: str, data: dict[str, Any]) -> None:
    claimed = claims(data, FORMATS[version].zarr_format)
    best = max(claimed, key=lambda name: (claimed[name], name))
    assert best == version
    if version == "0.5":
        assert claimed == {"0.5": Certainty.EXPLICIT}


def test_there_are_as_many_documents_as_there_should_be() -> None:
    assert len(DOCUMENTS) >= 60
