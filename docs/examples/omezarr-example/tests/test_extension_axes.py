"""Each plugin keeps what its interface promises: the suites of the kit, and a test of what is special about it."""

import numpy as np
import pytest
from omezarr_example import commands, formats, grey_maps, nodes, rules, samples, schemes, smoothing, viewers

import omezarr
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model import conventional_axes
from omezarr.model.content import ImageContent
from omezarr.nodes.opening import open_store
from omezarr.testing import (
    CommandSuite,
    DistributionSuite,
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
    write_example,
)

PIXELS = np.arange(12, dtype="uint16").reshape(3, 4) * 5000


class TestDistribution(DistributionSuite):
    distribution = "omezarr-example"


class TestHistogram(CommandSuite):
    @pytest.fixture
    def command(self):
        return commands.histogram


class TestBinomial(ScalingMethodSuite):
    @pytest.fixture
    def method(self):
        return smoothing.Binomial()


def test_a_single_bright_sample_is_spread():
    image = np.zeros((1, 8), "uint8")
    image[0, 4] = 80
    assert omezarr.downscale(image, (1, 2), method=smoothing.Binomial()).tolist() == [[0, 0, 40, 0]]


class TestLicensed(FormatVersionSuite):
    @pytest.fixture
    def version(self):
        return formats.Licensed()

    @pytest.fixture
    def attributes(self):
        return {"ome": {"version": "0.7.dev1", "labels": ["nuclei"]}}


def test_images_of_the_version_get_a_licence_that_is_asked_for(tmp_path):
    registry = isolated_registry(formats)
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(path, PIXELS, format="0.7.dev1", registry=registry)
    image = omezarr.open(path, registry=registry)
    assert image.version == "0.7.dev1"
    assert image.multiscale.extra["licence"] == "CC-BY-4.0"
    assert omezarr.validate(path, registry=registry).errors == ()
    unlicensed = {"ome": {**image.attributes["ome"], "multiscales": [{}]}}
    found = {problem.rule for problem in omezarr.validate(unlicensed, registry=registry).errors}
    assert "multiscales.licence" in found


def test_images_are_upgraded_to_the_version(tmp_path):
    registry = isolated_registry(formats)
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(path, PIXELS, scale=0.5, units="micrometer", registry=registry)
    omezarr.upgrade(path, to="0.7.dev1", registry=registry)
    image = omezarr.open(path, registry=registry)
    assert image.version == "0.7.dev1"
    np.testing.assert_array_equal(image.levels[0].read(), PIXELS)


class TestGallery(NodeTypeSuite):
    @pytest.fixture
    def node_type(self):
        return nodes.GalleryNode()

    @pytest.fixture
    def values(self):
        return {"gallery": {"pictures": [{"path": "cells", "caption": "Cells."}]}}

    @pytest.fixture
    def content(self):
        return gallery()


def gallery():
    from omezarr.arrays import as_source

    image = ImageContent(pixels=as_source(PIXELS), axes=conventional_axes("yx"))
    return nodes.GalleryContent({"cells": image, "more": image}, {"cells": "Cells."})


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_a_gallery_is_written_read_validated_and_upgraded(tmp_path, version):
    registry = isolated_registry(nodes)
    path = tmp_path / "gallery.ome.zarr"
    omezarr.write_content(path, gallery(), format=version, registry=registry)
    node = omezarr.open(path, registry=registry)
    assert [picture.caption for picture in node.value.pictures] == ["Cells.", "more"]
    np.testing.assert_array_equal(node["cells"].levels[0].read(), PIXELS)
    assert omezarr.validate(path, registry=registry).errors == ()
    other = tmp_path / "other.ome.zarr"
    omezarr.upgrade(path, other, to="0.6" if version != "0.6" else "0.5", registry=registry)
    assert list(omezarr.open(other, registry=registry)) == ["cells", "more"]


class TestRules(RuleSetSuite):
    @pytest.fixture
    def rule_set(self):
        return rules.omezarr_rules()[0]

    @pytest.fixture
    def sound(self):
        return {"multiscales": [{"name": "cells", "axes": [], "datasets": []}]}

    @pytest.fixture
    def broken(self):
        return {"example-lab/image.name": {"multiscales": [{"axes": [], "datasets": []}]}}


class TestLab(WritableSchemeSuite):
    name = "lab"

    @pytest.fixture(autouse=True)
    def mounted(self, tmp_path, monkeypatch):
        monkeypatch.setenv("LAB_DATA", str(tmp_path))

    @pytest.fixture
    def registry(self):
        return isolated_registry(schemes)

    @pytest.fixture
    def place(self, registry):
        location = Location.parse("lab://microscope-2/cells.zarr")
        write_example(open_store(location, registry.storage_schemes, write=True))
        return location

    @pytest.fixture
    def empty(self):
        return Location.parse("lab://microscope-2/new.zarr")

    def test_it_says_which_variable_it_needs(self, registry, monkeypatch):
        monkeypatch.delenv("LAB_DATA")
        with pytest.raises(ArgumentError, match="set LAB_DATA"):
            omezarr.open("lab://microscope-2/cells.zarr", registry=registry)


class TestGreyMapImporter(ImporterSuite):
    @pytest.fixture
    def importer(self):
        return grey_maps.GreyMapImporter()

    @pytest.fixture
    def file(self, tmp_path):
        (tmp_path / "cells.pgm").write_bytes(b"P5\n4 3\n65535\n" + PIXELS.astype(">u2").tobytes())
        return tmp_path / "cells.pgm"

    @pytest.fixture
    def pixels(self):
        return PIXELS


class TestGreyMapExporter(ExporterSuite):
    @pytest.fixture
    def exporter(self):
        return grey_maps.GreyMapExporter()

    @pytest.fixture(params=["uint8", "uint16"])
    def pixels(self, request):
        return PIXELS.astype(request.param)

    def read_back(self, file):
        from PIL import Image

        with Image.open(file) as picture:
            pixels = np.asarray(picture)
        return pixels.astype("uint8" if pixels.max() < 256 else "uint16")


def test_stacks_are_no_grey_maps(tmp_path):
    registry = isolated_registry(grey_maps)
    omezarr.write_image(tmp_path / "stack.ome.zarr", np.zeros((2, 4, 4), "uint8"), axes="zyx")
    with pytest.raises(UnsupportedError, match="one plane"):
        omezarr.convert(tmp_path / "stack.ome.zarr", tmp_path / "stack.pgm", registry=registry)
    assert not (tmp_path / "stack.pgm").exists()


class TestRings(SampleDataSuite):
    @pytest.fixture
    def sample(self):
        return samples.Rings()


class TestLabViewer(ViewerSuite):
    @pytest.fixture
    def viewer(self):
        return viewers.LabViewer()
