"""What the specification demands, as values: rules and the problems they find.

A rule looks at raw JSON and, where it must, at the hierarchy around it; structuring is never needed. Rules come from
format versions, node types and rule sets; `omezarr.validate` gathers and runs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, TypeAlias

from attrs import Converter, evolve, field, frozen

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from omezarr.hierarchy import Hierarchy, ZarrNode
    from omezarr.model import JSON, JSONPath, Unset


class Severity(Enum):
    """How bad a problem is: a broken MUST is an error, a broken SHOULD a warning."""

    ERROR = "error"
    WARNING = "warning"


class Depth(IntEnum):
    """How far a rule looks."""

    DOCUMENT = 1
    """At one JSON object."""
    HIERARCHY = 2
    """At the groups and arrays around it."""
    DATA = 3
    """At pixels."""


@frozen(kw_only=True)
class RuleContext:
    """What a rule is given.

    Parameters
    ----------
    values : mapping
        The raw document: NGFF key to JSON.
    attributes : mapping
        The attributes that it was unwrapped from.
    version : str
        The NGFF version whose rules are applied.
    path : str
        The group, relative to the root of the validation.
    node : ZarrNode or None
        The group's zarr metadata; None where only a document is at hand.
    hierarchy : Hierarchy or None
        The groups and arrays below; None where only a document is at hand.
    certain : bool
        Whether the version is named, here or by a neighbour, or is the only one that fits; else it is a guess.
    """

    values: Mapping[str, JSON]
    attributes: Mapping[str, JSON]
    version: str
    path: str = ""
    node: ZarrNode | None = None
    hierarchy: Hierarchy | None = None
    certain: bool = False


@frozen(kw_only=True)
class Finding:
    """One place where a rule is broken.

    Parameters
    ----------
    path : JSONPath
        Where in the document.
    found, expected : str
        In words.
    array : str
        The array or group concerned, relative to the node; empty for the document itself.
    """

    path: JSONPath
    found: str
    expected: str
    array: str = ""


Check: TypeAlias = Callable[[RuleContext], Iterable[Finding]]


@frozen(kw_only=True)
class Edit:
    """A change of one place in the metadata of a group or array.

    Parameters
    ----------
    path : JSONPath
        Where in the metadata, as zarr format 3 lays it out: what begins with "attributes" is in the attributes, in
        either zarr format.
    value : JSON or Unset
        What is to be there; unset: nothing.
    node : str
        The group or array, relative to the group that the rule looked at; empty for that group itself.
    makes_group : bool
        Whether a group is made there if nothing is; else an edit of what is not there is left out.
    """

    path: JSONPath
    value: JSON | Unset
    node: str = ""
    makes_group: bool = False


Fix: TypeAlias = Callable[[RuleContext, Sequence[Finding]], Iterable[Edit]]
"""Says how to mend what a check found, as far as there is one right answer; may yield nothing."""


@frozen(kw_only=True)
class Rule:
    """One demand of the specification.

    Parameters
    ----------
    id : str
        Stable, for example "multiscales.datasets.order".
    severity : Severity
    section : str
        Where the specification says so.
    check : callable
        Yields what breaks the rule; must not raise on any JSON.
    depth : Depth
    demand : str
        What the rule asks for, in one sentence.
    disputed : bool
        Whether text, schemas and published data contradict each other: then it stays a warning in strict validation.
    fix : callable, optional
        Given the context and what the check found, yields the edits that mend it. They are made only if the check finds
        less afterwards.
    """

    id: str
    severity: Severity
    section: str
    check: Check
    depth: Depth = Depth.DOCUMENT
    demand: str = ""
    disputed: bool = False
    fix: Fix | None = None

    def severity_in(self, *, strict: bool) -> Severity:
        """Return the severity in ordinary or in strict validation, where a broken SHOULD is an error too."""
        return Severity.ERROR if strict and not self.disputed else self.severity


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _prefixed(rules: Iterable[Rule], rule_set: RuleSet) -> tuple[Rule, ...]:
    """Return rules whose ids start with the name of their set.

    Raises
    ------
    ArgumentError
        If something else is among them, or two are told apart by nothing.
    """
    found = tuple(rules)
    for rule in found:
        if not isinstance(rule, Rule):
            raise ArgumentError(f"the rule set {rule_set.name!r} holds {rule!r}; it takes instances of Rule")
    prefix = f"{rule_set.name}/"
    named = tuple(rule if rule.id.startswith(prefix) else evolve(rule, id=prefix + rule.id) for rule in found)
    twice = next((rule.id for rule in named if [other.id for other in named].count(rule.id) > 1), None)
    if twice is not None:
        raise ArgumentError(f"the rule set {rule_set.name!r} has two rules {twice!r}; give one of them another id")
    return named


@frozen(kw_only=True)
class RuleSet:
    """Rules that a plugin adds to those of the specification: for one kind of group, in a span of NGFF versions.

    All sets apply, whoever else has rules for the same kind.

    Parameters
    ----------
    name : str
        Letters, digits, dots, hyphens and underscores; best that of the distribution. The ids of the rules start with
        it and a slash: where a rule's own id does not, they are put before it.
    rules : iterable of Rule
        With their fixes. What they look at may have any form.
    key : str
        The NGFF key of the node type that they are for; empty: documents of every kind.
    since, until : str, optional
        The first and the last NGFF version that they are for, in the order of PEP 440. Default: open at that end.

    Raises
    ------
    ArgumentError
        If the name or a version has another form, or two rules have the same id.

    Examples
    --------
    >>> rule = Rule(id="named", severity=Severity.WARNING, section="our lab", check=lambda context: ())
    >>> lab = RuleSet(name="our-lab", key="multiscales", since="0.4", rules=[rule])
    >>> lab.rules[0].id, lab.holds("0.3"), lab.holds("0.10")
    ('our-lab/named', False, True)
    """

    name: str = field()
    rules: tuple[Rule, ...] = field(converter=Converter(_prefixed, takes_self=True))  # type: ignore[call-overload,misc]
    key: str = ""
    since: str | None = None
    until: str | None = None

    def __attrs_post_init__(self) -> None:
        from packaging.version import InvalidVersion, Version

        if _NAME.fullmatch(self.name) is None:
            raise ArgumentError(f"{self.name!r} is no name of a rule set; it takes letters, digits and '._-'")
        for end in (self.since, self.until):
            try:
                Version(end or "0")
            except InvalidVersion:
                raise ArgumentError(
                    f"the rule set {self.name!r} names the NGFF version {end!r}; versions are like '0.5'"
                ) from None

    def holds(self, version: str) -> bool:
        """Say whether the rules are for an NGFF version; one that cannot be compared is in open spans alone."""
        from packaging.version import InvalidVersion, Version

        if self.since is None and self.until is None:
            return True
        try:
            there = Version(version)
        except InvalidVersion:
            return False
        after = self.since is None or Version(self.since) <= there
        return after and (self.until is None or there <= Version(self.until))


@frozen(kw_only=True)
class Problem:
    """A broken rule, with its place.

    Parameters
    ----------
    rule : str
        The rule's id.
    severity : Severity
    node : str
        Path of the group, relative to the root of the validation.
    path : JSONPath
        Where in the group's document.
    array : str
        The array or group concerned, relative to the node.
    found, expected, section : str
    demand : str
        What the rule asks for, in one sentence.
    provider : str
        The identity of the plugin that the rule comes from; "omezarr" for what validation itself finds.
    """

    rule: str
    severity: Severity
    node: str
    path: JSONPath
    found: str
    expected: str
    section: str
    array: str = ""
    demand: str = ""
    provider: str = "omezarr"
