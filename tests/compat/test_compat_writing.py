"""Scripts that were written for ome-zarr-py write and read back through omezarr."""

from __future__ import annotations

import subprocess
import sys

import dask.array as da
import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

import omezarr
from omezarr_compat.format import FormatV01, FormatV04, FormatV05, format_implementations
from omezarr_compat.io import ZarrLocation, parse_url
from omezarr_compat.reader import Label, Labels, Multiscales, Node, Reader
from omezarr_compat.scale import Scaler
from omezarr_compat.writer import (
    add_metadata,
    get_metadata,
    write_image,
    write_labels,
    write_multiscale,
    write_multiscale_labels,
)


@pytest.fixture
def cells():
    return np.random.default_rng(0).integers(0, 255, (3, 100, 140), dtype="uint8")


def new_group(path, fmt):
    return zarr.group(store=parse_url(path, mode="w", fmt=fmt).store)


@pytest.mark.parametrize("fmt", list(format_implementations()), ids=str)
@pytest.mark.parametrize("lazy", [False, True], ids=["numpy", "dask"])
def test_an_image_and_its_labels_are_valid_and_come_back(tmp_path, cells, fmt, lazy):
    image = da.from_array(cells, chunks=(1, 33, 50)) if lazy else cells
    axes = None if fmt.version in ("0.1", "0.2") else "cyx"
    root = new_group(tmp_path / "a.zarr", fmt)
    assert write_image(image, root, axes=axes, fmt=fmt, storage_options={"chunks": (32, 64)}) == []
    write_labels((image > 128).astype("uint8"), root, "bright", axes=axes, fmt=fmt)
    report = omezarr.validate(tmp_path / "a.zarr")
    assert [problem for problem in report.problems if problem.severity == "error"] == []
    image_node, labels_node, label_node = Reader(parse_url(tmp_path / "a.zarr"))()
    assert image_node.zarr.fmt == fmt
    assert [type(node.specs[0]) for node in (image_node, labels_node, label_node)] == [Multiscales, Labels, Label]
    assert (image_node.data[0].compute().reshape(cells.shape) == cells).all()
    assert len(image_node.data) == len(label_node.data) == 5
    assert image_node.data[0].chunksize[-3:] == (3, 32, 64)
    assert (label_node.data[1].compute().squeeze() == (cells > 128)[:, ::2, ::2]).all()


def test_what_the_caller_says_of_levels_is_kept_as_it_is(tmp_path, cells):
    said = [
        [{"type": "scale", "scale": [1, 0.5, 0.5]}, {"type": "translation", "translation": [0, 3, 4]}],
        [{"type": "scale", "scale": [1, 1, 1]}, {"type": "translation", "translation": [0, 3.25, 4.25]}],
    ]
    omero = {"channels": [{"color": "FF0000", "label": str(index)} for index in range(3)], "rdefs": {"model": "color"}}
    group = new_group(tmp_path / "a.zarr", FormatV04())
    write_image(
        cells,
        group,
        scaler=Scaler(max_layer=1, method="local_mean"),
        axes="cyx",
        coordinate_transformations=said,
        name="mine",
        metadata={"omero": omero, "lens": "40x"},
    )
    for document in (get_metadata(group), get_metadata(str(tmp_path / "a.zarr"))):
        (image,) = document["multiscales"]
        assert [dataset["coordinateTransformations"] for dataset in image["datasets"]] == said
        assert (image["name"], image["metadata"]["lens"]) == ("mine", "40x")
        assert document["omero"] == omero


def test_levels_that_are_given_are_written_each_with_its_storage(tmp_path, cells):
    levels = [cells, cells[:, ::2, ::2], cells[:, ::4, ::4]]
    options = [{"chunks": (1, 64, 64)}, {"chunks": (1, 32, 32)}, {"chunks": 16}]
    path = str(tmp_path / "a.zarr")
    write_multiscale(levels, path, axes="cyx", storage_options=options, name="given")
    node = omezarr.open(path)
    assert [level.chunks for level in node.levels] == [(1, 64, 64), (1, 32, 32), (3, 16, 16)]
    assert [level.scale for level in node.levels] == [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    write_multiscale_labels(levels[:2], path, "cells", axes="cyx", label_metadata={"colors": [{"label-value": 1}]})
    document = get_metadata(f"{path}/labels/cells")
    assert document["image-label"] == {
        "version": "0.5",
        "colors": [{"label-value": 1}],
        "source": {"image": "../../"},
    }
    assert get_metadata(f"{path}/labels") == {"version": "0.5", "labels": ["cells"]}


@pytest.mark.parametrize("listed", [False, True], ids=["alike", "each"])
def test_what_later_versions_say_of_levels_is_understood(tmp_path, cells, listed):
    factors = [3, {"z": 2, "y": 6, "x": 9}]
    storage = [{"chunks": 64}, {"chunks": 32}, {"chunks": 16}] if listed else {"chunks": 32}
    said = {"scale": {"z": 2, "x": 0.5}, "axes_units": {"x": "micrometer"}, "scale_factors": factors}
    path = str(tmp_path / "a.zarr")
    write_image(cells, path, axes="zyx", method="local_mean", storage_options=storage, **said)
    write_labels(cells, path, "cells", axes="zyx", **said)
    node = omezarr.open(path)
    assert [level.scale for level in node.levels] == [(2, 1, 0.5), (2, 3, 1.5), (4, 6, 4.5)]
    assert [axis.unit for axis in node.axes][2] == "micrometer"
    assert node.levels[1].read((0, 0, 0)) == round(cells[0, :3, :3].mean())
    assert [level.shape for level in node.labels["cells"].levels] == [(3, 100, 140), (3, 34, 47), (2, 17, 16)]
    assert node.labels["cells"].levels[2].read((0, 1, 1)) == cells[0, 6, 9]


def test_nothing_is_written_before_it_is_computed(tmp_path, cells):
    group = new_group(tmp_path / "a.zarr", FormatV05())
    jobs = write_image(da.from_array(cells), group, axes="cyx", compute=False)
    assert list(group) == []
    da.compute(*jobs)
    assert (omezarr.open(tmp_path / "a.zarr").levels[0].read() == cells).all()


def test_what_else_is_in_the_group_stays(cells):
    group = zarr.create_group(
        MemoryStore(), zarr_format=3, attributes={"sample": 7, "ome": {"version": "0.5", "my": 1}}
    )
    group.create_group("tables")
    write_image(cells, group, axes="cyx")
    assert group.attrs["sample"] == 7
    assert get_metadata(group)["my"] == 1
    assert sorted(group) == ["0", "1", "2", "3", "4", "tables"]
    with pytest.raises(omezarr.errors.TargetExistsError, match="'0' already"):
        write_image(cells, group, axes="cyx")
    add_metadata(group, {"omero": {"id": 3}})
    assert get_metadata(group)["omero"]["channels"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"axes": "yx"}, "2 axes are given for 3"),
        ({"axes": "xtc"}, "0.5"),
        ({"axes": None}, "cannot be guessed"),
        ({"fmt": FormatV04()}, "zarr format 3"),
        ({"scaler": Scaler(method="nothing")}, "'nothing'"),
        ({"storage_options": {"chunk": 3}}, "'chunk'"),
        ({"storage_options": {"compressor": 3}}, "no compressor"),
        ({"coordinate_transformations": [[{"type": "scale", "scale": [1, 1, 1]}]]}, "5 levels"),
        ({"omero": {}}, "'omero'"),
        ({"scale_factors": [2, 3]}, "no multiples"),
        ({"scale_factors": [{"q": 2}]}, "'q'"),
        ({"method": "nothing"}, "nothing"),
        ({"axes_units": {"q": "meter"}}, "'q'"),
        ({"scale": {"x": 1}, "coordinate_transformations": []}, "say the same"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, cells, given, message):
    group = new_group(tmp_path / "a.zarr", FormatV05())
    with pytest.raises(ValueError, match=message):
        write_image(cells, group, **{"axes": "cyx", **given})
    assert list(group) == []


def test_a_location_is_none_where_nothing_is(tmp_path):
    assert parse_url(tmp_path / "none.zarr") is None
    assert not ZarrLocation(tmp_path / "none.zarr").exists()
    assert not (tmp_path / "none.zarr").exists()
    with pytest.raises(FileNotFoundError, match="no group"):
        Reader(parse_url(tmp_path / "none.zarr"))


def test_a_location_that_is_opened_to_write_keeps_what_is_there(tmp_path, cells):
    write_image(cells, new_group(tmp_path / "a.zarr", FormatV01()), fmt=FormatV01())
    location = parse_url(tmp_path / "a.zarr", mode="w")
    assert location.fmt == FormatV01()
    assert Node(location, []).data[0].shape == (1, 1, 3, 100, 140)


def test_one_line_makes_the_old_name_work(tmp_path):
    code = (
        "import omezarr_compat; omezarr_compat.install(); omezarr_compat.install()\n"
        "import ome_zarr, ome_zarr.writer\n"
        "from ome_zarr.reader import Reader\n"
        "from omezarr_compat.reader import Reader as own\n"
        "assert Reader is own and ome_zarr.writer.write_image.__module__ == 'omezarr_compat.writer'\n"
        "try:\n    import ome_zarr.nothing\nexcept ModuleNotFoundError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "No module named 'ome_zarr.nothing'\n"), ran.stderr


def test_the_original_is_not_hidden(tmp_path):
    (tmp_path / "ome_zarr").mkdir()
    (tmp_path / "ome_zarr/__init__.py").write_text("")
    code = "import omezarr_compat; omezarr_compat.install()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 1
    assert "ConflictError: ome-zarr-py is installed" in ran.stderr
