"""Each importer claims what it can read, so that exactly one is the most specific."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr
import zarr.storage

from omezarr.errors import SourceError
from omezarr.location import Location
from omezarr.plugins.registry import default_registry
from omezarr.writing.conversion import choose_importer

if TYPE_CHECKING:
    from pathlib import Path


def chosen(location: Any) -> str:
    return choose_importer(Location.parse(location), default_registry()).name


@pytest.mark.parametrize("name", ["a.tif", "a.TIFF", "a.ome.tif", "a.lsm", "no suffix", "misleading.npy"])
def test_a_local_tiff_is_told_by_its_first_bytes(name: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / name, np.zeros((4, 4), "uint8"))
    assert chosen(tmp_path / name) == "tiff"


@pytest.mark.parametrize("name", ["a.npy", "no suffix", "misleading.tif"])
def test_a_local_npy_file_is_told_by_its_first_bytes(name: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as file:
        np.save(file, np.zeros((4, 4)))
    assert chosen(tmp_path / name) == "array"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a.tif", "tiff"),
        ("s3://bucket/a.ome.tiff", "tiff"),
        ("https://host/a.npy", "array"),
        ("https://host/a.ome.zarr", "omezarr"),
        ("https://host/a.ozx", "omezarr"),
        ("https://host/something", "omezarr"),
        ("missing.tif", "tiff"),
    ],
)
def test_what_cannot_be_looked_at_is_told_by_its_name(url: str, name: str) -> None:
    assert chosen(url) == name


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_groups_and_arrays_are_told_apart(version: Any, tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=version)
    group.create_array("0", shape=(4, 4), dtype="uint8")
    assert chosen(tmp_path / "a.zarr") == "omezarr"
    assert chosen(tmp_path / "a.zarr" / "0") == "array"


def test_opened_groups_and_arrays_are_told_apart() -> None:
    group = zarr.open_group(zarr.storage.MemoryStore(), mode="w")
    assert chosen(group) == "omezarr"
    assert chosen(group.create_array("0", shape=(4, 4), dtype="uint8")) == "array"


def test_what_nobody_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(SourceError, match="no importer reads"):
        chosen(tmp_path / "a.txt")


def test_a_folder_without_zarr_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no importer reads"):
        chosen(tmp_path)
