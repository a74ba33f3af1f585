"""The suite for format versions: claiming, and that documents come back as they were."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc import Certainty, Hint
from omezarr.model import GroupMetadata, deep_equal
from omezarr.testing.registries import registry_with
from omezarr.writing.attributes import compose_attributes

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
