"""Manifests: what they list, what a check tells, and where nothing is written."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from zarr.storage import MemoryStore

import omezarr
from omezarr.arrays import digests
from omezarr.checking.manifests.text import manifest_lines, parse_manifest
from omezarr.cli import run
from omezarr.errors import (
    ArgumentError,
    IncompleteError,
    LocationNotFoundError,
    MetadataError,
    NotOMEZarrError,
    OMEZarrError,
    OMEZarrWarning,
    TargetExistsError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer, S3Server

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
VERSIONS = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.9.dev2"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    omezarr.write_image(tmp_path / "cells.ome.zarr", PIXELS, chunks=(32, 32), levels=1)
    return tmp_path / "cells.ome.zarr"


def flip(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("version", VERSIONS)
def test_each_object_of_any_version_is_listed_with_its_sha256(tmp_path: Path, version: str) -> None:
    place = tmp_path / "a"
    omezarr.write_image(place, PIXELS, format=version, expand_axes=version in ("0.1", "0.2"), chunks=None)
    files = sorted(file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file())
    report = omezarr.write_manifest(place)
    lines = [f"{hashlib.sha256((place / file).read_bytes()).hexdigest()}  {file}\n" for file in files]
    assert (place / "SHA256SUMS").read_text() == "".join(lines)
    assert (report.objects, report.bytes) == (len(files), sum((place / file).stat().st_size for file in files))
    checked = omezarr.check_manifest(place)
    assert checked.same
    assert checked.added == ()
    assert omezarr.validate(place, strict=True).problems == ()


def test_standard_tools_check_it(image: Path) -> None:
    omezarr.write_manifest(image)
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=image, check=False).returncode == 0
    flip(image / "0/c/0/1")
    done = subprocess.run(command, cwd=image, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "0/c/0/1: FAILED\n")


def test_a_manifest_of_standard_tools_is_checked(image: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    files = sorted(f"./{file.relative_to(image).as_posix()}" for file in image.rglob("*") if file.is_file())
    text = subprocess.run(["sha256sum", "--binary", *files], cwd=image, check=True, capture_output=True).stdout
    (image / "SHA256SUMS").write_bytes(text)
    assert omezarr.check_manifest(image).same


def test_what_is_changed_missing_and_added_is_named(image: Path) -> None:
    omezarr.write_manifest(image)
    flip(image / "0/c/0/0")
    (image / "0/c/0/1").unlink()
    (image / "0/c/7").mkdir()
    (image / "0/c/7/7").write_bytes(b"?")
    (image / ".DS_Store").write_bytes(b"of a desktop")
    report = omezarr.check_manifest(image)
    assert not report.same
    assert (report.changed, report.missing, report.added) == (("0/c/0/0",), ("0/c/0/1",), ("0/c/7/7",))
    assert report.message.endswith("1 changed (0/c/0/0); 1 missing (0/c/0/1); 1 added (0/c/7/7)")


def test_what_cannot_be_read_is_named(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from omezarr.arrays.fetching import LocalObjects
    from omezarr.errors import StorageError

    whole = LocalObjects.get

    def refusing(self: LocalObjects, key: str, part: slice | None = None) -> Any:
        if key == "0/c/1/1":
            raise StorageError(f"could not read {key}: Input/output error")
        return whole(self, key, part)

    omezarr.write_manifest(image)
    monkeypatch.setattr(LocalObjects, "get", refusing)
    assert omezarr.check_manifest(image).unreadable == {"0/c/1/1": "could not read 0/c/1/1: Input/output error"}
    with pytest.raises(StorageError, match="so none was written"):
        omezarr.write_manifest(image, overwrite=True)


def test_it_is_kept_unless_its_replacement_is_asked_for(image: Path) -> None:
    omezarr.write_manifest(image)
    before = (image / "SHA256SUMS").read_text()
    assert omezarr.write_manifest(image).same
    flip(image / "0/c/0/0")
    with pytest.raises(TargetExistsError, match=r"1 changed \(0/c/0/0\)\. .*--overwrite"):
        omezarr.write_manifest(image)
    assert (image / "SHA256SUMS").read_text() == before
    assert omezarr.write_manifest(image, overwrite=True).changed == ("0/c/0/0",)
    assert omezarr.check_manifest(image).same


def test_writing_into_the_hierarchy_makes_it_stale(image: Path) -> None:
    omezarr.write_manifest(image)
    omezarr.write_labels(image, PIXELS // 99, name="cells")
    report = omezarr.check_manifest(image)
    assert (report.changed, report.missing) == ((), ())
    assert report.added is not None
    assert "labels/zarr.json" in report.added
    omezarr.edit(image, name="other")
    assert omezarr.check_manifest(image).changed == ("zarr.json",)


def test_copies_take_it_along_and_new_hierarchies_do_not(image: Path, tmp_path: Path) -> None:
    omezarr.write_manifest(image)
    shutil.copytree(image, tmp_path / "copy")
    assert omezarr.check_manifest(tmp_path / "copy").same
    with pytest.warns(OMEZarrWarning, match="not carried over: SHA256SUMS"):
        omezarr.convert(image, tmp_path / "converted")
    omezarr.upgrade(image, tmp_path / "upgraded", to="0.6")
    assert not (tmp_path / "converted/SHA256SUMS").exists()
    assert not (tmp_path / "upgraded/SHA256SUMS").exists()
    omezarr.write_image(image, PIXELS, overwrite=True)
    with pytest.raises(LocationNotFoundError, match="omezarr checksum writes one"):
        omezarr.check_manifest(image)


def test_it_can_be_kept_elsewhere(image: Path, tmp_path: Path) -> None:
    sums = tmp_path / "sums" / "cells.txt"
    sums.parent.mkdir()
    report = omezarr.write_manifest(image, manifest=sums)
    assert report.manifest == str(sums)
    assert [path.name for path in sums.parent.iterdir()] == ["cells.txt"]
    assert not (image / "SHA256SUMS").exists()
    assert omezarr.check_manifest(image, manifest=sums).same
    inside = image / "0" / "sums"
    omezarr.write_manifest(image, manifest=inside)
    assert omezarr.check_manifest(image, manifest=inside).same


def test_of_a_zip_file_it_is_beside_it(image: Path, tmp_path: Path) -> None:
    file = tmp_path / "cells.ozx"
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(image.rglob("*")):
            archive.write(path, path.relative_to(image).as_posix())
    report = omezarr.write_manifest(file)
    assert report.manifest == str(tmp_path / "cells.ozx.SHA256SUMS")
    assert omezarr.check_manifest(file).same
    omezarr.write_manifest(image)
    assert (image / "SHA256SUMS").read_text() == (tmp_path / "cells.ozx.SHA256SUMS").read_text()
    flip(file, file.read_bytes().index((image / "0/c/0/0").read_bytes()) + 5)
    report = omezarr.check_manifest(file)
    assert {*report.changed, *report.unreadable} == {"0/c/0/0"}


def test_of_memory_and_of_an_open_store_it_is_the_same_text(image: Path) -> None:
    store = MemoryStore()
    for target in (store, "memory://manifests/a"):
        omezarr.write_image(target, PIXELS, chunks=(32, 32), levels=1, name="cells")
        omezarr.write_manifest(target)
        assert omezarr.check_manifest(target).same
    omezarr.write_manifest(image)
    assert store._store_dict["SHA256SUMS"].to_bytes() == (image / "SHA256SUMS").read_bytes()


def test_threads_and_pieces_do_not_change_it(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    omezarr.write_manifest(image)
    expected = (image / "SHA256SUMS").read_text()
    sizes = {file.stat().st_size for file in image.rglob("*") if file.is_file()}
    for piece in {1, 7, 64, *sizes}:
        monkeypatch.setattr(digests, "PIECE_BYTES", piece)
        (image / "SHA256SUMS").unlink()
        omezarr.write_manifest(image, threads=1 + piece % 3)
        assert (image / "SHA256SUMS").read_text() == expected
        assert omezarr.check_manifest(image).same


def test_an_object_that_changes_while_it_is_read_is_told(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from omezarr.arrays.fetching import LocalObjects

    whole = LocalObjects.get

    def changing(self: LocalObjects, key: str, part: slice | None = None) -> Any:
        found = whole(self, key, part)
        return found if found is None or part is None or not part.start else bytes([found[0] ^ 1]) + found[1:]

    monkeypatch.setattr(digests, "PIECE_BYTES", 16)
    monkeypatch.setattr(LocalObjects, "get", changing)
    with pytest.raises(OMEZarrError, match="was written anew while it was read"):
        omezarr.write_manifest(image)
    assert not (image / "SHA256SUMS").exists()


def test_nothing_is_written_where_something_fails(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    files = sorted(image.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        omezarr.write_manifest(image, progress=interrupted)
    assert sorted(image.rglob("*")) == files
    monkeypatch.setattr("omezarr.arrays.targets._write_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        omezarr.write_manifest(image)
    assert not (image / "SHA256SUMS").exists()


def test_what_is_no_finished_hierarchy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(NotOMEZarrError, match="no zarr group or array"):
        omezarr.write_manifest(tmp_path / "photos")
    with pytest.raises(LocationNotFoundError):
        omezarr.write_manifest(tmp_path / "nothing")
    document = {"zarr_format": 3, "node_type": "group", "attributes": {"omezarr": {"incomplete": {}}}}
    (tmp_path / "photos/zarr.json").write_text(json.dumps(document))
    with pytest.raises(IncompleteError, match="never finished"):
        omezarr.write_manifest(tmp_path / "photos")
    assert not (tmp_path / "photos/SHA256SUMS").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "line 1 of .* is none of a manifest"),
        ("00  zarr.json\n", "line 1"),
        (f"{'0' * 64}  ../outside\n", "line 1 of .*leads out of its group"),
        (f"{'0' * 64}  /etc/passwd\n", "not relative"),
        (f"{'0' * 64}  a\n{'1' * 64}  a\n", "two digests of a"),
        ("x" * 100_000, "line of more than"),
        ("\udcff".encode(errors="surrogateescape").decode("latin-1") + "  a\n", "line 1"),
    ],
)
def test_what_is_no_manifest_is_refused(image: Path, text: str, said: str) -> None:
    (image / "SHA256SUMS").write_bytes(text.encode("latin-1"))
    with pytest.raises(MetadataError, match=said):
        omezarr.check_manifest(image)


@pytest.mark.parametrize("key", ["plain", "two words", "back\\slash", "line\nbreak", "return\rhere", "\\n", "ü"])
def test_names_survive_the_text(key: str) -> None:
    text = "".join(manifest_lines({key: bytes(32)}))
    assert text.count("\n") == 1
    if "\\" in key:  # no key of a store: refused as every path that could lead outside
        with pytest.raises(MetadataError, match="refused"):
            parse_manifest([text.encode()], "it")
    else:
        assert parse_manifest([text.encode()[:5], text.encode()[5:]], "it") == {key: bytes(32)}


def test_lines_of_windows_and_an_end_without_a_break_are_read() -> None:
    text = f"{'AB' * 32} *a\r\n\r\n{'0' * 64}  b".encode()
    assert parse_manifest([text], "it") == {"a": bytes.fromhex("ab" * 32), "b": bytes(32)}


def test_wrong_arguments_are_refused(image: Path) -> None:
    with pytest.raises(ArgumentError, match="threads"):
        omezarr.write_manifest(image, threads=0)
    with pytest.raises(ArgumentError, match="no place of a file"):
        omezarr.write_manifest(image, manifest="/")


def test_inside_a_zip_file_a_place_is_to_be_named(image: Path, tmp_path: Path) -> None:
    file = tmp_path / "plate.ozx"
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(image.rglob("*")):
            archive.write(path, path.relative_to(image.parent).as_posix())
        archive.writestr("zarr.json", '{"zarr_format": 3, "node_type": "group"}')
    with pytest.raises(UnsupportedError, match="--manifest"):
        omezarr.write_manifest(f"{file}/cells.ome.zarr")
    assert omezarr.write_manifest(f"{file}/cells.ome.zarr", manifest=tmp_path / "sums").objects == 6


def test_over_http_the_manifest_tells_what_there_is(http_server: CountingServer, image: Path) -> None:
    omezarr.write_manifest(image)
    shutil.copytree(image, http_server.root / "cells.ome.zarr")
    place = f"{http_server.url}/cells.ome.zarr"
    report = omezarr.check_manifest(place)
    assert (report.same, report.objects, report.added) == (True, 6, None)
    flip(http_server.root / "cells.ome.zarr/0/c/1/0")
    (http_server.root / "cells.ome.zarr/0/c/1/1").unlink()
    report = omezarr.check_manifest(place, manifest=image / "SHA256SUMS")
    assert (report.changed, report.missing) == (("0/c/1/0",), ("0/c/1/1",))
    with pytest.raises(UnsupportedError, match="does not list"):
        omezarr.write_manifest(place)
    (http_server.root / "cells.ome.zarr/SHA256SUMS").unlink()
    with pytest.raises(LocationNotFoundError, match="no manifest of"):
        omezarr.check_manifest(place)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_in_a_bucket_it_is_an_object_like_others(s3_server: S3Server, image: Path) -> None:
    place, options = f"s3://{s3_server.bucket()}/a", s3_server.options
    omezarr.write_image(place, PIXELS, chunks=(32, 32), levels=1, name="cells", storage_options=options)
    report = omezarr.write_manifest(place, storage_options=options)
    assert (report.objects, report.manifest) == (6, f"{place}/SHA256SUMS")
    assert omezarr.check_manifest(place, storage_options=options).added == ()
    omezarr.write_manifest(image)
    assert omezarr.check_manifest(place, manifest=image / "SHA256SUMS", storage_options=options).same
    omezarr.write_image(place, PIXELS + 1, chunks=(32, 32), levels=1, overwrite=True, storage_options=options)
    report = omezarr.check_manifest(place, manifest=image / "SHA256SUMS", storage_options=options)
    assert report.changed[:4] == ("0/c/0/0", "0/c/0/1", "0/c/1/0", "0/c/1/1")


class TestCommand:
    def test_it_writes_and_checks(self, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["checksum", str(image)]) == 0
        assert capsys.readouterr().out == f"{image}/SHA256SUMS lists 6 objects.\n"
        assert run(["checksum", str(image), "--check"]) == 0
        assert "6 objects are as" in capsys.readouterr().out
        flip(image / "0/c/0/0")
        assert run(["checksum", str(image), "--check"]) == 1
        assert capsys.readouterr().out.startswith("changed: 0/c/0/0\n")
        assert run(["checksum", str(image), "--check", "--json"]) == 1
        said = json.loads(capsys.readouterr().out)
        assert (said["same"], said["objects"], said["changed"]) == (False, 6, ["0/c/0/0"])
        assert run(["checksum", str(image)]) == 1
        assert "--overwrite" in capsys.readouterr().err
        assert run(["checksum", str(image), "--overwrite", "--threads", "1"]) == 0
        assert run(["checksum", str(image), "--check"]) == 0

    def test_it_says_what_is_not_there(self, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["checksum", str(image), "--check"]) == 1
        assert "there is no manifest of" in capsys.readouterr().err
        assert run(["checksum", str(image), "--check", "--overwrite"]) == 2
