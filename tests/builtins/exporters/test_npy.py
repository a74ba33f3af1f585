"""`.npy` files hold the pixels of one image, whatever their chunks, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(5).integers(0, 60000, (3, 70, 91)).astype("uint16")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    omezarr.write_image(
        tmp_path / "cells.ome.zarr",
        PIXELS,
        axes="cyx",
        chunks=(1, 16, 32),
        labels={"nuclei": PIXELS.astype("uint32")},
        channels=["a", "b", "c"],
        scale={"y": 0.5, "x": 0.5},
        units="micrometer",
    )
    return tmp_path / "cells.ome.zarr"


@pytest.mark.parametrize(("memory", "threads"), [(None, None), (4000, 1), (64, 3)])
def test_the_pixels_are_those_of_the_image(
    tmp_path: Path, image: Path, memory: int | None, threads: int | None
) -> None:
    told = []
    means = omezarr.RunOptions(memory=memory, threads=threads, progress=told.append)
    omezarr.convert(image, tmp_path / "cells.npy", run=means)
    np.testing.assert_array_equal(np.load(tmp_path / "cells.npy"), PIXELS)
    assert told[-1].bytes_done == told[-1].bytes_total == PIXELS.nbytes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.npy", "cells.ome.zarr"]


def test_axes_are_written_in_another_order(tmp_path: Path, image: Path) -> None:
    assert run(["convert", str(image), str(tmp_path / "a.npy"), "--exporter-option", "axes=yxc"]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), PIXELS.transpose(1, 2, 0))
    with pytest.raises(ArgumentError, match=r"axes is 'zyx', but the image has the axes cyx"):
        omezarr.convert(image, tmp_path / "b.npy", exporter_options={"axes": "zyx"})


def test_a_region_is_written(tmp_path: Path, image: Path) -> None:
    assert run(["convert", str(image), str(tmp_path / "a.npy"), "--region", "c=1:3,y=10:60,x=5:6"]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), PIXELS[1:3, 10:60, 5:6])
    assert run(["convert", str(image), str(tmp_path / "b.npy"), "--region", "y=10"]) == 2


def test_a_region_of_an_image_is_an_image_at_its_place(tmp_path: Path, image: Path) -> None:
    part = omezarr.convert(image, tmp_path / "part.ome.zarr", region={"c": (1, 3), "y": (10, 60), "x": (4, 90)})
    np.testing.assert_array_equal(part.levels[0].read(), PIXELS[1:3, 10:60, 4:90])
    np.testing.assert_array_equal(part.labels["nuclei"].levels[0].read(), PIXELS[1:3, 10:60, 4:90])
    assert part.levels[0].translation == (0.0, 5.0, 2.0)
    assert [channel.label for channel in part.channels] == ["b", "c"]
    assert run(["validate", str(tmp_path / "part.ome.zarr")]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plate.zarr", "a.npy"], "the exporter 'npy' writes one image, and the source is a plate; give one of its"),
        (["cells.ome.zarr/labels", "a.npy"], "is of the type 'labels', not an image, plate or collection of images"),
        (["cells.ome.zarr", "a.npy", "--format", "0.5"], "belong to OME-Zarr and mean nothing to the exporter 'npy'"),
        (["cells.ome.zarr", "a.npy", "--resume"], "an export leaves nothing behind that could be resumed"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(
    words: list[str], message: str, tmp_path: Path, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-q", "create", str(tmp_path / "plate.zarr"), "--sample", "plate"]) == 0
    capsys.readouterr()
    assert run(["convert", *(str(tmp_path / word) if "." in word and word != "0.5" else word for word in words)]) > 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert message in said[0]
    assert not (tmp_path / "a.npy").exists()


def test_collections_are_refused_with_the_name_of_an_image(tmp_path: Path, image: Path) -> None:
    from omezarr.arrays import as_source
    from omezarr.model import conventional_axes
    from omezarr.model.content import CollectionContent, ImageContent
    from omezarr_builtins.exporters.npy import NumpyFile

    part = ImageContent(pixels=as_source(PIXELS), axes=conventional_axes("cyx"))
    with pytest.raises(UnsupportedError, match=r"a collection of images; give one of its images.* SOURCE/0"):
        NumpyFile().check(CollectionContent(images={"0": part}), {})


@pytest.mark.once
def test_memory_is_bounded(tmp_path: Path) -> None:
    pixels = np.zeros((64, 1024, 1024), "uint16")
    pixels[:, ::7] = 9
    omezarr.write_image(tmp_path / "big.zarr", pixels, axes="zyx", chunks=(4, 256, 256), levels=1)
    code = """
import resource, sys, omezarr
from omezarr.arrays import as_source
import numpy, zarr, tifffile
omezarr.open(sys.argv[1]).levels[0].read((slice(0, 1),) * 3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
omezarr.convert(sys.argv[1], sys.argv[2], run=omezarr.RunOptions(memory=16 * 1024**2, threads=2))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "big.zarr"), str(tmp_path / "big.npy")]
    grown = int(subprocess.run(arguments, capture_output=True, text=True, check=True).stdout)
    assert grown < 64 * 1024  # KiB; the pixels are 128 MiB
    assert (np.load(tmp_path / "big.npy", mmap_mode="r")[:, 7] == 9).all()
