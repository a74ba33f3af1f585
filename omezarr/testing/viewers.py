"""The suite for viewers: addresses stay on their own site, and carry the source unharmed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from omezarr.writing.images import write_image

if TYPE_CHECKING:
    from omezarr.abc import Viewer
    from omezarr.nodes.node import Node

SOURCES = (
    "http://127.0.0.1:8765/t0ken/cells.ome.zarr",
    "http://127.0.0.1:8765/t0ken/a%20b%26c%23d%3Fe.zarr",
)
"""Where hierarchies are served; names are quoted once in an address, as servers do it."""

MARKUP = '"><script>alert(1)</script>'
"""A name that would be markup if it were not quoted."""


class ViewerSuite:
    """Tests of a `omezarr.abc.Viewer`.

    A subclass overrides `viewer`.
    """

    @pytest.fixture
    def viewer(self) -> Viewer:
        """Return the viewer that is tested."""
        pytest.fail("a subclass of ViewerSuite overrides the fixture 'viewer'")

    @pytest.fixture
    def node(self) -> Node:
        """Return what is looked at: an image whose name is markup, with a label image."""
        import numpy as np

        pixels = np.zeros((2, 8, 8), "uint8")
        labels = {"nuclei": np.zeros((2, 8, 8), "uint8")}
        return write_image(
            "memory://viewer-suite/cells.ome.zarr", pixels, axes="cyx", name=MARKUP, labels=labels, overwrite=True
        )

    def test_has_a_name_and_one_line_about_it(self, viewer: Viewer) -> None:
        assert viewer.name
        assert viewer.name == viewer.name.strip()
        assert viewer.description.strip()
        assert "\n" not in viewer.description

    def test_its_origin_is_that_of_a_web_site(self, viewer: Viewer) -> None:
        parts = urlsplit(viewer.origin)
        assert parts.scheme in ("https", "http")
        assert parts.netloc
        assert viewer.origin == f"{parts.scheme}://{parts.netloc}", "an origin has no path"
        assert "*" not in viewer.origin, "only its own site may read what is served"

    @pytest.mark.parametrize("source", SOURCES)
    def test_its_addresses_stay_on_its_site(self, viewer: Viewer, node: Node, source: str) -> None:
        assert viewer.address(source, node).startswith(f"{viewer.origin}/")

    @pytest.mark.parametrize("source", SOURCES)
    def test_its_addresses_carry_the_source(self, viewer: Viewer, node: Node, source: str) -> None:
        address = viewer.address(source, node)
        parts = urlsplit(address)
        carried = [value for values in parse_qs(parts.query).values() for value in values]
        carried += [unquote(parts.fragment), unquote(unquote(parts.fragment)), unquote(parts.path)]
        assert any(source in text for text in carried), f"{address} does not say where the data are"

    @pytest.mark.parametrize("source", SOURCES)
    def test_names_in_data_are_never_markup(self, viewer: Viewer, node: Node, source: str) -> None:
        assert not set(viewer.address(source, node)) & set('<>" \n')
