"""Images whose axes are untyped or in another order are converted by themselves, or the message says how."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.errors import UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"t": "time", "c": "channel"}

STACK = np.arange(2 * 3 * 4 * 5, dtype="uint16").reshape(2, 3, 4, 5)


def source(path: Path, names: str, *, typed: bool = True, labels: bool = False) -> Path:
    """Write an image of 0.4 with its axes as they come."""
    root = zarr.open_group(path, mode="w", zarr_format=2)
    axes = [{"name": name, **({"type": TYPES.get(name, "space")} if typed else {})} for name in names]
    steps = [float(number + 1) for number in range(len(names))]
    multiscale: dict[str, Any] = {
        "version": "0.4",
        "axes": axes,
        "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": steps}]}],
    }
    root.attrs["multiscales"] = [multiscale]
    root.create_array("0", data=STACK, chunks=STACK.shape)
    if labels:
        root.create_group("labels").attrs["labels"] = ["cells"]
        cells = root.create_group("labels/cells")
        cells.attrs.update({"multiscales": [multiscale], "image-label": {"version": "0.4"}})
        cells.create_array("0", data=(STACK % 3).astype("uint8"), chunks=STACK.shape)
    return path


def converted(path: Path, target: Path, **words: Any) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        node = omezarr.convert(path, target, **words)
    return node, [str(one.message) for one in seen]


@pytest.mark.parametrize(("before", "after"), [("zyxc", "czyx"), ("ctyx", "tcyx"), ("yxct", "tcyx"), ("tzyx", "tzyx")])
@pytest.mark.parametrize("typed", [True, False])
def test_pixels_sizes_and_labels_move_with_their_axes(before: str, after: str, typed: bool, tmp_path: Path) -> None:
    order = [before.index(name) for name in after]
    node, notices = converted(source(tmp_path / "a.zarr", before, typed=typed, labels=True), tmp_path / "b.zarr")
    assert [(axis.name, axis.type) for axis in node.axes] == [(name, TYPES.get(name, "space")) for name in after]
    assert node.levels[0].scale == tuple(float(position + 1) for position in order)
    assert np.array_equal(node.levels[0].read(), STACK.transpose(order))
    assert np.array_equal(node.labels["cells"].levels[0].read(), (STACK % 3).transpose(order))
    assert any("transposed to" in notice for notice in notices) == (before != after)
    assert any("gives no types" in notice for notice in notices) != typed


def test_names_that_say_nothing_end_in_a_message_that_can_be_followed(tmp_path: Path) -> None:
    path = source(tmp_path / "a.zarr", "abyx", typed=False)
    with pytest.raises(UnsupportedError, match="--axes czyx") as caught:
        converted(path, tmp_path / "b.zarr")
    axes = re.findall(r"axes='(\w+)'", str(caught.value))[0]
    node, _ = converted(path, tmp_path / "b.zarr", axes=axes)
    assert [axis.name for axis in node.axes] == list(axes)


def test_the_axes_that_are_typed_here_may_be_in_any_order(tmp_path: Path) -> None:
    path = source(tmp_path / "a.zarr", "abyx", typed=False)
    node, _ = converted(path, tmp_path / "b.zarr", axes="zyxc")
    assert np.array_equal(node.levels[0].read(), np.moveaxis(STACK, -1, 0))


def test_an_array_in_another_order_is_refused_with_the_transposition_that_works(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="Transpose the image to c, z, y, x") as caught:
        omezarr.write_image(tmp_path / "a.zarr", STACK, axes="zyxc")
    order = json.loads(f"[{re.findall(r'transpose[(](.*)[)]', str(caught.value))[0]}]")
    node = omezarr.write_image(tmp_path / "a.zarr", STACK.transpose(order), axes="czyx")
    assert node.levels[0].shape == (5, 2, 3, 4)
