"""Multi-well plates.

Source: OME-NGFF "plate" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.abc import Hint, NodeType, Reference
from omezarr.abc.plan import Phase, Step
from omezarr.errors import ArgumentError
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Column, Plate, Row, WellReference
from omezarr.model.content import PlateContent, WellContent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext

OME_XML = "METADATA.ome.xml"
"""Where the OME-XML of a plate is kept, in its group ``OME``."""


class PlateNode(NodeType):
    """A plate: its wells are groups two levels below, ``row/column``."""

    key = "plate"
    model = Plate
    priority = 60
    content = PlateContent

    def references(self, value: Plate) -> Iterable[Reference]:
        """Return the wells that the plate lists; those that were not imaged are not among them."""
        return [
            Reference(path=well.path, role="child", hint=Hint(node_key="well", path=well.path)) for well in value.wells
        ]

    def plan(self, content: PlateContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write a plate with all its wells."""
        for well in content.wells:
            row, _, column = well.partition("/")
            if row not in content.rows or column not in content.columns:
                raise ArgumentError(f"the well {well!r} is not a row and a column of the plate, such as A/1")
        groups = content.groups
        steps: list[Step] = [context.group()]
        if "OME" in groups or content.ome_xml is not None:
            steps.append(context.below("OME").group({}, groups.get("OME")))
        if content.ome_xml is not None:
            steps.append(context.below("OME").stored(OME_XML, content.ome_xml))
        rows = dict.fromkeys(well.partition("/")[0] for well in content.wells)
        steps += [context.below(row).group({}, groups.get(row)) for row in rows]
        phases = [Phase(name="plate", steps=tuple(steps))]
        for well, fields in content.wells.items():
            phases += context.below(well).plan(WellContent(fields=fields, group=groups.get(well)))
        plate = _plate(content, context.name)
        commit = context.commit({self.key: plate}, "the plate", source=groups.get(""))
        return [*phases, Phase(name="metadata of the plate", steps=(commit,))]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


def _plate(content: PlateContent, name: str) -> Plate:
    """Return what a plate's document says of its content, and what else that of its source says."""
    source = content.groups.get("")
    said = None if source is None else source.facets.get("plate")
    plate = said if isinstance(said, Plate) else Plate(rows=(), columns=(), wells=())
    rows, columns = {row.name: row for row in plate.rows}, {column.name: column for column in plate.columns}
    known = {well.path: well.extra for well in plate.wells}
    wells = [
        WellReference(path, content.rows.index(row), content.columns.index(column), extra=known.get(path, {}))
        for path in content.wells
        for row, _, column in [path.partition("/")]
    ]
    most = max((len(fields) for fields in content.wells.values()), default=0)
    return evolve(
        plate,
        rows=tuple(rows.get(row, Row(row)) for row in content.rows),
        columns=tuple(columns.get(column, Column(column)) for column in content.columns),
        wells=tuple(sorted(wells, key=lambda well: (well.row_index, well.column_index))),
        acquisitions=content.acquisitions or UNSET,
        field_count=most or UNSET,
        name=content.name or name,
    )


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``plate``."""
    return [PlateNode()]
