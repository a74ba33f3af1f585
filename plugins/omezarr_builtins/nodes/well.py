"""Wells of a plate.

Source: OME-NGFF "well" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.abc import Hint, NodeType, Reference
from omezarr.abc.plan import Phase
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Field, Well
from omezarr.model.content import WellContent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext


class WellNode(NodeType):
    """A well: its fields of view are images below it."""

    key = "well"
    model = Well
    priority = 50
    content = WellContent

    def references(self, value: Well) -> Iterable[Reference]:
        """Return the fields of view, in the order of the list."""
        return [
            Reference(path=field.path, role="child", hint=Hint(node_key="multiscales", path=field.path))
            for field in value.images
        ]

    def plan(self, content: WellContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write a well with all its fields."""
        said = None if content.group is None else content.group.facets.get(self.key)
        well = said if isinstance(said, Well) else Well(images=())
        known = {field.path: field for field in well.images}
        phases = [Phase(name=f"well {context.path}", steps=(context.group(),))]
        fields = []
        for name, image in content.fields.items():
            phases += context.below(name).plan(image)
            acquisition = UNSET if image.acquisition is None else image.acquisition
            fields.append(evolve(known.get(name, Field(name)), acquisition=acquisition))
        commit = context.commit({self.key: evolve(well, images=tuple(fields))}, None, source=content.group)
        return [*phases, Phase(name=f"metadata of well {context.path}", steps=(commit,))]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``well``."""
    return [WellNode()]
