"""The suite for format versions: claiming, and that documents come back as they were."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc import Certainty, Hint
from omezarr.checking.validation import validate
from omezarr.model import GroupMetadata, conventional_axes, deep_equal
from omezarr.nodes.reading import open as open_node
from omezarr.testing.registries import registry_with
from omezarr.testing.rules import check_rules
from omezarr.upgrading import upgrade
from omezarr.writing.attributes import compose_attributes
from omezarr.writing.images import write_image

if TYPE_CHECKING:
    from omezarr.abc import FormatVersion
    from omezarr.plugins.registry import Registry

STRANGE: tuple[dict[str, Any], ...] = (
    {},
    {"ome": None},
    {"ome": []},
    {"ome": {"version": {}}},
    {"ome": {"multiscales": 1}},
    {"multiscales": None},
    {"multiscales": [None]},
    {"multiscales": [{"version": []}]},
    {"plate": "a plate"},
    {"labels": {"0": "cells"}},
)
"""Attributes that are nothing in particular."""

AXES = ("yx", "zyx", "cyx", "tczyx")
"""Axes of images that are asked about."""

DTYPES = ("uint8", "int16", "uint64", "float32", "bool", "complex64")
"""Dtypes of pixels that are asked about."""


class FormatVersionSuite:
    """Tests of a `omezarr.abc.FormatVersion`.

    A subclass overrides `version` and `attributes`, mostly with parameters: complete attributes of groups of this
    version, each naming it.
    """

    @pytest.fixture
    def version(self) -> FormatVersion:
        """Return the format version that is tested."""
        pytest.fail("a subclass of FormatVersionSuite overrides the fixture 'version'")

    @pytest.fixture
    def attributes(self) -> dict[str, Any]:
        """Return the attributes of a group of this version."""
        pytest.fail("a subclass of FormatVersionSuite overrides the fixture 'attributes'")

    @pytest.fixture
    def registry(self, version: FormatVersion) -> Registry:
        """Return the registry that the version is used with; by default the built-in one, with this version in it."""
        return registry_with("formats", version)

    def test_is_a_version_of_one_zarr_format(self, version: FormatVersion) -> None:
        from packaging.version import Version

        assert str(Version(version.version)) == version.version
        assert version.zarr_format in (2, 3)
        assert version.separator in ("/", ".")

    def test_claims_what_names_it(self, version: FormatVersion, attributes: dict[str, Any]) -> None:
        claim = version.claim(attributes, version.zarr_format, Hint())
        assert claim is not None
        assert claim.specificity == Certainty.EXPLICIT
        assert claim.reason

    def test_is_the_only_one_to_claim_it(
        self, version: FormatVersion, attributes: dict[str, Any], registry: Registry
    ) -> None:
        claims = {name: item.claim(attributes, version.zarr_format, Hint()) for name, item in registry.formats.items()}
        certain = [name for name, claim in claims.items() if claim and claim.specificity == Certainty.EXPLICIT]
        assert certain == [version.version]

    def test_leaves_the_other_zarr_format_alone(self, version: FormatVersion, attributes: dict[str, Any]) -> None:
        assert version.claim(attributes, 5 - version.zarr_format, Hint()) is None

    @pytest.mark.parametrize("strange", STRANGE, ids=str)
    def test_is_calm_about_strange_attributes(self, version: FormatVersion, strange: dict[str, Any]) -> None:
        claim = version.claim(strange, version.zarr_format, Hint(format_version=version.version))
        assert claim is None or claim.specificity < Certainty.EXPLICIT

    def test_wraps_what_it_has_unwrapped(self, version: FormatVersion, attributes: dict[str, Any]) -> None:
        before = deepcopy(attributes)
        assert deep_equal(version.wrap(version.unwrap(attributes)), before)
        assert attributes == before

    def test_keeps_what_belongs_to_others(self, version: FormatVersion, attributes: dict[str, Any]) -> None:
        with_more = {**attributes, "others": {"kept": [1, None]}}
        assert version.wrap(version.unwrap(with_more))["others"] == {"kept": [1, None]}

    def test_structures_documents_and_gives_them_back(
        self, version: FormatVersion, attributes: dict[str, Any], registry: Registry
    ) -> None:
        document = version.unwrap(attributes)
        converter = registry.converter(version)
        values = dict(document.values)
        for node_type in registry.node_types.values():
            if node_type.key in document.values:
                keys = (node_type.key, *node_type.companions)
                before = {key: document.values[key] for key in keys if key in document.values}
                value = node_type.structure(document.values, converter)
                assert deep_equal(node_type.unstructure(value, converter), before)
                values.update(before)
        assert deep_equal(values, dict(document.values))

    def test_completes_metadata_once_and_for_all(
        self, version: FormatVersion, attributes: dict[str, Any], registry: Registry
    ) -> None:
        metadata = metadata_of(attributes, version, registry)
        once = version.complete(metadata, {})
        assert version.complete(once, {}) == once
        written = compose_attributes(metadata, version, registry)
        claim = version.claim(written, version.zarr_format, Hint())
        assert claim is not None
        assert claim.specificity == Certainty.EXPLICIT

    def test_arrays_are_named_by_their_axes_in_order(self, version: FormatVersion) -> None:
        for axes in AXES:
            attributes, names = version.array_metadata(axes)
            json.dumps(attributes)
            assert names == (tuple(axes) if version.zarr_format == 3 else None), "zarr format 2 has no such names"

    def test_says_which_axes_and_dtypes_it_takes_and_why_not(self, version: FormatVersion) -> None:
        answers = [version.check_axes(conventional_axes(axes)) for axes in ("", *AXES)]
        pixels = [version.check_dtype(dtype, label=False) for dtype in DTYPES]
        labels = [version.check_dtype(dtype, label=True) for dtype in DTYPES]
        levels = [version.check_dtypes(dtypes) for dtypes in (("uint8", "uint8"), ("uint8", "float32"))]
        for given in (answers, pixels, labels, levels):
            assert None in given, "something is taken"
            assert all(reason is None or reason.strip() for reason in given)
        assert levels[0] is None, "levels of one dtype are an image"

    def test_its_rules_are_sound(self, version: FormatVersion, attributes: dict[str, Any], registry: Registry) -> None:
        for key in ("", *registry.node_types):
            check_rules(version.rules(key), attributes, version, registry)

    def test_images_are_written_read_and_upgraded(self, version: FormatVersion, registry: Registry) -> None:
        import numpy as np
        import zarr

        pixels = np.arange(64, dtype="uint8").reshape(1, 1, 1, 8, 8)
        first, second, third = (zarr.storage.MemoryStore() for _ in range(3))
        given: dict[str, Any] = {"axes": "tczyx", "levels": 2, "registry": registry}
        write_image(first, pixels, format=version.version, **given)
        report = validate(first, registry=registry)
        assert (report.version, report.errors) == (version.version, ())
        other = next(name for name in ("0.4", "0.5") if name != version.version)
        upgrade(first, second, to=other, allow_lossy=True, registry=registry)
        upgrade(second, third, to=version.version, allow_lossy=True, registry=registry)
        for store, name in ((first, version.version), (second, other), (third, version.version)):
            image = open_node(store, registry=registry)
            assert image.version == name
            assert [level.shape for level in image.levels] == [(1, 1, 1, 8, 8), (1, 1, 1, 4, 4)]
            np.testing.assert_array_equal(image.levels[0].read(), pixels)

    def test_loses_nothing_of_its_own(
        self, version: FormatVersion, attributes: dict[str, Any], registry: Registry
    ) -> None:
        assert version.losses(metadata_of(attributes, version, registry)) == []


def metadata_of(attributes: dict[str, Any], version: FormatVersion, registry: Registry) -> GroupMetadata:
    """Return what the attributes of a group say, structured."""
    document = version.unwrap(attributes)
    converter = registry.converter(version)
    types = [item for item in registry.node_types.values() if item.key in document.values]
    claimed = {key for item in types for key in (item.key, *item.companions)}
    return GroupMetadata(
        facets={item.key: item.structure(document.values, converter) for item in types},
        unclaimed={key: value for key, value in document.values.items() if key not in claimed},
        foreign=document.foreign,
        version=document.version,
    )
