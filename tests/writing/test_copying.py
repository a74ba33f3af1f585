"""Copies: of every kind of hierarchy, between every two kinds of places, interrupted at any moment."""

from __future__ import annotations

import errno
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from zarr.storage import MemoryStore

import omezarr
from omezarr.arrays import targets
from omezarr.cli import run as run_command
from omezarr.errors import (
    ArgumentError,
    IncompleteError,
    LocationNotFoundError,
    NotOMEZarrError,
    SourceError,
    StorageError,
    TargetExistsError,
    WriteError,
)
from omezarr.writing import RunOptions
from omezarr.writing.copying import prepare_copy
from tests.upgrading.upgrade_cases import objects_in, objects_of, store_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CASES = [
    (kind, version)
    for kind in ("image", "plate", "collection", "scene")
    for version in ("0.1", "0.4", "0.5", "0.6")
    if (kind != "scene" or version == "0.6") and (kind == "image" or version in ("0.4", "0.6"))
]
RESUMING = RunOptions(resume=True)


def write_files(folder: Path, objects: Mapping[str, bytes]) -> Path:
    for key, content in objects.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all that is in a folder, hidden things too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def consolidate(root: Path) -> None:
    """Enter all metadata below a group of zarr format 3 in it."""
    document = json.loads((root / "zarr.json").read_text())
    found = {path.parent.relative_to(root).as_posix(): json.loads(path.read_text()) for path in root.rglob("zarr.json")}
    del found["."]
    document["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": found}
    (root / "zarr.json").write_text(json.dumps(document))


def named(objects: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out what no metadata names."""
    return {key: content for key, content in objects.items() if not key.startswith("extra/")}


@pytest.mark.parametrize(("kind", "version"), CASES)
def test_a_copy_on_a_disk_is_the_same_byte_by_byte(kind: str, version: str, tmp_path: Path) -> None:
    objects = objects_of(kind, version)
    source = write_files(tmp_path / "a.zarr", objects)
    copied = omezarr.copy(source, tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == objects
    assert (copied.written, copied.objects, copied.notices) == (True, len(objects), ())
    assert copied.nbytes == sum(map(len, objects.values()))


@pytest.mark.parametrize(("kind", "version"), CASES)
def test_over_http_all_that_metadata_names_is_copied_and_nothing_is_listed(
    kind: str, version: str, tmp_path: Path, http_server: Any
) -> None:
    objects = objects_of(kind, version)
    write_files(http_server.root / "a.zarr", objects)
    copied = omezarr.copy(f"{http_server.url}/a.zarr", tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == named(objects)
    assert "cannot be listed" in copied.notices[0]
    assert {method for method, _, _ in http_server.requests} == {"GET"}
    assert not [path for path in http_server.counts if path.endswith("/")]


def test_over_http_consolidated_metadata_names_what_is_of_others(tmp_path: Path, http_server: Any) -> None:
    objects = {key: content for key, content in objects_of("image", "0.5").items() if key != "extra/notes.txt"}
    source = write_files(http_server.root / "a.zarr", objects)
    consolidate(source)
    omezarr.copy(f"{http_server.url}/a.zarr", tmp_path / "b.zarr")
    assert files_in(tmp_path / "b.zarr") == files_in(source)


def test_chunks_that_are_missing_or_refused_are_missing_in_the_copy(tmp_path: Path, http_server: Any) -> None:
    objects = {key: content for key, content in objects_of("image", "0.5").items() if key != "0/c/0/0/0/0/0"}
    write_files(http_server.root / "a.zarr", objects)
    http_server.missing = 403
    omezarr.copy(f"{http_server.url}/a.zarr", tmp_path / "b.zarr")
    assert files_in(tmp_path / "b.zarr") == named(objects)


@pytest.mark.parametrize(("kind", "version"), [("image", "0.5"), ("plate", "0.4"), ("collection", "0.6")])
def test_to_a_bucket_and_back(kind: str, version: str, tmp_path: Path, s3_server: Any) -> None:
    objects = objects_of(kind, version)
    source = write_files(tmp_path / "a.zarr", objects)
    place = f"s3://{s3_server.bucket()}/folder/a.zarr"
    omezarr.copy(source, place, target_options=s3_server.options)
    copied = omezarr.copy(place, tmp_path / "b.zarr", storage_options=s3_server.options, verify=True)
    assert files_in(tmp_path / "b.zarr") == objects
    assert copied.nbytes == sum(map(len, objects.values()))


def test_from_one_bucket_to_another_of_its_own_options(s3_server: Any, http_server: Any, tmp_path: Path) -> None:
    objects = objects_of("image", "0.6")
    write_files(http_server.root / "a.zarr", objects)
    place = f"s3://{s3_server.bucket()}/a.zarr"
    words = [
        word for name, value in s3_server.options.items() for word in ("--storage-option", f"target.{name}={value}")
    ]
    assert run_command(["copy", f"{http_server.url}/a.zarr", place, "--verify", *words]) == 0
    omezarr.copy(place, tmp_path / "b.zarr", storage_options=s3_server.options)
    assert files_in(tmp_path / "b.zarr") == named(objects)


def test_out_of_a_zip_file(tmp_path: Path) -> None:
    objects = objects_of("plate", "0.5")
    source = write_files(tmp_path / "a.zarr", objects)
    shutil.make_archive(str(tmp_path / "a"), "zip", source)
    omezarr.copy(tmp_path / "a.zip", tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == objects


def test_from_store_to_store() -> None:
    target = MemoryStore()
    omezarr.copy(store_of(objects_of("scene", "0.6")), target, verify=True)
    assert objects_in(target) == objects_of("scene", "0.6")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_part_of_a_hierarchy_and_an_array_are_hierarchies_too(version: str, tmp_path: Path) -> None:
    source = write_files(tmp_path / "a.zarr", objects_of("plate", version))
    for part in ("A/1/0", "A/1/0/0"):
        target = tmp_path / part.replace("/", "-")
        omezarr.copy(source / part, target, verify=True)
        assert files_in(target) == files_in(source / part)


def test_an_array_over_http(tmp_path: Path, http_server: Any) -> None:
    write_files(http_server.root / "a.zarr", objects_of("image", "0.4"))
    omezarr.copy(f"{http_server.url}/a.zarr/0", tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == files_in(http_server.root / "a.zarr/0")


def test_a_root_of_zarr_format_2_without_attributes(tmp_path: Path) -> None:
    source = write_files(tmp_path / "a.zarr", {".zgroup": b'{"zarr_format":  2}', "more.txt": b"x"})
    omezarr.copy(source, tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == files_in(source)


def test_metadata_of_both_zarr_formats_side_by_side(tmp_path: Path) -> None:
    objects = {**objects_of("image", "0.4"), **objects_of("image", "0.5")}
    source = write_files(tmp_path / "a.zarr", objects)
    omezarr.copy(source, tmp_path / "b.zarr", verify=True)
    assert files_in(tmp_path / "b.zarr") == objects


def test_links_are_followed_and_those_in_a_circle_are_not(tmp_path: Path) -> None:
    source = write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))
    (source / "0").rename(tmp_path / "elsewhere")
    (source / "0").symlink_to(tmp_path / "elsewhere")
    (source / "extra/again").symlink_to(source)
    omezarr.copy(source, tmp_path / "b.zarr")
    assert files_in(tmp_path / "b.zarr") == objects_of("image", "0.5")


def test_what_the_engine_keeps_for_itself_is_left_out(tmp_path: Path) -> None:
    objects = objects_of("image", "0.5")
    source = write_files(tmp_path / "a.zarr", {**objects, ".omezarr/plan-0/done/x": b"\n"})
    omezarr.copy(source, tmp_path / "b.zarr")
    assert files_in(tmp_path / "b.zarr") == objects


class TestWhatIsRefused:
    def test_a_source_that_is_not_there_or_no_hierarchy(self, tmp_path: Path) -> None:
        with pytest.raises(LocationNotFoundError, match="does not exist"):
            omezarr.copy(tmp_path / "a.zarr", tmp_path / "b.zarr")
        write_files(tmp_path / "c", {"notes.txt": b""})
        with pytest.raises(NotOMEZarrError, match=r"no zarr hierarchy, so it is not copied; it holds notes\.txt"):
            omezarr.copy(tmp_path / "c", tmp_path / "b.zarr")
        assert not (tmp_path / "b.zarr").exists()

    def test_one_that_was_never_finished(self, tmp_path: Path) -> None:
        marked = {"zarr_format": 3, "node_type": "group", "attributes": {"omezarr": {"incomplete": {}}}}
        source = write_files(tmp_path / "a.zarr", {"zarr.json": json.dumps(marked).encode()})
        with pytest.raises(IncompleteError, match="never finished"):
            omezarr.copy(source, tmp_path / "b.zarr")

    def test_a_target_inside_the_source(self, tmp_path: Path) -> None:
        source = write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))
        with pytest.raises(ArgumentError, match="lie inside each other"):
            omezarr.copy(source, source / "copy")

    def test_a_target_that_is_there_unless_it_is_a_hierarchy_and_may_be_replaced(self, tmp_path: Path) -> None:
        source = write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))
        target = write_files(tmp_path / "b.zarr", objects_of("plate", "0.5"))
        with pytest.raises(TargetExistsError):
            omezarr.copy(source, target)
        omezarr.copy(source, target, overwrite=True)
        assert files_in(target) == objects_of("image", "0.5")
        other = write_files(tmp_path / "c", {"notes.txt": b"mine"})
        with pytest.raises(TargetExistsError, match="no zarr hierarchy"):
            omezarr.copy(source, other, overwrite=True)
        assert files_in(other) == {"notes.txt": b"mine"}


class TestWhatIsInterrupted:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return write_files(tmp_path / "a.zarr", objects_of("plate", "0.5"))

    def test_a_full_disk_is_said_and_the_copy_goes_on_later(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copyfile, calls = shutil.copyfile, []

        def full(old: Any, new: Any) -> Any:
            calls.append(new)
            if len(calls) > 12:
                raise OSError(errno.ENOSPC, "No space left on device", new)
            return copyfile(old, new)

        monkeypatch.setattr(targets.shutil, "copyfile", full)
        with pytest.raises(WriteError, match=r"no space left; .* with resuming to go on"):
            omezarr.copy(source, tmp_path / "b.zarr", run=RunOptions(threads=1))
        with pytest.raises(IncompleteError):
            omezarr.open(tmp_path / "b.zarr")
        monkeypatch.undo()
        told: list[Any] = []
        omezarr.copy(source, tmp_path / "b.zarr", run=RunOptions(resume=True, progress=told.append))
        assert files_in(tmp_path / "b.zarr") == objects_of("plate", "0.5")
        assert told[-1].bytes_done == told[-1].bytes_total - len((source / "zarr.json").read_bytes())

    def test_a_disk_that_is_full_at_once_leaves_nothing(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(old: Any, new: Any) -> Any:
            raise OSError(errno.ENOSPC, "No space left on device", new)

        monkeypatch.setattr(targets.shutil, "copyfile", full)
        with pytest.raises(WriteError, match="no space left"):
            omezarr.copy(source, tmp_path / "b.zarr")
        assert not (tmp_path / "b.zarr").exists()

    def test_what_is_there_already_is_not_read_again(self, tmp_path: Path, http_server: Any) -> None:
        write_files(http_server.root / "a.zarr", objects_of("plate", "0.5"))
        last = "/a.zarr/B/2/0/1/c/0/1/0/0/0"
        http_server.answers[last] = [500] * 9
        place, target = f"{http_server.url}/a.zarr", tmp_path / "b.zarr"
        with pytest.raises(StorageError, match=r"answered 500.*"):
            omezarr.copy(place, target, run=RunOptions(threads=1))
        there = {f"/a.zarr/{key}" for key in files_in(target) if "/c/" in key}
        http_server.answers.clear()
        http_server.forget()
        omezarr.copy(place, target, run=RESUMING)
        assert there
        assert not there & set(http_server.counts)
        assert files_in(target) == named(objects_of("plate", "0.5"))

    def test_a_source_that_changed_meanwhile_is_not_resumed(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "omezarr.engine.copying.ObjectsCopier.check_unchanged", lambda _: (_ for _ in ()).throw(SourceError("stop"))
        )
        with pytest.raises(SourceError, match="stop"):
            omezarr.copy(source, tmp_path / "b.zarr")
        monkeypatch.undo()
        (source / "extra/notes.txt").write_bytes(b"something else")
        with pytest.raises(ArgumentError, match=r"cannot resume .* the source .* was \d+ objects"):
            omezarr.copy(source, tmp_path / "b.zarr", run=RESUMING)

    def test_a_source_that_changes_while_it_is_copied_is_noticed(self, source: Path, tmp_path: Path) -> None:
        def change(progress: Any) -> None:
            if progress.units_done == 5:
                (source / "later.txt").write_bytes(b"new")

        with pytest.raises(SourceError, match="has changed while it was copied"):
            omezarr.copy(source, tmp_path / "b.zarr", run=RunOptions(progress=change))

    def test_a_complete_copy_is_recognised_and_another_one_is_not(self, source: Path, tmp_path: Path) -> None:
        omezarr.copy(source, tmp_path / "b.zarr")
        assert not omezarr.copy(source, tmp_path / "b.zarr", run=RESUMING).written
        (tmp_path / "b.zarr/extra/notes.txt").write_bytes(b"read ME")
        with pytest.raises(TargetExistsError):
            omezarr.copy(source, tmp_path / "b.zarr", run=RESUMING)

    @pytest.mark.parametrize("seed", [3, 7])
    def test_killed_while_a_fifth_of_the_answers_is_503_and_resumed(
        self, seed: int, tmp_path: Path, http_server: Any
    ) -> None:
        objects = objects_of("plate", "0.4")
        write_files(http_server.root / "a.zarr", objects)
        chance = random.Random(seed)
        target = tmp_path / "b.zarr"
        words = ["copy", f"{http_server.url}/a.zarr", str(target), "--threads", "2", "--storage-option", "retries=9"]
        http_server.answers.update({f"/a.zarr/{key}": [503] * (chance.random() < 0.2) for key in objects})
        http_server.hang = 0.01
        run = [sys.executable, "-c", "from omezarr.cli import main; main()", *words]
        process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        enough = chance.randrange(5, 40)
        while process.poll() is None and len([key for key in files_in_part(target) if "/" in key]) < enough:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate()
        assert process.returncode == -signal.SIGKILL, said
        http_server.hang = 0.0
        assert run_command([*words, "--resume", "--verify"]) == 0
        assert files_in(target) == named(objects)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zarr"]


def files_in_part(folder: Path) -> list[str]:
    """Return what is in a folder that somebody writes to, but for what is unfinished."""
    return [path.as_posix() for path in folder.rglob("*") if path.is_file() and ".omezarr" not in path.parts]


class TestChecksums:
    def test_what_differs_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        source = write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))
        put = targets.LocalTarget.put_file

        def worse(self: Any, key: str, file: Path) -> int:
            if key.endswith("0/c/0/1/0/1/0"):
                self.put(key, b"\0" + file.read_bytes()[1:])
                return 1
            return 0 if key == "extra/notes.txt" else put(self, key, file)

        monkeypatch.setattr(targets.LocalTarget, "put_file", worse)
        with pytest.raises(WriteError, match=r"differing: 0/c/0/1/0/1/0.*; 1 missing: extra/notes\.txt\)"):
            omezarr.copy(source, tmp_path / "b.zarr", verify=True)

    def test_what_was_there_alone_is_named(self, tmp_path: Path) -> None:
        source = write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))
        omezarr.copy(source, tmp_path / "b.zarr")
        (tmp_path / "b.zarr/more.txt").write_bytes(b"")
        with pytest.raises(WriteError, match=r"1 extra: more\.txt"):
            omezarr.copy(source, tmp_path / "b.zarr", verify=True, run=RESUMING)


class TestTheCommands:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))

    def run(self, *words: object) -> int:
        return run_command([str(word) for word in words])

    def test_a_dry_run_writes_nothing(self, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("copy", source, tmp_path / "b.zarr", "--dry-run") == 0
        said = capsys.readouterr().out
        objects = objects_of("image", "0.5")
        assert f"{len(objects)} objects, {sum(map(len, objects.values())):,} bytes" in said
        assert not (tmp_path / "b.zarr").exists()

    def test_json_tells_what_was_copied(self, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("copy", source, tmp_path / "b.zarr", "--json", "--verify") == 0
        told = json.loads(capsys.readouterr().out)
        objects = objects_of("image", "0.5")
        assert (told["objects"], told["verified"]["objects"]) == (len(objects), len(objects))
        assert told["bytes"] == sum(map(len, objects.values()))

    def test_what_is_refused_ends_with_1(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("copy", tmp_path / "missing.zarr", tmp_path / "b.zarr") == 1
        assert "does not exist" in capsys.readouterr().err

    def test_download_takes_the_name_of_the_source(
        self, http_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(http_server.root / "a b.zarr", objects_of("image", "0.6"))
        monkeypatch.chdir(tmp_path)
        assert self.run("download", f"{http_server.url}/a%20b.zarr") == 0
        assert files_in(tmp_path / "a b.zarr") == named(objects_of("image", "0.6"))


def test_a_plan_says_how_much_there_is(tmp_path: Path) -> None:
    source = write_files(tmp_path / "a.zarr", objects_of("image", "0.5"))
    (step,) = prepare_copy(source, tmp_path / "b.zarr").steps
    assert step.objects == len(objects_of("image", "0.5"))  # type: ignore[union-attr]
