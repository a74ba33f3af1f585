"""Levels for images and arrays that are there already."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrError, UnsupportedError
from omezarr.writing.images import write_image, write_labels
from omezarr.writing.levels import add_levels
from omezarr.writing.plates import write_plate

IMAGE = np.random.default_rng(2).integers(0, 900, (2, 65, 90)).astype("uint16")


def contents(path: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5", "0.6"])
def test_levels_added_in_place_are_those_that_writing_at_once_gives(tmp_path: Path, version: str) -> None:
    options = {"axes": "cyx", "format": version, "chunks": (1, 32, 32), "labels": {"cells": IMAGE[:1]}}
    if version != "0.3":
        options["scale"] = 0.5
    expected = write_image(tmp_path / "all.zarr", IMAGE, levels=4, **options)
    write_image(tmp_path / "some.zarr", IMAGE, levels=2, **options)
    before = contents(tmp_path / "some.zarr" / "0")
    node = add_levels(tmp_path / "some.zarr", levels=4)
    assert contents(tmp_path / "some.zarr" / "0") == before
    for image, other in [(node, expected), (node.labels["cells"], expected.labels["cells"])]:
        assert len(image.levels) == 4
        for level, wanted in zip(image.levels, other.levels, strict=True):
            np.testing.assert_array_equal(level.read(), wanted.read())
            assert (level.scale, level.translation, level.chunks) == (wanted.scale, wanted.translation, wanted.chunks)


@pytest.mark.parametrize("chunks", [(1, 8, 8), (1, 65, 90)])
def test_labels_get_as_many_levels_as_their_image_whatever_their_chunks_and_whatever_they_have(
    tmp_path: Path, chunks: tuple[int, ...]
) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", levels=1, chunks=(1, 32, 32))
    for name in ("behind", "ahead"):
        write_labels(path, IMAGE[:1], name, chunks=chunks)
    add_levels(path / "labels/ahead", levels=3)  # as a call leaves it that is killed between the last two documents
    node = add_levels(path)
    expected = write_image(tmp_path / "e.zarr", IMAGE, axes="cyx", levels=3, labels={"cells": IMAGE[:1]})
    assert [level.shape for level in node.levels] == [level.shape for level in expected.levels]
    for name in ("behind", "ahead"):
        for level, wanted in zip(node.labels[name].levels, expected.labels["cells"].levels, strict=True):
            np.testing.assert_array_equal(level.read(), wanted.read())
    assert not (path / ".omezarr").exists()


@pytest.mark.parametrize("words", [["--format", "0.4"], ["--consolidated"], ["--expand-axes"]])
def test_options_without_meaning_in_place_are_refused(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "i.zarr", IMAGE, axes="cyx", levels=1)
    before = contents(tmp_path)
    assert run(["scale", str(tmp_path / "i.zarr"), "--in-place", "--levels", "2", *words]) == 2
    assert "write a new image" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_transformations_of_the_whole_image_still_apply(tmp_path: Path) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", levels=1, format="0.4")
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["multiscales"][0]["coordinateTransformations"] = [{"type": "scale", "scale": [1.0, 10.0, 10.0]}]
    (path / ".zattrs").write_text(json.dumps(attributes))
    node = add_levels(path, levels=2)
    assert node.levels[1].scale == (1.0, 20.0, 20.0)
    assert node.levels[1].translation == (0.0, 5.0, 5.0)


def test_foreign_attributes_and_the_names_of_levels_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", levels=1, format="0.5")
    (path / "0").rename(path / "s0")
    document = json.loads((path / "zarr.json").read_text())
    document["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = "s0"
    document["attributes"]["mine"] = [1, 2]
    (path / "zarr.json").write_text(json.dumps(document))
    node = add_levels(path, levels=3)
    assert [level.path for level in node.levels] == ["s0", "s1", "s2"]
    assert node.attributes["mine"] == [1, 2]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_the_group_of_a_bare_array_becomes_an_image(tmp_path: Path, zarr_format: int) -> None:
    array = zarr.create_array(str(tmp_path / "g.zarr" / "0"), data=IMAGE, chunks=(1, 32, 32), zarr_format=zarr_format)
    node = add_levels(tmp_path / "g.zarr" / "0", axes="cyx", format="0.4" if zarr_format == 2 else "0.5")
    assert [level.shape for level in node.levels] == [(2, 65, 90), (2, 33, 45), (2, 17, 23)]
    np.testing.assert_array_equal(node.levels[0].read(), IMAGE)
    assert [axis.name for axis in node.axes] == ["c", "y", "x"]
    if zarr_format == 3:
        assert json.loads((tmp_path / "g.zarr" / "0" / "zarr.json").read_text())["dimension_names"] == ["c", "y", "x"]
    assert array.store_path.path == ""


def test_requests_that_make_no_sense_change_nothing(tmp_path: Path) -> None:
    write_image(tmp_path / "i.zarr", IMAGE, axes="cyx", levels=2)
    write_plate(tmp_path / "p.zarr", {"A/1": IMAGE[0]})
    zarr.create_array(str(tmp_path / "g.zarr" / "0"), data=IMAGE)
    before = contents(tmp_path)
    requests: list[tuple[type[Exception], str, dict]] = [
        (LocationNotFoundError, "missing.zarr", {}),
        (UnsupportedError, "p.zarr", {}),
        (ArgumentError, "i.zarr", {"levels": 1}),
        (ArgumentError, "i.zarr", {"axes": "cyx"}),
        (ArgumentError, "g.zarr/0", {}),
        (UnsupportedError, "g.zarr/0", {"axes": "cyx", "format": "0.4"}),
        (UnsupportedError, "i.zarr/0", {"axes": "cyx"}),
    ]
    for error, path, options in requests:
        with pytest.raises(error):
            add_levels(tmp_path / path, **options)
    with pytest.raises(OMEZarrError):
        add_levels(tmp_path / "i.zarr", levels=3, method="magic")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("words", [["--levels", "3"], []])
def test_the_same_request_again_finds_nothing_left_to_do_and_tidies_up(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", levels=1, chunks=(1, 24, 24))
    assert run(["scale", str(path), "--in-place", *words]) == 0
    before = contents(path)
    (path / ".omezarr/plan-").mkdir(parents=True)  # as a call leaves it that is killed before it tidies up
    (path / ".omezarr/plan-/plan.json").write_text("{}")
    assert run(["scale", str(path), "--in-place", *words]) == 0
    assert "nothing left to do" in capsys.readouterr().out
    assert contents(path) == before
    assert not (path / ".omezarr").exists()


def test_the_command_scales_in_place_or_into_a_new_image(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "i.zarr"
    write_image(path, IMAGE, axes="cyx", levels=1)
    assert run(["scale", str(path), str(tmp_path / "new.zarr"), "--levels", "3", "--method", "nearest"]) == 0
    assert run(["scale", str(path), "--in-place", "--levels", "2"]) == 0
    assert len(omezarr.open(tmp_path / "new.zarr").levels) == 3
    assert len(omezarr.open(path).levels) == 2
    assert run(["scale", str(path)]) == 2
    assert run(["scale", str(path), "--in-place", "--overwrite"]) == 2
    assert "Traceback" not in capsys.readouterr().err
