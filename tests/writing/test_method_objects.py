"""A scaling method can be given itself, without being registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.abc import ScalingMethod
from omezarr.engine.methods import AS_STORED
from omezarr.errors import ArgumentError, UnknownNameError, UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(16 * 16, dtype="uint8").reshape(16, 16)


class Last(ScalingMethod):
    name = "last"
    preserves_values = True
    version = "7"

    def origin(self, factor: int) -> float:
        return factor - 1

    def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
        return window[inner][tuple(slice(factor - 1, None, factor) for factor in factors)]


class Mixing(Last):
    name = "mixing"
    preserves_values = False


def test_it_makes_the_levels_and_is_named_in_the_metadata(tmp_path: Path) -> None:
    image = omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", levels=2, method=Last())
    np.testing.assert_array_equal(image.levels[1].read(), PIXELS[1::2, 1::2])
    assert image.levels[1].translation == (1.0, 1.0)
    assert image.multiscale is not None
    assert image.multiscale.type == "last"
    assert image.multiscale.metadata["version"] == "7"  # type: ignore[index,call-overload]


def test_labels_take_one_that_preserves_values(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", levels=2)
    label = omezarr.write_labels(tmp_path / "a.zarr", PIXELS, "cells", label_method=Last())
    np.testing.assert_array_equal(label.levels[1].read(), PIXELS[1::2, 1::2])
    with pytest.raises(UnsupportedError, match="'mixing' makes new values"):
        omezarr.write_labels(tmp_path / "a.zarr", PIXELS, "others", label_method=Mixing())


def test_levels_are_added_with_one(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", levels=1)
    image = omezarr.add_levels(tmp_path / "a.zarr", levels=2, method=Last())
    np.testing.assert_array_equal(image.levels[1].read(), PIXELS[1::2, 1::2])


def test_an_acquisition_makes_its_levels_with_one(tmp_path: Path) -> None:
    options: dict[str, Any] = {"dtype": "uint8", "axes": "tyx", "levels": 2, "method": Last()}
    with omezarr.create_writer(tmp_path / "a.zarr", shape=(None, 16, 16), **options) as writer:
        writer.append(PIXELS)
    np.testing.assert_array_equal(omezarr.open(tmp_path / "a.zarr").levels[1].read()[0], PIXELS[1::2, 1::2])
    with omezarr.open_writer(tmp_path / "a.zarr", grows="t", method=Last()) as writer:
        writer.append(PIXELS[::-1])
    np.testing.assert_array_equal(omezarr.open(tmp_path / "a.zarr").levels[1].read()[1], PIXELS[::-1][1::2, 1::2])


def test_a_class_is_no_instance(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="or an instance of one"):
        omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", method=Last)  # type: ignore[arg-type]


def test_a_name_that_nobody_has_is_refused_where_nothing_is_scaled_too(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no scaling method is called 'lst'"):
        omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", levels=1, method="lst")


def test_what_copies_makes_nothing_smaller() -> None:
    whole = (slice(0, 16), slice(0, 16))
    assert AS_STORED.reduce(PIXELS, (1, 1), whole) is not None
    np.testing.assert_array_equal(AS_STORED.reduce(PIXELS, (1, 1), whole), PIXELS)
    with pytest.raises(UnsupportedError, match="choose a method"):
        AS_STORED.reduce(PIXELS, (2, 2), whole)
