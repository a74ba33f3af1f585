"""Where a name of a contribution is taken, an instance can be given, and comes before what is called the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.errors import ArgumentError, PluginError
from omezarr_builtins.exporters.npy import NumpyFile
from omezarr_builtins.formats.v05 import V05
from omezarr_builtins.formats.v06 import V06
from omezarr_builtins.importers.array import BareArray
from omezarr_builtins.nodes.multiscales import MultiscalesNode

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(64, dtype="uint8").reshape(8, 8)


class Own07(V06):
    """A version that nobody else has."""

    version = "0.7"


class Own05(V05):
    """Another 0.5."""


class Halved(BareArray):
    """Reads what another importer of this name reads, and more."""

    def load(self, location: Any, options: Any) -> Any:
        content = super().load(location, options)
        return omezarr.ImageContent(pixels=content.pixels, axes=content.axes, name="by an object")  # type: ignore[attr-defined]


class Broken(BareArray):
    def load(self, location: Any, options: Any) -> Any:
        raise KeyError("width")


class Doubled(NumpyFile):
    def save(self, content: Any, location: Any, options: Any, run: Any) -> None:
        super().save(content, location, options, run)
        self.saved = True


class OwnImage(MultiscalesNode):
    """Images as a program sees them."""


def test_importers_and_exporters(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    image = omezarr.convert(tmp_path / "a.npy", tmp_path / "a.zarr", importer=Halved(), axes="yx")
    assert image is not None
    assert image.multiscale.name == "by an object"
    exporter = Doubled()
    omezarr.convert(tmp_path / "a.zarr", tmp_path / "b.npy", exporter=exporter)
    assert exporter.saved
    assert np.array_equal(np.load(tmp_path / "b.npy"), PIXELS)
    with pytest.raises(PluginError, match=r"an object of the program: .*load of 'array' failed: KeyError"):
        omezarr.convert(tmp_path / "a.npy", tmp_path / "c.zarr", importer=Broken(), axes="yx")


def test_versions(tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    for options in ({"format": Own07()}, {"options": omezarr.WriteOptions(format=Own07())}):
        image = omezarr.write_image(place, PIXELS, axes="yx", overwrite=True, **options)
        assert image.version == "0.7"
    assert omezarr.open(place).key is None
    assert omezarr.open(place, format=Own07()).key == "multiscales"
    assert omezarr.validate(place, format=Own07()).version == "0.7"
    np.save(tmp_path / "a.npy", PIXELS)
    converted = omezarr.convert(tmp_path / "a.npy", tmp_path / "b.zarr", axes="yx", format=Own07())
    assert (converted is not None, converted and converted.version) == (True, "0.7")
    omezarr.write_image(tmp_path / "old.zarr", PIXELS, axes="yx", format="0.5")
    assert omezarr.upgrade(tmp_path / "old.zarr", to=Own07()).version == "0.7"


def test_what_is_called_the_same_gives_way_in_that_call_alone(tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    own = omezarr.write_image(place, PIXELS, axes="yx", format=Own05())
    assert type(own._registry.formats["0.5"]) is Own05
    assert type(omezarr.open(place)._registry.formats["0.5"]) is V05
    (node_type,) = omezarr.open(place, node_type=OwnImage()).node_types
    assert type(node_type) is OwnImage


@pytest.mark.parametrize("given", [7, V05, MultiscalesNode()])
def test_anything_else_is_refused(tmp_path: Path, given: Any) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx")
    with pytest.raises(ArgumentError, match="give a name, or an instance of FormatVersion"):
        omezarr.open(tmp_path / "a.zarr", format=given)
