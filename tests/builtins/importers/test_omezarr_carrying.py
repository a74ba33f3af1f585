"""Converting from OME-Zarr loses nothing: what is there is in the target, or a notice says that it is not."""

from __future__ import annotations

import json
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, LossyError, OMEZarrWarning, SourceError
from omezarr.model import Axis
from tests.fixtures import raw

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(0).integers(1, 999, (32, 40)).astype("uint16")
WINDOW = {"min": 0, "max": 9, "start": 0, "end": 5}
LABEL = {"image-label": {"version": "0.4"}}


def converted(source: Path, **words: Any) -> tuple[omezarr.Node, str]:
    """Convert beside the source, and return the target with all that was said."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        node = omezarr.convert(source, source.with_name("out.zarr"), **words)
    assert node is not None
    assert omezarr.validate(node.location).errors == ()
    return node, "; ".join(str(warning.message) for warning in seen)


def ome(node: omezarr.Node) -> dict[str, Any]:
    attributes: Any = node.attributes
    return attributes["ome"]


def three_levels(path: Path, order: tuple[int, ...] = (0, 1, 2), **keys: Any) -> Path:
    """Write an image whose lower levels no scaling method makes, each in its own chunks, with zlib."""
    from numcodecs import Blosc

    scales = [(0.5 * 2**level, 0.5 * 2**level) for level in order]
    entries = raw.multiscales("yx", scales, [f"s{level}" for level in order], **keys)
    raw.group(path, {"multiscales": entries})
    for level in range(3):
        small = PIXELS[:: 2**level, :: 2**level] + level
        raw.array(path / f"s{level}", small, chunks=(8, 10), compressors=Blosc("lz4", 4, Blosc.BITSHUFFLE))
    return path


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_the_pyramid_of_the_source_is_kept_with_chunks_and_codec(order: tuple[int, ...], tmp_path: Path) -> None:
    path = three_levels(tmp_path / "a.zarr", order, type="mine", metadata={"by": "hand"}, further={"deep": [1]})
    node, notices = converted(path)
    assert [level.shape for level in node.levels] == [(32, 40), (16, 20), (8, 10)]
    for index, level in enumerate(node.levels):
        assert np.array_equal(level.read(), PIXELS[:: 2**index, :: 2**index] + index)
        assert level.scale == (0.5 * 2**index,) * 2
        assert level.chunks == (8, 10)
        assert level.array.compressors[0].to_dict()["configuration"]["cname"] == "lz4"
    entry = ome(node)["multiscales"][0]
    assert (entry["type"], entry["metadata"], entry["further"]) == ("mine", {"by": "hand"}, {"deep": [1]})
    assert ("not listed largest first" in notices) == (order != (0, 1, 2))


@pytest.mark.parametrize(
    ("options", "shapes", "made"),
    [
        ({"levels": 2}, [(32, 40), (16, 20)], False),
        ({"levels": 1}, [(32, 40)], False),
        ({"levels": 4}, [(32, 40), (16, 20), (8, 10), (4, 5)], True),
        ({"factors": 4, "levels": 2}, [(32, 40), (8, 10)], True),
        ({"method": "nearest"}, [(32, 40), (16, 20), (8, 10)], True),
    ],
)
def test_options_take_the_place_of_the_pyramid_of_the_source(
    options: dict[str, Any], shapes: list[tuple[int, ...]], made: bool, tmp_path: Path
) -> None:
    node, _ = converted(three_levels(tmp_path / "a.zarr"), **options)
    assert [level.shape for level in node.levels] == shapes
    if len(shapes) > 1 and not made:
        assert np.array_equal(node.levels[1].read(), PIXELS[::2, ::2] + 1)
    assert node.levels[0].chunks == (8, 10)


def test_chunks_and_codec_that_are_asked_for_are_those_of_all_levels(tmp_path: Path) -> None:
    node, _ = converted(three_levels(tmp_path / "a.zarr"), chunks=(16, 16), codec="zstd:level=2")
    assert [level.chunks for level in node.levels] == [(16, 16), (16, 16), (8, 10)]
    assert node.levels[2].array.compressors[0].to_dict()["name"] == "zstd"


def test_shards_are_kept_or_it_is_said_that_they_are_not(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", chunks=(8, 8), shards=(16, 16), levels=2)
    node, notices = converted(tmp_path / "a.zarr")
    assert [level.shards for level in node.levels] == [(16, 16), (16, 16)]
    assert not notices
    shutil.rmtree(tmp_path / "out.zarr")
    node, notices = converted(tmp_path / "a.zarr", format="0.4")
    assert node.levels[0].chunks == (8, 8)
    assert "NGFF 0.4 has no shards" in notices


def test_chunks_too_large_to_be_kept_are_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omezarr.writing.pyramids.LARGEST_KEPT_CHUNK", 1000)
    node, notices = converted(raw.image(tmp_path / "a.zarr", PIXELS))
    assert "chunks of (32, 40) are too large to be kept" in notices
    assert np.array_equal(node.levels[0].read(), PIXELS)


def test_other_pixel_sizes_hold_for_all_levels_and_labels(tmp_path: Path) -> None:
    path = three_levels(tmp_path / "a.zarr")
    raw.group(path / "labels", {"labels": ["half"]})
    raw.image(path / "labels" / "half", PIXELS[::2, ::2].copy(), scale=1.0, **LABEL)
    node, _ = converted(path, scale={"y": 3, "x": 1}, units="micrometer")
    assert [level.scale for level in node.levels] == [(3, 1), (6, 2), (12, 4)]
    assert node.labels["half"].levels[0].scale == (6, 2)
    assert [axis.unit for axis in node.labels["half"].axes] == ["micrometer", "micrometer"]


def test_a_level_that_is_missing_or_of_another_dtype_is_named_and_left_out(tmp_path: Path) -> None:
    path = three_levels(tmp_path / "a.zarr")
    shutil.rmtree(path / "s0")
    shutil.rmtree(path / "s2")
    raw.array(path / "s2", PIXELS[::4, ::4].astype("float32"))
    node, notices = converted(path)
    assert np.array_equal(node.levels[0].read(), PIXELS[::2, ::2] + 1)
    assert node.levels[0].scale == (1, 1)
    assert "'s0'" in notices
    assert "'s2'" in notices


def test_without_any_level_the_image_is_refused(tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    shutil.rmtree(path / "0")
    with pytest.raises(SourceError, match=r"the level '0'.*there is no array"):
        omezarr.convert(path, tmp_path / "out.zarr")


def test_a_second_image_in_the_group_is_announced(tmp_path: Path) -> None:
    entries = raw.multiscales() + raw.multiscales(paths=["other"], name="second")
    path = raw.group(tmp_path / "a.zarr", {"multiscales": entries})
    raw.array(path / "0", PIXELS)
    raw.array(path / "other", PIXELS)
    node, notices = converted(path)
    assert "only the first is carried over, left out: second" in notices
    assert len(ome(node)["multiscales"]) == 1


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_unknown_keys_are_carried_over_at_any_depth(version: str, tmp_path: Path) -> None:
    channels = [{"color": color, "window": {**WINDOW, "far": 1}, "lut": "fire"} for color in ("FF0000", "00FF00")]
    omero = {"channels": channels, "rdefs": {"model": "greyscale", "defaultZ": 3}, "id": 7}
    stack = np.stack([PIXELS, PIXELS])
    path = raw.image(tmp_path / "a.zarr", stack, "cyx", omero=omero, somebody={"else": [1]})
    zarr.open_array(str(path / "0"), mode="r+").attrs.update({"gain": 2, "_ARRAY_DIMENSIONS": ["c", "y", "x"]})
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["multiscales"][0]["datasets"][0]["quality"] = "good"
    attributes["multiscales"][0]["axes"][1]["origin"] = "top"
    (path / ".zattrs").write_text(json.dumps(attributes))
    node, notices = converted(path, format=version)
    assert not notices
    document = node.attributes if version == "0.4" else ome(node)
    found: Any = document["omero"]
    assert (found["rdefs"], found["id"]) == (omero["rdefs"], 7)
    assert [(channel["lut"], channel["window"]) for channel in found["channels"]] == [
        ("fire", {**WINDOW, "far": 1})
    ] * 2
    assert node.multiscale.datasets[0].extra == {"quality": "good"}
    assert node.axes[1].extra == {"origin": "top"}
    assert node.attributes["somebody"] == {"else": [1]}
    assert node.levels[0].array.attrs["gain"] == 2
    assert ("_ARRAY_DIMENSIONS" in node.levels[0].array.attrs) == (version == "0.4")


def test_what_0_6_says_of_further_systems_is_carried_over_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, PIXELS, axes="yx", format="0.6", levels=2)
    document = json.loads((path / "zarr.json").read_text())
    entry = document["attributes"]["ome"]["multiscales"][0]
    own = entry["coordinateSystems"][0]
    entry["coordinateSystems"].append({"name": "stage", "axes": own["axes"]})
    shift = {"type": "translation", "translation": [5, 6], "input": {"name": own["name"]}, "output": {"name": "stage"}}
    entry["coordinateTransformations"] = [shift]
    (path / "zarr.json").write_text(json.dumps(document))
    node, _ = converted(path, format="0.6")
    assert node.transform(own["name"], "stage")(np.array([[1.0, 1.0]])).tolist() == [[6, 7]]
    with pytest.raises(LossyError, match="stage"):
        omezarr.convert(path, tmp_path / "lossy.zarr", format="0.5")


def test_channels_go_by_the_type_of_their_axis(tmp_path: Path) -> None:
    omero = {"channels": [{"label": name, "color": "FF0000", "window": WINDOW} for name in "ab"]}
    entries = raw.multiscales("cyx", [(1, 0.5, 0.5)])
    entries[0]["axes"][0] = {"name": "wavelength", "type": "channel"}
    path = raw.group(tmp_path / "a.zarr", {"multiscales": entries, "omero": omero})
    raw.array(path / "0", np.stack([PIXELS, PIXELS]))
    node, notices = converted(path)
    assert not notices
    assert [(channel.label, channel.color) for channel in node.channels] == [("a", "FF0000"), ("b", "FF0000")]
    assert node.axes[0] == Axis("wavelength", "channel")


def test_a_wrong_number_of_channels_is_named_and_the_rest_of_omero_kept(tmp_path: Path) -> None:
    omero = {"channels": [{"color": "FF0000", "window": WINDOW}] * 3, "rdefs": {"model": "color"}}
    path = raw.image(tmp_path / "a.zarr", np.stack([PIXELS, PIXELS]), "cyx", omero=omero)
    node, notices = converted(path)
    assert "describes 3 channels but has 2" in notices
    assert ome(node)["omero"]["rdefs"] == {"model": "color"}


@pytest.mark.parametrize(
    ("pixels", "dtype"),
    [
        (PIXELS > 500, "uint8"),
        (PIXELS.astype("float64"), "uint32"),
        (PIXELS.astype("float32") - 2, "int32"),
        (PIXELS.astype("float64") * 2.0**40, "uint64"),
    ],
)
def test_labels_of_whole_numbers_become_integers(pixels: Any, dtype: str, tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    raw.group(path / "labels", {"labels": ["cells"]})
    raw.image(path / "labels" / "cells", pixels, **LABEL)
    node, notices = converted(path)
    level = node.labels["cells"].levels[0]
    assert level.dtype == dtype
    assert np.array_equal(level.read(), pixels.astype(dtype))
    assert f"becomes {dtype}" in notices


@pytest.mark.parametrize("pixels", [PIXELS + 0.5, np.full((32, 40), np.nan), PIXELS.astype("complex64")])
def test_labels_that_are_no_numbers_of_things_are_left_out_and_do_not_block(pixels: Any, tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    raw.group(path / "labels", {"labels": ["cells"]})
    raw.image(path / "labels" / "cells", pixels, **LABEL)
    node, notices = converted(path)
    assert not node.labels
    assert "whole numbers" in notices
    assert "left out" in notices


def test_coarser_labels_keep_their_scale_and_get_as_many_levels_as_the_image(tmp_path: Path) -> None:
    path = three_levels(tmp_path / "a.zarr")
    raw.group(path / "labels", {"labels": ["half"]})
    raw.image(path / "labels" / "half", PIXELS[::2, ::2].copy(), scale=1.0, **LABEL)
    node, _ = converted(path)
    levels = node.labels["half"].levels
    assert [(level.shape, level.scale) for level in levels] == [((16, 20), (1, 1)), ((8, 10), (2, 2)), ((4, 5), (4, 4))]
    assert np.array_equal(levels[0].read(), PIXELS[::2, ::2])


def test_labels_with_an_axis_less_are_those_of_the_image(tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", np.stack([PIXELS, PIXELS]), "cyx")
    raw.group(path / "labels", {"labels": ["cells"]})
    raw.image(path / "labels" / "cells", PIXELS, **LABEL)
    node, _ = converted(path)
    assert node.labels["cells"].levels[0].shape == (1, 32, 40)
    assert node.labels["cells"].levels[0].scale == (1, 0.5, 0.5)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("listed", [[], ["orphaned/0"]])
def test_nested_labels_are_carried_over(listed: list[str], version: str, tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    raw.group(path / "labels", {"labels": listed, "by": "me"})
    raw.group(path / "labels" / "orphaned", {})
    raw.image(path / "labels" / "orphaned" / "0", PIXELS, **LABEL)
    node, _ = converted(path, format=version)
    assert list(node.labels) == ["orphaned/0"]
    label = node.labels["orphaned/0"]
    assert np.array_equal(label.levels[0].read(), PIXELS)
    assert label.value.source.image == "../../../"
    assert node.children["labels"].attributes["by"] == "me"


@pytest.mark.parametrize(
    ("asked", "names"),
    [(False, []), ("no", []), (["b"], ["b"]), ("a,b", ["a", "b"]), (True, ["a", "b"]), (None, ["a", "b"])],
)
def test_labels_can_be_chosen(asked: Any, names: list[str], tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", labels={"a": PIXELS, "b": PIXELS})
    node, _ = converted(tmp_path / "a.zarr", labels=asked)
    assert list(node.labels) == names


def test_labels_are_chosen_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", labels={"a": PIXELS, "b": PIXELS})
    assert run(["convert", str(tmp_path / "a.zarr"), str(tmp_path / "b.zarr"), "--labels", "no"]) == 0
    assert not omezarr.open(tmp_path / "b.zarr").labels
    assert run(["convert", str(tmp_path / "a.zarr"), str(tmp_path / "c.zarr"), "--labels", "nuclei"]) != 0
    assert "no label image 'nuclei'; it has: a, b" in capsys.readouterr().err


def test_a_label_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    with pytest.raises(ArgumentError, match="no label image 'cells'; it has: none"):
        omezarr.convert(path, tmp_path / "out.zarr", labels=["cells"])


def test_what_lies_beside_is_announced(tmp_path: Path) -> None:
    path = raw.image(tmp_path / "a.zarr", PIXELS)
    raw.group(path / "tables", {})
    (path / ".DS_Store").write_text("")
    _, notices = converted(path)
    assert "holds more, which is not carried over: tables" in notices
    assert ".DS_Store" not in notices


def plate(path: Path, wells: tuple[str, ...] = ("A/1", "A/2"), **keys: Any) -> Path:
    """Write a plate of one row and two columns with one field each, with attributes in every group."""
    listed = [{"path": well, "rowIndex": 0, "columnIndex": int(well[-1]) - 1, "quality": 1} for well in wells]
    columns = [{"name": "1"}, {"name": "2"}]
    described = {
        "version": "0.4",
        "rows": [{"name": "A", "kind": "outer"}],
        "columns": columns,
        "wells": listed,
        **keys,
    }
    raw.group(path, {"plate": described, "lab": 5})
    raw.group(path / "A", {"row": "first"})
    for well in ("A/1", "A/2"):
        images = [{"path": "0", "acquisition": 0, "focus": 2}]
        raw.group(path / well, {"well": {"version": "0.4", "images": images, "seeded": "monday"}, "operator": "me"})
        raw.image(path / well / "0", PIXELS)
    return path


def test_groups_of_a_plate_keep_what_they_say(tmp_path: Path) -> None:
    node, notices = converted(plate(tmp_path / "p.zarr", name="screen", protocol="p1"))
    assert not notices
    described = ome(node)["plate"]
    assert (described["name"], described["protocol"]) == ("screen", "p1")
    assert described["rows"] == [{"name": "A", "kind": "outer"}]
    assert [well["quality"] for well in described["wells"]] == [1, 1]
    assert node.attributes["lab"] == 5
    assert node.child("A").attributes["row"] == "first"
    well = node.children["A/1"]
    assert well.attributes["operator"] == "me"
    assert ome(well)["well"]["seeded"] == "monday"
    assert ome(well)["well"]["images"] == [{"path": "0", "acquisition": 0, "focus": 2}]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"well": {"version": "0.4", "images": []}},
        {"well": {"version": "0.4", "images": [{"path": "9"}]}},
        {"well": {"images": 5}},
        {"plate": {"version": "0.4", "rows": [], "columns": [], "wells": []}},
        "{",
        None,
    ],
)
def test_a_broken_well_is_named_and_its_siblings_are_carried_over(document: Any, tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    if document is None:
        shutil.rmtree(path / "A" / "2")
    else:
        text = document if isinstance(document, str) else json.dumps(document)
        (path / "A" / "2" / ".zattrs").write_text(text)
    node, notices = converted(path)
    assert list(node.children) == ["A/1"]
    assert "A/2" in notices
    assert "left out" in notices


def test_a_plate_that_is_its_own_well_is_carried_over_without_it(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["plate"]["wells"][0]["path"] = "."
    (path / ".zattrs").write_text(json.dumps(attributes))
    node, notices = converted(path)
    assert list(node.children) == ["A/2"]
    assert "names itself as one of its parts" in notices


def test_rows_that_a_plate_forgets_are_added(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["plate"]["columns"] = [{"name": "1"}]
    (path / ".zattrs").write_text(json.dumps(attributes))
    node, notices = converted(path)
    assert list(node.children) == ["A/1", "A/2"]
    assert "has no column '2', but a well in it" in notices


@pytest.mark.parametrize("gone", ["A/2/0/0", "A/2/0/.zattrs"])
def test_a_broken_field_is_named_and_the_others_are_carried_over(gone: str, tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    if gone.endswith(".zattrs"):
        (path / gone).write_text("{}")
    else:
        shutil.rmtree(path / gone)
    node, notices = converted(path)
    assert list(node.children) == ["A/1"]
    assert "A/2" in notices


def test_a_plate_without_any_image_is_refused(tmp_path: Path) -> None:
    path = plate(tmp_path / "p.zarr")
    shutil.rmtree(path / "A")
    with (
        pytest.raises(SourceError, match="no well with an image that can be read"),
        pytest.warns(OMEZarrWarning),
    ):
        omezarr.convert(path, tmp_path / "out.zarr")


@pytest.mark.parametrize(("words", "said"), [("no", False), ("a,b", True)])
def test_labels_that_are_left_out_are_not_said_to_be_read(
    words: str, said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zeros = np.zeros((8, 8), "uint8")
    omezarr.write_image(tmp_path / "a.zarr", zeros, labels={"a": zeros, "b": zeros})
    listing = tmp_path / "a.zarr/labels/zarr.json"
    document = json.loads(listing.read_text())
    document["attributes"]["ome"]["labels"] = ["a"]
    listing.write_text(json.dumps(document))
    assert run(["convert", str(tmp_path / "a.zarr"), str(tmp_path / "b.zarr"), "--labels", words]) == 0
    assert ("not listed; read all the same" in capsys.readouterr().err) is said
