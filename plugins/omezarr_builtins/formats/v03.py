"""NGFF 0.3: zarr format 2, two to five named axes.

Source: https://ngff.openmicroscopy.org/0.3
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.hookspecs import hookimpl
from omezarr.model import Image
from omezarr_builtins.formats._axes import check_conventional_axes
from omezarr_builtins.formats._completion import AXES_KEYS, completed_facets, without_keys
from omezarr_builtins.formats._losses import image_losses, key_losses
from omezarr_builtins.formats._relative import RelativeFormat
from omezarr_builtins.formats._shapes import configure_named_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import JSON, Axis, GroupMetadata


class V03(RelativeFormat):
    """NGFF 0.3: axes are names, which the arrays repeat."""

    version = "0.3"

    def configure(self, converter: Converter) -> None:
        """Write axes as names."""
        configure_named_axes(converter)

    def array_metadata(self, axes: Sequence[str]) -> tuple[dict[str, JSON], tuple[str, ...] | None]:
        """Repeat the axes in ``_ARRAY_DIMENSIONS``."""
        return {"_ARRAY_DIMENSIONS": list(axes)}, None

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Allow two to five of t, c, z, y, x in this order."""
        return check_conventional_axes(axes, self.version)

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Name the version in each object, and leave out what the version does not know."""
        metadata = super().complete(metadata, arrays)

        def image(value: Image) -> Image:
            multiscales = tuple(without_keys(multiscale, AXES_KEYS) for multiscale in value.multiscales)
            return evolve(value, multiscales=multiscales)

        return evolve(metadata, facets=completed_facets(metadata, {Image: image}))

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List pixel sizes, positions, units, and what else only newer versions know."""
        return [*super().losses(metadata), *image_losses(metadata, partial(key_losses, keys=AXES_KEYS))]


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.3."""
    return [V03()]
