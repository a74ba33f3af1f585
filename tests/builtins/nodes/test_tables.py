"""Tables in the layout of ngio and Fractal are written, read, copied and validated, in every version."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.errors import (
    ArgumentError,
    MetadataError,
    MissingDependencyError,
    TargetExistsError,
    UnknownNameError,
    UnsupportedError,
)
from omezarr.model.tables import ROI_COLUMNS, TablesContent
from omezarr.testing import NodeTypeSuite
from omezarr_builtins.nodes.tables import TablesNode

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.abc import NodeType

VERSIONS = ("0.4", "0.5", "0.6")
COLUMNS = {"label": [1, 2, 3], "area": [12.5, None, 3.0], "class": ["a", "b, c", None], "alive": [True, False, True]}


class TestContract(NodeTypeSuite):
    @pytest.fixture
    def node_type(self) -> NodeType:
        return TablesNode()

    @pytest.fixture
    def values(self) -> dict[str, Any]:
        return {"tables": ["FOV_ROI_table", "nuclei"]}


def image(path: Path, version: str = "0.5") -> Path:
    labels = {"nuclei": np.ones((16, 16), "uint8")}
    omezarr.write_image(path, np.zeros((16, 16), "uint8"), axes="yx", labels=labels, format=version)
    return path


def attributes(path: Path) -> dict[str, Any]:
    if (path / ".zattrs").exists():
        found: dict[str, Any] = json.loads((path / ".zattrs").read_text())
        return found
    return dict(json.loads((path / "zarr.json").read_text())["attributes"])


def rois(**more: Any) -> dict[str, Any]:
    return {"FieldIndex": ["FOV_1", "FOV_2"], **{name: [0.0, 1.0] for name in ROI_COLUMNS}, **more}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("backend", ["csv", "parquet"])
def test_what_is_written_is_read(tmp_path: Path, version: str, backend: str) -> None:
    pytest.importorskip("pyarrow", reason="parquet takes pyarrow") if backend == "parquet" else None
    path = image(tmp_path / "a.zarr", version)
    region = {"region": {"path": "../labels/nuclei"}, "instance_key": "label"}
    written = omezarr.write_table(path, "cells", COLUMNS, type="feature_table", backend=backend, attributes=region)
    omezarr.write_table(path, "FOV_ROI_table", rois(), type="roi_table", backend=backend)
    assert attributes(path / "tables")["tables"] == ["cells", "FOV_ROI_table"]
    said = {"type": "feature_table", "table_version": "1", "index_key": "label", "index_type": "int"}
    assert attributes(path / "tables/cells") == {**region, **said, "backend": backend}
    assert (path / f"tables/cells/table.{backend}").is_file()
    assert omezarr.read_table(path, "cells") == written
    assert omezarr.read_table(path, "FOV_ROI_table").document()["index_type"] == "str"
    assert list(omezarr.open(path).tables) == ["cells", "FOV_ROI_table"]
    assert list(omezarr.open(path).labels) == ["nuclei"]
    assert omezarr.validate(path).errors == ()


@pytest.mark.parametrize("where", ["", "A/1", "A/1/0", "A/1/0/labels/nuclei"])
def test_plates_wells_fields_and_labels_have_tables(tmp_path: Path, where: str) -> None:
    path = tmp_path / "p.zarr"
    omezarr.write_plate(path, {"A/1": np.zeros((8, 8), "uint8")}, axes="yx")
    omezarr.write_labels(path / "A/1/0", np.ones((8, 8), "uint8"), "nuclei")
    omezarr.write_table(path / where, "t", COLUMNS)
    assert omezarr.read_table(path / where, "t").columns == COLUMNS
    assert list(omezarr.open(path).wells) == ["A/1"]
    assert list(omezarr.open(path / where).tables) == ["t"]


def test_a_table_as_other_tools_write_it_is_read(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr", "0.4")
    for folder in ("tables", "tables/t"):
        (path / folder).mkdir()
        (path / folder / ".zgroup").write_text('{"zarr_format": 2}')
    (path / "tables/.zattrs").write_text('{"tables": ["t"]}')
    said = {"type": "masking_roi_table", "backend": "csv", "index_key": "label", "index_type": "int", "x": 1}
    (path / "tables/t/.zattrs").write_text(json.dumps(said))
    heading = ",".join(("label", *ROI_COLUMNS))
    (path / "tables/t/table.csv").write_text(f"{heading}\r\n7,0,1.5,2,3,4,5\r\n")
    table = omezarr.read_table(path, "t")
    assert (table.index_key, table.attributes, table.rows()[0]["y_micrometer"]) == ("label", {"x": 1}, 1.5)


def test_frames_are_written_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    path = image(tmp_path / "a.zarr")
    frame = pd.DataFrame({"area": [1.5, np.nan]}, index=pd.Index([3, 4], name="label"))
    omezarr.write_table(path, "t", frame)
    back = omezarr.read_table(path, "t")
    assert back.columns == {"label": [3, 4], "area": [1.5, None]}
    assert back.to_pandas().loc[3, "area"] == 1.5
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="needs pandas"):
        back.to_pandas()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match="needs pyarrow"):
        omezarr.write_table(path, "u", COLUMNS, backend="parquet")
    assert list(omezarr.open(path).tables) == ["t"]


@pytest.mark.parametrize(
    ("columns", "given", "said"),
    [
        ({}, {}, "as long as each other, not none"),
        ({"a": [1], "b": [1, 2]}, {}, "as long as each other"),
        ({"a": [1]}, {"index_key": "b"}, "has no column 'b'; it has a"),
        ({"a": [1]}, {"type": "roi_table"}, "x_micrometer is missing"),
        ([1, 2], {}, "is no table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, columns: Any, given: dict[str, Any], said: str) -> None:
    path = image(tmp_path / "a.zarr")
    with pytest.raises(ArgumentError, match=said):
        omezarr.write_table(path, "t", columns, **given)
    assert not (path / "tables").exists()


def test_a_table_of_that_name_is_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    omezarr.write_table(path, "t", {"a": [1]})
    with pytest.raises(TargetExistsError):
        omezarr.write_table(path, "t", {"a": [2]})
    omezarr.write_table(path, "t", {"a": [2]}, overwrite=True)
    assert omezarr.read_table(path, "t").columns == {"a": [2]}
    assert list(omezarr.open(path).tables) == ["t"]


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    with pytest.raises(UnknownNameError, match="has no table 't'; it has: none"):
        omezarr.read_table(path, "t")
    zarr.create_group(tmp_path / "plain.zarr")
    with pytest.raises(UnsupportedError, match="no OME metadata"):
        omezarr.write_table(tmp_path / "plain.zarr", "t", COLUMNS)
    omezarr.write_table(path, "t", COLUMNS)
    for text, said in (
        ("", "does not name columns"),
        ("a,a\n", "each once"),
        ("a,b\n1\n", "line 2"),
        ("a\n\xff", "utf"),
    ):
        (path / "tables/t/table.csv").write_bytes(text.encode("latin-1"))
        with pytest.raises(MetadataError, match=said):
            omezarr.read_table(path, "t")
    (path / "tables/t/table.csv").unlink()
    with pytest.raises(MetadataError, match=r"has no table\.csv"):
        omezarr.read_table(path, "t")
    document = json.loads((path / "tables/t/zarr.json").read_text())
    document["attributes"]["backend"] = "anndata"
    (path / "tables/t/zarr.json").write_text(json.dumps(document))
    with pytest.raises(UnsupportedError, match="is stored as anndata; read are csv and parquet"):
        omezarr.read_table(path, "t")


def test_validation_looks_at_the_list_and_at_each_table(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    for name in ("t", "u", "v"):
        omezarr.write_table(path, name, COLUMNS)
    (path / "tables/t/table.csv").unlink()
    (path / "tables/u/zarr.json").unlink()
    (path / "tables/v/zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    found = {(problem.rule, problem.array) for problem in omezarr.validate(path) if problem.node == "tables"}
    assert {("tables.file", "t"), ("tables.groups", "u"), ("tables.type", "v")} <= found
    (path / "tables/zarr.json").write_text(
        '{"zarr_format": 3, "node_type": "group", "attributes": {"tables": ["v", "v", 3]}}'
    )
    rules = [problem.rule for problem in omezarr.validate(path / "tables")]
    assert rules.count("tables.form") == 2


@pytest.mark.parametrize(("old", "new"), [("0.4", "0.5"), ("0.5", "0.6"), ("0.5", "0.4")])
def test_an_upgrade_takes_tables_along(tmp_path: Path, old: str, new: str) -> None:
    path = image(tmp_path / "a.zarr", old)
    omezarr.write_table(path, "t", COLUMNS)
    omezarr.upgrade(path, tmp_path / "new.zarr", to=new)
    assert omezarr.read_table(tmp_path / "new.zarr", "t").columns == COLUMNS
    assert omezarr.validate(tmp_path / "new.zarr").errors == ()
    omezarr.upgrade(path, to=new)
    assert omezarr.read_table(path, "t").columns == COLUMNS


def test_they_are_content_and_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = image(tmp_path / "a.zarr")
    omezarr.write_content(path / "tables", TablesContent(tables={"t": omezarr.Table(columns=COLUMNS)}))
    assert omezarr.read_table(path, "t").columns == COLUMNS
    assert run(["info", str(path)]) == 0
    assert "tables: tables" in capsys.readouterr().out
