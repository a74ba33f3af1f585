"""How hierarchies lie in single files: what validation says of ``.ozx`` files that are not as RFC-9 recommends."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer

COMMENT = json.dumps({"ome": {"version": "0.5"}}).encode()


def packed(
    folder: Path,
    name: str = "cells.ozx",
    *,
    method: int = zipfile.ZIP_STORED,
    last: bool = False,
    comment: bytes = COMMENT,
) -> Path:
    """Write an image and put it into a file."""
    omezarr.write_image(folder / "cells.ome.zarr", np.zeros((8, 8), "uint8"), name="cells", overwrite=True)
    files = sorted(file for file in (folder / "cells.ome.zarr").rglob("*") if file.is_file())
    files.sort(key=lambda file: (file.name != "zarr.json") ^ last)
    with zipfile.ZipFile(folder / name, "w", compression=method) as archive:
        archive.comment = comment
        for file in files if last else sorted(files, key=lambda file: len(file.parts)):
            archive.write(file, file.relative_to(folder / "cells.ome.zarr").as_posix())
    return folder / name


def said(place: Any) -> list[tuple[str, str, str]]:
    return [(problem.rule, problem.severity.value, problem.found) for problem in omezarr.validate(place, strict=True)]


def test_what_is_as_recommended_has_no_problem(tmp_path: Path) -> None:
    assert said(packed(tmp_path)) == []


def test_what_is_compressed_once_more_is_told(tmp_path: Path) -> None:
    place = packed(tmp_path, method=zipfile.ZIP_DEFLATED)
    assert said(place) == [("ozx.stored", "warning", "2 of 2 compressed, such as zarr.json")]


def test_what_comes_before_the_root_is_told(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "cells.ome.zarr", np.ones((8, 8), "uint8"), name="cells")
    place = packed(tmp_path, last=True)
    assert [(rule, severity) for rule, severity, _ in said(place)] == [("ozx.order", "warning")]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        (b"", "no comment"),
        (b"made by hand", "another comment"),
        (b"[1]", "another comment"),
        (b'{"ome": {}}', "another comment"),
        (b"\xff\xfe", "another comment"),
    ],
)
def test_what_the_comment_lacks_is_told(tmp_path: Path, comment: bytes, found: str) -> None:
    assert said(packed(tmp_path, comment=comment)) == [("ozx.comment", "warning", found)]


def test_zip_files_and_documents_alone_are_not_asked_for_it(tmp_path: Path) -> None:
    place = packed(tmp_path, "cells.zip", method=zipfile.ZIP_DEFLATED, comment=b"")
    assert said(place) == []
    place = packed(tmp_path, method=zipfile.ZIP_DEFLATED, comment=b"")
    assert list(omezarr.validate(place, depth="document")) == []


def test_it_is_told_from_a_server_too(http_server: CountingServer) -> None:
    packed(http_server.root, comment=b"")
    assert said(f"{http_server.url}/cells.ozx") == [("ozx.comment", "warning", "no comment")]
