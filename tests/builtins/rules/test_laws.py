"""Whatever the JSON, validation gives a report; what strict validation accepts, the ordinary one accepts too."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omezarr.checking.validation import validate
from omezarr_builtins.rules.versions import KEYS
from tests.builtins.rules.documents import KINDS, VERSIONS, wrapped
from tests.builtins.rules.hierarchies import TREES, stored

if TYPE_CHECKING:
    from pathlib import Path

LAW = settings(deadline=None, derandomize=True, max_examples=120, suppress_health_check=list(HealthCheck))

NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([10**400, -(10**400), 2**63, 2**64]),
    st.floats(allow_nan=False, allow_infinity=False),
)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["\ud800", "\0", "a\u202eb", "A/1", "..", "/", "\\", "http://x", "space", "0.6", "é" * 50]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
WORDS = st.sampled_from(
    [
        *(*KEYS, "version", "axes", "datasets", "coordinateSystems", "coordinateTransformations", "name", "path"),
        *("type", "scale", "translation", "transformations", "input", "output", "colors", "properties", "images"),
        *("rows", "columns", "wells", "acquisitions", "channels", "window", "label-value", "rgba", "affine"),
        *("rotation", "mapAxis", "forward", "inverse", "inputAxes", "outputAxes", "droppedInputs", "source"),
    ]
)
DOCUMENTS = st.recursive(
    st.one_of(JSON, st.sampled_from(["sequence", "byDimension", "bijection", "mapAxis", "projectAxis", "rotation"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=25,
)
ODD = st.one_of(JSON, st.sampled_from([[], {}, [[]], [{}], "x" * 10_000, [0] * 2_000, {"path": {}}, [None]]))


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = [value]
    return value


@LAW
@given(values=st.dictionaries(st.sampled_from(KEYS), DOCUMENTS, max_size=3), version=st.sampled_from(VERSIONS))
def test_arbitrary_json_under_the_keys_of_the_specification_gives_a_report(values: Any, version: str) -> None:
    attributes = wrapped(version, values)
    for forced in (None, version):
        report = validate(attributes, format=forced)
        assert "rule.failed" not in {problem.rule for problem in report}
        json.dumps(report.as_dict())


@LAW
@given(attributes=st.dictionaries(st.one_of(WORDS, st.just("ome")), DOCUMENTS, max_size=4))
def test_arbitrary_attributes_give_a_report(attributes: Any) -> None:
    report = validate(attributes)
    assert "rule.failed" not in {problem.rule for problem in report}


def all_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in all_paths(item, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[dict[str, Any], str, str]:
    version = draw(st.sampled_from(VERSIONS))
    key = draw(st.sampled_from(list(KINDS)))
    values = deepcopy(KINDS[key](version))
    for _ in range(draw(st.integers(1, 3))):
        paths = [path for path in all_paths(values) if path]
        if not paths:
            break
        *outer, last = draw(st.sampled_from(paths))
        holder = values
        for step in outer:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = deepcopy(draw(ODD))
        else:
            del holder[last]
    return values, key, version


@LAW
@given(case=mutated())
def test_changed_documents_give_a_report(case: tuple[dict[str, Any], str, str]) -> None:
    values, _, version = case
    report = validate(wrapped(version, values), format=version)
    assert "rule.failed" not in {problem.rule for problem in report}


@LAW
@given(case=mutated())
def test_what_strict_validation_accepts_the_ordinary_one_accepts(case: tuple[dict[str, Any], str, str]) -> None:
    attributes = wrapped(case[2], case[0])
    ordinary, strict = (validate(attributes, format=case[2], strict=strict) for strict in (False, True))
    assert ordinary.valid or not strict.valid
    assert len(ordinary) == len(strict)
    assert {problem.rule for problem in ordinary.errors} <= {problem.rule for problem in strict.errors}


@settings(LAW, max_examples=60)
@given(case=mutated(), node=st.integers(0, 50), odd=ODD)
def test_changed_hierarchies_give_a_report(case: tuple[dict[str, Any], str, str], node: int, odd: Any) -> None:
    values, key, version = case
    if key not in TREES or (key == "scene" and version < "0.6"):
        return
    tree = TREES[key](version)
    tree[""] = wrapped(version, values)
    inner = sorted(path for path, item in tree.items() if path and isinstance(item, dict))[node % (len(tree) - 2)]
    tree[inner] = {**tree[inner], **dict.fromkeys(list(tree[inner])[-2:], deepcopy(odd))}
    report = validate(stored(tree), format=version, depth="data" if len(tree) < 20 else "hierarchy")
    assert "rule.failed" not in {problem.rule for problem in report}, [
        p.found for p in report if p.rule == "rule.failed"
    ]


@pytest.mark.parametrize("depth", [150, 250, 100_000])
@pytest.mark.parametrize("key", [*KEYS, "ome"])
def test_nesting_without_end_gives_a_report(key: str, depth: int) -> None:
    report = validate({key: nested(depth)})
    assert not report.valid
    assert "rule.failed" not in {problem.rule for problem in report}


@pytest.mark.parametrize("kind", ["sequence", "bijection", "byDimension"])
def test_transformations_within_transformations_give_a_report(kind: str) -> None:
    inner: Any = {"type": "identity"}
    for _ in range(60):
        wrapping = {
            "sequence": {"transformations": [inner]},
            "bijection": {"forward": inner, "inverse": {"type": "identity"}},
            "byDimension": {"transformations": [{"transformation": inner, "inputAxes": [0], "outputAxes": [0]}]},
        }
        inner = {"type": kind, **wrapping[kind]}
    values = KINDS["multiscales"]("0.6")
    step = values["multiscales"][0]["coordinateTransformations"][0]
    step |= inner
    report = validate(wrapped("0.6", values))
    assert "rule.failed" not in {problem.rule for problem in report}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), pytest.param(10**5000, id="endless")])
def test_numbers_that_json_does_not_have_are_an_error(number: float) -> None:
    values = KINDS["multiscales"]("0.5")
    values["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"][0] = number
    assert [problem.rule for problem in validate(wrapped("0.5", values))] == ["json.form"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"a": NaN}', '{"a": 1e999}', '"' * 7, "\ufeff", "{}" * 2])
def test_files_that_are_no_document_are_an_error(content: str, tmp_path: Path) -> None:
    file = tmp_path / "zarr.json"
    file.write_text(content)
    assert [problem.rule for problem in validate(file)] == ["json.form"]
