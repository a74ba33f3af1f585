"""Wrong bits in what is stored: what reading and validation say of them, with safeguards and without."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import omezarr

pytestmark = pytest.mark.once

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CODECS = ["none", "zstd", "blosc", "gzip"]


@pytest.fixture
def bit_flips(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("bit_flips")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("layout", ["chunks", "shards"])
def test_with_checksums_no_wrong_pixel_is_read_in_silence(
    tmp_path: Path, bit_flips: Any, codec: str, layout: str
) -> None:
    found = bit_flips.campaign(tmp_path / "a", codec, layout, "checksums", 12)
    assert (found.flips, found.harmless, found.silent, found.told) == (12, 0, 0, 12)
    assert found.covered == ("16 of 18" if layout == "chunks" else "4 of 6")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("layout", ["chunks", "shards"])
def test_with_a_manifest_validation_tells_of_every_bit(tmp_path: Path, bit_flips: Any, codec: str, layout: str) -> None:
    found = bit_flips.campaign(tmp_path / "a", codec, layout, "manifest", 12)
    assert (found.flips, found.told, found.lost) == (12, 12, 0)
    assert found.covered == ("18 of 18" if layout == "chunks" else "6 of 6")


def test_without_safeguards_raw_pixels_are_wrong_in_silence_and_validation_says_what_it_cannot_tell(
    tmp_path: Path, bit_flips: Any
) -> None:
    found = bit_flips.campaign(tmp_path / "a", "none", "chunks", "nothing", 12)
    assert (found.silent, found.told, found.lost) == (12, 0, 12)
    assert found.covered == "0 of 18"


@pytest.mark.parametrize("layout", ["chunks", "shards"])
def test_gzip_finds_by_itself_what_changes_pixels(tmp_path: Path, bit_flips: Any, layout: str) -> None:
    found = bit_flips.campaign(tmp_path / "a", "gzip", layout, "nothing", 24)
    assert (found.silent, found.lost) == (0, 0)
    assert found.told == found.flips - found.harmless
    assert found.covered == ("16 of 18" if layout == "chunks" else "4 of 6")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_bit_of_a_document_is_told_by_the_manifest_alone(tmp_path: Path, version: str) -> None:
    import numpy as np

    place = tmp_path / "a"
    omezarr.write_image(place, np.zeros((8, 8), "uint8"), name="cells", scale=0.25, format=version)
    omezarr.write_manifest(place)
    document = place / ("zarr.json" if version == "0.5" else ".zattrs")
    document.write_bytes(document.read_bytes().replace(b"cells", b"cdlls"))
    assert json.loads(document.read_text())
    assert omezarr.validate(place).valid
    report = omezarr.validate(place, depth="data")
    assert [problem.found for problem in report.errors] == [f"other content at {document.name}"]
