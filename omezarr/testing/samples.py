"""The suite for sample data: the same at every call, without the network, and valid once written."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING

import pytest

from omezarr.checking.validation import validate
from omezarr.testing.registries import registry_with
from omezarr.writing.images import write_content

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.abc import SampleData
    from omezarr.model.content import Content
    from omezarr.plugins.registry import Registry


class SampleDataSuite:
    """Tests of a `omezarr.abc.SampleData`.

    A subclass overrides `sample`.

    Attributes
    ----------
    formats : tuple of str
        The NGFF versions in which it is written. Default: the one that is written by default.
    """

    formats: tuple[str, ...] = ("0.5",)

    @pytest.fixture
    def sample(self) -> SampleData:
        """Return the sample that is tested."""
        pytest.fail("a subclass of SampleDataSuite overrides the fixture 'sample'")

    @pytest.fixture
    def registry(self, sample: SampleData) -> Registry:
        """Return the registry that it is used with."""
        return registry_with("samples", sample)

    def test_has_a_name_and_one_line_about_it(self, sample: SampleData) -> None:
        assert sample.name
        assert sample.description.strip()
        assert "\n" not in sample.description

    def test_is_the_same_at_every_call(self, sample: SampleData) -> None:
        assert digest_of(sample.load()) == digest_of(sample.load())

    def test_needs_no_network(self, sample: SampleData, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            pytest.fail("a sample is made from what is installed")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        digest_of(sample.load())

    def test_is_valid_once_it_is_written(self, sample: SampleData, registry: Registry, tmp_path: Path) -> None:
        for version in self.formats:
            path = tmp_path / version
            write_content(path, sample.load(), format=version, registry=registry)
            assert validate(path, registry=registry).errors == ()


def digest_of(content: Content) -> str:
    """Return a digest of all pixels of all images and labels in a content, and of what is said of them."""
    import numpy as np

    digest = hashlib.sha256()
    for path, image in content.walk_images():
        digest.update(repr((path, image.axes, image.scale, image.translation, image.channels)).encode())
        for source in (image.pixels, *(label.pixels for _, label in sorted(image.labels.items()))):
            pixels = source.read(tuple(slice(0, length) for length in source.shape))
            digest.update(repr((pixels.shape, str(pixels.dtype))).encode())
            digest.update(np.ascontiguousarray(pixels).tobytes())
    return digest.hexdigest()
