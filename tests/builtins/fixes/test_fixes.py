"""Each fix mends what its rule finds, and touches nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.checking.repair import plan_repair, repair
from omezarr.checking.validation import all_rules, validate
from omezarr_builtins.fixes import fixes
from tests.builtins.fixes.breakages import BREAKAGES, Breakage, become, gone
from tests.builtins.rules.hierarchies import TREES, stored

if TYPE_CHECKING:
    from zarr.storage import MemoryStore

    from tests.builtins.rules.hierarchies import Tree

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
SINCE = {"bioformats2raw.layout": "0.4"}

USES = [
    pytest.param(breakage, version, id=f"{breakage.rule}-{breakage.key}-{version}")
    for breakage in BREAKAGES
    for version in VERSIONS
    if max(breakage.since, SINCE.get(breakage.key, "0.1")) <= version <= breakage.until
]


def contents(store: MemoryStore) -> dict[str, Any]:
    """Return all that is stored: parsed where it is metadata, and without empty attributes."""
    objects: dict[str, Any] = {}
    for key, value in store._store_dict.items():
        content = value.to_bytes()
        objects[key] = json.loads(content) if key.rpartition("/")[2].startswith((".z", "zarr.json")) else content
    return {key: value for key, value in objects.items() if value != {} or not key.endswith(".zattrs")}


def complete(breakage: Breakage, version: str) -> Tree:
    """Return the hierarchy that a breakage breaks, as it should be."""
    tree = TREES[breakage.key](version)
    breakage.prepare(tree, version)
    return tree


@pytest.mark.parametrize(("breakage", "version"), USES)
def test_what_was_broken_becomes_what_it_was(breakage: Breakage, version: str) -> None:
    whole, broken = complete(breakage, version), complete(breakage, version)
    breakage.apply(broken, version)
    store = stored(broken)
    assert breakage.rule in {problem.rule for problem in validate(store, format=version)}
    report = repair(store, format=version)
    assert contents(store) == contents(stored(whole))
    assert list(report) == list(validate(stored(whole), format=version))
    assert plan_repair(store, format=version).plan is None


def test_every_fix_is_tried_and_mends_a_rule_that_exists() -> None:
    known = {rule.id for _, _, rule in all_rules()}
    assert fixes().keys() <= known
    assert {breakage.rule for breakage in BREAKAGES} == fixes().keys()


def left(key: str, version: str, *breaks: Any, format: str | None = None) -> dict[str, Any]:  # noqa: A002 - of validate
    """Return what repair changes in a hierarchy after breaking it; more than nothing has to be wrong with it."""
    tree = TREES[key](version)
    for apply in breaks:
        apply(tree, version)
    store = stored(tree)
    assert list(validate(store, format=format))
    found = plan_repair(store, format=format)
    return {".".join(map(str, change.path)): change.after for change in found.changes}


def test_a_version_that_is_a_guess_is_not_written_down() -> None:
    assert (
        left(
            "multiscales",
            "0.1",
            gone("", "multiscales", 0, "version"),
            gone("labels/cells", "multiscales", 0, "version"),
            gone("labels/cells", "image-label", "version"),
            gone("labels/more/nuclei", "multiscales", 0, "version"),
            gone("labels/more/nuclei", "image-label", "version"),
        )
        == {}
    )


def test_a_version_that_children_name_is_certain() -> None:
    tree = TREES["plate"]("0.5")
    del tree[""]["ome"]["version"], tree[""]["ome"]["plate"]["version"]
    store = stored(tree)
    assert validate(store).version == "0.5"
    repair(store)
    assert contents(store) == contents(stored(TREES["plate"]("0.5")))


def test_versions_that_disagree_up_to_0_4_are_left() -> None:
    assert left("image-label", "0.4", become("", "image-label", "version", by=lambda _: "0.3")) == {}


def test_a_number_that_is_another_version_is_left() -> None:
    assert left("image-label", "0.4", become("", "image-label", "version", by=lambda _: 4)) == {}


def test_a_document_in_a_draft_gets_the_version_of_its_root() -> None:
    tree = TREES["multiscales"]("0.6")
    for path in ("", "labels", "labels/cells", "labels/more/nuclei", "coordinateTransformations/field"):
        tree[path]["ome"]["version"] = "0.6rc0"
    whole = stored(tree)
    del tree["labels"]["ome"]["version"]
    store = stored(tree)
    assert repair(store).valid
    assert contents(store) == contents(whole)


@pytest.mark.parametrize("version", VERSIONS[3:])
def test_levels_whose_scales_and_shapes_disagree_are_left(version: str) -> None:
    def swap(tree: Tree, _: str) -> None:
        tree["0"], tree["2"] = tree["2"], tree["0"]

    assert left("well", version, lambda tree, _: tree.update({"0/0": tree["0/2"], "0/2": tree["0/0"]})) == {}
    assert left("multiscales", version, swap) == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_levels_that_are_not_all_there_are_left_in_their_order(version: str) -> None:
    broken = become("", "multiscales", 0, "datasets", by=lambda items: items[::-1])
    assert left("multiscales", version, broken, lambda tree, _: tree.pop("1") and None) == {}


@pytest.mark.parametrize("version", VERSIONS[4:])
def test_dimensions_with_other_names_than_the_axes_are_left(version: str) -> None:
    def rename(tree: Tree, _: str) -> None:
        tree["1"]["dimension_names"] = ["t", "c", "z", "x", None]

    assert left("multiscales", version, rename) == {}


@pytest.mark.parametrize("version", VERSIONS[3:])
@pytest.mark.parametrize("path", ["C/1", "A/1/x", "1/A", "A"])
def test_wells_whose_path_names_no_row_get_no_index_of_one(version: str, path: str) -> None:
    breaks = [become("", "plate", "wells", 0, "path", by=lambda _: path), gone("", "plate", "wells", 0, "rowIndex")]
    assert left("plate", version, *breaks) == {}


def test_wells_whose_path_names_no_column_get_the_index_of_their_row_all_the_same() -> None:
    keys = ("plate", "wells", 0)
    breaks = [
        become("", *keys, "path", by=lambda _: "A/9"),
        gone("", *keys, "rowIndex"),
        gone("", *keys, "columnIndex"),
    ]
    assert left("plate", "0.4", *breaks) == {"attributes.plate.wells.0.rowIndex": 0}


@pytest.mark.parametrize("version", VERSIONS[3:])
def test_indices_that_contradict_the_path_are_left(version: str) -> None:
    assert left("plate", version, become("", "plate", "wells", 0, "rowIndex", by=lambda _: 1)) == {}
    assert left("plate", version, become("", "plate", "wells", 0, "rowIndex", by=lambda _: "1")) == {}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("ids", [["0", 0], ["1", "01"], ["first", "second"], [None, "x"]])
def test_ids_that_are_no_numbers_or_would_be_the_same_are_left(version: str, ids: list[Any]) -> None:
    breaks = [
        become("", "plate", "acquisitions", i, "id", by=lambda _, value=value: value) for i, value in enumerate(ids)
    ]
    assert left("plate", version, *breaks) == {}


@pytest.mark.parametrize("version", VERSIONS[4:])
def test_label_values_with_different_entries_are_left_from_0_5_on(version: str) -> None:
    def double(tree: Tree, _: str) -> None:
        colors = tree[""]["ome"]["image-label"]["colors"]
        colors.append({**colors[0], "rgba": [9, 9, 9, 9]})

    assert left("image-label", version, double) == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_that_are_listed_but_not_there_stay_listed(version: str) -> None:
    assert left("labels", version, become("", "labels", by=lambda items: [*items, "lost"])) == {}


def test_times_that_are_dates_are_left() -> None:
    broken = become("", "plate", "acquisitions", 0, "starttime", by=lambda _: "2020-02-02T00:00:00")
    assert left("plate", "0.4", broken) == {}
