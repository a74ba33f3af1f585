"""Gathering rules: those of format versions, of node types and of rule sets, each with the plugin it comes from."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc.rules import Edit, Finding, Rule
from omezarr.hierarchy import impurity
from omezarr.model import UNSET
from omezarr.plugins.contributions import PLUGIN_ERRORS, Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from omezarr.abc import FormatVersion, NodeType
    from omezarr.abc.rules import RuleContext, RuleSet
    from omezarr.plugins.contributions import PluginFailure
    from omezarr.plugins.names import Contributions


@frozen
class GatheredRule:
    """A rule, and the identity of the plugin that it comes from."""

    rule: Rule
    provider: str

    def findings(self, context: RuleContext, most: int | None = None) -> list[Finding]:
        """Return what breaks the rule; whatever a plugin raises passes through, `PLUGIN_ERRORS` holds all of it.

        Parameters
        ----------
        context : RuleContext
        most : int, optional
            How many findings at most. Default: all.

        Raises
        ------
        TypeError
            If the check yields anything else than findings that can be shown.
        """
        findings = list(islice(self.rule.check(context), most))
        for finding in findings:
            if not isinstance(finding, Finding):
                raise TypeError(f"its check yields {type(finding).__name__}, not Finding")
            if not _is_path(finding.path):
                raise TypeError(f"its check finds something at {finding.path!r}, which is no place in JSON")
            if not all(isinstance(text, str) for text in (finding.found, finding.expected, finding.array)):
                raise TypeError("its check describes what it finds by something else than text")
        return findings

    def edits(self, context: RuleContext, findings: Sequence[Finding]) -> list[Edit]:
        """Return what mends the rule, nothing if it has no fix; whatever a plugin raises passes through.

        Raises
        ------
        TypeError
            If the fix yields anything else than edits that can be stored.
        """
        edits = [] if self.rule.fix is None else list(self.rule.fix(context, findings))
        for edit in edits:
            if not isinstance(edit, Edit):
                raise TypeError(f"it yields {type(edit).__name__}, not Edit")
            if not _is_path(edit.path) or not isinstance(edit.node, str):
                raise TypeError(f"it edits {edit.path!r} of {edit.node!r}, which is no place in metadata")
            fault = None if edit.value is UNSET else impurity({"value": edit.value})
            if fault is not None:
                raise TypeError(f"it writes {fault}, which JSON does not have")
        return edits


class Gathering:
    """The rules that a registry holds.

    Parameters
    ----------
    formats, node_types, rule_sets : Contributions
        Those of a registry.

    Attributes
    ----------
    failures : list of PluginFailure
        Plugins that could not tell their rules.
    """

    def __init__(
        self,
        formats: Contributions[FormatVersion],
        node_types: Contributions[NodeType],
        rule_sets: Contributions[RuleSet],
    ) -> None:
        self._formats = formats
        self._node_types = node_types
        self._sets = [(item.value, item.provider.identity) for item in rule_sets.all]
        self._own: dict[tuple[str, str], tuple[GatheredRule, ...]] = {}
        self._known: dict[tuple[str, str], tuple[GatheredRule, ...]] = {}
        self.failures: list[PluginFailure] = []

    @property
    def keys(self) -> tuple[str, ...]:
        """The NGFF keys that rule sets are for."""
        return tuple(dict.fromkeys(rule_set.key for rule_set, _ in self._sets))

    def has_rules(self, version: FormatVersion) -> bool:
        """Say whether anybody has rules made for a version: itself, or a set with an end of its span there or beyond.

        What node types and open sets have for every version to come does not count.
        """
        return any(
            rule_set.holds(version.version) and (rule_set.until is not None or rule_set.since == version.version)
            for rule_set, _ in self._sets
        ) or any(
            self._told(self._formats, version.version, lambda key=key: version.rules(key))  # type: ignore[misc]
            for key in ("", *self._node_types)
        )

    def own(self, version: FormatVersion, node_type: NodeType | None) -> tuple[GatheredRule, ...]:
        """Return the rules of a node type as a version has them; those for documents of every kind, where that is None.

        What a plugin raises is among `failures` then, and it has no rules.
        """
        key = "" if node_type is None else node_type.key
        known = (version.version, key)
        if known not in self._own:
            inherited = (
                () if node_type is None else self._told(self._node_types, key, lambda: node_type.rules(version.version))
            )
            own = self._told(self._formats, version.version, lambda: version.rules(key))
            self._own[known] = merged(inherited, own, version.without_rules)
        return self._own[known]

    def of_documents(self, version: FormatVersion) -> tuple[GatheredRule, ...]:
        """Return the rules for documents of every kind."""
        return self._all(version, None)

    def of_node_type(self, version: FormatVersion, node_type: NodeType) -> tuple[GatheredRule, ...]:
        """Return the rules for groups of a kind: those of `own`, then those of rule sets."""
        return self._all(version, node_type)

    def of_sets(self, version: FormatVersion, key: str) -> Iterator[GatheredRule]:
        """Yield the rules of all rule sets for an NGFF key in a version."""
        for rule_set, provider in self._sets:
            if rule_set.key == key and rule_set.holds(version.version):
                yield from (GatheredRule(rule, provider) for rule in rule_set.rules)

    def of_group(self, version: FormatVersion, node_types: Sequence[NodeType]) -> tuple[GatheredRule, ...]:
        """Return the rules of a group: those of documents of every kind, then those of each of its kinds."""
        found = list(self.of_documents(version))
        for node_type in node_types:
            found += self.of_node_type(version, node_type)
        return tuple(found)

    def _all(self, version: FormatVersion, node_type: NodeType | None) -> tuple[GatheredRule, ...]:
        key = "" if node_type is None else node_type.key
        known = (version.version, key)
        if known not in self._known:
            self._known[known] = (*self.own(version, node_type), *self.of_sets(version, key))
        return self._known[known]

    def _told(
        self, contributions: Contributions[Any], name: str, question: Callable[[], Iterable[Rule]]
    ) -> tuple[GatheredRule, ...]:
        provider = contributions.provider(name) if name in contributions else Provider("")
        try:
            rules = tuple(question())
            for rule in rules:
                if not isinstance(rule, Rule):
                    raise TypeError(f"it returned {type(rule).__name__}, not Rule")
        except PLUGIN_ERRORS as error:  # a plugin that cannot tell its rules must not keep others from being applied
            self.failures.append(contributions.failed(provider, name, "rules", error))
            return ()
        return tuple(GatheredRule(rule, provider.identity) for rule in rules)


def merged(
    inherited: Iterable[GatheredRule], own: Iterable[GatheredRule], without: Iterable[str]
) -> tuple[GatheredRule, ...]:
    """Return the rules of a node type as a version has them.

    Parameters
    ----------
    inherited : iterable of GatheredRule
        Those of the node type.
    own : iterable of GatheredRule
        Those of the version: each takes the place of those with its id, the others come last.
    without : iterable of str
        Patterns of ids that the version leaves out.
    """
    patterns = tuple(without)
    kept = [item for item in inherited if not any(fnmatchcase(item.rule.id, pattern) for pattern in patterns)]
    of_version: dict[str, list[GatheredRule]] = {}
    for item in own:
        of_version.setdefault(item.rule.id, []).append(item)
    replaced = frozenset(of_version)
    found: list[GatheredRule] = []
    for item in kept:
        found += of_version.pop(item.rule.id, []) if item.rule.id in replaced else [item]
    return (*found, *(item for items in of_version.values() for item in items))


def _is_path(path: object) -> bool:
    return isinstance(path, tuple) and all(isinstance(key, (str, int)) for key in path)
