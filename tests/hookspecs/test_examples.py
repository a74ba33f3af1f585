"""The example of each hook, as its docstring has it, works as a plugin."""

from __future__ import annotations

import doctest
import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr import hookspecs
from omezarr.cli import run
from omezarr.errors import LocationNotFoundError, TargetExistsError
from omezarr.hookspecs import EXTENSION_AXES
from omezarr.testing import isolated_registry

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.plugins.registry import Registry

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)


def example_of(hook: str) -> ModuleType:
    """Return the module that the docstring of a hook shows."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(getattr(hookspecs, hook)) or "")
    module = ModuleType(f"example_of_{hook}")
    for example in examples:
        exec(compile(example.source, hook, "single"), vars(module))
    return module


def registry_with(hook: str) -> Registry:
    """Return the built-in plugins together with the example of a hook."""
    registry = isolated_registry(example_of(hook))
    axis = next(axis for axis in EXTENSION_AXES.values() if axis.hook == hook)
    assert [item.provider.identity for item in registry.axis(axis.name).all].count("given:0") == 1
    assert registry.failures == ()
    return registry


def test_omezarr_formats(tmp_path: Path) -> None:
    registry = registry_with("omezarr_formats")
    path = tmp_path / "new.ome.zarr"
    written = omezarr.write_image(path, PIXELS, name="7", format="0.8", levels=2, registry=registry)
    assert (written.version, written.version_inferred) == ("0.8", False)
    assert (written.levels[0].read() == PIXELS).all()
    report = omezarr.validate(path, registry=registry)
    assert (report.version, report.valid) == ("0.8", True)
    assert "multiscales.named.well" in {problem.rule for problem in report}
    with pytest.raises(omezarr.errors.UnknownNameError, match=r"no format is called '0\.8'"):
        omezarr.write_image(tmp_path / "other.ome.zarr", PIXELS, format="0.8", registry=isolated_registry())


def test_omezarr_node_types(tmp_path: Path) -> None:
    import zarr

    registry = registry_with("omezarr_node_types")
    study = {"title": "Cells", "images": ["a"], "colour": "red"}
    for version, attributes in (("0.4", {"study": study}), ("0.5", {"ome": {"version": "0.5", "study": study}})):
        root = tmp_path / version
        zarr.create_group(root, attributes=attributes, zarr_format=2 if version == "0.4" else 3)
        omezarr.write_image(root / "a", PIXELS, format=version, levels=1)
        node = omezarr.open(root, registry=registry, format=version)
        assert (node.key, node.value.title, node.value.extra) == ("study", "Cells", {"colour": "red"})
        assert (node.children["a"].levels[0].read() == PIXELS).all()


def test_omezarr_scaling_methods(tmp_path: Path) -> None:
    registry = registry_with("omezarr_scaling_methods")
    options: dict[str, Any] = {"method": "first_sample", "levels": 2, "registry": registry}
    node = omezarr.write_image(tmp_path / "image.ome.zarr", PIXELS, **options)
    assert (node.levels[1].read() == PIXELS[::2, ::2]).all()
    assert node.multiscale is not None
    assert node.multiscale.type == "first_sample"


def test_omezarr_storage_schemes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    registry = registry_with("omezarr_storage_schemes")
    omezarr.write_image("home://images/cells.ome.zarr", PIXELS, registry=registry)
    assert (tmp_path / "images/cells.ome.zarr/zarr.json").is_file()
    assert (omezarr.open("home://images/cells.ome.zarr", registry=registry).levels[0].read() == PIXELS).all()
    with pytest.raises(LocationNotFoundError, match=r"there is nothing at home://images/other\.ome\.zarr"):
        omezarr.open("home://images/other.ome.zarr", registry=registry)


def test_omezarr_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(path, PIXELS, levels=2)
    registry = registry_with("omezarr_commands")
    assert run(["shapes", str(path)], registry) == 0
    assert capsys.readouterr().out == "(64, 64)\n(32, 32)\n"
    assert run(["shapes", str(tmp_path / "none")], registry) == 1


def test_omezarr_importers(tmp_path: Path) -> None:
    source = tmp_path / "table.csv"
    source.write_text("1,2,3\n4,5,6\n")
    node = omezarr.convert(source, tmp_path / "table.ome.zarr", registry=registry_with("omezarr_importers"))
    assert node.levels[0].read().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert node.levels[0].dtype == "float32"


def test_omezarr_exporters(tmp_path: Path) -> None:
    registry = registry_with("omezarr_exporters")
    omezarr.write_image(tmp_path / "image.ome.zarr", PIXELS)
    assert omezarr.convert(tmp_path / "image.ome.zarr", tmp_path / "image.raw", registry=registry) is None
    assert (np.fromfile(tmp_path / "image.raw", PIXELS.dtype).reshape(PIXELS.shape) == PIXELS).all()
    with pytest.raises(TargetExistsError):
        omezarr.convert(tmp_path / "image.ome.zarr", tmp_path / "image.raw", registry=registry)


def test_omezarr_samples(tmp_path: Path) -> None:
    registry = registry_with("omezarr_samples")
    assert run(["-q", "create", str(tmp_path / "ramp.ome.zarr"), "--sample", "ramp"], registry) == 0
    assert (omezarr.open(tmp_path / "ramp.ome.zarr").levels[0].read()[7] == np.arange(256)).all()


def without_name(path: Path) -> None:
    """Take the names of the images of a group away."""
    import zarr

    group = zarr.open_group(path)
    attributes = dict(group.attrs)
    for item in attributes.get("ome", attributes)["multiscales"]:
        item.pop("name")
    group.attrs.put(attributes)


def test_omezarr_rules(tmp_path: Path) -> None:
    registry = registry_with("omezarr_rules")
    path = tmp_path / "image.ome.zarr"
    for version, found in (("0.3", []), ("0.4", ["our-lab/image.named"]), ("0.6", ["our-lab/image.named"])):
        omezarr.write_image(path / version, np.ones((1, 1, 1, 8, 8), "uint8"), axes="tczyx", format=version)
        without_name(path / version)
        report = omezarr.validate(path / version, registry=registry)
        assert [problem.rule for problem in report if problem.provider == "given:0"] == found
    omezarr.repair(path / "0.6", registry=registry)
    assert omezarr.open(path / "0.6").multiscale.name == "image 0"
    left = omezarr.validate(path / "0.6", registry=registry)
    assert [problem.rule for problem in left if problem.provider == "given:0"] == []


def test_omezarr_viewers() -> None:
    viewer = registry_with("omezarr_viewers").viewers["our-lab"]
    assert viewer.origin == "https://viewer.lab.example"
    source = "http://127.0.0.1:8765/token/raw"
    assert viewer.address(source, None) == f"{viewer.site}?image=http%3A%2F%2F127.0.0.1%3A8765%2Ftoken%2Fraw"
