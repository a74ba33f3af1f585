"""What is written is valid, down to what the specification only recommends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import omezarr

PIXELS = np.arange(300 * 300, dtype="uint16").reshape(300, 300)
VERSIONS = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]
PLACE = "memory://validity/cells.ome.zarr"


def problems(place: str = PLACE) -> list[str]:
    return [problem.rule for problem in omezarr.validate(place, strict=True).problems]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("levels", [1, 2])
def test_an_image_breaks_no_recommendation(version: str, levels: int) -> None:
    node = omezarr.write_image(
        PLACE, PIXELS, format=version, levels=levels, expand_axes=version in ("0.1", "0.2"), overwrite=True
    )
    assert problems() == []
    assert node.name == "cells"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plate_breaks_no_recommendation(version: str) -> None:
    wells = {f"{row}/{column}": [PIXELS, PIXELS] for row in "AB" for column in "12"}
    node = omezarr.write_plate(PLACE, wells, format=version, expand_axes=version in ("0.1", "0.2"), overwrite=True)
    omezarr.write_field(PLACE, "B/1", PIXELS, expand_axes=version in ("0.1", "0.2"))
    assert problems() == []
    assert (node.name, node.children["A/1"].children["0"].name) == ("cells", "A/1/0")


@pytest.mark.parametrize("made_by", [{}, {"method": "nearest"}])
def test_levels_that_were_given_break_no_recommendation(made_by: dict[str, Any]) -> None:
    node = omezarr.write_multiscale(PLACE, [PIXELS, PIXELS[::2, ::2]], overwrite=True, **made_by)
    assert problems() == []
    assert node.multiscale.type == made_by.get("method", "unknown")


def test_acquired_images_and_levels_of_a_bare_array_break_no_recommendation(tmp_path: Any) -> None:
    import zarr

    with omezarr.create_writer(tmp_path / "run.ome.zarr", shape=(2, 300, 300), dtype="uint16", axes="tyx") as writer:
        writer.write(PIXELS, t=0)
    assert problems(tmp_path / "run.ome.zarr") == []
    zarr.create_array(tmp_path / "bare.zarr/0", data=PIXELS, chunks=(64, 64), dimension_names=("y", "x"))
    assert omezarr.add_levels(tmp_path / "bare.zarr/0", axes="yx").name == "bare"
    assert problems(tmp_path / "bare.zarr") == []


def test_a_size_without_its_unit_is_said() -> None:
    omezarr.write_image(PLACE, PIXELS, scale=0.5, overwrite=True)
    assert problems() == ["axes.unit.present", "axes.unit.present"]
