"""The scaling method keeps its promises, and the command counts."""

import json

import numpy as np
import pytest
from omezarr_example import commands, scaling

import omezarr
from omezarr.cli import run
from omezarr.testing import ScalingMethodSuite, isolated_registry


class TestCentre(ScalingMethodSuite):
    @pytest.fixture
    def method(self):
        return scaling.Centre()


def test_labels_can_be_scaled_by_it(tmp_path):
    labels = np.arange(81, dtype="uint64").reshape(9, 9)
    options = {"factors": 3, "levels": 2, "method": "centre", "registry": isolated_registry(scaling)}
    node = omezarr.write_image(tmp_path / "image.ome.zarr", labels, **options)
    assert node.levels[1].read().tolist() == [[10, 13, 16], [37, 40, 43], [64, 67, 70]]
    assert node.levels[1].translation == (1.0, 1.0)


def test_pixels_are_counted(tmp_path, capsys):
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(path, np.array([[0, 0], [5, 10]], dtype="uint8"))
    assert run(["histogram", str(path), "--bins", "2", "--json"], isolated_registry(commands)) == 0
    assert [row["count"] for row in json.loads(capsys.readouterr().out)] == [2, 2]


def test_what_is_no_image_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "plate.ome.zarr"
    omezarr.write_plate(path, {"A/1": np.zeros((4, 4), dtype="uint8")})
    assert run(["histogram", str(path)], isolated_registry(commands)) == 1
    assert "is no image" in capsys.readouterr().err
