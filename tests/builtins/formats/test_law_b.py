"""Across versions, what `losses` does not name survives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from omezarr.abc import ArrayFacts
from omezarr.abc.rules import Severity
from omezarr.checking.validation import validate
from omezarr.model import GroupMetadata, Image, Multiscale
from tests.builtins.formats.codec import FORMATS, VERSIONS, moved, read, written
from tests.builtins.formats.documents import attributes_of, is_older, kinds_of
from tests.builtins.formats.essence import ALSO_NAMED, essence

law = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def facts_of(metadata: GroupMetadata) -> dict[str, ArrayFacts]:
    """Return arrays that halve from level to level, with the axes of each image."""
    facts = {}
    for multiscale in multiscales_of(metadata):
        for level, dataset in enumerate(multiscale.datasets):
            shape = tuple(64 >> level if axis.type == "space" else 3 for axis in multiscale.axes)
            facts[dataset.path] = ArrayFacts(path=dataset.path, shape=shape, dtype="uint16")
    return facts


def draw_metadata(data: st.DataObject, version: str, *targets: str) -> GroupMetadata:
    """Draw metadata of a version whose axes the targets do not refuse."""
    metadata = read(data.draw(attributes_of(version, data.draw(st.sampled_from(kinds_of(version))))), version)
    assume(not any(refused_axes(metadata, target) for target in targets))
    return metadata


def refused_axes(metadata: GroupMetadata, target: str) -> list[str | None]:
    axes = [multiscale.axes for multiscale in multiscales_of(metadata)]
    return [reason for found in axes if (reason := FORMATS[target].check_axes(found))]


def multiscales_of(metadata: GroupMetadata) -> list[Multiscale]:
    images = [image for image in metadata.facets.values() if isinstance(image, Image)]
    return [multiscale for image in images for multiscale in image.multiscales]


def assert_kept(before: GroupMetadata, after: GroupMetadata, losses: list[str], *, derived: bool) -> None:
    said, kept = essence(before, derived=derived), essence(after, derived=derived)
    for words, value in said.items():
        if not any(name in line for name in (words, ALSO_NAMED.get(words, words)) for line in losses):
            assert kept.get(words) == value, f"{words} changed, but the losses are {losses}"


@pytest.mark.parametrize("target", VERSIONS)
@law
@given(st.data())
def test_what_is_not_named_as_lost_survives(target: str, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([version for version in VERSIONS if version != target]))
    before = draw_metadata(data, source, target)
    after = moved(before, target, facts_of(before))
    derived = is_older(source, "0.4") != is_older(target, "0.4")
    assert_kept(before, after, FORMATS[target].losses(before), derived=derived)


@pytest.mark.parametrize("target", VERSIONS)
@law
@given(st.data())
def test_there_and_back_again_restores_what_was_not_named_as_lost(target: str, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([version for version in VERSIONS if version != target]))
    before = draw_metadata(data, source, target)
    facts = facts_of(before)
    there = moved(before, target, facts)
    back = moved(there, source, facts)
    derived = is_older(source, "0.4") != is_older(target, "0.4")
    losses = [*FORMATS[target].losses(before), *FORMATS[source].losses(there)]
    assert_kept(before, back, losses, derived=derived)


@pytest.mark.parametrize("version", VERSIONS)
@law
@given(st.data())
def test_what_was_completed_is_complete(version: str, data: st.DataObject) -> None:
    before = draw_metadata(data, data.draw(st.sampled_from(VERSIONS)), version)
    facts = facts_of(before)
    once = moved(before, version, facts)
    assert moved(once, version, facts) == once


@pytest.mark.parametrize("version", VERSIONS)
@law
@given(st.data())
def test_a_version_loses_nothing_of_its_own(version: str, data: st.DataObject) -> None:
    before = draw_metadata(data, version)
    after = moved(before, version, facts_of(before))
    assert essence(after) == essence(before)
    assert FORMATS[version].losses(after) == []


@pytest.mark.parametrize("target", VERSIONS)
@law
@given(st.data())
def test_what_was_valid_is_valid_in_the_version_it_was_completed_for(target: str, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(VERSIONS))
    attributes = data.draw(attributes_of(source))
    assume(broken_rules(attributes, source) == set())
    before = read(attributes, source)
    assume(not refused_axes(before, target) and not FORMATS[target].losses(before))
    assume(len({len(multiscale.axes) for multiscale in multiscales_of(before)}) <= 1)  # they share their arrays
    after = written(FORMATS[target].complete(before, facts_of(before)), target)
    assert broken_rules(after, target) <= STRICTER_ELSEWHERE


STRICTER_ELSEWHERE = {"well.images.path.unique", "multiscales.metadata.form"}
"""Rules that not all versions have, and whose breach has no single cure."""


def broken_rules(attributes: dict[str, Any], version: str) -> set[str]:
    problems = validate(attributes, format=version).problems
    return {problem.rule for problem in problems if problem.severity is Severity.ERROR}
