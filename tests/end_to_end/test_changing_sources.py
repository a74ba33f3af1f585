"""A source that changes or goes away while it is read never ends in a finished target."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.arrays import as_source
from omezarr.errors import IncompleteError, OMEZarrError, SourceError
from omezarr.writing.images import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.servers import CountingServer

PIXELS = np.random.default_rng(3).integers(1, 999, (8, 128, 128)).astype("uint16")

OTHER = PIXELS[::-1].copy()


def save_npy(path: Path, pixels: Any = PIXELS) -> None:
    np.save(path, pixels)


def save_tiff(path: Path, pixels: Any = PIXELS) -> None:
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata={"axes": "ZYX"}, compression="zlib")


def save_zarr(path: Path, pixels: Any = PIXELS) -> None:
    omezarr.write_image(path, pixels, axes="zyx", levels=1, chunks=(1, 64, 64), overwrite=path.exists())


def save_zip(path: Path, pixels: Any = PIXELS) -> None:
    folder = path.with_suffix(".folder")
    save_zarr(folder, pixels)
    with zipfile.ZipFile(path, "w") as target:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                target.write(file, file.relative_to(folder).as_posix())


SAVERS = {"a.npy": save_npy, "a.tif": save_tiff, "a.zarr": save_zarr, "a.zip": save_zip}


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    SAVERS[path.name](path, OTHER)
    later = path.stat().st_mtime_ns + 10**9  # the clock of a file system may tick slowly
    os.utime(path, ns=(later, later))


def overwrite_with_the_same_time(path: Path) -> None:
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[130:140] = b"0123456789"
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def changing(path: Path, change: Callable[[Path], None]) -> RunOptions:
    """Return options that change the source once the first unit is written."""
    changed: list[bool] = []

    def progress(state: Any) -> None:
        if state.units_done and not changed:
            changed.append(True)
            change(path)

    return RunOptions(progress=progress, threads=1)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *((name, remove) for name in SAVERS),
        *((name, overwrite) for name in ("a.npy", "a.tif", "a.zip")),
        *((name, cut) for name in ("a.npy", "a.tif", "a.zip")),
        ("a.npy", overwrite_with_the_same_time),
        ("a.tif", overwrite_with_the_same_time),
    ],
)
@pytest.mark.parametrize("chunks", [(1, 64, 64), (8, 128, 128)], ids=["many units", "one unit"])
def test_the_target_stays_unfinished(
    name: str, change: Callable[[Path], None], chunks: tuple[int, ...], tmp_path: Path
) -> None:
    source, target = tmp_path / name, tmp_path / "target.zarr"
    SAVERS[name](source)
    axes = {"axes": "zyx"} if name == "a.npy" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(OMEZarrError) as caught:
            omezarr.convert(source, target, run=changing(source, change), levels=1, chunks=chunks, **axes)
    assert "\n" not in str(caught.value)
    assert "is unfinished" in str(caught.value)
    with pytest.raises((IncompleteError, OMEZarrError)):
        omezarr.open(target).levels[0].read()


def test_the_message_names_what_changed_and_resuming_does_not_mix(tmp_path: Path) -> None:
    source, target = tmp_path / "a.npy", tmp_path / "target.zarr"
    save_npy(source)
    with pytest.raises(SourceError, match=r"a\.npy was changed while it was read.*overwriting to start anew"):
        omezarr.convert(source, target, run=changing(source, overwrite), axes="zyx")
    with pytest.raises(OMEZarrError, match="cannot resume"):
        omezarr.convert(source, target, run=RunOptions(resume=True), axes="zyx")
    node = omezarr.convert(source, target, axes="zyx", overwrite=True)
    assert np.array_equal(node.levels[0].read(), OTHER)


def test_metadata_of_a_zarr_array_that_changes_is_noticed(tmp_path: Path) -> None:
    source = tmp_path / "a.zarr"
    save_zarr(source)

    def change(path: Path) -> None:
        document = path / "0" / "zarr.json"
        document.write_text(json.dumps({**json.loads(document.read_text()), "fill_value": 1}))

    with pytest.raises(SourceError, match="its metadata is another"):
        omezarr.convert(source, tmp_path / "b.zarr", run=changing(source, change))


def test_attributes_of_a_zarr_array_may_change(tmp_path: Path) -> None:
    source = tmp_path / "a.zarr"
    save_zarr(source)

    def change(path: Path) -> None:
        document = path / "0" / "zarr.json"
        document.write_text(json.dumps({**json.loads(document.read_text()), "attributes": {"by": "another program"}}))

    node = omezarr.convert(source, tmp_path / "b.zarr", run=changing(source, change))
    assert np.array_equal(node.levels[0].read(), PIXELS)


def test_a_zarr_behind_a_server_that_loses_it_is_noticed(http_server: CountingServer, tmp_path: Path) -> None:
    save_zarr(http_server.root / "a.zarr")
    with pytest.raises(OMEZarrError, match="is unfinished"):
        omezarr.convert(
            f"{http_server.url}/a.zarr", tmp_path / "b.zarr", run=changing(http_server.root / "a.zarr", remove)
        )


@pytest.mark.parametrize("change", [remove, overwrite])
def test_an_export_of_a_changing_source_leaves_nothing(change: Callable[[Path], None], tmp_path: Path) -> None:
    source, target = tmp_path / "a.npy", tmp_path / "b.npy"
    save_npy(source)
    with pytest.raises(SourceError):
        omezarr.convert(source, target, run=changing(source, change), axes="zyx")
    assert not target.exists()


@pytest.mark.parametrize("view", [False, True], ids=["whole", "part"])
def test_a_memory_map_that_is_cut_short_ends_in_an_error_and_not_the_process(view: bool, tmp_path: Path) -> None:
    program = f"""
import numpy as np, os
from omezarr.arrays import as_source
from omezarr.errors import SourceError
array = np.load({str(tmp_path / "a.npy")!r}, mmap_mode="r")
source = as_source(array[:, 1:] if {view} else array)
os.truncate({str(tmp_path / "a.npy")!r}, 1000)
try:
    source.read(tuple(slice(0, length) for length in source.shape))
except SourceError as error:
    print("refused")
"""
    save_npy(tmp_path / "a.npy")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr


def test_a_memory_map_gives_its_pixels(tmp_path: Path) -> None:
    save_npy(tmp_path / "a.npy")
    array = np.load(tmp_path / "a.npy", mmap_mode="r")
    for view in (array, array[1:], array[:, ::2], array.transpose()):
        source = as_source(view)
        assert np.array_equal(source.read(tuple(slice(0, length) for length in source.shape)), view)
        source.check_unchanged()
