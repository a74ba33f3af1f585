"""The conformance kit for plugin authors: registries without surprises, and a suite of tests for each interface.

Each suite is a class to subclass in a test of one's own; pytest runs what it inherits. The suites test what the
interfaces of `omezarr.abc` promise to the rest of omezarr, the way the rest of omezarr uses it. They need pytest, which
the extra ``omezarr[testing]`` installs.

Examples
--------
>>> from omezarr.testing import ScalingMethodSuite
>>> class TestEveryOther(ScalingMethodSuite):
...     @pytest.fixture
...     def method(self):
...         return EveryOther()
"""

import pytest

pytest.register_assert_rewrite(
    "omezarr.testing.commands",
    "omezarr.testing.distributions",
    "omezarr.testing.exporters",
    "omezarr.testing.formats",
    "omezarr.testing.importers",
    "omezarr.testing.node_types",
    "omezarr.testing.rules",
    "omezarr.testing.samples",
    "omezarr.testing.scaling_methods",
    "omezarr.testing.storage_schemes",
    "omezarr.testing.viewers",
)

from omezarr.testing.commands import CommandSuite  # noqa: E402 - after the assertions have been announced
from omezarr.testing.distributions import DistributionSuite  # noqa: E402
from omezarr.testing.exporters import ExporterSuite  # noqa: E402
from omezarr.testing.formats import FormatVersionSuite  # noqa: E402
from omezarr.testing.importers import ImporterSuite  # noqa: E402
from omezarr.testing.imports import HEAVY, modules_imported_by  # noqa: E402
from omezarr.testing.node_types import NodeTypeSuite  # noqa: E402
from omezarr.testing.registries import isolated_registry, registry_with  # noqa: E402
from omezarr.testing.rules import RuleSetSuite  # noqa: E402
from omezarr.testing.samples import SampleDataSuite  # noqa: E402
from omezarr.testing.scaling_methods import ScalingMethodSuite  # noqa: E402
from omezarr.testing.storage_schemes import StorageSchemeSuite, WritableSchemeSuite, write_example  # noqa: E402
from omezarr.testing.strange import STRANGE_JSON, STRANGE_LOCATIONS, variations  # noqa: E402
from omezarr.testing.viewers import ViewerSuite  # noqa: E402

__all__ = [
    "HEAVY",
    "STRANGE_JSON",
    "STRANGE_LOCATIONS",
    "CommandSuite",
    "DistributionSuite",
    "ExporterSuite",
    "FormatVersionSuite",
    "ImporterSuite",
    "NodeTypeSuite",
    "RuleSetSuite",
    "SampleDataSuite",
    "ScalingMethodSuite",
    "StorageSchemeSuite",
    "ViewerSuite",
    "WritableSchemeSuite",
    "isolated_registry",
    "modules_imported_by",
    "registry_with",
    "variations",
    "write_example",
]
