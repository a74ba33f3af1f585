"""Images in several resolutions, with their display settings.

Source: OME-NGFF "multiscales" and "omero" (all versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc import Hint, NodeType, Reference
from omezarr.abc.plan import Phase, Step
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Channel, Image, Multiscale, Omero, Scale, Sequence, Translation, Window
from omezarr.model.content import ImageContent, LabelsContent
from omezarr.model.structuring import at, forgiving_structure_hook, structure, tolerate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cattrs import Converter

    from omezarr.abc import GroupView
    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext
    from omezarr.model import JSON, Transformation

OME_XML = "OME/METADATA.ome.xml"
"""Where the OME-XML of an image is kept, below it."""


class MultiscalesNode(NodeType):
    """A multiscale image: levels are arrays of the group, labels are in the group ``labels``."""

    key = "multiscales"
    model = Image
    companions = ("omero",)
    priority = 20
    content = ImageContent

    def configure(self, converter: Converter) -> None:
        """Let mistakes in display settings pass: nothing else depends on them."""
        for cls in (Omero, Channel, Window):
            converter.register_structure_hook(cls, forgiving_structure_hook(converter, cls))

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Image:
        """Structure the images, and the display settings where there are any."""
        with at("multiscales"):
            multiscales: tuple[Multiscale, ...] = structure(converter, values["multiscales"], tuple[Multiscale, ...])
        multiscales = tuple(map(_with_whole_scales, multiscales))
        if "omero" not in values:
            return Image(multiscales)
        if values["omero"] is None:
            tolerate("omero is null; read as absent")
            return Image(multiscales, None)
        with at("omero"):
            return Image(multiscales, structure(converter, values["omero"], Omero))

    def unstructure(self, value: Image, converter: Converter) -> dict[str, JSON]:
        """Return the keys ``multiscales`` and, where it is set, ``omero``."""
        keys: dict[str, JSON] = {"multiscales": [converter.unstructure(item) for item in value.multiscales]}
        if value.omero is not UNSET:
            keys["omero"] = converter.unstructure(value.omero)
        return keys

    def references(self, value: Image) -> Iterable[Reference]:
        """Return the levels of all images, each array once, largest first."""
        paths = dict.fromkeys(dataset.path for multiscale in value.multiscales for dataset in multiscale.datasets)
        return [Reference(path=path, role="level", hint=Hint(path=path)) for path in paths]

    def probe(self, value: Any, group: GroupView) -> Iterable[Reference]:
        """Return the group ``labels``, which no document names; label images have none of their own."""
        if "image-label" in (group.document() or {}):
            return ()
        return (Reference(path="labels", role="child", hint=Hint(node_key="labels", path="labels"), optional=True),)

    def plan(self, content: ImageContent, context: PlanningContext) -> list[Phase]:
        """Return the phases that write an image, its OME-XML and its label images."""
        image = context.image(content)
        content = image.content
        steps: list[Step] = [context.group(), *image.writes]
        if content.ome_xml is not None:
            steps.append(context.stored(OME_XML, content.ome_xml))
        phases = [Phase(name=f"image {content.name}", steps=tuple(steps))]
        if content.labels:
            labels = LabelsContent(labels=content.labels, image=content, factors=image.factors)
            phases += context.below("labels").plan(labels)
        commit = context.commit_image(image, self.key, f"the image {content.name!r}")
        return [*phases, Phase(name=f"metadata of {content.name}", steps=(commit,))]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


def _with_whole_scales(multiscale: Multiscale) -> Multiscale:
    """Return a multiscale in which scales and translations for the axes of space alone are for all axes.

    Several writers leave out time and channel, where the factor is 1 and the offset 0.
    """
    spatial = [axis.type == "space" or (not axis.type and axis.name in "zyx") for axis in multiscale.axes]
    if not 0 < sum(spatial) < len(spatial):
        return multiscale

    def whole(step: Transformation) -> Transformation:
        if isinstance(step, Sequence):
            return evolve(step, transformations=tuple(map(whole, step.transformations)))
        if isinstance(step, Scale) and step.scale and len(step.scale) == sum(spatial):
            numbers = iter(step.scale)
            step = evolve(step, scale=tuple(next(numbers) if is_spatial else 1.0 for is_spatial in spatial))
        elif isinstance(step, Translation) and step.translation and len(step.translation) == sum(spatial):
            numbers = iter(step.translation)
            step = evolve(step, translation=tuple(next(numbers) if is_spatial else 0.0 for is_spatial in spatial))
        else:
            return step
        tolerate(
            f"a {step.type} has {sum(spatial)} numbers for {len(spatial)} axes; read as one for the axes of space alone"
        )
        return step

    datasets = tuple(
        evolve(dataset, coordinate_transformations=tuple(map(whole, dataset.coordinate_transformations)))
        if dataset.coordinate_transformations
        else dataset
        for dataset in multiscale.datasets
    )
    outer = tuple(
        step if step.input or step.output else whole(step) for step in multiscale.coordinate_transformations or ()
    )
    return evolve(
        multiscale, datasets=datasets, coordinate_transformations=outer or multiscale.coordinate_transformations
    )


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``multiscales``."""
    return [MultiscalesNode()]
