"""NGFF 0.6: zarr format 3, coordinate systems and transformations between them.

Source: https://ngff.openmicroscopy.org/0.6
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.hookspecs import hookimpl
from omezarr_builtins.formats._attributes import NamespaceFormat
from omezarr_builtins.formats._axes import check_typed_axes
from omezarr_builtins.formats._completion import MAPPED_KEYS, located_facets, mapped_multiscale
from omezarr_builtins.formats._losses import adoption_losses, folding_losses, image_losses, key_losses
from omezarr_builtins.formats._previews import configure_previews, with_scene

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import JSON, Axis, Document, GroupMetadata


class V06(NamespaceFormat):
    """NGFF 0.6: the version-neutral model as it is, with the syntax of its previews understood."""

    version = "0.6"

    def configure(self, converter: Converter) -> None:
        """Read what the previews of 0.6 wrote differently."""
        configure_previews(converter)

    def unwrap(self, attributes: Mapping[str, JSON]) -> Document:
        """Take the value of ``ome``; where it has the loose keys of a scene, as in the first preview, as a scene."""
        document = super().unwrap(attributes)
        return evolve(document, values=with_scene(document.values))

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Allow two to five axes: time, then a channel or custom axis, then two or three of space or of an array."""
        return check_typed_axes(axes, self.version, spatial=("space", "array"))

    def check_dtypes(self, dtypes: Sequence[str]) -> str | None:
        """Ask for one dtype in all levels."""
        found = list(dict.fromkeys(dtypes))
        if len(found) < 2:
            return None
        return (
            f"NGFF {self.version} wants all levels of an image in one dtype, not in {' and '.join(found)}; "
            "write those that differ anew"
        )

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Name the version once; map each level into the intrinsic system; fill in indices and numbers of plates."""
        facets = located_facets(metadata, partial(mapped_multiscale, arrays=arrays))
        return self.namespaced(evolve(metadata, facets=facets))

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List the little that older versions say and this one does not."""
        return [
            *super().losses(metadata),
            *image_losses(metadata, folding_losses),
            *image_losses(metadata, adoption_losses),
            *image_losses(metadata, partial(key_losses, keys=MAPPED_KEYS)),
        ]


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.6."""
    return [V06()]
