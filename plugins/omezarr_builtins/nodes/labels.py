"""Groups that hold the label images of an image.

Source: OME-NGFF "labels" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc import Hint, NodeType, Reference
from omezarr.hookspecs import hookimpl
from omezarr.model import Labels
from omezarr.structuring import at, structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cattrs import Converter

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


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``labels``."""
    return [LabelsNode()]
