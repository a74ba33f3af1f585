"""The suite for exporters: claims by name, files that hold the right pixels, and nothing half-written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc import PixelSource
from omezarr.arrays.sources import as_source
from omezarr.errors import ArgumentError, OMEZarrError, SourceError, TargetExistsError
from omezarr.location import Location
from omezarr.model import conventional_axes
from omezarr.model.content import ImageContent
from omezarr.testing.registries import registry_with
from omezarr.testing.strange import STRANGE_LOCATIONS
from omezarr.writing.conversion import convert
from omezarr.writing.exporting import Export, run_export
from omezarr.writing.images import write_content

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from omezarr.abc import Exporter
    from omezarr.plugins.registry import Registry


class ExporterSuite:
    """Tests of a `omezarr.abc.Exporter` of files on a local disk.

    A subclass overrides `exporter`, `pixels` and `read_back`.

    Attributes
    ----------
    axes : str
        Of the pixels.
    """

    axes = "yx"

    @pytest.fixture
    def exporter(self) -> Exporter:
        """Return the exporter that is tested."""
        pytest.fail("a subclass of ExporterSuite overrides the fixture 'exporter'")

    @pytest.fixture
    def pixels(self) -> npt.NDArray[Any]:
        """Return pixels that it can write."""
        pytest.fail("a subclass of ExporterSuite overrides the fixture 'pixels'")

    def read_back(self, file: Path) -> npt.NDArray[Any]:
        """Return the pixels that a file holds, by other software if there is some."""
        pytest.fail("a subclass of ExporterSuite overrides the method 'read_back'")

    @pytest.fixture
    def registry(self, exporter: Exporter) -> Registry:
        """Return the registry that it is used with."""
        return registry_with("exporters", exporter)

    @pytest.fixture
    def image(self, pixels: npt.NDArray[Any], registry: Registry, tmp_path: Path) -> Path:
        """Return an OME-Zarr with the pixels."""
        path = tmp_path / "source.ome.zarr"
        write_content(path, self._content(as_source(pixels)), registry=registry)
        return path

    def test_has_a_name_suffixes_and_explained_options(self, exporter: Exporter) -> None:
        assert exporter.name
        assert exporter.suffixes
        assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in exporter.suffixes)
        assert all(text.strip() for text in exporter.options.values())

    def test_claims_its_suffixes_and_says_why(self, exporter: Exporter, tmp_path: Path) -> None:
        for suffix in exporter.suffixes:
            claim = exporter.claim(Location.parse(tmp_path / f"cells{suffix}"))
            assert claim is not None, suffix
            assert claim.reason

    @pytest.mark.parametrize("text", [*STRANGE_LOCATIONS, "cells.ome.zarr", "cells.zarr"])
    def test_leaves_other_names_alone(self, exporter: Exporter, text: str) -> None:
        assert exporter.claim(Location.parse(text)) is None

    def test_files_hold_the_pixels(
        self, exporter: Exporter, registry: Registry, image: Path, pixels: npt.NDArray[Any], tmp_path: Path
    ) -> None:
        import numpy as np

        for suffix in exporter.suffixes:
            target = tmp_path / f"out{suffix}"
            convert(image, target, exporter=exporter.name, registry=registry)
            written = self.read_back(target)
            assert written.dtype == pixels.dtype
            np.testing.assert_array_equal(np.squeeze(written), np.squeeze(pixels))

    def test_the_same_image_gives_the_same_bytes(
        self, exporter: Exporter, registry: Registry, image: Path, tmp_path: Path
    ) -> None:
        suffix = exporter.suffixes[0]
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            convert(image, tmp_path / name / f"out{suffix}", exporter=exporter.name, registry=registry)
        first, second = (objects_below(tmp_path / name) for name in ("first", "second"))
        assert first == second

    def test_what_is_there_already_stays(
        self, exporter: Exporter, registry: Registry, image: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / f"out{exporter.suffixes[0]}"
        target.write_bytes(b"somebody's")
        with pytest.raises(TargetExistsError):
            convert(image, target, exporter=exporter.name, registry=registry)
        assert target.read_bytes() == b"somebody's"

    def test_a_source_that_fails_leaves_nothing(
        self, exporter: Exporter, registry: Registry, pixels: npt.NDArray[Any], tmp_path: Path
    ) -> None:

        folder = tmp_path / "new"
        folder.mkdir()
        target = Location.parse(folder / f"out{exporter.suffixes[0]}")
        content = self._content(FailingSource(as_source(pixels)))
        export = Export(
            exporter=exporter, reason="tested", content=content, target=target, options={}, registry=registry
        )
        with pytest.raises(OMEZarrError):
            run_export(export)
        assert objects_below(folder) == {}

    def test_options_that_it_does_not_have_are_refused(
        self, exporter: Exporter, registry: Registry, image: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / f"out{exporter.suffixes[0]}"
        with pytest.raises(ArgumentError, match="nobody_knows_this"):
            convert(image, target, exporter=exporter.name, exporter_options={"nobody_knows_this": 1}, registry=registry)
        assert not target.exists()

    def _content(self, source: PixelSource) -> ImageContent:
        return ImageContent(pixels=source, axes=conventional_axes(self.axes))


class FailingSource(PixelSource):
    """A source that fails when its pixels are read.

    Parameters
    ----------
    source : PixelSource
        What it claims to be.
    """

    def __init__(self, source: PixelSource) -> None:
        self.shape = source.shape
        self.dtype = source.dtype
        self.chunks = source.chunks
        self.identity = "failing"

    def read(self, region: Any) -> Any:
        """Fail."""
        raise SourceError("the pixels cannot be read; this source always fails")


def objects_below(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with what they hold."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }
