"""A node type from outside: a table of measurements that belongs to an image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping  # noqa: TC003 - structuring resolves the annotations

from attrs import field, frozen

from omezarr.abc import Hint, NodeType, Reference
from omezarr.hookspecs import hookimpl
from omezarr.model import JSON, UNSET, Unset, extra


@frozen(kw_only=True)
class Table:
    """The key ``table``: names of columns, and the image that they describe."""

    columns: tuple[str, ...]
    image_path: str | Unset = UNSET
    row_count: int | Unset = field(default=UNSET)
    extra: Mapping[str, JSON] = extra()


class TableNode(NodeType):
    """A table; the image that it describes is a child."""

    key = "table"
    model = Table
    priority = 15

    def references(self, value: Table) -> Iterable[Reference]:
        """Return the image."""
        if value.image_path:
            yield Reference(path=value.image_path, role="child", hint=Hint(node_key="multiscales"))


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``table``."""
    return [TableNode()]
