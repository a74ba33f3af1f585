"""Loads plugins: finds entry points, imports them guarded, and collects what their hooks return.

A plugin that cannot be imported, implements an unknown hook or returns something of the wrong type becomes a
`PluginFailure`; the program goes on without it. Only the entry points of the extension axis that is used are imported.
"""

from __future__ import annotations

import threading
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal

import pluggy
from attrs import frozen

from omezarr import hookspecs
from omezarr.errors import PluginError
from omezarr.hookspecs import EXTENSION_AXES, PROJECT, ExtensionAxis
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType


@frozen
class Provider:
    """Where a contribution comes from.

    Parameters
    ----------
    identity : str
        ``distribution:entry-point name``; what ``-p no:IDENTITY`` and ``OMEZARR_DISABLE_PLUGINS`` take.
    distribution : str
        Empty for plugins that were registered by a program.
    version : str
        Of the distribution.
    module : str
        What the entry point names.
    """

    identity: str
    distribution: str = ""
    version: str = ""
    module: str = ""

    def __str__(self) -> str:
        return self.identity


@frozen
class PluginFailure:
    """Why a plugin, or one of its contributions, is not used.

    Parameters
    ----------
    provider : Provider
    stage : {"import", "hooks", "call", "contribution"}
    reason : str
        One line.
    cause : BaseException, optional
    """

    provider: Provider
    stage: Literal["import", "hooks", "call", "contribution"]
    reason: str
    cause: BaseException | None = None

    def __str__(self) -> str:
        return f"{self.provider}: {self.reason}"


@frozen
class Contribution:
    """What a plugin gives an extension axis, and which plugin it was."""

    axis: str
    name: str
    value: Any
    provider: Provider


class PluginManager:
    """Finds, loads and calls plugins.

    Parameters
    ----------
    settings : Settings, optional
        Default: from the environment.
    found : iterable of EntryPoint, optional
        Default: the entry points of all installed distributions. An empty one makes a manager without plugins, for
        tests.

    Examples
    --------
    >>> manager = PluginManager(found=())
    >>> manager.contributions(EXTENSION_AXES["formats"])
    ()
    """

    def __init__(self, settings: Settings | None = None, found: Iterable[EntryPoint] | None = None) -> None:
        self._settings = settings or Settings.from_environment()
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._entry_points: dict[str, EntryPoint] = {}
        self._providers: dict[str, Provider] = {}
        self._loaded: set[str] = set()
        self._failures: list[PluginFailure] = []
        self._contributions: dict[str, tuple[Contribution, ...]] = {}
        self._lock = threading.RLock()
        for entry_point in entry_points(group=PROJECT) if found is None else found:
            self._add(entry_point)

    def _add(self, entry_point: EntryPoint) -> None:
        distribution = entry_point.dist
        name = distribution.name if distribution is not None else ""
        version = distribution.version if distribution is not None else ""
        provider = Provider(f"{name}:{entry_point.name}", name, version, entry_point.value)
        known = self._entry_points.get(provider.identity)
        if known is not None and known.value != entry_point.value:
            reason = f"the entry point is declared twice, as {known.value} and as {entry_point.value}"
            self._failures.append(PluginFailure(provider, "import", reason))
        elif known is None:
            self._entry_points[provider.identity] = entry_point
            self._providers[provider.identity] = provider

    @property
    def providers(self) -> tuple[Provider, ...]:
        """All plugins that are installed or registered, loaded or not, sorted by identity."""
        return tuple(self._providers[identity] for identity in sorted(self._providers))

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong so far; axes that were not used yet have not been tried."""
        return tuple(self._failures)

    @property
    def unknown_disabled(self) -> tuple[str, ...]:
        """What the settings disable but is not installed: a spelling mistake, most likely."""
        distributions = {provider.distribution for provider in self._providers.values()}
        names = self._settings.disabled_plugins
        return tuple(name for name in names if name not in self._providers and name not in distributions)

    def is_disabled(self, provider: Provider) -> bool:
        """Say whether the settings disable a plugin, by its identity or its distribution."""
        disabled = self._settings.disabled_plugins
        return provider.identity in disabled or (bool(provider.distribution) and provider.distribution in disabled)

    def register(self, plugin: ModuleType | object, name: str) -> Provider:
        """Add a plugin that is at hand already, for programs and tests.

        Parameters
        ----------
        plugin : module or object
            Carries hook implementations.
        name : str
            Its identity.

        Raises
        ------
        PluginError
            If it implements an unknown hook, or one with a wrong signature, or the name is taken.
        """
        provider = Provider(name, module=getattr(plugin, "__name__", type(plugin).__name__))
        with self._lock:
            if name in self._providers:
                raise PluginError(f"a plugin {name!r} is registered already; choose another name")
            self._register(plugin, provider)
            self._providers[name] = provider
            self._loaded.add(name)
            self._contributions.clear()
        return provider

    def contributions(self, axis: ExtensionAxis) -> tuple[Contribution, ...]:
        """Return what all plugins give an extension axis; plugins are imported on the first call for their axis."""
        with self._lock:
            if axis.name not in self._contributions:
                self._load(axis)
                self._contributions[axis.name] = tuple(self._call(axis))
            return self._contributions[axis.name]

    def _load(self, axis: ExtensionAxis) -> None:
        prefixes = {known.prefix for known in EXTENSION_AXES.values()}
        for identity, entry_point in self._entry_points.items():
            prefix = entry_point.name.partition(".")[0]
            if identity in self._loaded or (prefix in prefixes and prefix != axis.prefix):
                continue
            self._loaded.add(identity)
            provider = self._providers[identity]
            if self.is_disabled(provider):
                continue
            try:
                plugin = entry_point.load()
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the program goes on
                reason = f"cannot be imported: {type(error).__name__}: {error}"
                self._failures.append(PluginFailure(provider, "import", reason, error))
                continue
            try:
                self._register(plugin, provider)
            except PluginError as error:
                self._failures.append(PluginFailure(provider, "hooks", str(error), error.__cause__))

    def _register(self, plugin: ModuleType | object, provider: Provider) -> None:
        try:
            self._pluggy.register(plugin, name=provider.identity)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(f"has a hook implementation that does not fit: {error}") from error
        callers = self._pluggy.get_hookcallers(plugin) or []
        unknown = sorted(caller.name for caller in callers if not caller.has_spec())
        if unknown:
            self._pluggy.unregister(name=provider.identity)
            known = ", ".join(axis.hook for axis in EXTENSION_AXES.values())
            raise PluginError(f"implements the unknown hook {', '.join(unknown)}; the hooks are {known}")

    def _call(self, axis: ExtensionAxis) -> Iterable[Contribution]:
        interface = axis.interface()
        for implementation in getattr(self._pluggy.hook, axis.hook).get_hookimpls():
            provider = self._providers[implementation.plugin_name]
            try:
                returned = implementation.function()
                values = list(returned)
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the program goes on
                reason = f"{axis.hook} failed: {type(error).__name__}: {error}"
                self._failures.append(PluginFailure(provider, "call", reason, error))
                continue
            for value in values:
                contribution = self._checked(axis, interface, provider, value)
                if contribution is not None:
                    yield contribution

    def _checked(self, axis: ExtensionAxis, interface: type, provider: Provider, value: Any) -> Contribution | None:
        if not isinstance(value, interface):
            what = f"the class {value.__name__}" if isinstance(value, type) else f"{value!r}"
            reason = f"{axis.hook} returned {what}; it must return instances of {interface.__name__}"
        else:
            try:
                name = axis.key(value)
            except AttributeError as error:
                name, reason = None, f"{axis.hook} returned {type(value).__name__} without a name: {error}"
            if isinstance(name, str) and name:
                return Contribution(axis.name, name, value, provider)
            if name is not None:
                reason = f"{axis.hook} returned {type(value).__name__} whose name is {name!r}"
        self._failures.append(PluginFailure(provider, "contribution", reason))
        return None
