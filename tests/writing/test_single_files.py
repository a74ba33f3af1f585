"""Single files: what is written to ``.ozx`` and ``.zip``, by every way of writing, and what stays when that fails."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.cli import run as run_command
from omezarr.errors import (
    LockedError,
    OMEZarrWarning,
    SourceError,
    StorageError,
    TargetExistsError,
    UnsupportedError,
    WriteError,
)
from omezarr.writing import RunOptions
from omezarr_builtins.schemes import zip_archive
from omezarr_builtins.schemes.zip_target import ZipTargetStore
from tests.upgrading.upgrade_cases import objects_of
from tests.writing.test_copying import files_in, write_files

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(1).integers(0, 60000, (3, 100, 90)).astype("uint16")
GIVEN: dict[str, Any] = {"axes": "zyx", "levels": 3, "chunks": (1, 32, 32), "scale": 0.5, "units": "micrometer"}


def members(path: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return file.infolist()


def check_layout(path: Path) -> None:
    """Check what RFC-9 recommends: stored, no name twice, metadata first, breadth first, in file and directory."""
    found = members(path)
    names = [member.filename for member in found]
    assert len(set(names)) == len(names)
    assert {member.compress_type for member in found} == {zipfile.ZIP_STORED}
    documents = [name for name in names if name.endswith("zarr.json")]
    assert names[: len(documents)] == documents
    assert documents[0] == "zarr.json"
    assert [name.count("/") for name in documents] == sorted(name.count("/") for name in documents)
    assert [m.filename for m in sorted(found, key=lambda m: m.header_offset)][: len(documents)] == documents
    assert found[0].header_offset == 0


def same_pixels(path: Path, other: Path) -> None:
    for ours, theirs in zip(omezarr.open(path).levels, omezarr.open(other).levels, strict=True):
        np.testing.assert_array_equal(ours.array[:], theirs.array[:])


@pytest.mark.parametrize("method", ["local_mean", "gaussian"])
def test_an_image_is_written_directly_and_its_bytes_are_those_in_a_folder(method: str, tmp_path: Path) -> None:
    given = {**GIVEN, "method": method}
    node = omezarr.write_image(tmp_path / "a.ozx", PIXELS, **given, name="an image")
    omezarr.write_image(tmp_path / "a.ome.zarr", PIXELS, **given, name="an image")
    check_layout(tmp_path / "a.ozx")
    np.testing.assert_array_equal(node.levels[0].array[:], PIXELS)
    with zipfile.ZipFile(tmp_path / "a.ozx") as file:
        assert {name: file.read(name) for name in file.namelist()} == files_in(tmp_path / "a.ome.zarr")
        said = json.loads(file.comment)
    assert said == {"ome": {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ome.zarr", "a.ozx"]


@pytest.mark.parametrize("held", [0, 1000, zip_archive.HELD_BYTES])
@pytest.mark.parametrize("room", [0, 2500, 70_000, 200_000])
def test_metadata_comes_first_however_much_room_was_left(
    held: int, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_archive, "HELD_BYTES", held)
    monkeypatch.setattr(zip_archive, "ROOM_BYTES", room)
    source = write_files(tmp_path / "a.zarr", objects_of("plate", "0.5"))
    omezarr.copy(source, tmp_path / "a.ozx", verify=True)
    check_layout(tmp_path / "a.ozx")
    with zipfile.ZipFile(tmp_path / "a.ozx") as file:
        assert {name: file.read(name) for name in file.namelist()} == objects_of("plate", "0.5")


def test_metadata_that_no_room_is_left_for_follows_the_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "HELD_BYTES", 0)
    monkeypatch.setattr(zip_archive, "ROOM_BYTES", 0)
    omezarr.write_image(tmp_path / "a.ozx", PIXELS, **GIVEN, name="n" * 20_000)
    found = members(tmp_path / "a.ozx")
    assert found[0].filename == "zarr.json"
    assert found[0].header_offset > 0
    np.testing.assert_array_equal(omezarr.open(tmp_path / "a.ozx").levels[0].array[:], PIXELS)


def test_large_files_take_zip64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "_MAX_32", 20_000)
    monkeypatch.setattr(zip_archive, "_MAX_16", 10)
    archive = zip_archive.ZipArchive(tmp_path / "a.zip")
    contents = {f"c/{number}": os.urandom(3000) for number in range(12)} | {"large": os.urandom(30_000)}
    for key, content in contents.items():
        archive.add(key, content, lambda: 0)
    archive.finish({"zarr.json": b"{}"}, b"")
    # What was cut down to show that records of 64 bits are written is put back to what it means, and read.
    found = (tmp_path / "a.zip").read_bytes()
    assert found.count(b"PK\x06\x06") == found.count(b"PK\x06\x07") == 1


@pytest.mark.parametrize(
    ("kind", "version"), [("plate", "0.6"), ("collection", "0.5"), ("scene", "0.6"), ("image", "0.5")]
)
def test_every_kind_goes_into_a_file_and_comes_back(kind: str, version: str, tmp_path: Path) -> None:
    objects = objects_of(kind, version)
    source = write_files(tmp_path / "a.zarr", objects)
    omezarr.copy(source, tmp_path / "a.ozx", verify=True)
    omezarr.copy(tmp_path / "a.ozx", tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == objects


def test_a_zip_file_holds_older_versions_and_an_ozx_file_does_not(tmp_path: Path) -> None:
    source = write_files(tmp_path / "a.zarr", objects_of("plate", "0.4"))
    omezarr.copy(source, tmp_path / "a.zip", verify=True)
    omezarr.copy(tmp_path / "a.zip", tmp_path / "b.zarr")
    assert files_in(tmp_path / "b.zarr") == objects_of("plate", "0.4")
    with pytest.raises(UnsupportedError, match=r"write a \.zip, or NGFF 0\.5 or later"):
        omezarr.copy(source, tmp_path / "a.ozx")
    with pytest.raises(UnsupportedError, match="zarr format 2"):
        omezarr.write_image(tmp_path / "a.ozx", PIXELS, **GIVEN, format="0.4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "a.zip", "b.zarr"]


def test_the_command_converts_to_a_file_and_from_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    words = ["convert", str(tmp_path / "a.npy"), str(tmp_path / "a.ozx"), "--axes", "zyx", "--consolidated"]
    assert run_command(words) == 0
    check_layout(tmp_path / "a.ozx")
    assert run_command(["validate", str(tmp_path / "a.ozx")]) == 0
    assert run_command(["convert", str(tmp_path / "a.ozx"), str(tmp_path / "b.ome.zarr")]) == 0
    same_pixels(tmp_path / "a.ozx", tmp_path / "b.ome.zarr")
    assert run_command([*words, "--resume"]) == 0
    assert "nothing left to do" in capsys.readouterr().out


def test_plates_and_labels_are_written_directly(tmp_path: Path) -> None:
    objects = {key: content for key, content in objects_of("plate", "0.5").items() if not key.startswith("extra/")}
    source = write_files(tmp_path / "a.zarr", objects)
    omezarr.convert(source, tmp_path / "a.ozx")
    check_layout(tmp_path / "a.ozx")
    plate = omezarr.open(tmp_path / "a.ozx")
    assert plate.key == "plate"
    assert list(plate.children["A/1"].children["0"].children) == ["labels"]


class TestWhatFails:
    def test_what_is_there_stays_unless_it_may_be_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ozx"
        omezarr.write_image(path, PIXELS, **GIVEN)
        before = path.read_bytes()
        with pytest.raises(TargetExistsError):
            omezarr.write_image(path, PIXELS + 1, **GIVEN)
        assert path.read_bytes() == before
        omezarr.write_image(path, PIXELS + 1, **GIVEN, overwrite=True)
        np.testing.assert_array_equal(omezarr.open(path).levels[0].array[:], PIXELS + 1)

    @pytest.mark.parametrize("content", [b"no zip file", b""])
    def test_other_files_are_never_replaced(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(TargetExistsError, match="is no zip file"):
            omezarr.write_image(tmp_path / "a.zip", PIXELS, **GIVEN, overwrite=True)
        assert (tmp_path / "a.zip").read_bytes() == content

    def test_nor_are_zip_files_of_other_things(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            file.writestr("letter.txt", b"dear")
        with pytest.raises(TargetExistsError, match="no zarr hierarchy"):
            omezarr.write_image(tmp_path / "a.zip", PIXELS, **GIVEN, overwrite=True)
        (tmp_path / "b.zip").mkdir()
        with pytest.raises(TargetExistsError, match="is a folder"):
            omezarr.write_image(tmp_path / "b.zip", PIXELS, **GIVEN, overwrite=True)

    def test_a_failure_leaves_nothing_and_says_how_to_go_on(self, tmp_path: Path) -> None:
        source = write_files(tmp_path / "a.zarr", objects_of("plate", "0.5"))

        def change(progress: Any) -> None:
            if progress.units_done == 5:
                (source / "later.txt").write_bytes(b"new")

        with pytest.raises(SourceError, match="cannot be resumed, so write it anew"):
            omezarr.copy(source, tmp_path / "a.ozx", run=RunOptions(progress=change))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr"]

    def test_a_full_disk_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import errno

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(zip_archive.ZipArchive, "add", full)
        with pytest.raises(WriteError, match=r"could not write .*a\.ozx: No space left on device"):
            omezarr.write_image(tmp_path / "a.ozx", PIXELS, **GIVEN)
        assert list(tmp_path.iterdir()) == []

    def test_what_is_in_a_file_stays_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ozx"
        omezarr.write_image(path, PIXELS, **GIVEN)
        before = path.read_bytes()
        with pytest.raises(UnsupportedError, match="nothing can be added or changed in it; copy it to a folder"):
            omezarr.write_labels(path, PIXELS.astype("int32"), name="cells")
        with pytest.raises(UnsupportedError, match="nothing can be replaced; copy it"):
            omezarr.edit(path, name="other")
        with pytest.raises(UnsupportedError, match="cannot be upgraded in place"):
            omezarr.upgrade(path, to="0.6")
        with pytest.raises(UnsupportedError, match="written whole"):
            omezarr.create_writer(tmp_path / "b.ozx", shape=(8, 8), dtype="uint8", axes="yx")
        assert path.read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ozx"]

    def test_files_elsewhere_and_files_in_files_are_not_written(self, tmp_path: Path) -> None:
        for place in ("memory://single/a.ozx", tmp_path / "a.ozx" / "b.ozx"):
            with pytest.raises(UnsupportedError, match="written on local disks"):
                omezarr.write_image(place, PIXELS, **GIVEN)

    def test_a_second_writer_is_refused(self, tmp_path: Path) -> None:
        first, second = (ZipTargetStore(tmp_path / "a.ozx", None) for _ in range(2))
        first.begin()
        with pytest.raises(LockedError, match="another process is writing"):
            second.begin()
        first.abandon()
        second.begin()
        second.abandon()
        assert list(tmp_path.iterdir()) == []

    def test_killed_in_the_middle_no_file_is_there_and_the_next_call_tidies_up(
        self, tmp_path: Path, http_server: Any
    ) -> None:
        objects = objects_of("plate", "0.5")
        write_files(http_server.root / "a.zarr", objects)
        http_server.hang = 0.02
        words = ["copy", f"{http_server.url}/a.zarr", str(tmp_path / "a.ozx"), "--threads", "1"]
        process = subprocess.Popen([sys.executable, "-c", "from omezarr.cli import main; main()", *words])
        while process.poll() is None and not [path for path in http_server.counts if "/c/" in path]:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert [path.name for path in tmp_path.iterdir()] == [".a.ozx.omezarr-part"]
        http_server.hang = 0.0
        with pytest.warns(OMEZarrWarning, match="nothing can be resumed: all of it is written"):
            omezarr.copy(words[1], words[2], run=RunOptions(resume=True))
        assert [path.name for path in tmp_path.iterdir()] == ["a.ozx"]
        check_layout(tmp_path / "a.ozx")


class TestFilesOfRealLife:
    def test_what_macos_adds_is_overlooked(self, tmp_path: Path) -> None:
        objects = objects_of("image", "0.5")
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            file.writestr("a.zarr/", b"")
            for key, content in objects.items():
                file.writestr(f"a.zarr/{key}", content)
                file.writestr(f"__MACOSX/a.zarr/._{key.replace('/', '-')}", b"Mac OS X")
            file.writestr(".DS_Store", b"x")
        assert omezarr.open(tmp_path / "a.zip").key == "multiscales"
        omezarr.copy(tmp_path / "a.zip", tmp_path / "b.zarr")
        assert files_in(tmp_path / "b.zarr") == objects

    def test_names_with_backslashes_are_paths(self, tmp_path: Path) -> None:
        objects = objects_of("image", "0.5")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            for key, value in objects.items():
                info = zipfile.ZipInfo("x")
                info.filename = key.replace("/", "\\")
                file.writestr(info, value)
        (tmp_path / "a.zip").write_bytes(content.getvalue())
        omezarr.copy(tmp_path / "a.zip", tmp_path / "b.zarr")
        assert files_in(tmp_path / "b.zarr") == objects

    def test_names_with_backslashes_that_lead_out_are_refused(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            file.writestr("..\\..\\zarr.json", b"{}")
        with pytest.raises(StorageError, match="leads out of it"):
            omezarr.open(tmp_path / "a.zip")
