"""NGFF 0.4: zarr format 2, typed axes with units, pixel sizes.

Source: https://ngff.openmicroscopy.org/0.4
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.hookspecs import hookimpl
from omezarr_builtins.formats._attributes import RootFormat
from omezarr_builtins.formats._axes import check_typed_axes
from omezarr_builtins.formats._completion import POSITIONED_KEYS, located_facets, positioned_multiscale, without_scenes
from omezarr_builtins.formats._losses import field_name_losses, image_losses, key_losses, scene_losses, typed_losses
from omezarr_builtins.formats._shapes import configure_typed_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import JSON, Axis, GroupMetadata


class V04(RootFormat):
    """NGFF 0.4: axes are objects, levels have a scale and maybe a translation."""

    version = "0.4"

    def configure(self, converter: Converter) -> None:
        """Write axes as a list, and transformations of levels as a list."""
        configure_typed_axes(converter)

    def array_metadata(self, axes: Sequence[str]) -> tuple[dict[str, JSON], tuple[str, ...] | None]:
        """Repeat the axes in ``_ARRAY_DIMENSIONS``, which is optional but what xarray reads."""
        return {"_ARRAY_DIMENSIONS": list(axes)}, None

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Allow two to five axes: time, then a channel or custom axis, then two or three of space."""
        return check_typed_axes(axes, self.version)

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Name the version in each object; fill in scales, indices of wells, numbers of acquisitions."""
        facets = without_scenes(
            located_facets(
                metadata,
                partial(positioned_multiscale, arrays=arrays),
                version=self.version,
                plate_version=self.version,
                label_version=self.version,
                well_version=self.version,
            )
        )
        return self.rooted(evolve(metadata, facets=facets))

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List coordinate systems and transformations that only 0.6 knows."""
        return [
            *super().losses(metadata),
            *image_losses(metadata, typed_losses),
            *image_losses(metadata, partial(key_losses, keys=POSITIONED_KEYS)),
            *field_name_losses(metadata),
            *scene_losses(metadata),
        ]


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.4."""
    return [V04()]
