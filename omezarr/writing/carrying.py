"""What the groups of a source say besides what content holds, merged into what is written of them.

Unknown keys at any depth, attributes of others and further node types are carried over; what content itself says takes
precedence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.model import UNSET, CoordinateSystem, GroupMetadata, Image, Multiscale
from omezarr.model.axes import CONVENTIONAL_SYSTEM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.model.content import ImageContent


def with_facets(source: GroupMetadata | None, facets: Mapping[str, object]) -> GroupMetadata:
    """Return metadata with these facets, and with everything else that a group of the source says."""
    if source is None:
        return GroupMetadata(facets=facets)
    return evolve(source, facets={**source.facets, **facets})


def source_image(content: ImageContent) -> Image | None:
    """Return what the source's group says of an image; None where there is none."""
    source = content.groups.get("")
    facets = () if source is None else source.facets.values()
    return next((facet for facet in facets if isinstance(facet, Image)), None)


def source_multiscale(content: ImageContent) -> Multiscale:
    """Return the multiscale of the source with the axes of the content, for the new levels to be entered.

    Coordinate systems besides that of the levels, and transformations to them, are kept where the axes are the same;
    transformations in place have become part of the scale of the levels.
    """
    image = source_image(content)
    if image is None or not image.multiscales:
        return Multiscale(datasets=(), coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, content.axes),))
    said = image.multiscales[0]
    intrinsic = said.intrinsic_system or CoordinateSystem(CONVENTIONAL_SYSTEM, content.axes)
    same = len(intrinsic.axes) == len(content.axes)
    others = [system for system in said.coordinate_systems or () if system.name != intrinsic.name] if same else []
    between = [step for step in said.coordinate_transformations or () if step.input or step.output] if same else []
    return evolve(
        said,
        coordinate_systems=(evolve(intrinsic, axes=content.axes), *others),
        coordinate_transformations=tuple(between) or UNSET,
        version=UNSET,
    )
