"""The suite for importers: claims, pixels that are right in every region, and files that are not what they say."""

from __future__ import annotations

import pickle
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.checking.validation import validate
from omezarr.errors import OMEZarrError
from omezarr.location import Location
from omezarr.nodes.reading import open as open_node
from omezarr.testing.registries import registry_with
from omezarr.testing.strange import STRANGE_LOCATIONS
from omezarr.writing.conversion import convert

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from omezarr.abc import Importer
    from omezarr.plugins.registry import Registry

CUTS: tuple[float, ...] = (0, 1, 16, 0.5, 0.9)
"""Where files are cut short: after so many bytes, or after such a part of them."""


@pytest.mark.filterwarnings("ignore::omezarr.errors.OMEZarrWarning")  # notices of what a file does not say
class ImporterSuite:
    """Tests of a `omezarr.abc.Importer` of files.

    A subclass overrides `importer`, `file` and `pixels`.

    Attributes
    ----------
    ends_are_told : bool
        Whether a file tells where it ends. Of a table of text nobody knows whether lines are missing: then a file that
        was cut short may be read, as long as it is refused in words where it is not.
    """

    ends_are_told = True

    @pytest.fixture
    def importer(self) -> Importer:
        """Return the importer that is tested."""
        pytest.fail("a subclass of ImporterSuite overrides the fixture 'importer'")

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """Return a file that it reads, with one image in it."""
        pytest.fail("a subclass of ImporterSuite overrides the fixture 'file'")

    @pytest.fixture
    def pixels(self) -> npt.NDArray[Any]:
        """Return the pixels of the image, in the axis order in which the importer gives them."""
        pytest.fail("a subclass of ImporterSuite overrides the fixture 'pixels'")

    @pytest.fixture
    def registry(self, importer: Importer) -> Registry:
        """Return the registry that it is used with."""
        return registry_with("importers", importer)

    def test_has_a_name_suffixes_and_explained_options(self, importer: Importer) -> None:
        assert importer.name
        assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in importer.suffixes)
        assert all(text.strip() for text in importer.options.values())

    def test_claims_its_file_and_says_why(self, importer: Importer, file: Path) -> None:
        claim = importer.claim(Location.parse(file))
        assert claim is not None
        assert claim.reason

    @pytest.mark.parametrize("text", STRANGE_LOCATIONS)
    def test_leaves_other_places_alone(self, importer: Importer, text: str) -> None:
        claim = importer.claim(Location.parse(text))
        assert claim is None, f"{text} is none of its files"

    def test_is_calm_about_a_file_that_is_not_there(self, importer: Importer, file: Path) -> None:
        missing = Location.parse(file.with_name(f"missing-{file.name}"))
        importer.claim(missing)
        with pytest.raises(OMEZarrError, match="missing-"):
            read(importer, missing)

    def test_axes_fit_the_pixels(self, importer: Importer, file: Path, pixels: npt.NDArray[Any]) -> None:
        ((_, image),) = importer.load(Location.parse(file), {}).walk_images()
        assert image.pixels.shape == pixels.shape
        assert image.pixels.dtype == pixels.dtype
        assert len(image.axes) == pixels.ndim

    def test_every_region_has_the_right_pixels(self, importer: Importer, file: Path, pixels: Any) -> None:
        import numpy as np

        ((_, image),) = importer.load(Location.parse(file), {}).walk_images()
        for region in product(*([slice(0, n), slice(n // 3, n // 3 + max(1, n // 2))] for n in pixels.shape)):
            np.testing.assert_array_equal(image.pixels.read(region), pixels[region], err_msg=str(region))

    def test_loading_twice_gives_the_same(self, importer: Importer, file: Path) -> None:
        first, second = (dict(importer.load(Location.parse(file), {}).walk_images()) for _ in range(2))
        assert {path: image.axes for path, image in first.items()} == {
            path: image.axes for path, image in second.items()
        }

    def test_pixels_can_be_read_in_another_process(self, importer: Importer, file: Path, pixels: Any) -> None:
        import numpy as np

        ((_, image),) = importer.load(Location.parse(file), {}).walk_images()
        copy = pickle.loads(pickle.dumps(image.pixels))  # noqa: S301 - the bytes of the line itself
        whole = tuple(slice(0, n) for n in pixels.shape)
        np.testing.assert_array_equal(copy.read(whole), pixels)

    def test_it_is_converted_to_what_is_valid(
        self, importer: Importer, registry: Registry, file: Path, pixels: Any, tmp_path: Path
    ) -> None:
        import numpy as np

        convert(file, tmp_path / "imported.ome.zarr", importer=importer.name, registry=registry)
        node = open_node(tmp_path / "imported.ome.zarr", registry=registry)
        assert validate(tmp_path / "imported.ome.zarr", registry=registry).errors == ()
        np.testing.assert_array_equal(np.sort(node.levels[0].read(), axis=None), np.sort(pixels, axis=None))

    @pytest.mark.parametrize("cut", CUTS)
    def test_a_file_that_was_cut_short_is_refused_in_words(self, importer: Importer, file: Path, cut: float) -> None:
        content = file.read_bytes()
        kept = min(int(len(content) * cut if cut < 1 else cut), len(content) - 1)
        short = file.with_name(f"short-{file.name}")
        short.write_bytes(content[:kept])
        importer.claim(Location.parse(short))
        if self.ends_are_told or kept == 0:
            with pytest.raises(OMEZarrError, match="short-"):
                read(importer, Location.parse(short))
            return
        try:
            read(importer, Location.parse(short))
        except OMEZarrError as error:
            assert "short-" in str(error)  # noqa: PT017 - it need not be raised

    def test_other_bytes_under_its_name_are_refused_in_words(self, importer: Importer, file: Path) -> None:
        other = file.with_name(f"other-{file.name}")
        other.write_bytes(bytes(range(256)) * 16)
        importer.claim(Location.parse(other))
        with pytest.raises(OMEZarrError, match="other-"):
            read(importer, Location.parse(other))


def read(importer: Importer, location: Location) -> None:
    """Load a location and read all of its pixels."""
    for _, image in importer.load(location, {}).walk_images():
        image.pixels.read(tuple(slice(0, length) for length in image.pixels.shape))
