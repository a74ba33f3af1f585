"""Trying out fixes in memory: which edits make the rules that they belong to find less.

Fixes are applied group by group, parents first, again and again until nothing is left that any of them mends: one can
make room for another, as a version that is known from now on does.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from omezarr.checking.validation import is_ignored, walked
from omezarr.errors import OMEZarrWarning
from omezarr.plugins.contributions import PLUGIN_ERRORS

if TYPE_CHECKING:
    from collections.abc import Collection

    from omezarr.abc.rules import Depth, Finding, RuleContext
    from omezarr.checking.repair.overlay import Change, Overlay
    from omezarr.checking.validation.subject import Subject
    from omezarr.checking.validation.walk import Visit
    from omezarr.plugins.registry import Registry
    from omezarr.plugins.rules import GatheredRule

MOST_ROUNDS = 8
"""After so many rounds, fixes that undo each other are given up."""


@frozen(kw_only=True)
class Mended:
    """What fixes come to.

    Parameters
    ----------
    overlay : Overlay
        The hierarchy as it would be.
    changes : tuple of Change
        In the order in which they were found, those of parents first.
    places : frozenset of str
        All groups and arrays that groups refer to.
    """

    overlay: Overlay
    changes: tuple[Change, ...]
    places: frozenset[str]


def mended(
    subject: Subject,
    overlay: Overlay,
    registry: Registry,
    *,
    format: str | None,  # noqa: A002 - the word of `validate`
    depth: Depth,
    ignore: Collection[str],
) -> Mended:
    """Return a hierarchy with all that has one right answer mended.

    Parameters
    ----------
    subject : Subject
        What is repaired.
    overlay : Overlay
        Its hierarchy, without changes so far.
    registry, format, depth, ignore
        As for `omezarr.validate`; rules that are ignored mend nothing.
    """
    work, places = _Work(overlay), frozenset[str]()
    for _ in range(MOST_ROUNDS):
        before = len(work.changes)
        walk = walked(as_in(subject, work.overlay), registry, format, depth)
        places = frozenset(walk.places)
        for visit in walk.visits:
            for item in visit.rules:
                rule = item.rule
                if rule.fix is not None and rule.depth <= depth and not is_ignored(rule.id, ignore):
                    work.apply(item, visit)
        if len(work.changes) == before:
            break
    return Mended(overlay=work.overlay, changes=tuple(work.changes), places=places)


def as_in(subject: Subject, overlay: Overlay) -> Subject:
    """Return a subject as another state of its hierarchy has it."""
    node = overlay.node()
    attributes = subject.attributes if node is None else node.attributes
    return evolve(subject, hierarchy=overlay, node=node, attributes=attributes)


class _Work:
    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self.changes: list[Change] = []

    def apply(self, rule: GatheredRule, visit: Visit) -> None:
        """Mend what breaks a rule in one group, if its fix makes it better."""
        context = visit.seen_in(self.overlay)
        findings = _findings(rule, context)
        if not findings:
            return
        trial, changes = self._tried(rule, context, findings)
        left = _findings(rule, visit.seen_in(trial)) if changes else None
        if left is not None and len(left) < len(findings):
            self.overlay = trial
            self.changes += changes

    def _tried(self, item: GatheredRule, context: RuleContext, findings: list[Finding]) -> tuple[Overlay, list[Change]]:
        try:
            edits = item.edits(context, findings)
        except PLUGIN_ERRORS as error:  # a broken fix must not keep the others from being tried
            said = " ".join(f"{type(error).__name__}: {error}".split())
            place = context.path or "the root"
            warnings.warn(
                f"the rule {item.rule.id} is left broken at {place}, because its fix failed: {said} ({item.provider})",
                OMEZarrWarning,
                stacklevel=2,
            )
            return self.overlay, []
        return self.overlay.edited(context.path, edits, item.rule.id)


def _findings(rule: GatheredRule, context: RuleContext) -> list[Finding] | None:
    """Return what a rule finds; None if it cannot be checked, which validation will say."""
    try:
        return rule.findings(context)
    except PLUGIN_ERRORS:
        return None
