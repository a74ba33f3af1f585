"""Every rule is broken by a case of its own, and by nothing that is complete."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc.rules import Severity
from omezarr.checking.validation import all_rules, validate
from omezarr.stores import StoreTraits, state_traits
from omezarr_builtins.rules import rules_of
from tests.builtins.rules.cases import ATTRIBUTES, DOCUMENT, WHOLE, Case
from tests.builtins.rules.documents import KINDS, VERSIONS, wrapped
from tests.builtins.rules.hierarchies import TREES, chunk_key, label_tree, plain_image_tree, stored, with_chunks

if TYPE_CHECKING:
    from omezarr.checking.validation import Report

SINCE = {"scene": "0.6", "bioformats2raw.layout": "0.4", "series": "0.4"}


def kinds(of: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, version) for key in of for version in VERSIONS if version >= SINCE.get(key, "0.1")]


def uses(cases: list[Case]) -> list[tuple[Case, str, str]]:
    """Return each case once for each of its keys and versions that have its rule."""
    return [
        (case, key, version)
        for case in cases
        for key in case.keys
        for version in VERSIONS
        if case.since <= version <= case.until and case.rule in {rule.id for rule in rules_of(version, key)}
    ]


def parameters(cases: list[Case]) -> list[Any]:
    return [pytest.param(*use, id=f"{use[0].rule}-{use[1] or 'any'}-{use[2]}") for use in uses(cases)]


def found(report: Report) -> set[str]:
    return {problem.rule for problem in report}


@pytest.mark.parametrize(("key", "version"), kinds(KINDS))
def test_complete_documents_have_no_problem(key: str, version: str) -> None:
    assert list(validate(wrapped(version, KINDS[key](version)), format=version)) == []


@pytest.mark.parametrize(("key", "version"), kinds(TREES))
def test_complete_hierarchies_have_no_problem(key: str, version: str) -> None:
    assert list(validate(stored(with_chunks(TREES[key](version))), format=version, depth="data")) == []


@pytest.mark.parametrize(("case", "key", "version"), parameters(DOCUMENT))
def test_a_broken_document_breaks_the_rule_of_the_case_alone(case: Case, key: str, version: str) -> None:
    values = deepcopy(KINDS[key](version))
    for edit in case.edits:
        edit(values, key, version)
    assert found(validate(wrapped(version, values), format=version)) == {case.rule, *case.also}


@pytest.mark.parametrize(("case", "key", "version"), parameters(ATTRIBUTES))
def test_broken_attributes_break_the_rule_of_the_case_alone(case: Case, key: str, version: str) -> None:
    attributes = wrapped(version, KINDS[key or "well"](version))
    for edit in case.edits:
        edit(attributes, key, version)
    report = validate(attributes, format=version, ignore=["document.kind"])
    assert found(report) == {case.rule, *case.also}


@pytest.mark.parametrize(("case", "key", "version"), parameters(WHOLE))
def test_a_broken_hierarchy_breaks_the_rule_of_the_case_alone(case: Case, key: str, version: str) -> None:
    root = case.root or key
    tree = TREES[root](version)
    for edit in case.edits:
        edit(tree, root, version)
    report = validate(stored(tree), format=version)
    assert found(report) == {case.rule, *case.also}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_other_zarr_format_is_an_error(version: str) -> None:
    document = {"zarr_format": 3, "node_type": "group", "attributes": wrapped(version, KINDS["well"](version))}
    if version >= "0.5":
        store = stored({"": {}, "inner": {}})
        report = validate(store, format=version, depth="document", ignore=["document.kind"])
    else:
        report = validate(document, format=version)
    assert found(report) == {"zarr.format"}
    assert not report.valid


@pytest.mark.parametrize("version", VERSIONS)
def test_chunks_that_do_not_decode_are_errors_only_where_pixels_are_read(version: str) -> None:
    store = stored({**with_chunks(plain_image_tree(version)), chunk_key(version, "2"): b"\x00"})
    assert validate(store, format=version).valid
    report = validate(store, format=version, depth="data")
    assert [(problem.rule, problem.array) for problem in report] == [("arrays.chunks.readable", "2")]


@pytest.mark.parametrize("version", VERSIONS)
def test_parts_that_are_not_stored_are_told_where_pixels_are_read(version: str) -> None:
    tree = with_chunks(plain_image_tree(version))
    del tree[chunk_key(version, "1")]
    report = validate(stored(tree), format=version, depth="data")
    assert [(problem.rule, problem.array) for problem in report] == [("arrays.chunks.present", "1")]
    assert report.valid


@pytest.mark.parametrize(
    ("chunks", "listable", "expected"),
    [
        ([1, 2, 4, 1 << 20, 1 << 20], True, {"arrays.chunks.size"}),
        ([1, 1, 1, 1, 1], False, {"arrays.chunks.size"}),
        ([1, 1, 1, 1, 1], True, {"arrays.chunks.readable", "arrays.chunks.present"}),  # the one that is there is read
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_arrays_that_would_fill_the_memory_or_take_years_are_not_read(
    version: str, chunks: list[int], listable: bool, expected: set[str]
) -> None:
    tree = with_chunks(plain_image_tree(version))
    grid = tree["0"]["chunk_grid"]["configuration"] if version >= "0.5" else tree["0"]
    tree["0"]["shape"] = [1, 2, 4, 1 << 20, 1 << 20]
    grid["chunk_shape" if version >= "0.5" else "chunks"] = chunks
    store = stored(tree)
    state_traits(store, StoreTraits(transient=True, distant=False, picklable=False, listable=listable))
    report = validate(store, format=version, depth="data", ignore=["arrays.scale"])
    assert found(report) == expected
    assert report.valid is (expected == {"arrays.chunks.size"})


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_label_values_without_properties_are_told(version: str) -> None:
    tree = {**with_chunks(label_tree(version)), chunk_key(version, "2"): bytes([0, 1, 2, 9] * 8)}
    report = validate(stored(tree), format=version, depth="data")
    told = [(problem.rule, problem.found) for problem in report]
    assert told == [("image-label.values", "1 other values, the smallest 9")]


TESTED_ALONE = {
    "zarr.format": test_the_other_zarr_format_is_an_error,
    "arrays.chunks.readable": test_chunks_that_do_not_decode_are_errors_only_where_pixels_are_read,
    "arrays.chunks.present": test_parts_that_are_not_stored_are_told_where_pixels_are_read,
    "arrays.chunks.size": test_arrays_that_would_fill_the_memory_or_take_years_are_not_read,
    "image-label.values": test_label_values_without_properties_are_told,
}
"""Rules whose cases are tests of their own."""


BESIDE_NGFF = {"tables"}
"""Kinds of groups that the specification does not know; their rules are tested beside the node types."""


def test_every_rule_of_every_version_has_a_case() -> None:
    covered = {(version, key, case.rule) for case, key, version in uses([*DOCUMENT, *ATTRIBUTES, *WHOLE])}
    known = [item for item in all_rules() if item[0] in VERSIONS and item[1] not in BESIDE_NGFF]
    rules = {(version, key, rule.id) for version, key, rule in known if rule.id not in TESTED_ALONE}
    assert rules - covered == set()
    assert covered - rules == set()


def test_ids_are_unique_within_a_key_and_every_rule_says_what_it_demands() -> None:
    rules = [(version, key, rule) for version, key, rule in all_rules()]
    assert len({(version, key, rule.id) for version, key, rule in rules}) == len(rules)
    for version, key, rule in rules:
        assert rule.demand.endswith(".")
        assert key in BESIDE_NGFF or rule.section.startswith(f"NGFF {version}, ")
        assert not (rule.disputed and rule.severity is Severity.ERROR)
