"""Plans are values: made twice they are equal, they can be printed and sent, and what is sent writes the same bytes."""

from __future__ import annotations

import pickle
import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.arrays import as_source
from omezarr.model import CoordinateSystem, SystemReference, Translation, conventional_axes
from omezarr.plugins.registry import default_registry
from omezarr.writing import images
from omezarr.writing.images import run_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from omezarr.abc.plan import Plan

PIXELS = np.arange(2 * 40 * 36, dtype="uint16").reshape(2, 40, 36)


def image(place: Path, **options: Any) -> None:
    omezarr.write_image(place, PIXELS, axes="cyx", chunks=(1, 16, 16), **options)


def content(pixels: Any = PIXELS) -> omezarr.ImageContent:
    return omezarr.ImageContent(pixels=as_source(pixels), axes=conventional_axes("cyx"))


def prepare_fixed(place: Path) -> None:
    """Write an image with something to be mended."""
    image(place, levels=1, format="0.4")
    group = zarr.open_group(place, mode="a")
    (multiscale,) = group.attrs["multiscales"]  # type: ignore[misc]  # zarr knows JSON alone
    group.attrs["multiscales"] = [{**multiscale, "version": 0.4}]  # type: ignore[dict-item]


def with_cells(place: Path) -> None:
    image(place)
    omezarr.write_labels(place, PIXELS, "cells")


def filled_plate(place: Path) -> None:
    omezarr.create_plate(place, rows=2, columns=2, axes="cyx").write_field("B/2/0", PIXELS)


def acquired(place: Path) -> None:
    """Acquire nothing: frames are written beside the plans, which make the image and tell its length."""
    with omezarr.create_writer(place, shape=(None, 40, 36), dtype="uint16", axes="tyx", levels=2):
        pass


def scene(place: Path) -> None:
    world = CoordinateSystem("world", conventional_axes("cyx"))
    ends = {"input": SystemReference("physical", "right"), "output": SystemReference("world")}
    moved = Translation(translation=(0.0, 0.0, 30.0), **ends)  # type: ignore[arg-type]
    omezarr.write_scene(place, {"right": PIXELS}, [moved], systems=[world], axes="cyx")


CASES: dict[str, tuple[Callable[[Path], Any] | None, Callable[[Path, Path], Any]]] = {
    "write_image": (None, lambda at, _: image(at, levels=2)),
    "write_image with gaussian": (None, lambda at, _: image(at, levels=2, method="gaussian", format="0.4")),
    "write_multiscale": (None, lambda at, _: omezarr.write_multiscale(at, [PIXELS, PIXELS[:, ::2, ::2]], axes="cyx")),
    "write_content": (None, lambda at, _: omezarr.write_content(at, content())),
    "write_into": (lambda at: zarr.open_group(at, mode="w"), lambda at, _: omezarr.write_into(at, content())),
    "write_plate": (None, lambda at, _: omezarr.write_plate(at, {"A/1": [PIXELS]}, axes="cyx")),
    "write_field": (
        lambda at: omezarr.write_plate(at, {"A/1": [PIXELS]}, axes="cyx"),
        lambda at, _: omezarr.write_field(at, "A/1", PIXELS, axes="cyx"),
    ),
    "create_plate": (None, lambda at, _: filled_plate(at)),
    "create_writer": (None, lambda at, _: acquired(at)),
    "write_scene": (None, lambda at, _: scene(at)),
    "write_table": (image, lambda at, _: omezarr.write_table(at, "sizes", {"label": [1, 2]})),
    "csv_to_labels": (with_cells, lambda at, _: omezarr.csv_to_labels([{"id": 5, "kind": "T"}], "id", "kind", at)),
    "write_labels": (image, lambda at, _: omezarr.write_labels(at, PIXELS, "cells")),
    "add_levels": (lambda at: image(at, levels=1), lambda at, _: omezarr.add_levels(at, levels=2)),
    "convert": (None, lambda at, source: omezarr.convert(source / "cells.npy", at, axes="cyx")),
    "convert to 0.4": (None, lambda at, source: omezarr.convert(source / "image.zarr", at, format="0.4")),
    "copy": (None, lambda at, source: omezarr.copy(source / "image.zarr", at)),
    "upgrade": (lambda at: image(at, format="0.4"), lambda at, _: omezarr.upgrade(at, to="0.5")),
    "upgrade elsewhere": (None, lambda at, source: omezarr.upgrade(source / "old.zarr", at, to="0.5")),
    "edit": (image, lambda at, _: omezarr.edit(at, name="another")),
    "repair": (prepare_fixed, lambda at, _: omezarr.repair(at)),
}


def files(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Return the plans that are carried out, in order."""
    found: list[Plan] = []
    execute = images.execute

    def noting(plan: Plan, **options: Any) -> bool:
        found.append(plan)
        return execute(plan, **options)

    monkeypatch.setattr(images, "execute", noting)
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_plans_of_every_writer_are_values(name: str, tmp_path: Path, plans: list[Plan]) -> None:
    prepare, write = CASES[name]
    source, kept, place = tmp_path / "source", tmp_path / "kept", tmp_path / "work" / "a.zarr"
    source.mkdir()
    np.save(source / "cells.npy", PIXELS)
    image(source / "image.zarr", levels=2)
    image(source / "old.zarr", format="0.4")
    if prepare is not None:
        prepare(kept)

    def begun() -> None:
        shutil.rmtree(place.parent, ignore_errors=True)
        place.parent.mkdir()
        if prepare is not None:
            shutil.copytree(kept, place)
        plans.clear()

    begun()
    write(place, source)
    first, written = tuple(plans), files(place)
    begun()
    write(place, source)
    assert first
    assert tuple(plans) == first
    sent = pickle.dumps(first)
    copies: tuple[Plan, ...] = pickle.loads(sent)
    assert copies == first
    for plan in first:
        assert re.search(r" at 0x|<function|<bound", repr(plan)) is None
        assert plan.target.name in repr(plan)
    begun()
    for plan in copies:
        run_plan(plan, default_registry())
    assert files(place) == written


def test_plans_differ_where_pixels_methods_or_options_do(tmp_path: Path, plans: list[Plan]) -> None:
    for pixels, options in (
        (PIXELS, {}),
        (PIXELS + 1, {}),
        (PIXELS, {"method": "nearest"}),
        (PIXELS, {"chunks": (1, 8, 8)}),
        (PIXELS, {"format": "0.4"}),
    ):
        omezarr.write_image(tmp_path / "a.zarr", pixels, axes="cyx", overwrite=True, levels=2, **options)
    assert len(plans) == 5
    assert all(one != other for index, one in enumerate(plans) for other in plans[:index])


def test_a_source_that_cannot_tell_what_it_holds_equals_itself_alone() -> None:
    from omezarr.arrays.views import OffsetSource

    source = as_source(PIXELS)
    region = tuple(slice(0, length) for length in PIXELS.shape)
    one, other = (OffsetSource(source, PIXELS, region) for _ in range(2))
    assert (one == one, one == other) == (True, False)  # noqa: PLR0124 - that is what is asked
    assert source == as_source(PIXELS.copy())
    assert hash(source) == hash(as_source(PIXELS.copy()))
    assert source != as_source(PIXELS + 1)
    assert source != as_source(PIXELS[None])
