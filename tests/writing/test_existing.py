"""Writing into a group that is there: what it has and holds stays, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from attrs import evolve

import omezarr
from omezarr import ImageContent, LabelContent, RunOptions
from omezarr.arrays import as_source
from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrError, TargetExistsError
from omezarr.model import conventional_axes
from omezarr.model.content import LabelImageContent

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(0).integers(0, 60000, (200, 300), dtype="uint16")


def content(pixels: Any = PIXELS) -> ImageContent:
    return ImageContent(pixels=as_source(pixels), axes=conventional_axes("yx"), scale=(0.5, 0.25), name="mine")


@pytest.fixture
def group(tmp_path: Path) -> zarr.Group:
    made = zarr.create_group(tmp_path / "a.zarr", zarr_format=3, attributes={"lens": 40, "ome": {"kept": [1]}})
    made.create_array("tables/t", data=np.arange(3))
    return made


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_the_image_is_that_of_a_new_hierarchy_and_the_rest_stays(tmp_path, group):
    before = files(tmp_path / "a.zarr")
    node = omezarr.write_into(group, content(), chunks=(64, 64))
    other = omezarr.write_content(tmp_path / "b.zarr", content(), chunks=(64, 64))
    attributes = zarr.open_group(tmp_path / "a.zarr").attrs.asdict()
    assert attributes.pop("lens") == 40
    assert attributes["ome"].pop("kept") == [1]
    assert attributes == zarr.open_group(tmp_path / "b.zarr").attrs.asdict()
    after, new = files(tmp_path / "a.zarr"), files(tmp_path / "b.zarr")
    del new["zarr.json"], after["zarr.json"], before["zarr.json"]
    assert after == new | before
    assert [level.scale for level in node.levels] == [level.scale for level in other.levels]


def test_an_array_that_is_there_is_not_written_over(tmp_path, group):
    group.create_array("1", data=np.arange(3))
    before = files(tmp_path / "a.zarr")
    with pytest.raises(TargetExistsError, match="has '1' already"):
        omezarr.write_into(group, content(), levels=2)
    assert files(tmp_path / "a.zarr") == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "0.4"}, "zarr format 3, but NGFF 0.4 needs 2"),
        ({"overwrite": True}, "overwrite has no meaning"),
        ({"consolidated": True}, "consolidated has no meaning"),
        ({"chunk": 3}, "'chunk'"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, group, options, message):
    before = files(tmp_path / "a.zarr")
    with pytest.raises(ArgumentError, match=message):
        omezarr.write_into(group, content(), **options)
    assert files(tmp_path / "a.zarr") == before


@pytest.mark.parametrize("path", ["none.zarr", "a.zarr/tables/t"])
def test_there_has_to_be_a_group(tmp_path, group, path):
    with pytest.raises(LocationNotFoundError, match=r"no zarr group|does not exist"):
        omezarr.write_into(tmp_path / path, content())
    assert not (tmp_path / "none.zarr").exists()


@pytest.mark.parametrize("broken", [(0, 0), (3, 4)], ids=["at once", "midway"])
def test_a_failure_leaves_the_document_and_can_be_resumed(tmp_path, group, broken):
    source = zarr.create_array(tmp_path / "source.zarr", data=PIXELS, chunks=(50, 60))
    chunk = tmp_path / "source.zarr" / "c" / str(broken[0]) / str(broken[1])
    held, before = chunk.read_bytes(), files(tmp_path / "a.zarr")
    chunk.write_bytes(b"nothing that can be decoded")
    with pytest.raises(OMEZarrError):
        omezarr.write_into(group, content(source), chunks=(50, 60), levels=2, run=RunOptions(threads=1))
    assert before.items() <= files(tmp_path / "a.zarr").items()
    chunk.write_bytes(held)
    resumed = RunOptions(threads=1, resume=True)
    node = omezarr.write_into(group, content(source), chunks=(50, 60), levels=2, run=resumed)
    assert (node.levels[0].read() == PIXELS).all()
    assert len(node.levels) == 2
    assert not list((tmp_path / "a.zarr").glob(".omezarr"))


@pytest.mark.parametrize("version", ["0.2", "0.4", "0.5", "0.6"])
def test_a_label_image_can_have_levels_of_its_own(tmp_path, version):
    zarr_format: Any = 2 if version < "0.5" else 3
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=zarr_format).create_group("labels/cells")
    pixels = (PIXELS > 30000).astype("uint8")
    axes, shape = ("tczyx", (1, 1, 1, *pixels.shape)) if version == "0.2" else ("yx", pixels.shape)
    image = evolve(content(pixels.reshape(shape)), axes=conventional_axes(axes), scale=None)
    label = LabelContent(pixels=image.pixels, axes=image.axes)
    steps = ((*(1,) * (len(axes) - 2), 4, 4),)
    written = LabelImageContent(name="cells", label=label, image=image, factors=steps)
    node = omezarr.write_into(group, written, format=version)
    assert "image-label" in node.facets
    assert [level.shape[-2:] for level in node.levels] == [(200, 300), (50, 75)]
    assert (node.levels[1].read().squeeze() == pixels[::4, ::4]).all()


@pytest.mark.parametrize("place", ["folder", "store"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_group_with_nothing_in_it_is_a_place_to_write_to(tmp_path: Path, place: str, zarr_format: Any) -> None:
    target: Any = str(tmp_path / "a.ome.zarr") if place == "folder" else zarr.storage.MemoryStore()
    zarr.open_group(target, mode="w", zarr_format=zarr_format)
    node = omezarr.write_image(target, PIXELS)
    assert (node.levels[0].read() == PIXELS).all()
    assert node.zarr_node.zarr_format == 3
    if place == "folder":
        assert not (tmp_path / "a.ome.zarr/.zgroup").exists()


@pytest.mark.parametrize("fill", ["attributes", "array", "file"])
def test_a_group_with_anything_in_it_is_not(tmp_path: Path, fill: str) -> None:
    made = zarr.open_group(tmp_path / "a.zarr", mode="w")
    if fill == "attributes":
        made.attrs["mine"] = 1
    elif fill == "array":
        made.create_array("t", data=np.arange(3))
    else:
        (tmp_path / "a.zarr/notes.txt").write_text("mine")
    before = files(tmp_path / "a.zarr")
    with pytest.raises(TargetExistsError, match=r"exists already; overwrite it .*--overwrite, overwrite=True"):
        omezarr.write_image(tmp_path / "a.zarr", PIXELS)
    assert files(tmp_path / "a.zarr") == before


def test_a_zip_store_of_zarr_is_a_place_to_write_to(tmp_path: Path) -> None:
    pixels = np.stack([PIXELS] * 3)  # with channels: their windows are read from what was written
    with zarr.storage.ZipStore(tmp_path / "a.zip", mode="w") as store:
        omezarr.write_image(store, pixels, axes="cyx", levels=2)
    node = omezarr.open(tmp_path / "a.zip")
    assert (node.levels[0].read() == pixels).all()
    assert len(node.levels) == 2
