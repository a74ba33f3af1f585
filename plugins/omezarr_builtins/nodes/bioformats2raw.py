"""Collections of images in the layout of bioformats2raw.

Source: OME-NGFF 0.4 to 0.6 "bioformats2raw.layout" and "OME".
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from omezarr.abc import Hint, NodeType, Reference
from omezarr.abc.plan import Phase, Step
from omezarr.errors import MetadataError
from omezarr.hookspecs import hookimpl
from omezarr.model import Bioformats2Raw, Series
from omezarr.model.content import CollectionContent
from omezarr.model.structuring import MOST_NAMES, at, structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cattrs import Converter

    from omezarr.abc import GroupView
    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext
    from omezarr.model import JSON

OME_XML = "OME/METADATA.ome.xml"
"""Where the OME-XML of a collection is kept."""

LAYOUT = 3
"""The number of the layout, the only one that the specification knows."""

PROBED_AT_ONCE = 16
"""How many images are looked for together, where nothing tells how many there are."""


class Bioformats2RawNode(NodeType):
    """A collection of images; a plate in the same group takes precedence."""

    key = "bioformats2raw.layout"
    model = Bioformats2Raw
    priority = 5
    content = CollectionContent

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Bioformats2Raw:
        """Structure the number of the layout."""
        with at(self.key):
            return Bioformats2Raw(structure(converter, values[self.key], int))

    def unstructure(self, value: Bioformats2Raw, converter: Converter) -> dict[str, JSON]:
        """Return the number of the layout."""
        return {self.key: value.layout}

    def probe(self, value: Any, group: GroupView) -> Iterable[Reference]:
        """Return the images: those that the series list, else as many as the OME-XML has, else those there are."""
        if "plate" in (group.document() or {}):
            return []
        series = (group.document("OME") or {}).get("series")
        if series is not None:
            from omezarr.model.structuring import base_converter

            with at("OME", "series"):
                paths: Iterable[str] = structure(base_converter(), series, tuple[str, ...])
        else:
            ome_xml = group.read(OME_XML)
            images = 0 if ome_xml is None else count_images(ome_xml)
            paths = map(str, range(images)) if images else _numbered(group)
        return [Reference(path=path, role="child", hint=Hint(node_key="multiscales", path=path)) for path in paths]

    def plan(self, content: CollectionContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write images side by side, their OME-XML and the list of them."""
        series = {SeriesNode.key: Series(tuple(content.images))}
        steps: list[Step] = [context.group(), context.below("OME").group(series, content.groups.get("OME"))]
        if content.ome_xml is not None:
            steps.append(context.stored(OME_XML, content.ome_xml))
        layout = {self.key: Bioformats2Raw(LAYOUT)}
        commit = context.commit(layout, "the collection", source=content.groups.get(""))
        phases = [Phase(name="collection", steps=tuple(steps))]
        for name, image in content.images.items():
            phases += context.below(name).plan(image)
        return [*phases, Phase(name="metadata of the collection", steps=(commit,))]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


class SeriesNode(NodeType):
    """The group ``OME`` of a collection: where its images are, in the order of the OME-XML."""

    key = "series"
    model = Series
    priority = 1

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Series:
        """Structure the list of paths."""
        with at(self.key):
            paths: tuple[str, ...] = structure(converter, values[self.key], tuple[str, ...])
        return Series(paths)

    def unstructure(self, value: Series, converter: Converter) -> dict[str, JSON]:
        """Return the list of paths."""
        return {self.key: list(value.paths)}

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


def count_images(ome_xml: bytes) -> int:
    """Return how many images an OME-XML document describes; 0 if it is no OME-XML.

    Raises
    ------
    MetadataError
        If it describes more images than are ever looked for.

    Examples
    --------
    >>> count_images(b'<OME><Image ID="Image:0"/><Image ID="Image:1"/></OME>')
    2
    """
    depth = images = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal depth, images
        depth += 1
        images += depth == 2 and name.rpartition(":")[2] == "Image"
        if images > MOST_NAMES:
            raise MetadataError(f"{OME_XML} describes more than {MOST_NAMES} images, which are not looked for")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise expat.ExpatError("OME-XML declares no entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(ome_xml, True)
    except expat.ExpatError:
        return 0
    return images


def _numbered(group: GroupView) -> Iterator[str]:
    for first in count(0, PROBED_AT_ONCE):
        names = [str(index) for index in range(first, first + PROBED_AT_ONCE)]
        present = group.present(names)
        for name in names:
            if name not in present:
                return
            yield name


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node types ``bioformats2raw.layout`` and ``series``."""
    return [Bioformats2RawNode(), SeriesNode()]
