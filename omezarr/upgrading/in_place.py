"""The plan that upgrades a hierarchy where it is: metadata documents, and names of chunks where they must change.

At every moment each group opens with its pixels, in the old or in the new version. First the root gets a marker. New
documents and new names of chunks are made beside the old ones, from the arrays up; the root is switched last; only then
the old ones are removed, and at last the marker. Run again after an interruption, the plan for what is there then
completes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from omezarr.abc.plan import (
    INCOMPLETE_KEY,
    DeleteKeys,
    EditAttributes,
    Phase,
    Plan,
    Step,
    TransferObjects,
    WriteObject,
)
from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.arrays.codecs import Obstacle, uses_extension
from omezarr.arrays.stored import json_bytes
from omezarr.errors import UnsupportedError
from omezarr.model import deep_equal
from omezarr.nodes.survey import joined
from omezarr.upgrading.arrays import described
from omezarr.upgrading.changes import MARKER, marked
from omezarr.upgrading.groups import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr.hierarchy import ZarrNode
    from omezarr.model import JSON
    from omezarr.upgrading.changes import ArrayChange, Changes
    from omezarr.upgrading.groups import GroupChange

_CURE = "upgrade into a new target instead: omezarr upgrade SOURCE TARGET --to VERSION"


def in_place_plan(changes: Changes) -> Plan:
    """Return the plan that upgrades a hierarchy in place; without phases if nothing is to be done.

    Parameters
    ----------
    changes : Changes

    Raises
    ------
    UnsupportedError
        If an array would have to be written anew, with the reason; or if it cannot be carried over at all.
    """
    work = _Work(changes)
    for path, array in changes.arrays.items():
        work.add_array(path, array)
    work.refuse_obstacles()
    for path in reversed(list(changes.groups)):
        if path:
            work.add_group(path, changes.groups[path])
    work.add_root()
    return Plan(
        target=changes.survey.root.location,
        zarr_format=changes.version.zarr_format,
        phases=tuple(phase for phase in work.phases() if phase.steps),
        create=False,
    )


@frozen
class _Work:
    """The steps, as they come together."""

    changes: Changes
    leftovers: bool = field(init=False)
    prepare: list[Step] = field(init=False, factory=list)
    arrays: list[Step] = field(init=False, factory=list)
    groups: list[Step] = field(init=False, factory=list)
    switch: list[Step] = field(init=False, factory=list)
    old_groups: list[Step] = field(init=False, factory=list)
    old_arrays: list[Step] = field(init=False, factory=list)
    old_chunks: list[Step] = field(init=False, factory=list)
    finish: list[Step] = field(init=False, factory=list)
    obstacles: dict[str, list[str]] = field(init=False, factory=dict)
    fatal: dict[str, list[str]] = field(init=False, factory=dict)

    @leftovers.default
    def _leftovers(self) -> bool:
        return marked(self.changes.survey.root.attributes)

    @property
    def _format(self) -> int:
        return self.changes.version.zarr_format

    def phases(self) -> Iterable[Phase]:
        """Return the phases in their order."""
        if self.arrays or self.groups or self.switch or self.finish:
            yield Phase(name="preparation", steps=tuple(self.prepare))
        yield Phase(name="arrays", steps=tuple(self.arrays))
        yield Phase(name="groups", steps=tuple(self.groups))
        yield Phase(name="switch of the root", steps=tuple(self.switch))
        # Parents first: what is opened by itself is then never in the new format with arrays in the old one.
        removal = (*reversed(self.old_groups), *self.old_arrays, *self.old_chunks)
        yield Phase(name="removal of what is old", steps=removal)
        yield Phase(name="removal of the marker", steps=tuple(self.finish))

    def refuse_obstacles(self) -> None:
        """Raise if an array stands in the way."""
        for reasons, cure in ((self.fatal, "remove or convert it first"), (self.obstacles, _CURE)):
            if reasons:
                said = "; ".join(f"{reason}: {counted(places)}" for reason, places in reasons.items())
                raise UnsupportedError(
                    f"{self.changes.survey.root.location} cannot be upgraded in place. An array {said}; {cure}"
                )

    def add_array(self, path: str, change: ArrayChange) -> None:
        """Add the steps for an array, or what stands in their way."""
        node = change.node
        now, then = ChunkKeys.of(node), self._keys_to_come(change)
        if now is None or then is None:
            if node.zarr_format != self._format:
                self._obstruct(path, Obstacle("names its chunks in a way that only zarr format 3 knows"))
            return
        document = described(self._format, node, change.labels, then)
        if isinstance(document, Obstacle):
            self._obstruct(path, document)
            return
        renamed = self._renamed(path, now, then)
        if renamed is None:
            return
        if renamed:
            pairs = tuple((joined(path, old), joined(path, new)) for old, new in renamed.items())
            self.arrays.append(TransferObjects(pairs=pairs))
        stale = sorted(renamed) if renamed else self._stale_chunks(path, change, now)
        if stale:
            self.old_chunks.append(DeleteKeys(keys=tuple(joined(path, key) for key in stale)))
        self._write_array(path, change, document)

    def _keys_to_come(self, change: ArrayChange) -> ChunkKeys | None:
        now = ChunkKeys.of(change.node)
        if now is None or self._format == 3:
            return now
        moves = change.axes is not None and (change.moves or change.node.zarr_format == 3)
        return ChunkKeys("v2", self.changes.version.separator if moves else now.separator, now.ndim)

    def _renamed(self, path: str, now: ChunkKeys, then: ChunkKeys) -> dict[str, str] | None:
        """Return the chunks that get other names; None if they cannot."""
        if now.names_as(then):
            return {}
        if not self.changes.survey.listable:
            self._obstruct(path, Obstacle("has chunks to be renamed, in a store that cannot list them"))
            return None
        keys = self.changes.survey.keys(path)
        renamed = now.renamed(keys, then)
        in_use = [key for key in keys if then.index(key) is not None and key not in renamed.values()]
        if in_use:
            self._obstruct(path, Obstacle(f"holds objects under names that its chunks would get, such as {in_use[0]}"))
            return None
        return renamed

    def _stale_chunks(self, path: str, change: ArrayChange, now: ChunkKeys) -> list[str]:
        """Return what an interrupted upgrade has left of chunks under other names."""
        may_be = self.leftovers or (self.changes.renames and change.axes is not None)
        if not (may_be and self.changes.survey.listable):
            return []
        keys = self.changes.survey.keys(path)
        others = [other for other in now.alternatives if not other.names_as(now)]
        pairs = [pair for other in others for pair in other.renamed(keys, now).items()]
        known = set(keys)
        return sorted({old for old, new in pairs if new in known})

    def _write_array(self, path: str, change: ArrayChange, document: dict[str, JSON]) -> None:
        node, attributes = change.node, change.labels.attributes
        if self._format == 3:
            if node.zarr_format == 2 or not deep_equal(document, dict(node.metadata)):
                self.arrays.append(_document(path, "zarr.json", document))
        elif node.zarr_format == 3:
            self.arrays.extend((_attributes(path, attributes), _document(path, ".zarray", document)))
        else:
            if not deep_equal(document, dict(node.metadata)):
                self.arrays.append(_document(path, ".zarray", document))
            if not deep_equal(dict(attributes), dict(node.attributes)):
                self.arrays.append(EditAttributes(path=path, attributes=attributes, expected=node.attributes))
        if node.zarr_format != self._format or self.leftovers:
            old = ("zarr.json",) if self._format == 2 else (".zarray", ".zattrs")
            self.old_arrays.append(DeleteKeys(keys=tuple(joined(path, name) for name in old)))

    def add_group(self, path: str, change: GroupChange) -> None:
        """Add the steps for a group below the root."""
        node = change.node.zarr_node
        if node.zarr_format != self._format:
            self.groups.extend(self._new_group(path, change.attributes))
        elif not deep_equal(dict(change.attributes), dict(node.attributes)):
            self.groups.append(EditAttributes(path=path, attributes=change.attributes, expected=node.attributes))
        if node.zarr_format == self._format:
            self._drop_consolidated(path, node)
        if node.zarr_format != self._format or self.leftovers:
            self.old_groups.append(self._old_documents(path))

    def add_root(self) -> None:
        """Add the steps for the root, which is marked first and switched when all else is ready."""
        change = self.changes.root
        node, final = change.node.zarr_node, change.attributes
        if node.zarr_format != self._format or self.leftovers:
            self.old_groups.append(self._old_documents(""))
        cleaning = bool(self.old_groups or self.old_arrays or self.old_chunks)
        marker = {INCOMPLETE_KEY: self._marker()} if cleaning else {}
        begun, switched = {**node.attributes, **marker}, {**final, **marker}
        if not deep_equal(begun, dict(node.attributes)):
            self.prepare.insert(0, self._mark(node, begun))
        if node.zarr_format != self._format:
            self.switch.extend(self._new_group("", switched))
            if self._format == 2:
                self.switch.append(DeleteKeys(keys=("zarr.json",)))
        elif not deep_equal(switched, begun):
            self.switch.append(EditAttributes(path="", attributes=switched, expected=begun))
        if cleaning:
            self.finish.append(EditAttributes(path="", attributes=final, expected=switched))

    def _mark(self, node: ZarrNode, attributes: dict[str, JSON]) -> Step:
        """Return the step that writes the attributes of the root in the format that it has."""
        if node.zarr_format == self._format:
            return EditAttributes(path="", attributes=attributes, expected=node.attributes)
        if node.zarr_format == 2:
            return _document("", ".zattrs", attributes)
        return _document("", "zarr.json", {**node.metadata, "attributes": attributes})

    def _marker(self) -> dict[str, JSON]:
        found = self.changes.survey.root.attributes.get(INCOMPLETE_KEY)
        own = found.get(MARKER) if isinstance(found, dict) else None
        target = self.changes.version.version
        if isinstance(own, dict) and own.get("to") == target:
            return {MARKER: own}
        return {MARKER: {"from": self.changes.source_version, "to": target}}

    def _new_group(self, path: str, attributes: Mapping[str, JSON]) -> list[Step]:
        if self._format == 3:
            content: dict[str, JSON] = {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}
            return [_document(path, "zarr.json", content)]
        return [_attributes(path, attributes), _document(path, ".zgroup", {"zarr_format": 2})]

    def _old_documents(self, path: str) -> DeleteKeys:
        old = ("zarr.json",) if self._format == 2 else (".zmetadata", ".zgroup", ".zattrs")
        return DeleteKeys(keys=tuple(joined(path, name) for name in old))

    def _drop_consolidated(self, path: str, node: ZarrNode) -> None:
        """Drop the consolidated metadata of a group below the root; that of the root is the executor's business."""
        if self._format == 2:
            if ".zmetadata" in self.changes.survey.documents.get(path, ()):
                self.prepare.append(DeleteKeys(keys=(joined(path, ".zmetadata"),)))
        elif "consolidated_metadata" in node.metadata:
            kept = {key: value for key, value in node.metadata.items() if key != "consolidated_metadata"}
            self.prepare.append(_document(path, "zarr.json", kept))

    def _obstruct(self, path: str, obstacle: Obstacle) -> None:
        kind = self.obstacles if obstacle.rewritable else self.fatal
        kind.setdefault(obstacle.reason, []).append(path)


def extension_notices(changes: Changes) -> list[str]:
    """Return what there is to know of arrays that will be described by extensions of zarr format 3."""
    places = [path for path, change in changes.arrays.items() if uses_extension(change.node)]
    if changes.version.zarr_format == 2 or not places:
        return []
    said = (
        "zarr format 3 knows the compressor as an extension alone, which few programs read; a target gets another one"
    )
    return [f"{said} (of {counted(places)})"]


def _document(path: str, name: str, content: Mapping[str, JSON]) -> WriteObject:
    return WriteObject(key=joined(path, name), content=json_bytes(content))


def _attributes(path: str, attributes: Mapping[str, JSON]) -> Step:
    """Return the step that makes the attributes in zarr format 2, in place of what may be there."""
    if attributes:
        return _document(path, ".zattrs", attributes)
    return DeleteKeys(keys=(joined(path, ".zattrs"),))
