"""Groups that hold the tables of an image, in the layout of ngio and Fractal.

Source: the table specifications of ngio and fractal-tasks-core, version 1; NGFF has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from omezarr.abc import NodeType, Reference
from omezarr.abc.plan import CreateGroup, Phase
from omezarr.abc.rules import Depth, Finding, Rule, RuleContext, Severity
from omezarr.hierarchy import ZarrNode
from omezarr.hookspecs import hookimpl
from omezarr.model.structuring import at, structure
from omezarr.model.tables import FILES, Tables, TablesContent
from omezarr.nodes.table_files import table_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cattrs import Converter

    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Check
    from omezarr.model import JSON

SECTION = "tables of ngio and Fractal"


class TablesNode(NodeType):
    """The group ``tables`` of an image: a list of names, in attributes that are no OME document."""

    key = "tables"
    model = Tables
    plain = True
    below: ClassVar[Mapping[str, str]] = {"multiscales": "tables"}
    content = TablesContent

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Tables:
        """Structure the list of names."""
        with at(self.key):
            names: tuple[str, ...] = structure(converter, values[self.key], tuple[str, ...])
        return Tables(names)

    def unstructure(self, value: Tables, converter: Converter) -> dict[str, JSON]:
        """Return the list of names."""
        return {self.key: list(value.names)}

    def references(self, value: Tables) -> Iterable[Reference]:
        """Return the tables, in the order of the list."""
        return [Reference(path=name, role="child") for name in value.names]

    def plan(self, content: TablesContent, context: PlanningContext) -> list[Phase]:
        """Return the phase that writes all tables, and then their list."""
        steps: list[Any] = [context.group()]
        for name, table in content.tables.items():
            below = context.below(name)
            steps += [CreateGroup(path=below.path, attributes=table.document()), below.stored(*table_file(table))]
        commit = context.commit({self.key: Tables(tuple(content.tables))}, None)
        return [Phase(name="tables", steps=(*steps, commit))]

    def rules(self, version: str) -> list[Rule]:
        """Return what a list of tables has to be like, and each table that it names."""
        listed = "Every table that is listed is a group."
        file = "The file of a table is there, in csv or parquet."
        return [
            _rule("tables.form", "'tables' is a list of names, each once.", _form, Depth.DOCUMENT),
            _rule("tables.groups", listed, _groups),
            _rule("tables.type", "A table names its type and its backend.", _typed, severity=Severity.WARNING),
            _rule("tables.file", file, _filed),
        ]


def _rule(
    name: str, demand: str, check: Check, depth: Depth = Depth.HIERARCHY, severity: Severity = Severity.ERROR
) -> Rule:
    return Rule(id=name, severity=severity, section=SECTION, demand=demand, check=check, depth=depth)


def _form(context: RuleContext) -> Iterator[Finding]:
    names = context.values.get("tables")
    if not isinstance(names, list):
        yield Finding(path=("tables",), found=f"a {type(names).__name__}", expected="a list of names")
        return
    for index, name in enumerate(names):
        if not isinstance(name, str) or not name:
            yield Finding(path=("tables", index), found=repr(name), expected="a name")
        elif name in names[:index]:
            yield Finding(path=("tables", index), found=f"{name!r} again", expected="each name once")


def _listed(context: RuleContext) -> Iterator[tuple[int, str, ZarrNode | None]]:
    """Yield each table that is listed with its group, where it is one."""
    from omezarr_builtins.rules.neighbours import is_proper, look

    names = context.values.get("tables")
    proper = [name for name in names if isinstance(name, str) and is_proper(name)] if isinstance(names, list) else []
    found = look(context, dict.fromkeys(proper))
    for index, name in enumerate(proper):
        what = found.get(name)
        yield index, name, what if isinstance(what, ZarrNode) and what.kind == "group" else None


def _groups(context: RuleContext) -> Iterator[Finding]:
    for index, name, group in _listed(context):
        if group is None:
            yield Finding(path=("tables", index), array=name, found="no group", expected="a zarr group")


def _typed(context: RuleContext) -> Iterator[Finding]:
    for index, name, group in _listed(context):
        for key in ("type", "backend") if group is not None else ():
            if group is not None and not isinstance(group.attributes.get(key), str):
                yield Finding(path=("tables", index), array=name, found=f"no key {key!r}", expected=f"its {key}")


def _filed(context: RuleContext) -> Iterator[Finding]:
    hierarchy = context.hierarchy
    for index, name, group in _listed(context) if hierarchy is not None else ():
        backend = None if group is None else group.attributes.get("backend")
        if hierarchy is None or not isinstance(backend, str) or backend not in FILES:
            continue
        if hierarchy.read(f"{context.path}/{name}/{FILES[backend]}".lstrip("/")) is None:
            yield Finding(path=("tables", index), array=name, found=f"no {FILES[backend]}", expected="its file")


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``tables``."""
    return [TablesNode()]
