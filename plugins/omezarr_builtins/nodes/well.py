"""Wells of a plate.

Source: OME-NGFF "well" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Hint, NodeType, Reference
from omezarr.hookspecs import hookimpl
from omezarr.model import Well

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc.rules import Rule, RuleContext


class WellNode(NodeType):
    """A well: its fields of view are images below it."""

    key = "well"
    model = Well
    priority = 50

    def references(self, value: Well) -> Iterable[Reference]:
        """Return the fields of view, in the order of the list."""
        return [
            Reference(path=field.path, role="child", hint=Hint(node_key="multiscales", path=field.path))
            for field in value.images
        ]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``well``."""
    return [WellNode()]
