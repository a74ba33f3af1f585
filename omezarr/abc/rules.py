"""What the specification demands, as values: rules and the problems they find.

A rule looks at raw JSON and, where it must, at the hierarchy around it; structuring is never needed. Rules come from
format versions and node types; `omezarr.validate` gathers and runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

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
