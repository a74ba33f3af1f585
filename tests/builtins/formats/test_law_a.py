"""Within one version, what is read and written again is the same document.

`NORMALISATIONS` lists what is not: tolerated spellings come back as the specification has them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omezarr.model import deep_equal
from omezarr.model.structuring import tolerances
from tests.builtins.formats.codec import VERSIONS, read, written
from tests.builtins.formats.documents import attributes_of, is_older, kinds_of
from tests.builtins.formats.normalisations import NORMALISATIONS, Normalisation

CASES = [(version, kind) for version in VERSIONS for kind in kinds_of(version)]

law = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize(("version", "kind"), CASES)
@law
@given(st.data())
def test_a_document_that_is_read_and_written_again_is_the_same(version: str, kind: str, data: st.DataObject) -> None:
    attributes = data.draw(attributes_of(version, kind))
    assert deep_equal(written(read(attributes, version), version), attributes)


@pytest.mark.parametrize("case", NORMALISATIONS, ids=lambda case: f"{case.version} {case.what}")
def test_what_is_off_the_specification_comes_back_as_declared(case: Normalisation) -> None:
    with tolerances() as notices:
        metadata = read(case.before, case.version)
    assert written(metadata, case.version) == case.after
    assert notices == [] if case.notice is None else case.notice in notices


@pytest.mark.parametrize("case", NORMALISATIONS, ids=lambda case: f"{case.version} {case.what}")
def test_what_was_normalised_once_stays_as_it_is(case: Normalisation) -> None:
    assert written(read(case.after, case.version), case.version) == case.after


@pytest.mark.parametrize("version", VERSIONS)
def test_null_is_not_the_same_as_nothing(version: str) -> None:
    keys = {"name": None, "type": None, "metadata": None}
    multiscale: dict[str, Any] = {"datasets": [{"path": "0"}], **keys}
    values: dict[str, Any] = {"multiscales": [multiscale], "omero": {"channels": [{"color": None}], "name": None}}
    attributes = values if is_older(version, "0.5") else {"ome": {"version": version, **values}}
    assert written(read(attributes, version), version) == attributes


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_a_version_that_is_null_stays_where_it_is(version: str) -> None:
    attributes = {"ome": {"version": None, "labels": []}}
    assert written(read(attributes, version), version) == attributes


def test_the_exact_version_of_a_release_candidate_stays() -> None:
    attributes = {"ome": {"version": "0.6rc0", "labels": []}}
    assert written(read(attributes, "0.6"), "0.6") == attributes


def test_the_reference_lists_what_comes_back_differently() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "formats.md").read_text()
    listed = re.findall(r"(?m)^\| (0\.\d) \| ([^|]+) \|$", page)
    assert listed == [(case.version, case.what) for case in NORMALISATIONS]
