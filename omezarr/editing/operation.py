"""From documents as they are to be to a plan that makes them so."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Edit, Severity
from omezarr.checking.repair.operation import Repair, repair_of
from omezarr.checking.repair.overlay import ATTRIBUTES, Overlay
from omezarr.checking.validation import judgement
from omezarr.checking.validation.report import json_pointer
from omezarr.checking.validation.subject import Subject, subject_of
from omezarr.errors import ArgumentError
from omezarr.model import UNSET, deep_equal
from omezarr.plugins.documents import attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.checking.repair.overlay import Change
    from omezarr.model import JSON, JSONPath
    from omezarr.nodes.node import Node


def plan_edit(root: Node, documents: Mapping[str, Mapping[str, JSON]], reason: str) -> Repair:
    """Return the change that gives groups of a hierarchy other documents, without writing anything.

    Parameters
    ----------
    root : Node
        What was opened; consolidated metadata above it is looked after.
    documents : mapping
        The path of each group, from the root of the hierarchy, to the values of its OME document as they are to be.
    reason : str
        What the changes are for, as listings of them say.

    Raises
    ------
    ArgumentError
        If a document would break a rule that it keeps now.
    """
    subject = subject_of(root.location, root.registry, None)
    judge = partial(
        judgement, registry=root.registry, format=None, depth=Depth.HIERARCHY, strict=False, ignore=frozenset()
    )
    if subject.hierarchy is None or subject.node is None:
        raise ArgumentError(f"{root.location} is no stored group, so there is nothing to edit")
    overlay = Overlay(subject.hierarchy)
    changes: list[Change] = []
    for path, values in documents.items():
        node = root if path == root.path else root.child(path)
        before, after = dict(node.attributes), attributes_with(node, values)
        edits = differences(before, after)
        if edits:
            _check_valid(node, before, after)
            overlay, found = overlay.edited(path, edits, reason)
            changes += found
    return repair_of(
        subject, root.location, overlay, changes=tuple(changes), stale=(), registry=root.registry, judge=judge
    )


def attributes_with(node: Node, values: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the attributes of a group with other values in its OME document.

    Raises
    ------
    ArgumentError
        If it has no OME document.
    """
    from attrs import evolve

    if node.format is None:
        raise ArgumentError(f"{node.location} is a plain zarr group without OME metadata")
    return attributes_of(evolve(node.document, values=values), node.format, node.registry)


def differences(before: Any, after: Any, path: JSONPath = (ATTRIBUTES,)) -> list[Edit]:
    """Return the edits that make one JSON value the other, each as deep as objects and lists of one length go.

    Examples
    --------
    >>> [(edit.path, edit.value) for edit in differences({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}})]
    [(('attributes', 'a', 'b'), 3)]
    """
    return list(_differences(before, after, path))


def _differences(before: Any, after: Any, path: JSONPath) -> Iterator[Edit]:
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, (*path, index))
        return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if not deep_equal(before, after):
            yield Edit(path=path, value=after)
        return
    for key in dict.fromkeys((*before, *after)):
        if key not in after:
            yield Edit(path=(*path, key), value=UNSET)
        elif key not in before:
            yield Edit(path=(*path, key), value=after[key])
        else:
            yield from _differences(before[key], after[key], (*path, key))


def _check_valid(node: Node, before: Mapping[str, JSON], after: Mapping[str, JSON]) -> None:
    """Refuse attributes that break a rule which those of before keep."""
    broken = {(rule, place) for rule, place, _ in _errors(node, before)}
    for rule, place, words in _errors(node, after):
        if (rule, place) not in broken:
            raise ArgumentError(f"{node.location} would not be valid: {place or 'the document'}: {words} ({rule})")


def _errors(node: Node, attributes: Mapping[str, JSON]) -> list[tuple[str, str, str]]:
    report = judgement(
        Subject(
            name=str(node.location),
            attributes=attributes,
            zarr_format=node.zarr_node.zarr_format,
            path=str(node.location),
        ),
        node.registry,
        format=node.version,
        depth=Depth.DOCUMENT,
        strict=False,
        ignore=(),
    )
    return [
        (item.rule, json_pointer(item.path), f"found {item.found}, expected {item.expected}")
        for item in report
        if item.severity is Severity.ERROR
    ]
