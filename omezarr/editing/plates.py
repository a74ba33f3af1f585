"""Wells and fields that go, or get other names: what lists them, and what is stored of them.

What is stored is first made available under its new name, then the lists are changed, and last the old goes. So the
plate opens at every moment, and the same once more completes what was interrupted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Factory, define, evolve

from omezarr.abc.plan import CreateGroup, DeleteKeys, Phase, Plan, TransferObjects
from omezarr.errors import ArgumentError
from omezarr.hierarchy import run
from omezarr.model import Plate, Well, WellReference
from omezarr.model.plate import natural_order
from omezarr.nodes.plates import present
from omezarr.writing import Planner, WriteOptions
from omezarr.writing.plates import well_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from omezarr.checking.repair import Repair
    from omezarr.model import Field
    from omezarr.nodes.node import Node

_METADATA = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


@define
class Arrangement:
    """The lists of a plate or a well as they are to be, and which groups go and move.

    Parameters
    ----------
    root : Node
        The plate, or the well.
    wells : list of WellReference
        Those that the plate lists; none where a well was opened.
    fields : dict
        The path of each well, "" for one that was opened, to the fields that it lists.
    gone : list of str
        The groups that are deleted.
    moved : list of (str, str)
        Old and new paths of groups; the old ones are among those that go.
    unknown : list of str
        What is to be said of those that are not there.
    is_again : bool
        Whether an interrupted attempt is completed, so that some may be gone already.
    """

    root: Node
    wells: list[WellReference] = Factory(list)
    fields: dict[str, list[Field]] = Factory(dict)
    gone: list[str] = Factory(list)
    moved: list[tuple[str, str]] = Factory(list)
    unknown: list[str] = Factory(list)
    is_again: bool = False

    @classmethod
    def of(cls, root: Node) -> Arrangement:
        """Return the lists as they are.

        Raises
        ------
        ArgumentError
            If it is neither a plate nor a well.
        """
        found = cls(root)
        if root.plate is None:
            nodes: dict[str, Node | None] = {"": root}
        else:
            found.wells = list(root.plate.wells)
            root.children.prefetch()
            nodes = {path: present(root, path) for path in root.children}
        for path, node in nodes.items():
            well = None if node is None else next((f for f in node.facets.values() if isinstance(f, Well)), None)
            if well is not None:
                found.fields[path] = list(well.images)
        if root.plate is None and not found.fields:
            raise ArgumentError(f"{root.location} is neither a plate nor a well, so it has no wells and fields")
        return found

    def remove(self, path: str) -> None:
        """Leave out a well or a field.

        Raises
        ------
        ArgumentError
            If the path is that of something else.
        """
        well, field = self._parts(path)
        if not self._listed(path):
            self._note_unlisted(path)
            return
        if field:
            self.fields[well] = [item for item in self.fields.get(well, []) if item.path.strip("/") != field]
        else:
            self.wells = [item for item in self.wells if item.path.strip("/") != well]
            self.fields.pop(well, None)
        self.gone.append(path)

    def rename(self, old: str, new: str) -> None:
        """Give a well another place, or a field another name.

        Raises
        ------
        ArgumentError
            If there is one of the new name, or it cannot have that.
        """
        (well, field), (new_well, new_field) = self._parts(old), self._parts(new)
        if bool(field) != bool(new_field) or (field and well != new_well):
            raise ArgumentError(f"{old!r} cannot become {new!r}: a well stays a well, and a field stays in its well")
        if not self._listed(old):
            self._note_unlisted(old)
            return
        if self._listed(new):
            raise ArgumentError(f"{self.root.location} has {new!r} already; remove that one first, or choose another")
        if field:
            found = [evolve(f, path=new_field) if f.path.strip("/") == field else f for f in self.fields[well]]
            self.fields[well] = sorted(found, key=lambda item: natural_order(item.path))
        else:
            assert self.root.plate is not None
            place = well_reference(self.root.plate, new)
            for index, item in enumerate(self.wells):
                if item.path.strip("/") == well:
                    known = isinstance(item.row_index, int)
                    self.wells[index] = evolve(place if known else WellReference(new), extra=item.extra)
            self.wells.sort(key=lambda item: _place(self.root.plate, item))
            self.fields[new] = self.fields.pop(well, [])
        self.moved.append((old, new))
        self.gone.append(old)

    @property
    def of_plate(self) -> dict[str, Any]:
        """What the plate is to say: its wells and, where it tells, how many fields a well has at most."""
        assert self.root.plate is not None
        count, most = self.root.plate.field_count, max(map(len, self.fields.values()), default=0)
        return {"wells": tuple(self.wells), "field_count": most if isinstance(count, int) and most else count}

    def facets(self) -> dict[str, Plate | Well]:
        """Return what each group is to say whose list is to be another, by its path.

        Raises
        ------
        ArgumentError
            If a well gets another name and another list at once.
        """
        found: dict[str, Plate | Well] = {}
        names = {new: old for old, new in self.moved}
        for path, fields in self.fields.items() if self.gone else ():
            holder = self.root if not path else present(self.root, names.get(path, path))
            well = next((f for f in holder.facets.values() if isinstance(f, Well)), None) if holder else None
            if well is not None and tuple(fields) != well.images:
                if path in names:
                    raise ArgumentError(f"rename the well {names[path]!r} first, and change its fields then")
                found[path] = evolve(well, images=tuple(fields))
        if self.root.plate is not None and self.gone:
            found[""] = evolve(self.root.plate, **self.of_plate)
        return found

    def _parts(self, path: str) -> tuple[str, str]:
        """Return the well, "" for that which was opened, and the field, "" where a well is meant."""
        parts = path.split("/")
        wanted = (1,) if self.root.plate is None else (2, 3)
        if len(parts) not in wanted or not all(parts):
            what = "a field, such as '0'" if self.root.plate is None else "a well or a field, such as 'A/1' or 'A/1/0'"
            raise ArgumentError(f"{path!r} is no path of {what}")
        if self.root.plate is None:
            return "", path
        return "/".join(parts[:2]), "".join(parts[2:])

    def _listed(self, path: str) -> bool:
        well, field = self._parts(path)
        if field:
            return any(item.path.strip("/") == field for item in self.fields.get(well, []))
        return any(item.path.strip("/") == well for item in self.wells)

    def _stored(self, path: str) -> bool:
        return self.root.hierarchy.node(f"{self.root.path}/{path}".strip("/")) is not None

    def _note_unlisted(self, path: str) -> None:
        """Note what is not listed: stored, it is what an interrupted attempt has still to delete."""
        if self._stored(path):
            self.gone.append(path)
            self.is_again = True
            return
        there = [item.path for item in self.wells]
        there += [f"{well}/{item.path}".lstrip("/") for well, fields in self.fields.items() for item in fields]
        shown = ", ".join(there[:12]) + (", ..." if len(there) > 12 else "")
        self.unknown.append(f"{self.root.location} has no {path!r}; it has: {shown}")


def arranged(root: Node, remove: Collection[str], rename: Mapping[str, str]) -> Arrangement:
    """Return the lists of a plate or a well without some wells and fields, and with other names for others.

    Parameters
    ----------
    root : Node
        What was opened; anything else than a plate or a well only where nothing is asked for.
    remove : collection of str
    rename : mapping

    Raises
    ------
    ArgumentError
        If one of them is not there, or in the way.
    """
    if not (remove or rename):
        return Arrangement(root)
    found = Arrangement.of(root)
    for path in remove:
        found.remove(path.strip("/"))
    for old, new in rename.items():
        found.rename(old.strip("/"), new.strip("/"))
    if found.unknown and not found.is_again:
        raise ArgumentError(found.unknown[0])
    return found


def _place(plate: Plate | None, well: WellReference) -> tuple[Any, ...]:
    if isinstance(well.row_index, int) and isinstance(well.column_index, int):
        return (well.row_index, well.column_index)
    names = [row.name for row in plate.rows] if plate is not None else []
    row, _, column = well.path.partition("/")
    return (names.index(row) if row in names else len(names), natural_order(column))


def with_objects(root: Node, repair: Repair, gone: Collection[str], moved: Collection[tuple[str, str]] = ()) -> Repair:
    """Return a change before which groups are made available under other paths, and after which groups are deleted.

    Parameters
    ----------
    root : Node
        What was opened.
    repair : Repair
        The change of documents.
    gone : collection of str
        Paths of groups, from the root of the hierarchy, that nothing lists any more: they are deleted, pixels and all.
    moved : collection of (str, str)
        Their old paths and their new ones.

    Raises
    ------
    ArgumentError
        If the place cannot be listed, or something else is at a new path.
    """
    if not root.hierarchy.traits.listable:
        raise ArgumentError(f"{root.location} cannot be listed, so nothing can be deleted there")
    plan = repair.plan
    if plan is None:
        plan = Plan(target=root.location, zarr_format=root.zarr_node.zarr_format or 3, phases=(), create=False)
    above = str(root.location)[len(str(plan.target)) :].strip("/\\").replace("\\", "/")

    def placed(key: str) -> str:
        return f"{above}/{key}".strip("/")

    pairs = [(placed(old), placed(new)) for place in moved for old, new in _pairs(root, *place)]
    deleted = [key for path in gone for key in _keys(root, path)]
    own = {f"{path}/{name}" for path in gone for name in _METADATA}  # what tells that a group is there goes last
    rest = [key for key in deleted if key not in own]
    parts = [rest, _of_empty_rows(root, gone, moved), [key for key in deleted if key in own]]
    first, last = [], []
    if pairs:
        rows = {new.rpartition("/")[0] for _, new in moved if new.count("/") == 1}
        assert root.version is not None
        planner = Planner(WriteOptions(format=root.version), root.registry)
        groups = [planner.below(row).group({}) for row in sorted(rows) if root.hierarchy.node(row) is None]
        steps: list[Any] = [CreateGroup(path=placed(step.path), attributes=step.attributes) for step in groups]
        first.append(Phase(name="other names", steps=(*steps, TransferObjects(pairs=tuple(pairs)))))
    if deleted:
        deletions = tuple(DeleteKeys(keys=tuple(map(placed, keys))) for keys in parts if keys)
        last.append(Phase(name="what is not listed any more", steps=deletions))
    phases = (*first, *plan.phases, *last)
    return evolve(repair, plan=evolve(plan, phases=phases) if phases else None)


def _of_empty_rows(root: Node, gone: Collection[str], moved: Collection[tuple[str, str]]) -> list[str]:
    """Return the metadata of rows of a plate in which nothing is left."""
    found: list[str] = []
    left_by = {path.partition("/")[0] for path in gone if path.count("/") == 1} if root.plate else set()
    for row in sorted(left_by - {new.partition("/")[0] for _, new in moved}):
        left = [key for key in _keys(root, row) if not any(key.startswith(f"{path}/") for path in gone)]
        if {key.removeprefix(f"{row}/") for key in left} <= {*_METADATA}:
            found += left
    return found


def _pairs(root: Node, old: str, new: str) -> list[tuple[str, str]]:
    """Return old and new keys of all that a group holds.

    Raises
    ------
    ArgumentError
        If something else is at the new path than what an interrupted attempt has put there.
    """
    keys = [key.removeprefix(f"{old}/") for key in _keys(root, old)]
    there = [key.removeprefix(f"{new}/") for key in _keys(root, new)]
    read = root.hierarchy.read
    if not {*there} <= {*keys} or any(
        read(f"{old}/{key}") != read(f"{new}/{key}") for key in there if key.rpartition("/")[2] in _METADATA
    ):
        raise ArgumentError(f"something else is at {new!r} in {root.location}, which nothing lists; remove it first")
    return [(f"{old}/{key}", f"{new}/{key}") for key in keys]


def _keys(root: Node, path: str) -> list[str]:
    """Return the keys of all objects of a group, from the root of the hierarchy, sorted."""
    store, prefix = root.hierarchy.store, root.hierarchy.path

    async def listed() -> list[str]:
        return [key async for key in store.list_prefix(f"{prefix}/{path}/".lstrip("/"))]

    return sorted(key.removeprefix(f"{prefix}/") if prefix else key for key in run(listed()))
