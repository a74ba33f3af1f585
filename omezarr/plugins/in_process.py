"""What a program gives in place of an installed plugin: a module or object with hooks, or contributions themselves."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError
from omezarr.hookspecs import EXTENSION_AXES, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable


def plugin_of(given: object) -> tuple[object, str]:
    """Return what carries the hook implementations of something given, and the identity that it is registered by.

    Parameters
    ----------
    given : module or object
        With hook implementations; or an instance of an interface of `omezarr.abc`, or a command.

    Raises
    ------
    ArgumentError
        If it is a class.

    Examples
    --------
    >>> from omezarr.testing import isolated_registry
    >>> plugin, identity = plugin_of(isolated_registry().scaling_methods["nearest"])
    >>> identity
    'omezarr_builtins.scaling.nearest.Nearest:nearest'
    >>> plugin.omezarr_scaling_methods()[0].name
    'nearest'
    """
    if isinstance(given, type):
        raise ArgumentError(f"{given.__name__} is a class; give an instance of it: {given.__name__}()")
    if isinstance(given, ModuleType):
        return given, given.__name__
    identity = f"{type(given).__module__}.{type(given).__qualname__}"
    axes = [axis for axis in EXTENSION_AXES.values() if isinstance(given, axis.interface())]
    if not axes:
        return given, identity
    hooks = ModuleType(identity)
    vars(hooks).update({axis.hook: hookimpl(_returning(given)) for axis in axes})
    return hooks, f"{identity}:{axes[0].key(given)}"


def _returning(given: object) -> Callable[[], list[object]]:
    def implementation() -> list[object]:
        return [given]

    return implementation
