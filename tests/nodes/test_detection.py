"""Which version and node types a group is of: explicit names win, hints come next, then shapes; ties are errors."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from omezarr.abc import Certainty, Claim, FormatVersion, Hint, NodeType
from omezarr.errors import ConflictError, MetadataError, UnknownNameError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.model import Document
from omezarr.nodes.detection import detect_format, detect_node_types
from omezarr.testing import isolated_registry

BUILT_IN = isolated_registry()

WELL = {"well": {"images": [{"path": "0"}]}}
LABELS = {"labels": ["cells"]}
IMAGE = {"multiscales": [{"datasets": [{"path": "0"}]}]}


def format_version(name: str, claims: Claim | None, zarr_format_: Literal[2, 3] = 3) -> FormatVersion:
    class Format(FormatVersion):
        version = name
        zarr_format = zarr_format_

        def claim(self, attributes: Any, zarr_format: int, hint: Hint) -> Claim | None:
            return claims

        def unwrap(self, attributes: Any) -> Document:
            return Document(values=attributes)

        def wrap(self, document: Document) -> dict[str, Any]:
            return dict(document.values)

    return Format()


def node_type(name: str, rank: int, specificity: int = 1) -> NodeType:
    class Kind(NodeType):
        key = name
        model = dict
        priority = rank

        def claim(self, document: Document, hint: Hint) -> Claim | None:
            return Claim(specificity, "it likes it")

    return Kind()


def only(*, formats: tuple[FormatVersion, ...] = (), node_types: tuple[NodeType, ...] = ()) -> Any:
    class Plugin:
        @hookimpl
        def omezarr_formats(self) -> Any:
            return formats

        @hookimpl
        def omezarr_node_types(self) -> Any:
            return node_types

    return isolated_registry(Plugin(), distributions=())


def test_two_versions_that_a_document_names_are_an_error_that_gives_both_reasons():
    explicit = Claim(Certainty.EXPLICIT, "it says so")
    registry = only(formats=(format_version("1.0", explicit), format_version("2.0", explicit)))
    with pytest.raises(MetadataError, match=r"NGFF 1\.0 because it says so and NGFF 2\.0 because it says so; force"):
        detect_format({}, 3, Hint(), registry)


def test_attributes_that_nobody_recognises_are_of_no_version():
    assert detect_format({}, 3, Hint(), isolated_registry(distributions=())) is None
    assert detect_format({"other": 1}, 3, Hint(), BUILT_IN) is None
    assert detect_format({"other": 1}, 2, Hint(), BUILT_IN) is None


def test_a_version_that_is_named_wins_over_hints():
    found = detect_format({"ome": {"version": "0.5", **WELL}}, 3, Hint(format_version="0.6"), BUILT_IN)
    assert found is not None
    assert (found.version.version, found.certainty, found.inferred) == ("0.5", Certainty.EXPLICIT, False)


def test_a_hint_wins_over_the_shape():
    found = detect_format(WELL, 2, Hint(format_version="0.2"), BUILT_IN)
    assert found is not None
    assert (found.version.version, found.certainty, found.inferred) == ("0.2", Certainty.HINT, False)


@pytest.mark.parametrize(("attributes", "zarr_format", "newest"), [(LABELS, 2, "0.4"), ({"ome": LABELS}, 3, "0.6")])
def test_without_any_name_the_newest_version_whose_shape_fits_is_inferred(attributes, zarr_format, newest):
    found = detect_format(attributes, zarr_format, Hint(), BUILT_IN)
    assert found is not None
    assert (found.version.version, found.certainty, found.inferred) == (newest, Certainty.SHAPE, True)


def test_newest_means_by_version_and_not_by_order_of_registration():
    shape = Claim(Certainty.SHAPE, "it looks like it")
    registry = only(formats=(format_version("0.10", shape), format_version("0.9", shape)))
    found = detect_format({}, 3, Hint(), registry)
    assert found is not None
    assert found.version.version == "0.10"


def test_a_forced_version_is_taken_whatever_the_attributes_say():
    found = detect_format({"ome": {"version": "0.5", **WELL}}, 3, Hint(), BUILT_IN, forced="0.6")
    assert found is not None
    assert found.version.version == "0.6"


def test_a_forced_version_of_the_other_zarr_format_is_refused_with_those_that_could_fit():
    with pytest.raises(UnsupportedError, match=r"zarr format 2, but NGFF 0\.5 needs zarr format 3; .*0\.1, 0\.2"):
        detect_format(IMAGE, 2, Hint(), BUILT_IN, forced="0.5")


def test_a_forced_version_that_nobody_provides_is_refused_with_near_ones():
    with pytest.raises(UnknownNameError, match=r"no format is called '0\.55'; did you mean '0\.5'"):
        detect_format(IMAGE, 3, Hint(), BUILT_IN, forced="0.55")


def test_the_type_of_highest_priority_is_primary_and_the_others_are_its_facets():
    registry = only(node_types=(node_type("low", 1), node_type("high", 3), node_type("middle", 2)))
    assert [item.key for item in detect_node_types(Document(values={}), Hint(), registry)] == ["high", "middle", "low"]


def test_among_types_of_one_priority_the_more_specific_claim_wins():
    registry = only(node_types=(node_type("sure", 1, specificity=2), node_type("guess", 1)))
    assert [item.key for item in detect_node_types(Document(values={}), Hint(), registry)] == ["sure", "guess"]


def test_two_types_of_equal_right_are_an_error_that_names_both():
    registry = only(node_types=(node_type("one", 1), node_type("two", 1)))
    with pytest.raises(ConflictError, match="the node type 'one' and the node type 'two'"):
        detect_node_types(Document(values={}), Hint(), registry)


def test_a_forced_type_becomes_the_primary_one():
    registry = only(node_types=(node_type("one", 1), node_type("two", 1)))
    found = detect_node_types(Document(values={}), Hint(), registry, forced="two")
    assert [item.key for item in found] == ["two", "one"]


def test_a_forced_type_that_the_document_is_not_of_is_refused_with_those_it_is_of():
    with pytest.raises(MetadataError, match="there is no 'plate' in this document; it has well"):
        detect_node_types(Document(values=WELL), Hint(), BUILT_IN, forced="plate")
    with pytest.raises(UnknownNameError, match="no node type is called 'plates'"):
        detect_node_types(Document(values=WELL), Hint(), BUILT_IN, forced="plates")


def test_a_document_of_no_known_type_has_none():
    assert detect_node_types(Document(values={"unheard": 1}), Hint(), BUILT_IN) == ()


@pytest.mark.parametrize(
    ("values", "path", "keys"),
    [
        (IMAGE, "cells", ["multiscales"]),
        (IMAGE, "cells.zarr/labels/nuclei", ["image-label", "multiscales"]),
        ({**IMAGE, "image-label": {}}, "anywhere", ["image-label", "multiscales"]),
        (WELL, "A/1", ["well"]),
        (LABELS, "labels", ["labels"]),
        ({"plate": {}, "bioformats2raw.layout": 3}, "", ["plate", "bioformats2raw.layout"]),
    ],
)
def test_the_built_in_types_share_groups_as_the_specification_says(values, path, keys):
    found = detect_node_types(Document(values=values), Hint(path=path), BUILT_IN)
    assert [item.key for item in found] == keys
