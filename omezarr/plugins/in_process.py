"""What a program gives in place of an installed plugin: a module or object with hooks, or contributions themselves."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from omezarr.errors import ArgumentError, PluginError
from omezarr.hookspecs import EXTENSION_AXES, hookimpl


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
    axis = next((axis for axis in EXTENSION_AXES.values() if isinstance(given, axis.interface())), None)
    return (given, identity) if axis is None else (Given(given, identity), f"{identity}:{axis.key(given)}")


class Given:
    """A plugin that consists of one contribution; it can be sent to other processes as far as that can.

    Parameters
    ----------
    contribution : object
    name : str
        Of its class.
    """

    def __init__(self, contribution: object, name: str) -> None:
        self.contribution = contribution
        self.__name__ = name
        for axis in EXTENSION_AXES.values():
            if isinstance(contribution, axis.interface()):
                setattr(self, axis.hook, hookimpl(lambda: [contribution]))

    def __reduce__(self) -> tuple[type[Given], tuple[object, str]]:
        return Given, (self.contribution, self.__name__)


def sendable(plugin: object) -> object:
    """Return what stands for a plugin in another process: the name of a module, else the plugin itself."""
    return plugin.__name__ if isinstance(plugin, ModuleType) else plugin


def received(sent: object, identity: str) -> object:
    """Return the plugin for which something stands.

    Raises
    ------
    PluginError
        If it is a module that cannot be imported here.
    """
    if not isinstance(sent, str):
        return sent
    try:
        return import_module(sent)
    except ImportError as error:
        raise PluginError(
            f"the plugin {identity} of the call cannot be imported in this process: {error}; install it there too"
        ) from error
