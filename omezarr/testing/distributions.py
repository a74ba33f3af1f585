"""The suite for a whole distribution of plugins, as it is installed: all load, are light, and can be left out."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points, metadata
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from omezarr.hookspecs import EXTENSION_AXES, PROJECT
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.registry import Registry
from omezarr.settings import Settings
from omezarr.testing.imports import HEAVY, modules_imported_by
from omezarr.testing.registries import isolated_registry

if TYPE_CHECKING:
    from omezarr.hookspecs import ExtensionAxis


class DistributionSuite:
    """Tests of all plugins of an installed distribution.

    A subclass sets `distribution`.

    Attributes
    ----------
    distribution : str
        Its name, as pip knows it.
    """

    distribution: str

    @pytest.fixture
    def registry(self) -> Registry:
        """Return the registry of what comes with omezarr and of the distribution, and of nothing else."""
        return isolated_registry(distributions=("omezarr", self.distribution))

    @pytest.fixture
    def lines(self) -> list[EntryPoint]:
        """Return its entry points."""
        return [
            line
            for line in entry_points(group=PROJECT)
            if line.dist is not None and line.dist.name == self.distribution
        ]

    def test_it_is_installed_with_plugins(self, lines: list[EntryPoint]) -> None:
        assert lines, f"{self.distribution} is not installed, or has no entry points in the group {PROJECT!r}"

    def test_its_metadata_say_what_it_is_and_needs(self) -> None:
        said = metadata(self.distribution)
        assert said["Summary"], "a description of one line"
        needed = {Requirement(line).name for line in said.get_all("Requires-Dist") or ()}
        assert self.distribution == "omezarr" or "omezarr" in needed, "omezarr is among its dependencies"

    def test_every_name_begins_with_an_extension_axis(self, lines: list[EntryPoint]) -> None:
        known = {axis.prefix for axis in EXTENSION_AXES.values()}
        strange = [line.name for line in lines if line.name.partition(".")[0] not in known]
        assert strange == [], f"names are AXIS.NAME, of these axes: {', '.join(sorted(known))}"

    def test_every_plugin_loads_and_gives_something(self, registry: Registry, lines: list[EntryPoint]) -> None:
        given = [item.provider.identity for axis in EXTENSION_AXES.values() for item in registry.axis(axis.name).all]
        own = [str(failure) for failure in registry.failures if failure.provider.distribution == self.distribution]
        assert own == []
        silent = [line.name for line in lines if f"{self.distribution}:{line.name}" not in given]
        assert silent == [], "these entry points contribute nothing"

    def test_no_name_is_anyone_else_s(self, registry: Registry) -> None:
        for axis in EXTENSION_AXES.values():
            for name, providers in registry.axis(axis.name).conflicts.items():
                assert self.distribution not in {provider.distribution for provider in providers}, (
                    f"{axis.prefix} {name!r} is also provided by {' and '.join(map(str, providers))}"
                )

    def test_importing_a_plugin_stays_light(self, lines: list[EntryPoint]) -> None:
        modules = sorted({line.module for line in lines})
        if modules_imported_by("\n".join(f"import {module}" for module in modules)) & HEAVY:
            for module in modules:
                heavy = modules_imported_by(f"import {module}") & HEAVY
                assert heavy == frozenset(), f"{module} imports {', '.join(sorted(heavy))} before it is used"

    def test_without_it_everything_else_is_as_before(self) -> None:
        found = lines_of("omezarr", self.distribution)
        without = Registry(PluginManager(Settings(disabled_plugins=(self.distribution,)), found))
        alone = isolated_registry(distributions=() if self.distribution == "omezarr" else ("omezarr",))
        for axis in EXTENSION_AXES.values():
            assert names_of(without, axis) == names_of(alone, axis)


def lines_of(*distributions: str) -> list[EntryPoint]:
    """Return the entry points of some distributions."""
    found = entry_points(group=PROJECT)
    return [line for line in found if line.dist is not None and line.dist.name in distributions]


def names_of(registry: Registry, axis: ExtensionAxis) -> list[str]:
    """Return the names of all contributions to an extension axis."""
    return list(registry.axis(axis.name))
