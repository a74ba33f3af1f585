"""Every built-in importer, exporter, sample, viewer, command, and the distribution keep what the interfaces promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from omezarr.testing import (
    CommandSuite,
    DistributionSuite,
    ExporterSuite,
    ImporterSuite,
    SampleDataSuite,
    ViewerSuite,
    isolated_registry,
)

if TYPE_CHECKING:
    from pathlib import Path

    import click
    import numpy.typing as npt

    from omezarr.abc import Exporter, Importer, SampleData, Viewer

REGISTRY = isolated_registry()


class TestCommands(CommandSuite):
    @pytest.fixture(params=list(REGISTRY.commands))
    def command(self, request: pytest.FixtureRequest) -> click.Command:
        return REGISTRY.commands[request.param]


class TestViewers(ViewerSuite):
    @pytest.fixture(params=list(REGISTRY.viewers))
    def viewer(self, request: pytest.FixtureRequest) -> Viewer:
        return REGISTRY.viewers[request.param]


class TestSamples(SampleDataSuite):
    formats = ("0.4", "0.5", "0.6")

    @pytest.fixture(params=list(REGISTRY.samples))
    def sample(self, request: pytest.FixtureRequest) -> SampleData:
        return REGISTRY.samples[request.param]


class TestBuiltIns(DistributionSuite):
    distribution = "omezarr"


PIXELS = np.random.default_rng(5).integers(0, 60000, (3, 33, 47), dtype="uint16")


class TestTIFF(ImporterSuite):
    @pytest.fixture
    def importer(self) -> Importer:
        return REGISTRY.importers["tiff"]

    @pytest.fixture(params=["plain", "compressed"])
    def file(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        import tifffile

        compression = "zlib" if request.param == "compressed" else None
        tifffile.imwrite(
            tmp_path / "stack.tif", PIXELS, photometric="minisblack", metadata={"axes": "ZYX"}, compression=compression
        )
        return tmp_path / "stack.tif"

    @pytest.fixture
    def pixels(self) -> npt.NDArray[Any]:
        return PIXELS


class TestArrays(ImporterSuite):
    @pytest.fixture
    def importer(self) -> Importer:
        return REGISTRY.importers["array"]

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        np.save(tmp_path / "stack.npy", PIXELS[0])
        return tmp_path / "stack.npy"

    @pytest.fixture
    def pixels(self) -> npt.NDArray[Any]:
        return PIXELS[0]


class TestNumpyFiles(ExporterSuite):
    axes = "zyx"

    @pytest.fixture
    def exporter(self) -> Exporter:
        return REGISTRY.exporters["npy"]

    @pytest.fixture
    def pixels(self) -> npt.NDArray[Any]:
        return PIXELS

    def read_back(self, file: Path) -> npt.NDArray[Any]:
        written: npt.NDArray[Any] = np.load(file)
        return written


class TestTIFFFiles(ExporterSuite):
    axes = "zyx"

    @pytest.fixture(params=["tiff", "ome-tiff"])
    def exporter(self, request: pytest.FixtureRequest) -> Exporter:
        return REGISTRY.exporters[request.param]

    @pytest.fixture
    def pixels(self) -> npt.NDArray[Any]:
        return PIXELS

    def read_back(self, file: Path) -> npt.NDArray[Any]:
        import tifffile

        return tifffile.imread(file)
