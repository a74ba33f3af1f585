"""A node type from outside, a table of measurements that belongs to an image, and an importer of such tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping  # noqa: TC003 - structuring resolves the annotations
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from omezarr.abc import Claim, Hint, Importer, NodeType, Reference
from omezarr.abc.plan import Phase
from omezarr.abc.planning import PlanningContext  # noqa: TC001 - an annotation of a public method
from omezarr.abc.rules import Finding, Rule, RuleContext, Severity
from omezarr.hookspecs import hookimpl
from omezarr.location import Location  # noqa: TC001 - an annotation of a public method
from omezarr.model import JSON, UNSET, Unset, conventional_axes, extra
from omezarr.model.content import Content, ImageContent


@frozen(kw_only=True)
class Table:
    """The key ``table``: names of columns, and the image that they describe."""

    columns: tuple[str, ...]
    image_path: str | Unset = UNSET
    row_count: int | Unset = field(default=UNSET)
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class TableContent(Content):
    """A table with its image."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    image: ImageContent

    def walk_images(self) -> Iterator[tuple[str, ImageContent]]:
        """Yield the image."""
        yield "image", self.image

    def map_images(self, change: Callable[[ImageContent], ImageContent]) -> TableContent:
        """Return the table with its image changed."""
        return evolve(self, image=change(self.image))


class TableNode(NodeType):
    """A table; the image that it describes is a child, its rows are an object beside the metadata."""

    key = "table"
    model = Table
    priority = 15
    content = TableContent

    def plan(self, content: TableContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write the image and the table."""
        table = Table(columns=content.columns, image_path="image", row_count=len(content.rows))
        commit = context.commit({self.key: table}, "the table")
        rows = context.stored("rows.csv", "\n".join(map(",".join, content.rows)).encode())
        return [
            Phase(name="rows", steps=(context.group(), rows)),
            *context.below("image").plan(content.image),
            Phase(name="table", steps=(commit,)),
        ]

    def rules(self, version: str) -> list[Rule]:
        """Return that a table has columns."""
        return [
            Rule(
                id="table.columns",
                severity=Severity.ERROR,
                section="table",
                demand="A table has columns.",
                check=_no_columns,
            )
        ]

    def references(self, value: Table) -> Iterable[Reference]:
        """Return the image."""
        if value.image_path:
            yield Reference(path=value.image_path, role="child", hint=Hint(node_key="multiscales"))


def _no_columns(context: RuleContext) -> Iterator[Finding]:
    table = context.values.get("table")
    if isinstance(table, dict) and table.get("columns") == []:
        yield Finding(path=("table", "columns"), found="no column", expected="at least one")


class TableImporter(Importer):
    """Text files whose first line names columns; the image is blank, for the table is what matters."""

    name = "lab-table"
    suffixes = (".lab",)

    def claim(self, location: Location) -> Claim | None:
        """Claim by the suffix."""
        return Claim(20, "its name ends in .lab") if location.name.endswith(".lab") else None

    def load(self, location: Location, options: Mapping[str, Any]) -> TableContent:
        """Read the table."""
        import numpy as np

        from omezarr.arrays import as_source

        first, *rows = (tuple(line.split(",")) for line in Path(location.url).read_text().splitlines())
        image = ImageContent(pixels=as_source(np.ones((1, 1, 2, 8, 8), "uint8")), axes=conventional_axes("tczyx"))
        return TableContent(columns=first, rows=tuple(rows), image=image)


@hookimpl
def omezarr_importers() -> list[Importer]:
    """Provide the importer ``lab-table``."""
    return [TableImporter()]


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``table``."""
    return [TableNode()]
