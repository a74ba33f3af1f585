"""Loads plugins: finds entry points, imports them guarded, and collects what their hooks return.

A plugin that cannot be imported, implements an unknown hook or returns something of the wrong type becomes a
`PluginFailure`; the program goes on without it. Only the entry points of the extension axis that is used are imported,
and an entry point that names an extension axis contributes to that one alone, so that what is available never depends
on what was used before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pluggy
from attrs import evolve

from omezarr import hookspecs
from omezarr.errors import PluginError
from omezarr.hookspecs import EXTENSION_AXES, PROJECT, ExtensionAxis
from omezarr.plugins.api_version import api_refusal
from omezarr.plugins.contributions import Contribution, PluginFailure, Provider
from omezarr.plugins.in_process import received, sendable
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from importlib.metadata import Distribution


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
        self._failures: list[PluginFailure] = []
        self._contributions: dict[str, tuple[Contribution, ...]] = {}
        self._collecting: set[str] = set()
        self._lock = threading.RLock()
        self._given = None if found is None else tuple(found)
        self._found = tuple(entry_points(group=PROJECT)) if self._given is None else self._given
        self._added: dict[str, object] = {}
        distributions: dict[int, tuple[Distribution, str, str]] = {}
        for entry_point in self._found:
            self._add(entry_point, _provider(entry_point, distributions))

    def _add(self, entry_point: EntryPoint, provider: Provider) -> None:
        known = self._providers.get(provider.identity)
        if known is None:
            self._providers[provider.identity] = provider
            self._entry_points[provider.identity] = entry_point
        elif known.module != entry_point.value:
            # Neither is better than the other, so neither is used.
            self._entry_points.pop(provider.identity, None)
            self._fail(provider, "import", f"is declared twice, as {known.module} and as {entry_point.value}")

    @property
    def providers(self) -> tuple[Provider, ...]:
        """All plugins that are installed or registered, loaded or not, sorted by identity."""
        return tuple(self._providers[identity] for identity in sorted(self._providers))

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong so far; axes that were not used yet have not been tried."""
        return tuple(self._failures)

    def record(self, failure: PluginFailure) -> None:
        """Note that a plugin failed; the same failure is kept once, however often it comes."""
        with self._lock:
            if not any(
                (known.provider, known.reason) == (failure.provider, failure.reason) for known in self._failures
            ):
                self._failures.append(failure)

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

    def register(self, plugin: object, name: str) -> Provider:
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
            self._added[name] = plugin
            for axis_name, known in self._contributions.items():
                self._contributions[axis_name] = (*known, *self._collect(EXTENSION_AXES[axis_name], only=provider))
        return provider

    @property
    def added(self) -> Mapping[str, object]:
        """The plugins that were registered, by identity."""
        return MappingProxyType(self._added)

    def remove(self, name: str) -> None:
        """Take out a plugin that was registered, with all that it contributes and that went wrong with it."""
        with self._lock:
            del self._added[name]
            provider = self._providers.pop(name)
            if self._pluggy.has_plugin(name):
                self._pluggy.unregister(name=name)
            for axis_name, known in self._contributions.items():
                self._contributions[axis_name] = tuple(item for item in known if item.provider != provider)
            self._failures = [failure for failure in self._failures if failure.provider != provider]

    def copy(self, disabled: Iterable[str] = ()) -> PluginManager:
        """Return another one with the same plugins, but for those that are disabled, too."""
        settings = evolve(self._settings, disabled_plugins=(*self._settings.disabled_plugins, *disabled))
        other = PluginManager(settings, self._given)
        for name, plugin in self._added.items():
            other.take(plugin, self._providers[name])
        return other

    def take(self, plugin: object, provider: Provider) -> None:
        """Register a plugin of another manager under the same identity, unless it is disabled here."""
        if self.is_disabled(provider):
            self._providers[provider.identity] = provider
        else:
            self.register(plugin, provider.identity)

    @property
    def sendable(self) -> tuple[Any, ...]:
        """What `received` makes the same manager of in another process, from the plugins that are installed there."""
        added = tuple((sendable(plugin), self._providers[name]) for name, plugin in self._added.items())
        return self._settings, self._given, added

    @classmethod
    def received(
        cls, settings: Settings, given: tuple[EntryPoint, ...] | None, added: Iterable[tuple[object, Provider]]
    ) -> PluginManager:
        """Return a manager that another process has sent.

        Raises
        ------
        PluginError
            If a module that was added there cannot be imported here.
        """
        manager = cls(settings, given)
        for sent, provider in added:
            manager.take(received(sent, provider.identity), provider)
        return manager

    def contributed(self, provider: Provider) -> tuple[tuple[str, ...], tuple[Contribution, ...]]:
        """Return the extension axes whose hooks a plugin implements, and all that it contributes to them."""
        hooks = vars(self._pluggy.get_plugin(provider.identity))
        axes = [axis for axis in EXTENSION_AXES.values() if axis.hook in hooks]
        found = (item for axis in axes for item in self.contributions(axis) if item.provider == provider)
        return tuple(axis.name for axis in axes), tuple(found)

    def contributions(self, axis: ExtensionAxis) -> tuple[Contribution, ...]:
        """Return what all plugins give an extension axis; plugins are imported on the first call for their axis.

        Raises
        ------
        PluginError
            If a plugin asks for this extension axis while it is being collected from it.
        """
        with self._lock:
            if axis.name not in self._contributions:
                if axis.name in self._collecting:
                    raise PluginError(f"{axis.name} cannot be asked for while plugins are telling which there are")
                self._collecting.add(axis.name)
                try:
                    self._load(axis)
                    self._contributions[axis.name] = tuple(self._collect(axis))
                finally:
                    self._collecting.discard(axis.name)
            return self._contributions[axis.name]

    def _load(self, axis: ExtensionAxis) -> None:
        for identity, entry_point in list(self._entry_points.items()):
            provider = self._providers[identity]
            if provider.axis not in ("", axis.name):
                continue
            del self._entry_points[identity]
            if self.is_disabled(provider):
                continue
            try:
                plugin = entry_point.load()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises, the program goes on
                self._fail(provider, "import", f"cannot be imported: {type(error).__name__}: {error}", error)
                continue
            try:
                self._register(plugin, provider)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - even looking at a plugin may run its code
                self._fail(provider, "hooks", str(error), error.__cause__ or error)

    def _register(self, plugin: object, provider: Provider) -> None:
        """Give pluggy the hook implementations of a plugin, those of its extension axis if it names one."""
        refusal = api_refusal(getattr(plugin, "omezarr_api", None))
        if refusal is not None:
            raise PluginError(refusal)
        implemented = self._implementations(plugin)
        known = {axis.hook: axis for axis in EXTENSION_AXES.values()}
        unknown = sorted(hook for hook in implemented if hook not in known)
        if unknown:
            raise PluginError(f"implements the unknown hook {', '.join(unknown)}; the hooks are {', '.join(known)}")
        if provider.axis:
            own = EXTENSION_AXES[provider.axis]
            if own.hook not in implemented:
                raise PluginError(f"does not implement {own.hook}, as its entry point {own.prefix}.* promises")
            for hook in [hook for hook in implemented if hook != own.hook]:
                del implemented[hook]
                if not self._is_declared(provider, known[hook]):
                    reason = f"implements {hook} too; for that, give it an entry point {known[hook].prefix}.NAME"
                    self._fail(provider, "hooks", reason)
        own_hooks = ModuleType(provider.identity)
        vars(own_hooks).update(implemented)
        try:
            self._pluggy.register(own_hooks, name=provider.identity)
        except pluggy.PluginValidationError as error:
            if self._pluggy.has_plugin(provider.identity):
                self._pluggy.unregister(name=provider.identity)
            raise PluginError(f"has a hook implementation that does not fit: {error}") from error

    def _implementations(self, plugin: object) -> dict[str, Callable[..., Any]]:
        """Return the hook implementations that a plugin carries, by hook."""
        found: dict[str, Callable[..., Any]] = {}
        for name in dir(plugin):
            if name.startswith("__"):  # what every object has; looking at each takes longer than all else here
                continue
            options = self._pluggy.parse_hookimpl_opts(plugin, name)
            if options is None:
                continue
            hook = options.get("specname") or name
            if options.get("wrapper") or options.get("hookwrapper"):
                raise PluginError(f"wraps the hook {hook}; hooks of omezarr cannot be wrapped")
            if options.get("optionalhook") and not hasattr(hookspecs, hook):
                continue
            found[hook] = getattr(plugin, name)
        return found

    def _is_declared(self, provider: Provider, axis: ExtensionAxis) -> bool:
        """Say whether the distribution names the same module for another extension axis, too."""
        return any(
            other.module == provider.module
            and other.distribution == provider.distribution
            and other.axis in ("", axis.name)
            for other in self._providers.values()
        )

    def _collect(self, axis: ExtensionAxis, only: Provider | None = None) -> Iterator[Contribution]:
        """Call the implementations of a hook one by one, so that the provider of each contribution is known."""
        interface = axis.interface()
        for implementation in getattr(self._pluggy.hook, axis.hook).get_hookimpls():
            provider = only if only is not None else self._providers[implementation.plugin_name]
            if implementation.plugin_name != provider.identity:
                continue
            try:
                values = list(_iterable(implementation.function()))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises, the program goes on
                self._fail(provider, "call", f"{axis.hook} failed: {type(error).__name__}: {error}", error)
                continue
            for value in values:
                try:
                    name = _checked_name(axis, interface, value)
                except PluginError as error:
                    self._fail(provider, "contribution", f"{axis.hook} returned {error}", error.__cause__)
                else:
                    yield Contribution(axis.name, name, value, provider)

    def _fail(
        self,
        provider: Provider,
        stage: Literal["import", "hooks", "call", "contribution"],
        reason: str,
        cause: BaseException | None = None,
    ) -> None:
        self._failures.append(PluginFailure(provider, stage, " ".join(reason.split()), cause))


def _provider(entry_point: EntryPoint, distributions: dict[int, tuple[Distribution, str, str]]) -> Provider:
    """Return the provider that an entry point is; what distributions say of themselves is parsed once for each."""
    distribution = entry_point.dist
    name = version = ""
    if distribution is not None:
        if id(distribution) not in distributions:
            said = distribution.metadata
            name = said["Name"] if "Name" in said else ""  # noqa: SIM401 - typed as without get before Python 3.12
            version = said["Version"] if "Version" in said else ""  # noqa: SIM401 - the same
            distributions[id(distribution)] = distribution, name, version
        _, name, version = distributions[id(distribution)]
    prefix, dot, _ = entry_point.name.partition(".")
    axis = next((known.name for known in EXTENSION_AXES.values() if dot and known.prefix == prefix), "")
    return Provider(f"{name}:{entry_point.name}", name, version, entry_point.value, axis)


def _checked_name(axis: ExtensionAxis, interface: type, value: object) -> str:
    """Return the name of a contribution.

    Raises
    ------
    PluginError
        If it is no contribution to this extension axis; the message goes on after "the hook returned".
    """
    what = _described(value)
    if not isinstance(value, interface):
        raise PluginError(f"{what}; it must return instances of {interface.__name__}")
    try:
        name: object = axis.key(value)
    except Exception as error:
        raise PluginError(f"{what}, which cannot tell its name: {type(error).__name__}: {error}") from error
    if not isinstance(name, str) or not name:
        raise PluginError(f"{what} whose name is {name!r}; it must be text")
    return name


def _iterable(returned: object) -> Iterable[object]:
    """Return what a hook returned.

    Raises
    ------
    PluginError
        If it is not several things.
    """
    if isinstance(returned, Iterable):
        return returned
    raise PluginError(f"it returned {_described(returned)}; hooks return lists of instances")


def _described(value: object) -> str:
    if value is None:
        return "None"
    return f"the class {value.__name__}" if isinstance(value, type) else f"an instance of {type(value).__name__}"
