"""An edit that died between an image and its labels is completed by the next one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.documents import Documents
from omezarr.cli import run
from omezarr.errors import OMEZarrWarning

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(32 * 32, dtype="uint16").reshape(32, 32)


class DiedError(BaseException):
    """What nothing catches, like the end of a process."""


def write(path: Path, **words: Any) -> Path:
    labels = {name: (PIXELS > 99).astype("uint8") for name in ("cells", "nuclei")}
    omezarr.write_image(path, PIXELS, axes="yx", scale=1.0, levels=2, labels=labels, **words)
    return path


def edit_that_dies(path: Path, count: int, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Begin an edit that dies after it has replaced so many documents."""
    replace = Documents.write_attributes
    left = [count]

    def dying(self: Documents, path: str, attributes: Any) -> None:
        if left[0] == 0:
            raise DiedError
        left[0] -= 1
        replace(self, path, attributes)

    with monkeypatch.context() as context:
        context.setattr(Documents, "write_attributes", dying)
        with pytest.raises(DiedError):
            omezarr.edit(path, **changes)


def scales(path: Path) -> dict[str, tuple[float, ...]]:
    image = omezarr.open(path)
    return {"": image.levels[0].scale, **{name: label.levels[1].scale for name, label in image.labels.items()}}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("consolidated", [False, True])
def test_the_same_edit_gives_image_and_labels_one_scale(
    count: int, version: str, consolidated: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zarr", format=version, consolidated=consolidated)
    edit_that_dies(path, count, monkeypatch, scale=0.5)
    omezarr.edit(path, scale=0.5)
    assert scales(path) == {"": (0.5, 0.5), "cells": (1.0, 1.0), "nuclei": (1.0, 1.0)}
    assert not (path / JOURNAL_PREFIX).exists()
    assert omezarr.open(path).zarr_node.consolidated == consolidated


def test_another_edit_completes_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.zarr")
    edit_that_dies(path, 2, monkeypatch, scale=0.5)
    assert run(["edit", str(path), "--name", "other"]) == 0
    assert scales(path) == {"": (0.5, 0.5), "cells": (1.0, 1.0), "nuclei": (1.0, 1.0)}


def test_what_was_changed_since_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.zarr")
    edit_that_dies(path, 0, monkeypatch, scale=0.5)
    document = path / "labels/cells/zarr.json"
    document.write_text(json.dumps({**json.loads(document.read_text()), "attributes": {"mine": 1}}))
    omezarr.edit(path / "labels/nuclei", name="n")
    omezarr.edit(path, name="i")
    assert json.loads(document.read_text())["attributes"] == {"mine": 1}
    assert omezarr.open(path).levels[0].scale == (0.5, 0.5)


def test_a_dry_run_says_that_an_edit_was_interrupted_and_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zarr")
    edit_that_dies(path, 1, monkeypatch, scale=0.5)
    before = scales(path)
    with pytest.warns(OMEZarrWarning, match="was interrupted"):
        omezarr.editing.plan_metadata_edit(path, scale=0.5)
    assert scales(path) == before


def test_an_edit_of_labels_inside_a_consolidated_image_restores_what_the_image_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zarr", consolidated=True)
    edit_that_dies(path / "labels/cells", 0, monkeypatch, label_colors={1: "FF0000"})
    assert not omezarr.open(path).zarr_node.consolidated
    omezarr.edit(path / "labels/cells", label_colors={1: "FF0000"})
    assert omezarr.open(path).zarr_node.consolidated
    assert omezarr.validate(path).valid


def test_nothing_left_to_edit_still_restores_consolidated_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zarr", consolidated=True)
    with monkeypatch.context() as context:
        context.setattr(Documents, "restore_consolidated", die)
        with pytest.raises(DiedError):
            omezarr.edit(path, name="other")
    assert not omezarr.open(path).zarr_node.consolidated
    omezarr.edit(path, name="other")
    assert omezarr.open(path).zarr_node.consolidated
    assert not (path / JOURNAL_PREFIX).exists()


def die(_: Documents) -> None:
    raise DiedError
