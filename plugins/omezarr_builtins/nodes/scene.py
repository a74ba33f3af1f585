"""Images in common coordinate systems.

Source: OME-NGFF 0.6 "scene".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Hint, NodeType, Reference
from omezarr.hookspecs import hookimpl
from omezarr.model import Scene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc.rules import Rule, RuleContext


class SceneNode(NodeType):
    """A scene: transformations between coordinate systems of its own and of the images below it."""

    key = "scene"
    model = Scene
    priority = 40

    def references(self, value: Scene) -> Iterable[Reference]:
        """Return the groups whose coordinate systems are transformed, each once, in the order they are named."""
        ends = [end for step in value.coordinate_transformations for end in (step.input, step.output)]
        paths = dict.fromkeys(end.path for end in ends if end and end.path and end.path.strip("./"))
        return [Reference(path=path, role="child", hint=Hint(node_key="multiscales", path=path)) for path in paths]

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
    """Provide the node type ``scene``."""
    return [SceneNode()]
