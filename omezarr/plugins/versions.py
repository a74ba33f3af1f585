"""What format versions are asked about axes and dtypes, so that one that fails is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.plugins.asking import calling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.abc import FormatVersion
    from omezarr.model import Axis
    from omezarr.plugins.registry import Registry


def axes_refusal(axes: Sequence[Axis], version: FormatVersion, registry: Registry) -> str | None:
    """Return why a version refuses axes; None if it takes them."""
    with calling(registry.formats, version.version, "check_axes"):
        return version.check_axes(axes)


def dtype_refusal(dtype: str, version: FormatVersion, registry: Registry, *, label: bool) -> str | None:
    """Return why a version refuses pixels of a dtype; None if it takes them."""
    with calling(registry.formats, version.version, "check_dtype"):
        return version.check_dtype(dtype, label=label)
