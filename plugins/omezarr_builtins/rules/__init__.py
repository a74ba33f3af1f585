"""What the NGFF specification demands, version by version, as small checks of raw documents and what lies around them.

`rules_of` gives the rules of one NGFF key in one version, `references_of` in `references` what a raw document refers
to. Format versions and node types hand both on, so that validation knows neither.

Examples
--------
>>> [rule.id for rule in rules_of("0.4", "series")][:2]
['series.form', 'series.entries.form']
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr_builtins.rules.book import at_least

if TYPE_CHECKING:
    from omezarr.abc.rules import Rule
    from omezarr_builtins.rules.book import RuleBook

__all__ = ["books", "rules_of"]


@cache
def books() -> dict[str, RuleBook]:
    """Return all books of rules, by NGFF key; the empty key has the rules of documents of any kind."""
    from omezarr_builtins.rules import collections, image_label, labels, multiscales, plate, scene, versions, well

    modules = (versions, multiscales, labels, image_label, plate, well, scene)
    found = [*(module.BOOK for module in modules), collections.BOOK, collections.SERIES]
    return {book.key: book for book in found}


@cache
def rules_of(version: str, key: str) -> tuple[Rule, ...]:
    """Return the rules of an NGFF key in a version.

    Parameters
    ----------
    version : str
        One that is newer than the specification as it is known here has all rules that no version ended.
    key : str
        Empty for the rules of documents of any kind.
    """
    from omezarr_builtins.fixes import fix_of
    from omezarr_builtins.rules.drafts import tolerating_drafts

    book = books().get(key)
    found = () if book is None else book.rules(version)
    sections = [evolve(rule, section=f"NGFF {version}, {rule.section}", fix=fix_of(rule.id)) for rule in found]
    if not at_least(version, "0.6"):
        return tuple(sections)
    return tuple(evolve(rule, check=tolerating_drafts(rule.check)) for rule in sections)
