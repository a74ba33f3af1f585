"""Which groups and arrays each node type leads to: named by its document, or found around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import field, frozen

from omezarr.abc import Hint, NodeType, Reference
from omezarr.errors import MetadataError
from omezarr.model.structuring import base_converter
from omezarr_builtins.nodes.bioformats2raw import PROBED_AT_ONCE, Bioformats2RawNode, SeriesNode, count_images
from omezarr_builtins.nodes.image_label import ImageLabelNode
from omezarr_builtins.nodes.labels import LabelsNode
from omezarr_builtins.nodes.multiscales import MultiscalesNode
from omezarr_builtins.nodes.plate import PlateNode
from omezarr_builtins.nodes.scene import SceneNode
from omezarr_builtins.nodes.well import WellNode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Several


@frozen
class Place:
    """A group and what lies around it, given as values; it counts what it is asked for."""

    documents: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    objects: Mapping[str, bytes] = field(factory=dict)
    groups: frozenset[str] = frozenset()
    asked: list[str] = field(factory=list)

    def document(self, path: str = "") -> Mapping[str, Any] | None:
        self.asked.append(f"document {path}")
        return self.documents.get(path)

    def read(self, path: str) -> bytes | None:
        self.asked.append(f"read {path}")
        return self.objects.get(path)

    def present(self, paths: Several[str]) -> frozenset[str]:
        self.asked.append(f"present {len(paths)}")
        return self.groups & frozenset(paths)

    def names(self, path: str = "") -> Several[str] | None:
        raise AssertionError("listing is not possible everywhere")


def structured(node_type: NodeType, value: Any) -> Any:
    converter = base_converter()
    node_type.configure(converter)
    return node_type.structure({node_type.key: value}, converter)


def paths(references: Any) -> list[str]:
    return [reference.path for reference in references]


def test_an_image_leads_to_each_of_its_arrays_once() -> None:
    images = [{"datasets": [{"path": "0"}, {"path": "a/1"}]}, {"datasets": [{"path": "0"}, {"path": "2"}]}]
    references = list(MultiscalesNode().references(structured(MultiscalesNode(), images)))
    assert paths(references) == ["0", "a/1", "2"]
    assert {reference.role for reference in references} == {"level"}


def test_an_image_may_have_labels() -> None:
    (reference,) = MultiscalesNode().probe(structured(MultiscalesNode(), []), Place())
    hint = Hint(node_key="labels", path="labels")
    assert reference == Reference(path="labels", role="child", hint=hint, optional=True)


def test_a_label_image_has_no_labels() -> None:
    place = Place(documents={"": {"image-label": {}}})
    assert list(MultiscalesNode().probe(structured(MultiscalesNode(), []), place)) == []


def test_labels_lead_to_label_images_in_their_order() -> None:
    references = list(LabelsNode().references(structured(LabelsNode(), ["b", "a/deep"])))
    assert paths(references) == ["b", "a/deep"]
    assert [item.hint for item in references] == [
        Hint(node_key="image-label", path="labels/b"),
        Hint(node_key="image-label", path="labels/a/deep"),
    ]
    assert not any(reference.optional for reference in references)


def test_a_plate_leads_to_the_wells_it_lists() -> None:
    value = {"rows": [{"name": "A"}], "columns": [], "wells": [{"path": "A/2"}, {"path": "A/1"}]}
    references = list(PlateNode().references(structured(PlateNode(), value)))
    assert paths(references) == ["A/2", "A/1"]
    assert {reference.hint.node_key for reference in references} == {"well"}


def test_a_well_leads_to_its_fields() -> None:
    references = list(WellNode().references(structured(WellNode(), {"images": [{"path": "0"}, {"path": "1"}]})))
    assert paths(references) == ["0", "1"]
    assert {reference.hint.node_key for reference in references} == {"multiscales"}


def test_a_scene_leads_to_the_groups_that_its_transformations_name() -> None:
    ends = [
        {"input": {"path": "tile_0", "name": "a"}, "output": {"name": "world"}},
        {"input": {"path": "tile_1", "name": "a"}, "output": {"path": "tile_0", "name": "a"}},
        {"input": {"path": "", "name": "b"}, "output": {"path": None, "name": "world"}},
        {"input": {"path": ".", "name": "b"}},
    ]
    value = {"coordinateTransformations": [{"type": "identity", **end} for end in ends]}
    assert paths(SceneNode().references(structured(SceneNode(), value))) == ["tile_0", "tile_1"]


class TestCollections:
    OME_XML = b'<OME><Image ID="Image:0"/><Image ID="Image:1"><Description>Image</Description></Image></OME>'

    def found(self, place: Place) -> list[str]:
        return paths(Bioformats2RawNode().probe(structured(Bioformats2RawNode(), 3), place))

    def test_a_plate_takes_precedence(self) -> None:
        place = Place(
            documents={"": {"plate": {}}, "OME": {"series": ["0"]}}, objects={"OME/METADATA.ome.xml": self.OME_XML}
        )
        assert self.found(place) == []
        assert place.asked == ["document "]

    def test_the_series_tell_the_images_in_their_order(self) -> None:
        place = Place(documents={"OME": {"series": ["b", "a"]}}, objects={"OME/METADATA.ome.xml": self.OME_XML})
        assert self.found(place) == ["b", "a"]
        assert not any(request.startswith(("read", "present")) for request in place.asked)

    def test_an_empty_series_is_believed(self) -> None:
        assert self.found(Place(documents={"OME": {"series": []}}, groups=frozenset("0"))) == []

    def test_images_that_the_series_name_must_be_there(self) -> None:
        place = Place(documents={"OME": {"series": ["0"]}})
        (reference,) = Bioformats2RawNode().probe(structured(Bioformats2RawNode(), 3), place)
        assert not reference.optional

    def test_malformed_series_are_an_error_that_says_where(self) -> None:
        with pytest.raises(MetadataError, match=r"^OME\.series\[1\]: expected a string, found the number 1$"):
            self.found(Place(documents={"OME": {"series": ["0", 1]}}))

    def test_without_series_the_ome_xml_tells_how_many(self) -> None:
        place = Place(documents={"OME": {}}, objects={"OME/METADATA.ome.xml": self.OME_XML})
        assert self.found(place) == ["0", "1"]
        assert not any(request.startswith("present") for request in place.asked)

    @pytest.mark.parametrize("ome_xml", [None, b"", b"<OME/>", b"not xml"])
    def test_without_either_images_are_looked_for_one_after_the_other(self, ome_xml: bytes | None) -> None:
        objects = {} if ome_xml is None else {"OME/METADATA.ome.xml": ome_xml}
        place = Place(objects=objects, groups=frozenset({"0", "1", "3"}))
        assert self.found(place) == ["0", "1"]
        assert place.asked.count(f"present {PROBED_AT_ONCE}") == 1

    def test_many_images_are_all_found(self) -> None:
        names = [str(index) for index in range(2 * PROBED_AT_ONCE)]
        place = Place(groups=frozenset(names))
        assert self.found(place) == names
        assert place.asked.count(f"present {PROBED_AT_ONCE}") == 3

    def test_the_series_alone_lead_nowhere(self) -> None:
        assert list(SeriesNode().references(structured(SeriesNode(), ["0"]))) == []


class TestCountingImages:
    @pytest.mark.parametrize(
        ("ome_xml", "images"),
        [
            (b"<OME/>", 0),
            (b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image/></OME>', 1),
            (b'<o:OME xmlns:o="urn:o"><o:Image/><o:Image/></o:OME>', 2),
            (b"<OME><Plate><Image/></Plate><Image><Image/></Image><ImageRef/></OME>", 1),
            (b"<OME><!-- <Image/> --><Image/></OME>", 1),
            ("<?xml version='1.0' encoding='utf-16'?><OME><Image Name='é'/></OME>".encode("utf-16"), 1),
            (b"<OME><Image>", 0),
            (b"\x00\xff", 0),
        ],
    )
    def test_images_directly_below_the_root_count(self, ome_xml: bytes, images: int) -> None:
        assert count_images(ome_xml) == images

    def test_entities_are_not_expanded(self) -> None:
        laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 30))
        bomb = b'<!DOCTYPE OME [<!ENTITY l0 "ha">' + laughs + b"]><OME><Image>&l29;</Image></OME>"
        assert count_images(bomb) == 0


@pytest.mark.parametrize(
    ("node_type", "value"),
    [(LabelsNode(), ["a"]), (SeriesNode(), ["0"]), (Bioformats2RawNode(), 3), (ImageLabelNode(), {})],
    ids=["labels", "series", "bioformats2raw", "image-label"],
)
def test_the_key_of_a_type_is_written_back(node_type: NodeType, value: Any) -> None:
    assert node_type.unstructure(structured(node_type, value), base_converter()) == {node_type.key: value}
