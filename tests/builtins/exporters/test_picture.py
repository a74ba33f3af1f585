"""Pictures hold one plane as the renderer draws it, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, OMEZarrError, UnsupportedError
from omezarr.rendering import PictureRequest, render
from omezarr.testing import ExporterSuite
from omezarr_builtins.exporters.picture import PictureFile

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(5).integers(0, 60000, (2, 3, 70, 91)).astype("uint16")
CELLS = np.zeros((70, 91), "uint8")
CELLS[10:30, 20:60] = 3


class TestPictureFile(ExporterSuite):
    @pytest.fixture
    def exporter(self) -> PictureFile:
        return PictureFile()

    @pytest.fixture
    def pixels(self) -> Any:
        return np.kron(np.array([[0, 255], [255, 0]], "uint8"), np.ones((8, 8), "uint8"))  # the blocks of JPEG

    def read_back(self, file: Path) -> Any:
        shown = np.asarray(Image.open(file))
        assert (shown[..., 0] == shown[..., 2]).all()
        return shown[..., 0]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    omezarr.write_image(
        tmp_path / "cells.ome.zarr", PIXELS, axes="czyx", chunks=(1, 1, 16, 32), labels={"nuclei": CELLS}, levels=2,
        channels=[{"label": "DAPI", "color": "0000FF"}, {"label": "GFP", "color": "00FF00"}],
    )  # fmt: skip
    return tmp_path / "cells.ome.zarr"


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ([], {}),
        (["--exporter-option", "z=2"], {"at": {"z": 2}}),
        (["--region", "y=10:60,x=5:6"], {"region": (10, 5, 50, 1), "size": 50}),
        (["--exporter-option", "level=1", "--exporter-option", "z=0"], {"level": 1, "size": 46, "at": {"z": 0}}),
    ],
)
def test_it_is_what_the_renderer_draws(image: Path, tmp_path: Path, words: list[str], request_: dict[str, Any]) -> None:
    assert run(["convert", str(image), str(tmp_path / "a.png"), *words]) == 0
    drawn = render(omezarr.open(image), PictureRequest(**{"size": 91, **request_})).pixels
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), drawn)


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.webp", "WEBP")])
def test_the_kind_of_file_goes_by_the_name(image: Path, tmp_path: Path, name: str, kind: str) -> None:
    omezarr.convert(image, tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert (picture.format, picture.size) == (kind, (91, 70))


def test_labels_have_their_colours(image: Path, tmp_path: Path) -> None:
    omezarr.convert(image / "labels/nuclei", tmp_path / "a.png")
    drawn = render(omezarr.open(image).labels["nuclei"], PictureRequest(size=91)).pixels
    shown = np.asarray(Image.open(tmp_path / "a.png"))
    np.testing.assert_array_equal(shown, drawn)
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [({"z": "3"}, "z goes from 0 to 2 here, not to '3'"), ({"t": 0}, "no axis t to choose on; it has c, z, y, x"),
     ({"level": "two"}, "level goes from 0 to 1 here, not to 'two'")],
)  # fmt: skip
def test_what_is_not_there_is_refused(image: Path, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        omezarr.convert(image, tmp_path / "a.png", exporter_options=options)
    assert not (tmp_path / "a.png").exists()


def test_what_no_picture_can_hold_is_refused(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "wide.zarr", np.zeros((1, 16_384), "uint8"), axes="yx", levels=1)
    with pytest.raises(UnsupportedError, match=r"1 x 16384 pixels, more than 16383 along a side, as WEBP has"):
        omezarr.convert(tmp_path / "wide.zarr", tmp_path / "a.webp")
    omezarr.write_image(tmp_path / "large.zarr", np.zeros((2048, 2048), "uint8"), axes="yx", levels=1)
    with pytest.raises(OMEZarrError, match="more than fit into 8 MiB"):
        omezarr.convert(tmp_path / "large.zarr", tmp_path / "a.png", run=omezarr.RunOptions(memory=8 * 2**20))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large.zarr", "wide.zarr"]
