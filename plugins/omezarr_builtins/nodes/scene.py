"""Images in common coordinate systems.

Source: OME-NGFF 0.6 "scene".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.abc import Hint, NodeType, Reference
from omezarr.abc.plan import Phase
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Scene
from omezarr.model.content import SceneContent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext


class SceneNode(NodeType):
    """A scene: transformations between coordinate systems of its own and of the images below it."""

    key = "scene"
    model = Scene
    priority = 40
    content = SceneContent

    def references(self, value: Scene) -> Iterable[Reference]:
        """Return the groups whose coordinate systems are transformed, each once, in the order they are named."""
        ends = [end for step in value.coordinate_transformations for end in (step.input, step.output)]
        paths = dict.fromkeys(end.path for end in ends if end and end.path and end.path.strip("./"))
        return [Reference(path=path, role="child", hint=Hint(node_key="multiscales", path=path)) for path in paths]

    def plan(self, content: SceneContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write images and the scene that places them."""
        source = content.groups.get("")
        said = None if source is None else source.facets.get(self.key)
        scene = evolve(
            said if isinstance(said, Scene) else Scene(coordinate_transformations=()),
            coordinate_transformations=content.coordinate_transformations,
            coordinate_systems=content.coordinate_systems or UNSET,
        )
        commit = context.commit({self.key: scene}, "the scene", source=source)
        phases = [Phase(name="scene", steps=(context.group(),))]
        for name, image in content.images.items():
            phases += context.below(name).plan(image)
        return [*phases, Phase(name="metadata of the scene", steps=(commit,))]

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
    """Provide the node type ``scene``."""
    return [SceneNode()]
