"""The smaller parts of the names of ome-zarr-py: samples, tables, scaling, commands, plates."""

from __future__ import annotations

import csv
import json
import shutil

import dask.array as da
import numpy as np
import pytest
import zarr

import omezarr
from omezarr_compat import conversions, dask_utils, data
from omezarr_compat.axes import Axes
from omezarr_compat.cli import main
from omezarr_compat.csv import csv_to_zarr, dict_to_zarr, parse_csv_value
from omezarr_compat.format import (
    FormatV03,
    FormatV04,
    FormatV05,
    detect_format,
    format_from_version,
    format_implementations,
)
from omezarr_compat.io import parse_url
from omezarr_compat.reader import OMERO, Plate, PlateLabels, Reader, Well
from omezarr_compat.scale import Scaler
from omezarr_compat.utils import download, find_multiscales, finder, info, splitall, strip_common_prefix, view
from omezarr_compat.writer import get_metadata, write_image, write_labels, write_plate_metadata, write_well_metadata

RAMP = np.arange(3 * 40 * 50, dtype="uint16").reshape(3, 40, 50)


@pytest.fixture
def plate(tmp_path):
    """A plate of 2 x 2 wells of which one lists but lacks, one has no second field, all with labels."""
    root = zarr.open_group(tmp_path / "plate.zarr", mode="w", zarr_format=2)
    write_plate_metadata(root, ["A", "B"], ["1", "2"], ["A/1", "B/1", "B/2"], name="mine", field_count=3)
    for number, path in enumerate(["A/1", "B/2"], 1):
        well = root.require_group(path)
        write_well_metadata(well, ["0", {"path": "1", "acquisition": 0}, "2"])
        for field in "012":
            image = well.require_group(field)
            write_image(np.full((8, 10), 10 * number + int(field), "uint8"), image, Scaler(max_layer=1))
            write_labels(np.full((8, 10), number, "uint8"), image, "0", Scaler(max_layer=1))
    return tmp_path / "plate.zarr"


def test_a_plate_is_shown_with_each_well_in_its_place(plate):
    (node,) = Reader(parse_url(plate))()
    spec = node.first(Plate)
    assert (spec.row_names, spec.col_names, spec.first_field_path) == (["A", "B"], ["1", "2"], "0")
    assert [level.shape for level in node.data] == [(16, 20), (8, 10)]
    assert node.data[0][::8, ::10].compute().tolist() == [[10, 0], [0, 20]]
    assert node.metadata["metadata"]["plate"]["name"] == "mine"
    (labels,) = [PlateLabels(node).get_stitched_grid(0, (8, 10))]
    assert labels[::8, ::10].compute().tolist() == [[1, 0], [0, 2]]


def test_a_plate_over_http_opens_with_a_request_budget_and_missing_wells(plate, http_server, caplog):
    shutil.copytree(plate, http_server.root / "plate.zarr")
    (node,) = Reader(parse_url(f"{http_server.url}/plate.zarr"))()
    asked = {path for path in http_server.counts if "/B/" in path}
    assert asked == set()
    assert node.data[1][::4, ::5].compute().tolist() == [[10, 0], [0, 20]]
    assert "B/1/0/1" in caplog.text
    assert parse_url(f"{http_server.url}/nothing.zarr") is None


def test_an_image_over_http_comes_with_its_labels(plate, http_server):
    shutil.copytree(plate / "A/1/2", http_server.root / "a.zarr")
    nodes = list(Reader(parse_url(f"{http_server.url}/a.zarr/labels/0"))())
    assert [node.zarr.basename() for node in nodes] == ["a.zarr", "labels", "0"]
    assert [node.data[0].max().compute() for node in nodes if node.data] == [12, 1]


def test_a_well_is_shown_with_its_fields_in_a_square(plate):
    (node,) = Reader(parse_url(plate / "B/2"))()
    assert isinstance(node.specs[0], Well)
    assert node.data[0][::8, ::10].compute().tolist() == [[20, 21], [22, 0]]


def test_what_is_wrong_with_a_plate_is_refused(tmp_path):
    group = zarr.open_group(tmp_path / "p.zarr", mode="w", zarr_format=2)
    for rows, wells, more in [
        (["A", "A"], ["A/1"], {}),
        (["&"], ["&/1"], {}),
        (["A"], [], {}),
        (["A"], [3], {}),
        (["A"], ["B/1"], {}),
        (["A"], ["A1"], {}),
        (["A"], [{"path": "A/1", "rowIndex": 1, "columnIndex": 0}], {}),
        (["A"], ["A/1"], {"acquisitions": [{"id": "0"}]}),
    ]:
        with pytest.raises(omezarr.errors.ArgumentError):
            write_plate_metadata(group, rows, ["1"], wells, **more)
    for images in ([0], [{"acquisition": 1}], [{"path": "0", "acquisition": "1"}]):
        with pytest.raises(omezarr.errors.ArgumentError):
            write_well_metadata(group, images)
    assert get_metadata(group) == {}


@pytest.mark.parametrize("method", ["nearest", "local_mean", "gaussian", "zoom"])
def test_levels_do_not_depend_on_chunks(method):
    scaler = Scaler(max_layer=2, method=method)
    whole, lazy = scaler.func(RAMP), scaler.func(da.from_array(RAMP, chunks=(2, 7, 50)))
    assert [level.shape for level in whole] == [(3, 40, 50), (3, 20, 25), (3, 10, 13)]
    for level, other in zip(whole, lazy, strict=True):
        assert level.dtype == RAMP.dtype
        assert np.array_equal(level, other.compute())


def test_single_levels_are_scaled_as_they_are_asked_for():
    lazy = da.from_array(RAMP, chunks=20)
    assert np.array_equal(dask_utils.downscale_nearest(lazy, (1, 2, 2)).compute(), RAMP[:, ::2, ::2])
    assert np.array_equal(dask_utils.resize(lazy, (3, 20, 25), order=0).compute(), RAMP[:, ::2, ::2])
    assert dask_utils.resize(lazy, (3, 13, 16), preserve_range=True).shape == (3, 13, 16)
    assert dask_utils.local_mean(RAMP, (3, 20, 25))[0, 0, 0] == 26
    assert dask_utils.zoom(RAMP, (1, 20, 25)).shape == (1, 20, 25)
    assert np.array_equal(Scaler(order=0).resize_image(RAMP), RAMP[:, ::2, ::2])
    for wrong in ((1, 2), (1, 0, 2), (1, 2, 99)):
        with pytest.raises(ValueError, match="do not fit"):
            dask_utils.downscale_nearest(lazy, wrong)
    with pytest.raises(ValueError, match="whole factor"):
        dask_utils.resize(lazy, (3, 30, 40))
    with pytest.raises(ValueError, match="'clip'"):
        dask_utils.resize(lazy, (3, 20, 25), clip=True)


def test_a_bare_array_is_scaled_to_a_group(tmp_path):
    source, target = tmp_path / "array.zarr", tmp_path / "scaled.zarr"
    array = zarr.create_array(source, data=RAMP, chunks=(1, 16, 16), attributes={"lens": 40})
    words = ["--copy-metadata", "--method", "local_mean", "--max_layer", "2"]
    main(["scale", str(source), str(target), *words])
    group = zarr.open_group(target, mode="r")
    assert sorted(group) == ["1", "2", "base"]
    assert group.attrs["lens"] == 40
    assert np.array_equal(group["base"][:], array[:])
    assert np.array_equal(group["2"][:], Scaler(max_layer=2).local_mean(RAMP)[2])
    with pytest.raises(SystemExit):
        main(["scale", str(source), str(tmp_path / "other"), "--labeled", "--method", "zoom"])
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("fmt", list(format_implementations()), ids=str)
@pytest.mark.parametrize("method", [data.coins, data.astronaut], ids=["coins", "astronaut"])
def test_samples_are_valid_and_the_same_each_time(tmp_path, fmt, method):
    for name in "ab":
        data.create_zarr(str(tmp_path / name), method=method, label_name="mine", fmt=fmt)
    report = omezarr.validate(tmp_path / "a")
    assert [problem for problem in report.problems if problem.severity == "error"] == []
    one, two = (get_metadata(str(tmp_path / name / "labels/mine")) for name in "ab")
    assert one["image-label"] == two["image-label"]
    image, _, label = Reader(parse_url(tmp_path / "a"))()
    assert image.first(OMERO).image_data["channels"][0]["color"] == "FF0000"
    assert len(label.metadata["color"]) == len(one["image-label"]["colors"])


def test_a_copy_has_everything(tmp_path, monkeypatch, capsys, plate):
    monkeypatch.chdir(plate.parent)
    with pytest.warns(omezarr.errors.OMEZarrWarning, match="'B/1', which is not there"):
        download("plate.zarr", "out")
    assert "100% Completed" in capsys.readouterr().out
    (node,) = Reader(parse_url("out/plate.zarr"))()
    assert node.data[0][::8, ::10].compute().tolist() == [[10, 0], [0, 20]]
    shutil.rmtree("out/plate.zarr")
    omezarr.write_image("out/plate.zarr", RAMP[0])
    with pytest.raises(FileExistsError), pytest.warns(omezarr.errors.OMEZarrWarning):
        download("plate.zarr", "out")


def test_info_tells_of_each_node(tmp_path, capsys):
    main(["create", "--format", "0.4", str(tmp_path / "a.zarr")])
    names = [node.zarr.basename() for node in info(str(tmp_path / "a.zarr"), stats=True)]
    assert names == ["a.zarr", "labels", "coins"]
    told = capsys.readouterr().out
    assert " - version: 0.4\n" in told
    assert "   - (203, 284) minmax=(7, 252)\n" in told
    with pytest.raises(SystemExit) as ended:
        main(["info", str(tmp_path / "none.zarr")])
    assert ended.value.code == 2


def test_images_are_found_below_a_folder(tmp_path, capsys, plate):
    folder = plate.parent
    (folder / "none").mkdir()
    finder(str(folder / "none"), dry_run=True)
    assert "no OME-Zarr" in capsys.readouterr().out
    data.create_zarr(str(folder / "deep/coins.zarr"))
    (folder / "many.zarr/OME").mkdir(parents=True)
    (folder / "many.zarr/.zattrs").write_text(json.dumps({"bioformats2raw.layout": 3}))
    (folder / "many.zarr/OME/METADATA.ome.xml").write_text('<OME><Image ID="0" Name="a &amp; b"/><Image ID="1"/></OME>')
    assert find_multiscales(plate) == [[plate / "A/1" / "0", "plate.zarr", str(folder)]]
    assert find_multiscales(folder) == []
    finder(str(folder), dry_run=True)
    rows = list(csv.DictReader((folder / "biofile_finder.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["File Name"] for row in rows] == ["coins.zarr", "a & b", "many.zarr Series:1", "plate.zarr"]
    assert [row["Folders"] for row in rows] == ["deep", "", "", ""]
    assert rows[0]["File Path"] == f"http://localhost:8000/{folder.name}/deep/coins.zarr"
    view(str(folder), dry_run=True)
    assert "no OME-Zarr image" in capsys.readouterr().out
    view(str(plate), dry_run=True)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_tables_become_properties_of_labels(tmp_path, version):
    path = str(tmp_path / "a.zarr")
    main(["create", "--format", version, path])
    table = tmp_path / "t.csv"
    table.write_text("which,area,count,round,kind\nclass 1,2.5,3,False,x\nclass 99,1,1,True,y\n")
    main(["csv_to_labels", str(table), "which", "area#d,count#l,round#b,kind", path, "class"])
    dict_to_zarr({"class 2": {"area": 7}}, path, "class")
    first, second, *_ = get_metadata(f"{path}/labels/coins")["image-label"]["properties"]
    assert first == {"label-value": 1, "class": "class 1", "area": 2.5, "count": 3, "round": False, "kind": "x"}
    assert second == {"label-value": 2, "class": "class 2", "area": 7}
    with pytest.raises(ValueError, match="nothing"):
        csv_to_zarr(str(table), "nothing", "area", path, "class")


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [("1.5", "d", 1.5), ("2.6", "l", 3), ("x", "l", "x"), ("inf", "l", "inf"), ("no", "b", False), ("1", "b", True)],
)
def test_cells_are_what_their_column_says(cell, kind, value):
    found = parse_csv_value(cell, kind)
    assert (found, type(found)) == (value, type(value))


def test_versions_are_told_apart():
    assert detect_format({"version": "0.5", "multiscales": [{}]}, FormatV04()) == FormatV05()
    assert detect_format({"plate": {"version": "0.3"}}, FormatV05()) == FormatV03()
    assert detect_format({}, FormatV05()) == FormatV05()
    assert format_from_version(0.4) == FormatV04()
    with pytest.raises(ValueError, match=r"no version '7'; known|no version '7' here; known: 0\.5"):
        format_from_version("7")


def test_axes_are_written_as_their_version_does():
    assert Axes("tczyx", FormatV03()).to_list(FormatV03()) == ["t", "c", "z", "y", "x"]
    assert Axes(["y", "x"]).to_list() == [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    for wrong in (["y", {}], None, "xc"):
        with pytest.raises(ValueError, match=r"name|axes"):
            Axes(wrong, FormatV04())


def test_paths_and_colours_are_taken_apart():
    assert splitall("/a/b/c") == ["/", "a", "b", "c"]
    paths = [["a", "b", "c"], ["a", "b"], ["a", "b", "d", "e"]]
    assert strip_common_prefix(paths) == "b"
    assert paths == [["b", "c"], ["b"], ["b", "d", "e"]]
    with pytest.raises(ValueError, match="in common"):
        strip_common_prefix([["a"], ["b"]])
    assert conversions.int_to_rgba_255(conversions.rgba_to_int(1, 2, 3, 4)) == [1, 2, 3, 4]


def test_pictures_are_drawn_into_arrays():
    circle = np.zeros((9, 9), int)
    data.make_circle(9, 9, 5, circle)
    assert circle.sum() == 5 * 45
    assert data.rgb_to_5d(np.zeros((4, 5, 3))).shape == (1, 3, 1, 4, 5)
    assert data.rgb_to_5d(np.zeros((4, 5))).shape == (1, 1, 1, 4, 5)
    with pytest.raises(ValueError, match="two dimensions"):
        data.rgb_to_5d(np.zeros(4))
