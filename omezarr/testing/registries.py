"""Registries that hold what a test names and nothing else, whatever is installed or set beside it."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from omezarr.hookspecs import EXTENSION_AXES, PROJECT
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.registry import Registry
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Collection


def isolated_registry(*plugins: object, distributions: Collection[str] = ("omezarr",)) -> Registry:
    """Return a registry of some distributions' plugins and the plugins given; the environment does not count.

    Parameters
    ----------
    *plugins : module or object
        With hook implementations; or commands, or instances of the interfaces of `omezarr.abc`.
    distributions : collection of str
        Those whose entry points are used. Default: what comes with omezarr. Empty: nothing but `plugins`.

    Raises
    ------
    PluginError
        If a plugin implements an unknown hook, or one with a wrong signature.

    Examples
    --------
    >>> "nearest" in isolated_registry().scaling_methods
    True
    >>> list(isolated_registry(distributions=()).scaling_methods)
    []
    """
    found = [
        entry_point
        for entry_point in entry_points(group=PROJECT)
        if entry_point.dist is not None and entry_point.dist.name in distributions
    ]
    registry = Registry(PluginManager(Settings(), found))
    for number, plugin in enumerate(plugins):
        registry.register(plugin, name=f"given:{number}")
    return registry


def registry_with(axis: str, contribution: object) -> Registry:
    """Return a registry of what comes with omezarr and one contribution, which may be among that already.

    Parameters
    ----------
    axis : str
        The extension axis, as the registry calls it.
    contribution : object

    Examples
    --------
    >>> from omezarr.abc import Viewer
    >>> class Plain(Viewer):
    ...     name = "plain"
    ...     description = "Shows images."
    ...     site = "https://plain.example/"
    >>> "plain" in registry_with("viewers", Plain()).viewers
    True
    """
    registry = isolated_registry()
    there = EXTENSION_AXES[axis].key(contribution) in registry.axis(axis)
    return registry if there else isolated_registry(contribution)
