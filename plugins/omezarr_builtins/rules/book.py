"""A book of rules: where each module of this package writes down what one kind of group must be like.

A rule is a function from a context to findings, entered with its id, what it demands, and the versions it holds for.
Three words say how binding it is: ``must`` (a broken one is an error), ``should`` (a warning, in strict validation an
error) and ``disputed`` (always a warning, because the text, its schemas and published data contradict each other).

Examples
--------
>>> book = RuleBook("well", "well")
>>> @book.must("well.form", "The well is an object.", until="0.5")
... def check(context):
...     return ()
>>> [rule.id for rule in book.rules("0.5")], book.rules("0.6")
(['well.form'], ())
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.abc.rules import Depth, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.abc.rules import Check
OLDEST = "0.1"
"""The version that rules hold from, unless they say otherwise."""


@cache
def _ordinal(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def at_least(version: str, other: str) -> bool:
    """Say whether a version is another one or newer.

    Examples
    --------
    >>> at_least("0.10", "0.5")
    True
    """
    return _ordinal(version) >= _ordinal(other)


@frozen
class _Entry:
    rule: Rule
    since: str
    until: str | None

    def holds(self, version: str) -> bool:
        return at_least(version, self.since) and (self.until is None or at_least(self.until, version))


class RuleBook:
    """The rules of one NGFF key.

    Parameters
    ----------
    key : str
        The NGFF key; empty for documents of any kind.
    section : str
        The section of the specification that rules come from unless they say otherwise.
    """

    def __init__(self, key: str, section: str) -> None:
        self.key = key
        self._section = section
        self._entries: list[_Entry] = []
        self._span: tuple[str, str | None] = (OLDEST, None)

    def between(self, since: str, until: str | None = None) -> RuleBook:
        """Return the same book, in which rules are entered for a span of versions unless they say otherwise.

        Parameters
        ----------
        since : str
            The first version.
        until : str, optional
            The last version. Default: all that will come.
        """
        book = RuleBook(self.key, self._section)
        book._entries = self._entries
        book._span = (since, until)
        return book

    def must(
        self,
        name: str,
        demand: str,
        *,
        since: str | None = None,
        until: str | None = None,
        depth: Depth = Depth.DOCUMENT,
        section: str | None = None,
    ) -> Callable[[Check], Check]:
        """Return a decorator that enters a check whose findings are errors."""
        made = partial(Rule, severity=Severity.ERROR, disputed=False, depth=depth, section=section or self._section)
        return self._enter(partial(made, id=name, demand=demand), since, until)

    def should(
        self,
        name: str,
        demand: str,
        *,
        since: str | None = None,
        until: str | None = None,
        depth: Depth = Depth.DOCUMENT,
        section: str | None = None,
    ) -> Callable[[Check], Check]:
        """Return a decorator that enters a check whose findings are warnings, and errors in strict validation."""
        made = partial(Rule, severity=Severity.WARNING, disputed=False, depth=depth, section=section or self._section)
        return self._enter(partial(made, id=name, demand=demand), since, until)

    def disputed(
        self,
        name: str,
        demand: str,
        *,
        since: str | None = None,
        until: str | None = None,
        depth: Depth = Depth.DOCUMENT,
        section: str | None = None,
    ) -> Callable[[Check], Check]:
        """Return a decorator that enters a check whose findings are warnings always."""
        made = partial(Rule, severity=Severity.WARNING, disputed=True, depth=depth, section=section or self._section)
        return self._enter(partial(made, id=name, demand=demand), since, until)

    def _enter(self, make: Callable[..., Rule], since: str | None, until: str | None) -> Callable[[Check], Check]:
        first, last = since or self._span[0], until or self._span[1]

        def enter(check: Check) -> Check:
            self._entries.append(_Entry(make(check=check), first, last))
            return check

        return enter

    def rules(self, version: str) -> tuple[Rule, ...]:
        """Return the rules of a version, in the order in which they were entered.

        One that is newer than the rules has those that no version ended.
        """
        return tuple(entry.rule for entry in self._entries if entry.holds(version))
