"""Where levels sit that say only by which method they were made: the method is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from omezarr.plugins.asking import calling
from omezarr.plugins.registry import registry_in_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.model import JSON, Unset
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


def _asked(registry: Registry, name: str, factor: int) -> float:
    with calling(registry.scaling_methods, name, "origin"):
        return float(registry.scaling_methods[name].origin(factor))
