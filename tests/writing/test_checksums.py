"""Checksums in the chain of codecs: where they are written, kept, refused, and what they find."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, OMEZarrWarning, StorageError, UnsupportedError
from omezarr.upgrading import plan_upgrade

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
CODECS = ["none", "zstd", "blosc", "gzip"]
LAYOUTS: list[dict[str, Any]] = [{}, {"shards": (32, 32)}]


def chain(path: Path) -> list[str]:
    """Return the codecs of the chunks of an array."""
    codecs = json.loads((path / "zarr.json").read_text())["codecs"]
    if codecs[0]["name"] == "sharding_indexed":
        codecs = codecs[0]["configuration"]["codecs"]
    return [codec["name"] for codec in codecs]


def units(path: Path) -> list[Path]:
    return sorted(file for file in (path / "c").rglob("*") if file.is_file())


@pytest.mark.parametrize("version", ["0.5", "0.6", "0.9.dev2"])
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_chunk_has_one_that_others_check(tmp_path: Path, version: str, codec: str, layout: dict[str, Any]) -> None:
    place = tmp_path / "cells.ome.zarr"
    options = {"format": version, "codec": codec, "levels": 2, "chunks": (16, 16), **layout}
    omezarr.write_image(place, PIXELS, checksums=True, **options)
    for level in ("0", "1"):
        assert chain(place / level)[-1] == "crc32c"
    assert np.array_equal(zarr.open_array(place / "0")[:], PIXELS)
    assert omezarr.validate(place, depth="data", strict=True).problems == ()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_wrong_bit_is_found_by_every_reader(tmp_path: Path, codec: str, layout: dict[str, Any]) -> None:
    place = tmp_path / "cells.ome.zarr"
    omezarr.write_image(place, PIXELS, checksums=True, codec=codec, levels=1, chunks=(16, 16), **layout)
    victim = units(place / "0")[0]
    content = bytearray(victim.read_bytes())
    content[5] ^= 4  # of the first chunk, in a shard as well
    victim.write_bytes(content)
    level = omezarr.open(place).levels[0]
    assert np.array_equal(level.read((slice(32, 64), slice(32, 64))), PIXELS[32:, 32:])
    with pytest.raises(StorageError, match="checksum"):
        level.read((slice(0, 3), slice(0, 3)))
    report = omezarr.validate(place, depth="data")
    assert [problem.rule for problem in report.errors] == ["arrays.chunks.readable"]
    with pytest.raises(ValueError, match=r"(?i)checksum"):
        zarr.open_array(place / "0")[:3, :3]


def test_a_part_of_a_chunk_is_read_behind_its_checksum(tmp_path: Path) -> None:
    large = np.arange(1024 * 1024, dtype="uint16").reshape(1024, 1024)
    omezarr.write_image(tmp_path / "a", large, checksums=True, levels=1, chunks=(1024, 1024))
    level = omezarr.open(tmp_path / "a").levels[0]
    assert np.array_equal(level.read((slice(600, 605), slice(7, 9))), large[600:605, 7:9])


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4"])
def test_versions_without_them_refuse_and_name_the_command(tmp_path: Path, version: str) -> None:
    with pytest.raises(UnsupportedError, match=r"no checksums of chunks; versions that have: 0\.5.*omezarr checksum"):
        omezarr.write_image(
            tmp_path / "a", PIXELS, checksums=True, format=version, expand_axes=version in ("0.1", "0.2")
        )
    assert not (tmp_path / "a").exists()
    omezarr.write_image(tmp_path / "a", PIXELS, checksums=False, format=version, expand_axes=version in ("0.1", "0.2"))


def test_they_are_off_unless_asked_for_and_a_wrong_word_is_refused(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a", PIXELS)
    assert "crc32c" not in chain(tmp_path / "a/0")
    with pytest.raises(ArgumentError, match="True or False"):
        omezarr.write_image(tmp_path / "b", PIXELS, checksums="crc32c")  # type: ignore[arg-type]


def test_every_writer_has_them(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"checksums": True}
    omezarr.write_multiscale(tmp_path / "multiscale", [PIXELS, PIXELS[::2, ::2]], **asked)
    omezarr.write_plate(tmp_path / "plate", {"A/1": [PIXELS]}, **asked)
    omezarr.write_field(tmp_path / "plate", "A/1", PIXELS, **asked)
    omezarr.write_image(tmp_path / "labelled", PIXELS, labels={"one": PIXELS // 99}, **asked)
    omezarr.write_labels(tmp_path / "labelled", PIXELS // 99, name="two", **asked)
    with omezarr.create_writer(tmp_path / "run", shape=(2, 64, 64), dtype="uint16", axes="tyx", **asked) as writer:
        writer.write(PIXELS, t=0)
    np.save(tmp_path / "pixels.npy", PIXELS)
    omezarr.convert(tmp_path / "pixels.npy", tmp_path / "converted", **asked)
    arrays = [
        file.parent for file in tmp_path.rglob("zarr.json") if json.loads(file.read_text())["node_type"] == "array"
    ]
    assert len(arrays) == 2 + 2 + 3 + 1 + 1
    assert {chain(array)[-1] for array in arrays} == {"crc32c"}


def test_added_levels_have_them_as_the_others_have(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "with", PIXELS, checksums=True, levels=1)
    omezarr.write_image(tmp_path / "without", PIXELS, levels=1)
    omezarr.add_levels(tmp_path / "with", levels=2)
    omezarr.add_levels(tmp_path / "without", levels=2)
    omezarr.add_levels(tmp_path / "without", levels=3, checksums=True)
    assert chain(tmp_path / "with/1") == ["bytes", "blosc", "crc32c"]
    assert [chain(tmp_path / "without" / level)[-1] for level in "012"] == ["blosc", "blosc", "crc32c"]


def test_a_writer_that_goes_on_keeps_them(tmp_path: Path) -> None:
    with omezarr.create_writer(
        tmp_path / "a", shape=(None, 64, 64), dtype="uint16", axes="tyx", checksums=True
    ) as writer:
        writer.write(PIXELS, t=0)
    with omezarr.open_writer(tmp_path / "a", grows="t") as writer:
        writer.write(PIXELS + 1, t=1)
    assert chain(tmp_path / "a/0")[-1] == "crc32c"
    assert np.array_equal(zarr.open_array(tmp_path / "a/0")[1], PIXELS + 1)


def test_converting_keeps_those_of_the_source(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a", PIXELS, checksums=True, codec="zstd:level=3")
    omezarr.convert(tmp_path / "a", tmp_path / "kept")
    omezarr.convert(tmp_path / "a", tmp_path / "left", checksums=False)
    assert chain(tmp_path / "kept/0") == ["bytes", "zstd", "crc32c"]
    assert chain(tmp_path / "left/0") == ["bytes", "zstd"]
    with pytest.warns(OMEZarrWarning, match=r"NGFF 0\.4 has no checksums of chunks"):
        omezarr.convert(tmp_path / "a", tmp_path / "old", format="0.4")
    assert json.loads((tmp_path / "old/0/.zarray").read_text())["compressor"] == {"id": "zstd", "level": 3}


def test_upgrading_adds_keeps_or_removes_them(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "old", PIXELS, format="0.4", codec="zstd:level=3")
    omezarr.upgrade(tmp_path / "old", tmp_path / "new", to="0.5", checksums=True)
    assert chain(tmp_path / "new/0") == ["bytes", "zstd", "crc32c"]
    omezarr.upgrade(tmp_path / "new", to="0.6")
    assert chain(tmp_path / "new/0") == ["bytes", "zstd", "crc32c"]
    omezarr.upgrade(tmp_path / "new", tmp_path / "back", to="0.4")
    assert json.loads((tmp_path / "back/0/.zarray").read_text())["compressor"] == {"id": "zstd", "level": 3}
    assert np.array_equal(zarr.open_array(tmp_path / "back/0")[:], PIXELS)
    with pytest.raises(UnsupportedError, match="omezarr checksum"):
        omezarr.upgrade(tmp_path / "new", tmp_path / "no", to="0.4", checksums=True)
    with pytest.raises(ArgumentError, match="checksums make sense only with a target"):
        omezarr.upgrade(tmp_path / "old", to="0.5", checksums=True)
    assert plan_upgrade(tmp_path / "old", tmp_path / "n", to="0.5", checksums=True).steps[0].arrays[0].checksums


def test_the_command_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "pixels.npy", PIXELS)
    words = ["convert", str(tmp_path / "pixels.npy"), str(tmp_path / "a"), "--checksums"]
    assert run([*words, "--dry-run"]) == 0
    assert ", crc32c, 1 objects" in capsys.readouterr().out
    assert run(words) == 0
    assert chain(tmp_path / "a/0")[-1] == "crc32c"
    assert run(["convert", str(tmp_path / "a"), str(tmp_path / "b"), "--no-checksums"]) == 0
    assert chain(tmp_path / "b/0")[-1] == "blosc"
    assert run(["info", str(tmp_path / "a")]) == 0
    assert "blosc+crc32c" in capsys.readouterr().out
    assert run(["upgrade", str(tmp_path / "b"), str(tmp_path / "c"), "--to", "0.6", "--checksums", "--dry-run"]) == 0
    assert ", crc32c" in capsys.readouterr().out
