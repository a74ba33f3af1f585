"""Upgrading whole hierarchies: what is refused before anything is touched, and what all of it is afterwards."""

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore, ZipStore

import omezarr
from omezarr.abc.plan import TransferObjects, WriteLevels
from omezarr.errors import (
    ArgumentError,
    LossyError,
    MetadataError,
    NotOMEZarrError,
    OMEZarrError,
    OMEZarrWarning,
    TargetExistsError,
    UnknownNameError,
    UnsupportedError,
)
from omezarr.location import Location
from omezarr.upgrading import plan_upgrade, prepare_upgrade, step_line, upgrade, upgrade_summary
from tests.builtins.formats.essence import ALSO_NAMED, essence
from tests.upgrading.upgrade_cases import (
    KINDS,
    OME_XML,
    PIXELS,
    VERSIONS,
    assert_pixels,
    document,
    expected,
    groups_of,
    objects_in,
    objects_of,
    opened,
    put,
    store_of,
    zarr_format_of,
)

FIRST = {"image": "0.1", "plate": "0.1", "collection": "0.4", "scene": "0.6"}
CASES = [
    (kind, old, new) for kind in KINDS for old in VERSIONS for new in VERSIONS if FIRST[kind] <= old and old != new
]


@pytest.mark.parametrize(("kind", "old", "new"), CASES)
def test_a_hierarchy_goes_to_any_version_and_back_in_place(kind: str, old: str, new: str) -> None:
    store = store_of(objects_of(kind, old))
    before = essences(store, expected(kind, old))
    there = prepare_upgrade(store, to=new, allow_lossy=True)
    root = upgrade(store, to=new, allow_lossy=True)
    for path in expected(kind, old):
        node = omezarr.open(Location.parse(store).below(path))
        assert node.zarr_node.zarr_format == zarr_format_of(new)
        if node.key not in ("bioformats2raw.layout", None):  # neither names a version in older ones
            assert node.version == new
    assert_pixels(store, expected(kind, old))
    assert_foreign_kept(root)
    assert_only_format(store, zarr_format_of(new))
    assert plan_upgrade(store, to=new, allow_lossy=True).steps == ()
    back = prepare_upgrade(store, to=old, allow_lossy=True)
    root = upgrade(store, to=old, allow_lossy=True)
    assert_pixels(store, expected(kind, old))
    assert_foreign_kept(root)
    assert_kept(before, essences(store, expected(kind, old)), (*there.losses, *back.losses))


def essences(store: object, paths: Iterable[str]) -> dict[str, dict]:
    """Return what each group says, by path, in terms that do not depend on the version."""
    return {path: essence(omezarr.open(Location.parse(store).below(path)).metadata, derived=True) for path in paths}


def assert_kept(before: dict[str, dict], after: dict[str, dict], losses: tuple[str, ...]) -> None:
    for path, said in before.items():
        for words, value in said.items():
            if not any(name in line for name in (words, ALSO_NAMED.get(words, words)) for line in losses):
                assert after[path].get(words) == value, f"{words} of {path!r} changed; the losses are {losses}"


def assert_foreign_kept(root: omezarr.Node) -> None:
    assert root.attributes["mine"] == {"kept": [1, 2.5, "µ"]}
    extra = root.child("extra")
    assert extra.attributes == {}
    assert extra.child("tables").attributes == {"made by": "somebody"}
    array = root.hierarchy.array("extra/tables/values")
    np.testing.assert_array_equal(array[...], np.arange(12).reshape(3, 4))
    names = {"_ARRAY_DIMENSIONS": ["row", "column"]} if root.zarr_node.zarr_format == 2 else {}
    assert dict(array.attrs) == {"unit": "mm", **names}
    if not names:
        assert array.metadata.dimension_names == ("row", "column")
    assert root.hierarchy.read("extra/notes.txt") == b"read me"


def assert_only_format(store: object, zarr_format: int) -> None:
    names = {key.rpartition("/")[2] for key in objects_in(store)}
    assert names.isdisjoint({"zarr.json"} if zarr_format == 2 else {".zgroup", ".zarray", ".zattrs", ".zmetadata"})
    assert not any(key.startswith(".omezarr") for key in objects_in(store))
    assert "omezarr" not in omezarr.open(store).attributes


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [("image", old, new) for old in VERSIONS for new in VERSIONS]
    + [("plate", "0.2", "0.5"), ("plate", "0.6", "0.1"), ("collection", "0.4", "0.6"), ("scene", "0.6", "0.6")],
)
def test_a_hierarchy_is_written_to_a_target_in_any_version(kind: str, old: str, new: str) -> None:
    store, target = store_of(objects_of(kind, old)), MemoryStore()
    root = upgrade(store, target, to=new, allow_lossy=True)
    assert objects_in(store) == objects_of(kind, old)
    assert root.zarr_node.zarr_format == zarr_format_of(new)
    assert_pixels(target, expected(kind, old))
    assert_foreign_kept(root)
    assert_only_format(target, zarr_format_of(new))
    if zarr_format_of(new) == 3:
        keys = [key for key in objects_in(target) if key.rpartition("/")[2].isdigit()]
        assert all("/c/" in key for key in keys)


def test_a_target_in_another_zarr_format_is_copied_chunk_by_chunk() -> None:
    plan = plan_upgrade(store_of(objects_of("image", "0.4")), MemoryStore(), to="0.5")
    assert not any(isinstance(step, WriteLevels) for step in plan.steps)
    copied = [pair for step in plan.steps if isinstance(step, TransferObjects) for pair in step.pairs]
    assert ("0/0/1/0/1/0", "0/c/0/1/0/1/0") in copied
    assert ("extra/notes.txt", "extra/notes.txt") in copied


def test_a_target_on_the_same_disk_shares_no_files(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, format="0.4")
    upgrade(tmp_path / "a.zarr", tmp_path / "b.zarr", to="0.5")
    assert all(path.stat().st_nlink == 1 for path in (tmp_path / "b.zarr").rglob("*") if path.is_file())


@pytest.mark.parametrize("new", ["0.4", "0.5", "0.6"])
def test_pixels_are_written_with_other_chunks_and_another_codec(new: str) -> None:
    target = MemoryStore()
    source = store_of(objects_of("image", "0.3"))
    root = upgrade(source, target, to=new, chunks={"t": 1, "c": 2, "z": 1, "y": 3, "x": 2}, codec="gzip:level=1")
    assert root.levels[0].chunks == (1, 2, 1, 3, 2)
    assert root.labels["cells"].levels[1].chunks == (1, 1, 1, 3, 2)
    assert "gzip" in json.dumps(document(objects_in(target), "0/zarr.json" if new >= "0.5" else "0/.zarray"))
    assert_pixels(target, expected("image", "0.3"))
    assert_foreign_kept(root)


def test_pixels_are_written_into_shards_with_the_codec_that_is_there() -> None:
    target = MemoryStore()
    root = upgrade(store_of(objects_of("image", "0.4")), target, to="0.5", shards=(1, 1, 1, 8, 8))
    level = root.levels[0]
    assert (level.chunks, level.shards) == ((1, 1, 1, 4, 4), (1, 1, 1, 8, 8))
    before = document(objects_of("image", "0.4"), "0/.zarray")["compressor"]
    inner = document(objects_in(target), "0/zarr.json")["codecs"][0]["configuration"]["codecs"]
    assert inner[-1]["configuration"]["cname"] == before["cname"]
    assert_pixels(target, expected("image", "0.4"))
    for other in ("0.6", "0.4"):
        back = upgrade(target, MemoryStore(), to=other)
        assert back.levels[0].shards == ((1, 1, 1, 8, 8) if other == "0.6" else None)
        np.testing.assert_array_equal(back.levels[0].read(), PIXELS)


def test_axes_are_added_where_the_version_wants_all_five() -> None:
    store, target = MemoryStore(), MemoryStore()
    omezarr.write_image(store, PIXELS[0, :, 0], axes="cyx", labels={"cells": PIXELS[0, :1, 0] % 3}, levels=2)
    root = upgrade(store, target, to="0.1", expand_axes=True)
    assert [axis.name for axis in root.axes] == list("tczyx")
    np.testing.assert_array_equal(root.levels[0].read(), PIXELS)
    assert root.labels["cells"].levels[1].shape == (1, 1, 1, 4, 3)
    with pytest.raises(UnsupportedError, match="--expand-axes"):
        upgrade(store, MemoryStore(), to="0.2")


REFUSED = {
    "an unknown version": ({"to": "0.7"}, UnknownNameError, "0.7"),
    "losses": ({"to": "0.3"}, LossyError, r"pixel sizes: .*y 0\.5.*of the root, labels/cells.*--allow-lossy"),
    "chunks in place": (
        {"to": "0.5", "chunks": (1, 1, 1, 2, 2)},
        ArgumentError,
        "chunks make sense only with a target",
    ),
    "overwriting in place": ({"to": "0.5", "overwrite": True}, ArgumentError, "overwrite make sense only"),
    "added axes in place": ({"to": "0.5", "expand_axes": True}, ArgumentError, "expand_axes make sense only"),
    "target options": ({"to": "0.5", "target_options": {"key": "k"}}, ArgumentError, "target_options make sense only"),
}


@pytest.mark.parametrize(("arguments", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_cannot_be_met_changes_nothing(arguments: dict, error: type, said: str) -> None:
    store = store_of(objects_of("image", "0.4"))
    with pytest.raises(error, match=said):
        upgrade(store, **arguments)
    assert objects_in(store) == objects_of("image", "0.4")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"to": "0.4", "shards": (1, 1, 1, 8, 8)}, UnsupportedError, "no shards"),
        (
            {"to": "0.5", "shards": (1, 1, 1, 6, 8)},
            ArgumentError,
            "along y, a shard of 6 is no multiple of a chunk of 4",
        ),
        ({"to": "0.5", "chunks": (4, 4)}, ArgumentError, "do not fit the axes"),
        ({"to": "0.5", "codec": "magic"}, OMEZarrError, "magic"),
    ],
)
def test_a_target_that_cannot_be_made_stays_empty(arguments: dict, error: type, said: str) -> None:
    target = MemoryStore()
    with pytest.raises(error, match=said):
        upgrade(store_of(objects_of("image", "0.4")), target, **arguments)
    assert objects_in(target) == {}


def test_a_target_that_exists_is_overwritten_only_when_asked(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, format="0.4")
    omezarr.write_image(tmp_path / "b.zarr", PIXELS * 0, format="0.4")
    with pytest.raises(TargetExistsError):
        upgrade(tmp_path / "a.zarr", tmp_path / "b.zarr", to="0.5")
    root = upgrade(tmp_path / "a.zarr", tmp_path / "b.zarr", to="0.5", overwrite=True)
    np.testing.assert_array_equal(root.levels[0].read(), PIXELS)


def test_source_and_target_may_not_lie_inside_each_other(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, format="0.4")
    with pytest.raises(ArgumentError, match="lie inside each other"):
        upgrade(tmp_path / "a.zarr", tmp_path / "a.zarr" / "new", to="0.5")


def image_with(store: MemoryStore, version: str = "0.4", **array: object) -> np.ndarray:
    """Write a 0.4 image whose array is made by zarr with these options."""
    group = zarr.create_group(store, zarr_format=2, overwrite=True)
    pixels = np.arange(30).reshape(5, 6).astype(array.get("dtype", "uint16"))
    group.create_array("0", shape=(5, 6), chunks=(2, 3), **{"dtype": "uint16", **array})[...] = pixels
    axes = [{"name": name, "type": "space"} for name in "yx"]
    scale = {"type": "scale", "scale": [1.0, 1.0]}
    datasets = [{"path": "0", "coordinateTransformations": [scale]}]
    group.attrs["multiscales"] = [{"version": version, "axes": axes, "datasets": datasets}]
    return pixels


@pytest.mark.parametrize(
    "array",
    [
        {"dtype": ">u2"},
        {"dtype": ">f8", "order": "F", "compressors": numcodecs.Blosc("zstd")},
        {"fill_value": None, "compressors": numcodecs.GZip(1)},
        {"order": "F", "compressors": None},
        {"chunk_key_encoding": {"name": "v2", "separator": "."}},
        {"dtype": "bool"},
    ],
)
def test_unusual_arrays_keep_their_pixels(array: dict) -> None:
    store = MemoryStore()
    pixels = image_with(store, **array)
    chunks = {key: content for key, content in objects_in(store).items() if not key.rpartition("/")[2].startswith(".z")}
    root = upgrade(store, to="0.5")
    np.testing.assert_array_equal(root.levels[0].read(), pixels)
    np.testing.assert_array_equal(zarr.open_array(store, path="0", mode="r", zarr_format=3)[...], pixels)
    assert {key: objects_in(store)[key] for key in chunks} == chunks
    np.testing.assert_array_equal(upgrade(store, to="0.4").levels[0].read(), pixels)


def test_a_compressor_that_is_an_extension_in_format_3_is_told() -> None:
    store = MemoryStore()
    pixels = image_with(store, compressors=numcodecs.Zlib(1))
    before = objects_in(store)
    with pytest.warns(OMEZarrWarning, match=r"few programs read.*\(of 0\)"):
        upgrade(store, to="0.5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(omezarr.open(store).levels[0].read(), pixels)
    target = MemoryStore()
    np.testing.assert_array_equal(upgrade(store_of(before), target, to="0.5").levels[0].read(), pixels)
    assert "numcodecs" not in json.dumps(document(objects_in(target), "0/zarr.json"))


def test_filters_need_a_target() -> None:
    store = MemoryStore()
    pixels = image_with(store, filters=[numcodecs.Delta("<u2")])
    before = objects_in(store)
    with pytest.raises(UnsupportedError, match=r"filters \(delta\).*: 0; upgrade into a new target"):
        upgrade(store, to="0.5")
    assert objects_in(store) == before
    np.testing.assert_array_equal(upgrade(store, MemoryStore(), to="0.5").levels[0].read(), pixels)


@pytest.mark.parametrize("into", [False, True])
@pytest.mark.parametrize("dtype", ["|O", [["a", "<i4"], ["b", "<f8"]]])
def test_objects_and_structures_are_refused_before_anything_is_touched(into: bool, dtype: object) -> None:
    store = MemoryStore()
    image_with(store)
    metadata = {**document(objects_in(store), "0/.zarray"), "dtype": dtype, "fill_value": None, "compressor": None}
    metadata["filters"] = [{"id": "vlen-utf8"}] if dtype == "|O" else None
    put(store, {"table/.zarray": json.dumps(metadata).encode()})
    before = objects_in(store)
    target = MemoryStore()
    with pytest.raises(UnsupportedError, match=r"table.*remove or convert it first"):
        upgrade(store, target if into else None, to="0.5")
    assert objects_in(store) == before
    assert objects_in(target) == {}
    assert upgrade(store, to="0.3", allow_lossy=True).version == "0.3"


@pytest.mark.parametrize("into", [False, True])
def test_levels_of_several_dtypes_are_refused_where_the_new_version_wants_one(into: bool) -> None:
    store = MemoryStore()
    image_with(store)
    zarr.open_group(store, mode="r+", zarr_format=2).create_array("1", shape=(3, 3), dtype="uint8")
    attributes = document(objects_in(store), ".zattrs")
    second = {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [2.0, 2.0]}]}
    attributes["multiscales"][0]["datasets"].append(second)
    put(store, {".zattrs": json.dumps(attributes).encode()})
    before = objects_in(store)
    target = MemoryStore()
    with pytest.raises(UnsupportedError, match=r"one dtype, not in uint16 and uint8; .*\(of the root\)"):
        upgrade(store, target if into else None, to="0.6")
    assert objects_in(store) == before
    assert objects_in(target) == {}
    assert [level.dtype for level in upgrade(store, to="0.5").levels] == ["uint16", "uint8"]


def test_a_sharded_array_needs_a_target_for_an_older_version() -> None:
    store = MemoryStore()
    omezarr.write_image(store, PIXELS[0, 0, 0], axes="yx", chunks=(2, 2), shards=(4, 4), levels=1)
    with pytest.raises(UnsupportedError, match=r"is sharded.*: 0; upgrade into a new target"):
        upgrade(store, to="0.4")
    np.testing.assert_array_equal(upgrade(store, MemoryStore(), to="0.4").levels[0].read(), PIXELS[0, 0, 0])


def test_labels_that_the_new_version_forbids_are_told_where_the_old_one_forbade_them_too() -> None:
    store = MemoryStore()
    image_with(store, dtype="float32")
    put(store, {".zattrs": json.dumps({**document(objects_in(store), ".zattrs"), "image-label": {}}).encode()})
    with pytest.warns(OMEZarrWarning, match="labels are integers"):
        upgrade(store, to="0.5")


def test_0_1_with_nested_chunks_keeps_them() -> None:
    store = store_of(objects_of("image", "0.2"))
    attributes = document(objects_in(store), ".zattrs")
    attributes["multiscales"][0]["version"] = "0.1"
    put(store, {".zattrs": json.dumps(attributes).encode()})
    assert not any(isinstance(step, TransferObjects) for step in plan_upgrade(store, to="0.3").steps)
    assert upgrade(store, to="0.3").version == "0.3"
    assert_pixels(store, expected("image", "0.2"))


def test_chunks_are_renamed_by_hard_links(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, format="0.1", levels=1)
    chunk = tmp_path / "a.zarr" / "0" / "0.1.0.0.0"
    before = chunk.stat().st_ino
    upgrade(tmp_path / "a.zarr", to="0.2")
    assert not chunk.exists()
    assert (tmp_path / "a.zarr/0/0/1/0/0/0").stat().st_ino == before
    upgrade(tmp_path / "a.zarr", to="0.1")
    assert chunk.stat().st_ino == before
    assert not any(path.is_dir() for path in (tmp_path / "a.zarr" / "0").iterdir())


def test_names_that_are_in_use_are_never_written_over() -> None:
    store = store_of(objects_of("image", "0.1"))
    put(store, {"0/0/0/0/9/9": b"mine"})
    with pytest.raises(UnsupportedError, match="under names that its chunks would get, such as 0/0/0/9/9: 0"):
        upgrade(store, to="0.2")
    assert objects_in(store) == {**objects_of("image", "0.1"), "0/0/0/0/9/9": b"mine"}


class Unlisted(MemoryStore):
    """A store that cannot list."""

    supports_listing = False


@pytest.mark.parametrize("kind", KINDS)
def test_what_metadata_names_is_found_where_a_store_cannot_list(kind: str) -> None:
    source = Unlisted()
    put(source, objects_of(kind, "0.6"))
    target = MemoryStore()
    root = upgrade(source, target, to="0.5", allow_lossy=True)
    assert_pixels(target, expected(kind, "0.6"))
    assert root.version == "0.5"
    if kind == "collection":
        assert objects_in(target)["OME/METADATA.ome.xml"] == OME_XML
        assert document(objects_in(target), "OME/zarr.json")["attributes"]["ome"]["series"] == ["0", "1"]


def test_chunks_cannot_be_renamed_where_a_store_cannot_list() -> None:
    store = Unlisted()
    put(store, objects_of("image", "0.1"))
    assert upgrade(store, to="0.5").version == "0.5"
    with pytest.raises(UnsupportedError, match="renamed, in a store that cannot list"):
        upgrade(store, to="0.4")
    assert_pixels(store, expected("image", "0.1"))


def test_a_zip_file_is_upgraded_into_a_target(tmp_path: Path) -> None:
    with ZipStore(tmp_path / "a.zip", mode="w") as store:
        put(store, objects_of("image", "0.4"))
    with pytest.raises(UnsupportedError, match="name a target"):
        upgrade(tmp_path / "a.zip", to="0.5")
    root = upgrade(tmp_path / "a.zip", tmp_path / "b.zarr", to="0.5")
    assert_foreign_kept(root)
    np.testing.assert_array_equal(root.levels[0].read(), PIXELS)


def test_consolidated_metadata_that_is_out_of_date_is_not_believed() -> None:
    store = store_of(objects_of("image", "0.4"))
    consolidate(store, None, "0.4")
    attributes = document(objects_in(store), "labels/cells/.zattrs")
    attributes["image-label"]["colors"] = [{"label-value": 5}]
    put(store, {"labels/cells/.zattrs": json.dumps(attributes).encode()})
    root = upgrade(store, to="0.5")
    assert root.labels["cells"].value.colors[0].label_value == 5
    assert ".zmetadata" not in objects_in(store)


def consolidate(store: MemoryStore, path: str | None, version: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr warns of files of others
        zarr.consolidate_metadata(store, path=path, zarr_format=zarr_format_of(version))


@pytest.mark.parametrize(("old", "new"), [("0.4", "0.3"), ("0.5", "0.6"), ("0.4", "0.5"), ("0.5", "0.4")])
def test_consolidated_metadata_is_never_out_of_date(old: str, new: str) -> None:
    store = store_of(objects_of("plate", old))
    for path in ("A/1/0", None):
        consolidate(store, path, old)
    upgrade(store, to=new, allow_lossy=True)
    assert_pixels(store, expected("plate", old))
    for path in ("A/1/0", "A/1/0/labels/cells", ""):
        assert omezarr.open(Location.parse(store).below(path)).version == new
    for node in groups_of(omezarr.open(Location.parse(store).below("A/1/0"))).values():
        assert node.version == new


def test_labels_that_are_not_listed_are_upgraded_too() -> None:
    objects = dict(objects_of("image", "0.4"))
    objects["labels/.zattrs"] = b'{"labels": []}'
    store = store_of(objects)
    upgrade(store, to="0.6")
    label = omezarr.open(Location.parse(store).below("labels/cells"))
    assert (label.key, label.version) == ("image-label", "0.6")
    assert document(objects_in(store), "labels/zarr.json")["attributes"]["ome"]["labels"] == []


def test_what_is_listed_but_missing_is_kept_in_the_list() -> None:
    objects = {key: value for key, value in objects_of("plate", "0.4").items() if not key.startswith("B/")}
    store = store_of(objects)
    root = upgrade(store, to="0.5")
    assert [well.path for well in root.value.wells] == ["A/1", "B/2"]
    assert root.children["A/1"].children["0"].version == "0.5"


def test_rows_without_metadata_are_walked_through() -> None:
    objects = dict(objects_of("plate", "0.4"))
    for row in "AB":
        del objects[f"{row}/.zgroup"]
    store = store_of(objects)
    upgrade(store, to="0.5")
    assert_pixels(store, expected("plate", "0.4"))
    assert_only_format(store, 3)


def test_images_in_a_plain_group_are_upgraded_together() -> None:
    objects = {f"some/{key}": content for key, content in objects_of("image", "0.1").items()}
    store = store_of({**objects, ".zgroup": b'{"zarr_format": 2}', ".zattrs": b'{"mine": 1}'})
    root = upgrade(store, to="0.2")
    assert root.attributes == {"mine": 1}
    assert root.child("some").version == "0.2"
    assert not any("0.0.0.0.0" in key for key in objects_in(store))
    np.testing.assert_array_equal(root.child("some").levels[0].read(), PIXELS)


def test_plain_groups_alone_are_no_ome_zarr() -> None:
    store = MemoryStore()
    zarr.create_group(store).create_group("a")
    with pytest.raises(NotOMEZarrError, match="nothing of them is OME-Zarr"):
        upgrade(store, to="0.5")


@pytest.mark.parametrize("path", ["A/1/0", "A/1", "A", "A/1/0/labels", "A/1/0/labels/cells"])
def test_a_part_of_a_hierarchy_is_not_upgraded_by_itself(path: str) -> None:
    store = store_of(objects_of("plate", "0.4"))
    with pytest.raises(UnsupportedError, match=r"is part of .*all of one hierarchy is of one version"):
        upgrade(Location.parse(store).below(path), to="0.5")
    assert objects_in(store) == objects_of("plate", "0.4")
    if path != "A":
        assert upgrade(Location.parse(store).below(path), MemoryStore(), to="0.5").version == "0.5"


def test_malformed_metadata_is_refused_by_its_path() -> None:
    objects = dict(objects_of("plate", "0.4"))
    objects["A/1/0/.zattrs"] = b'{"multiscales": [{"datasets": [{"path": 7}]}]}'
    store = store_of(objects)
    with pytest.raises(MetadataError, match=r"multiscales\[0\]\.datasets\[0\]\.path.*A/1/0"):
        upgrade(store, to="0.5")
    assert objects_in(store) == objects


def test_pixel_sizes_follow_from_shapes_where_there_were_none() -> None:
    store = store_of(objects_of("image", "0.1"))
    level = upgrade(store, to="0.4").levels[1]
    assert (level.scale, level.translation) == ((1, 1, 1, 2, 2), (0, 0, 0, 0.5, 0.5))


@pytest.mark.parametrize("version", ["0.6rc0", "0.6.dev4"])
def test_previews_become_what_they_previewed(version: str) -> None:
    objects = {
        key: content.replace(b'"0.6"', f'"{version}"'.encode()) for key, content in objects_of("image", "0.6").items()
    }
    store = store_of(objects)
    upgrade(store, to="0.6")
    assert document(objects_in(store), "zarr.json")["attributes"]["ome"]["version"] == "0.6"
    assert_pixels(store, expected("image", "0.6"))


def test_parts_in_other_versions_come_along() -> None:
    objects = dict(objects_of("plate", "0.4"))
    objects |= {f"A/1/0/{key}": content for key, content in objects_of("image", "0.5").items()}
    objects = {key: content for key, content in objects.items() if not key.startswith("A/1/0/") or ".z" not in key}
    store = store_of(objects)
    upgrade(store, to="0.5")
    np.testing.assert_array_equal(omezarr.open(store).children["A/1"].children["0"].levels[0].read(), PIXELS)
    assert_only_format(store, 3)


def test_a_plan_says_all_that_it_will_do() -> None:
    store = store_of(objects_of("image", "0.1"))
    prepared = prepare_upgrade(store, to="0.2")
    lines = [step_line(step) for step in prepared.plan.steps]
    assert lines[0] == lines[-1] == "replace the attributes of the root"
    assert lines[1].startswith("give new names to 8 objects: 0/0.0.0.0.0 -> 0/0/0/0/0/0, ")
    assert any(line.startswith("remove 0/0.0.0.0.0") for line in lines)
    summary = json.loads(json.dumps(upgrade_summary(prepared)))
    assert (summary["from"], summary["to"], summary["in_place"]) == ("0.1", "0.2", True)
    assert summary["phases"][1]["steps"][0]["objects"] == 8
    assert objects_in(store) == objects_of("image", "0.1")


def test_a_plan_into_a_target_says_all_that_it_will_do() -> None:
    prepared = prepare_upgrade(store_of(objects_of("image", "0.4")), MemoryStore(), to="0.5", shards=(1, 1, 1, 8, 8))
    lines = [step_line(step) for step in prepared.plan.steps]
    written = next(line for line in lines if line.startswith("write the pixels of 0: "))
    assert "1 x 2 x 1 x 7 x 6, chunks 1 x 1 x 1 x 4 x 4, shards 1 x 1 x 1 x 8 x 8, blosc" in written
    assert lines[-1] == "create the group at the root"
    assert json.loads(json.dumps(upgrade_summary(prepared)))["in_place"] is False


def test_the_facade_offers_upgrading() -> None:
    assert omezarr.upgrade(store_of(objects_of("image", "0.4")), to="0.5").version == "0.5"
    assert opened(objects_of("image", "0.4")).version == "0.4"


def test_a_child_of_an_unknown_version_is_refused_before_anything_is_written() -> None:
    objects = dict(objects_of("plate", "0.4"))
    key = next(key for key in sorted(objects) if key.endswith("/.zattrs") and b'"multiscales"' in objects[key])
    objects[key] = objects[key].replace(b'"0.4"', b'"0.7"')
    store = store_of(objects)
    before = objects_in(store)
    with pytest.raises(
        UnsupportedError, match=r"version 0\.7 is not known \(0\.1 to 0\.6, .* are\).*nothing was changed"
    ):
        omezarr.upgrade(store, to="0.5")
    assert objects_in(store) == before


class CrowdedStore(MemoryStore):
    """A store that notes how many listings are under way at once."""

    under_way = most = 0

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.005)
        async for name in super().list_dir(prefix):
            yield name
        self.under_way -= 1


def test_the_folders_of_a_hierarchy_are_listed_together() -> None:
    objects = objects_of("plate", "0.4")
    store = CrowdedStore()
    put(store, objects)
    plan = plan_upgrade(store, to="0.5")
    assert store.most > 3
    assert [str(step) for step in plan.steps] == [str(step) for step in plan_upgrade(store_of(objects), to="0.5").steps]
