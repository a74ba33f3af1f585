"""The suite for rule sets: checks that are calm about any JSON, an example of each rule, fixes that mend."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc.rules import Depth, Finding, RuleContext, Severity
from omezarr.checking.repair import repair
from omezarr.checking.validation import validate
from omezarr.model import Document
from omezarr.plugins.documents import document_of
from omezarr.testing.registries import registry_with
from omezarr.testing.strange import variations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr.abc import FormatVersion, RuleSet
    from omezarr.abc.rules import Rule
    from omezarr.plugins.registry import Registry

MOST_VARIATIONS = 300
"""How many documents the many rules of a format version or node type are shown."""


class RuleSetSuite:
    """Tests of a `omezarr.abc.RuleSet`.

    A subclass overrides `rule_set`, `sound` and `broken`. Rules that look further than at the document are tested for
    their calm alone: their findings need a hierarchy of one's own.

    Attributes
    ----------
    version : str
        The NGFF version that the documents are of.
    """

    version = "0.5"

    @pytest.fixture
    def rule_set(self) -> RuleSet:
        """Return the rule set that is tested."""
        pytest.fail("a subclass of RuleSetSuite overrides the fixture 'rule_set'")

    @pytest.fixture
    def sound(self) -> dict[str, Any]:
        """Return the values of a document, NGFF key to JSON, that breaks none of the rules."""
        pytest.fail("a subclass of RuleSetSuite overrides the fixture 'sound'")

    @pytest.fixture
    def broken(self) -> Mapping[str, dict[str, Any]]:
        """Return the values of a document that breaks it for each rule, by the rule's id."""
        pytest.fail("a subclass of RuleSetSuite overrides the fixture 'broken'")

    @pytest.fixture
    def registry(self, rule_set: RuleSet) -> Registry:
        """Return the registry that the rules are used with."""
        return registry_with("rule_sets", rule_set)

    def test_is_for_a_kind_of_group_that_there_is(self, rule_set: RuleSet, registry: Registry) -> None:
        assert rule_set.key == "" or rule_set.key in registry.node_types, "rules for this key are never applied"
        assert rule_set.holds(self.version), "a subclass names a version that the rules are for"

    def test_every_rule_says_what_it_asks_for(self, rule_set: RuleSet) -> None:
        assert rule_set.rules
        for rule in rule_set.rules:
            assert rule.demand.strip(), f"{rule.id} has no demand"
            assert rule.section.strip(), f"{rule.id} does not say who asks for it"
            assert isinstance(rule.severity, Severity)

    def test_every_rule_has_an_example_that_breaks_it(
        self, rule_set: RuleSet, broken: Mapping[str, dict[str, Any]]
    ) -> None:
        of_documents = {rule.id for rule in rule_set.rules if rule.depth == Depth.DOCUMENT}
        assert of_documents <= set(broken), f"without an example: {', '.join(sorted(of_documents - set(broken)))}"
        assert set(broken) <= {rule.id for rule in rule_set.rules}, "examples are named by the ids of the rules"

    def test_no_rule_finds_anything_in_what_is_sound(self, rule_set: RuleSet, sound: dict[str, Any]) -> None:
        assert {rule.id: findings_of(rule, sound, self.version) for rule in rule_set.rules} == {
            rule.id: [] for rule in rule_set.rules
        }

    def test_every_rule_finds_what_breaks_it(
        self, rule_set: RuleSet, broken: Mapping[str, dict[str, Any]], registry: Registry
    ) -> None:
        for rule in rule_set.rules:
            if rule.id in broken:
                assert findings_of(rule, broken[rule.id], self.version), f"{rule.id} finds nothing in its example"
                attributes = self._attributes(broken[rule.id], registry)
                problems = {problem.rule for problem in validate(attributes, registry=registry).problems}
                assert rule.id in problems, f"validate reports {sorted(problems)}, and not {rule.id}"

    def test_findings_point_into_the_document(self, rule_set: RuleSet, broken: Mapping[str, dict[str, Any]]) -> None:
        for rule in rule_set.rules:
            for finding in findings_of(rule, broken.get(rule.id, {}), self.version):
                assert finding.found, f"{rule.id} does not say what it found"
                assert finding.expected, f"{rule.id} does not say what it expected"
                assert leads_somewhere(broken[rule.id], finding.path), f"{rule.id} points to {finding.path}"

    def test_no_rule_raises_whatever_the_document_holds(self, rule_set: RuleSet, sound: dict[str, Any]) -> None:
        for rule in rule_set.rules:
            for values in variations(sound):
                if isinstance(values, dict):
                    findings_of(rule, values, self.version)

    def test_no_rule_changes_the_document(
        self, rule_set: RuleSet, sound: dict[str, Any], broken: Mapping[str, dict[str, Any]]
    ) -> None:
        for rule in rule_set.rules:
            for values in (sound, broken.get(rule.id, {})):
                before = deepcopy(values)
                findings_of(rule, values, self.version)
                assert values == before, f"{rule.id} changes what it looks at"

    def test_fixes_mend(self, rule_set: RuleSet, broken: Mapping[str, dict[str, Any]], registry: Registry) -> None:
        import zarr

        for rule in rule_set.rules:
            if rule.fix is None or rule.id not in broken:
                continue
            store = zarr.storage.MemoryStore()
            attributes = self._attributes(broken[rule.id], registry)
            zarr.create_group(store, zarr_format=self._zarr_format(registry), attributes=attributes)
            repair(store, registry=registry)
            left = [problem for problem in validate(store, registry=registry).problems if problem.rule == rule.id]
            assert left == [], f"the fix of {rule.id} does not mend its example"

    def _zarr_format(self, registry: Registry) -> Any:
        return registry.formats[self.version].zarr_format

    def _attributes(self, values: dict[str, Any], registry: Registry) -> dict[str, Any]:
        return dict(registry.formats[self.version].wrap(Document(values=values, version=self.version)))


def check_rules(
    rules: Iterable[Rule], sound: dict[str, Any], version: FormatVersion, registry: Registry, *, vary: bool = True
) -> None:
    """Assert of rules that are part of something else what the suite asserts of those of a rule set.

    Parameters
    ----------
    rules : iterable of Rule
    sound : dict
        The attributes of a group that breaks none of them.
    version : FormatVersion
        What they are of.
    registry : Registry
    vary : bool
        Whether to show them documents with strange things in each place, too.
    """
    given = list(rules)
    values = dict(document_of(sound, version, registry).values)
    varied = [one for one in variations(values) if isinstance(one, dict)] if vary else []
    varied = varied[:: 1 + len(varied) // MOST_VARIATIONS]
    ids = [rule.id for rule in given]
    assert len(set(ids)) == len(ids), f"two rules have one id: {', '.join(sorted(ids))}"
    for rule in given:
        assert rule.demand.strip(), f"{rule.id} has no demand"
        assert rule.section.strip(), f"{rule.id} does not say who asks for it"
        before = deepcopy(sound)
        found = findings_of(rule, values, version.version, sound) if rule.depth == Depth.DOCUMENT else []
        assert rule.severity != Severity.ERROR or found == [], f"{rule.id} finds fault with what is sound"
        for other in varied:
            findings_of(rule, other, version.version)
        assert sound == before, f"{rule.id} changes what it looks at"


def findings_of(
    rule: Rule, values: dict[str, Any], version: str, attributes: Mapping[str, Any] | None = None
) -> list[Finding]:
    """Return what a rule finds in a document; anything but findings is a mistake."""
    whole = values if attributes is None else attributes
    found = list(rule.check(RuleContext(values=values, attributes=whole, version=version)))
    assert all(isinstance(finding, Finding) for finding in found), f"{rule.id} yields something else than findings"
    return found


def leads_somewhere(values: Any, path: Any) -> bool:
    """Say whether a path leads to a place in a document, or to a key or item that is missing there."""
    place = values
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(place, dict) and isinstance(part, str):
            if part not in place:
                return last
            place = place[part]
        elif isinstance(place, list) and isinstance(part, int):
            if not 0 <= part < len(place):
                return last
            place = place[part]
        else:
            return last
    return True
