"""NGFF 0.2: zarr format 2, five dimensions, nested chunk keys.

Source: https://ngff.openmicroscopy.org/0.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs import hookimpl
from omezarr_builtins.formats._relative import ImpliedAxesFormat

if TYPE_CHECKING:
    from omezarr.abc import FormatVersion


class V02(ImpliedAxesFormat):
    """NGFF 0.2: as 0.1, but chunks are named ``t/c/z/y/x`` and labels have properties."""

    version = "0.2"


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.2."""
    return [V02()]
