"""Multi-well plates.

Source: OME-NGFF "plate" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Hint, NodeType, Reference
from omezarr.hookspecs import hookimpl
from omezarr.model import Plate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc.rules import Rule, RuleContext


class PlateNode(NodeType):
    """A plate: its wells are groups two levels below, ``row/column``."""

    key = "plate"
    model = Plate
    priority = 60

    def references(self, value: Plate) -> Iterable[Reference]:
        """Return the wells that the plate lists; those that were not imaged are not among them."""
        return [
            Reference(path=well.path, role="child", hint=Hint(node_key="well", path=well.path)) for well in value.wells
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
    """Provide the node type ``plate``."""
    return [PlateNode()]
