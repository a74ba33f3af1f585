"""Data is never code: whatever an array says that it was encoded with, nothing of it is unpickled."""

from __future__ import annotations

import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omezarr
from omezarr.cli import run

OLD = {"zarr_format": 2, "shape": [2, 2], "chunks": [2, 2], "order": "C", "fill_value": 0, "dimension_separator": "/"}
PICKLE = {"id": "pickle", "protocol": 4}
NEW = {
    "zarr_format": 3, "node_type": "array", "shape": [2, 2], "data_type": "uint16", "fill_value": 0, "attributes": {},
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 2]}},
    "chunk_key_encoding": {"name": "default"},
}  # fmt: skip
BYTES = {"name": "bytes", "configuration": {"endian": "little"}}


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "array",
    [
        {**OLD, "dtype": "|O", "compressor": None, "filters": [PICKLE], "fill_value": None},
        {**OLD, "dtype": "<u2", "compressor": PICKLE, "filters": None},
        {**OLD, "dtype": "<u2", "compressor": {"id": "zlib", "level": 1}, "filters": [PICKLE]},
        {**NEW, "codecs": [BYTES, {"name": "numcodecs.pickle", "configuration": {"protocol": 4}}]},
        {**NEW, "codecs": [{"name": "numcodecs.pickle", "configuration": {}}, BYTES]},
    ],
    ids=["objects", "compressor", "filter", "codec", "first codec"],
)
def test_nothing_is_unpickled(tmp_path: Path, array: dict[str, Any]) -> None:
    version = "0.4" if array["zarr_format"] == 2 else "0.5"
    image, caught = tmp_path / "a.zarr", tmp_path / "caught"
    omezarr.write_image(image, np.ones((2, 2), "uint16"), axes="yx", levels=1, format=version)
    content = pickle.dumps(Trap(caught))
    chunk = next(file for file in (image / "0").rglob("*") if file.is_file() and "zarr" not in file.name[:6])
    chunk.write_bytes(zlib.compress(content) if "zlib" in str(array) else content)
    (image / "0" / (".zarray" if version == "0.4" else "zarr.json")).write_text(json.dumps(array))
    for words in (["info"], ["info", "--stats"], ["validate", "--data"]):
        run([words[0], str(image), *words[1:]])
    assert run(["convert", str(image), str(tmp_path / "a.npy")]) == 1
    assert run(["thumbnail", str(image), str(tmp_path / "a.png")]) == 1
    assert not caught.exists()


def test_the_trap_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Trap(tmp_path / "caught")))
    assert (tmp_path / "caught").exists()
