"""NGFF 0.5: zarr format 3, the document below ``ome``.

Source: https://ngff.openmicroscopy.org/0.5
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.hookspecs import hookimpl
from omezarr_builtins.formats._attributes import NamespaceFormat
from omezarr_builtins.formats._axes import check_typed_axes
from omezarr_builtins.formats._completion import POSITIONED_KEYS, located_facets, positioned_multiscale, without_scenes
from omezarr_builtins.formats._losses import field_name_losses, image_losses, key_losses, scene_losses, typed_losses
from omezarr_builtins.formats._shapes import configure_typed_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import Axis, GroupMetadata


class V05(NamespaceFormat):
    """NGFF 0.5: as 0.4, the version named once for all objects; plates, wells and image-labels keep their own."""

    version = "0.5"

    def configure(self, converter: Converter) -> None:
        """Write axes as a list, and transformations of levels as a list."""
        configure_typed_axes(converter)

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Allow two to five axes: time, then a channel or custom axis, then two or three of space."""
        return check_typed_axes(axes, self.version)

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Name the version once; fill in scales, indices of wells, numbers of acquisitions."""
        facets = without_scenes(
            located_facets(
                metadata,
                partial(positioned_multiscale, arrays=arrays),
                plate_version=self.version,
                label_version=self.version,
                well_version=self.version,
            )
        )
        return self.namespaced(evolve(metadata, facets=facets))

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
    """Provide NGFF 0.5."""
    return [V05()]
