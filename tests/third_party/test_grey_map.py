"""An exporter from outside is found by `convert`, and what holds for all exporters holds for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omezarr
from omezarr.abc import Claim
from omezarr.errors import ArgumentError, ConflictError, TargetExistsError, UnknownNameError, WriteError
from omezarr.hookspecs import hookimpl
from omezarr.testing import isolated_registry
from tests.third_party import grey_map

if TYPE_CHECKING:
    from omezarr.plugins.registry import Registry
    from tests.fixtures.distributions import Installed

PIXELS = np.arange(20, dtype="uint8").reshape(4, 5)
MAP = b"P5\n# cells\n5 4\n255\n" + PIXELS.tobytes()


@pytest.fixture
def registry() -> Registry:
    return isolated_registry(grey_map)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    omezarr.write_image(tmp_path / "cells.ome.zarr", PIXELS, axes="yx")
    return tmp_path / "cells.ome.zarr"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_installed_distribution_is_found_by_the_command_line(
    tmp_path: Path, source: Path, installed: Installed
) -> None:
    text = Path(grey_map.__file__).read_text()
    installed.add("grey-map", {"exporters.pgm": "grey_map"}, {"grey_map": text})
    target = tmp_path / "out" / "cells.pgm"
    ran = installed.run("convert", str(source), str(target))
    assert (ran.returncode, ran.stdout) == (0, f"Wrote {target} with the exporter 'pgm' (its name ends in .pgm).\n")
    assert target.read_bytes() == MAP
    assert names(target.parent) == ["cells.pgm", "cells.txt"]
    again = installed.run("convert", str(source), str(target))
    assert (again.returncode, again.stderr) == (
        1,
        f"Error: {target} exists; overwrite it with --overwrite, or choose another name\n",
    )
    planned = installed.run("convert", str(source), str(target), "--overwrite", "--dry-run", "--json")
    assert json.loads(planned.stdout)["exporter"] == "pgm"
    mapped = installed.run("convert", str(source), str(tmp_path / "named"), "--exporter", "pgm", "--json")
    assert json.loads(mapped.stdout) == {"source": str(source), "path": str(tmp_path / "named"), "exporter": "pgm"}
    assert (tmp_path / "named").read_bytes() == MAP


def test_the_closest_claim_wins_and_the_others_are_named(
    tmp_path: Path, source: Path, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    from omezarr.cli import run

    assert run(["convert", str(source), str(tmp_path / "a.npy")], registry) == 0
    assert "with the exporter 'npy' (its name ends in .npy, more closely than 'pgm')" in capsys.readouterr().out
    assert run(["convert", str(source), str(tmp_path / "b.npy"), "--exporter", "pgm"], registry) == 0
    assert (tmp_path / "b.npy").read_bytes() == MAP


def test_equal_claims_are_an_error_that_names_them(tmp_path: Path, source: Path) -> None:
    class Other(grey_map.GreyMap):
        name = "map"

        def claim(self, location: object) -> Claim:
            return Claim(10, "it takes everything")

    class Provider:
        @hookimpl
        def omezarr_exporters(self) -> list[Other]:
            return [Other()]

    registry = isolated_registry(grey_map, Provider())
    with pytest.raises(
        ConflictError, match=r"claimed by the exporters 'map' and 'pgm' with equal right.*--exporter map"
    ):
        omezarr.convert(source, tmp_path / "a.pgm", registry=registry)
    omezarr.convert(source, tmp_path / "a.pgm", exporter="pgm", registry=registry)
    node = omezarr.convert(source, tmp_path / "b.pgm", exporter="omezarr", registry=registry)
    assert (node.levels[0].read() == PIXELS).all()


@pytest.mark.parametrize("comment", ["fail", "nothing"])
def test_a_failing_exporter_leaves_the_target_as_it_was(
    comment: str, tmp_path: Path, source: Path, registry: Registry
) -> None:
    folder = tmp_path / "out"
    target = folder / "cells.pgm"
    options = {"exporter_options": {"comment": comment}, "registry": registry, "overwrite": True}
    with pytest.raises(WriteError, match=r"No space left on device; nothing|wrote nothing to"):
        omezarr.convert(source, target, **options)
    assert names(folder) == []
    target.write_text("old")
    with pytest.raises(WriteError):
        omezarr.convert(source, target, **options)
    assert (names(folder), target.read_text()) == (["cells.pgm"], "old")


def test_what_is_written_beside_the_target_replaces_nothing_unasked(
    tmp_path: Path, source: Path, registry: Registry
) -> None:
    (tmp_path / "cells.txt").write_text("notes")
    with pytest.raises(TargetExistsError, match=r"cells\.txt exists; overwrite"):
        omezarr.convert(source, tmp_path / "cells.pgm", registry=registry)
    assert names(tmp_path) == ["cells.ome.zarr", "cells.txt"]
    omezarr.convert(source, tmp_path / "cells.pgm", registry=registry, overwrite=True)
    assert (tmp_path / "cells.txt").read_text() == "5 x 4"
    (tmp_path / "folder.pgm").mkdir()
    with pytest.raises(TargetExistsError, match="is a folder, which no export replaces"):
        omezarr.convert(source, tmp_path / "folder.pgm", registry=registry, overwrite=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": 2}, r"levels belong to OME-Zarr and mean nothing to the exporter 'pgm'.*: comment"),
        ({"options": omezarr.WriteOptions(levels=2)}, r"levels belong to OME-Zarr"),
        ({"exporter_options": {"coment": "x"}}, r"the exporter 'pgm' has no option 'coment'; did you mean 'comment'"),
        ({"run": omezarr.RunOptions(resume=True)}, r"an export leaves nothing behind that could be resumed"),
        ({"run": omezarr.RunOptions(scheduler="local:2")}, r"an export is made in this process"),
        ({"exporter": "omezarr", "exporter_options": {"a": "b"}}, r"no exporter writes .*, so its options have no"),
        ({"region": {"q": (0, 1)}}, r"a region is given along q, but the axes are y, x"),
        ({"region": {"y": (2, 9)}}, r"the region y=2:9 is not inside the image, which has 0:4 there"),
    ],
)
def test_what_has_no_meaning_is_refused_before_anything_is_written(
    arguments: dict, message: str, tmp_path: Path, source: Path, registry: Registry
) -> None:
    with pytest.raises(ArgumentError, match=message):
        omezarr.convert(source, tmp_path / "out" / "a.pgm", registry=registry, **arguments)
    assert not (tmp_path / "out").exists()


def test_an_exporter_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, source: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no exporter is called 'pgm'"):
        omezarr.convert(source, tmp_path / "a.pgm", exporter="pgm")
    node = omezarr.convert(source, tmp_path / "a.pgm")
    assert node is not None
    assert (node.levels[0].read() == PIXELS).all()


def test_files_are_written_on_local_disks_only(source: Path, registry: Registry) -> None:
    with pytest.raises(omezarr.errors.UnsupportedError, match=r"memory://a/b.pgm is none; .*--exporter omezarr"):
        omezarr.convert(source, "memory://a/b.pgm", registry=registry)
