"""Writing into a group that is there, whose other attributes and members stay.

Examples
--------
>>> import numpy as np, zarr
>>> from omezarr.arrays import as_source
>>> from omezarr.model import conventional_axes
>>> from omezarr.model.content import ImageContent
>>> from zarr.storage import MemoryStore
>>> group = zarr.create_group(MemoryStore(), attributes={"sample": 7}, zarr_format=3)
>>> pixels = as_source(np.zeros((64, 64), "uint8"))
>>> node = write_into(group, ImageContent(pixels=pixels, axes=conventional_axes("yx")))
>>> node.levels[0].shape, dict(zarr.open_group(group.store).attrs)["sample"]
((64, 64), 7)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve, frozen

from omezarr.abc.plan import EditAttributes, Phase, WriteLevels
from omezarr.errors import ArgumentError, LocationNotFoundError, TargetExistsError
from omezarr.hierarchy import Hierarchy
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.writing import Planner
from omezarr.writing.fitting import name_of
from omezarr.writing.images import run_plan
from omezarr.writing.requests import Request, WriterKeywords, spelled_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.abc.plan import Measured, Plan
    from omezarr.location import Location, LocationLike
    from omezarr.model import JSON
    from omezarr.model.content import Content
    from omezarr.nodes.node import Node
    from omezarr.writing import WriteOptions


MEANINGLESS_IN_A_GROUP = {
    "overwrite": "what is in the group stays",
    "consolidated": "the hierarchy is there already",
}
"""Options that have no use where the group is there: why."""


@spelled_out(WriterKeywords)
def write_into(
    location: LocationLike, content: Content, options: WriteOptions | None = None, **given: Unpack[WriterKeywords]
) -> Node:
    """Write described content into a group that is there, and open it; what else the group has and holds stays.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The group, of the zarr format of the NGFF version.
    content : Content
        As for `omezarr.write_content`.
    options : WriteOptions, optional
        As for `omezarr.write_content`.
    **given
        `WriterKeywords`, as for `omezarr.write_content`.

    Returns
    -------
    Node

    Raises
    ------
    LocationNotFoundError
        If there is no group.
    TargetExistsError
        If one of the arrays that are to be written is there already.
    ArgumentError
        If the group is of another zarr format than the version, or an option is given that has no meaning here.
    UnsupportedError, LossyError, MetadataError, WriteError
        See `omezarr.write_content`.
    """
    meaningless = {key: why for key, why in MEANINGLESS_IN_A_GROUP.items() if given.get(key) is not False}
    request = Request.of(location, options, given, WriterKeywords, meaningless)
    registry, target = request.registry, request.target
    opened = open_store(target, registry.storage_schemes)
    hierarchy = Hierarchy(opened.store, opened.path)
    group = hierarchy.node()
    if group is None or group.kind != "group":
        raise LocationNotFoundError(f"there is no zarr group at {target}; write_content makes a new one")
    planner = Planner(request.options, registry, name=name_of(target.name))
    if planner.version.zarr_format != group.zarr_format:
        raise ArgumentError(
            f"{target} is of zarr format {group.zarr_format}, but NGFF {request.options.format} needs "
            f"{planner.version.zarr_format}; choose another version with format="
        )
    plan = planner.whole(target, planner.plan(content))
    if not request.run.resume:
        _refuse_present(plan, hierarchy, target)
    run_plan(_inside(plan, group.attributes), registry, request.run)
    return open_node(target, registry=registry)


def _refuse_present(plan: Plan, hierarchy: Hierarchy, target: Location) -> None:
    paths = [spec.path for step in plan.steps if isinstance(step, WriteLevels) for spec in step.arrays]
    hierarchy.prefetch(paths)
    for path in paths:
        if hierarchy.node(path) is not None:
            raise TargetExistsError(f"{target} has {path!r} already; remove it first, or write to another group")


def _inside(plan: Plan, attributes: Mapping[str, JSON]) -> Plan:
    """Return the plan that changes the group instead of making it."""

    def kept(step: Any) -> Any:
        if isinstance(step, EditAttributes) and step.path == "":
            known = step.known if callable(step.attributes) else step.attributes
            return evolve(step, attributes=_Joined(attributes, step.attributes), known=known)
        return step

    phases = tuple(Phase(name=phase.name, steps=tuple(map(kept, phase.steps))) for phase in plan.phases)
    return evolve(plan, phases=phases, create=False)


@frozen
class _Joined:
    """The attributes that a group has, with those that are written into it; of objects in both, the parts join."""

    present: Mapping[str, JSON]
    new: Mapping[str, JSON] | Callable[[Measured], Mapping[str, JSON]]

    def __call__(self, measured: Measured) -> dict[str, JSON]:
        added = self.new(measured) if callable(self.new) else self.new
        joined = {**self.present, **added}
        for key, value in added.items():
            old = self.present.get(key)
            if isinstance(old, dict) and isinstance(value, dict):
                joined[key] = {**old, **value}
        return joined
