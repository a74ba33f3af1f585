"""The plan that stores what was mended: one document after the other, each replaced as a whole.

The deepest groups and arrays come first and the root last. Every document can be read with those that were replaced
already and those that were not, so that a hierarchy opens at any moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc.plan import DeleteKeys, EditAttributes, Phase, Plan, Step, WriteObject
from omezarr.arrays.stored import json_bytes
from omezarr.checking.repair.overlay import ATTRIBUTES
from omezarr.model import deep_equal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from omezarr.checking.repair.overlay import Overlay
    from omezarr.hierarchy import ZarrNode
    from omezarr.location import Location

CONSOLIDATED = "consolidated_metadata"
"""The key of consolidated metadata in documents of zarr format 3."""


def repair_plan(target: Location, prefix: str, overlay: Overlay, outdated: Collection[str]) -> Plan | None:
    """Return the plan that makes a hierarchy what an overlay of it says; None if nothing differs.

    Parameters
    ----------
    target : Location
        The hierarchy, or one that it is a part of.
    prefix : str
        The path of the hierarchy in the target.
    overlay : Overlay
    outdated : collection of str
        The groups whose consolidated metadata is not kept. That of the target is written anew by the executor.
    """
    root = overlay.node()
    if root is None or not (overlay.changed or outdated):
        return None
    dropped = tuple(_without_consolidated(overlay, prefix, path) for path in sorted(outdated))
    places = sorted(overlay.changed, key=lambda path: (-len(path.split("/")) if path else 1, path))
    edits = tuple(
        step
        for path in places
        for step in _replacement(_below(prefix, path), overlay.base.node(path), overlay.changed[path])
    )
    phases = (Phase(name="consolidated metadata that is out of date", steps=dropped), Phase(name="repair", steps=edits))
    return Plan(
        target=target,
        zarr_format=root.zarr_format,
        phases=tuple(phase for phase in phases if phase.steps),
        create=False,
    )


def _replacement(place: str, old: ZarrNode | None, new: ZarrNode) -> Iterator[Step]:
    if old is None:
        if new.zarr_format == 2:
            yield WriteObject(key=_below(place, ".zattrs"), content=json_bytes(dict(new.attributes)))
        yield _document(place, "zarr.json" if new.zarr_format == 3 else ".zgroup", new.metadata)
        return
    before, after = _own(old.metadata), _own(new.metadata)
    if not deep_equal(before, after):
        if new.zarr_format == 3:
            yield _document(place, "zarr.json", new.metadata)
            return
        yield _document(place, ".zarray" if new.kind == "array" else ".zgroup", new.metadata)
    if not deep_equal(dict(old.attributes), dict(new.attributes)):
        yield EditAttributes(path=place, attributes=new.attributes, expected=old.attributes)


def _own(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key not in (ATTRIBUTES, CONSOLIDATED)}


def _without_consolidated(overlay: Overlay, prefix: str, path: str) -> Step:
    """Return the step that drops the consolidated metadata of a group; its attributes are replaced later."""
    node = overlay.base.node(path)
    place = _below(prefix, path)
    if node is None or node.zarr_format == 2:
        return DeleteKeys(keys=(_below(place, ".zmetadata"),))
    return _document(place, "zarr.json", node.metadata)


def _document(place: str, name: str, metadata: Mapping[str, Any]) -> Step:
    kept = {key: value for key, value in metadata.items() if key != CONSOLIDATED}
    return WriteObject(key=_below(place, name), content=json_bytes(kept))


def _below(prefix: str, path: str) -> str:
    return f"{prefix}/{path}".strip("/")
