"""The suite for node types: claiming, structuring in every format version, and safe references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omezarr.abc import Hint
from omezarr.abc.rules import RuleContext
from omezarr.checking.validation import validate
from omezarr.errors import MetadataError
from omezarr.location import checked_path
from omezarr.model import Document, GroupMetadata, deep_equal
from omezarr.model.structuring import base_converter
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.documents import document_of
from omezarr.testing.registries import registry_with
from omezarr.testing.rules import check_rules
from omezarr.writing.attributes import compose_attributes
from omezarr.writing.images import write_content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc import NodeType
    from omezarr.model import JSON
    from omezarr.model.content import Content
    from omezarr.plugins.registry import Registry


class NodeTypeSuite:
    """Tests of a `omezarr.abc.NodeType`.

    A subclass overrides `node_type` and `values`: the values of a document of this type, in the form of the
    version-neutral model. Where the type is written, it overrides `content`, too.

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
    def content(self, node_type: NodeType) -> Content | None:
        """Return content of the class that the type names; None, as by default, if it cannot be written by itself."""
        return None

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

    def test_leaves_the_documents_of_other_types_alone(self, node_type: NodeType, registry: Registry) -> None:
        for key in registry.node_types:
            if key not in (node_type.key, *node_type.companions):
                claim = node_type.claim(Document(values={key: {}}), Hint())
                assert claim is None, f"it takes what has the key {key!r}, from the type that is for that"

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

    def test_looks_for_children_below_the_node(self, node_type: NodeType, values: dict[str, Any]) -> None:
        value = node_type.structure(values, converter_of(node_type))
        for group in (Surroundings(), Surroundings(full=True)):
            for reference in node_type.probe(value, group):
                assert checked_path(reference.path)
                assert reference.role == "child"
        context = RuleContext(values=values, attributes=values, version="0.6")
        assert all(checked_path(reference.path) for reference in node_type.raw_references(context))

    def test_its_rules_are_sound(self, node_type: NodeType, values: dict[str, Any], registry: Registry) -> None:
        value = node_type.structure(values, converter_of(node_type))
        names = tuple(self.formats or registry.formats)
        for name in names:
            version = registry.formats[name]
            written = compose_attributes(GroupMetadata(facets={node_type.key: value}), version, registry)
            check_rules(node_type.rules(name), written, version, registry, vary=name == names[-1])

    def test_what_it_writes_is_read_whole(
        self, node_type: NodeType, content: Content | None, registry: Registry
    ) -> None:
        import zarr

        if content is None:
            return
        assert node_type.content is not None
        assert isinstance(content, node_type.content)
        for name in (self.formats or ("0.4", "0.5"))[-2:]:
            store = zarr.storage.MemoryStore()
            write_content(store, content, format=name, registry=registry)
            node = open_node(store, registry=registry)
            assert node.key == node_type.key, "what was written is opened as another kind of group"
            assert node.version == name
            assert [str(notice) for notice in node.notices] == []
            references = node_type.references(node.facets[node_type.key])
            named = [reference.path for reference in references if reference.role == "child" and not reference.optional]
            lost = [path for path in named if node.children.get(path) is None]
            assert lost == [], "its document names children that are not there"
            assert validate(store, registry=registry).errors == ()

    @pytest.mark.parametrize("strange", [None, 42, "text", [], [None], {}, {"version": []}], ids=str)
    def test_refuses_malformed_values_by_name(self, node_type: NodeType, strange: Any) -> None:
        refusal = refusal_of(node_type, {node_type.key: strange})
        assert refusal is None or refusal.path[:1] == (node_type.key,)


class Surroundings:
    """A group around which nothing is, or everything that is asked about."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full

    def document(self, path: str = "") -> Mapping[str, JSON] | None:
        """Return an empty document, where there is one."""
        return {} if self.full else None

    def read(self, path: str) -> bytes | None:
        """Return bytes that are nothing in particular, where there are some."""
        return b"\x00" if self.full else None

    def present(self, paths: Sequence[str]) -> frozenset[str]:
        """Return the first of the paths, or none; more would never end where numbers are counted up."""
        return frozenset(paths[:1] if self.full else ())

    def names(self, path: str = "") -> Sequence[str] | None:
        """Return names that others may have chosen, or that they cannot be listed."""
        return ("0", "..", "a name", "zarr.json") if self.full else None


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
