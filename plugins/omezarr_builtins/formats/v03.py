"""NGFF 0.3: zarr format 2, two to five named axes.

Source: https://ngff.openmicroscopy.org/0.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs import hookimpl
from omezarr_builtins.formats._axes import check_conventional_axes
from omezarr_builtins.formats._relative import RelativeFormat
from omezarr_builtins.formats._shapes import configure_named_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cattrs import Converter

    from omezarr.abc import FormatVersion
    from omezarr.model import JSON, Axis


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


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.3."""
    return [V03()]
