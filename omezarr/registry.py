"""What is available: one read-only mapping for each extension axis, filled from plugins when it is first used.

Examples
--------
>>> registry = default_registry()
>>> list(registry.formats)
['0.1', '0.2', '0.3', '0.4', '0.5', '0.6']
>>> registry.formats["0.5"].zarr_format
3
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from omezarr.errors import ConflictError, UnknownNameError
from omezarr.hookspecs import EXTENSION_AXES, ExtensionAxis
from omezarr.manager import Contribution, PluginFailure, PluginManager, Provider

if TYPE_CHECKING:
    from types import ModuleType

    import click
    from cattrs import Converter

    from omezarr.abc import Claim, Exporter, FormatVersion, Importer, NodeType, SampleData, ScalingMethod, StorageScheme

T = TypeVar("T")


class Contributions(Mapping[str, T], Generic[T]):
    """The contributions to one extension axis, by name.

    A name that several plugins provide is in `conflicts`; only asking for it is an error.

    Parameters
    ----------
    axis : ExtensionAxis
    manager : PluginManager
    """

    def __init__(self, axis: ExtensionAxis, manager: PluginManager) -> None:
        self._axis = axis
        self._manager = manager

    @property
    def all(self) -> tuple[Contribution, ...]:
        """Every contribution with its provider, conflicting ones too, in the order of names."""
        found = self._manager.contributions(self._axis)
        if self._axis.name != "formats":
            return tuple(sorted(found, key=lambda item: item.name))
        from packaging.version import InvalidVersion, Version

        def age(item: Contribution) -> tuple[bool, Version, str]:
            try:
                return True, Version(item.name), item.name
            except InvalidVersion:
                return False, Version("0"), item.name

        return tuple(sorted(found, key=age))

    @property
    def conflicts(self) -> dict[str, tuple[Provider, ...]]:
        """Names that several plugins provide, with these plugins."""
        providers: dict[str, list[Provider]] = {}
        for item in self.all:
            providers.setdefault(item.name, []).append(item.provider)
        return {name: tuple(several) for name, several in providers.items() if len(several) > 1}

    def provider(self, name: str) -> Provider:
        """Return which plugin provides a name.

        Raises
        ------
        UnknownNameError, ConflictError
        """
        return self._one(name).provider

    def __getitem__(self, name: str) -> T:
        value: T = self._one(name).value
        return value

    def __contains__(self, name: object) -> bool:
        return any(name == known for known in self)

    def __iter__(self) -> Iterator[str]:
        conflicts = self.conflicts
        return iter([item.name for item in self.all if item.name not in conflicts])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<{self._axis.name}: {', '.join(self)}>"

    def _one(self, name: str) -> Contribution:
        found = [item for item in self.all if item.name == name]
        what = self._axis.name.replace("_", " ").removesuffix("s")
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(item.provider.identity for item in found)
            cure = f"disable all but one, for example with OMEZARR_DISABLE_PLUGINS={found[0].provider.identity}"
            raise ConflictError(f"the {what} {name!r} is provided by {names}; {cure}")
        near = get_close_matches(str(name), list(self), n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        failed = [failure for failure in self._manager.failures if self._concerns(failure)]
        broken = f" Plugins that failed: {'; '.join(map(str, failed))}." if failed else ""
        raise UnknownNameError(f"no {what} is called {name!r}{hint or '.'} Known: {', '.join(self) or 'none'}.{broken}")

    def _concerns(self, failure: PluginFailure) -> bool:
        prefix = failure.provider.identity.rpartition(":")[2].partition(".")[0]
        return prefix == self._axis.prefix or prefix not in {axis.prefix for axis in EXTENSION_AXES.values()}


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
        return Contributions[T](EXTENSION_AXES[name], self._manager)

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

    def register(self, plugin: ModuleType | object, name: str) -> Provider:
        """Add a plugin that is at hand, for programs and tests; see `PluginManager.register`."""
        provider = self._manager.register(plugin, name)
        self._converters.clear()
        return provider

    def converter(self, version: FormatVersion) -> Converter:
        """Return the converter of a format version, with what every node type and the version itself override."""
        from omezarr.structuring import base_converter

        if version.version not in self._converters:
            converter = base_converter()
            for node_type in self.node_types.values():
                node_type.configure(converter)
            version.configure(converter)
            self._converters[version.version] = converter
        return self._converters[version.version]


@cache
def default_registry() -> Registry:
    """Return the registry of all installed plugins, the same one in the whole process."""
    return Registry()


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
