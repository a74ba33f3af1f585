"""The reference page lists the rules as they are."""

from __future__ import annotations

import runpy
from pathlib import Path

from omezarr.checking.validation import FAULTS, all_rules

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_made_from_the_rules() -> None:
    made = runpy.run_path(str(DOCS / "rules_page.py"))["page"]()
    assert (DOCS / "reference" / "rules.md").read_text(encoding="utf-8") == made, "run: python docs/rules_page.py"


def test_every_rule_is_on_the_page() -> None:
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    ids = {rule.id for _, _, rule in all_rules()} | {fault.id for fault in FAULTS}
    assert [name for name in sorted(ids) if f"`{name}`" not in page] == []
