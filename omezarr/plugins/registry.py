"""What is available: one read-only mapping for each extension axis, filled from plugins when it is first used.

Examples
--------
>>> registry = default_registry()
>>> list(registry.formats)
['0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.9.dev1', '0.9.dev2']
>>> registry.formats["0.5"].zarr_format
3
"""

from __future__ import annotations

import warnings
from collections import deque
from contextvars import ContextVar
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

from omezarr.errors import ArgumentError, OMEZarrWarning, PluginError
from omezarr.hookspecs import EXTENSION_AXES
from omezarr.plugins.contributions import PLUGIN_ERRORS, PluginFailure
from omezarr.plugins.in_process import plugin_of
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.names import Contributions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import ModuleType

    import click
    from cattrs import Converter

    from omezarr.abc import (
        Exporter,
        FormatVersion,
        Importer,
        NodeType,
        RuleSet,
        SampleData,
        ScalingMethod,
        StorageScheme,
        Viewer,
    )
    from omezarr.plugins.contributions import Contribution, Provider
    from omezarr.plugins.rules import Gathering

T = TypeVar("T")


class Registry:
    """All extension axes together.

    Parameters
    ----------
    manager : PluginManager, optional
        Default: one that finds the plugins of all installed distributions.

    Examples
    --------
    A registry without any plugin, for a test of one's own:

    >>> registry = Registry(PluginManager(found=()))
    >>> len(registry.formats)
    0
    """

    def __init__(self, manager: PluginManager | None = None) -> None:
        self._manager = manager or PluginManager()
        self._changed()

    def _changed(self) -> None:
        """Forget what was derived from the plugins before; other processes will not take it for what it was."""
        self._converters: dict[str, Converter] = {}
        self._mark = uuid4().hex
        self._plain_keys: frozenset[str] | None = None
        self._gathering: Gathering | None = None

    def _contributions(self, name: str) -> Contributions[T]:
        return Contributions[T](EXTENSION_AXES[name], self._manager, self.in_use)

    @cached_property
    def formats(self) -> Contributions[FormatVersion]:
        """Versions of the NGFF specification, the oldest first."""
        return self._contributions("formats")

    @cached_property
    def node_types(self) -> Contributions[NodeType]:
        """Kinds of groups, by NGFF key."""
        return self._contributions("node_types")

    @cached_property
    def scaling_methods(self) -> Contributions[ScalingMethod]:
        """Ways to make lower resolution levels."""
        return self._contributions("scaling_methods")

    @cached_property
    def storage_schemes(self) -> Contributions[StorageScheme]:
        """Ways to reach stores."""
        return self._contributions("storage_schemes")

    @cached_property
    def commands(self) -> Contributions[click.Command]:
        """Subcommands of ``omezarr``."""
        return self._contributions("commands")

    @cached_property
    def importers(self) -> Contributions[Importer]:
        """Readers of other file formats."""
        return self._contributions("importers")

    @cached_property
    def exporters(self) -> Contributions[Exporter]:
        """Writers of other file formats."""
        return self._contributions("exporters")

    @cached_property
    def samples(self) -> Contributions[SampleData]:
        """Data for trying things out."""
        return self._contributions("samples")

    @cached_property
    def rule_sets(self) -> Contributions[RuleSet]:
        """Rules of validation beside those of the specification."""
        return self._contributions("rule_sets")

    @cached_property
    def viewers(self) -> Contributions[Viewer]:
        """Web sites that show images."""
        return self._contributions("viewers")

    @property
    def plain_keys(self) -> frozenset[str]:
        """The keys of node types that stand in the attributes of groups themselves, outside of documents."""
        if self._plain_keys is None:  # every group is asked for them
            types = (node_type for node_type in self.node_types.values() if node_type.plain)
            self._plain_keys = frozenset(key for node_type in types for key in (node_type.key, *node_type.companions))
        return self._plain_keys

    @property
    def gathering(self) -> Gathering:
        """The rules of all plugins, kept once they are gathered: each document that is written is held against them."""
        from omezarr.plugins.rules import Gathering

        self._gathering = self._gathering or Gathering(self.formats, self.node_types, self.rule_sets)
        return self._gathering

    def axis(self, name: str) -> Contributions[object]:
        """Return the contributions to the extension axis of that name."""
        contributions: Contributions[object] = getattr(self, EXTENSION_AXES[name].name)
        return contributions

    def scaling_method(self, given: str | ScalingMethod) -> ScalingMethod:
        """Return the scaling method of a name, or the one that is given itself."""
        return self.scaling_methods[given] if isinstance(given, str) else given

    def holding(self, axis: str, given: str | object) -> tuple[str, Registry]:
        """Return the name of a contribution, and a registry that has it: this one, unless it is an object from outside.

        Parameters
        ----------
        axis : str
            The extension axis.
        given : str or object
            A name, or a contribution itself; it takes the place of those that are called the same.

        Raises
        ------
        ArgumentError
            If it is no contribution to that axis.

        Examples
        --------
        >>> name, registry = default_registry().holding("formats", default_registry().formats["0.5"])
        >>> name, registry is default_registry()
        ('0.5', True)
        """
        if isinstance(given, str):
            return given, self
        interface = EXTENSION_AXES[axis].interface()
        if not isinstance(given, interface):
            raise ArgumentError(f"{given!r} says nothing; give a name, or an instance of {interface.__name__}")
        name = EXTENSION_AXES[axis].key(given)
        known = [item for item in self.axis(axis).all if item.name == name]
        if [item.value for item in known] == [given]:
            return name, self
        return name, self.without(*(item.provider.identity for item in known)).with_(given)

    @property
    def providers(self) -> tuple[Provider, ...]:
        """All plugins, loaded or not."""
        return self._manager.providers

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong with plugins so far."""
        return self._manager.failures

    @property
    def unknown_disabled(self) -> tuple[str, ...]:
        """Plugins that are disabled but not installed."""
        return self._manager.unknown_disabled

    def is_disabled(self, provider: Provider) -> bool:
        """Say whether a plugin is disabled by the settings."""
        return self._manager.is_disabled(provider)

    def in_use(self) -> AbstractContextManager[None]:
        """Let this registry be that of everything called meanwhile which is given none, by plugins too.

        Threads of omezarr and tasks of asyncio that are begun meanwhile know it as well.

        Examples
        --------
        >>> from omezarr.testing import isolated_registry
        >>> small = isolated_registry(distributions=())
        >>> with small.in_use():
        ...     registry_in_use() is small
        True
        """
        return _InUse(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to other processes, as what is installed there without what is disabled, with what was added here."""
        if self is default_registry() and not self.added:
            return default_registry, ()
        _KEPT[self._mark] = self
        return _arrived, (self._mark, self._manager.sendable)

    def register(self, plugin: ModuleType | object, name: str) -> Provider:
        """Add a plugin that is at hand, for programs and tests; see `PluginManager.register`."""
        provider = self._manager.register(plugin_of(plugin)[0], name)
        self._changed()
        return provider

    @property
    def added(self) -> Mapping[str, object]:
        """The plugins that were added by a program, by identity."""
        return self._manager.added

    def remove(self, identity: str) -> None:
        """Take out a plugin that a program has added."""
        self._manager.remove(identity)
        self._changed()

    def add(self, given: object) -> tuple[Contribution, ...]:
        """Add a plugin that a program gives, in place of what it has added under the same identity before.

        Parameters
        ----------
        given : module or object
            With hook implementations; or a command, or an instance of an interface of `omezarr.abc`.

        Returns
        -------
        tuple of Contribution
            What it contributes.

        Raises
        ------
        ArgumentError
            If it is a class.
        PluginError
            If it contributes nothing, or its hooks do not fit. What was there before still is, then.
        """
        plugin, identity = plugin_of(given)
        before = self.added.get(identity)
        if before is not None:
            self.remove(identity)
        contributions: tuple[Contribution, ...] = ()
        try:
            contributions = self._contributed(plugin, identity)
        finally:
            if before is not None and not contributions:
                self.register(before, identity)
        return contributions

    def _contributed(self, plugin: object, identity: str) -> tuple[Contribution, ...]:
        """Register a plugin, unless it contributes nothing."""
        provider = self.register(plugin, identity)
        hooks, contributions = self._manager.contributed(provider)
        failures = [failure for failure in self.failures if failure.provider == provider]
        if not contributions:
            self.remove(identity)
            reasons = "; ".join(failure.reason for failure in failures) or (_EMPTY if hooks else _NO_HOOK)
            raise PluginError(f"{identity} registers nothing: {reasons}")
        for failure in failures:
            warnings.warn(OMEZarrWarning(str(failure)), stacklevel=4)
        return contributions

    def with_(self, *plugins: object) -> Registry:
        """Return a registry that holds all that this one does and more; this one stays as it is.

        Parameters
        ----------
        *plugins : module or object
            See `Registry.add`.

        Examples
        --------
        >>> from omezarr.abc import SampleData
        >>> class Nothing(SampleData):
        ...     name, description = "nothing", "no image at all"
        ...
        ...     def load(self):
        ...         raise NotImplementedError
        >>> "nothing" in default_registry().with_(Nothing()).samples
        True
        >>> "nothing" in default_registry().samples
        False
        """
        registry = Registry(self._manager.copy())
        for given in plugins:
            registry.add(given)
        return registry

    def without(self, *plugins: str) -> Registry:
        """Return a registry in which plugins are disabled; this one stays as it is.

        Parameters
        ----------
        *plugins : str
            Identities, or names of distributions.

        Examples
        --------
        >>> "coins" in default_registry().without("omezarr:samples.coins").samples
        False
        """
        return Registry(self._manager.copy(disabled=plugins))

    def converter(self, version: FormatVersion) -> Converter:
        """Return the converter of a format version, with what every node type and the version itself override."""
        from omezarr.model.structuring import base_converter

        if version.version not in self._converters:
            converter = base_converter()
            for key, node_type in self.node_types.items():
                try:
                    node_type.configure(converter)
                except PLUGIN_ERRORS as error:  # the other node types are understood all the same
                    self.node_types.failed(self.node_types.provider(key), key, "configure", error)
            version.configure(converter)
            self._converters[version.version] = converter
        return self._converters[version.version]


_EMPTY = "its hooks return nothing"
_NO_HOOK = (
    "it has no hook implementation; mark a function with omezarr.hookspecs.hookimpl, or give an instance of an "
    "interface of omezarr.abc"
)

_IN_USE: ContextVar[Registry] = ContextVar("omezarr_registry")


class _InUse:
    """Lets a registry be the one in use; written out, as each call into a plugin passes here."""

    __slots__ = ("_before", "_registry")

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __enter__(self) -> None:
        self._before = _IN_USE.set(self._registry)

    def __exit__(self, *error: object) -> None:
        _IN_USE.reset(self._before)


_KEPT: WeakValueDictionary[str, Registry] = WeakValueDictionary()
_ARRIVED: deque[Registry] = deque(maxlen=4)  # tasks of few calls run in one process at a time


def _arrived(mark: str, sent: tuple[Any, ...]) -> Registry:
    """Return the registry of another process, which comes with each of its tasks, or the one that never left."""
    if mark not in _KEPT:
        registry = Registry(PluginManager.received(*sent))
        registry._mark, _KEPT[mark] = mark, registry  # noqa: SLF001 - its own
        _ARRIVED.append(registry)
    return _KEPT[mark]


def registry_in_use() -> Registry:
    """Return the registry of the call that is under way, see `Registry.in_use`; outside of any the default one."""
    return _IN_USE.get(None) or default_registry()


@cache
def default_registry() -> Registry:
    """Return the registry of all installed plugins, the same one in the whole process."""
    registry = Registry()
    for name in registry.unknown_disabled:
        notice = f"OMEZARR_DISABLE_PLUGINS names {name!r}, which is not installed; see: omezarr plugins"
        warnings.warn(notice, OMEZarrWarning, stacklevel=2)
    return registry
