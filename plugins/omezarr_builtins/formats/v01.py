"""NGFF 0.1: zarr format 2, five dimensions, flat chunk keys.

Source: https://ngff.openmicroscopy.org/0.1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, ImageLabel
from omezarr_builtins.formats._completion import completed_facets
from omezarr_builtins.formats._losses import label_property_losses
from omezarr_builtins.formats._relative import ImpliedAxesFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import GroupMetadata


class V01(ImpliedAxesFormat):
    """NGFF 0.1: chunks are named ``t.c.z.y.x``, labels have no properties."""

    version = "0.1"
    separator = "."

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Leave out what only arrays tell, and the properties of labels."""
        metadata = super().complete(metadata, arrays)
        facets = completed_facets(metadata, {ImageLabel: lambda label: evolve(label, properties=UNSET)})
        return evolve(metadata, facets=facets)

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List what 0.2 cannot express, and the properties of labels."""
        return [*super().losses(metadata), *label_property_losses(metadata)]


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.1."""
    return [V01()]
