"""Plates that several processes write at once come out as if one had written them, whoever is first or dies."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, IncompleteError, LocationNotFoundError, MetadataError, TargetExistsError
from omezarr.nodes.plates import field_places
from tests.writing import plate_job

ROOT = Path(__file__).parents[2]
FIELD = np.arange(64, dtype="uint8").reshape(8, 8)


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def job(path: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.writing.plate_job", str(path), *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_three_processes_of_which_one_is_killed_and_run_again_write_the_bytes_of_one(tmp_path: Path) -> None:
    plate_job.write(str(tmp_path / "one.zarr"), list(plate_job.FIELDS))
    expected = contents(tmp_path / "one.zarr")
    path = tmp_path / "three.zarr"
    victim = job(path, "A/3", "--stop-at", "A/3/1")
    others = [job(path, "B/3", "B/1"), job(path, "A/2", "A/1")]
    assert victim.stdout is not None
    assert victim.stdout.readline() == "in the middle\n"
    victim.kill()
    for process in [victim, *others]:
        _, said = process.communicate(timeout=120)
        assert (process.returncode == 0) is (process is not victim), said
    assert "A/3/1" not in omezarr.open(path).fields
    with pytest.raises(IncompleteError, match="A/3/1 is unfinished: run with resuming"):
        plate_job.write(str(path), ["A/3"])
    again = job(path, "A/3", "--resume")
    _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert contents(path) == expected
    plate = omezarr.open(path)
    assert list(plate.wells) == list(plate_job.FIELDS)
    assert omezarr.validate(path).errors == ()
    assert plate["A/3/1"].labels["nuclei"].levels[0].read().max() == 2


@pytest.mark.parametrize("version", ["0.2", "0.4", "0.5", "0.6"])
def test_the_order_makes_no_difference_and_all_at_once_is_the_same(tmp_path: Path, version: str) -> None:
    wells = {"A/1": [FIELD, FIELD[:4]], "A/10": FIELD, "AA/2": FIELD}
    given: dict[str, Any] = {"format": version, "axes": "yx", "levels": 2, "expand_axes": version == "0.2"}
    names = [f"{well}/{number}" for well in wells for number in range(2 if well == "A/1" else 1)]
    whole = omezarr.write_plate(
        tmp_path / "whole.zarr",
        wells,
        rows=["A", "B", "AA"],
        columns=[str(i + 1) for i in range(10)],
        name="p",
        **given,
    )
    found = []
    for order in (names, names[::-1], names[2:] + names[:2]):
        path = tmp_path / f"{len(found)}.zarr"
        writer = omezarr.create_plate(path, rows=["A", "B", "AA"], columns=10, name="p", **given)
        for name in order:
            writer.write_field(name, FIELD[:4] if name == "A/1/1" else FIELD)
        found.append(contents(path))
    assert found[0] == found[1] == found[2]
    assert found[0] == contents(Path(str(whole.location)))


def test_many_at_once_lose_no_entry(tmp_path: Path) -> None:
    writer = omezarr.create_plate(tmp_path / "p.zarr", rows=4, columns=6, axes="yx", levels=1)
    there = pickle.loads(pickle.dumps(writer))
    names = [f"{row}/{column}/{field}" for row in "ABCD" for column in range(1, 3) for field in range(3)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: there.write_field(name, FIELD), names))
    plate = writer.open()
    assert [place.path for place in field_places(plate)] == names
    assert plate.plate.field_count == 3
    assert omezarr.validate(plate.location).errors == ()


def test_a_well_is_written_with_all_its_fields(tmp_path: Path) -> None:
    writer = omezarr.create_plate(tmp_path / "p.zarr", rows=1, columns=1, axes="yx")
    assert list(writer.write_well("A/1", {"left": FIELD, "right": FIELD}).fields) == ["left", "right"]
    with pytest.raises(ArgumentError, match="has no fields; leave it out"):
        writer.write_well("A/1", [])


def test_nothing_is_there_before_the_first_field_and_nothing_after_a_refusal(tmp_path: Path) -> None:
    writer = omezarr.create_plate(tmp_path / "p.zarr", rows=1, columns=1, acquisitions=[{"id": 3}])
    assert not (tmp_path / "p.zarr").exists()
    with pytest.raises(LocationNotFoundError):
        writer.open()
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("A/2/0", {}, "not a row and a column of the plate"),
        ("A/1", {}, "no path of a field"),
        ("A/1/0/0", {}, "no path of a field"),
        ("A/1/0", {"acquisition": 1}, "the plate has no acquisition 1; it has 3"),
        ("A/1/0", {"format": "0.4"}, "format has no meaning here"),
        ("A/1/0", {"level": 3}, "unknown argument 'level'"),
    ]
    for path, given, said in refused:
        with pytest.raises(ArgumentError, match=said):
            writer.write_field(path, FIELD, **given)
    with pytest.raises(MetadataError, match="A/1"):
        writer.write_field("A/1/a b", FIELD)
    assert not (tmp_path / "p.zarr").exists()


def test_what_is_said_for_all_fields_can_differ_for_one(tmp_path: Path) -> None:
    writer = omezarr.create_plate("memory://writer/differ.zarr", rows=1, columns=1, axes="yx", levels=2, scale=0.5)
    assert len(writer.write_field("A/1/0", FIELD).levels) == 2
    node = writer.write_field("A/1/1", FIELD[None], axes="cyx", levels=1, scale=0.25, channels=["GFP"])
    assert (len(node.levels), node.levels[0].scale, node.channels[0].label) == (1, (1.0, 0.25, 0.25), "GFP")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": 0}, "rows=0 says nothing"),
        ({"rows": ["A", "A"]}, "rows A, A name one twice"),
        ({"columns": []}, r"columns=\[\] says nothing"),
        ({"overwrite": True}, "overwrite has no meaning here: the fields of other processes"),
        ({"consolidated": True}, "consolidated has no meaning here"),
    ],
)
def test_a_plate_of_nothing_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        omezarr.create_plate("memory://writer/none.zarr", **({"rows": 1, "columns": 1} | given))


def test_what_is_there_and_is_another_plate_is_left_alone(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "image.zarr", FIELD)
    with pytest.raises(TargetExistsError, match="is no plate"):
        omezarr.create_plate(tmp_path / "image.zarr", rows=1, columns=1)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/notes.txt").touch()
    with pytest.raises(TargetExistsError, match=r"holds notes\.txt"):
        omezarr.create_plate(tmp_path / "folder", rows=1, columns=1)
    omezarr.write_plate(tmp_path / "plate.zarr", {"A/1": FIELD}, columns=["1", "2"])
    assert omezarr.create_plate(tmp_path / "plate.zarr", rows=1, columns=2).open().plate is not None
    for given in ({"rows": 2}, {"columns": 3}, {"format": "0.4"}, {"acquisitions": [{"id": 0}]}):
        with pytest.raises(TargetExistsError, match=r"is a plate of other (rows|columns|NGFF version|acquisitions)"):
            omezarr.create_plate(tmp_path / "plate.zarr", **({"rows": 1, "columns": 2} | given))


def test_a_field_that_is_there_is_written_again_only_where_that_is_asked_for(tmp_path: Path) -> None:
    writer = omezarr.create_plate(tmp_path / "p.zarr", rows=1, columns=1, axes="yx")
    writer.write_field("A/1/0", FIELD)
    with pytest.raises(TargetExistsError):
        writer.write_field("A/1/0", FIELD + 2)
    assert writer.write_field("A/1/0", FIELD + 1, overwrite=True).levels[0].read()[0, 0] == 1
    assert list(writer.open().fields) == ["A/1/0"]


def test_several_write_to_a_bucket_at_once(s3_server: Any) -> None:
    place = f"s3://{s3_server.bucket()}/p.zarr"
    writer = omezarr.create_plate(place, rows=2, columns=2, axes="yx", levels=1, storage_options=s3_server.options)
    names = ["B/2/0", "A/1/0", "A/1/1"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: writer.write_field(name, FIELD), names))
    assert list(writer.open().fields) == ["A/1/0", "A/1/1", "B/2/0"]
