"""A channel that is appended: what writing all channels at once makes, whenever it is interrupted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.cli import run
from omezarr.editing import plan_appended_channel
from omezarr.engine.steps import StepRunner
from omezarr.errors import ArgumentError, UnsupportedError, WriteError

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
PIXELS = np.random.default_rng(0).integers(0, 9999, (1, 3, 2, 33, 35)).astype("uint16")
PIXELS[:, 2, :, :16] = 0  # of which no chunk is stored
THIRD = {"label": "c", "color": "00FFFF"}


def written(path: Path, count: int = 2, version: str = "0.5", **words: Any) -> Path:
    """Write an image of the first channels, in three levels."""
    words = {"chunks": (1, 1, 1, 16, 16), "scale": (1, 1, 2, 0.5, 0.5), "channels": ["a", "b", THIRD][:count], **words}
    if version in ("0.5", "0.6"):
        words["shards"] = (1, 1, 2, 32, 32)
    omezarr.write_image(path, PIXELS[:, :count], name="cells", format=version, levels=3, allow_lossy=True, **words)
    return path


def stored(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_what_writing_all_channels_at_once_makes(tmp_path: Path, version: str):
    path = written(tmp_path / "a.zarr", version=version)
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*") if file.is_file() and "json" not in file.name}
    node = omezarr.append_channel(path, PIXELS[0, 2], "c", color="00FFFF")
    assert [channel.label for channel in node.channels] == ["a", "b", "c"]
    assert stored(path) == stored(written(tmp_path / "all.zarr", 3, version))
    chunks = [file for file in before if not file.name.startswith(".z")]
    assert chunks
    assert all(file.stat().st_mtime_ns == before[file] for file in chunks)


class Killed(BaseException):
    """Ends the process between two steps, as far as the plan can tell."""


def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    carry_out = StepRunner._run

    def until(self: StepRunner, index: int, step: Any) -> None:
        if index == number:
            raise Killed
        carry_out(self, index, step)

    monkeypatch.setattr(StepRunner, "_run", until)


@pytest.mark.parametrize("number", range(9))
def test_interrupted_anywhere_and_run_again_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    path = written(tmp_path / "a.zarr")
    with monkeypatch.context() as patched:
        killed_at(number, patched)
        with pytest.raises(Killed):
            omezarr.append_channel(path, PIXELS[0, 2], "c", color="00FFFF")
    seen = omezarr.open(path)
    count = seen.levels[0].shape[1]
    np.testing.assert_array_equal(seen.levels[0].read(), PIXELS[:, :count])
    assert len(seen.channels) <= count
    if number >= 2:
        with pytest.raises(ArgumentError, match="'c' was being appended"):
            omezarr.append_channel(path, PIXELS[0, 2], "another")
    omezarr.append_channel(path, PIXELS[0, 2], "c", color="00FFFF")
    assert stored(path) == stored(written(tmp_path / "all.zarr", 3))


def test_chunks_of_an_interrupted_call_do_not_show_through_other_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = written(tmp_path / "a.zarr")
    with monkeypatch.context() as patched:
        killed_at(3, patched)
        with pytest.raises(Killed):
            omezarr.append_channel(path, PIXELS[0, 2] + 1, "c", color="00FFFF")
    omezarr.append_channel(path, PIXELS[0, 2], "c", color="00FFFF")
    assert stored(path) == stored(written(tmp_path / "all.zarr", 3))


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path: Path):
    path = written(tmp_path / "a.zarr")
    before = stored(path)
    with pytest.raises(ArgumentError, match="are of float64, but"):
        omezarr.append_channel(path, PIXELS[0, 2].astype("float64"), "c")
    with pytest.raises(ArgumentError, match="one channel of"):
        omezarr.append_channel(path, PIXELS[0, 2, 0], "c")
    with pytest.raises(ArgumentError, match="has a channel 'b' already"):
        omezarr.append_channel(path, PIXELS[0, 2], "b")
    with pytest.raises(ArgumentError, match="is no colour"):
        omezarr.append_channel(path, PIXELS[0, 2], "c", color="purplish")
    assert stored(path) == before
    together = written(tmp_path / "b.zarr", 3, version="0.4", chunks=(1, 2, 1, 16, 16))
    with pytest.raises(UnsupportedError, match=r"hold 2 channels each.*--rechunk"):
        omezarr.append_channel(together, PIXELS[0, 2], "d")
    flat = omezarr.write_image(tmp_path / "flat.zarr", PIXELS[0, 0], axes="zyx").location
    with pytest.raises(UnsupportedError, match="no channel axis"):
        omezarr.append_channel(flat, PIXELS[0, 2], "d")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_image_of_others_without_names_of_channels_gets_one_for_each(tmp_path: Path, zarr_format: Any):
    version = "0.4" if zarr_format == 2 else "0.5"
    path = written(tmp_path / "a.zarr", version=version)
    (tmp_path / "foreign.zarr").mkdir()
    group = zarr.open_group(tmp_path / "foreign.zarr", mode="w", zarr_format=zarr_format)
    attributes = omezarr.open(path).attributes
    document = json.loads(json.dumps(dict(attributes)))
    document.get("ome", document).pop("omero")
    group.attrs.update(document)
    for level in omezarr.open(path).levels:
        names = {"dimension_names": list("tczyx")} if zarr_format == 3 else {}
        array = group.create_array(
            level.path, shape=level.shape, dtype=level.dtype, chunks=(1, 1, *level.shape[2:]), **names
        )
        array[...] = level.read()
    omezarr.append_channel(tmp_path / "foreign.zarr", PIXELS[0, 2], "c")
    node = omezarr.open(tmp_path / "foreign.zarr")
    assert [channel.label for channel in node.channels] == ["Channel 0", "Channel 1", "c"]
    np.testing.assert_array_equal(zarr.open_group(tmp_path / "foreign.zarr", mode="r")["0"][...], PIXELS)


def test_the_command_says_what_it_would_do_and_does_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "a.zarr"
    omezarr.write_image(path, PIXELS[0, :2], axes="czyx", channels=["a", "b"], levels=3)
    np.save(tmp_path / "c.npy", PIXELS[0, 2])
    before = stored(path)
    words = ["edit", str(path), "--append-channel", f"c={tmp_path / 'c.npy'}"]
    assert run([*words, "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["channel"], said["levels"], said["dry_run"]) == ("c", 3, True)
    assert stored(path) == before
    assert run(words) == 0
    assert "Appended the channel c: 3 levels" in capsys.readouterr().out
    np.testing.assert_array_equal(omezarr.open(path).levels[0].read(), PIXELS[0])
    assert run([*words, "--name", "x"]) == 2
    assert run(words) == 2
    assert "has a channel 'c' already" in capsys.readouterr().err


def test_a_failing_store_leaves_the_image_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from omezarr.arrays.targets import LocalTarget

    path = written(tmp_path / "a.zarr")
    before = stored(path)

    def full(self: LocalTarget, key: str, *parts: Any) -> None:
        raise WriteError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(LocalTarget, "put", full)
        with pytest.raises(WriteError, match="no space"):
            omezarr.append_channel(path, PIXELS[0, 2], "c")
    assert {key: content for key, content in stored(path).items() if not key.startswith(".omezarr")} == before
    assert len(plan_appended_channel(path, PIXELS[0, 2], "c").phases) == 4
