"""Repair as a whole: what it changes and keeps, what it refuses, and what an interruption leaves."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zarr.core.buffer import cpu
from zarr.storage import LocalStore

import omezarr
from omezarr.abc import Claim, Hint, NodeType
from omezarr.abc.plan import EditAttributes
from omezarr.abc.rules import Edit, Finding, Rule, RuleContext, Severity
from omezarr.arrays.locks import CHANGE_LOCK, locked
from omezarr.arrays.targets import LocalTarget
from omezarr.checking.repair import Change, carry_out, change_as_dict, change_line, plan_repair, repair
from omezarr.checking.validation import validate
from omezarr.errors import (
    AccessDeniedError,
    ArgumentError,
    IncompleteError,
    LocationNotFoundError,
    LockedError,
    OMEZarrWarning,
    UnknownNameError,
    UnsupportedError,
    WriteError,
)
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Document
from omezarr.plugins.registry import Registry
from omezarr.stores import StoreTraits, state_traits
from tests.builtins.fixes.breakages import BREAKAGES, document
from tests.builtins.rules.hierarchies import TREES, stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from omezarr.checking.validation import Report

PIXELS = np.arange(256, dtype="uint8").reshape(16, 16)
FORMATS = pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])


def broken_image(version: str, *, consolidated: bool = False) -> zarr.storage.MemoryStore:
    """Return an image with labels whose metadata is wrong in several documents, each with one right answer."""
    store = zarr.storage.MemoryStore()
    omezarr.write_image(store, PIXELS, axes="yx", name="image", labels={"cells": PIXELS}, levels=3, format=version)
    image, label, labels = (zarr.open_group(store, path=path, use_consolidated=False) for path in PLACES)
    values = inner(image)
    values["multiscales"][0]["datasets"].reverse()
    image.attrs.update(wrapped(image, values))
    values = inner(label)
    values["image-label"] = {"colors": [{"label-value": 1, "rgba": [1, 2, 3, 4]}] * 2, "note": "kept"}
    values.pop("version", None)
    label.attrs.put({"mine": {"answer": 42}, **wrapped(label, values)})
    values = inner(labels)
    del values["labels"]
    labels.attrs.put(wrapped(labels, values))
    if consolidated:
        consolidate(store)
    return store


PLACES = ("", "labels/cells", "labels")


def inner(group: Any) -> dict[str, Any]:
    attributes = dict(group.attrs)
    return attributes.get("ome", attributes)


def wrapped(group: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {"ome": values} if "ome" in group.attrs else values


def consolidate(store: Any, path: str | None = None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(store, path=path)


def objects(store: Any) -> dict[str, Any]:
    """Return all that is stored, metadata parsed."""
    found = {key: value.to_bytes() for key, value in store._store_dict.items()}
    return {key: json.loads(value) if is_metadata(key) else value for key, value in found.items()}


def is_metadata(key: str) -> bool:
    return key.rpartition("/")[2] in ("zarr.json", ".zattrs", ".zgroup", ".zarray", ".zmetadata")


def copy_of(store: Any) -> Any:
    return zarr.storage.MemoryStore(dict(store._store_dict))


def check_opens(store: Any) -> None:
    """Open everything, and compare the pixels of the largest level, wherever it stands in the list."""
    image = omezarr.open(store)
    found = {level.shape: level for level in image.levels}
    assert found.keys() == {(16, 16), (8, 8), (4, 4)}
    assert np.array_equal(np.asarray(found[16, 16].array[:]), PIXELS)
    label = omezarr.open(omezarr.Location.parse(store).below("labels/cells"))
    assert np.array_equal(np.asarray(label.levels[0].array[:]), PIXELS)


class MemoryStore(zarr.storage.MemoryStore):
    """A store that dies before or after a change of a certain number, and stays dead; named as what it is a kind of."""

    def __init__(self, contents: Any, death: float, *, after: bool) -> None:
        super().__init__(contents)
        self.changes = 0
        self.death = death
        self.after = after

    async def set(self, key: str, value: Any, byte_range: Any = None) -> None:
        self._live()
        await super().set(key, value, byte_range)
        self._die()

    async def delete(self, key: str) -> None:
        self._live()
        await super().delete(key)
        self._die()

    def _live(self) -> None:
        if self.changes >= self.death:
            raise ConnectionError("the store is gone")
        self.changes += self.after is False
        if not self.after and self.changes >= self.death:
            raise ConnectionError("the store is gone")

    def _die(self) -> None:
        self.changes += self.after
        if self.changes >= self.death:
            raise ConnectionError("the store is gone")


def mortal(store: Any, death: float = float("inf"), *, after: bool = False) -> MemoryStore:
    found = MemoryStore(dict(store._store_dict), death, after=after)
    state_traits(found, StoreTraits(transient=True, distant=False, picklable=False))
    return found


class TestInterruption:
    @FORMATS
    @pytest.mark.parametrize("consolidated", [False, True])
    @pytest.mark.parametrize("after", [False, True])
    def test_a_death_at_any_change_leaves_all_readable_and_the_next_run_completes_it(
        self, version: str, consolidated: bool, after: bool
    ) -> None:
        broken = broken_image(version, consolidated=consolidated)
        undisturbed = mortal(broken)
        assert repair(undisturbed).valid
        whole = plain(objects(undisturbed))
        assert undisturbed.changes >= 3
        for death in range(1, undisturbed.changes + 1):
            store = mortal(broken, death, after=after)
            with pytest.raises((WriteError, OSError)):
                repair(store)
            left = copy_of(store)
            check_opens(left)
            assert repair(left).valid
            assert plain(objects(left)) == whole
            assert plan_repair(left).plan is None

    def test_the_message_says_how_to_complete_it(self) -> None:
        with pytest.raises(WriteError, match=r"the store is gone.* not complete, though all of it opens: run the same"):
            repair(mortal(broken_image("0.5"), 2))

    def test_each_document_is_replaced_once(self) -> None:
        store = mortal(broken_image("0.5"))
        repair(store)
        assert store.changes == 3

    def test_what_is_deepest_comes_first_and_the_root_last(self) -> None:
        plan = plan_repair(broken_image("0.5")).plan
        assert plan is not None
        assert [step.path for step in plan.steps if isinstance(step, EditAttributes)] == ["labels/cells", "labels", ""]


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return stored objects without consolidated metadata."""
    kept = {key: value for key, value in found.items() if key != ".zmetadata"}
    if "zarr.json" in kept:
        kept["zarr.json"] = {key: value for key, value in kept["zarr.json"].items() if key != "consolidated_metadata"}
    return kept


class TestChanges:
    @FORMATS
    def test_attributes_of_others_and_unknown_keys_are_kept(self, version: str) -> None:
        store = broken_image(version)
        repair(store)
        attributes = dict(zarr.open_group(store, path="labels/cells").attrs)
        assert attributes["mine"] == {"answer": 42}
        assert attributes.get("ome", attributes)["image-label"]["note"] == "kept"

    @FORMATS
    def test_pixels_and_arrays_are_left_alone(self, version: str) -> None:
        before, store = objects(broken_image(version)), broken_image(version)
        repair(store)
        after = objects(store)
        changed = {key for key in before if before[key] != after[key]}
        name = ".zattrs" if version == "0.4" else "zarr.json"
        assert changed == {name, f"labels/{name}", f"labels/cells/{name}"}
        assert before.keys() == after.keys()

    @FORMATS
    def test_a_plan_writes_nothing(self, version: str) -> None:
        store = mortal(broken_image(version), 1)
        assert plan_repair(store).outlook().valid
        assert objects(store) == objects(broken_image(version))

    @FORMATS
    def test_what_is_foreseen_is_what_comes(self, version: str) -> None:
        store = broken_image(version)
        planned = plan_repair(store)
        outlook = planned.outlook()
        carry_out(planned)
        assert outlook.problems == validate(store).problems

    def test_valid_hierarchies_have_nothing_to_be_mended(self) -> None:
        store = mortal(stored(TREES["plate"]("0.5")), 1)
        planned = plan_repair(store)
        assert (planned.changes, planned.plan) == ((), None)
        carry_out(planned)
        assert repair(store).valid

    def test_rules_that_are_ignored_mend_nothing(self) -> None:
        planned = plan_repair(broken_image("0.5"), ignore=["multiscales.*", "arrays.*", "image-label.*"])
        assert [change.rule for change in planned.changes] == ["labels.present", "ome.version.present"]

    def test_the_document_alone_is_mended_on_request(self) -> None:
        planned = plan_repair(broken_image("0.5"), depth="document")
        assert {change.node for change in planned.changes} == {""}

    def test_a_version_that_is_forced_is_certain(self) -> None:
        tree = TREES["well"]("0.5")
        for path in ("", "0", "1"):
            del tree[path]["ome"]["version"]
        tree = {"": {"ome": {"well": document(tree, "")["well"]}}, "0": {}, "1": {}}
        assert "ome.version.present" not in {change.rule for change in plan_repair(stored(tree)).changes}
        forced = plan_repair(stored(tree), format="0.5").changes
        assert {change.after for change in forced if change.rule == "ome.version.present"} == {"0.5"}

    def test_groups_in_the_other_zarr_format_are_left(self) -> None:
        store = stored(TREES["well"]("0.4"))
        old = stored({"": {"ome": {"multiscales": [{"datasets": [{"path": "0"}]}]}}})
        del store._store_dict["1/.zgroup"], store._store_dict["1/.zattrs"]
        store._store_dict["1/zarr.json"] = old._store_dict["zarr.json"]
        assert {change.node for change in plan_repair(store).changes} <= {"", "0"}

    def test_someone_else_s_change_in_between_stops_it(self) -> None:
        store = broken_image("0.5")
        planned = plan_repair(store)
        zarr.open_group(store, path="labels").attrs["theirs"] = 1
        with pytest.raises(WriteError, match="have changed since they were read"):
            carry_out(planned)
        assert zarr.open_group(store, path="labels").attrs["theirs"] == 1
        assert repair(store).valid


class TestConsolidatedMetadata:
    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_that_of_the_root_tells_of_the_changes(self, version: str) -> None:
        store = broken_image(version, consolidated=True)
        repair(store)
        group = zarr.open_consolidated(store)
        values = dict(group["labels"].attrs)
        assert values.get("ome", values)["labels"] == ["cells"]
        assert "zarr.consolidated" not in {problem.rule for problem in validate(store)}

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_that_is_out_of_date_is_written_anew_and_nothing_else_is(self, version: str) -> None:
        store = zarr.storage.MemoryStore()
        omezarr.write_image(store, PIXELS, axes="yx", labels={"cells": PIXELS}, levels=2, format=version)
        repair(store)
        consolidate(store)
        zarr.open_group(store, path="labels/cells", use_consolidated=False).attrs["late"] = True
        before = plain(objects(store))
        planned = plan_repair(store)
        assert (planned.changes, planned.consolidated) == ((), {"": "rewrite"})
        assert "zarr.consolidated" not in {problem.rule for problem in planned.outlook()}
        carry_out(planned)
        assert plain(objects(store)) == before
        assert zarr.open_consolidated(store)["labels/cells"].attrs["late"] is True
        assert plan_repair(store).plan is None

    def test_that_is_out_of_date_is_left_where_that_is_ignored(self) -> None:
        store = broken_image("0.5", consolidated=True)
        repair(store)
        zarr.open_group(store, path="labels/cells", use_consolidated=False).attrs["late"] = True
        assert plan_repair(store, ignore=["zarr.consolidated"]).plan is None

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_that_of_groups_between_is_removed_where_it_would_be_out_of_date(self, version: str) -> None:
        store = broken_image(version)
        consolidate(store, "labels")
        planned = plan_repair(store)
        assert planned.consolidated == {"labels": "remove"}
        carry_out(planned)
        assert validate(store).valid
        left = objects(store)
        assert "labels/.zmetadata" not in left
        assert "consolidated_metadata" not in left.get("labels/zarr.json", {})

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_that_of_a_group_above_tells_of_the_changes(self, version: str) -> None:
        store = broken_image(version, consolidated=True)
        part = omezarr.Location.parse(store).below("labels/cells")
        repair(part)
        attributes = dict(zarr.open_consolidated(store)["labels/cells"].attrs)
        assert len(attributes.get("ome", attributes)["image-label"]["colors"]) == 1

    def test_that_cannot_be_written_anew_is_dropped_with_a_warning(self) -> None:
        store = broken_image("0.5", consolidated=True)
        store._store_dict["foreign/zarr.json"] = cpu.Buffer.from_bytes(
            b'{"zarr_format": 3, "node_type": "array", "shape": [1], "data_type": "nobody knows", "attributes": {}}'
        )
        with pytest.warns(OMEZarrWarning, match="consolidated metadata"):
            report = repair(store)
        assert report.valid
        assert "consolidated_metadata" not in objects(store)["zarr.json"]


class TestRefusals:
    def test_stores_for_reading_only_are_refused_before_anything(self) -> None:
        store = broken_image("0.5")
        before = objects(store)
        with pytest.raises(UnsupportedError, match="copy it to where it can be changed"):
            repair(store.with_read_only(read_only=True))
        assert objects(store) == before

    def test_stores_for_reading_only_can_be_looked_at(self) -> None:
        assert plan_repair(broken_image("0.5").with_read_only(read_only=True)).changes
        store = stored(TREES["well"]("0.5"))
        assert repair(store.with_read_only(read_only=True)).valid

    def test_zip_files_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "image.zip"
        with zarr.storage.ZipStore(path, mode="w") as archive:
            for key, value in broken_image("0.5")._store_dict.items():
                zarr.core.sync.sync(archive.set(key, value))
        before = path.read_bytes()
        with pytest.raises(UnsupportedError, match=r"nothing can be replaced.*change the copy"):
            repair(path)
        assert path.read_bytes() == before

    def test_folders_that_may_not_be_written_to_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        on_disk(broken_image("0.5"), tmp_path)
        monkeypatch.setattr("os.access", lambda path, _: not str(path).endswith("labels"))
        with pytest.raises(AccessDeniedError, match=r"may not write to .*labels; check its permissions"):
            repair(tmp_path)
        assert not list(tmp_path.glob(".omezarr*"))

    def test_what_is_unfinished_is_refused(self) -> None:
        store = broken_image("0.5")
        zarr.open_group(store).attrs["omezarr"] = {"upgrade": {"from": "0.4", "to": "0.5"}}
        with pytest.raises(IncompleteError, match="is unfinished"):
            plan_repair(store)

    def test_documents_alone_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "well.json").write_text('{"well": {"version": 0.4}}')
        for target in (tmp_path / "well.json", {"well": {"version": 0.4}}):
            with pytest.raises(ArgumentError, match="name the folder of the group"):
                plan_repair(target)  # type: ignore[arg-type]

    def test_unknown_places_versions_and_rules_are_errors(self, tmp_path: Path) -> None:
        with pytest.raises(LocationNotFoundError):
            repair(tmp_path / "none.zarr")
        with pytest.raises(UnknownNameError):
            repair(broken_image("0.5"), format="7.1")
        with pytest.raises(UnknownNameError):
            repair(broken_image("0.5"), ignore=["labels.nothing"])

    def test_folders_that_are_no_zarr_are_left_and_told(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("hello")
        report = repair(tmp_path)
        assert [problem.rule for problem in report] == ["zarr.group"]
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_repair_waits_for_no_one_who_changes_the_same(self, tmp_path: Path) -> None:
        on_disk(broken_image("0.5"), tmp_path)
        with locked(LocalTarget(tmp_path), CHANGE_LOCK), pytest.raises(LockedError):
            repair(tmp_path)
        assert repair(tmp_path).valid


def on_disk(store: Any, folder: Path) -> None:
    for key, value in store._store_dict.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(value.to_bytes())


def test_nothing_but_the_hierarchy_is_left_in_a_folder_even_after_an_interruption(tmp_path: Path) -> None:
    store = broken_image("0.4")
    on_disk(store, tmp_path)
    torn = tmp_path / ".omezarr/plan-/17-18-0.part"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b'{"multisc')
    assert repair(tmp_path).valid
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(store._store_dict)
    assert omezarr.open(LocalStore(tmp_path)).levels[0].shape == (16, 16)


class Note(NodeType):
    """A type of node from outside, whose rules bring fixes of their own."""

    key = "note"
    model = dict  # type: ignore[assignment]

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        return Claim(10, "it has a note") if "note" in document.values else None

    def rules(self, version: str) -> Iterable[Rule]:
        def rule(name: str, fix: Any) -> Rule:
            return Rule(id=f"note.{name}", severity=Severity.ERROR, section="notes", check=upper(name), fix=fix)

        return [rule("good", capital), rule("useless", spare), rule("wrong", outside), rule("broken", fail)]


def upper(name: str) -> Any:
    def check(context: RuleContext) -> Iterator[Finding]:
        value = context.values.get("note")
        text = value.get(name) if isinstance(value, dict) else None
        if isinstance(text, str) and text != text.upper():
            yield Finding(path=("note", name), found=text, expected=text.upper())

    return check


def capital(_: RuleContext, findings: Sequence[Finding]) -> Iterator[Edit]:
    for finding in findings:
        yield Edit(path=("attributes", *finding.path), value=finding.expected)


def spare(_: RuleContext, __: Sequence[Finding]) -> Iterator[Edit]:
    yield Edit(path=("attributes", "spare"), value="of no use")


def outside(_: RuleContext, findings: Sequence[Finding]) -> Iterator[Edit]:
    yield Edit(node="../..", path=("attributes", "note"), value=UNSET)
    yield Edit(node="nowhere", path=("attributes", "note"), value=UNSET)
    yield Edit(path=("attributes", "note", 7, "wrong"), value="WRONG")
    yield Edit(path=(), value=UNSET)


def fail(_: RuleContext, __: Sequence[Finding]) -> Iterator[Edit]:
    raise RuntimeError("out of order")


class Notes:
    @hookimpl
    def omezarr_node_types(self) -> list[NodeType]:
        return [Note()]


class TestPlugins:
    def repaired(self, name: str) -> tuple[dict[str, Any], Report]:
        registry = Registry()
        registry.register(Notes(), "notes")
        store = zarr.storage.MemoryStore()
        zarr.create_group(store, zarr_format=2, attributes={"note": {name: "a"}})
        report = repair(store, format="0.4", registry=registry)
        return dict(zarr.open_group(store).attrs), report

    def test_a_rule_from_outside_brings_its_fix(self) -> None:
        attributes, report = self.repaired("good")
        assert attributes == {"note": {"good": "A"}}
        assert report.valid

    @pytest.mark.parametrize("name", ["useless", "wrong"])
    def test_edits_that_do_not_help_are_not_made(self, name: str) -> None:
        attributes, report = self.repaired(name)
        assert attributes == {"note": {name: "a"}}
        assert [problem.rule for problem in report] == [f"note.{name}"]

    def test_a_fix_that_fails_is_told_and_the_rule_stays_broken(self) -> None:
        with pytest.warns(OMEZarrWarning, match=r"note\.broken is left broken at the root.* out of order"):
            attributes, report = self.repaired("broken")
        assert attributes == {"note": {"broken": "a"}}
        assert not report.valid


class TestDescription:
    def line(self, before: Any, after: Any, *path: str | int) -> str:
        return change_line(Change(rule="r", node="A/1", path=("attributes", *path), before=before, after=after))

    def test_a_place_comes_with_what_was_there_and_what_will_be(self) -> None:
        assert self.line(UNSET, 0, "plate", "wells", 1, "rowIndex") == "A/1: plate.wells[1].rowIndex: nothing -> 0"
        assert self.line([1, {"a": {"b": 1}}], None, "a") == 'A/1: a: [1, {"a": {...}}] -> null'

    def test_long_values_are_cut(self) -> None:
        assert self.line("x" * 1000, [], "a").endswith("xxx ... -> []")

    def test_values_are_whole_in_json(self) -> None:
        change = Change(rule="r", node="", path=("dimension_names",), before=UNSET, after=["x" * 1000])
        assert change_as_dict(change) == {"rule": "r", "node": "", "path": ["dimension_names"], "after": ["x" * 1000]}


@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(data=st.data())
def test_whatever_is_broken_together_becomes_what_it_was_and_a_second_repair_changes_nothing(data: Any) -> None:
    version = data.draw(st.sampled_from(["0.2", "0.3", "0.4", "0.5", "0.6"]))
    key = data.draw(st.sampled_from(["multiscales", "image-label", "plate", "well"]))
    able = [item for item in BREAKAGES if item.key == key and item.since <= version <= item.until]
    chosen = data.draw(st.lists(st.sampled_from(able), unique_by=lambda item: item.rule, min_size=1, max_size=5))
    whole = TREES[key](version)
    for breakage in chosen:
        breakage.prepare(whole, version)
    broken = TREES[key](version)
    for breakage in chosen:
        breakage.prepare(broken, version)
    for breakage in chosen:
        try:
            breakage.apply(broken, version)
        except (KeyError, TypeError, IndexError, AttributeError, ValueError):
            continue  # another one has removed the place already
    store = stored(broken)
    report = repair(store, format=version)
    assert not {breakage.rule for breakage in chosen} & {problem.rule for problem in report}
    assert same(objects(store)) == same(objects(stored(whole)))
    assert plan_repair(store, format=version).plan is None


def same(found: dict[str, Any]) -> dict[str, Any]:
    """Return stored objects without empty attributes, which are as good as none."""
    return {key: value for key, value in found.items() if value != {}}


@settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(data=st.data())
def test_whatever_documents_say_repair_does_not_raise_and_settles(data: Any) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["0", "0.4", "", "A/1", "1"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
        max_leaves=12,
    )
    version = data.draw(st.sampled_from(["0.3", "0.4", "0.5", "0.6"]))
    key = data.draw(st.sampled_from(["multiscales", "image-label", "plate", "well"]))
    tree = TREES[key](version)
    path = data.draw(st.sampled_from([path for path, node in tree.items() if "shape" not in node]))
    name = data.draw(st.sampled_from(KEYS))
    document(tree, path)[name] = data.draw(values)
    store = stored(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        repair(store)
        assert plan_repair(store).plan is None


KEYS = ["version", "multiscales", "datasets", "path", "axes", "plate", "wells", "rows", "name", "columns"]
KEYS += ["acquisitions", "id", "well", "images", "labels", "image-label", "colors", "label-value", "omero"]
