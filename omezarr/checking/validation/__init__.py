"""Validation: whether metadata and what lies around it is as the specification of its version demands.

The rules come from format versions, node types and rule sets; here they are gathered and applied. Malformed metadata is
never an error, always a problem in the report. What is stored is walked in few rounds of requests, each object asked
for once; pixels are not read unless asked for.

Examples
--------
>>> report = validate({"plate": {"version": "0.4"}})
>>> report.valid, report.version
(False, '0.4')
>>> report.problems[0].rule, report.problems[0].found
('plate.name.present', "no key 'name'")
"""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from omezarr.abc.rules import Depth, Finding, Problem
from omezarr.checking.validation.consolidation import outdated
from omezarr.checking.validation.coverage import Coverage, coverage_of
from omezarr.checking.validation.faults import DOCUMENT_RULES, FAULTS, RULE_FAILED
from omezarr.checking.validation.packing import badly_packed
from omezarr.checking.validation.report import Report, json_pointer, place_of, problem_as_dict
from omezarr.checking.validation.subject import subject_of
from omezarr.checking.validation.walk import Walk
from omezarr.errors import ArgumentError, UnknownNameError
from omezarr.nodes.detection import missing_kinds
from omezarr.plugins.contributions import PLUGIN_ERRORS
from omezarr.plugins.registry import registry_in_use
from omezarr.plugins.rules import Gathering

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from omezarr.abc import FormatVersion
    from omezarr.abc.rules import Rule
    from omezarr.checking.validation.subject import Subject
    from omezarr.checking.validation.walk import Visit
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry

__all__ = ["FAULTS", "Coverage", "Report", "all_rules", "json_pointer", "place_of", "problem_as_dict", "validate"]

MOST_FINDINGS = 10_000
"""How often one rule is reported of one group; nobody reads more."""


def validate(
    target: LocationLike | Mapping[str, Any],
    *,
    format: str | FormatVersion | None = None,  # noqa: A002 - the word of the field
    depth: Depth | Literal["document", "hierarchy", "data"] = Depth.HIERARCHY,
    strict: bool = False,
    ignore: Collection[str] = (),
    registry: Registry | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> Report:
    """Say what of an OME-Zarr is not as the specification demands.

    Parameters
    ----------
    target : str, path, Location, zarr store, zarr group or mapping
        A place; a ``.json`` file or a mapping that holds the attributes of a group or the whole of a ``zarr.json``.
    format : str, optional
        The NGFF version to validate against. Default: the one that the metadata names, or whose form it has.
    depth : Depth or {"document", "hierarchy", "data"}
        How far to look: at the document alone, at all groups and arrays below it, or at pixels too. Files and mappings
        have nothing below them.
    strict : bool
        Whether a broken SHOULD is an error, as in the strict schemas of the specification.
    ignore : collection of str
        Ids of rules that are not applied; ``labels.*`` stands for all that start so.
    registry : Registry, optional
        Default: that of all installed plugins.
    storage_options : mapping or StorageOptions, optional
        How to reach the place; see `omezarr.location.StorageOptions`.

    Raises
    ------
    LocationNotFoundError, StorageError, UnsupportedError, ArgumentError
        If the place cannot be reached.
    UnknownNameError
        If the version, or a rule to be ignored, does not exist.
    """
    registry = registry or registry_in_use()
    if format is not None:
        format, registry = registry.holding("formats", format)  # noqa: A001 - as above
    check_ignored(ignore, registry)
    Walk(registry, format)
    subject = subject_of(target, registry, storage_options)
    depth = depth_of(depth)
    if depth is Depth.DATA and not subject.stored:
        raise ArgumentError(f"{subject.name} is a document without pixels; validate it without looking at pixels")
    return judgement(subject, registry, format=format, depth=depth, strict=strict, ignore=ignore)


def judgement(
    subject: Subject,
    registry: Registry,
    *,
    format: str | None,  # noqa: A002 - as above
    depth: Depth,
    strict: bool,
    ignore: Collection[str],
) -> Report:
    """Return the report on a subject; the parameters are those of `validate`."""
    asked = depth
    depth = depth if subject.hierarchy is not None else Depth.DOCUMENT
    with registry.in_use():
        walk = walked(subject, registry, format, depth)
        problems = [*subject.problems, *walk.problems, *_untold(walk)]
        for visit in walk.visits:
            problems += _judge(visit, depth, ignore, strict=strict)
    if depth > Depth.DOCUMENT and subject.hierarchy is not None:
        problems += outdated(subject.hierarchy, walk.places)
        problems += badly_packed(subject)
    coverage = None
    if asked is Depth.DATA:
        coverage, told = coverage_of(subject, len(walk.visits), registry)
        problems += told
    root = walk.visits[0] if walk.visits else None
    return Report(
        target=subject.name,
        version=None if root is None else root.context.version,
        inferred=root is not None and root.inferred,
        depth=depth,
        strict=strict,
        problems=tuple(problem for problem in problems if not is_ignored(problem.rule, ignore)),
        groups=len(walk.visits),
        coverage=coverage,
    )


def walked(subject: Subject, registry: Registry, format: str | None, depth: Depth) -> Walk:  # noqa: A002 - as above
    """Return the walk through a subject: its groups, each with its version and kinds.

    Parameters
    ----------
    subject : Subject
    registry : Registry
    format : str, optional
        As for `validate`.
    depth : Depth
        Groups below the root are looked at only where that is asked for.
    """
    walk = Walk(registry, format)
    root = walk.start(subject)
    if root is not None and depth > Depth.DOCUMENT:
        walk.follow(walk.settle(root, subject), subject)
    return walk


def depth_of(depth: Depth | str) -> Depth:
    """Return a depth that may be given by its name.

    Raises
    ------
    ArgumentError
        If there is no such depth.
    """
    if isinstance(depth, Depth):
        return depth
    try:
        return Depth[depth.upper()]
    except KeyError:
        known = ", ".join(repr(item.name.lower()) for item in Depth)
        raise ArgumentError(f"{depth!r} is no depth of validation; known: {known}") from None


def all_rules(registry: Registry | None = None) -> Iterator[tuple[str, str, Rule]]:
    """Yield all rules, each with its format version and NGFF key; the key of all documents is empty."""
    registry = registry or registry_in_use()
    gathering = Gathering(registry.formats, registry.node_types, registry.rule_sets)
    node_types = dict(registry.node_types)
    unclaimed = [key for key in gathering.keys if key and key not in node_types]
    for name, version in registry.formats.items():
        yield from ((name, "", item.rule) for item in gathering.of_documents(version))
        for key, node_type in node_types.items():
            yield from ((name, key, item.rule) for item in gathering.of_node_type(version, node_type))
        for key in unclaimed:
            yield from ((name, key, item.rule) for item in gathering.of_sets(version, key))


def _untold(walk: Walk) -> Iterator[Problem]:
    """Yield a problem for each plugin that could not tell its rules, and for each kind whose plugin is missing."""
    for failure in {str(failure): failure for failure in walk.gathering.failures}.values():
        expected = f"that the plugin {failure.provider} can tell its rules"
        yield RULE_FAILED.at("", failure.reason, expected, provider=failure.provider.identity)
    for visit in walk.visits:
        for missing in missing_kinds(visit.context.values, visit.registry):
            yield DOCUMENT_RULES.at(visit.context.path, missing, "a plugin that has rules for it")


def _judge(visit: Visit, depth: Depth, ignore: Collection[str], *, strict: bool) -> Iterator[Problem]:
    for item in visit.rules:
        rule = item.rule
        if rule.depth > depth or (ignore and is_ignored(rule.id, ignore)):
            continue
        try:
            findings = item.findings(visit.context, MOST_FINDINGS + 1)
        except PLUGIN_ERRORS as error:  # a broken rule must not keep the others from being applied
            found = " ".join(f"{type(error).__name__}: {error}".split())
            expected = f"that the rule {rule.id} of the plugin {item.provider} can be checked"
            yield RULE_FAILED.at(visit.context.path, found, expected, provider=item.provider)
            continue
        if len(findings) > MOST_FINDINGS:
            findings[-1] = Finding(path=(), found=f"more than {MOST_FINDINGS} such places", expected="none")
        for finding in findings:
            yield Problem(
                rule=rule.id,
                severity=rule.severity_in(strict=strict),
                node=visit.context.path,
                path=finding.path,
                array=finding.array,
                found=finding.found,
                expected=finding.expected,
                section=rule.section,
                demand=rule.demand,
                provider=item.provider,
            )


def is_ignored(rule: str, ignore: Collection[str]) -> bool:
    """Say whether the id of a rule fits any of the patterns."""
    return any(fnmatchcase(rule, pattern) for pattern in ignore)


def check_ignored(ignore: Collection[str], registry: Registry) -> None:
    """Refuse patterns that no rule fits.

    Raises
    ------
    UnknownNameError
    """
    if not ignore:
        return
    known = {rule.id for _, _, rule in all_rules(registry)} | {fault.id for fault in FAULTS}
    for pattern in ignore:
        if not any(fnmatchcase(rule, pattern) for rule in known):
            near = get_close_matches(pattern, sorted(known), n=3)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise UnknownNameError(f"no rule is called {pattern!r}, so it cannot be ignored{hint}")
