"""Whether what a plan writes will be valid: its documents meet the rules of their version before the first byte.

The rules are those that `omezarr.validate` applies; those that look at pixels and neighbours are left to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc.plan import EditAttributes
from omezarr.abc.rules import Depth, RuleContext, Severity
from omezarr.errors import MetadataError
from omezarr.plugins.contributions import PLUGIN_ERRORS
from omezarr.plugins.documents import document_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from omezarr.abc import FormatVersion
    from omezarr.abc.plan import Step
    from omezarr.abc.rules import Finding, Rule
    from omezarr.model import JSON
    from omezarr.plugins.registry import Registry


def refuse_invalid(steps: Iterable[Step], version: FormatVersion, registry: Registry) -> None:
    """Raise if a document that steps write breaks a rule of its version that the one before did not break.

    Parameters
    ----------
    steps : iterable of Step
        Those that edit attributes count.
    version : FormatVersion
    registry : Registry

    Raises
    ------
    MetadataError
        With the group, the place in its document and the rule.
    """
    for step in steps:
        if isinstance(step, EditAttributes):
            attributes = (step.known if callable(step.attributes) else step.attributes) or {}
            broken = list(_broken(attributes, version, registry))
            before = {rule.id for rule, _ in _broken(step.expected or {}, version, registry)} if broken else set()
            for rule, finding in broken:
                if rule.id not in before:
                    where = f" in the group {step.path!r}" if step.path else ""
                    raise MetadataError(
                        f"{finding.found} would not be valid NGFF {version.version}{where}; it takes "
                        f"{finding.expected} ({rule.id})",
                        finding.path,
                    )


def _broken(
    attributes: Mapping[str, JSON], version: FormatVersion, registry: Registry
) -> Iterator[tuple[Rule, Finding]]:
    """Yield what breaks the MUSTs of a version in one document, as far as it can be told from the document alone."""
    if not attributes:
        return
    values = document_of(attributes, version, registry).values
    context = RuleContext(values=values, attributes=attributes, version=version.version, certain=True)
    node_types = [node_type for key, node_type in registry.node_types.items() if key in values]
    for item in registry.gathering.of_group(version, node_types):
        if item.rule.depth is Depth.DOCUMENT and item.rule.severity is Severity.ERROR:
            try:
                findings = item.findings(context)
            except PLUGIN_ERRORS:  # a broken rule of somebody's must not keep anyone from writing; validation names it
                continue
            yield from ((item.rule, finding) for finding in findings)
