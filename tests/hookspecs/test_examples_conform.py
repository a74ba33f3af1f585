"""The example of each hook, and of each interface that has a whole one, passes the suite of the kit."""

from __future__ import annotations

import doctest
import inspect
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pytest

from omezarr import abc, hookspecs
from omezarr.errors import MetadataError
from omezarr.hookspecs import EXTENSION_AXES
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.testing import (
    HEAVY,
    CommandSuite,
    ExporterSuite,
    FormatVersionSuite,
    ImporterSuite,
    NodeTypeSuite,
    RuleSetSuite,
    SampleDataSuite,
    ScalingMethodSuite,
    ViewerSuite,
    WritableSchemeSuite,
    isolated_registry,
    modules_imported_by,
    write_example,
)
from tests.hookspecs.test_examples import example_of

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.plugins.registry import Registry

pytestmark = pytest.mark.once


def source_of(item: Any) -> str:
    """Return the source that a docstring shows."""
    return "".join(example.source for example in doctest.DocTestParser().get_examples(inspect.getdoc(item) or ""))


def test_importing_any_of_them_stays_light() -> None:
    hooks = [axis.hook for axis in EXTENSION_AXES.values()]
    assert modules_imported_by("\n".join(source_of(getattr(hookspecs, hook)) for hook in hooks)) & HEAVY == frozenset()


def given_by(hook: str) -> Any:
    """Return what the example of a hook contributes."""
    (given,) = getattr(example_of(hook), hook)()
    return given


def shown_by(interface: type) -> Any:
    """Return an instance of the class that the docstring of an interface shows."""
    names: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(interface) or ""):
        if example.source.startswith(("import", "from", "class")):
            exec(compile(example.source, interface.__name__, "single"), names)
    (made,) = [item for item in names.values() if isinstance(item, type) and interface in item.__mro__[1:]]
    return made()


AXES = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
STEP = {"type": "scale", "scale": [0.5, 0.5], "input": {"path": "0"}, "output": {"name": "physical"}}
IMAGE = {
    "name": "cells",
    "coordinateSystems": [{"name": "physical", "axes": AXES}],
    "datasets": [{"path": "0", "coordinateTransformations": [STEP]}],
}


class TestFormatVersion(FormatVersionSuite):
    @pytest.fixture
    def version(self) -> Any:
        return given_by("omezarr_formats")

    @pytest.fixture
    def attributes(self, version: Any) -> dict[str, Any]:
        return {"ome": {"version": version.version, "multiscales": [IMAGE]}}


class TestSmallestFormatVersion(TestFormatVersion):
    @pytest.fixture
    def version(self) -> Any:
        return shown_by(abc.FormatVersion)

    def test_images_are_written_read_and_upgraded(self, version: Any, registry: Registry) -> None:
        """It is for reading, and says so where it is written."""
        with pytest.raises(MetadataError, match=r"would not be valid NGFF 0\.7\.dev1"):
            super().test_images_are_written_read_and_upgraded(version, registry)


class TestNodeType(NodeTypeSuite):
    @pytest.fixture
    def node_type(self) -> Any:
        return given_by("omezarr_node_types")

    @pytest.fixture
    def values(self) -> dict[str, Any]:
        return {"study": {"title": "Cells", "images": ["a", "b"]}}


class TestScalingMethod(ScalingMethodSuite):
    @pytest.fixture(params=["hook", "interface"])
    def method(self, request: pytest.FixtureRequest) -> Any:
        return given_by("omezarr_scaling_methods") if request.param == "hook" else shown_by(abc.ScalingMethod)


class TestStorageScheme(WritableSchemeSuite):
    name = "home"
    many = 40

    @pytest.fixture(autouse=True)
    def _home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))

    @pytest.fixture
    def registry(self) -> Registry:
        return isolated_registry(example_of("omezarr_storage_schemes"))

    @pytest.fixture
    def place(self, registry: Registry) -> Location:
        place = Location.parse("home://images/a b.zarr")
        write_example(open_store(place, registry.storage_schemes, write=True))
        return place

    @pytest.fixture
    def empty(self) -> Location:
        return Location.parse(f"home://{uuid4().hex}.zarr")


class TestCommand(CommandSuite):
    test_importing_it_stays_light = None  # type: ignore[assignment]  # below, for all examples

    @pytest.fixture
    def command(self) -> Any:
        return given_by("omezarr_commands")


class TestImporter(ImporterSuite):
    ends_are_told = False

    @pytest.fixture
    def importer(self) -> Any:
        return given_by("omezarr_importers")

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        (tmp_path / "table.csv").write_text("1,2,3\n4,5,6\n")
        return tmp_path / "table.csv"

    @pytest.fixture
    def pixels(self) -> Any:
        return np.array([[1, 2, 3], [4, 5, 6]], "float32")


class TestExporter(ExporterSuite):
    axes = "yx"

    @pytest.fixture
    def exporter(self) -> Any:
        return given_by("omezarr_exporters")

    @pytest.fixture
    def pixels(self) -> Any:
        return np.arange(12, dtype="uint8").reshape(3, 4)

    def read_back(self, file: Path) -> Any:
        return np.fromfile(file, "uint8").reshape(3, 4)


class TestSample(SampleDataSuite):
    @pytest.fixture
    def sample(self) -> Any:
        return given_by("omezarr_samples")


class TestRules(RuleSetSuite):
    @pytest.fixture
    def rule_set(self) -> Any:
        return given_by("omezarr_rules")

    @pytest.fixture
    def sound(self) -> dict[str, Any]:
        return {"multiscales": [IMAGE]}

    @pytest.fixture
    def broken(self) -> dict[str, dict[str, Any]]:
        unnamed = {key: value for key, value in IMAGE.items() if key != "name"}
        return {"our-lab/image.named": {"multiscales": [unnamed]}}


class TestViewer(ViewerSuite):
    @pytest.fixture
    def viewer(self) -> Any:
        return given_by("omezarr_viewers")
