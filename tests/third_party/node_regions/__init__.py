"""A node type from outside that lies below images, in attributes that are no OME document: named regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping  # noqa: TC003 - structuring resolves the annotations
from typing import ClassVar

from attrs import frozen

from omezarr.abc import NodeType
from omezarr.abc.plan import Phase
from omezarr.abc.planning import PlanningContext  # noqa: TC001 - an annotation of a public method
from omezarr.abc.rules import Finding, Rule, RuleContext, Severity
from omezarr.hookspecs import hookimpl
from omezarr.model import JSON, extra
from omezarr.model.content import Content


@frozen(kw_only=True)
class Regions:
    """The key ``regions``: the name of each region to a box."""

    boxes: Mapping[str, tuple[float, ...]]
    extra: Mapping[str, JSON] = extra()


@frozen
class RegionsContent(Content):
    """Regions of an image."""

    boxes: Mapping[str, tuple[float, ...]]


class RegionsNode(NodeType):
    """Regions, in the group ``regions`` of an image."""

    key = "regions"
    model = Regions
    plain = True
    below: ClassVar[Mapping[str, str]] = {"multiscales": "regions"}
    content = RegionsContent

    def plan(self, content: RegionsContent, context: PlanningContext) -> list[Phase]:
        """Return the phase that writes them."""
        commit = context.commit({self.key: Regions(boxes=content.boxes)}, "the regions")
        return [Phase(name="regions", steps=(context.group(), commit))]

    def rules(self, version: str) -> list[Rule]:
        """Return that a box has corners."""
        demand = "A box has two corners."
        return [Rule(id="regions.corners", severity=Severity.ERROR, section="regions", demand=demand, check=_odd)]


def _odd(context: RuleContext) -> Iterator[Finding]:
    regions = context.values.get("regions")
    boxes = regions.get("boxes") if isinstance(regions, dict) else None
    for name, box in boxes.items() if isinstance(boxes, dict) else ():
        if isinstance(box, list) and len(box) % 2:
            yield Finding(path=("regions", "boxes", name), found=f"{len(box)} numbers", expected="an even number")


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``regions``."""
    return [RegionsNode()]
