"""Rules from outside add to those of the specification: they are found, ignored, mended and traced to their plugin."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.checking.validation import all_rules, validate
from omezarr.errors import OMEZarrWarning, UnknownNameError
from omezarr.hookspecs import hookimpl
from omezarr.testing import isolated_registry
from tests.third_party import lab_rules

if TYPE_CHECKING:
    from omezarr.abc import RuleSet
    from omezarr.abc.rules import Problem
    from omezarr.checking.validation import Report
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

NAMED = "ngff-lab/image.named"


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(lab_rules)


def from_outside(report: Report) -> list[Problem]:
    return [problem for problem in report if not problem.provider.startswith("omezarr")]


def image(path: Path, version: str, registry: Registry) -> Path:
    pixels = np.ones((1, 1, 2, 4, 4), "uint8")
    omezarr.write_image(path, pixels, axes="tczyx", levels=1, name="cells", format=version, registry=registry)
    return path


@pytest.mark.parametrize(
    ("version", "rules"),
    [
        ("0.3", []),
        ("0.4", [NAMED]),
        ("0.5", ["rule.failed", "rule.failed", "rule.failed", NAMED]),
        ("0.6", [NAMED]),
        ("0.9.dev2", [NAMED]),
    ],
)
def test_they_apply_in_their_span_of_versions(
    version: str, rules: list[str], tmp_path: Path, registry: Registry
) -> None:
    report = validate(image(tmp_path / "image.zarr", version, registry), registry=registry, format=version)
    assert [problem.rule for problem in from_outside(report)] == rules


def test_rules_that_misbehave_become_problems_that_name_rule_and_plugin(tmp_path: Path, registry: Registry) -> None:
    report = validate(image(tmp_path / "image.zarr", "0.5", registry), registry=registry)
    said = [(problem.found, problem.expected) for problem in report if problem.rule == "rule.failed"]
    expected = "that the rule ngff-lab-broken/{} of the plugin given:0 can be checked"
    assert said == [
        ("SystemExit: no rule for 0.5", expected.format("fails")),
        ("TypeError: its check yields str, not Finding", expected.format("babbles")),
        ("TypeError: its check finds something at None, which is no place in JSON", expected.format("lost")),
    ]


def test_they_are_ignored_by_their_ids(tmp_path: Path, registry: Registry) -> None:
    path = image(tmp_path / "image.zarr", "0.5", registry)
    left = validate(path, registry=registry, ignore=["ngff-lab-broken/*", "rule.failed"])
    assert [problem.rule for problem in from_outside(left)] == [NAMED]
    left = validate(path, registry=registry, ignore=["ngff-lab*/*"])
    assert from_outside(left) == []
    with pytest.raises(UnknownNameError, match=r"no rule is called 'image\.named'"):
        validate(path, registry=registry, ignore=["image.named"])


def test_they_are_listed_with_what_they_are_for(registry: Registry) -> None:
    assert list(registry.rule_sets) == ["ngff-lab", "ngff-lab-broken"]
    listed = [(version, key) for version, key, rule in all_rules(registry) if rule.id == NAMED]
    assert listed == [(version, "multiscales") for version in ("0.4", "0.5", "0.6", "0.9.dev1", "0.9.dev2")]


def test_several_plugins_add_rules_for_the_same_kind(tmp_path: Path) -> None:
    registry = isolated_registry(lab_rules, provider("other-lab"), provider("ngff-lab"))
    report = validate(image(tmp_path / "image.zarr", "0.4", registry), registry=registry)
    assert [(problem.rule, problem.provider) for problem in from_outside(report)] == [
        (NAMED, "given:0"),
        (NAMED, "given:2"),
        ("other-lab/image.named", "given:1"),
    ]


def provider(name: str, fix: Any = lab_rules.name_them) -> object:
    class Provider:
        @hookimpl
        def omezarr_rules(self) -> list[RuleSet]:
            from omezarr.abc import RuleSet

            rules = [lab_rules.rule("image.named", lab_rules.unnamed, fix)]
            return [RuleSet(name=name, key="multiscales", rules=rules)]

    return Provider()


@pytest.mark.parametrize(
    ("fix", "reason"),
    [
        (lambda *_: ["x"], "it yields str, not Edit"),
        (lambda *_: [lab_rules.Edit(path=("attributes", "x"), value={1, 2})], "it writes .*, which JSON does not have"),
        (lambda *_: [lab_rules.Edit(path="x", value=1)], "it edits 'x' of '', which is no place in metadata"),
        (lambda *_: sys.exit(3), "SystemExit: 3"),
    ],
)
def test_a_fix_that_misbehaves_mends_nothing_and_is_told(fix: Any, reason: str, tmp_path: Path) -> None:
    registry = isolated_registry(provider("lab", fix))
    path = image(tmp_path / "image.zarr", "0.5", registry)
    with pytest.warns(OMEZarrWarning, match=rf"lab/image\.named is left broken .*{reason} \(given:0\)"):
        report = omezarr.repair(path, registry=registry)
    assert [problem.rule for problem in from_outside(report)] == ["lab/image.named"]


def test_an_installed_distribution_provides_them_to_the_command_line(tmp_path: Path, installed: Installed) -> None:
    text = Path(lab_rules.__file__).read_text()
    installed.add("ngff-lab", {"rules.lab": "ngff_lab"}, {"ngff_lab": text})
    path = str(image(tmp_path / "image.zarr", "0.4", isolated_registry()))
    group = zarr.open_group(path)
    group.attrs["multiscales"] = [{**item, "version": "0.4", "metadata": 3} for item in group.attrs["multiscales"]]
    shown = installed.run("validate", "--json", path)
    providers = {problem["rule"]: problem["provider"] for problem in json.loads(shown.stdout)["problems"]}
    assert providers.pop(NAMED) == "ngff-lab:rules.lab"
    assert set(providers.values()) == {"omezarr:nodes.multiscales"}
    mended = installed.run("validate", "--fix", path)
    assert f"  {NAMED}\n" in mended.stdout
    assert NAMED not in installed.run("validate", "--json", path).stdout
    assert omezarr.open(path).multiscale.name == "lab 0"
    ignored = installed.run("validate", "--json", "--ignore", "ngff-lab/*", path)
    assert ignored.returncode == 0, ignored.stderr
