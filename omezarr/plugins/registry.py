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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import cache, cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from omezarr.errors import ConflictError, OMEZarrWarning, UnknownNameError
from omezarr.hookspecs import EXTENSION_AXES, ExtensionAxis
from omezarr.plugins.contributions import PLUGIN_ERRORS, PluginFailure
from omezarr.plugins.manager import PluginManager

if TYPE_CHECKING:
    from types import ModuleType

    import click
    from cattrs import Converter
    from packaging.version import Version

    from omezarr.abc import (
        Claim,
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

T = TypeVar("T")


class Contributions(Mapping[str, T], Generic[T]):
    """The contributions to one extension axis, by name.

    A name that several plugins provide is in `conflicts`; only asking for it is an error.

    Parameters
    ----------
    axis : ExtensionAxis
    manager : PluginManager
    registry : Registry
        That they belong to.
    """

    def __init__(self, axis: ExtensionAxis, manager: PluginManager, registry: Registry) -> None:
        self._axis = axis
        self._manager = manager
        self.registry = registry
        self._index: tuple[tuple[Contribution, ...], dict[str, list[Contribution]]] | None = None

    def _sorted(self) -> dict[str, list[Contribution]]:
        """Return the contributions by name, in the order of names; sorted anew only when plugins were added."""
        found = self._manager.contributions(self._axis)
        if self._index is None or self._index[0] is not found:
            by_name: dict[str, list[Contribution]] = {}
            for item in sorted(found, key=_age if self._axis.name == "formats" else _alphabetic):
                by_name.setdefault(item.name, []).append(item)
            self._index = found, by_name
        return self._index[1]

    @property
    def all(self) -> tuple[Contribution, ...]:
        """Every contribution with its provider, conflicting ones too, in the order of names."""
        return tuple(item for several in self._sorted().values() for item in several)

    @property
    def conflicts(self) -> dict[str, tuple[Provider, ...]]:
        """Names that are provided more than once, with their plugins."""
        return {
            name: tuple(item.provider for item in several)
            for name, several in self._sorted().items()
            if len(several) > 1
        }

    def provider(self, name: str) -> Provider:
        """Return which plugin provides a name.

        Raises
        ------
        UnknownNameError, ConflictError
        """
        return self._one(name).provider

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong so far with plugins that may contribute to this axis."""
        _ = self._sorted()
        return tuple(failure for failure in self._manager.failures if self._concerns(failure))

    def failed(self, provider: Provider, name: str, member: str, error: BaseException) -> PluginFailure:
        """Note what went wrong when a member of a contribution was called; see `PluginManager.record`."""
        failure = PluginFailure.of_call(provider, self._axis.hook, name, member, error)
        self._manager.record(failure)
        return failure

    def __getitem__(self, name: str) -> T:
        value: T = self._one(name).value
        return value

    def __contains__(self, name: object) -> bool:
        return len(self._sorted().get(name, ())) == 1 if isinstance(name, str) else False

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, several in self._sorted().items() if len(several) == 1])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<{self._axis.name}: {', '.join(self)}>"

    def _one(self, name: str) -> Contribution:
        found = self._sorted().get(name, [])
        if len(found) == 1:
            return found[0]
        what = self._axis.name.replace("_", " ").removesuffix("s")
        if found:
            raise ConflictError(f"the {what} {name!r} is provided {_cure(sorted({str(x.provider) for x in found}))}")
        near = get_close_matches(str(name), list(self), n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
        failed = self.failures
        broken = f" Plugins that failed: {'; '.join(map(str, failed))}." if failed else ""
        raise UnknownNameError(f"no {what} is called {name!r}{hint} Known: {', '.join(self) or 'none'}.{broken}")

    def _concerns(self, failure: PluginFailure) -> bool:
        return failure.provider.axis in ("", self._axis.name)


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
        self._converters: dict[str, Converter] = {}

    def _contributions(self, name: str) -> Contributions[T]:
        return Contributions[T](EXTENSION_AXES[name], self._manager, self)

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

    def axis(self, name: str) -> Contributions[object]:
        """Return the contributions to the extension axis of that name."""
        contributions: Contributions[object] = getattr(self, EXTENSION_AXES[name].name)
        return contributions

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

    @contextmanager
    def in_use(self) -> Iterator[None]:
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
        before = _IN_USE.set(self)
        try:
            yield
        finally:
            _IN_USE.reset(before)

    def register(self, plugin: ModuleType | object, name: str) -> Provider:
        """Add a plugin that is at hand, for programs and tests; see `PluginManager.register`."""
        provider = self._manager.register(plugin, name)
        self._converters.clear()
        return provider

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


def _alphabetic(item: Contribution) -> tuple[str, str]:
    return item.name, item.provider.identity


def _age(item: Contribution) -> tuple[bool, Version, str, str]:
    """Return a key that sorts format versions, those that are no versions first."""
    from packaging.version import InvalidVersion, Version

    try:
        return True, Version(item.name), *_alphabetic(item)
    except InvalidVersion:
        return False, Version("0"), *_alphabetic(item)


def _cure(identities: list[str]) -> str:
    """Say who provides a contested name, and what the user can do about it."""
    if len(identities) == 1:
        return f"twice by {identities[0]}, whose authors must choose; do without it: omezarr -p no:{identities[0]}"
    others = [f"-p no:{identity}" for identity in identities[1:]]
    return (
        f"by {' and '.join(identities)}; do without all but one, for example: omezarr {' '.join(others)} ..., or "
        f"OMEZARR_DISABLE_PLUGINS={','.join(identities[1:])}"
    )


_IN_USE: ContextVar[Registry] = ContextVar("omezarr_registry")


def registry_in_use() -> Registry:
    """Return the registry of the call that is under way, see `Registry.in_use`; outside of any the default one."""
    registry = _IN_USE.get(None)
    return default_registry() if registry is None else registry


@cache
def default_registry() -> Registry:
    """Return the registry of all installed plugins, the same one in the whole process."""
    registry = Registry()
    for name in registry.unknown_disabled:
        notice = f"OMEZARR_DISABLE_PLUGINS names {name!r}, which is not installed; see: omezarr plugins"
        warnings.warn(notice, OMEZarrWarning, stacklevel=2)
    return registry


def best_claim(what: str, claims: Iterable[tuple[str, Claim, T]]) -> T | None:
    """Return the value of the most specific claim; None where nobody claims.

    Parameters
    ----------
    what : str
        What is claimed, for the message.
    claims : iterable of (str, Claim, T)
        Who claims, the claim, and what is returned if it wins.

    Raises
    ------
    ConflictError
        If several claims are equally the most specific.
    """
    ranked = sorted(claims, key=lambda item: -item[1].specificity)
    best = [item for item in ranked if item[1].specificity == ranked[0][1].specificity]
    if len(best) > 1:
        names = " and ".join(name for name, _, _ in best)
        raise ConflictError(f"{what} is claimed by {names} with equal right; name one explicitly or disable the other")
    return best[0][2] if best else None
