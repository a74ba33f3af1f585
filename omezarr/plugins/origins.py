"""Where levels sit that say only by which method they were made: the method is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from omezarr.plugins.asking import calling
from omezarr.plugins.names import ENABLE
from omezarr.plugins.registry import registry_in_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.model import JSON, Multiscale, Unset
    from omezarr.plugins.registry import Registry


def origin_of(made_by: JSON | Unset, registry: Registry | None = None) -> Callable[[int], float] | None:
    """Return what tells where the first sample of a level sits, by the name of the method that made it.

    Parameters
    ----------
    made_by : JSON or UNSET
        What the document says (``multiscales[].type``).
    registry : Registry, optional
        Default: that in use.

    Returns
    -------
    callable or None
        `ScalingMethod.origin`; None where nobody knows a method of that name.

    Examples
    --------
    >>> origin_of("local_mean")(2)
    0.5
    >>> origin_of("by hand") is None
    True
    """
    registry = registry or registry_in_use()
    if not isinstance(made_by, str) or made_by not in registry.scaling_methods:
        return None
    return partial(_asked, registry, made_by)


def unknown_origin(multiscale: Multiscale, registry: Registry) -> str | None:
    """Return what is to be said of levels whose places depend on a method that nobody knows; None where none do.

    Examples
    --------
    >>> from omezarr.model import Dataset, Multiscale
    >>> from omezarr.testing import isolated_registry
    >>> levels = Multiscale(datasets=(Dataset(path="0"), Dataset(path="1")), type="by hand")
    >>> unknown_origin(levels, isolated_registry()).partition(";")[0]
    "where the levels sit depends on the scaling method 'by hand', which no plugin provides"
    """
    placed = all(dataset.coordinate_transformations for dataset in multiscale.datasets)
    made_by, methods = multiscale.type, registry.scaling_methods
    if placed or len(multiscale.datasets) < 2 or not isinstance(made_by, str) or not made_by or made_by in methods:
        return None
    disabled = methods.disabled_for(made_by)
    why = "which no plugin provides" if disabled is None else f"which is disabled: {disabled} ({ENABLE})"
    return (
        f"where the levels sit depends on the scaling method {made_by!r}, {why}; they are taken to begin where the "
        "largest one does"
    )


def _asked(registry: Registry, name: str, factor: int) -> float:
    with calling(registry.scaling_methods, name, "origin"):
        return float(registry.scaling_methods[name].origin(factor))
