"""The walk through a hierarchy: which groups there are, of which version and kind, fetched in few rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from packaging.version import Version

from omezarr.abc import Certainty, Hint
from omezarr.abc.plan import INCOMPLETE_KEY
from omezarr.abc.rules import RuleContext
from omezarr.checking.validation.faults import (
    DOCUMENT_KIND,
    DOCUMENT_RULES,
    DOCUMENT_VERSION,
    HIERARCHY_COMPLETE,
    HIERARCHY_DEPTH,
    JSON_FORM,
    RULE_FAILED,
    ZARR_METADATA,
)
from omezarr.errors import MetadataError, StorageError
from omezarr.location import checked_path
from omezarr.model import Document
from omezarr.model.structuring import MOST_NAMES
from omezarr.nodes.detection import format_claims, unknown_version, unknown_version_message, unnamed_children
from omezarr.plugins.asking import ask_all
from omezarr.plugins.contributions import PLUGIN_ERRORS
from omezarr.plugins.documents import document_of
from omezarr.plugins.rules import Gathering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.abc import FormatVersion, NodeType, Reference
    from omezarr.abc.rules import Problem
    from omezarr.checking.validation.subject import Subject
    from omezarr.hierarchy import Hierarchy, ZarrNode
    from omezarr.model import JSON
    from omezarr.plugins.registry import Registry
    from omezarr.plugins.rules import GatheredRule

DEEPEST = 12
"""Groups that refer to groups more often than this refer to each other without end."""


@frozen(kw_only=True)
class Visit:
    """A group that was found, with what it is to be judged by."""

    context: RuleContext
    format: FormatVersion
    node_types: tuple[NodeType, ...]
    registry: Registry
    rules: tuple[GatheredRule, ...] = ()
    inferred: bool = False
    above: Visit | None = None

    def is_below(self, attributes: Mapping[str, JSON]) -> bool:
        """Say whether this group, or one through which it was reached, has these attributes."""
        visit: Visit | None = self
        while visit is not None:
            if visit.context.attributes == attributes:
                return True
            visit = visit.above
        return False

    def seen_in(self, hierarchy: Hierarchy) -> RuleContext:
        """Return the context as another state of the hierarchy has it."""
        node = hierarchy.node(self.context.path)
        attributes = {} if node is None else node.attributes
        values = _values(self.format, attributes, self.registry)
        return evolve(self.context, values=values, attributes=attributes, node=node, hierarchy=hierarchy)


class Walk:
    """Finds the groups of a hierarchy, parents before children, without raising on malformed metadata.

    Parameters
    ----------
    registry : Registry
    forced : str, optional
        The version of every group, whatever it says.

    Raises
    ------
    UnknownNameError
        If the forced version is unknown.

    Attributes
    ----------
    visits : list of Visit
    places : set of str
        The paths of all groups and arrays that the groups refer to; nothing need be there.
    problems : list of Problem
        What was wrong on the way.
    gathering : Gathering
        The rules.
    """

    def __init__(self, registry: Registry, forced: str | None = None) -> None:
        self._registry = registry
        self._formats: dict[str, FormatVersion] = dict(registry.formats)
        self._node_types: dict[str, NodeType] = dict(registry.node_types)
        self.gathering = Gathering(registry.formats, registry.node_types, registry.rule_sets)
        self._forced = None if forced is None else registry.formats[forced]
        self.visits: list[Visit] = []
        self.places: set[str] = set()
        self.problems: list[Problem] = []

    def start(self, subject: Subject) -> Visit | None:
        """Visit the root; None if it is not of any version or kind that is known."""
        attributes = subject.attributes
        if attributes is None:
            return None
        version, certainty, certain = self._format_of(attributes, subject.zarr_format, Hint(path=subject.path), "")
        if version is None:
            if certainty is not Certainty.EXPLICIT:
                self.problems.append(DOCUMENT_KIND.at("", "no format version that fits", "OME-Zarr metadata"))
            return None
        visit = self._root(attributes, version, subject, inferred=certainty is not Certainty.EXPLICIT, certain=certain)
        self.visits.append(visit)
        if not self.gathering.has_rules(version):
            missing = f"no rules made for version {version.version}; only those for every version were applied"
            self.problems.append(DOCUMENT_RULES.at("", missing, "a plugin that has rules for it"))
        state = attributes.get(INCOMPLETE_KEY)
        if isinstance(state, dict) and "incomplete" in state:
            expected = "a finished hierarchy; resume writing, or remove it"
            self.problems.append(HIERARCHY_COMPLETE.at("", "writing that was never finished", expected))
        elif not any(self._is_defined(node_type, version) for node_type in visit.node_types):
            keys = ", ".join(map(repr, list(visit.context.values)[:8])) or "no keys"
            known = ", ".join(repr(key) for key, kind in self._node_types.items() if self._is_defined(kind, version))
            self.problems.append(DOCUMENT_KIND.at("", keys, f"one of {known}"))
        return visit

    def _root(
        self, attributes: Mapping[str, JSON], version: FormatVersion, subject: Subject, *, inferred: bool, certain: bool
    ) -> Visit:
        context = self._context(attributes, version, "", subject.node, subject, certain=certain)
        hint = Hint(format_version=version.version, path=subject.path)
        return self._judged(context, version, hint, inferred=inferred)

    def _judged(self, context: RuleContext, version: FormatVersion, hint: Hint, *, inferred: bool = False) -> Visit:
        """Return the visit of a group, with its kinds and the rules for them."""
        node_types = self._types_of(context, hint)
        rules = self.gathering.of_group(version, node_types)
        return Visit(
            context=context,
            format=version,
            node_types=node_types,
            registry=self._registry,
            rules=rules,
            inferred=inferred,
        )

    def settle(self, root: Visit, subject: Subject) -> Visit:
        """Visit the root anew as of the version that its children name, where several fit and it names none."""
        hierarchy, attributes = subject.hierarchy, root.context.attributes
        if root.context.certain or hierarchy is None:
            return root
        paths = [_below(root, reference) for reference in self._references(root) if reference.role == "child"]
        hierarchy.prefetch(paths, "group")
        named: dict[str, FormatVersion] = {}
        for path in paths:
            try:
                node = hierarchy.node(path)
            except (MetadataError, StorageError):
                continue
            if node is not None and node.kind == "group":
                certainty, best = format_claims(node.attributes, node.zarr_format, Hint(path=path), self._registry)
                named |= {version.version: version for version, _ in best if certainty is Certainty.EXPLICIT}
        for version in named.values() if len(named) == 1 else ():
            hint = Hint(format_version=version.version, path=subject.path)
            if version in [able for able, _ in format_claims(attributes, subject.zarr_format, hint, self._registry)[1]]:
                root = self._root(attributes, version, subject, inferred=True, certain=True)
                self.visits[0] = root
        return root

    def follow(self, root: Visit, subject: Subject) -> None:
        """Visit all groups below the root, those of one generation together."""
        generation = [root]
        seen = {""}
        for depth in range(DEEPEST + 1):
            found = [(visit, reference) for visit in generation for reference in self._references(visit)]
            if depth == DEEPEST and found:
                path = found[0][0].context.path
                expected = f"at most {DEEPEST} generations of groups"
                self.problems.append(HIERARCHY_DEPTH.at(path, "groups that refer to ever more groups", expected))
                return
            children: dict[str, tuple[Visit, Reference]] = {}
            for visit, reference in found:
                path = _below(visit, reference)
                if path not in seen:
                    children.setdefault(path, (visit, reference))
            seen.update(children)
            generation = list(self._visit_all(children, subject))
            if not generation:
                return
            self.visits += generation

    def _visit_all(self, places: Mapping[str, tuple[Visit, Reference]], subject: Subject) -> Iterator[Visit]:
        hierarchy = subject.hierarchy
        if hierarchy is None:
            return
        self.places.update(places)
        hierarchy.prefetch([path for path, (_, item) in places.items() if item.role == "level"], "array")
        hierarchy.prefetch([path for path, (_, item) in places.items() if item.role == "child"], "group")
        for path, (parent, reference) in places.items():
            try:
                node = hierarchy.node(path)
            except (MetadataError, StorageError) as error:
                self.problems.append(ZARR_METADATA.at(path, str(error), "metadata that can be read"))
                continue
            if node is not None and node.kind == "group" and reference.role == "child":
                visit = self._visit(node, parent, reference, subject)
                if visit is not None:
                    yield visit

    def _visit(self, node: ZarrNode, parent: Visit, reference: Reference, subject: Subject) -> Visit | None:
        if node.attributes and parent.is_below(node.attributes):
            expected = "a group that is not the same as one above it"
            self.problems.append(HIERARCHY_DEPTH.at(node.path, "a group that leads to itself", expected))
            return None
        given = reference.hint
        hint = Hint(
            format_version=given.format_version or parent.format.version,
            node_key=given.node_key,
            path=given.path or node.path,
        )
        found, certainty, alone = self._format_of(node.attributes, node.zarr_format, hint, node.path)
        named = certainty is Certainty.EXPLICIT
        if found is None and named:
            return None
        version = found if found is not None and named else parent.format
        certain = alone and (named or (parent.context.certain and found is version))
        context = self._context(node.attributes, version, node.path, node, subject, certain=certain)
        for names in (names for names in context.values.values() if isinstance(names, list)):
            if len(names) > MOST_NAMES:  # each of which would be looked up
                self.problems.append(JSON_FORM.at(node.path, f"{len(names)} names", f"at most {MOST_NAMES}"))
                return None
        return evolve(self._judged(context, version, hint), above=parent)

    def _context(
        self,
        attributes: Mapping[str, JSON],
        version: FormatVersion,
        path: str,
        node: ZarrNode | None,
        subject: Subject,
        *,
        certain: bool,
    ) -> RuleContext:
        return RuleContext(
            values=_values(version, attributes, self._registry),
            attributes=attributes,
            version=version.version,
            path=path,
            node=node,
            hierarchy=subject.hierarchy,
            certain=certain,
        )

    def _types_of(self, context: RuleContext, hint: Hint) -> tuple[NodeType, ...]:
        """Return all types that a document is of, and the one that its parent expects."""
        document = Document(values=context.values)
        asked = ask_all(self._registry.node_types, "claim", lambda node_type: node_type.claim(document, hint))
        claimed = {node_type.key for _, node_type, _ in asked.claims}
        return tuple(node_type for key, node_type in self._node_types.items() if key == hint.node_key or key in claimed)

    def _format_of(
        self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint, node: str
    ) -> tuple[FormatVersion | None, Certainty, bool]:
        """Return the version of attributes, how sure that is, and whether no other fits as well.

        It is the one that they name, else the one that fits, else the newest that is released; None where there is
        none. Of a version that they name and that is not known, nothing but that it is named.
        """
        if self._forced is not None:
            return self._forced, Certainty.EXPLICIT, True
        certainty, best = format_claims(attributes, zarr_format, hint, self._registry)
        unknown = None if best and certainty is Certainty.EXPLICIT else unknown_version(attributes, self._registry)
        if unknown is not None:
            found = unknown_version_message(unknown, self._registry)
            self.problems.append(DOCUMENT_VERSION.at(node, found, "a version that is known"))
            return None, Certainty.EXPLICIT, False
        if not best:
            able = [
                version
                for name, version in self._formats.items()
                if version.zarr_format == zarr_format and not Version(name).is_prerelease
            ]
            return able[-1] if able else None, Certainty.SHAPE, False
        if certainty is Certainty.EXPLICIT and len(best) > 1:
            reasons = " and ".join(claim.reason for _, claim in best)
            self.problems.append(DOCUMENT_VERSION.at(node, reasons, "one version"))
        return best[-1][0], certainty, len(best) == 1

    def _is_defined(self, node_type: NodeType, version: FormatVersion) -> bool:
        """Say whether a version has a node type: it has rules for it, or no version has any."""
        return self.gathering.own(version, node_type) != () or not any(
            self.gathering.own(other, node_type) for other in self._formats.values()
        )

    def _references(self, visit: Visit) -> Iterator[Reference]:
        for node_type in visit.node_types:
            try:
                with self._registry.in_use():
                    references = list(node_type.raw_references(visit.context))
            except PLUGIN_ERRORS as error:  # a broken node type must not keep the others from being walked
                kinds = self._registry.node_types
                kinds.failed(kinds.provider(node_type.key), node_type.key, "raw_references", error)
                found = f"{type(error).__name__}: {error}"
                expected = f"that the node type {node_type.key!r} can say what it refers to"
                self.problems.append(RULE_FAILED.at(visit.context.path, found, expected))
                continue
            for reference in (*references, *unnamed_children(node_type, self._registry)):
                try:
                    checked_path(reference.path)
                except MetadataError:
                    continue  # the rules say that it leads outside
                yield reference


def _values(version: FormatVersion, attributes: Mapping[str, JSON], registry: Registry) -> Mapping[str, JSON]:
    try:
        return document_of(attributes, version, registry).values
    except MetadataError:
        return {}


def _below(visit: Visit, reference: Reference) -> str:
    inner = checked_path(reference.path)
    return f"{visit.context.path}/{inner}".strip("/")
