"""Finding: what lies below a folder or bucket, in one row each, whatever is broken or leads in circles."""

from __future__ import annotations

import csv
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.errors import LocationNotFoundError, UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import S3Server

PIXELS = np.arange(256, dtype="uint16").reshape(16, 16)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their bytes."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of many things, not all of them OME-Zarr."""
    root = tmp_path / "data"
    words: dict[str, Any] = {"axes": "cyx", "scale": (1, 0.5, 0.25), "units": "micrometer", "levels": 2}
    omezarr.write_image(root / "new.ome.zarr", np.stack([PIXELS] * 2), channels=["DAPI", "=GFP"], **words)
    omezarr.write_labels(root / "new.ome.zarr", PIXELS, name="cells")
    omezarr.write_image(root / "deep" / "old.zarr", PIXELS, axes="yx", format="0.4")
    omezarr.write_plate(root / "plate.zarr", {"A/1": {"0": PIXELS}, "B/2": {"0": PIXELS}}, axes="yx")
    zarr.create_group(root / "plain")
    omezarr.write_image(root / "plain" / "inside", PIXELS, axes="yx")
    zarr.create_array(root / "array.zarr", shape=(4, 4), dtype="uint8")
    (root / "notes.txt").write_text("mine")
    (root / "unrelated.zip").write_bytes(b"no zip")
    return root


def test_every_hierarchy_is_one_row(folder: Path) -> None:
    before = snapshot(folder)
    found = {item.path: item for item in omezarr.find(folder)}
    assert list(found) == ["deep/old.zarr", "new.ome.zarr", "plain/inside", "plate.zarr"]
    new = found["new.ome.zarr"]
    assert (new.kind, new.version, new.images, new.axes, new.levels) == ("multiscales", "0.5", 1, "cyx", 2)
    assert (new.shape, new.dtype, new.labels, new.channels) == ((2, 16, 16), "uint16", ("cells",), ("DAPI", "=GFP"))
    assert (new.pixel_size, new.units) == ((1.0, 0.5, 0.25), ("", "micrometer", "micrometer"))
    assert new.size == sum(file.stat().st_size for file in (folder / "new.ome.zarr").rglob("*") if file.is_file())
    assert found["deep/old.zarr"].version == "0.4"
    plate = found["plate.zarr"]
    assert (plate.kind, plate.images, plate.shape) == ("plate", 2, (16, 16))
    assert not any(item.error for item in found.values())
    assert snapshot(folder) == before


def test_a_hierarchy_itself_is_found(folder: Path) -> None:
    (found,) = omezarr.find(folder / "new.ome.zarr", sizes=False)
    assert (found.path, found.name, found.size) == ("", "new", None)


def test_what_is_broken_is_named_and_the_rest_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "new.ome.zarr" / "zarr.json").write_text("{")
    (folder / "plate.zarr" / "A" / "1" / "zarr.json").unlink()
    (folder / "bad.ozx").write_bytes(b"no zip")
    assert run(["finder", str(folder), "--json"]) == 1
    found = {row["path"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(found) == {"bad.ozx", "deep/old.zarr", "new.ome.zarr", "plain/inside", "plate.zarr"}
    assert [path for path, row in found.items() if row["error"]] == ["bad.ozx", "new.ome.zarr", "plate.zarr"]
    assert "A/1" in found["plate.zarr"]["error"]


def test_containers_are_looked_into(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "image", PIXELS, axes="yx")
    with zipfile.ZipFile(tmp_path / "image.ozx", "w") as file:
        for item in sorted((tmp_path / "image").rglob("*")):
            if item.is_file():
                file.write(item, item.relative_to(tmp_path / "image"))
    found = {item.path: item for item in omezarr.find(tmp_path)}
    assert set(found) == {"image", "image.ozx"}
    assert found["image.ozx"].shape == (16, 16)
    assert found["image.ozx"].size == (tmp_path / "image.ozx").stat().st_size


def test_links_that_lead_back_end(folder: Path) -> None:
    (folder / "deep" / "up").symlink_to(folder)
    assert len(list(omezarr.find(folder))) == 4


def test_the_table_is_written_where_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "images.csv"
    assert run(["finder", str(folder), "--output", str(table)]) == 0
    with table.open(newline="") as stream:
        rows = {row["path"]: row for row in csv.DictReader(stream)}
    assert rows["new.ome.zarr"]["shape"] == "2 16 16"
    assert rows["new.ome.zarr"]["channels"] == "DAPI =GFP"
    assert run(["finder", str(folder), "--output", str(table)]) == 1
    assert run(["finder", str(folder), "--output", str(table), "--overwrite", "--no-sizes"]) == 0
    assert sorted(item.name for item in tmp_path.iterdir()) == ["data", "images.csv"]


def test_cells_are_no_formulas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", name='=HYPERLINK("x")')
    assert run(["finder", str(tmp_path)]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert row["name"] == '\'=HYPERLINK("x")'


def test_buckets_are_searched(s3_server: S3Server) -> None:
    options = s3_server.options
    where = f"s3://{s3_server.bucket()}/found"
    omezarr.write_image(f"{where}/a.zarr", PIXELS, axes="yx", storage_options=options)
    omezarr.write_image(f"{where}/b/c.zarr", PIXELS, axes="yx", format="0.4", storage_options=options)
    found = list(omezarr.find(where, storage_options=options))
    assert [(item.path, item.version, item.shape) for item in found] == [
        ("a.zarr", "0.5", (16, 16)),
        ("b/c.zarr", "0.4", (16, 16)),
    ]
    assert all(item.size for item in found)


def test_where_nothing_is_or_nothing_can_be_listed_says_so(tmp_path: Path, http_server: Any) -> None:
    with pytest.raises(LocationNotFoundError):
        list(omezarr.find(tmp_path / "missing"))
    with pytest.raises(UnsupportedError, match="cannot be listed"):
        list(omezarr.find(http_server.url))
