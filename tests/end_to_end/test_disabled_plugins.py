"""With any built-in plugin disabled, what does not need it works, and what needs it names it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omezarr
from omezarr.cli import run
from omezarr.errors import OMEZarrError, OMEZarrWarning, UnknownNameError, UnsupportedError
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.registry import Registry
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.once

PIXELS = np.arange(32 * 32, dtype="uint8").reshape(32, 32)
BUILT_IN = [str(one) for one in omezarr.default_registry().providers if one.distribution == "omezarr"]


def without(*disabled: str) -> Registry:
    return Registry(PluginManager(Settings(disabled_plugins=disabled)))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("there")
    for version in ("0.4", "0.5"):
        place = folder / f"{version}.zarr"
        omezarr.write_image(place, PIXELS, axes="yx", levels=2, format=version)
        omezarr.write_labels(place, (PIXELS > 99).astype("uint8"), "cells")
    np.save(folder / "a.npy", PIXELS)
    return folder


def read(registry: Registry, there: Path, target: Path) -> str:
    node = omezarr.open(there / "0.5.zarr", registry=registry)
    if not node.levels:
        return "; ".join(node.notices)
    np.testing.assert_array_equal(node.levels[0].read(), PIXELS)
    return ""


def info(registry: Registry, there: Path, target: Path) -> str:
    exit_code = run(["info", str(there / "0.5.zarr")], registry)
    return "see what is printed" if exit_code else ""


def check(registry: Registry, there: Path, target: Path) -> str:
    report = omezarr.validate(there / "0.5.zarr", registry=registry)
    return "" if report.valid else str(report.as_dict())


def write(registry: Registry, there: Path, target: Path) -> str:
    omezarr.write_image(target, PIXELS, axes="yx", levels=2, registry=registry)
    return ""


def convert(registry: Registry, there: Path, target: Path) -> str:
    omezarr.convert(there / "a.npy", target, axes="yx", levels=1, registry=registry)
    return ""


def copy(registry: Registry, there: Path, target: Path) -> str:
    omezarr.convert(there / "0.5.zarr", target, registry=registry)
    return ""


def upgrade(registry: Registry, there: Path, target: Path) -> str:
    omezarr.upgrade(there / "0.4.zarr", target, to="0.5", registry=registry)
    return ""


def upgrade_in_place(registry: Registry, there: Path, target: Path) -> str:
    shutil.copytree(there / "0.4.zarr", target)
    omezarr.upgrade(target, to="0.5", registry=registry)
    return ""


JOBS: list[Callable[[Registry, Path, Path], str]] = [
    read,
    info,
    check,
    write,
    convert,
    copy,
    upgrade,
    upgrade_in_place,
]
ALL = {job.__name__ for job in JOBS}
UPGRADES = {"upgrade", "upgrade_in_place"}
NEEDED_BY: dict[str, set[str]] = {
    "omezarr:commands.info": {"info"},
    "omezarr:formats.0.4": UPGRADES,
    "omezarr:formats.0.5": ALL,
    "omezarr:importers.array": {"convert"},
    "omezarr:importers.omezarr": {"copy"},
    "omezarr:nodes.image-label": UPGRADES,
    "omezarr:nodes.labels": UPGRADES,
    "omezarr:nodes.multiscales": ALL - {"info"},
    "omezarr:scaling.local_mean": {"write"},
    "omezarr:schemes.local": ALL,
}


@pytest.mark.filterwarnings("ignore::omezarr.errors.OMEZarrWarning")
@pytest.mark.parametrize("disabled", BUILT_IN)
def test_what_does_not_need_a_plugin_works_and_what_does_names_it(
    disabled: str, there: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused: dict[str, str] = {}
    for job in JOBS:
        try:
            refusal = job(without(disabled), there, tmp_path / job.__name__)
        except OMEZarrError as error:
            refusal = str(error)
        printed = capsys.readouterr()
        if refusal:
            refused[job.__name__] = f"{refusal} {printed.out} {printed.err}"
    assert refused.keys() == NEEDED_BY.get(disabled, set())
    assert [text for text in refused.values() if disabled not in text] == []


@pytest.mark.parametrize("disabled", [name for name in BUILT_IN if ":commands." in name])
def test_a_disabled_command_is_named(disabled: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([disabled.partition(".")[2], "--help"], without(disabled)) == 2
    assert f"is disabled: {disabled};" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("axis", "name", "disabled"),
    [
        ("formats", "0.4", "omezarr:formats.0.4"),
        ("node_types", "bioformats2raw.layout", "omezarr:nodes.bioformats2raw"),
        ("scaling_methods", "local_mean", "omezarr:scaling.local_mean"),
        ("importers", "tiff", "omezarr:importers.tiff"),
        ("exporters", "ome-tiff", "omezarr:exporters.ome-tiff"),
        ("samples", "coins", "omezarr:samples.coins"),
        ("viewers", "vizarr", "omezarr:viewers.vizarr"),
    ],
)
def test_asking_for_a_disabled_name_says_so(axis: str, name: str, disabled: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{name}' is disabled: {disabled}; to use it, leave out -p no:"):
        _ = without(disabled).axis(axis)[name]
    with pytest.raises(UnknownNameError, match=f"{name}' is disabled: {disabled};"):
        _ = without("omezarr").axis(axis)[name]


def test_a_name_that_another_plugin_may_have_provided_names_the_disabled_ones() -> None:
    registry = without("omezarr:formats.0.9", "omezarr:formats.0.1")
    known = r"Known: 0\.2, 0\.3, 0\.4, 0\.5, 0\.6\."
    with pytest.raises(
        UnknownNameError, match=rf"{known} Plugins that are disabled: omezarr:formats.0.1, omezarr:form"
    ):
        _ = registry.formats["0.7"]


def test_a_long_list_of_disabled_plugins_is_cut_short() -> None:
    commands = sum(":commands." in name for name in BUILT_IN)
    with pytest.raises(UnsupportedError) as caught:
        omezarr.open("memory://a.zarr", registry=without("omezarr"))
    assert str(caught.value).endswith(
        "omezarr:schemes.memory, omezarr:schemes.s3, omezarr:schemes.store, omezarr:schemes.zip"
    )
    with pytest.raises(UnknownNameError, match=rf"(omezarr:commands\.\S+ ){{8}}and {commands - 8} more\.$"):
        _ = without("omezarr").commands["nothing"]


def test_a_target_that_no_exporter_claims_names_those_that_are_disabled(there: Path, tmp_path: Path) -> None:
    registry = without("omezarr:exporters.npy")
    with pytest.warns(OMEZarrWarning, match=r"b.npy becomes an OME-Zarr, as .* disabled: omezarr:exporters.npy$"):
        omezarr.convert(there / "0.5.zarr", tmp_path / "b.npy", registry=registry)
    assert omezarr.open(tmp_path / "b.npy").key == "multiscales"
    omezarr.convert(there / "0.5.zarr", tmp_path / "b.ome.zarr", registry=registry)  # whose name says what it is


def test_a_plate_without_its_plugin_says_what_is_missing(tmp_path: Path) -> None:
    assert run(["create", str(tmp_path / "plate.zarr"), "--sample", "plate"]) == 0
    registry = without("omezarr:nodes.plate")
    node = omezarr.open(tmp_path / "plate.zarr", registry=registry)
    assert node.key is None
    assert [notice.partition(";")[0] for notice in node.notices] == [
        "'plate' is not read, as it is disabled: omezarr:nodes.plate"
    ]
    report = omezarr.validate(tmp_path / "plate.zarr", registry=registry)
    assert ["omezarr:nodes.plate" in problem.found for problem in report if problem.rule == "document.rules"] == [True]
    with pytest.raises(UnsupportedError, match=r"omezarr:nodes.plate.*nothing was changed"):
        omezarr.upgrade(tmp_path / "plate.zarr", to="0.6", registry=registry)


def test_every_job_is_done_where_nothing_is_disabled(there: Path, tmp_path: Path) -> None:
    assert [job(without(), there, tmp_path / job.__name__) for job in JOBS] == [""] * len(JOBS)
