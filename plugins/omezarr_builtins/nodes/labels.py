"""Groups that hold the label images of an image.

Source: OME-NGFF "labels" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Hint, NodeType, Reference
from omezarr.hookspecs import hookimpl
from omezarr.model import Labels
from omezarr.model.structuring import at, structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cattrs import Converter

    from omezarr.abc.rules import Rule, RuleContext
    from omezarr.model import JSON


class LabelsNode(NodeType):
    """The group ``labels`` of an image: a list of paths."""

    key = "labels"
    model = Labels
    priority = 10

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Labels:
        """Structure the list of paths."""
        with at(self.key):
            paths: tuple[str, ...] = structure(converter, values[self.key], tuple[str, ...])
        return Labels(paths)

    def unstructure(self, value: Labels, converter: Converter) -> dict[str, JSON]:
        """Return the list of paths."""
        return {self.key: list(value.paths)}

    def references(self, value: Labels) -> Iterable[Reference]:
        """Return the label images, in the order of the list."""
        return [
            Reference(path=path, role="child", hint=Hint(node_key="image-label", path=f"labels/{path}"))
            for path in value.paths
        ]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type, those of the nearest known version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``labels``."""
    return [LabelsNode()]
