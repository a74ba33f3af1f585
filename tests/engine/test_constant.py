"""Parts of a source of which nothing is stored are passed over, and what is written is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.arrays.sources import ZarrSource
from omezarr.writing import RunOptions

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 10**6


def read_regions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Count what is read of sources."""
    asked: list[Any] = []
    real = ZarrSource.read

    def counted(self: ZarrSource, region: Any) -> Any:
        asked.append(region)
        return real(self, region)

    monkeypatch.setattr(ZarrSource, "read", counted)
    return asked


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_million_by_a_million_of_which_little_is_stored_is_written_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zarr.create_array(tmp_path / "a.zarr", shape=(SIDE, SIDE), chunks=(64, 64), dtype="u2", fill_value=0)
    source[64:128, 640:704] = 8
    source[SIDE - 4 :, SIDE - 4 :] = 4
    asked = read_regions(monkeypatch)
    steps: list[Any] = []
    run = RunOptions(threads=2, progress=steps.append)
    node = omezarr.write_image(tmp_path / "b.zarr", source, axes="yx", chunks=(64, 64), levels=4, run=run)
    assert len(asked) <= 2 * 8 * 8
    assert steps[-1].units_done == steps[-1].units_total
    assert steps[-1].bytes_done == steps[-1].bytes_total
    for number, level in enumerate(node.levels):
        factor = 2**number
        block = level.read((slice(0, 128 // factor), slice(600 // factor, 712 // factor)))
        expected = np.zeros((128, 112), "u2")
        expected[64:, 40:104] = 8
        assert (block == expected[::factor, ::factor]).all()
        corner = level.read((slice(-8 // factor, None), slice(-8 // factor, None)))
        assert corner[-1, -1] == (4 if number < 3 else 1)
    stored = [name for name in files(tmp_path / "b.zarr") if "/c/" in name]
    assert len(stored) == 8


@pytest.mark.parametrize("scaling", ["local_mean", "nearest", "gaussian"])
@pytest.mark.parametrize(
    ("fill", "target"), [(0, {}), (7, {}), (0, {"shards": (64, 64)}), (0, {"chunks": (48, 16)}), (0, {"format": "0.4"})]
)
def test_what_is_written_is_what_reading_all_would_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fill: int, target: dict[str, Any], scaling: str
) -> None:
    source = zarr.create_array(tmp_path / "a.zarr", shape=(1000, 900), chunks=(16, 16), dtype="u1", fill_value=fill)
    rng = np.random.default_rng(1)
    for row, column in rng.integers(0, 880, (12, 2)):
        source[row : row + 9, column : column + 9] = rng.integers(0, 9, (9, 9))
    words: dict[str, Any] = {"axes": "yx", "chunks": (32, 32), "levels": 4, "method": scaling, **target}
    asked = read_regions(monkeypatch)
    omezarr.write_image(tmp_path / "b.zarr", source, name="x", **words)
    few = len(asked)
    asked.clear()
    monkeypatch.setattr(ZarrSource, "constant", lambda *_: None)
    omezarr.write_image(tmp_path / "c.zarr", source, name="x", **words)
    assert files(tmp_path / "b.zarr") == files(tmp_path / "c.zarr")
    assert few < len(asked) if fill == 0 else few == len(asked)
