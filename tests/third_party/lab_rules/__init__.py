"""Rules of a laboratory, as a distribution from outside brings them: one with a fix, three that are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import RuleSet
from omezarr.abc.rules import Edit, Finding, Rule, Severity
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import RuleContext


def unnamed(context: RuleContext) -> Iterator[Finding]:
    """Yield the images without a name of this laboratory."""
    images = context.values.get("multiscales")
    for number, image in enumerate(images if isinstance(images, list) else ()):
        name = image.get("name") if isinstance(image, dict) else None
        if not (isinstance(name, str) and name.startswith("lab ")):
            yield Finding(path=("multiscales", number, "name"), found=repr(name), expected="a name with 'lab '")


def name_them(context: RuleContext, findings: Sequence[Finding]) -> Iterator[Edit]:
    """Yield names for them."""
    inner = ("attributes", "ome") if "ome" in context.attributes else ("attributes",)
    for finding in findings:
        yield Edit(path=(*inner, *finding.path), value=f"lab {finding.path[1]}")


def failing(context: RuleContext) -> Iterator[Finding]:
    """Fail."""
    raise SystemExit(f"no rule\nfor {context.version}")


def babbling(context: RuleContext) -> Any:
    """Return something else than findings."""
    return ["wrong"]


def misplaced(context: RuleContext) -> Any:
    """Return a finding without a place."""
    return [Finding(path=None, found="x", expected="y")]  # type: ignore[arg-type]


def rule(name: str, check: Any, fix: Any = None) -> Rule:
    """Return a rule of the laboratory."""
    return Rule(id=name, severity=Severity.WARNING, section="guide", demand="It is so.", check=check, fix=fix)


@hookimpl
def omezarr_rules() -> list[RuleSet]:
    """Provide them."""
    broken = [rule("fails", failing), rule("babbles", babbling), rule("ngff-lab-broken/lost", misplaced)]
    return [
        RuleSet(name="ngff-lab", key="multiscales", since="0.4", rules=[rule("image.named", unnamed, name_them)]),
        RuleSet(name="ngff-lab-broken", since="0.5", until="0.5", rules=broken),
    ]
