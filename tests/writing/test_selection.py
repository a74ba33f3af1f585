"""Parts of hierarchies: valid, with the pixels and places that they had, in levels that stay wherever they can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.cli import run as run_command
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.writing.selection import Selection
from tests.upgrading.upgrade_cases import objects_of
from tests.writing.test_copying import write_files

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(4).integers(1, 60000, (4, 3, 2, 64, 48)).astype("uint16")
LABELS = np.random.default_rng(5).integers(0, 9, (4, 1, 2, 64, 48)).astype("int32")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.ome.zarr"
    scale = {"t": 2.0, "c": 1.0, "z": 1.0, "y": 0.5, "x": 0.5}
    omezarr.write_image(
        path, PIXELS, axes="tczyx", scale=scale, units="micrometer", channels=["DAPI", "GFP", "Cy5"], levels=3,
        chunks=(1, 1, 1, 16, 16), translation=(0, 0, 0, 10, 20),
    )  # fmt: skip
    omezarr.write_labels(path, LABELS, name="cells")
    omezarr.write_labels(path, LABELS, name="nuclei")
    return path


def valid(path: Path) -> Any:
    assert omezarr.validate(path, depth="data").errors == ()
    return omezarr.open(path)


def levels_of(node: Any) -> list[Any]:
    return [level.array[:] for level in node.levels]


def same(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_channels_by_name_and_number_in_the_order_in_which_they_are_given(image: Path, tmp_path: Path) -> None:
    whole = levels_of(omezarr.open(image))
    omezarr.copy(image, tmp_path / "b.ome.zarr", selection={"channels": ["Cy5", 0]})
    part = valid(tmp_path / "b.ome.zarr")
    same(levels_of(part), [level[:, [2, 0]] for level in whole])
    assert [channel.label for channel in part.channels] == ["Cy5", "DAPI"]
    np.testing.assert_array_equal(part.labels["cells"].levels[0].array[:], LABELS)


def test_times_keep_all_levels_and_move(image: Path, tmp_path: Path) -> None:
    whole = levels_of(omezarr.open(image))
    omezarr.copy(image, tmp_path / "b.ome.zarr", selection=Selection(times=(1, 3)))
    part = valid(tmp_path / "b.ome.zarr")
    same(levels_of(part), [level[1:3] for level in whole])
    assert [level.translation[0] for level in part.levels] == [2.0, 2.0, 2.0]
    np.testing.assert_array_equal(part.labels["cells"].levels[1].array[:], LABELS[1:3, :, :, ::2, ::2])


def test_a_region_between_the_pixels_of_all_levels_keeps_them(image: Path, tmp_path: Path) -> None:
    before = omezarr.open(image)
    omezarr.copy(image, tmp_path / "b.ome.zarr", selection={"region": {"y": (8, 40), "x": (4, 48)}})
    part = valid(tmp_path / "b.ome.zarr")
    expected = [
        level[..., 8 >> n : 40 >> n, 4 >> n : 48 >> n] for n, level in enumerate(levels_of(before))
    ]  # fmt: skip
    same(levels_of(part), expected)
    for old, new in zip(before.levels, part.levels, strict=True):
        assert new.scale == old.scale
        moved = np.array(new.translation) - np.array(old.translation)
        np.testing.assert_allclose(moved, (0, 0, 0, 8 * 0.5, 4 * 0.5))
    cells = part.labels["cells"]
    np.testing.assert_array_equal(cells.levels[0].array[:], LABELS[..., 8:40, 4:48])
    assert cells.levels[0].translation == part.levels[0].translation


def test_any_other_region_makes_lower_levels_anew(image: Path, tmp_path: Path) -> None:
    omezarr.copy(image, tmp_path / "b.ome.zarr", selection={"region": {"y": (3, 50)}})
    part = valid(tmp_path / "b.ome.zarr")
    np.testing.assert_array_equal(part.levels[0].array[:], PIXELS[..., 3:50, :])
    assert part.levels[0].translation[3] == 10 + 3 * 0.5


def test_levels_become_an_image_of_their_own(image: Path, tmp_path: Path) -> None:
    before = omezarr.open(image)
    omezarr.copy(image, tmp_path / "b.ome.zarr", selection={"levels": [2, 1]})
    part = valid(tmp_path / "b.ome.zarr")
    same(levels_of(part), levels_of(before)[1:])
    assert [level.scale for level in part.levels] == [level.scale for level in before.levels[1:]]
    assert [level.translation for level in part.levels] == [level.translation for level in before.levels[1:]]
    same(levels_of(part.labels["cells"]), levels_of(before.labels["cells"])[1:])


def test_labels_by_name_or_none(image: Path, tmp_path: Path) -> None:
    omezarr.copy(image, tmp_path / "b.ome.zarr", labels=["nuclei"])
    omezarr.copy(image, tmp_path / "c.ome.zarr", labels=False)
    assert list(valid(tmp_path / "b.ome.zarr").labels) == ["nuclei"]
    assert list(valid(tmp_path / "c.ome.zarr").labels) == []


def test_chunks_shards_and_codec_store_the_same_pixels_anew(image: Path, tmp_path: Path) -> None:
    whole = levels_of(omezarr.open(image))
    given: dict[str, Any] = {"chunks": (1, 1, 1, 8, 8), "shards": (1, 1, 1, 32, 32), "codec": "gzip:level=1"}
    omezarr.copy(image, tmp_path / "b.ome.zarr", **given)
    part = valid(tmp_path / "b.ome.zarr")
    same(levels_of(part), whole)
    assert part.levels[0].array.chunks == (1, 1, 1, 8, 8)
    assert part.levels[0].array.shards == (1, 1, 1, 32, 32)
    document = json.loads((tmp_path / "b.ome.zarr/0/zarr.json").read_text())
    assert "gzip" in json.dumps(document["codecs"])


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_wells_and_fields_of_a_plate(version: str, tmp_path: Path) -> None:
    objects = {key: content for key, content in objects_of("plate", version).items() if not key.startswith("extra/")}
    source = write_files(tmp_path / "a.zarr", objects)
    omezarr.copy(source, tmp_path / "b.zarr", selection={"wells": "A1", "fields": 0})
    plate = valid(tmp_path / "b.zarr")
    assert (plate.version, list(plate.children)) == (version, ["A/1"])
    assert not (tmp_path / "b.zarr/B").exists()
    field, before = plate.children["A/1"].children["0"], omezarr.open(source).children["A/1"].children["0"]
    same(levels_of(field), levels_of(before))
    assert list(field.labels) == ["cells"]


def test_the_command_selects_into_one_file(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["copy", str(image), str(tmp_path / "b.ozx"), "--channel", "GFP", "--time", "0:2", "--label", "cells"]
    assert run_command([*words, "--region", "y=0:32", "--rechunk", "1,1,1,32,32", "--dry-run"]) == 0
    assert "Would write" in capsys.readouterr().out
    assert run_command([*words, "--region", "y=0:32", "--rechunk", "1,1,1,32,32", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"]
    part = valid(tmp_path / "b.ozx")
    np.testing.assert_array_equal(part.levels[0].array[:], PIXELS[:2, 1:2, :, :32])
    assert list(part.labels) == ["cells"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"channels": "RFP"}, "no channel 'RFP'; there are 0 to 2: DAPI, GFP, Cy5"),
        ({"levels": 7}, "no level '7'; there are 0 to 2"),
        ({"wells": "A/1"}, "only be selected of a plate"),
        ({"times": (3, 9)}, "region t=3:9 is not inside the image"),
        ({"times": (0, 1), "region": {"t": (0, 1)}}, "selected twice"),
        ({"region": {"q": (0, 1)}}, "a region is given along q"),
        ({"chanels": "GFP"}, "did you mean 'channels'"),
    ],
)
def test_what_is_not_there_is_named(image: Path, tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        omezarr.copy(image, tmp_path / "b.ome.zarr", selection=given)
    assert not (tmp_path / "b.ome.zarr").exists()


def test_wells_fields_and_labels_that_are_not_there_are_named(image: Path, tmp_path: Path) -> None:
    objects = {key: content for key, content in objects_of("plate", "0.5").items() if not key.startswith("extra/")}
    source = write_files(tmp_path / "p.zarr", objects)
    cases = (({"wells": "H/12"}, "no well 'H/12'; there are: A/1, B/2"), ({"fields": 9}, "no well has a field '9'"))
    for given, said in cases:
        with pytest.raises(ArgumentError, match=said):
            omezarr.copy(source, tmp_path / "b.zarr", selection=given)
    with pytest.raises(ArgumentError, match="no label image 'x'"):
        omezarr.copy(image, tmp_path / "b.zarr", labels="x")


def test_a_part_has_nothing_to_be_verified_against(image: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="leave verify out"):
        omezarr.copy(image, tmp_path / "b.zarr", labels=False, verify=True)
    source = write_files(tmp_path / "plain.zarr", {"zarr.json": b'{"zarr_format": 3, "node_type": "group"}'})
    with pytest.raises(UnsupportedError, match="its parts are not known"):
        omezarr.copy(source, tmp_path / "b.zarr", labels=False)
