"""Groups that hold the label images of an image.

Source: OME-NGFF "labels" (all versions).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from omezarr.abc import Claim, Hint, NodeType, Reference
from omezarr.abc.plan import Phase
from omezarr.errors import ArgumentError, OMEZarrWarning, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.model import Labels
from omezarr.model.content import LabelImageContent, LabelsContent
from omezarr.model.structuring import at, structure, tolerate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cattrs import Converter

    from omezarr.abc import GroupView
    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext
    from omezarr.model import JSON, Document


DEEPEST = 3
"""How many groups deep unlisted label images are looked for: the specification's own example has two."""


class LabelsNode(NodeType):
    """The group ``labels`` of an image: a list of paths. Where the list is missing, what is there counts."""

    key = "labels"
    model = Labels
    implied = True
    priority = 10
    content = LabelsContent

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        """Claim what has the key, and what an image has in the place of its labels."""
        if self.key in document.values:
            return Claim(Claim.KEY, f"it has the key {self.key!r}")
        return Claim(Claim.KEY, "an image has it as its labels") if hint.node_key == self.key else None

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Labels:
        """Structure the list of paths."""
        if self.key not in values:
            return Labels(())
        with at(self.key):
            paths: tuple[str, ...] = structure(converter, values[self.key], tuple[str, ...])
        return Labels(paths)

    def probe(self, value: Labels, group: GroupView) -> Iterable[Reference]:
        """Return the label images that are there but not listed, where the store can list."""
        listed = {path.strip("/") for path in value.paths}
        unlisted = list(_unlisted(group, "", listed, DEEPEST))
        if unlisted:
            tolerate(f"the label images {', '.join(unlisted)} are there, but not listed; read all the same")
        return [_reference(path) for path in unlisted]

    def unstructure(self, value: Labels, converter: Converter) -> dict[str, JSON]:
        """Return the list of paths."""
        return {self.key: list(value.paths)}

    def references(self, value: Labels) -> Iterable[Reference]:
        """Return the label images, in the order of the list."""
        return [_reference(path) for path in value.paths]

    def plan(self, content: LabelsContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write all label images of an image, and then their list.

        One that has a grid of its own is left out with a notice where it cannot be written.
        """
        phases: list[Phase] = []
        written = []
        for name, label in content.labels.items():
            item = LabelImageContent(name=name, label=label, image=content.image, factors=content.factors)
            try:
                phases += context.below(name).plan(item)
            except (UnsupportedError, ArgumentError) as error:
                if label.axes is None:
                    raise
                warnings.warn(OMEZarrWarning(f"{error}; left out"), stacklevel=2)
                continue
            written.append(name)
        if not written:
            return []
        group = context.group({self.key: Labels(tuple(written))}, content.image.groups.get("labels"))
        between = [context.below(path).group() for path in _between(written)]
        return [*phases, Phase(name="labels", steps=(group, *between))]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


def _between(names: Iterable[str]) -> list[str]:
    """Return the paths of the groups between that of all labels and nested label images, once each."""
    parts = [name.split("/") for name in names]
    paths = ("/".join(path[:end]) for path in parts for end in range(1, len(path)))
    return [path for path in dict.fromkeys(paths) if path not in set(names)]


def _reference(path: str) -> Reference:
    return Reference(path=path, role="child", hint=Hint(node_key="image-label", path=f"labels/{path}"))


def _unlisted(group: GroupView, folder: str, listed: set[str], depth: int) -> Iterator[str]:
    """Yield the paths of images below a folder that are not listed, those of a group between before the next."""
    names = [name for name in group.names(folder) or () if not name.startswith(".") and name != "zarr.json"]
    for path in (f"{folder}/{name}".strip("/") for name in names):
        if path in listed:
            continue
        document = group.document(path)
        if document is not None and "multiscales" in document:
            yield path
        elif document is not None and depth > 1:
            yield from _unlisted(group, path, listed, depth - 1)


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``labels``."""
    return [LabelsNode()]
