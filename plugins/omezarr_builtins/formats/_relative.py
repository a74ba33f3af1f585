"""What 0.1 to 0.3 have in common: levels have no pixel sizes, each object names its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.model import Image, ImageLabel, Plate, Well
from omezarr_builtins.formats._attributes import RootFormat
from omezarr_builtins.formats._axes import check_full_axes
from omezarr_builtins.formats._completion import (
    completed_facets,
    relative_multiscale,
    texted_acquisition,
    unlocated_wells,
    with_acquisitions,
    with_versions,
    without_nulls,
    without_scenes,
)
from omezarr_builtins.formats._losses import (
    collection_losses,
    field_name_losses,
    image_losses,
    plate_losses,
    relative_losses,
    scene_losses,
)
from omezarr_builtins.formats._shapes import configure_implied_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc import ArrayFacts
    from omezarr.model import JSON, Axis, GroupMetadata


class RelativeFormat(RootFormat):
    """A version whose levels are known by their sizes alone."""

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Name the version in each object, and leave out what the version does not know."""

        def image(value: Image) -> Image:
            multiscales = (without_nulls(relative_multiscale(multiscale)) for multiscale in value.multiscales)
            return with_versions(evolve(value, multiscales=tuple(multiscales)), self.version)

        def plate(value: Plate) -> Plate:
            value = with_acquisitions(unlocated_wells(value), texted_acquisition)
            return evolve(value, version=self.version)

        def versioned(value: Well | ImageLabel) -> Well | ImageLabel:
            return evolve(value, version=self.version)

        facets = completed_facets(metadata, {Image: image, Plate: plate, Well: versioned, ImageLabel: versioned})
        return self.rooted(evolve(metadata, facets=without_scenes(facets)))

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List pixel sizes, positions, units, and what else only newer versions know."""
        return [
            *super().losses(metadata),
            *image_losses(metadata, relative_losses),
            *plate_losses(metadata),
            *field_name_losses(metadata),
            *collection_losses(metadata),
            *scene_losses(metadata),
        ]


class ImpliedAxesFormat(RelativeFormat):
    """A version whose images have the axes t, c, z, y, x without saying so (0.1, 0.2)."""

    def configure(self, converter: Converter) -> None:
        """Take the axes as given, and do not write them."""
        configure_implied_axes(converter)

    def array_metadata(self, axes: Sequence[str]) -> tuple[dict[str, JSON], tuple[str, ...] | None]:
        """Arrays do not name their dimensions."""
        return {}, None

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Allow t, c, z, y, x alone."""
        return check_full_axes(axes, self.version)
