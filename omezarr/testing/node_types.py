"""The suite for node types: claiming, structuring in every format version, and safe references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc import Hint
from omezarr.errors import MetadataError
from omezarr.location import checked_path
from omezarr.model import Document, GroupMetadata, deep_equal
from omezarr.model.structuring import base_converter
from omezarr.plugins.documents import document_of
from omezarr.testing.registries import registry_with
from omezarr.writing.attributes import compose_attributes

if TYPE_CHECKING:
    from cattrs import Converter

    from omezarr.abc import NodeType
    from omezarr.plugins.registry import Registry


class NodeTypeSuite:
    """Tests of a `omezarr.abc.NodeType`.

    A subclass overrides `node_type` and `values`: the values of a document of this type, in the form of the
    version-neutral model.

    Attributes
    ----------
    formats : tuple of str, optional
        The format versions in which the values can be expressed. Default: all.
    """

    formats: tuple[str, ...] | None = None

    @pytest.fixture
    def node_type(self) -> NodeType:
        """Return the node type that is tested."""
        pytest.fail("a subclass of NodeTypeSuite overrides the fixture 'node_type'")

    @pytest.fixture
    def values(self) -> dict[str, Any]:
        """Return the values of a document of this type."""
        pytest.fail("a subclass of NodeTypeSuite overrides the fixture 'values'")

    @pytest.fixture
    def registry(self, node_type: NodeType) -> Registry:
        """Return the registry that the type is used with; by default the built-in one, with this type in it."""
        return registry_with("node_types", node_type)

    def test_claims_what_has_its_key(self, node_type: NodeType, values: dict[str, Any]) -> None:
        claim = node_type.claim(Document(values=values), Hint())
        assert claim is not None
        assert claim.reason

    def test_leaves_other_documents_alone(self, node_type: NodeType) -> None:
        assert node_type.claim(Document(values={}), Hint()) is None
        assert node_type.claim(Document(values={"nobody-knows-this": {}}), Hint()) is None

    def test_structures_values_and_gives_them_back(self, node_type: NodeType, values: dict[str, Any]) -> None:
        converter = converter_of(node_type)
        before = {key: values[key] for key in (node_type.key, *node_type.companions) if key in values}
        value = node_type.structure(values, converter)
        assert isinstance(value, node_type.model)
        assert deep_equal(node_type.unstructure(value, converter), before)

    def test_works_in_every_format_version(
        self, node_type: NodeType, values: dict[str, Any], registry: Registry
    ) -> None:
        value = node_type.structure(values, converter_of(node_type))
        metadata = GroupMetadata(facets={node_type.key: value})
        for name in self.formats or registry.formats:
            version = registry.formats[name]
            attributes = compose_attributes(metadata, version, registry)
            document = document_of(attributes, version, registry)
            assert node_type.claim(document, Hint()) is not None, name
            again = node_type.structure(document.values, registry.converter(version))
            assert isinstance(again, node_type.model), name
            assert list(node_type.references(again)) == list(node_type.references(value)), name

    def test_refers_to_what_is_below_the_node(self, node_type: NodeType, values: dict[str, Any]) -> None:
        value = node_type.structure(values, converter_of(node_type))
        for reference in node_type.references(value):
            assert checked_path(reference.path)
            assert reference.role in ("level", "child")

    @pytest.mark.parametrize("strange", [None, 42, "text", [], [None], {}, {"version": []}], ids=str)
    def test_refuses_malformed_values_by_name(self, node_type: NodeType, strange: Any) -> None:
        refusal = refusal_of(node_type, {node_type.key: strange})
        assert refusal is None or refusal.path[:1] == (node_type.key,)


def refusal_of(node_type: NodeType, values: dict[str, Any]) -> MetadataError | None:
    """Return why a node type refuses values; None if it can do with them. Any other error is a mistake."""
    try:
        list(node_type.references(node_type.structure(values, converter_of(node_type))))
    except MetadataError as error:
        return error
    return None


def converter_of(node_type: NodeType) -> Converter:
    """Return the version-neutral converter, with what a node type overrides."""
    converter = base_converter()
    node_type.configure(converter)
    return converter
