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


class SceneNode(NodeType):
    """A scene: transformations between coordinate systems of its own and of the images below it."""

    key = "scene"
    model = Scene
    priority = 30

    def references(self, value: Scene) -> Iterable[Reference]:
        """Return the groups whose coordinate systems are transformed, each once, in the order they are named."""
        ends = [end for step in value.coordinate_transformations for end in (step.input, step.output)]
        paths = dict.fromkeys(end.path for end in ends if end and end.path and end.path.strip("./"))
        return [Reference(path=path, role="child", hint=Hint(node_key="multiscales", path=path)) for path in paths]


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``scene``."""
    return [SceneNode()]
