"""For how much of what is stored validation can tell that it is what was written, and what it tells."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.arrays.codecs import detects_damage
from omezarr.cli import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)


def written(place: Any, **options: Any) -> Any:
    omezarr.write_image(place, PIXELS, chunks=(32, 32), levels=1, **options)
    return place


def told(place: Any) -> tuple[int, int, bool]:
    coverage = omezarr.validate(place, depth="data").coverage
    assert coverage is not None
    return coverage.covered, coverage.objects, coverage.manifest is not None


def rules(place: Any) -> list[tuple[str, str]]:
    return [(problem.rule, problem.found) for problem in omezarr.validate(place, depth="data")]


@pytest.mark.parametrize(
    ("options", "covered"),
    [
        ({}, 0),
        ({"codec": "none"}, 0),
        ({"codec": "zstd"}, 0),
        ({"codec": "zstd:checksum=true"}, 4),
        ({"codec": "gzip"}, 4),
        ({"checksums": True}, 4),
        ({"checksums": True, "codec": "none"}, 4),
    ],
)
def test_chunks_with_checksums_are_counted(tmp_path: Path, options: dict[str, Any], covered: int) -> None:
    assert told(written(tmp_path / "a", **options)) == (covered, 6, False)


@pytest.mark.parametrize(("codec", "covered"), [("gzip", 4), ("zstd", 0), ("blosc", 0), ("bz2", 4)])
def test_so_are_those_of_zarr_format_2(tmp_path: Path, codec: str, covered: int) -> None:
    assert told(written(tmp_path / "a", format="0.4", codec=codec)) == (covered, 8, False)


def test_shards_are_counted_as_objects(tmp_path: Path) -> None:
    written(tmp_path / "a", checksums=True, shards=(64, 32))
    assert told(tmp_path / "a") == (2, 4, False)


def test_a_manifest_covers_everything_that_it_lists(tmp_path: Path) -> None:
    place = written(tmp_path / "a", checksums=True)
    omezarr.write_manifest(place)
    assert told(place) == (6, 6, True)
    omezarr.write_labels(place, PIXELS // 99, name="cells", checksums=True, chunks=(64, 64))
    added = ["labels/cells/0/c/0/0", "labels/cells/0/zarr.json", "labels/cells/zarr.json", "labels/zarr.json"]
    assert told(place) == (7, 10, True)
    said = [found for rule, found in rules(place) if rule == "manifest.complete"]
    assert said == [f"{key}, which it does not list" for key in added]
    assert omezarr.validate(place, depth="data").valid


def test_only_what_was_read_is_covered(tmp_path: Path) -> None:
    import zarr

    place = written(tmp_path / "a", checksums=True)
    zarr.create_array(place / "other", data=PIXELS, compressors=[zarr.codecs.Crc32cCodec()])
    assert told(place)[0] == 4


def test_what_a_manifest_tells_is_an_error(tmp_path: Path) -> None:
    place = written(tmp_path / "a", codec="none")
    omezarr.write_manifest(place)
    chunk = place / "0/c/0/0"
    chunk.write_bytes(b"\1" + chunk.read_bytes()[1:])
    (place / "0/c/1/1").unlink()
    report = omezarr.validate(place, depth="data")
    assert [(p.rule, p.found) for p in report.errors] == [
        ("manifest.objects", "other content at 0/c/0/0"),
        ("manifest.objects", "nothing at 0/c/1/1"),
    ]
    assert report.coverage is not None
    assert (report.coverage.covered, report.coverage.objects) == (5, 5)
    assert omezarr.validate(place, depth="data", ignore=["manifest.*"]).valid
    assert omezarr.validate(place).valid


def test_many_differences_are_summed_up(tmp_path: Path) -> None:
    place = tmp_path / "a"
    omezarr.write_image(place, PIXELS, chunks=(8, 8), levels=1)
    omezarr.write_manifest(place)
    shutil.rmtree(place / "0/c")
    found = [text for rule, text in rules(place) if rule == "manifest.objects"]
    assert (len(found), found[-1]) == (11, "nothing at 54 more objects")


def test_a_document_that_cannot_be_read_is_told_by_the_manifest_too(tmp_path: Path) -> None:
    place = written(tmp_path / "a")
    omezarr.write_manifest(place)
    (place / "zarr.json").write_text("{")
    assert ("manifest.objects", "other content at zarr.json") in rules(place)


def test_what_is_no_manifest_is_told(tmp_path: Path) -> None:
    place = written(tmp_path / "a", checksums=True)
    (place / "SHA256SUMS").write_text("nothing\n")
    assert [rule for rule, _ in rules(place)] == ["manifest.form"]
    assert told(place) == (4, 6, False)


def test_where_nothing_is_listed_what_is_known_counts(http_server: CountingServer) -> None:
    written(http_server.root / "a", checksums=True)
    assert told(f"{http_server.url}/a") == (4, 6, False)
    http_server.page = True
    assert told(f"{http_server.url}/a") == (4, 6, False)
    http_server.page = False
    omezarr.write_manifest(http_server.root / "a")
    assert told(f"{http_server.url}/a") == (6, 6, True)


def test_nothing_is_said_where_no_pixel_is_read(tmp_path: Path) -> None:
    assert omezarr.validate(written(tmp_path / "a")).coverage is None


def test_the_command_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = written(tmp_path / "a", checksums=True)
    assert run(["validate", str(place), "--data"]) == 0
    assert "Checksums cover 4 of 6 objects; wrong bytes in the others" in capsys.readouterr().out
    omezarr.write_manifest(place)
    assert run(["validate", str(place), "--data"]) == 0
    assert capsys.readouterr().out.endswith("Checksums cover all 6 objects\n")
    assert run(["validate", str(place), "--data", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["checksums"]
    assert said == {"objects": 6, "covered": 6, "manifest": f"{place}/SHA256SUMS"}
    assert run(["validate", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checksums"] is None


def test_filters_and_chains_are_known() -> None:
    assert detects_damage({"zarr_format": 2, "compressor": None, "filters": [{"id": "crc32"}]})
    assert not detects_damage({"zarr_format": 2, "compressor": {"id": "lzma"}, "filters": None})
    assert detects_damage({"zarr_format": 3, "codecs": [{"name": "bytes"}, {"name": "numcodecs.adler32"}]})
    assert not detects_damage({"zarr_format": 3, "codecs": [{"name": "bytes"}, "blosc"]})
